"""The second step of signing in: a code of the app, or a recovery code."""

from urllib.parse import quote

from litestar import Response, get, post
from litestar.response import Template

from hub.db import network_transaction
from hub.errors import NotSignedIn
from hub.tenants.accounts import queries, service
from hub.tenants.accounts.actor import Actor
from hub.tenants.accounts.pages import PUBLIC, PageRequest, client_address, home_of, target_of
from hub.tenants.accounts.schemas import GiveCode
from hub.tenants.accounts.second_factor.service import BY_RECOVERY_CODE
from hub.tenants.accounts.sessions import secret_of
from hub.web.forms import Form, blank, read_form
from hub.web.i18n import N_
from hub.web.i18n import gettext as _
from hub.web.page import page
from hub.web.redirects import local_path, message, see_other

RECOVERY_CODE_SPENT = message(
    "recovery-code-spent",
    N_(
        "You signed in with a recovery code, which is spent now. If your phone is lost, set up another one on the page of"
        " your account."
    ),
    "warning",
)


@get("/sign-in/code", opt=PUBLIC)
async def code_page(request: PageRequest) -> Template | Response[None]:
    target = local_path(request.query_params.get("next", "/"))
    if isinstance(request.user, Actor):
        return see_other(request, home_of(request.user) if target == "/" else target)
    if not await _waits(request):
        return see_other(request, "/sign-in")
    return _template(request, blank(GiveCode, next=target))


@post("/sign-in/code", status_code=200, opt=PUBLIC)
async def give_code(request: PageRequest) -> Template | Response[None]:
    form = await read_form(request, GiveCode)
    secret = secret_of(request) or ""
    if form.data is None and await _waits(request):
        return _template(request, form, status_code=422)
    if form.data is None:
        return see_other(request, "/sign-in")
    target = local_path(form.data.next)
    try:
        how = await service.give_code(secret, form.data.code, client_address(request))
    except NotSignedIn:
        # Too late, or a twin of this request was faster: then that address leads on.
        return see_other(request, f"/sign-in?next={quote(target)}")
    if how is None:
        form.refuse(
            "code",
            _(
                "This code is not right, or was used already. The app shows a new one every 30 seconds."
            ),
        )
        return _template(request, form, status_code=422)
    return see_other(
        request,
        await _target(secret, target),
        RECOVERY_CODE_SPENT if how == BY_RECOVERY_CODE else None,
    )


async def _waits(request: PageRequest) -> bool:
    secret = secret_of(request)
    if not secret:
        return False
    async with network_transaction() as scope:
        return await service.find_waiting(scope, secret) is not None


async def _target(secret: str, target: str) -> str:
    async with network_transaction() as scope:
        found = await service.find_session(scope, secret)
        choices = await queries.memberships_of(scope, found[1].account_id) if found else []
    if not choices and target != "/":
        return target
    return target_of(target, choices[0] if len(choices) == 1 else None)


def _template(request: PageRequest, form: Form[GiveCode], *, status_code: int = 200) -> Template:
    by_recovery = request.query_params.get("with") == "recovery-code"
    return page(
        request,
        "tenants/account/code.html",
        form=form,
        by_recovery=by_recovery,
        crumbs=[(_("Sign in"), "/sign-in"), (_("Second step"), "/sign-in/code")],
        status_code=status_code,
    )


ROUTES = [code_page, give_code]
