"""Every route of calls, applications and the selection."""

from litestar.types import ControllerRouterHandler

from hub.tenants.calls import conduct_pages, drafting_pages, public_pages
from hub.tenants.calls.applications import pages as application_pages
from hub.tenants.calls.desk import pages as desk_pages
from hub.tenants.calls.documents import pages as document_pages
from hub.tenants.calls.questions import pages as question_pages
from hub.tenants.calls.selection.routes import ROUTES as SELECTION_ROUTES

ROUTES: list[ControllerRouterHandler] = [
    *public_pages.ROUTES,
    *desk_pages.ROUTES,
    *drafting_pages.ROUTES,
    *conduct_pages.ROUTES,
    *document_pages.ROUTES,
    *question_pages.ROUTES,
    *application_pages.ROUTES,
    *SELECTION_ROUTES,
]
