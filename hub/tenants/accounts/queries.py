"""Statements of accounts, sessions and memberships. All but the names of colleagues are the network role's."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from hub.db import NetworkScope, TenantScope
from hub.ids import uuid7
from hub.tenants.accounts.actor import Actor, Unprotected, Visitor

SESSION_IDLE = timedelta(hours=2)
SESSION_LONGEST = timedelta(hours=12)
SEEN_EVERY = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Credentials:
    account_id: UUID
    email: str
    name: str
    locale: str
    password_hash: str


@dataclass(frozen=True, slots=True)
class MembershipChoice:
    membership_id: UUID
    tenant_name: str
    role: str
    kinds: tuple[str, ...]
    suspended: bool = False
    support: bool = False


@dataclass(frozen=True, slots=True)
class OpenSession:
    """`agent` is the browser in words; `waiting` for the code that follows the password."""

    session_id: UUID
    agent: str
    created_at: datetime
    last_seen_at: datetime
    waiting: bool


async def credentials_by_email(scope: NetworkScope, email: str) -> Credentials | None:
    row = await scope.fetchrow(
        """
        SELECT id, email, name, locale, password_hash FROM accounts
        WHERE email = $1 AND state = 'active'
        """,
        email.strip().lower(),
    )
    return Credentials(*row) if row else None


async def credentials_by_id(scope: NetworkScope, account_id: UUID) -> Credentials | None:
    row = await scope.fetchrow(
        """
        SELECT id, email, name, locale, password_hash FROM accounts
        WHERE id = $1 AND state = 'active'
        """,
        account_id,
    )
    return Credentials(*row) if row else None


async def set_password(scope: NetworkScope, account_id: UUID, before: str, after: str) -> bool:
    """False where the password is no longer `before`: the link was used already."""
    return (
        await scope.execute(
            """
        UPDATE accounts SET password_hash = $3, version = version + 1
        WHERE id = $1 AND password_hash = $2 AND state = 'active'
        """,
            account_id,
            before,
            after,
        )
        == 1
    )


async def memberships_of(scope: NetworkScope, account_id: UUID) -> Sequence[MembershipChoice]:
    rows = await scope.fetch(
        """
        SELECT m.id, t.name, m.role, t.kinds, t.state = 'suspended', m.support
        FROM memberships m JOIN tenants t ON t.id = m.tenant_id
        WHERE m.account_id = $1 AND m.state = 'active' AND t.state IN ('active', 'suspended')
          AND (m.expires_at IS NULL OR m.expires_at > $2)
        ORDER BY t.name_search, m.id
        """,
        account_id,
        scope.now,
    )
    return [MembershipChoice(row[0], row[1], row[2], tuple(row[3]), row[4], row[5]) for row in rows]


async def colleague_names(scope: TenantScope, ids: Sequence[UUID]) -> dict[UUID, str]:
    """Names of the tenant's own people, for rows that say who did something."""
    rows = await scope.fetch("SELECT id, name FROM memberships WHERE id = ANY($1)", list(ids))
    return {row[0]: row[1] for row in rows}


async def record_attempt(scope: NetworkScope, subjects: Sequence[bytes]) -> None:
    await scope.executemany(
        "INSERT INTO sign_in_attempts (id, subject, attempted_at) VALUES ($1, $2, $3)",
        [(uuid7(), subject, scope.now) for subject in subjects],
    )


async def count_attempts(scope: NetworkScope, subject: bytes, window: timedelta) -> int:
    count: int = await scope.fetchval(
        "SELECT count(*) FROM sign_in_attempts WHERE subject = $1 AND attempted_at > $2",
        subject,
        scope.now - window,
    )
    return count


async def lock_attempts(scope: NetworkScope, subject: bytes) -> None:
    """Attempts on one subject wait for each other, so that many at once cannot slip past the count."""
    await scope.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", subject.hex())


async def forget_attempts(scope: NetworkScope, subject: bytes) -> None:
    await scope.execute("DELETE FROM sign_in_attempts WHERE subject = $1", subject)


async def add_session(
    scope: NetworkScope,
    account_id: UUID,
    secret_hash: bytes,
    membership_id: UUID | None,
    *,
    agent: str = "",
    second_factor_at: datetime | None = None,
) -> UUID:
    session_id = uuid7()
    await scope.execute(
        """
        INSERT INTO sessions (id, secret_hash, account_id, membership_id, created_at, last_seen_at,
          expires_at, agent, second_factor_at)
        VALUES ($1, $2, $3, $4, $5, $5, $6, $7, $8)
        """,
        session_id,
        secret_hash,
        account_id,
        membership_id,
        scope.now,
        scope.now + SESSION_LONGEST,
        agent,
        second_factor_at,
    )
    return session_id


async def find_session(
    scope: NetworkScope, secret_hash: bytes
) -> tuple[UUID, Actor | Visitor] | None:
    """The session's id and its person: an Actor where the membership and its organisation are active.

    Nobody where the account's second factor was not shown yet; Unprotected where it must have one and has none.
    """
    row = await scope.fetchrow(
        """
        SELECT s.id, s.last_seen_at, a.id AS account_id, a.name, a.locale,
               m.id AS membership_id, m.tenant_id, m.role, m.limited_to_desks, m.support,
               t.name AS tenant_name, t.kinds, t.coming_kinds, t.state AS tenant_state,
               t.time_zone,
               t.state = 'suspended' AND EXISTS (SELECT FROM suspensions u
                 WHERE u.tenant_id = t.id AND u.lifted_at IS NULL) AS stopped,
               array(SELECT d.desk_id FROM membership_desks d
                     WHERE d.tenant_id = m.tenant_id AND d.membership_id = m.id) AS desk_ids,
               f.id IS NULL AND EXISTS (SELECT FROM memberships x JOIN tenants o ON o.id = x.tenant_id
                 WHERE x.account_id = a.id AND x.role = 'admin' AND x.state = 'active'
                   AND (x.expires_at IS NULL OR x.expires_at > $2)
                   AND o.state IN ('active', 'suspended')) AS unprotected
        FROM sessions s
        JOIN accounts a ON a.id = s.account_id AND a.state = 'active'
        LEFT JOIN second_factors f ON f.account_id = a.id AND f.confirmed_at IS NOT NULL
        LEFT JOIN memberships m ON m.id = s.membership_id AND m.state = 'active'
          AND (m.expires_at IS NULL OR m.expires_at > $2)
          AND EXISTS (SELECT FROM tenants t
            WHERE t.id = m.tenant_id AND t.state IN ('active', 'suspended'))
        LEFT JOIN tenants t ON t.id = m.tenant_id
        WHERE s.secret_hash = $1 AND s.expires_at > $2 AND s.last_seen_at > $3
          AND (f.id IS NULL OR s.second_factor_at IS NOT NULL)
        """,
        secret_hash,
        scope.now,
        scope.now - SESSION_IDLE,
    )
    if row is None:
        return None
    if row["last_seen_at"] < scope.now - SEEN_EVERY:
        await scope.execute(
            "UPDATE sessions SET last_seen_at = $2 WHERE id = $1", row["id"], scope.now
        )
    if row["unprotected"]:
        return row["id"], Unprotected(row["account_id"], row["name"], row["locale"])
    if row["membership_id"] is None:
        return row["id"], Visitor(row["account_id"], row["name"], row["locale"])
    return row["id"], Actor(
        account_id=row["account_id"],
        membership_id=row["membership_id"],
        tenant_id=row["tenant_id"],
        tenant_name=row["tenant_name"],
        kinds=tuple(row["kinds"]),
        role=row["role"],
        name=row["name"],
        locale=row["locale"],
        desk_ids=frozenset(row["desk_ids"]) if row["limited_to_desks"] else None,
        suspended=row["tenant_state"] == "suspended",
        stopped=row["stopped"],
        support=row["support"],
        coming_kinds=tuple(row["coming_kinds"]),
        time_zone=row["time_zone"],
    )


async def has_lost_membership(scope: NetworkScope, session_id: UUID) -> bool:
    """Of a session that is nobody's in particular: whether it was somebody's in an organisation."""
    found: bool | None = await scope.fetchval(
        "SELECT membership_id IS NOT NULL FROM sessions WHERE id = $1", session_id
    )
    return bool(found)


async def choose_membership(
    scope: NetworkScope, session_id: UUID, account_id: UUID, membership_id: UUID
) -> bool:
    """False where the membership is not this account's, or no longer active."""
    return (
        await scope.execute(
            """
        UPDATE sessions s SET membership_id = m.id
        FROM memberships m JOIN tenants t ON t.id = m.tenant_id AND t.state IN ('active', 'suspended')
        WHERE s.id = $1 AND s.account_id = $2 AND m.id = $3
          AND m.account_id = s.account_id AND m.state = 'active'
          AND (m.expires_at IS NULL OR m.expires_at > $4)
        """,
            session_id,
            account_id,
            membership_id,
            scope.now,
        )
        == 1
    )


async def end_session(scope: NetworkScope, secret_hash: bytes) -> UUID | None:
    """The account that was signed in, or None where nobody was."""
    account_id: UUID | None = await scope.fetchval(
        "DELETE FROM sessions WHERE secret_hash = $1 RETURNING account_id", secret_hash
    )
    return account_id


async def end_sessions_of(scope: NetworkScope, account_id: UUID) -> None:
    await scope.execute("DELETE FROM sessions WHERE account_id = $1", account_id)


async def end_other_sessions(scope: NetworkScope, account_id: UUID, kept: UUID) -> int:
    return await scope.execute(
        "DELETE FROM sessions WHERE account_id = $1 AND id <> $2", account_id, kept
    )


async def end_one_session(scope: NetworkScope, account_id: UUID, session_id: UUID) -> bool:
    """False where there is none of that id, or it is someone else's."""
    return (
        await scope.execute(
            "DELETE FROM sessions WHERE id = $1 AND account_id = $2", session_id, account_id
        )
        == 1
    )


async def sessions_of(scope: NetworkScope, account_id: UUID) -> Sequence[OpenSession]:
    """The one used last comes first."""
    rows = await scope.fetch(
        """
        SELECT s.id, s.agent, s.created_at, s.last_seen_at,
          s.second_factor_at IS NULL AND EXISTS (SELECT FROM second_factors f
            WHERE f.account_id = s.account_id AND f.confirmed_at IS NOT NULL)
        FROM sessions s
        WHERE s.account_id = $1 AND s.expires_at > $2 AND s.last_seen_at > $3
        ORDER BY s.last_seen_at DESC, s.id
        """,
        account_id,
        scope.now,
        scope.now - SESSION_IDLE,
    )
    return [OpenSession(*row) for row in rows]


async def change_details(scope: NetworkScope, account_id: UUID, name: str, locale: str) -> None:
    """Colleagues read the name in the memberships."""
    await scope.execute(
        "UPDATE accounts SET name = $2, locale = $3, version = version + 1 WHERE id = $1",
        account_id,
        name,
        locale,
    )
    await scope.execute(
        "UPDATE memberships SET name = $2 WHERE account_id = $1 AND state = 'active'",
        account_id,
        name,
    )


async def forget_stale(scope: NetworkScope, attempts_window: timedelta) -> None:
    await scope.execute(
        "DELETE FROM sessions WHERE expires_at < $1 OR last_seen_at < $2",
        scope.now,
        scope.now - SESSION_IDLE,
    )
    await scope.execute(
        "DELETE FROM sign_in_attempts WHERE attempted_at < $1", scope.now - attempts_window
    )
