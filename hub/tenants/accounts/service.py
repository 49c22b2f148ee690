"""Signing in and out, choosing an organisation, and passwords that were forgotten."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from hub import audit, crypto, outbox, tokens
from hub.db import NetworkScope, network_transaction
from hub.errors import NotFound, NotSignedIn, TooManyAttempts
from hub.ids import uuid7
from hub.tenants.accounts import notices, passwords, queries
from hub.tenants.accounts.actor import ADMIN, Actor, Visitor
from hub.tenants.accounts.queries import Credentials, MembershipChoice
from hub.tenants.accounts.second_factor import queries as factors
from hub.tenants.accounts.second_factor.service import take_code

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

    `only` is the one membership that there is to choose; with several the person is asked, and with none is `nowhere`.
    `next` is what is still to be done before anybody is signed in: "code", or "set_up" of a second factor.
    """

    secret: str
    only: MembershipChoice | None
    next: str | None = None
    nowhere: bool = False


def hash_secret(secret: str) -> bytes:
    """The secret has 256 random bits, so a fast hash is enough."""
    return hashlib.sha256(secret.encode()).digest()


async def sign_in(
    email: str, password: str, address: str, old_secret: str | None, agent: str = ""
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
        await queries.forget_attempts(scope, crypto.attempt_token("email:" + credentials.email))
        return await begin_session(scope, credentials, old_secret, agent)


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


async def begin_session(
    scope: NetworkScope, credentials: Credentials, old_secret: str | None, agent: str
) -> SignedIn:
    """A new secret at every sign-in: one that was planted before it is worth nothing after it.

    `agent` is the browser in words. Where the account has a second factor, nobody is signed in before its code.
    """
    account_id = credentials.account_id
    if old_secret:
        await queries.end_session(scope, hash_secret(old_secret))
    choices = await queries.memberships_of(scope, account_id)
    only = choices[0] if len(choices) == 1 else None
    secret = secrets.token_urlsafe(32)
    membership_id = only.membership_id if only else None
    await queries.add_session(scope, account_id, hash_secret(secret), membership_id, agent=agent)
    if await factors.factor_of(scope, account_id) is not None:
        return SignedIn(secret, only, "code")
    await record_sign_in(scope, account_id)
    unprotected = any(choice.role == ADMIN for choice in choices)
    return SignedIn(secret, only, "set_up" if unprotected else None, nowhere=not choices)


async def give_code(secret: str, typed: str, address: str) -> str | None:
    """The code that a waiting session lacks: how it was found to be right, or None where it is wrong.

    Raises NotSignedIn where no session waits for one any more, and TooManyAttempts.
    """
    secret_hash = hash_secret(secret)
    async with network_transaction() as scope:
        waiting = await factors.waiting_session(scope, secret_hash)
        if waiting is None:
            raise NotSignedIn
        await count_code(scope, waiting.account_id, address)
    async with network_transaction() as scope:
        await factors.lock_account(scope, waiting.account_id)
        # A twin of this request may have been faster.
        waiting = await factors.waiting_session(scope, secret_hash)
        if waiting is None:
            raise NotSignedIn
        how = await take_code(scope, waiting.account_id, typed)
        if how is None:
            return None
        await factors.code_given(scope, waiting.session_id)
        await forget_codes(scope, waiting.account_id)
        await record_sign_in(scope, waiting.account_id)
    return how


async def count_code(scope: NetworkScope, account_id: UUID, address: str) -> None:
    """Raises TooManyAttempts."""
    await count_attempt(scope, f"code:{account_id}", f"code:{address}", ATTEMPTS_PER_EMAIL)


async def forget_codes(scope: NetworkScope, account_id: UUID) -> None:
    await queries.forget_attempts(scope, crypto.attempt_token(f"email:code:{account_id}"))


async def record_sign_in(scope: NetworkScope, account_id: UUID) -> None:
    person = Visitor(account_id, "", "")
    await audit.record(scope, person, "account.signed_in", "account", account_id)


async def is_own_password(account_id: UUID, password: str, address: str) -> bool:
    """Asked again before what is worth it. Raises TooManyAttempts."""
    async with network_transaction() as scope:
        credentials = await queries.credentials_by_id(scope, account_id)
        if credentials is None:
            raise NotSignedIn
        await count_attempt(scope, f"own:{account_id}", f"own:{address}", ATTEMPTS_PER_EMAIL)
    if not await passwords.matches(credentials.password_hash, password):
        return False
    async with network_transaction() as scope:
        await queries.forget_attempts(scope, crypto.attempt_token(f"email:own:{account_id}"))
    return True


async def find_session(scope: NetworkScope, secret: str) -> tuple[UUID, Actor | Visitor] | None:
    return await queries.find_session(scope, hash_secret(secret))


async def find_waiting(scope: NetworkScope, secret: str) -> factors.WaitingSession | None:
    """Of somebody who has given the password, and not yet the code."""
    return await factors.waiting_session(scope, hash_secret(secret))


async def sign_out(scope: NetworkScope, secret: str) -> None:
    account_id = await queries.end_session(scope, hash_secret(secret))
    if account_id:
        person = Visitor(account_id, "", "")
        await audit.record(scope, person, "account.signed_out", "account", account_id)


async def end_one_session(scope: NetworkScope, person: Actor | Visitor, session_id: UUID) -> None:
    """Raises NotFound, also where it is someone else's."""
    if not await queries.end_one_session(scope, person.account_id, session_id):
        raise NotFound
    await audit.record(scope, person, "session.revoked", "account", person.account_id)


async def end_other_sessions(scope: NetworkScope, person: Actor | Visitor, kept: UUID) -> None:
    ended = await queries.end_other_sessions(scope, person.account_id, kept)
    await audit.record(scope, person, "session.revoked", "account", person.account_id, count=ended)


async def change_details(
    scope: NetworkScope, person: Actor | Visitor, name: str, locale: str
) -> None:
    await queries.change_details(scope, person.account_id, name, locale)
    await audit.record(scope, person, "account.changed", "account", person.account_id)


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
    await notices.tell(scope, credentials.account_id, "password_changed")
    return True


async def change_password(
    scope: NetworkScope, person: Actor | Visitor, session_id: UUID, new_hash: str
) -> None:
    """Of somebody who is signed in, and has given the old one. Ends every other session."""
    credentials = await queries.credentials_by_id(scope, person.account_id)
    if credentials is None:
        raise NotSignedIn
    await queries.set_password(scope, person.account_id, credentials.password_hash, new_hash)
    await queries.end_other_sessions(scope, person.account_id, session_id)
    await audit.record(scope, person, "account.password_changed", "account", person.account_id)
    await notices.tell(scope, person.account_id, "password_changed")


def _fingerprint(password_hash: str) -> bytes:
    return hashlib.sha256(password_hash.encode()).digest()[:8]
