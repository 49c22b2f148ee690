"""Every page of an organisation about itself and its desks."""

from litestar.types import ControllerRouterHandler

from hub.tenants.organisation import closing_pages, logo_pages, pages
from hub.tenants.organisation.desks import closing_pages as desk_closing_pages
from hub.tenants.organisation.desks import ente_pages, inactivity_pages
from hub.tenants.organisation.desks import pages as desk_pages

ROUTES: list[ControllerRouterHandler] = [
    *pages.ROUTES,
    *logo_pages.ROUTES,
    *closing_pages.ROUTES,
    *desk_pages.ROUTES,
    *desk_closing_pages.ROUTES,
    *ente_pages.ROUTES,
    *inactivity_pages.ROUTES,
]
