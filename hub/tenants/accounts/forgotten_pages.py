"""The forgotten password: asking for a link, and choosing a new one with it."""

from litestar import Response, get, post
from litestar.response import Template

from hub.db import NetworkScope, network_transaction
from hub.tenants.accounts import passwords, service
from hub.tenants.accounts.pages import PUBLIC, PageRequest, client_address
from hub.tenants.accounts.schemas import AskForLink, NewPassword
from hub.web.forms import Form, blank, read_form
from hub.web.i18n import N_
from hub.web.i18n import gettext as _
from hub.web.page import page
from hub.web.redirects import message, see_other

PASSWORD_REPLACED = message(
    "password-replaced", N_("The new password is in place. Please sign in with it.")
)


@get("/password/forgotten", opt=PUBLIC)
async def forgotten_page(request: PageRequest) -> Template:
    return _forgotten_template(request, blank(AskForLink))


@post("/password/forgotten", status_code=200, opt=PUBLIC)
async def ask_for_link(request: PageRequest) -> Template:
    """Whether there is such an account is not to be learnt here."""
    form = await read_form(request, AskForLink)
    if form.data is None:
        return _forgotten_template(request, form, status_code=422)
    async with network_transaction() as scope:
        await service.ask_for_link(scope, form.data.email, client_address(request))
    return _forgotten_template(request, form, sent=True)


@get("/password/new", opt=PUBLIC)
async def new_password_page(request: PageRequest) -> Template:
    async with network_transaction() as scope:
        valid = await service.find_link(scope, request.query_params.get("link", "")) is not None
    return _new_password_template(request, blank(NewPassword), valid=valid)


@post("/password/new", status_code=200, opt=PUBLIC)
async def set_new_password(request: PageRequest) -> Template | Response[None]:
    link = request.query_params.get("link", "")
    form = await read_form(request, NewPassword)
    if form.data and form.data.password != form.data.repeated:
        form.refuse("repeated", _("The two passwords differ."))
    if form.data is None:
        return _new_password_template(request, form, valid=True, status_code=422)
    # Before the hash, whose time and memory nobody shall spend without a link.
    async with network_transaction() as scope:
        if await service.find_link(scope, link) is None:
            return _new_password_template(request, form, valid=False, status_code=422)
    new_hash = await passwords.hashed(form.data.password)
    async with network_transaction() as scope:
        done = await _replace(scope, link, new_hash)
    if not done:
        return _new_password_template(request, form, valid=False, status_code=422)
    return see_other(request, "/sign-in", PASSWORD_REPLACED)


async def _replace(scope: NetworkScope, link: str, new_hash: str) -> bool:
    credentials = await service.find_link(scope, link)
    return credentials is not None and await service.replace_password(scope, credentials, new_hash)


def _forgotten_template(
    request: PageRequest, form: Form[AskForLink], *, sent: bool = False, status_code: int = 200
) -> Template:
    crumbs = [(_("Sign in"), "/sign-in"), (_("Forgotten password"), "/password/forgotten")]
    return page(
        request,
        "tenants/password_forgotten.html",
        form=form,
        sent=sent,
        crumbs=crumbs,
        status_code=status_code,
    )


def _new_password_template(
    request: PageRequest, form: Form[NewPassword], *, valid: bool, status_code: int = 200
) -> Template:
    crumbs = [(_("Sign in"), "/sign-in"), (_("New password"), "/password/forgotten")]
    return page(
        request,
        "tenants/password_new.html",
        form=form,
        valid=valid,
        link=request.query_params.get("link", ""),
        crumbs=crumbs,
        status_code=status_code,
    )


ROUTES = [forgotten_page, ask_for_link, new_password_page, set_new_password]
