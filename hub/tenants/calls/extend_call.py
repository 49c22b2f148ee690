"""More time for a call that is not closed yet."""

from datetime import datetime
from uuid import UUID

from hub import audit
from hub.db import TenantScope
from hub.errors import Conflict, NotFound
from hub.idempotency import once
from hub.tenants.accounts.actor import Actor
from hub.tenants.calls import queries
from hub.tenants.calls.publish_call import ChangedSince
from hub.tenants.calls.terms import TermOver
from hub.web.i18n import N_


class NotExtendable(Conflict):
    code = "call-not-extendable"
    message = N_("Only a call that is published and not yet closed can be extended.")


class NotLater(Conflict):
    code = "not-later"
    message = N_("An extension must end later than the term that holds now.")


async def extend_call(
    scope: TenantScope,
    actor: Actor,
    call_id: UUID,
    *,
    closes_at: datetime,
    reason: str,
    version: int,
    key: UUID,
) -> None:
    """Raises NotFound, NotExtendable, ChangedSince, NotLater, KeyReused; TermOver by the database's clock."""
    asked = (call_id, closes_at, reason, version)
    if await once(scope, "call.extend", key, call_id, content=asked):
        return
    call = await queries.find_for_update(scope, call_id)
    if call is None:
        raise NotFound
    if call.state != "published" or call.closes_at is None:
        raise NotExtendable
    if await queries.is_over(scope, call_id):
        raise TermOver
    if call.version != version:
        raise ChangedSince
    if closes_at <= call.closes_at:
        raise NotLater
    await queries.extend(scope, call, closes_at, reason, actor.membership_id)
    await audit.record(
        scope,
        actor,
        "call.extended",
        "call",
        call_id,
        closed_before=call.closes_at.isoformat(),
        closes_at=closes_at.isoformat(),
    )
