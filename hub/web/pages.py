"""Public pages about the site itself."""

from typing import Any

from litestar import Request, get
from litestar.response import Template

from hub.web.i18n import gettext as _
from hub.web.page import page

PUBLIC = {"public": True}


@get("/privacy", opt=PUBLIC, include_in_schema=False)
async def privacy(request: Request[Any, Any, Any]) -> Template:
    return page(request, "web/privacy.html", crumbs=[(_("Privacy notice"), "/privacy")])


@get("/accessibility", opt=PUBLIC, include_in_schema=False)
async def accessibility(request: Request[Any, Any, Any]) -> Template:
    return page(
        request, "web/accessibility.html", crumbs=[(_("Accessibility statement"), "/accessibility")]
    )


@get("/data-sources", opt=PUBLIC, include_in_schema=False)
async def data_sources(request: Request[Any, Any, Any]) -> Template:
    return page(request, "web/data_sources.html", crumbs=[(_("Data sources"), "/data-sources")])


HANDLERS = [privacy, accessibility, data_sources]
