"""The way in: an address asks for a link, and the link opens the application.

A GET changes nothing, since programs that scan mail open every link. The link itself never stays in the address bar.
"""

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from hub.db import tenant_transaction
from hub.errors import NotFound
from hub.tenants.accounts.pages import client_address
from hub.tenants.calls import queries as calls
from hub.tenants.calls import standing
from hub.tenants.calls.applications import queries
from hub.tenants.calls.applications.access import PageRequest, is_secure
from hub.tenants.calls.applications.asking import AskForLink
from hub.tenants.calls.applications.links import (
    LINK_LASTS,
    Grant,
    read_link,
    room_cookie,
    unpacked,
)
from hub.tenants.calls.applications.start_application import ask_for_link, send_again
from hub.tenants.calls.notice import locate
from hub.tokens import BadToken, ExpiredToken
from hub.web import i18n
from hub.web.forms import Form, blank, read_form
from hub.web.i18n import gettext as _
from hub.web.page import page
from hub.web.redirects import see_other

PUBLIC = {"public": True}


@get("/calls/{slug:str}/apply", opt=PUBLIC)
async def apply_page(request: PageRequest, slug: FromPath[str]) -> Template:
    return await _apply_page(request, await locate(slug), blank(AskForLink))


@post("/calls/{slug:str}/apply", status_code=200, opt=PUBLIC)
async def mail_link(request: PageRequest, slug: FromPath[str]) -> Template:
    """Whether this address has an application is not to be learnt here."""
    located = await locate(slug)
    form = await read_form(request, AskForLink)
    if form.data is None:
        return await _apply_page(request, located, form)
    await ask_for_link(located, form.data.email, client_address(request), i18n.locale())
    return await _apply_page(request, located, form, sent=True)


async def _apply_page(
    request: PageRequest, located: calls.Located, form: Form[AskForLink], *, sent: bool = False
) -> Template:
    async with tenant_transaction(located.tenant_id) as scope:
        call = await calls.find(scope, located.call_id)
        now = scope.now
    if call is None:
        raise NotFound
    address = f"/calls/{call.slug}"
    return page(
        request,
        "tenants/calls/apply.html",
        status_code=422 if form.failed else 200,
        crumbs=[
            (_("Calls"), "/calls"),
            (call.title, address),
            (_("Apply"), f"{address}/apply"),
        ],
        call=call,
        form=form,
        sent=sent,
        standing=standing.standing_of(call, now),
        closes=standing.moment(call.closes_at),
        opens=standing.moment(call.opens_at),
        left=standing.time_left(call.closes_at - now) if call.closes_at else "",
        days=LINK_LASTS.days,
    )


@get("/applications/open/{token:str}", opt=PUBLIC)
async def open_link(request: PageRequest, token: FromPath[str]) -> Template | Response[None]:
    try:
        grant = read_link(token)
    except ExpiredToken:
        return _no_good(request, token, "expired")
    except BadToken:
        return _no_good(request, token, "altered")
    async with tenant_transaction(grant.tenant_id) as scope:
        application = await queries.find(scope, grant.application_id)
    if application is None:
        return _no_good(request, token, "altered")
    if application.link_version != grant.version:
        return _no_good(request, token, "superseded")
    response = see_other(request, f"/applications/{application.id}")
    response.set_cookie(room_cookie(grant, secure=is_secure(request)))
    return response


@post("/applications/open/{token:str}", status_code=200, opt=PUBLIC)
async def renew_link(request: PageRequest, token: FromPath[str]) -> Template:
    """From the page of a link that was good once: a new one goes to the address that has the application."""
    await request.body()
    try:
        grant = _once_good(token)
    except BadToken:
        return _no_good(request, token, "altered")
    await send_again(grant, client_address(request))
    return _link_page(request, token, "sent", 200)


def _once_good(token: str) -> Grant:
    """Raises BadToken."""
    try:
        return read_link(token)
    except ExpiredToken as expired:
        return unpacked(expired.subject)


def _no_good(request: PageRequest, token: str, why: str) -> Template:
    return _link_page(request, token, why, 404 if why == "altered" else 410)


def _link_page(request: PageRequest, token: str, why: str, status_code: int) -> Template:
    return page(
        request,
        "tenants/calls/application_link.html",
        status_code=status_code,
        crumbs=[(_("Calls"), "/calls"), (_("Link to an application"), request.scope["path"])],
        why=why,
        action=f"/applications/open/{token}" if why != "altered" else "",
        days=LINK_LASTS.days,
    )


ROUTES: list[ControllerRouterHandler] = [apply_page, mail_link, open_link, renew_link]
