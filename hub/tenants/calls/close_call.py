"""From receiving applications to evaluating them, once the term is over."""

from uuid import UUID

from hub import audit
from hub.db import TenantScope
from hub.errors import Conflict, NotFound
from hub.idempotency import once
from hub.tenants.accounts.actor import Actor
from hub.tenants.calls import queries
from hub.tenants.calls.selection.assign import assign
from hub.tenants.calls.selection.schemas import Administrations
from hub.web.i18n import N_


class NotOver(Conflict):
    code = "call-not-over"
    message = N_("The term of this call is not over yet: applications still come in.")


class NotClosable(Conflict):
    code = "call-not-closable"
    message = N_("Only a published call can be closed, and only once.")


async def close_call(
    scope: TenantScope, actor: Actor, call_id: UUID, administrations: Administrations, key: UUID
) -> None:
    """And give the applications to the evaluators. Raises NotFound, NotClosable, KeyReused; NotOver by the database's clock."""
    if await once(scope, "call.close", key, call_id, content=call_id):
        return
    call = await queries.find_for_update(scope, call_id)
    if call is None:
        raise NotFound
    if call.state != "published":
        raise NotClosable
    if not await queries.is_over(scope, call_id):
        raise NotOver
    await queries.move(scope, call_id, "evaluating", come_from=["published"])
    await audit.record(scope, actor, "call.closed", "call", call_id)
    await assign(scope, call_id, administrations)
