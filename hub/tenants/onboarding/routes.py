"""The pages of coming on board, put together."""

from litestar.types import ControllerRouterHandler

from hub.tenants.onboarding import (
    enlist_pages,
    exception_pages,
    organisation_pages,
    service_pages,
    setup_pages,
    standing_pages,
)

ROUTES: list[ControllerRouterHandler] = [
    *setup_pages.ROUTES,
    *enlist_pages.ROUTES,
    *organisation_pages.ROUTES,
    *exception_pages.ROUTES,
    *service_pages.ROUTES,
    *standing_pages.ROUTES,
]
