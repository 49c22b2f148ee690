"""Every page of an organisation about itself and its desks."""

from litestar.types import ControllerRouterHandler

from hub.tenants.organisation import closing_pages, logo_pages, pages

ROUTES: list[ControllerRouterHandler] = [
    *pages.ROUTES,
    *logo_pages.ROUTES,
    *closing_pages.ROUTES,
]
