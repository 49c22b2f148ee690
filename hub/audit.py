"""Who read or changed what. Append-only; ids and codes, never free text and never personal data."""

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
) -> None:
    """`action` is `noun.verb_in_the_past`, such as `case.opened`; without an actor, the hub itself acted."""
    own = None if isinstance(scope, NetworkScope) else scope.tenant_id
    await _write(scope, own, actor, action, subject_kind, subject_id, codes)


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
) -> None:
    await scope.execute(
        """
        INSERT INTO audit_log
          (id, tenant_id, at, account_id, membership_id, action, subject_kind, subject_id, codes)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """,
        uuid7(),
        tenant_id,
        scope.now,
        actor.account_id if actor else None,
        actor.membership_id if actor else None,
        action,
        subject_kind,
        subject_id,
        codes,
    )
