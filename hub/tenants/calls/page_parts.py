"""What the pages about calls share."""

from typing import Any
from uuid import UUID

from litestar import Request

from hub.db import TenantScope
from hub.errors import NotFound
from hub.tenants.calls import queries
from hub.tenants.calls.schemas import Call
from hub.web.i18n import gettext as _

PageRequest = Request[Any, Any, Any]
PUBLIC = {"public": True}


async def find_call(scope: TenantScope, call_id: UUID) -> Call:
    """Of the Ente's own, drafts too. Raises NotFound."""
    call = await queries.find(scope, call_id)
    if call is None:
        raise NotFound
    return call


def crumbs_of(call: Call) -> list[tuple[str, str]]:
    """From the Ente's list down to the call; a page below it adds itself."""
    return [(_("Selections"), "/selections"), (call.title, f"/selections/{call.id}")]
