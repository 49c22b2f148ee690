"""The web application, put together: the only place that knows every domain."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

from litestar import Litestar, Request, Response, get
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.types import ControllerRouterHandler

from hub import crypto, logs, outbox, tokens
from hub.api.problems import problem_for, wants_problem
from hub.config import Settings
from hub.db import close_pool, network_transaction, open_pool
from hub.errors import HubError, NotSignedIn
from hub.ids import uuid7
from hub.logins import check_login
from hub.newsletter import pages as newsletter_pages
from hub.referrals.cases.open_work import OPEN_CASES
from hub.referrals.routes import ROUTES as REFERRAL_ROUTES
from hub.referrals.routing.reasons import REASON_LABELS
from hub.roles import LOGIN_ROLES, WEB_LOGIN
from hub.tenants.accounts.actor import SecondFactorMissing, provide_actor
from hub.tenants.accounts.routes import ROUTES as ACCOUNT_ROUTES
from hub.tenants.accounts.sessions import SessionMiddleware
from hub.tenants.calls.routes import ROUTES as CALL_ROUTES
from hub.tenants.directory import api as directory_api
from hub.tenants.directory import pages as directory_pages
from hub.tenants.exchange import pages as exchange_pages
from hub.tenants.network import log_pages
from hub.tenants.network import pages as network_pages
from hub.tenants.network.stories import add_reasons
from hub.tenants.onboarding.routes import ROUTES as ONBOARDING_ROUTES
from hub.tenants.open_work import register
from hub.tenants.organisation.routes import ROUTES as ORGANISATION_ROUTES
from hub.tenants.people.routes import ROUTES as PEOPLE_ROUTES
from hub.tenants.protocols.routes import ROUTES as PROTOCOL_ROUTES
from hub.tenants.services.routes import ROUTES as SERVICE_ROUTES
from hub.web import csrf
from hub.web.error_pages import page_for
from hub.web.plugin import WebPlugin
from hub.web.redirects import see_other
from hub.worker import long_tasks

log = logging.getLogger(__name__)


@get("/status", opt={"public": True})
async def status() -> dict[str, str]:
    """Answers while the hub can work: 503 as a problem where its database does not answer."""
    async with network_transaction():
        return {"status": "ok"}


ROUTES: list[ControllerRouterHandler] = [
    status,
    *directory_pages.ROUTES,
    *directory_api.ROUTES,
    *ACCOUNT_ROUTES,
    *CALL_ROUTES,
    *ORGANISATION_ROUTES,
    *PEOPLE_ROUTES,
    *network_pages.ROUTES,
    *log_pages.ROUTES,
    *exchange_pages.ROUTES,
    *PROTOCOL_ROUTES,
    *ONBOARDING_ROUTES,
    *SERVICE_ROUTES,
    *REFERRAL_ROUTES,
    *newsletter_pages.ROUTES,
]


def create_app(settings: Settings) -> Litestar:
    """Connects to nothing; the lifespan does."""
    register(OPEN_CASES)
    add_reasons("offer.declined", REASON_LABELS)

    @asynccontextmanager
    async def connected(_: Litestar) -> AsyncIterator[None]:
        use_settings(settings)
        await check_login(settings.database_url, LOGIN_ROLES[WEB_LOGIN])
        await open_pool(settings.database_url, settings.pool_size)
        outbox.open_bell(settings.redis_url, long_tasks())
        try:
            yield
        finally:
            await outbox.close_bell()
            await close_pool()

    app = Litestar(
        ROUTES,
        lifespan=[connected],
        plugins=[WebPlugin(base_url=settings.base_url)],
        middleware=[SessionMiddleware()],
        dependencies={"actor": Provide(provide_actor, sync_to_thread=False)},
        exception_handlers={HubError: on_error, HTTPException: on_error, Exception: on_error},
        request_max_body_size=settings.max_body_bytes,
        openapi_config=None,
        logging_config=None,
    )
    app.state.settings = settings
    return app


def use_settings(settings: Settings) -> None:
    """Give this process its keys."""
    crypto.use_keys(settings.field_keys)
    tokens.use_keys(settings.secret_keys)


def on_error(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """Programs get a problem, people a page, and those who still have to sign in, or to set it up, the form for it."""
    request_id = str(uuid7())
    csrf.refused(request)
    if not isinstance(error, HubError | HTTPException) or _status(error) >= 500:
        log.error("request %s: %s", request_id, logs.describe(error))
    if wants_problem(request):
        return problem_for(error, request_id=request_id)
    if isinstance(error, NotSignedIn | SecondFactorMissing):
        # Decoded, as the path is here, a `&` in it would cut it off and a blank would make it no address at all.
        target = quote(request.scope["path"], errors="replace") if request.method == "GET" else "/"
        form = "/sign-in" if isinstance(error, NotSignedIn) else "/account/second-factor"
        return see_other(request, f"{form}?next={target}")
    return page_for(request, error, request_id=request_id)


def _status(error: HubError | HTTPException) -> int:
    return error.status if isinstance(error, HubError) else error.status_code
