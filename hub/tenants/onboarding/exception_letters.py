"""Letters of the Ente's to itself about an exception: a second person is needed, and what that person decided."""

from uuid import UUID

from hub.db import network_transaction
from hub.outbox import Job
from hub.tenants.onboarding import queries
from hub.tenants.onboarding.letters import lower, send, to_organisation
from hub.tenants.onboarding.readers import reader
from hub.tenants.onboarding.schemas import POINTS, ExceptionView, Reader
from hub.web.i18n import N_
from hub.web.i18n import gettext as _
from hub.worker import task

DECIDED = {
    "agreed": N_("The exception for %(name)s is agreed"),
    "refused": N_("The exception for %(name)s is refused"),
    "withdrawn": N_("The exception for %(name)s is revoked"),
}


@task("onboarding.mail_exception_asked")
async def mail_exception_asked(
    job: Job, *, organisation_id: UUID, exception_id: UUID, reader_id: UUID
) -> None:
    """To each other admin of the Ente. Nothing where it was decided or withdrawn in the meantime."""
    found = await _found(organisation_id, exception_id, reader_id)
    if found is None or found[1].state != "asked":
        return
    to, asked, name, people = found
    await send(
        job,
        to,
        lambda: (
            _("An exception for %(name)s waits for a second person", name=name),
            [
                _(
                    "%(person)s asks that %(name)s may become active without this point: %(point)s.",
                    person=people[asked.asked_by],
                    name=name,
                    point=lower(POINTS[asked.code]),
                ),
                _("Reason: %(reason)s", reason=asked.reason),
                _("One of the Ente's other administrators agrees to it or refuses it."),
            ],
            to_organisation(organisation_id),
        ),
    )


@task("onboarding.mail_exception_decided")
async def mail_exception_decided(
    job: Job, *, organisation_id: UUID, exception_id: UUID, reader_id: UUID
) -> None:
    """To whoever asked for it."""
    found = await _found(organisation_id, exception_id, reader_id)
    if found is None or found[1].decided_by is None:
        return
    to, decided, name, people = found
    by = people[found[1].decided_by]
    await send(
        job,
        to,
        lambda: (
            _(DECIDED[decided.state], name=name),
            [
                _(
                    "You asked that %(name)s may become active without this point: %(point)s.",
                    name=name,
                    point=lower(POINTS[decided.code]),
                ),
                {
                    "agreed": _("%(person)s has agreed.", person=by),
                    "refused": _("%(person)s has refused: the point has to be done.", person=by),
                    "withdrawn": _(
                        "%(person)s has taken it back: the point has to be done.", person=by
                    ),
                }[decided.state],
                *([_("Reason: %(reason)s", reason=why)] if (why := decided.refused_reason) else ()),
            ],
            to_organisation(organisation_id),
        ),
    )


async def _found(
    organisation_id: UUID, exception_id: UUID, reader_id: UUID
) -> tuple[Reader, ExceptionView, str, dict[UUID, str]] | None:
    """And the organisation's name, and those of who asked and who decided. Nothing where the reader has left."""
    async with network_transaction() as scope:
        to = await reader(scope, reader_id)
        exception = await queries.exception_by_id(scope, organisation_id, exception_id)
        if to is None or exception is None:
            return None
        name = await queries.name_of(scope, organisation_id)
        people = {one for one in (exception.asked_by, exception.decided_by) if one}
        names = await queries.names_of(scope, list(people))
    return to, exception, name, names
