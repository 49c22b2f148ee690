"""One effect for one intention: a double click, a replayed form or a repeated API call brings back the first result."""

from uuid import UUID

import msgspec
from piccolo.columns import UUID as UUIDColumn
from piccolo.columns import Bytea, Text, Timestamptz
from piccolo.table import Table

from hub.crypto import content_token
from hub.db import RoutingScope, TenantScope
from hub.errors import Conflict
from hub.ids import uuid7
from hub.web.i18n import N_


class KeyReused(Conflict):
    """The key stood for something else before: a form that the back button brought back was filled in anew."""

    code = "key-reused"
    message = N_(
        "This form was sent before, with other content. Copy what you want to keep, then load the page again."
    )


class IdempotencyKey(Table, tablename="idempotency_keys"):
    id = UUIDColumn(primary_key=True)
    tenant_id = UUIDColumn()
    operation = Text()
    key = UUIDColumn()
    result_id = UUIDColumn()
    created_at = Timestamptz()
    content = Bytea(null=True)


async def once(
    scope: TenantScope | RoutingScope,
    operation: str,
    key: UUID | None,
    result_id: UUID,
    *,
    content: object = None,
) -> UUID | None:
    """None where the key is new: go on, and the result is `result_id`. Otherwise the first result; do nothing.

    The insert waits for a twin that is still at work, so of two at once the second sees what the first made.
    `content` is what was asked for, as msgspec can write it; only its fingerprint is kept. Raises KeyReused where the
    key came with another before: to answer with the first result would drop what was typed since.
    """
    if key is None:
        return None
    fingerprint = None if content is None else content_token(msgspec.json.encode(content))
    inserted = await scope.execute(
        """
        INSERT INTO idempotency_keys (id, tenant_id, operation, key, result_id, created_at, content)
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (tenant_id, operation, key) DO NOTHING
        """,
        uuid7(),
        scope.tenant_id,
        operation,
        key,
        result_id,
        scope.now,
        fingerprint,
    )
    if inserted:
        return None
    row = await scope.fetchrow(
        """
        SELECT result_id, content FROM idempotency_keys
        WHERE tenant_id = $1 AND operation = $2 AND key = $3
        """,
        scope.tenant_id,
        operation,
        key,
    )
    if row is None or (row["content"] and fingerprint and row["content"] != fingerprint):
        raise KeyReused
    found: UUID = row["result_id"]
    return found
