"""The templates: numbered versions of each kind that never change. The first is ours, made when it is first needed."""

from hub.db import TenantScope
from hub.tenants.protocols import queries
from hub.tenants.protocols.first_texts import FIRST_TEXTS
from hub.tenants.protocols.schemas import ProtocolTemplate


async def current_template(scope: TenantScope, kind: str) -> ProtocolTemplate:
    """The last version. `kind` is one of KINDS."""
    found = await queries.last_template(scope, kind)
    if found is None:
        await queries.lock_register(scope)
        found = await queries.last_template(scope, kind)
    if found is None:
        first = FIRST_TEXTS[kind]
        await queries.add_template(scope, kind, 1, first.title, first.text, first.years, None)
        found = await queries.last_template(scope, kind)
    if found is None:
        raise LookupError(kind)
    return found
