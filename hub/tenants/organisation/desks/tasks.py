"""Letters that ask whether a desk's entry is still right."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from hub import mail, outbox
from hub.db import network_transaction, tenant_transaction
from hub.outbox import Job
from hub.tenants.organisation import queries as organisation
from hub.tenants.organisation.desks import queries
from hub.tenants.organisation.desks.remind import VERIFIED_FOR, order_reminders, verified_before
from hub.web.formats import format_date
from hub.web.i18n import gettext as _
from hub.web.i18n import ngettext, reading_in
from hub.worker import every_minute, task

Unverified = Sequence[tuple[str, date | None]]
# Named in a letter; a host with more finds the others in its list.
MOST_NAMED = 10


@every_minute("desks.remind", at_seconds=frozenset({35}))
async def remind() -> None:
    async with network_transaction() as network:
        reminded_before = network.now - VERIFIED_FOR
        due = await queries.tenants_to_remind(network, verified_before(network), reminded_before)
    for tenant_id in due:
        async with tenant_transaction(tenant_id) as scope:
            await order_reminders(scope)


@task("desks.remind_verification")
async def remind_verification(job: Job, *, membership_id: UUID) -> None:
    """To an administrator, about the desks in his or her charge. Nothing where all are verified by now."""
    async with network_transaction() as network:
        account = await queries.account_of(network, membership_id)
    unverified = await _unverified(job, membership_id)
    if account is None or not unverified:
        return
    address, name, locale = account
    with reading_in(locale):
        await _write(job, address, name, unverified)


@task("desks.remind_office")
async def remind_office(job: Job, *, organisation_id: UUID) -> None:
    """To the organisation's own address and in its own language, where it has no administrator."""
    async with tenant_transaction(organisation_id) as scope:
        office = await organisation.organisation(scope, organisation_id)
    unverified = await _unverified(job, None)
    if office is None or office.email is None or not unverified:
        return
    with reading_in(office.locale):
        await _write(job, office.email, office.name, unverified)


@task("desks.tell_ente")
async def tell_ente(_job: Job, *, desk_id: UUID) -> None:
    """A letter to each administrator of the Ente, each a task of its own."""
    async with network_transaction() as scope:
        for membership_id in await queries.admins_of_ente(scope):
            await outbox.enqueue(
                scope, "desks.ask_ente", desk_id=desk_id, membership_id=membership_id
            )


@task("desks.ask_ente")
async def ask_ente(job: Job, *, desk_id: UUID, membership_id: UUID) -> None:
    """Nothing where the desk was opened or closed in the meantime."""
    async with network_transaction() as scope:
        account = await queries.account_of(scope, membership_id)
        asked = await queries.asked_desk(scope, desk_id)
    if account is None or asked is None:
        return
    address, reader, locale = account
    desk, organisation_id, host = asked
    with reading_in(locale):
        subject = _("%(host)s asks you to open a desk", host=host)
        paragraphs = [
            _("The entry of “%(desk)s” is complete. It opens once you say so.", desk=desk)
        ]
        page = f"{mail.base_url()}/network/organisations/{organisation_id}/desks"
        body = mail.letter(title=subject, paragraphs=paragraphs, button=(_("To its desks"), page))
        await mail.send(
            to=address, name=reader, subject=subject, text=body.text, html=body.html, key=job.id
        )


async def _unverified(job: Job, membership_id: UUID | None) -> Unverified:
    if job.tenant_id is None:
        raise LookupError(job.task)
    async with tenant_transaction(job.tenant_id) as scope:
        return await queries.unverified(scope, verified_before(scope), membership_id)


async def _write(job: Job, address: str, name: str, unverified: Unverified) -> None:
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
    button = (_("To your desks"), f"{mail.base_url()}/organisation/desks")
    body = mail.letter(title=subject, paragraphs=paragraphs, button=button)
    await mail.send(
        to=address, name=name, subject=subject, text=body.text, html=body.html, key=job.id
    )


def _line(desk: str, verified_on: date | None) -> str:
    if verified_on is None:
        return _("%(desk)s: never verified", desk=desk)
    return _("%(desk)s: last verified on %(day)s", desk=desk, day=format_date(verified_on, "long"))
