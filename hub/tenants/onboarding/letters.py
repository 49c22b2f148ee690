"""Letters about a set-up: ordered elsewhere, written when their turn comes, if they still hold then."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from uuid import UUID

from hub import clock, mail
from hub.db import network_transaction
from hub.outbox import Job
from hub.tenants.onboarding import deciding, due, organisations, queries
from hub.tenants.onboarding.abandon import WITHDRAWN
from hub.tenants.onboarding.readers import ente_of, reader
from hub.tenants.onboarding.schemas import OPEN_POINTS, SUSPENSION_REASONS, Reader, SetupView
from hub.web.formats import format_date
from hub.web.i18n import gettext as _
from hub.web.i18n import ngettext, reading_in
from hub.worker import task

# Subject, paragraphs, button: made once the reader's language is known.
Written = tuple[str, Sequence[str], tuple[str, str] | None]


@task("onboarding.mail_due")
async def mail_due(job: Job, *, organisation_id: UUID, reader_id: UUID) -> None:
    """All open points that are due soon, or overdue, in one letter. Nothing where none is any more."""
    found = await _found(organisation_id, reader_id, "running")
    if found is None:
        return
    to, setup, name = found
    today = clock.today()
    soon = today + timedelta(days=due.EARLY)
    lines = [(point.due_on, point.code) for point in setup.blocking if point.due_on <= soon]
    if not lines:
        return
    ente, email = await _ente(organisation_id)
    await send(
        job,
        to,
        lambda: (
            ngettext(
                "%(num)s point of your set-up is due",
                "%(num)s points of your set-up are due",
                len(lines),
            ),
            [
                _("%(name)s is being set up. This is still to be done:", name=name),
                *(point_by(code, day, today) for day, code in sorted(lines)),
                _(
                    "Whoever needs more time, or help, writes to %(ente)s (%(email)s), which can move these days.",
                    ente=ente,
                    email=email,
                )
                if email
                else _(
                    "Whoever needs more time, or help, writes to the Ente: it can move these days."
                ),
                *who_sees_to_it(to),
            ],
            to_setup(to),
        ),
    )


@task("onboarding.mail_overdue")
async def mail_overdue(job: Job, *, organisation_id: UUID, reader_id: UUID) -> None:
    """To the Ente. Nothing where it was activated, abandoned or postponed in the meantime."""
    found = await _found(organisation_id, reader_id, "running")
    if found is None:
        return
    to, setup, name = found
    if setup.due_on >= clock.today():
        return
    await send(
        job,
        to,
        lambda: (
            _("The set-up of %(name)s is overdue", name=name),
            [
                _(
                    "It should have been complete by %(day)s.",
                    day=format_date(setup.due_on, "long"),
                ),
                _("Still open: %(points)s.", points=_named(setup)),
                _("You can postpone it, ask for an exception, or abandon it."),
            ],
            to_organisation(organisation_id),
        ),
    )


@task("onboarding.mail_ready")
async def mail_ready(job: Job, *, organisation_id: UUID, reader_id: UUID) -> None:
    """To the Ente. Nothing where a point came undone, or it was activated or abandoned, in the meantime."""
    found = await _found(organisation_id, reader_id, "running")
    if found is None or not found[1].ready:
        return
    to, _setup, name = found
    await send(
        job,
        to,
        lambda: (
            _("%(name)s can be activated", name=name),
            [
                _("Every point of its set-up is done, or was excepted."),
                _("Look at it once more, and activate it: until then nothing opens."),
            ],
            to_organisation(organisation_id),
        ),
    )


@task("onboarding.mail_undone")
async def mail_undone(job: Job, *, organisation_id: UUID, reader_id: UUID) -> None:
    """To the Ente and to the organisation. Nothing where all is in order again."""
    async with network_transaction() as scope:
        to = await reader(scope, reader_id)
        codes = await queries.undone_points(scope, organisation_id)
        name = await queries.name_of(scope, organisation_id)
    if to is None or not codes:
        return
    own = to.tenant_id == organisation_id
    await send(
        job,
        to,
        lambda: (
            _("%(name)s is active, but something is no longer in order", name=name),
            [
                _("Since it became active, this has come undone:"),
                *(_(OPEN_POINTS[code]) for code in codes),
                _("The desks go on working. Please see to it, so that they can do so for long.")
                if own
                else _("The organisation was told, too. It stays active unless you suspend it."),
                *who_sees_to_it(to),
            ],
            to_setup(to) if own else to_organisation(organisation_id),
        ),
    )


@task("onboarding.mail_activated")
async def mail_activated(job: Job, *, organisation_id: UUID, reader_id: UUID) -> None:
    found = await _found(organisation_id, reader_id, "active")
    if found is None:
        return
    to, setup, name = found
    await send(
        job,
        to,
        lambda: (
            _("%(name)s is active", name=name),
            [
                _("The set-up is complete, and the Ente has activated the organisation."),
                _("From today on your desks stand in the public directory and can open cases.")
                if "host" in setup.kinds
                else _("From today on desks of the network can refer citizens to you."),
            ],
            _to_hub(to),
        ),
    )


@task("onboarding.mail_abandoned")
async def mail_abandoned(job: Job, *, organisation_id: UUID, reader_id: UUID) -> None:
    found = await _found(organisation_id, reader_id, "abandoned")
    if found is None:
        return
    to, setup, name = found
    async with network_transaction() as scope:
        goes_on = await organisations.was_active(scope, organisation_id)
    ente, email = await _ente(organisation_id)
    await send(
        job,
        to,
        lambda: (
            _("The set-up of %(name)s has ended", name=name),
            [
                *_why_ended(setup),
                *([] if goes_on else [_("Nobody has access to the organisation any more.")]),
                _(
                    "If you think that this is a mistake, please write to %(ente)s: %(email)s.",
                    ente=ente,
                    email=email,
                )
                if email
                else _("If you think that this is a mistake, please write to the Ente."),
            ],
            _to_hub(to),
        ),
    )


@task("onboarding.mail_suspended")
async def mail_suspended(job: Job, *, organisation_id: UUID, reader_id: UUID) -> None:
    """Nothing where it was lifted in the meantime."""
    async with network_transaction() as scope:
        to = await reader(scope, reader_id)
        held = await deciding.suspension_of(scope, organisation_id)
        name = await queries.name_of(scope, organisation_id)
    if to is None or held is None:
        return
    await send(
        job,
        to,
        lambda: (
            _("%(name)s is suspended", name=name),
            [
                _(
                    "The Ente has suspended the organisation. Reason: %(reason)s.",
                    reason=lower(SUSPENSION_REASONS[held.reason]),
                ),
                *([held.note] if held.note else []),
                _(
                    "You can sign in and see to your data, desks and people. Until the suspension is lifted there are"
                    " no new cases, referrals or answers, and your desks do not stand in the public directory."
                ),
            ],
            None
            if to.is_contact
            else (_("To your organisation"), f"{mail.base_url()}/organisation"),
        ),
    )


@task("onboarding.mail_resumed")
async def mail_resumed(job: Job, *, organisation_id: UUID, reader_id: UUID) -> None:
    async with network_transaction() as scope:
        to = await reader(scope, reader_id)
        suspended = await organisations.is_suspended(scope, organisation_id)
        name = await queries.name_of(scope, organisation_id)
    if to is None or suspended:
        return
    await send(
        job,
        to,
        lambda: (
            _("The suspension of %(name)s is lifted", name=name),
            [_("The Ente has lifted the suspension: everything works as before.")],
            _to_hub(to),
        ),
    )


def _why_ended(setup: SetupView) -> list[str]:
    if setup.ended_by is None and setup.ended_reason == WITHDRAWN:
        return [
            _("The organisation’s application was withdrawn, and with it the set-up has ended.")
        ]
    return [_("The Ente has ended the set-up, with this reason:"), setup.ended_reason]


async def _found(
    organisation_id: UUID, reader_id: UUID, state: str
) -> tuple[Reader, SetupView, str] | None:
    """And the organisation's name. Nothing where the reader has left or the set-up is in another state by now."""
    async with network_transaction() as scope:
        to = await reader(scope, reader_id)
        setup = await queries.setup_of(scope, organisation_id)
        name = await queries.name_of(scope, organisation_id)
    if to is None or setup is None or setup.state != state:
        return None
    return to, setup, name


def point_by(code: str, day: date, today: date) -> str:
    words = {"point": _(OPEN_POINTS[code]), "day": format_date(day, "long")}
    if day < today:
        return _("%(point)s: overdue since %(day)s", **words)
    return _("%(point)s: by %(day)s", **words)


def _named(setup: SetupView) -> str:
    return ", ".join(lower(OPEN_POINTS[point.code]) for point in setup.blocking)


def lower(msgid: str) -> str:
    """Within a sentence."""
    words = _(msgid)
    return words[:1].lower() + words[1:]


async def _ente(organisation_id: UUID) -> tuple[str, str]:
    async with network_transaction() as scope:
        return await ente_of(scope, organisation_id)


def who_sees_to_it(to: Reader) -> list[str]:
    """For a contact, whose letter has no button: behind it the hub asks who one is."""
    if not to.is_contact:
        return []
    return [_("Whoever administers your organisation in the hub sees to it there.")]


def to_setup(to: Reader) -> tuple[str, str] | None:
    if to.is_contact:
        return None
    return _("To the set-up"), f"{mail.base_url()}/organisation/setup"


def _to_hub(to: Reader) -> tuple[str, str] | None:
    return None if to.is_contact else (_("To the hub"), mail.base_url())


def to_organisation(organisation_id: UUID) -> tuple[str, str]:
    return _("To the organisation"), f"{mail.base_url()}/network/organisations/{organisation_id}"


async def send(job: Job, to: Reader, write: Callable[[], Written]) -> None:
    with reading_in(to.locale):
        subject, paragraphs, button = write()
        body = mail.letter(title=subject, paragraphs=paragraphs, button=button)
        await mail.send(
            to=to.email, name=to.name, subject=subject, text=body.text, html=body.html, key=job.id
        )
