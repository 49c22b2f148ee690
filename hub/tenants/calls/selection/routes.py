"""Every route of the selection."""

from litestar.types import ControllerRouterHandler

from hub.tenants.calls.selection import (
    application_pages,
    evaluation_pages,
    evaluator_pages,
    published_pages,
    ranking_pages,
)

ROUTES: list[ControllerRouterHandler] = [
    *application_pages.ROUTES,
    *evaluator_pages.ROUTES,
    *evaluation_pages.ROUTES,
    *ranking_pages.ROUTES,
    *published_pages.ROUTES,
]
