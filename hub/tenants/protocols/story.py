"""What happens to a protocol, for two audit logs: the Ente's at once, and the organisation's right after.

A scope of the Ente's cannot write into another tenant's log. So the entry is written where the thing happens, and in
the same transaction a task is ordered that copies it, as part of the organisation's story, by the network role.
"""

from uuid import UUID

from hub import audit, outbox
from hub.db import TenantScope

ISSUED = "protocol.issued"
SENT = "protocol.sent"
UPLOADED = "protocol.uploaded"
REFUSED = "protocol.refused"
SIGNED = "protocol.signed"
EXPIRED = "protocol.expired"
REPLACED = "protocol.replaced"
COUNTERSIGNED = "protocol.countersigned"
RESTORED = "protocol.restored"
CANCELLED = "protocol.cancelled"
RENEWAL_ASKED = "protocol.renewal_asked"


async def tell(
    scope: TenantScope,
    actor: audit.Actor | None,
    action: str,
    protocol_id: UUID,
    organisation_id: UUID,
    **codes: str | int | None,
) -> None:
    entry_id = await audit.record(
        scope, actor, action, "protocol", protocol_id, protocol=str(protocol_id), **codes
    )
    await outbox.enqueue(
        scope, "protocols.tell", entry_id=entry_id, organisation_id=organisation_id
    )
