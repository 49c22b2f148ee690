"""Every page about protocols."""

from litestar.types import ControllerRouterHandler

from hub.tenants.protocols import (
    act_pages,
    network_pages,
    organisation_pages,
    signing_pages,
    template_pages,
)

ROUTES: list[ControllerRouterHandler] = [
    *network_pages.ROUTES,
    *act_pages.ROUTES,
    *template_pages.ROUTES,
    *organisation_pages.ROUTES,
    *signing_pages.ROUTES,
]
