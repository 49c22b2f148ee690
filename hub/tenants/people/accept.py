"""Accepting an invitation: by who has an account of the invited address, or by who proves to read its mail.

A link that was forwarded is worth nothing by itself. The invitation is held while it is decided on, so that of two
acceptances at the same moment one counts.
"""

import hmac
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from hub import audit, crypto, outbox
from hub.db import NetworkScope
from hub.errors import Conflict, Forbidden, NotFound, TooManyAttempts
from hub.tenants.accounts import queries as accounts
from hub.tenants.accounts.second_factor import queries as factors
from hub.tenants.onboarding.touch import touch
from hub.tenants.people import codes, passages, queries
from hub.tenants.people.invite import AlreadyMember
from hub.tenants.people.links import Link
from hub.tenants.people.schemas import Invitation
from hub.tenants.people.telling import tell_accepted, tell_asked_again
from hub.web.i18n import N_

CODE_LASTS = timedelta(minutes=15)
CODE_TRIES = 5
CODES_AN_HOUR = 5
# A double click is one code.
CODE_EVERY = timedelta(seconds=30)
ASKED_EVERY = timedelta(days=1)


class NotValid(Conflict):
    """`standing` says why: accepted, revoked, superseded, expired."""

    def __init__(self, standing: str) -> None:
        self.standing = standing
        super().__init__("invitation-" + standing, N_("This invitation is no longer valid."))


class OtherAddress(Forbidden):
    code = "invitation-other-address"
    message = N_("This invitation was sent to another address.")


class OnlyForTheEnte(Forbidden):
    code = "support-from-the-ente-only"
    message = N_("Only people of the Ente can accept to give support.")


class SecondFactorFirst(Forbidden):
    """Support has an administrator's role, and its time is not to pass while a second factor is set up."""

    code = "support-with-second-factor-only"
    message = N_("Support signs in with a second factor: set it up first, then accept.")


class OnlyAsSupport(Forbidden):
    """The Ente lets nobody of its own into an organisation: that is the organisation's to do."""

    code = "ente-as-support-only"
    message = N_("People of the Ente are let in by the organisation itself, as support.")


class AccountExists(Conflict):
    code = "account-exists"
    message = N_("There is an account under this address by now: sign in with it.")


@dataclass(frozen=True, slots=True)
class Joined:
    """Who acts, for the audit log: already a member."""

    account_id: UUID
    membership_id: UUID


async def find(scope: NetworkScope, link: Link, *, lock: bool = False) -> tuple[Invitation, str]:
    """The invitation and how it stands for this link: open, accepted, revoked, superseded or expired. Raises NotFound."""
    invitation = await queries.invitation(scope, link.invitation_id, lock=lock)
    if invitation is None:
        raise NotFound
    standing = invitation.standing(scope.now)
    if standing in ("open", "expired") and link.version != invitation.link_version:
        standing = "superseded"
    if standing == "open" and not await passages.can_be_joined(scope, invitation.tenant_id):
        standing = "revoked"
    return invitation, standing


async def find_open(scope: NetworkScope, link: Link) -> Invitation:
    """Held. Raises NotFound, NotValid."""
    invitation, standing = await find(scope, link, lock=True)
    if standing != "open":
        raise NotValid(standing)
    return invitation


async def join(scope: NetworkScope, link: Link, account_id: UUID) -> UUID:
    """With an account that there is; the membership. A second click is one effect.

    Raises NotFound, NotValid, OtherAddress, OnlyForTheEnte, SecondFactorFirst, OnlyAsSupport, AlreadyMember.
    """
    credentials = await accounts.credentials_by_id(scope, account_id)
    invitation, standing = await find(scope, link, lock=True)
    if credentials is None or credentials.email != invitation.email:
        raise OtherAddress
    mine = standing == "accepted" and invitation.membership_id
    if mine and await passages.joined_by(scope, mine) == account_id:
        return mine
    if standing != "open":
        raise NotValid(standing)
    works_there = await passages.works_at_the_ente(scope, account_id)
    if invitation.support and not works_there:
        raise OnlyForTheEnte
    if invitation.support and await factors.factor_of(scope, account_id) is None:
        raise SecondFactorFirst
    if works_there and not invitation.support and invitation.invited_by is None:
        raise OnlyAsSupport
    return await _begin(scope, invitation, account_id, credentials.name)


async def join_as_new(
    scope: NetworkScope, link: Link, code_hash: bytes, name: str, password_hash: str
) -> UUID:
    """The new account, after `check_code`, whose code this is. Raises NotFound, NotValid, OnlyForTheEnte, AccountExists."""
    invitation = await find_open(scope, link)
    if invitation.code_hash != code_hash:
        raise NotValid("superseded")
    if invitation.support:
        raise OnlyForTheEnte
    account_id = await passages.add_account(
        scope, invitation.email, name, password_hash, invitation.locale
    )
    if account_id is None:
        raise AccountExists
    await _begin(scope, invitation, account_id, name)
    return account_id


async def _begin(scope: NetworkScope, invitation: Invitation, account_id: UUID, name: str) -> UUID:
    """The time of support begins now, that of a substitute ends when it was said."""
    expires_at = invitation.membership_until
    if invitation.membership_hours:
        expires_at = scope.now + timedelta(hours=invitation.membership_hours)
    if expires_at and expires_at <= scope.now:
        raise NotValid("expired")
    membership_id = await passages.begin(scope, invitation, account_id, name, expires_at)
    if membership_id is None:
        raise AlreadyMember
    await passages.mark_accepted(scope, invitation.id, membership_id)
    tenant_id = invitation.tenant_id
    await audit.record_for(
        scope,
        tenant_id,
        Joined(account_id, membership_id),
        "invitation.accepted",
        "organisation",
        tenant_id,
        invitation=str(invitation.id),
        member=str(membership_id),
        role=invitation.role,
    )
    await tell_accepted(scope, invitation, membership_id)
    await touch(scope, tenant_id)
    return membership_id


async def ask_for_code(scope: NetworkScope, link: Link) -> None:
    """Mailed to the invited address, wherever the link was opened. Raises NotFound, NotValid, TooManyAttempts."""
    invitation = await find_open(scope, link)
    last = invitation.code_sent_at
    if last and last > scope.now - CODE_EVERY:
        return
    recent = invitation.codes_sent if last and last > scope.now - timedelta(hours=1) else 0
    if last and recent >= CODES_AN_HOUR:
        raise TooManyAttempts(int((last + timedelta(hours=1) - scope.now).total_seconds()) + 1)
    await codes.order_code(scope, invitation.id, recent + 1)
    await outbox.enqueue(
        scope,
        "people.send_code",
        tenant_id=invitation.tenant_id,
        invitation_id=invitation.id,
    )


def code_of(job_id: UUID) -> str:
    """Six digits, the same however often the task runs, and nobody's to guess who lacks our key."""
    number = int.from_bytes(crypto.content_token(b"invitation code:" + job_id.bytes)[:8], "big")
    return f"{number % 1_000_000:06d}"


def hash_of(invitation_id: UUID, code: str) -> bytes:
    """Keyed: six digits are tried out in no time."""
    return crypto.content_token(b"invitation:" + invitation_id.bytes + code.encode())


async def check_code(scope: NetworkScope, link: Link, code: str) -> bytes | str:
    """The code's hash where it is right, else what is wrong: `none`, `late`, `tries` or `wrong`.

    The attempt counts only if this transaction is committed: nothing is raised for a wrong code.
    Raises NotFound, NotValid.
    """
    invitation = await find_open(scope, link)
    if invitation.code_hash is None or invitation.code_sent_at is None:
        return "none"
    if invitation.code_sent_at <= scope.now - CODE_LASTS:
        return "late"
    if invitation.code_attempts >= CODE_TRIES:
        return "tries"
    await codes.count_code_attempt(scope, invitation.id)
    digits = "".join(c for c in code if c.isdecimal() and c.isascii())
    given = hash_of(invitation.id, digits)
    return given if hmac.compare_digest(given, invitation.code_hash) else "wrong"


async def ask_again(scope: NetworkScope, link: Link) -> None:
    """By a link that has expired: the organisation is told, once a day. Raises NotFound, NotValid."""
    invitation, standing = await find(scope, link, lock=True)
    if standing != "expired":
        raise NotValid(standing)
    if invitation.asked_again_at and invitation.asked_again_at > scope.now - ASKED_EVERY:
        return
    await codes.mark_asked_again(scope, invitation.id)
    await tell_asked_again(scope, invitation)


def masked(email: str) -> str:
    """Enough to know one's own address by: a…@example.org."""
    local, _, domain = email.partition("@")
    return f"{local[:1]}…@{domain}"
