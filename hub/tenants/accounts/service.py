"""Signing in and out, choosing an organisation, and passwords that were forgotten."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from hub import audit, crypto, outbox, tokens
from hub.db import NetworkScope, network_transaction
from hub.errors import NotFound, TooManyAttempts
from hub.ids import uuid7
from hub.tenants.accounts import passwords, queries
from hub.tenants.accounts.actor import Actor, Visitor
from hub.tenants.accounts.queries import Credentials, MembershipChoice

ATTEMPTS_WINDOW = timedelta(minutes=15)
ATTEMPTS_PER_EMAIL = 10
# Whole offices share one address; this stops a machine, not a Monday morning.
ATTEMPTS_PER_ADDRESS = 100
# Each is a mail in somebody's box, who may not have asked for it.
LINKS_PER_EMAIL = 3
LINK_LASTS = timedelta(hours=1)
LINK_PURPOSE = "password"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """`secret` goes into the cookie and nowhere else; the database keeps its hash.

    `only` is the one membership that there is to choose; with several, or none, the person is asked.
    """

    secret: str
    only: MembershipChoice | None


def hash_secret(secret: str) -> bytes:
    """The secret has 256 random bits, so a fast hash is enough."""
    return hashlib.sha256(secret.encode()).digest()


async def sign_in(
    email: str, password: str, address: str, old_secret: str | None
) -> SignedIn | None:
    """None for a wrong pair. Raises TooManyAttempts.

    Two transactions, since checking a password takes long: the first counts the attempt before its outcome is
    known, the second begins the session.
    """
    async with network_transaction() as scope:
        await count_attempt(scope, email, address, ATTEMPTS_PER_EMAIL)
        credentials = await queries.credentials_by_email(scope, email)
    known = credentials.password_hash if credentials else None
    if not await passwords.matches(known, password) or credentials is None:
        return None
    async with network_transaction() as scope:
        return await _begin_session(scope, credentials, old_secret)


async def count_attempt(scope: NetworkScope, email: str, address: str, per_email: int) -> None:
    """`email` may have a word before it, for what is counted apart. Raises TooManyAttempts."""
    subjects = {
        crypto.attempt_token("email:" + email): per_email,
        crypto.attempt_token("address:" + address): ATTEMPTS_PER_ADDRESS,
    }
    for subject, limit in sorted(subjects.items()):
        await queries.lock_attempts(scope, subject)
        if await queries.count_attempts(scope, subject, ATTEMPTS_WINDOW) >= limit:
            raise TooManyAttempts(int(ATTEMPTS_WINDOW.total_seconds()))
    await queries.record_attempt(scope, list(subjects))


async def _begin_session(
    scope: NetworkScope, credentials: Credentials, old_secret: str | None
) -> SignedIn:
    """A new secret at every sign-in: one that was planted before it is worth nothing after it."""
    if old_secret:
        await queries.end_session(scope, hash_secret(old_secret))
    choices = await queries.memberships_of(scope, credentials.account_id)
    only = choices[0] if len(choices) == 1 else None
    secret = secrets.token_urlsafe(32)
    membership_id = only.membership_id if only else None
    await queries.add_session(scope, credentials.account_id, hash_secret(secret), membership_id)
    await queries.forget_attempts(scope, crypto.attempt_token("email:" + credentials.email))
    person = Visitor(credentials.account_id, credentials.name, credentials.locale)
    await audit.record(scope, person, "account.signed_in", "account", credentials.account_id)
    return SignedIn(secret, only)


async def find_session(scope: NetworkScope, secret: str) -> tuple[UUID, Actor | Visitor] | None:
    return await queries.find_session(scope, hash_secret(secret))


async def sign_out(scope: NetworkScope, secret: str) -> None:
    account_id = await queries.end_session(scope, hash_secret(secret))
    if account_id:
        person = Visitor(account_id, "", "")
        await audit.record(scope, person, "account.signed_out", "account", account_id)


async def choose_membership(
    scope: NetworkScope, session_id: UUID, person: Actor | Visitor, membership_id: UUID
) -> None:
    """Raises NotFound where the membership is not the person's own."""
    if not await queries.choose_membership(scope, session_id, person.account_id, membership_id):
        raise NotFound


async def ask_for_link(scope: NetworkScope, email: str, address: str) -> None:
    """Mail a link if there is such an account; the answer is the same either way. Raises TooManyAttempts."""
    await count_attempt(scope, "link:" + email, address, LINKS_PER_EMAIL)
    credentials = await queries.credentials_by_email(scope, email)
    # The same work either way, or the time it takes would tell: the task finds nobody of an id that is new.
    account_id = credentials.account_id if credentials else uuid7()
    await outbox.enqueue(scope, "accounts.send_password_link", account_id=account_id)


def password_link_token(credentials: Credentials) -> str:
    """Good for an hour and for one use: it names the password that it will replace."""
    subject = credentials.account_id.bytes + _fingerprint(credentials.password_hash)
    return tokens.sign(LINK_PURPOSE, subject, lasts=LINK_LASTS)


async def find_link(scope: NetworkScope, token: str) -> Credentials | None:
    """The account that a link may still change, or None: expired, altered, used."""
    try:
        subject = tokens.verify(LINK_PURPOSE, token)
    except tokens.BadToken:
        return None
    credentials = await queries.credentials_by_id(scope, UUID(bytes=subject[:16]))
    if credentials is None or _fingerprint(credentials.password_hash) != subject[16:]:
        return None
    return credentials


async def replace_password(scope: NetworkScope, credentials: Credentials, new_hash: str) -> bool:
    """Ends every session of the account. False where a twin of this request was faster."""
    before = credentials.password_hash
    if not await queries.set_password(scope, credentials.account_id, before, new_hash):
        return False
    await queries.end_sessions_of(scope, credentials.account_id)
    person = Visitor(credentials.account_id, "", "")
    await audit.record(
        scope, person, "account.password_replaced", "account", credentials.account_id
    )
    return True


def _fingerprint(password_hash: str) -> bytes:
    return hashlib.sha256(password_hash.encode()).digest()[:8]
