"""One effect for one intention: a double click, a replayed form or a repeated API call brings back the first result."""

from uuid import UUID

from piccolo.columns import UUID as UUIDColumn
from piccolo.columns import Text, Timestamptz
from piccolo.table import Table

from hub.db import RoutingScope, TenantScope
from hub.ids import uuid7


class IdempotencyKey(Table, tablename="idempotency_keys"):
    id = UUIDColumn(primary_key=True)
    tenant_id = UUIDColumn()
    operation = Text()
    key = UUIDColumn()
    result_id = UUIDColumn()
    created_at = Timestamptz()


async def once(
    scope: TenantScope | RoutingScope, operation: str, key: UUID | None, result_id: UUID
) -> UUID | None:
    """None where the key is new: go on, and the result is `result_id`. Otherwise the first result; do nothing.

    The insert waits for a twin that is still at work, so of two at once the second sees what the first made.
    """
    if key is None:
        return None
    inserted = await scope.execute(
        """
        INSERT INTO idempotency_keys (id, tenant_id, operation, key, result_id, created_at)
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (tenant_id, operation, key) DO NOTHING
        """,
        uuid7(),
        scope.tenant_id,
        operation,
        key,
        result_id,
        scope.now,
    )
    if inserted:
        return None
    found: UUID = await scope.fetchval(
        "SELECT result_id FROM idempotency_keys WHERE tenant_id = $1 AND operation = $2 AND key = $3",
        scope.tenant_id,
        operation,
        key,
    )
    return found
