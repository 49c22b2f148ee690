"""Letters about who leaves: before a last day, once it has passed, where an administrator ended it, and who takes over."""

from typing import NamedTuple
from uuid import UUID

from hub import audit
from hub.db import network_transaction, tenant_transaction
from hub.outbox import Job
from hub.tenants.people import queries, readers
from hub.tenants.people.change import last_day_of
from hub.tenants.people.colleagues import Letter, write_colleague, write_reader
from hub.tenants.people.leave import Burden, burden_of
from hub.tenants.people.readers import Reader
from hub.tenants.people.schemas import Member
from hub.web.formats import format_date
from hub.web.i18n import N_, ngettext
from hub.web.i18n import gettext as _
from hub.worker import task

HAND_OVER = "/organisation/people/{}/leave"


@task("people.tell_leaving")
async def tell_leaving(job: Job, *, membership_id: UUID, reader_id: UUID) -> None:
    """A week and a day before a membership ends, if there is work that would be left behind."""
    found = await _found(job, membership_id, reader_id)
    if found is None or not found.active or not found.burden.total:
        return

    def letter() -> Letter:
        return (
            _("Somebody is about to leave, with open work"),
            [
                ngettext(
                    "The last day of %(name)s is %(day)s, and %(num)s thing is still open in this person’s charge.",
                    "The last day of %(name)s is %(day)s, and %(num)s things are still open in this person’s charge.",
                    found.burden.total,
                    name=found.member.name,
                    day=format_date(last_day_of(found.member.expires_at)),
                ),
                _("Choose who takes it over, so that nothing waits."),
            ],
            (_("Hand over"), HAND_OVER.format(membership_id)),
        )

    await write_reader(job, found.reader, letter)


@task("people.tell_over")
async def tell_over(job: Job, *, membership_id: UUID, reader_id: UUID) -> None:
    """To an administrator, once a last day has passed. Nothing where the person came back in the meantime."""
    found = await _found(job, membership_id, reader_id)
    if found is None or found.active:
        return
    burden = found.burden

    def letter() -> Letter:
        open_work = ngettext(
            "%(num)s thing is still open in this person’s charge: choose who takes it over.",
            "%(num)s things are still open in this person’s charge: choose who takes them over.",
            burden.total,
        )
        return (
            _("The last day of a colleague has passed"),
            [
                _(
                    "The last day of %(name)s was %(day)s: the membership of “%(organisation)s” has ended, and this"
                    " person sees nothing of it in the hub any more.",
                    name=found.member.name,
                    day=format_date(last_day_of(found.member.expires_at)),
                    organisation=found.organisation,
                ),
                *([open_work] if burden.total else ()),
                _(
                    "If this person is to go on, send a new invitation from the page of the people, with a later last"
                    " day or none."
                ),
            ],
            (_("Hand over"), HAND_OVER.format(membership_id))
            if burden.total
            else (_("To the people"), "/organisation/people"),
        )

    await write_reader(job, found.reader, letter)


@task("people.tell_own_end")
async def tell_own_end(job: Job, *, membership_id: UUID) -> None:
    """To whose last day has passed."""
    await _write_former(
        job,
        membership_id,
        N_(
            "Your last day at “%(organisation)s” has passed: you see nothing of it in the hub any more. What"
            " you recorded there stays under your name."
        ),
        N_("If you are to go on there, ask its administrators for a new invitation."),
    )


@task("people.tell_left")
async def tell_left(job: Job, *, membership_id: UUID) -> None:
    """To whom an administrator made leave."""
    await _write_former(
        job,
        membership_id,
        N_(
            "An administrator has ended your membership of “%(organisation)s”: you see nothing of it in the"
            " hub any more. What you recorded there stays under your name."
        ),
        N_("If you think that this is a mistake, please write to the organisation."),
    )


@task("people.tell_taken_over")
async def tell_taken_over(job: Job, *, membership_id: UUID, entry_id: UUID) -> None:
    """Nothing to whoever has left in the meantime."""
    async with tenant_transaction(job.owner_id) as scope:
        entry = await audit.entry_of(scope, entry_id)
        if entry is None:
            return
        count, giver_id = int(entry.codes["count"] or 0), UUID(str(entry.codes["giver"]))
        giver = await queries.member(scope, giver_id)
    async with network_transaction() as network:
        organisation = await queries.organisation_name(network, job.owner_id)

    def letter() -> Letter:
        return (
            _("You take over the work of a colleague"),
            [
                ngettext(
                    "%(num)s open case of %(name)s at “%(organisation)s” is in your charge from now on.",
                    "%(num)s open cases of %(name)s at “%(organisation)s” are in your charge from now on.",
                    count,
                    name=giver.name if giver else "",
                    organisation=organisation,
                ),
                _("You find everything that is in your charge in the list of cases."),
            ],
            (_("To your cases"), "/cases?mine=yes"),
        )

    await write_colleague(job, membership_id, letter)


class _Found(NamedTuple):
    reader: Reader
    member: Member
    burden: Burden
    organisation: str
    active: bool


async def _found(job: Job, membership_id: UUID, reader_id: UUID) -> _Found | None:
    """Who reads of whom; None where the reader has left, or the other has no last day any more."""
    async with tenant_transaction(job.owner_id) as scope:
        member = await queries.member(scope, membership_id)
        if member is None or member.expires_at is None:
            return None
        burden = await burden_of(scope, membership_id)
        active = member.is_active(scope.now)
    async with network_transaction() as network:
        reader = await readers.reader(network, reader_id)
        organisation = await queries.organisation_name(network, job.owner_id)
    return _Found(reader, member, burden, organisation, active) if reader else None


async def _write_former(job: Job, membership_id: UUID, what: str, next_step: str) -> None:
    """Nothing where the person came back in the meantime."""
    async with network_transaction() as scope:
        reader = await readers.former_reader(scope, membership_id)
        organisation = await queries.organisation_name(scope, job.owner_id)

    def letter() -> Letter:
        return (
            _("You no longer belong to %(organisation)s", organisation=organisation),
            [_(what, organisation=organisation), _(next_step)],
            (_("To your account"), "/account"),
        )

    if reader:
        await write_reader(job, reader, letter)
