"""The published ranking, as a page and as a file: for everyone, without persons."""

from litestar import Response, get
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from hub.db import TenantScope, tenant_transaction
from hub.errors import NotFound
from hub.ids import parse_uuid
from hub.tenants.calls.applications.schemas import EXCLUSION_REASONS
from hub.tenants.calls.notice import locate
from hub.tenants.calls.page_parts import PUBLIC, PageRequest, find_call
from hub.tenants.calls.queries import Located
from hub.tenants.calls.selection import ranked
from hub.tenants.calls.selection.page_parts import TONES, points
from hub.tenants.calls.selection.publish import as_published
from hub.tenants.calls.selection.schemas import OUTCOMES, Ranking
from hub.web.downloads import download
from hub.web.i18n import gettext as _
from hub.web.page import page

EACH_PAGE = 200


@get("/calls/{slug:str}/ranking", opt=PUBLIC)
async def show_published(request: PageRequest, slug: FromPath[str]) -> Template:
    """Of one region where the address says so."""
    query = request.query_params
    after = parse_uuid(query["after"]) if "after" in query else None
    located = await locate(slug)
    async with tenant_transaction(located.tenant_id) as scope:
        call = await find_call(scope, located.call_id)
        ranking = await _published(scope, located)
        tallies = await ranked.tallies(scope, ranking.id)
        region = next((one.code for one in tallies if one.code == query.get("region")), None)
        found = await ranked.entries(
            scope, ranking.id, region_code=region, after=after, limit=EACH_PAGE + 1
        )
    here = f"/calls/{call.slug}/ranking"
    shown = found[:EACH_PAGE]
    kept = f"region={region}&" if region else ""
    return page(
        request,
        "tenants/calls/ranking.html",
        crumbs=[(_("Calls"), "/calls"), (call.title, f"/calls/{call.slug}"), (_("Ranking"), here)],
        call=call,
        ranking=ranking,
        tallies=tallies,
        region=region,
        entries=shown,
        outcomes=OUTCOMES,
        reasons=EXCLUSION_REASONS,
        tones=TONES,
        points=points,
        here=here,
        next_url=f"{here}?{kept}after={shown[-1].application_id}"
        if len(found) > EACH_PAGE
        else None,
    )


@get("/calls/{slug:str}/ranking.csv", opt=PUBLIC)
async def download_published(slug: FromPath[str]) -> Response[bytes]:
    located = await locate(slug)
    async with tenant_transaction(located.tenant_id) as scope:
        ranking = await _published(scope, located)
        lines = [line async for line in as_published(scope, ranking.id)]
    return download(f"{slug}-ranking.csv", "text/csv", b"".join(lines))


async def _published(scope: TenantScope, located: Located) -> Ranking:
    """Raises NotFound while there is no approved one."""
    ranking = await ranked.current_ranking(scope, located.call_id)
    if ranking is None or ranking.state != "approved":
        raise NotFound
    return ranking


ROUTES: list[ControllerRouterHandler] = [show_published, download_published]
