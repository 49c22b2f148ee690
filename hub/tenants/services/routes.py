from litestar.types import ControllerRouterHandler

from hub.tenants.services import pages, public_pages

ROUTES: list[ControllerRouterHandler] = [*pages.ROUTES, *public_pages.ROUTES]
