"""Letters about desks: whether an entry is still right, one that waits to be opened, one that is to be closed."""

import logging
from collections.abc import Sequence
from datetime import date
from uuid import UUID

from hub import clock, logs, outbox
from hub.db import network_transaction, tenant_transaction
from hub.idempotency import once
from hub.outbox import Job
from hub.tenants.organisation import queries as organisation
from hub.tenants.organisation.desks import closings, queries, verification
from hub.tenants.organisation.desks.inactivity import close_due
from hub.tenants.organisation.desks.remind import VERIFIED_FOR, order_reminders, verified_before
from hub.tenants.organisation.desks.schemas import Desk
from hub.tenants.people.colleagues import Letter, write_colleague, write_reader
from hub.tenants.people.readers import Reader
from hub.web.formats import format_date
from hub.web.i18n import gettext as _
from hub.web.i18n import ngettext
from hub.worker import every_minute, task

log = logging.getLogger(__name__)

Unverified = Sequence[tuple[str, date | None]]
# Named in a letter; a host with more finds the others in its list.
MOST_NAMED = 10


@every_minute("desks.remind", at_seconds=frozenset({35}))
async def remind() -> None:
    async with network_transaction() as network:
        reminded_before = network.now - VERIFIED_FOR
        due = await verification.tenants_to_remind(
            network, verified_before(network), reminded_before
        )
    for tenant_id in due:
        try:
            async with tenant_transaction(tenant_id) as scope:
                await order_reminders(scope)
        except Exception as error:  # noqa: BLE001  # what is wrong with one host must not hold up the others
            log.warning("host %s could not be reminded: %s", tenant_id, logs.describe(error))


@task("desks.remind_verification")
async def remind_verification(job: Job, *, membership_id: UUID) -> None:
    """To an administrator, about the desks in his or her charge. Nothing where all are verified by now."""
    unverified = await _unverified(job, membership_id)
    if unverified:
        await write_colleague(job, membership_id, lambda: _still_right(unverified))


@task("desks.remind_office")
async def remind_office(job: Job, *, organisation_id: UUID) -> None:
    """To the organisation's own address and in its own language, where it has no administrator."""
    office = await _office(organisation_id)
    unverified = await _unverified(job, None)
    if office and unverified:
        await write_reader(job, office, lambda: _still_right(unverified))


@task("desks.tell_ente")
async def tell_ente(job: Job, *, desk_id: UUID) -> None:
    await _order_for_ente(job, "desks.ask_ente", desk_id)


@task("desks.ask_ente")
async def ask_ente(job: Job, *, desk_id: UUID, membership_id: UUID) -> None:
    """Nothing where the desk was opened or closed in the meantime."""
    async with network_transaction() as scope:
        asked = await queries.asked_desk(scope, desk_id)
    if asked is None:
        return
    desk, organisation_id, host = asked
    await write_colleague(
        job,
        membership_id,
        lambda: (
            _("%(host)s asks you to open a desk", host=host),
            [_("The entry of “%(desk)s” is complete. It opens once you say so.", desk=desk)],
            _to_its_desks(organisation_id),
        ),
    )


@every_minute("desks.close_silent", at_seconds=frozenset({45}))
async def close_silent() -> None:
    """Those whose announced day has come, each in its host's scope."""
    async with network_transaction() as network:
        due = await closings.due_to_close(network, clock.day_of(network.now))
    for tenant_id, desk_id in due:
        try:
            async with tenant_transaction(tenant_id) as scope:
                await close_due(scope, desk_id)
        except Exception as error:  # noqa: BLE001  # what is wrong with one host must not hold up the others
            log.warning("desk %s could not be closed: %s", desk_id, logs.describe(error))


@task("desks.tell_closing")
async def tell_closing(job: Job, *, desk_id: UUID) -> None:
    """A letter to each administrator of the host, or to its office, each a task of its own."""
    async with tenant_transaction(job.owner_id) as scope:
        if await once(scope, job.task, job.id, desk_id):
            return
        admins = await queries.admins(scope)
        for membership_id in admins:
            await outbox.enqueue(
                scope, "desks.announce_closing", desk_id=desk_id, membership_id=membership_id
            )
        if not admins:
            await outbox.enqueue(
                scope,
                "desks.announce_closing_office",
                desk_id=desk_id,
                organisation_id=scope.tenant_id,
            )


@task("desks.announce_closing")
async def announce_closing(job: Job, *, desk_id: UUID, membership_id: UUID) -> None:
    """Nothing where the desk was closed, or the Ente thought better of it, in the meantime."""
    announced = await _announced(job, desk_id)
    if announced:
        await write_colleague(job, membership_id, lambda: _will_close(*announced))


@task("desks.announce_closing_office")
async def announce_closing_office(job: Job, *, desk_id: UUID, organisation_id: UUID) -> None:
    office = await _office(organisation_id)
    announced = await _announced(job, desk_id)
    if office and announced:
        await write_reader(job, office, lambda: _will_close(*announced))


async def _announced(job: Job, desk_id: UUID) -> tuple[Desk, date, Desk | None] | None:
    """The desk, its last day and which one takes over."""
    async with tenant_transaction(job.owner_id) as scope:
        desk = await queries.desk(scope, desk_id)
        takes_over = desk and desk.closing_taker_id
        taker = await queries.desk(scope, takes_over) if takes_over else None
    if desk is None or desk.state != "active" or desk.closing_on is None:
        return None
    return desk, desk.closing_on, taker


def _will_close(desk: Desk, last: date, taker: Desk | None) -> Letter:
    day = format_date(last, "long")
    return (
        _("The desk “%(desk)s” will be closed on %(day)s", desk=desk.name, day=day),
        [
            _(
                "No conversation with a citizen was recorded at the desk “%(desk)s” for more than 60 days. The Ente closes it"
                " on %(day)s.",
                desk=desk.name,
                day=day,
            ),
            desk.closing_note or "",
            _("What is open there then goes to “%(taker)s”.", taker=taker.name)
            if taker
            else _("Your organisation has no other open desk: please close the open cases before."),
            _(
                "If you want another desk to take over, close the desk yourself before that day. A conversation that is"
                " recorded there until then keeps it open."
            ),
        ],
        (_("To the desk"), f"/organisation/desks/{desk.id}"),
    )


@task("desks.tell_ente_left")
async def tell_ente_left(job: Job, *, desk_id: UUID) -> None:
    await _order_for_ente(job, "desks.write_ente_left", desk_id)


@task("desks.write_ente_left")
async def write_ente_left(job: Job, *, desk_id: UUID, membership_id: UUID) -> None:
    """That a desk could not be closed."""
    async with network_transaction() as scope:
        named = await queries.desk_name(scope, desk_id)
    if named is None:
        return
    desk, organisation_id, host = named
    await write_colleague(
        job,
        membership_id,
        lambda: (
            _("The desk “%(desk)s” could not be closed", desk=desk),
            [
                _(
                    "Work is open at this desk of %(host)s, and no other open desk of theirs takes it over. Ask them to"
                    " close the open cases or to have another desk opened, then announce the closing again; if nobody"
                    " answers, suspend the organisation.",
                    host=host,
                )
            ],
            _to_its_desks(organisation_id),
        ),
    )


def _to_its_desks(organisation_id: UUID) -> tuple[str, str]:
    return _("To its desks"), f"/network/organisations/{organisation_id}/desks"


async def _order_for_ente(job: Job, letter: str, desk_id: UUID) -> None:
    """To each administrator of the Ente, each a task of its own. Twice is one effect."""
    async with network_transaction() as network:
        admins = await queries.admins_of_ente(network)
    async with tenant_transaction(job.owner_id) as scope:
        if await once(scope, job.task, job.id, desk_id):
            return
        for membership_id in admins:
            await outbox.enqueue(scope, letter, desk_id=desk_id, membership_id=membership_id)


async def _office(organisation_id: UUID) -> Reader | None:
    """None where it has no address of its own."""
    async with tenant_transaction(organisation_id) as scope:
        office = await organisation.organisation(scope, organisation_id)
    return Reader(office.email, office.name, office.locale) if office and office.email else None


async def _unverified(job: Job, membership_id: UUID | None) -> Unverified:
    async with tenant_transaction(job.owner_id) as scope:
        return await verification.unverified(scope, verified_before(scope), membership_id)


def _still_right(unverified: Unverified) -> Letter:
    subject = ngettext(
        "Is the entry of your desk still right?",
        "Are the entries of your %(num)s desks still right?",
        len(unverified),
    )
    more = len(unverified) - MOST_NAMED
    paragraphs = [
        _(
            "Citizens find your desks in the public directory. Twice a year we ask you to look whether address, hours"
            " and contacts still hold."
        ),
        *[_line(desk, verified_on) for desk, verified_on in unverified[:MOST_NAMED]],
        *([ngettext("And %(num)s more.", "And %(num)s more.", more)] if more > 0 else []),
        _(
            "If everything is right, one button on the desk’s page says so; otherwise change the entry."
        ),
    ]
    return subject, paragraphs, (_("To your desks"), "/organisation/desks")


def _line(desk: str, verified_on: date | None) -> str:
    if verified_on is None:
        return _("%(desk)s: never verified", desk=desk)
    return _("%(desk)s: last verified on %(day)s", desk=desk, day=format_date(verified_on, "long"))
