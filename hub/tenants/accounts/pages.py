"""Sign-in and sign-out, and the choice of an organisation."""

from collections.abc import Sequence
from ipaddress import IPv4Address, ip_address, ip_network
from typing import Any
from urllib.parse import quote
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.response import Template

from hub.db import network_transaction
from hub.errors import NotSignedIn
from hub.tenants.accounts import queries, service
from hub.tenants.accounts.actor import ADMIN, EDITOR, Actor, Unprotected, Visitor
from hub.tenants.accounts.agents import in_words
from hub.tenants.accounts.schemas import ChooseOrganisation, SignIn
from hub.tenants.accounts.sessions import ended_cookie, secret_of, session_cookie, session_id
from hub.web.forms import Form, blank, read_form
from hub.web.i18n import N_
from hub.web.i18n import gettext as _
from hub.web.page import page
from hub.web.redirects import local_path, message, see_other

PageRequest = Request[Any, Any, Any]
PUBLIC = {"public": True}

NO_LONGER_THERE = message(
    "no-longer-there",
    N_(
        "You no longer belong to the organisation that you were working in. If you think that this is a mistake, ask its"
        " administrators."
    ),
    "warning",
)
SIGNED_OUT = message("signed-out", N_("You have signed out."))

ROLE_LABELS = {
    "admin": N_("administrator"),
    "operator": N_("operator"),
    "editor": N_("editor"),
    "viewer": N_("viewer"),
}


@get("/sign-in", opt=PUBLIC)
async def sign_in_page(request: PageRequest) -> Template | Response[None]:
    target = local_path(request.query_params.get("next", "/"))
    if isinstance(request.user, Unprotected):
        return see_other(request, f"/account/second-factor?next={quote(target)}")
    if isinstance(request.user, Actor):
        return see_other(request, home_of(request.user) if target == "/" else target)
    if isinstance(request.user, Visitor):
        async with network_transaction() as scope:
            lost = await queries.has_lost_membership(scope, session_of(request))
        say = NO_LONGER_THERE if lost else None
        return see_other(request, f"/account?next={quote(target)}", say)
    secret = secret_of(request)
    if secret:
        async with network_transaction() as scope:
            waiting = await service.find_waiting(scope, secret)
        if waiting:
            return see_other(request, f"/sign-in/code?next={quote(target)}")
    return _sign_in_template(request, blank(SignIn, next=target), ended=bool(secret))


@post("/sign-in", status_code=200, opt=PUBLIC)
async def sign_in(request: PageRequest) -> Template | Response[None]:
    form = await read_form(request, SignIn)
    if form.data is None:
        return _sign_in_template(request, form, status_code=422)
    signed_in = await service.sign_in(
        form.data.email,
        form.data.password,
        client_address(request),
        secret_of(request),
        in_words(request.headers.get("user-agent", "")),
    )
    if signed_in is None:
        form.refuse(None, _("E-mail address and password do not match."))
        return _sign_in_template(request, form, status_code=422)
    target = local_path(form.data.next)
    if signed_in.next == "code":
        target = f"/sign-in/code?next={quote(target)}"
    elif signed_in.next == "set_up":
        target = f"/account/second-factor?next={quote(target)}"
    elif not signed_in.nowhere or target == "/":
        target = target_of(target, signed_in.only)
    response = see_other(request, target)
    response.set_cookie(session_cookie(signed_in.secret, secure=_secure(request)))
    return response


@post("/sign-out", status_code=303, opt=PUBLIC)
async def sign_out(request: PageRequest) -> Response[None]:
    secret = secret_of(request)
    if secret:
        async with network_transaction() as scope:
            await service.sign_out(scope, secret)
    response = see_other(request, "/sign-in", SIGNED_OUT)
    response.set_cookie(ended_cookie(secure=_secure(request)))
    return response


@get("/account")
async def account_page(request: PageRequest) -> Template:
    """Who is signed in, and for which organisation; where several are possible, the choice."""
    person = person_of(request)
    async with network_transaction() as scope:
        choices = await queries.memberships_of(scope, person.account_id)
    form = blank(
        ChooseOrganisation,
        choices=_labels(choices),
        membership_id=person.membership_id,
        next=local_path(request.query_params.get("next", "/")),
    )
    return _account_template(request, form, person)


@post("/account/organisation", status_code=200)
async def choose_organisation(request: PageRequest) -> Template | Response[None]:
    person, current = person_of(request), session_of(request)
    await request.body()  # Read before the transaction, which a slow sender would hold open.
    async with network_transaction() as scope:
        choices = await queries.memberships_of(scope, person.account_id)
        form = await read_form(request, ChooseOrganisation, choices=_labels(choices))
        if form.data:
            await service.choose_membership(scope, current, person, form.data.membership_id)
    if form.data is None:
        return _account_template(request, form, person, status_code=422)
    chosen = next(c for c in choices if c.membership_id == form.data.membership_id)
    target = local_path(form.data.next)
    return see_other(request, home_of(chosen) if target == "/" else target)


def target_of(target: str, only: queries.MembershipChoice | None) -> str:
    """Where somebody goes who has just signed in: first to the choice, where there is one."""
    if only is None:
        return f"/account?next={quote(target)}"
    return home_of(only) if target == "/" else target


def home_of(person: Actor | queries.MembershipChoice) -> str:
    """The page a person came for: a desk's cases, a lender's inbox, the Ente's board, campaigns or selections.

    Of an organisation that is not active there is its set-up alone; support has the organisation's own pages.
    """
    if person.suspended:
        return "/organisation/setup"
    if person.support:
        return "/organisation"
    ente = {ADMIN: "/network", EDITOR: "/campaigns"}.get(person.role, "/selections")
    for kind, home in (
        ("host", "/cases"),
        ("lender", "/inbox"),
        ("coordinator", ente),
        ("tutor", "/organisation"),
    ):
        if kind in person.kinds:
            return home
    return "/"


def client_address(request: PageRequest) -> str:
    """Whom attempts are counted for: of IPv6 the /64, all of whose addresses one customer has to choose from."""
    host = request.client.host if request.client else "unknown"
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if isinstance(address, IPv4Address):
        return host
    return str(address.ipv4_mapped or ip_network((address, 64), strict=False))


def person_of(request: PageRequest) -> Actor | Visitor:
    """Raises NotSignedIn."""
    person = request.scope.get("user")
    if not isinstance(person, Actor | Visitor):
        raise NotSignedIn
    return person


def session_of(request: PageRequest) -> UUID:
    """Raises NotSignedIn."""
    found = session_id(request)
    if found is None:
        raise NotSignedIn
    return found


def _labels(choices: Sequence[queries.MembershipChoice]) -> dict[str, list[tuple[object, str]]]:
    return {
        "membership_id": [
            (choice.membership_id, f"{choice.tenant_name} ({_in_brackets(choice)})")
            for choice in choices
        ]
    }


def _in_brackets(choice: queries.MembershipChoice) -> str:
    parts = [_("support") if choice.support else _(ROLE_LABELS[choice.role])]
    if choice.suspended:
        parts.append(_("not active"))
    return ", ".join(parts)


def _secure(request: PageRequest) -> bool:
    return bool(request.app.state.get("secure_cookies", False))


def _sign_in_template(
    request: PageRequest, form: Form[SignIn], *, ended: bool = False, status_code: int = 200
) -> Template:
    """`ended` is whether the browser brings a session that there is no more; a sign-out takes it from the browser."""
    return page(
        request,
        "tenants/sign_in.html",
        form=form,
        ended=ended,
        crumbs=[(_("Sign in"), "/sign-in")],
        status_code=status_code,
    )


def _account_template(
    request: PageRequest,
    form: Form[ChooseOrganisation],
    person: Actor | Visitor,
    *,
    status_code: int = 200,
) -> Template:
    return page(
        request,
        "tenants/account/account.html",
        form=form,
        person=person,
        role=_role_of(person),
        suspended=isinstance(person, Actor) and person.suspended,
        crumbs=[(_("Account"), "/account")],
        status_code=status_code,
    )


def _role_of(person: Actor | Visitor) -> str:
    if isinstance(person, Actor) and person.support:
        return _("support")
    return _(ROLE_LABELS[person.role]) if person.role else ""


ROUTES = [
    sign_in_page,
    sign_in,
    sign_out,
    account_page,
    choose_organisation,
]
