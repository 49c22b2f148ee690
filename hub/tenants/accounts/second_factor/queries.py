"""Statements of second factors and recovery codes, all the network role's."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from hub.db import NetworkScope
from hub.ids import uuid7

# Between the password and the code.
WAITING = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Factor:
    """`secret` is ciphertext."""

    secret: bytes
    confirmed_at: datetime
    last_step: int | None


@dataclass(frozen=True, slots=True)
class WaitingSession:
    """A password was right; the code is still to come."""

    session_id: UUID
    account_id: UUID
    email: str
    name: str
    locale: str


async def waiting_session(scope: NetworkScope, secret_hash: bytes) -> WaitingSession | None:
    row = await scope.fetchrow(
        """
        SELECT s.id, a.id, a.email, a.name, a.locale
        FROM sessions s JOIN accounts a ON a.id = s.account_id AND a.state = 'active'
        WHERE s.secret_hash = $1 AND s.second_factor_at IS NULL AND s.created_at > $2
          AND EXISTS (SELECT FROM second_factors f WHERE f.account_id = a.id AND f.confirmed_at IS NOT NULL)
        """,
        secret_hash,
        scope.now - WAITING,
    )
    return WaitingSession(*row) if row else None


async def code_given(scope: NetworkScope, session_id: UUID) -> None:
    await scope.execute(
        "UPDATE sessions SET second_factor_at = $2, last_seen_at = $2 WHERE id = $1",
        session_id,
        scope.now,
    )


async def code_not_needed(scope: NetworkScope, account_id: UUID) -> None:
    """A factor that comes later is to be shown by every session again."""
    await scope.execute(
        "UPDATE sessions SET second_factor_at = NULL WHERE account_id = $1", account_id
    )


async def lock_account(scope: NetworkScope, account_id: UUID) -> None:
    """Whatever takes a code, or changes the factor, waits for its like; before any lock on a session."""
    await scope.execute("SELECT FROM accounts WHERE id = $1 FOR NO KEY UPDATE", account_id)


async def factor_of(scope: NetworkScope, account_id: UUID) -> Factor | None:
    row = await scope.fetchrow(
        """
        SELECT secret, confirmed_at, last_step FROM second_factors
        WHERE account_id = $1 AND confirmed_at IS NOT NULL
        """,
        account_id,
    )
    return Factor(*row) if row else None


async def accounts_with_factor(scope: NetworkScope, account_ids: Sequence[UUID]) -> set[UUID]:
    rows = await scope.fetch(
        "SELECT account_id FROM second_factors WHERE account_id = ANY($1) AND confirmed_at IS NOT NULL",
        list(account_ids),
    )
    return {row["account_id"] for row in rows}


async def is_admin_somewhere(scope: NetworkScope, account_id: UUID) -> bool:
    found: bool = await scope.fetchval(
        """
        SELECT EXISTS (SELECT FROM memberships m JOIN tenants t ON t.id = m.tenant_id
          WHERE m.account_id = $1 AND m.role = 'admin' AND m.state = 'active'
            AND (m.expires_at IS NULL OR m.expires_at > $2) AND t.state IN ('active', 'suspended'))
        """,
        account_id,
        scope.now,
    )
    return found


async def tenants_of(scope: NetworkScope, account_id: UUID) -> set[UUID]:
    """Where the account may work now."""
    rows = await scope.fetch(
        """
        SELECT m.tenant_id FROM memberships m JOIN tenants t ON t.id = m.tenant_id
        WHERE m.account_id = $1 AND m.state = 'active'
          AND (m.expires_at IS NULL OR m.expires_at > $2) AND t.state IN ('active', 'suspended')
        """,
        account_id,
        scope.now,
    )
    return {row["tenant_id"] for row in rows}


async def put_factor(scope: NetworkScope, account_id: UUID, secret: bytes, step: int) -> None:
    """Confirmed by the code of that step; in place of the one before it, if there is one."""
    await scope.execute(
        """
        INSERT INTO second_factors (id, account_id, secret, created_at, confirmed_at, last_step)
        VALUES ($1, $2, $3, $4, $4, $5)
        ON CONFLICT (account_id) DO UPDATE SET secret = $3, confirmed_at = $4, last_step = $5
        """,
        uuid7(),
        account_id,
        secret,
        scope.now,
        step,
    )


async def spend_step(scope: NetworkScope, account_id: UUID, step: int) -> None:
    await scope.execute(
        "UPDATE second_factors SET last_step = $2 WHERE account_id = $1", account_id, step
    )


async def remove_factor(scope: NetworkScope, account_id: UUID) -> bool:
    """With its recovery codes. False where there is none."""
    await scope.execute("DELETE FROM recovery_codes WHERE account_id = $1", account_id)
    return (
        await scope.execute("DELETE FROM second_factors WHERE account_id = $1", account_id)
    ) == 1


async def replace_recovery_codes(
    scope: NetworkScope, account_id: UUID, hashes: Sequence[bytes]
) -> None:
    await scope.execute("DELETE FROM recovery_codes WHERE account_id = $1", account_id)
    await scope.executemany(
        "INSERT INTO recovery_codes (id, account_id, code_hash, created_at) VALUES ($1, $2, $3, $4)",
        [(uuid7(), account_id, code_hash, scope.now) for code_hash in hashes],
    )


async def spend_recovery_code(scope: NetworkScope, account_id: UUID, code_hash: bytes) -> bool:
    return (
        await scope.execute(
            """
            UPDATE recovery_codes SET used_at = $3
            WHERE account_id = $1 AND code_hash = $2 AND used_at IS NULL
            """,
            account_id,
            code_hash,
            scope.now,
        )
        == 1
    )


async def recovery_codes_left(scope: NetworkScope, account_id: UUID) -> int:
    count: int = await scope.fetchval(
        "SELECT count(*) FROM recovery_codes WHERE account_id = $1 AND used_at IS NULL", account_id
    )
    return count
