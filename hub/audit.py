"""Who read or changed what. Append-only; ids and codes, never free text and never personal data."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from piccolo.columns import JSONB, Text, Timestamptz
from piccolo.columns import UUID as UUIDColumn
from piccolo.table import Table

from hub.db import NetworkScope, RoutingScope, TenantScope
from hub.ids import uuid7


class AuditLog(Table, tablename="audit_log"):
    id = UUIDColumn(primary_key=True)
    tenant_id = UUIDColumn(null=True)
    at = Timestamptz()
    account_id = UUIDColumn(null=True)
    membership_id = UUIDColumn(null=True)
    action = Text()
    subject_kind = Text()
    subject_id = UUIDColumn(null=True)
    codes = JSONB()


class Actor(Protocol):
    """Whoever acts: a member of an organisation, or someone who has not chosen one yet."""

    @property
    def account_id(self) -> UUID | None: ...
    @property
    def membership_id(self) -> UUID | None: ...


async def record(
    scope: TenantScope | NetworkScope | RoutingScope,
    actor: Actor | None,
    action: str,
    subject_kind: str,
    subject_id: UUID | None,
    **codes: str | int | None,
) -> UUID:
    """`action` is `noun.verb_in_the_past`, such as `case.opened`; without an actor, the hub itself acted.

    Returns the entry's id, by which it can be told to another organisation: see `entry_of`.
    """
    own = None if isinstance(scope, NetworkScope) else scope.tenant_id
    return await _write(scope, own, actor, action, subject_kind, subject_id, codes)


async def record_each(
    scope: TenantScope,
    actor: Actor | None,
    action: str,
    subject_kind: str,
    subject_ids: Collection[UUID],
    **codes: str | int | None,
) -> None:
    """The same of many at once, in one statement."""
    await scope.execute(
        """
        INSERT INTO audit_log
          (id, tenant_id, at, account_id, membership_id, action, subject_kind, subject_id, codes)
        SELECT n.id, $3, $4, $5, $6, $7, $8, n.subject_id, $9
        FROM unnest($1::uuid[], $2::uuid[]) AS n (id, subject_id)
        """,
        [uuid7() for _subject in subject_ids],
        list(subject_ids),
        scope.tenant_id,
        scope.now,
        actor.account_id if actor else None,
        actor.membership_id if actor else None,
        action,
        subject_kind,
        codes,
    )


async def record_for(
    scope: NetworkScope,
    tenant_id: UUID,
    actor: Actor | None,
    action: str,
    subject_kind: str,
    subject_id: UUID | None,
    **codes: str | int | None,
) -> None:
    """The same in the log of an organisation, whoever acts.

    What has the subject kind `organisation` the Ente can read, too: the story of an organisation's coming on board.
    """
    await _write(scope, tenant_id, actor, action, subject_kind, subject_id, codes)


async def _write(
    scope: TenantScope | NetworkScope | RoutingScope,
    tenant_id: UUID | None,
    actor: Actor | None,
    action: str,
    subject_kind: str,
    subject_id: UUID | None,
    codes: dict[str, str | int | None],
) -> UUID:
    entry_id = uuid7()
    await scope.execute(
        """
        INSERT INTO audit_log
          (id, tenant_id, at, account_id, membership_id, action, subject_kind, subject_id, codes)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """,
        entry_id,
        tenant_id,
        scope.now,
        actor.account_id if actor else None,
        actor.membership_id if actor else None,
        action,
        subject_kind,
        subject_id,
        codes,
    )
    return entry_id


@dataclass(frozen=True, slots=True)
class Entry:
    at: datetime
    account_id: UUID | None
    membership_id: UUID | None
    action: str
    codes: dict[str, str | int | None]


async def entry_of(scope: TenantScope, entry_id: UUID) -> Entry | None:
    """An entry of the scope's own log."""
    row = await scope.fetchrow(
        "SELECT at, account_id, membership_id, action, codes FROM audit_log WHERE id = $1", entry_id
    )
    return Entry(**row) if row else None


async def tell_story(
    scope: NetworkScope, organisation_id: UUID, entry: Entry, *, entry_id: UUID
) -> bool:
    """An entry of the Ente's log again in an organisation's, which no tenant scope of the Ente's may write.

    `entry_id` is the same however often this is tried, such as that of the job: only the first time adds anything.
    """
    return bool(
        await scope.execute(
            """
            INSERT INTO audit_log
              (id, tenant_id, at, account_id, membership_id, action, subject_kind, subject_id, codes)
            VALUES ($1, $2, $3, $4, $5, $6, 'organisation', $2, $7) ON CONFLICT (id) DO NOTHING
            """,
            entry_id,
            organisation_id,
            entry.at,
            entry.account_id,
            entry.membership_id,
            entry.action,
            entry.codes,
        )
    )
