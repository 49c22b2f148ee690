"""Letters about invitations, their codes, and what came of them; and what ends by itself."""

from uuid import UUID

from hub import audit, mail
from hub.db import network_transaction, tenant_transaction
from hub.outbox import Job
from hub.tenants.accounts.actor import ADMIN
from hub.tenants.people import codes, expire, queries, readers
from hub.tenants.people.accept import code_of, hash_of
from hub.tenants.people.colleagues import Letter, write_colleague, write_reader
from hub.tenants.people.from_ente import Origin, letter_of, origin_of
from hub.tenants.people.links import link_to
from hub.tenants.people.schemas import ROLES, SUPPORT_HOURS, Invitation
from hub.web.formats import format_datetime
from hub.web.i18n import gettext as _
from hub.web.i18n import reading_in
from hub.worker import every_minute, task


@task("people.send_invitation")
async def send_invitation(job: Job, *, invitation_id: UUID) -> None:
    """Nothing where it was accepted or revoked in the meantime."""
    async with network_transaction() as scope:
        invitation = await queries.invitation(scope, invitation_id)
        if invitation is None or invitation.standing(scope.now) != "open":
            return
        organisation = await queries.organisation_name(scope, invitation.tenant_id)
        origin = await origin_of(scope, invitation)
        zone = await queries.time_zone(scope, invitation.tenant_id)
    with reading_in(invitation.locale):
        subject = (
            _("Invitation to MICRO-WORK for %(organisation)s", organisation=organisation)
            if origin
            else _("%(organisation)s invites you to the MICRO-WORK Hub", organisation=organisation)
        )
        body = mail.letter(
            title=subject,
            paragraphs=_invitation_text(invitation, organisation, origin, zone),
            button=(_("Open the invitation"), link_to(invitation)),
        )
        await mail.send(
            to=invitation.email,
            name=invitation.name,
            subject=subject,
            text=body.text,
            html=body.html,
            key=job.id,
        )
    async with network_transaction() as scope:
        await queries.mark_sent(scope, invitation_id)


def _invitation_text(
    invitation: Invitation, organisation: str, origin: Origin | None, zone: str
) -> list[str]:
    if origin:
        about = letter_of(origin, invitation, organisation)
    elif invitation.support:
        about = [
            _(
                "“%(organisation)s” lets you in for %(time)s, to help with its settings, desks, services and"
                " set-up. You will not see its citizens. The time begins when you accept.",
                organisation=organisation,
                time=_(SUPPORT_HOURS.get(str(invitation.membership_hours), "–")),
            )
        ]
    else:
        about = [
            _(
                "“%(organisation)s” works with MICRO-WORK, the network for microcredit, and invites you to its space in"
                " the hub as %(role)s.",
                organisation=organisation,
                role=_(ROLES[invitation.role]),
            )
        ]
    return [
        *about,
        _(
            "The invitation is for this address only, and good until %(moment)s.",
            moment=format_datetime(invitation.expires_at, zone=zone),
        ),
        _("If you do not know what this is about, there is nothing to do."),
    ]


@task("people.send_code")
async def send_code(job: Job, *, invitation_id: UUID) -> None:
    """Nothing where it was accepted or revoked in the meantime. Run again, it sends the same code."""
    code = code_of(job.id)
    async with network_transaction() as scope:
        invitation = await queries.invitation(scope, invitation_id)
        if invitation is None or invitation.standing(scope.now) != "open":
            return
        if not await codes.keep_code(scope, invitation_id, hash_of(invitation_id, code)):
            return
        organisation = await queries.organisation_name(scope, invitation.tenant_id)
    with reading_in(invitation.locale):
        subject = _("Your code for the MICRO-WORK Hub")
        body = mail.letter(
            title=subject,
            paragraphs=[
                _("Your code: %(code)s", code=code),
                _(
                    "With it you accept the invitation to “%(organisation)s”. It is good for 15 minutes. Give it to"
                    " nobody: we never ask for it by telephone or mail.",
                    organisation=organisation,
                ),
                _("If you are not accepting an invitation just now, there is nothing to do."),
            ],
        )
        await mail.send(
            to=invitation.email, subject=subject, text=body.text, html=body.html, key=job.id
        )


@task("people.tell_accepted")
async def tell_accepted(job: Job, *, invitation_id: UUID, reader_id: UUID) -> None:
    async with network_transaction() as scope:
        invitation = await queries.invitation(scope, invitation_id)
        reader = await readers.reader(scope, reader_id)
        if invitation is None or invitation.membership_id is None or reader is None:
            return
        name = await readers.member_name(scope, invitation.membership_id)
        organisation = await queries.organisation_name(scope, invitation.tenant_id)

    def letter() -> Letter:
        role = _("support") if invitation.support else _(ROLES[invitation.role])
        return (
            _("Your invitation was accepted"),
            [
                _(
                    "%(name)s accepted the invitation and belongs to “%(organisation)s” now as %(role)s.",
                    name=name,
                    organisation=organisation,
                    role=role,
                )
            ],
            (_("To the people"), "/organisation/people"),
        )

    await write_reader(job, reader, letter)


@task("people.tell_asked_again")
async def tell_asked_again(job: Job, *, invitation_id: UUID, reader_id: UUID) -> None:
    """Nothing where it was sent again in the meantime."""
    async with network_transaction() as scope:
        invitation = await queries.invitation(scope, invitation_id)
        reader = await readers.reader(scope, reader_id)
        if invitation is None or reader is None or invitation.standing(scope.now) != "expired":
            return
        organisation = await queries.organisation_name(scope, invitation.tenant_id)
        own = await readers.belongs_to(scope, reader_id, invitation.tenant_id)
    place = "/organisation/people" if own else f"/network/organisations/{invitation.tenant_id}"

    def letter() -> Letter:
        return (
            _("Somebody asks for a new invitation"),
            [
                _(
                    "The invitation of %(address)s to “%(organisation)s” has expired, and somebody who opened its"
                    " link asks for a new one. If you still want the person to come, send it again.",
                    address=invitation.email,
                    organisation=organisation,
                )
            ],
            (_("To the invitations"), place),
        )

    await write_reader(job, reader, letter)


@task("people.tell_role")
async def tell_role(job: Job, *, membership_id: UUID, entry_id: UUID) -> None:
    """Nothing where it was changed again, or the person has left, in the meantime."""
    async with tenant_transaction(job.owner_id) as scope:
        entry = await audit.entry_of(scope, entry_id)
        member = await queries.member(scope, membership_id)
    if entry is None or member is None or member.role != entry.codes["role"]:
        return
    role = member.role
    async with network_transaction() as network:
        organisation = await queries.organisation_name(network, job.owner_id)

    def letter() -> Letter:
        own = _(
            "As an administrator you sign in with a second factor: where you have none yet, the hub asks you to set one"
            " up before anything else."
        )
        return (
            _("Your role has changed"),
            [
                _(
                    "An administrator has changed your role in “%(organisation)s”: you belong to it as %(role)s now.",
                    organisation=organisation,
                    role=_(ROLES[role]),
                ),
                *([own] if role == ADMIN else ()),
            ],
            (_("To the people"), "/organisation/people"),
        )

    await write_colleague(job, membership_id, letter)


@every_minute("people.expire", at_seconds=frozenset({20}))
async def end_memberships() -> None:
    async with network_transaction() as scope:
        await expire.end_what_is_over(scope)
        await expire.order_warnings(scope)
