"""Letters to an organisation whose days the Ente has moved."""

from uuid import UUID

from hub import clock
from hub.db import network_transaction
from hub.outbox import Job
from hub.tenants.onboarding import queries
from hub.tenants.onboarding.letters import point_by, send, to_setup, who_sees_to_it
from hub.tenants.onboarding.readers import reader
from hub.web.formats import format_date
from hub.web.i18n import gettext as _
from hub.worker import task


@task("onboarding.mail_postponed")
async def mail_postponed(job: Job, *, organisation_id: UUID, reader_id: UUID) -> None:
    """The new day of the whole, with its open points and the reason. Nothing where all is done by then."""
    await _write(job, organisation_id, reader_id)


@task("onboarding.mail_point_postponed")
async def mail_point_postponed(
    job: Job, *, organisation_id: UUID, reader_id: UUID, point_id: UUID
) -> None:
    """Nothing where it is done by then."""
    await _write(job, organisation_id, reader_id, point_id)


async def _write(
    job: Job, organisation_id: UUID, reader_id: UUID, point_id: UUID | None = None
) -> None:
    async with network_transaction() as scope:
        to = await reader(scope, reader_id)
        setup = await queries.setup_of(scope, organisation_id)
        name = await queries.name_of(scope, organisation_id)
    if to is None or setup is None or setup.state != "running":
        return
    waiting = [one for one in setup.blocking if point_id in (None, one.id)]
    if not waiting:
        return
    today = clock.today()

    def lines() -> list[str]:
        return [point_by(one.code, one.due_on, today) for one in waiting]

    def whole() -> list[str]:
        due = _("As a whole it is due by %(day)s.", day=format_date(setup.due_on, "long"))
        if point_id or not setup.due_reason:
            return [due]
        return [due, _("Reason: %(reason)s", reason=setup.due_reason)]

    await send(
        job,
        to,
        lambda: (
            _("New days for the set-up of %(name)s", name=name),
            [
                _("The Ente has moved days of this set-up. What is still to be done, and by when:"),
                *lines(),
                *whole(),
                *who_sees_to_it(to),
            ],
            to_setup(to),
        ),
    )
