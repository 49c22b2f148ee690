"""An invitation as whoever opens its link sees it: valid, used, expired, revoked, replaced, someone else's, or none at all."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import quote

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from hub.db import NetworkScope, network_transaction
from hub.errors import Conflict, NotSignedIn
from hub.tenants.accounts import passwords
from hub.tenants.accounts import queries as accounts
from hub.tenants.accounts import service as sign_ins
from hub.tenants.accounts.actor import Actor, Unprotected, Visitor
from hub.tenants.accounts.agents import in_words
from hub.tenants.accounts.pages import home_of, target_of
from hub.tenants.accounts.second_factor import queries as factors
from hub.tenants.accounts.service import SignedIn
from hub.tenants.accounts.sessions import secret_of, session_cookie, session_id
from hub.tenants.people import passages, queries
from hub.tenants.people.accept import (
    CODE_LASTS,
    NotValid,
    OnlyForTheEnte,
    OtherAddress,
    SecondFactorFirst,
    ask_again,
    ask_for_code,
    check_code,
    find,
    join,
    join_as_new,
    masked,
)
from hub.tenants.people.asking import JoinAsNew
from hub.tenants.people.from_ente import origin_of
from hub.tenants.people.links import Link, read_link
from hub.tenants.people.page_parts import PageRequest
from hub.tenants.people.schemas import ROLES, SUPPORT_HOURS, Invitation
from hub.web.forms import Form, blank, read_form
from hub.web.i18n import N_
from hub.web.i18n import gettext as _
from hub.web.page import page
from hub.web.redirects import Message, message, see_other

Step = Callable[[NetworkScope, Link], Awaitable[None]]

PUBLIC = {"public": True}
PLACE = "/invitations/{token:str}"

JOINED = message("joined", N_("Welcome: you belong to the organisation now."))
LET_IN = message(
    "support-let-in",
    N_("You are in as support. What you can do here, and until when, stands on this page."),
    "info",
)
CODE_SENT = message(
    "invitation-code-sent", N_("The code is on its way to the invited address."), "info"
)
ASKED_AGAIN = message(
    "invitation-asked-again",
    N_("We have told those who can send you a new invitation."),
    "info",
)
WRONG = {
    "none": N_("Ask for a code first; it comes by mail."),
    "late": N_("This code is older than 15 minutes. Ask for a new one."),
    "tries": N_("This code was tried too often. Ask for a new one."),
    "wrong": N_("This is not the code of the newest mail. Please check its six digits."),
}


@dataclass(frozen=True, slots=True)
class Opened:
    """`view` says which page it is, apart from its `standing`: join, factor, sign_in, new, other, ente, disabled.

    `ente` is the name of the Ente where that invites, and not the organisation's own people.
    """

    invitation: Invitation
    standing: str
    organisation: str
    ente: str
    view: str
    email: str | None
    code_is_out: bool


@get(PLACE, opt=PUBLIC)
async def open_invitation(request: PageRequest, token: FromPath[str]) -> Template:
    return await _shown(request, token)


@post(f"{PLACE}/ask", status_code=200, opt=PUBLIC)
async def ask_for_another(request: PageRequest, token: FromPath[str]) -> Template | Response[None]:
    return await _step(request, token, ask_again, ASKED_AGAIN)


@post(f"{PLACE}/code", status_code=200, opt=PUBLIC)
async def send_code(request: PageRequest, token: FromPath[str]) -> Template | Response[None]:
    return await _step(request, token, ask_for_code, CODE_SENT)


async def _step(
    request: PageRequest, token: str, step: Step, said: Message
) -> Template | Response[None]:
    link = read_link(token)
    await request.body()
    if link is None:
        return await _shown(request, token)
    try:
        async with network_transaction() as scope:
            await step(scope, link)
    except NotValid:
        return await _shown(request, token)
    return see_other(request, _address(token), said)


@post(f"{PLACE}/join", status_code=200, opt=PUBLIC)
async def join_signed_in(request: PageRequest, token: FromPath[str]) -> Template | Response[None]:
    """The organisation is chosen for this session at once."""
    link, person, session = read_link(token), _person(request), session_id(request)
    await request.body()
    if link is None:
        return await _shown(request, token)
    if person is None or session is None:
        raise NotSignedIn
    try:
        async with network_transaction() as scope:
            membership_id = await join(scope, link, person.account_id)
            await sign_ins.choose_membership(scope, session, person, membership_id)
            choices = await accounts.memberships_of(scope, person.account_id)
    except (NotValid, OtherAddress, OnlyForTheEnte):
        return await _shown(request, token)
    except SecondFactorFirst:
        return see_other(request, _factor_address(token))
    chosen = next(one for one in choices if one.membership_id == membership_id)
    return see_other(request, home_of(chosen), LET_IN if chosen.support else JOINED)


@post(f"{PLACE}/account", status_code=200, opt=PUBLIC)
async def join_with_new_account(
    request: PageRequest, token: FromPath[str]
) -> Template | Response[None]:
    link = read_link(token)
    form = await read_form(request, JoinAsNew)
    if form.data and form.data.password != form.data.repeated:
        form.refuse("repeated", _("The two passwords differ."))
    if link is None or form.data is None or _person(request) is not None:
        return await _shown(request, token, form)
    try:
        signed_in = await _join_as_new(request, link, form.data)
    except Conflict:
        return await _shown(request, token, form)
    if isinstance(signed_in, str):
        form.refuse("code", _(WRONG[signed_in]))
        return await _shown(request, token, form)
    target = target_of("/", signed_in.only)
    if signed_in.next == "set_up":
        target = f"/account/second-factor?next={quote(target)}"
    response = see_other(request, target, JOINED)
    secure = bool(request.app.state.get("secure_cookies", False))
    response.set_cookie(session_cookie(signed_in.secret, secure=secure))
    return response


async def _join_as_new(request: PageRequest, link: Link, data: JoinAsNew) -> SignedIn | str:
    """What is wrong with the code, if so. The hash, which costs time and memory, comes after the right code only.

    Raises NotFound, Conflict.
    """
    async with network_transaction() as scope:
        known = await check_code(scope, link, data.code)
    if isinstance(known, str):
        return known
    password_hash = await passwords.hashed(data.password)
    async with network_transaction() as scope:
        account_id = await join_as_new(scope, link, known, data.name, password_hash)
        credentials = await accounts.credentials_by_id(scope, account_id)
        if credentials is None:
            raise NotValid("accepted")
        agent = in_words(request.headers.get("user-agent", ""))
        return await sign_ins.begin_session(scope, credentials, secret_of(request), agent)


def _person(request: PageRequest) -> Actor | Visitor | None:
    """Whoever still lacks a second factor is not signed in."""
    person = request.user
    if isinstance(person, Actor | Visitor) and not isinstance(person, Unprotected):
        return person
    return None


async def _shown(request: PageRequest, token: str, form: Form[JoinAsNew] | None = None) -> Template:
    link = read_link(token)
    opened = None
    if link:
        async with network_transaction() as scope:
            opened = await _look(scope, link, _person(request))
    if opened is None:
        return page(
            request,
            "tenants/people/invitation_missing.html",
            status_code=404,
            crumbs=[(_("Invitation"), "/")],
        )
    invitation = opened.invitation
    if form is None:
        form = blank(JoinAsNew, name=invitation.name or None)
    return page(
        request,
        "tenants/people/invitation.html",
        status_code=_status(opened, form),
        crumbs=[(_("Invitation"), _address(token))],
        opened=opened,
        invitation=invitation,
        organisation=opened.organisation,
        ente=opened.ente,
        role=_(ROLES[invitation.role]),
        time=_(SUPPORT_HOURS.get(str(invitation.membership_hours), "–")),
        masked=masked(invitation.email),
        form=form,
        here=_address(token),
        sign_in=f"/sign-in?next={quote(_address(token))}",
        set_up=_factor_address(token),
    )


def _status(opened: Opened, form: Form[JoinAsNew]) -> int:
    if opened.standing != "open":
        return 410
    if opened.view in ("other", "ente", "disabled"):
        return 403
    return 422 if form.failed and opened.view == "new" else 200


async def _look(scope: NetworkScope, link: Link, person: Actor | Visitor | None) -> Opened | None:
    if await queries.invitation(scope, link.invitation_id) is None:
        return None
    invitation, standing = await find(scope, link)
    view, email = await _view(scope, invitation, person)
    sent = invitation.code_sent_at
    origin = await origin_of(scope, invitation)
    return Opened(
        invitation,
        standing,
        await queries.organisation_name(scope, invitation.tenant_id),
        origin.ente if origin else "",
        view,
        email,
        sent is not None and sent > scope.now - CODE_LASTS,
    )


async def _view(
    scope: NetworkScope, invitation: Invitation, person: Actor | Visitor | None
) -> tuple[str, str | None]:
    if person is not None:
        credentials = await accounts.credentials_by_id(scope, person.account_id)
        email = credentials.email if credentials else ""
        if email != invitation.email:
            return "other", email
        if invitation.support and not await passages.works_at_the_ente(scope, person.account_id):
            return "ente", email
        if invitation.support and await factors.factor_of(scope, person.account_id) is None:
            return "factor", email
        return "join", email
    known = await passages.account_state(scope, invitation.email)
    if known is None:
        return ("ente" if invitation.support else "new"), None
    return ("sign_in" if known == "active" else "disabled"), None


def _address(token: str) -> str:
    return f"/invitations/{token}"


def _factor_address(token: str) -> str:
    """The page that sets a second factor up, and leads back here."""
    return f"/account/second-factor?next={quote(_address(token))}"


ROUTES: list[ControllerRouterHandler] = [
    open_invitation,
    ask_for_another,
    send_code,
    join_signed_in,
    join_with_new_account,
]
