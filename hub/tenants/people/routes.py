"""Every route about people, for the application."""

from litestar.types import ControllerRouterHandler

from hub.tenants.people import (
    accept_pages,
    invite_pages,
    leave_pages,
    pages,
    person_pages,
    support_pages,
    training_pages,
)

ROUTES: list[ControllerRouterHandler] = [
    *pages.ROUTES,
    *invite_pages.ROUTES,
    *person_pages.ROUTES,
    *training_pages.ROUTES,
    *leave_pages.ROUTES,
    *support_pages.ROUTES,
    *accept_pages.ROUTES,
]
