"""Letters about people: invitations, and what came of them."""

from uuid import UUID

from hub import mail
from hub.db import network_transaction
from hub.outbox import Job
from hub.tenants.people import queries
from hub.tenants.people.links import link_to
from hub.tenants.people.schemas import ROLES, Invitation
from hub.web.formats import format_datetime
from hub.web.i18n import gettext as _
from hub.web.i18n import reading_in
from hub.worker import task


@task("people.send_invitation")
async def send_invitation(job: Job, *, invitation_id: UUID) -> None:
    """Nothing where it was accepted or revoked in the meantime."""
    async with network_transaction() as scope:
        invitation = await queries.invitation(scope, invitation_id)
        if invitation is None or invitation.standing(scope.now) != "open":
            return
        organisation = await queries.organisation_name(scope, invitation.tenant_id)
    with reading_in(invitation.locale):
        subject = _("%(organisation)s invites you to the MICRO-WORK Hub", organisation=organisation)
        body = mail.letter(
            title=subject,
            paragraphs=_invitation_text(invitation, organisation),
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


def _invitation_text(invitation: Invitation, organisation: str) -> list[str]:
    if invitation.support:
        first = _(
            "“%(organisation)s” lets you in for %(hours)s hours, to help with its settings, desks, services and"
            " set-up. You will not see its citizens. The time begins when you accept.",
            organisation=organisation,
            hours=invitation.membership_hours,
        )
    else:
        first = _(
            "“%(organisation)s” works with MICRO-WORK, the network for microcredit, and invites you to its space in"
            " the hub as %(role)s.",
            organisation=organisation,
            role=_(ROLES[invitation.role]),
        )
    return [
        first,
        _(
            "The invitation is for this address only, and good until %(moment)s.",
            moment=format_datetime(invitation.expires_at),
        ),
        _("If you do not know what this is about, there is nothing to do."),
    ]
