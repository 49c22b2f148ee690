"""What belongs to an account wherever its person works: open sessions, password, name and language."""

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Template

from hub.db import network_transaction
from hub.tenants.accounts import passwords, queries, service
from hub.tenants.accounts.pages import PageRequest, client_address, person_of, session_of
from hub.tenants.accounts.schemas import ChangePassword, Details
from hub.web.forms import Form, blank, read_form
from hub.web.i18n import N_
from hub.web.i18n import gettext as _
from hub.web.page import page
from hub.web.params import path_id
from hub.web.redirects import message, see_other

SESSION_ENDED = message("session-ended", N_("The session has ended: that browser is signed out."))
OTHERS_ENDED = message("sessions-ended", N_("All other browsers are signed out."))
PASSWORD_CHANGED = message(
    "password-changed", N_("The new password is in place, and all other browsers are signed out.")
)
DETAILS_CHANGED = message("details-changed", N_("Your details are saved."))


@get("/account/sessions")
async def sessions_page(request: PageRequest) -> Template:
    person, current = person_of(request), session_of(request)
    async with network_transaction() as scope:
        open_sessions = await queries.sessions_of(scope, person.account_id)
    return page(
        request,
        "tenants/account/sessions.html",
        here=[one for one in open_sessions if one.session_id == current],
        elsewhere=[one for one in open_sessions if one.session_id != current],
        crumbs=[(_("Account"), "/account"), (_("Sessions"), "/account/sessions")],
    )


@post("/account/sessions/{session_id:str}/end", status_code=303)
async def end_session(request: PageRequest, session_id: FromPath[str]) -> Response[None]:
    person = person_of(request)
    ended = path_id(session_id)
    async with network_transaction() as scope:
        await service.end_one_session(scope, person, ended)
    return see_other(request, "/account/sessions", SESSION_ENDED)


@post("/account/sessions/end-others", status_code=303)
async def end_other_sessions(request: PageRequest) -> Response[None]:
    person, current = person_of(request), session_of(request)
    async with network_transaction() as scope:
        await service.end_other_sessions(scope, person, current)
    return see_other(request, "/account/sessions", OTHERS_ENDED)


@get("/account/password")
async def password_page(request: PageRequest) -> Template:
    person_of(request)
    return _password_template(request, blank(ChangePassword))


@post("/account/password", status_code=200)
async def change_password(request: PageRequest) -> Template | Response[None]:
    person, current = person_of(request), session_of(request)
    form = await read_form(request, ChangePassword)
    if form.data and form.data.password != form.data.repeated:
        form.refuse("repeated", _("The two passwords differ."))
    if form.data and not await service.is_own_password(
        person.account_id, form.data.old, client_address(request)
    ):
        form.refuse("old", _("This is not your password."))
    if form.data is None:
        return _password_template(request, form, status_code=422)
    new_hash = await passwords.hashed(form.data.password)
    async with network_transaction() as scope:
        await service.change_password(scope, person, current, new_hash)
    return see_other(request, "/account", PASSWORD_CHANGED)


@get("/account/details")
async def details_page(request: PageRequest) -> Template:
    person = person_of(request)
    return _details_template(request, blank(Details, name=person.name, locale=person.locale))


@post("/account/details", status_code=200)
async def change_details(request: PageRequest) -> Template | Response[None]:
    person = person_of(request)
    form = await read_form(request, Details)
    if form.data is None:
        return _details_template(request, form, status_code=422)
    async with network_transaction() as scope:
        await service.change_details(scope, person, form.data.name, form.data.locale)
    return see_other(request, "/account", DETAILS_CHANGED)


def _password_template(
    request: PageRequest, form: Form[ChangePassword], *, status_code: int = 200
) -> Template:
    return page(
        request,
        "tenants/account/password.html",
        form=form,
        crumbs=[(_("Account"), "/account"), (_("Password"), "/account/password")],
        status_code=status_code,
    )


def _details_template(
    request: PageRequest, form: Form[Details], *, status_code: int = 200
) -> Template:
    return page(
        request,
        "tenants/account/details.html",
        form=form,
        crumbs=[(_("Account"), "/account"), (_("Name and language"), "/account/details")],
        status_code=status_code,
    )


ROUTES = [
    sessions_page,
    end_session,
    end_other_sessions,
    password_page,
    change_password,
    details_page,
    change_details,
]
