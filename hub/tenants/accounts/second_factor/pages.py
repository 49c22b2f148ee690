"""The page of one's second factor: setting up, another phone, new recovery codes, switching off."""

from typing import Any
from urllib.parse import quote

from litestar import Response, get, post
from litestar.response import Template

from hub.db import NetworkScope, network_transaction
from hub.tenants.accounts import service as accounts
from hub.tenants.accounts.actor import Actor, Unprotected, Visitor
from hub.tenants.accounts.pages import PageRequest, client_address, person_of, session_of
from hub.tenants.accounts.queries import credentials_by_id
from hub.tenants.accounts.schemas import FirstCode, OwnPassword, PasswordAndCode, PresentCode
from hub.tenants.accounts.second_factor import codes, queries, service
from hub.tenants.accounts.second_factor.proposal import Proposal, opened
from hub.tenants.accounts.sessions import WITHOUT_SECOND_FACTOR
from hub.web.forms import Form, blank, read_form
from hub.web.i18n import N_
from hub.web.i18n import gettext as _
from hub.web.page import page
from hub.web.redirects import local_path, message, see_other

ADDRESS = "/account/second-factor"
SWITCHED_OFF = message(
    "second-factor-off", N_("The second factor is switched off: you sign in by password alone.")
)
ON_ANOTHER_PHONE = message(
    "second-factor-moved",
    N_("From now on the codes of the new phone are taken, and those of the old one no more."),
)
BEGIN_AGAIN = message(
    "second-factor-again", N_("The set-up took too long. Please begin again."), "warning"
)


@get(ADDRESS, opt=WITHOUT_SECOND_FACTOR)
async def second_factor_page(request: PageRequest) -> Template:
    return await _overview(request)


@post(f"{ADDRESS}/start", status_code=200, opt=WITHOUT_SECOND_FACTOR)
async def start(request: PageRequest) -> Template:
    """Show the secret of a first factor, to whoever knows the password."""
    person = person_of(request)
    form = await read_form(request, OwnPassword)
    if form.data and not await accounts.is_own_password(
        person.account_id, form.data.password, client_address(request)
    ):
        form.refuse("password", _("This is not your password."))
    if form.data is None:
        return await _overview(request, start=form, status_code=422)
    proposal = Proposal(person.account_id, codes.new_secret(), instead=False)
    return await _proposal_template(request, proposal, next=local_path(form.data.next))


@post(f"{ADDRESS}/another-phone", status_code=200)
async def another_phone(request: PageRequest) -> Template:
    """Show a new secret to whoever has the old one, or a recovery code."""
    person = person_of(request)
    form = await read_form(request, PresentCode, prefix="phone")
    if form.data and not await _is_present_code(request, form.data.code):
        form.refuse("code", _wrong_code())
    if form.data is None:
        return await _overview(request, phone=form, status_code=422)
    proposal = Proposal(person.account_id, codes.new_secret(), instead=True)
    return await _proposal_template(request, proposal)


@post(f"{ADDRESS}/confirm", status_code=200, opt=WITHOUT_SECOND_FACTOR)
async def confirm(request: PageRequest) -> Template | Response[None]:
    """The first code of what was shown: from now on it counts."""
    person, session_id = person_of(request), session_of(request)
    form = await read_form(request, FirstCode)
    sealed = form.data.proposal if form.data else form.value("proposal")
    proposal = opened(sealed, person.account_id)
    if proposal is None:
        return see_other(request, ADDRESS, BEGIN_AGAIN)
    fresh = None
    if form.data:
        async with network_transaction() as scope:
            await accounts.count_code(scope, person.account_id, client_address(request))
        async with network_transaction() as scope:
            fresh = await service.set_up(scope, person, session_id, proposal, form.data.code)
            if fresh is not None:
                await accounts.forget_codes(scope, person.account_id)
    if form.data is None or fresh is None:
        if form.data:
            form.refuse("code", _wrong_code())
        return await _proposal_template(request, proposal, form=form, status_code=422)
    if not fresh:
        return see_other(request, ADDRESS, ON_ANOTHER_PHONE)
    return _codes_template(request, fresh, next=local_path(form.data.next))


@post(f"{ADDRESS}/recovery-codes", status_code=200)
async def renew_recovery_codes(request: PageRequest) -> Template:
    person = person_of(request)
    form = await read_form(request, PresentCode, prefix="codes")
    if form.data and not await _is_present_code(request, form.data.code):
        form.refuse("code", _wrong_code())
    if form.data is None:
        return await _overview(request, renew=form, status_code=422)
    async with network_transaction() as scope:
        fresh = await service.renew_recovery_codes(scope, person)
    return _codes_template(request, fresh)


@post(f"{ADDRESS}/off", status_code=200)
async def switch_off(request: PageRequest) -> Template | Response[None]:
    person = person_of(request)
    form = await read_form(request, PasswordAndCode, prefix="off")
    if form.data and not await accounts.is_own_password(
        person.account_id, form.data.password, client_address(request)
    ):
        form.refuse("password", _("This is not your password."))
    if form.data and not await _is_present_code(request, form.data.code):
        form.refuse("code", _wrong_code())
    if form.data is None:
        return await _overview(request, off=form, status_code=422)
    async with network_transaction() as scope:
        await service.switch_off(scope, person)
    return see_other(request, ADDRESS, SWITCHED_OFF)


async def _is_present_code(request: PageRequest, typed: str) -> bool:
    """Counted before it is looked at, as at the sign-in."""
    person = person_of(request)
    async with network_transaction() as scope:
        await accounts.count_code(scope, person.account_id, client_address(request))
    async with network_transaction() as scope:
        how = await service.take_code(scope, person.account_id, typed)
        if how is not None:
            await accounts.forget_codes(scope, person.account_id)
    return how is not None


def _wrong_code() -> str:
    return _(
        "This code is not right, or was used already. The app shows a new one every 30 seconds."
    )


async def _overview(
    request: PageRequest, *, status_code: int = 200, **forms: Form[Any]
) -> Template:
    """`forms` are those that were refused."""
    person = person_of(request)
    target = local_path(request.query_params.get("next", "/"))
    async with network_transaction() as scope:
        facts = await _facts(scope, person)
    offered: dict[str, Form[Any]] = {
        "start": blank(OwnPassword, next=target),
        "phone": blank(PresentCode, prefix="phone"),
        "renew": blank(PresentCode, prefix="codes"),
        "off": blank(PasswordAndCode, prefix="off"),
    }
    return page(
        request,
        "tenants/account/second_factor.html",
        crumbs=_crumbs(),
        must=isinstance(person, Unprotected),
        status_code=status_code,
        forms_of=offered | forms,
        **facts,
    )


async def _facts(scope: NetworkScope, person: Actor | Visitor) -> dict[str, Any]:
    return {
        "factor": await queries.factor_of(scope, person.account_id),
        "codes_left": await queries.recovery_codes_left(scope, person.account_id),
        "codes_made": codes.RECOVERY_CODES,
        "is_admin": await queries.is_admin_somewhere(scope, person.account_id),
    }


async def _proposal_template(
    request: PageRequest,
    proposal: Proposal,
    *,
    form: Form[FirstCode] | None = None,
    next: str = "/",  # noqa: A002 - the name of the field in the form
    status_code: int = 200,
) -> Template:
    async with network_transaction() as scope:
        credentials = await credentials_by_id(scope, proposal.account_id)
    address = codes.setup_address(proposal.secret, credentials.email if credentials else "")
    return page(
        request,
        "tenants/account/second_factor_setup.html",
        form=form or blank(FirstCode, proposal=proposal.sealed(), next=next),
        picture=codes.picture(address),
        address=address,
        secret=codes.in_groups(proposal.secret),
        instead=proposal.instead,
        crumbs=[*_crumbs(), (_("Set-up of the second factor"), ADDRESS)],
        status_code=status_code,
    )


def _codes_template(request: PageRequest, fresh: list[str], *, next: str = "/") -> Template:  # noqa: A002 - the name of the field in the form
    return page(
        request,
        "tenants/account/recovery_codes.html",
        codes=fresh,
        target=f"/sign-in?next={quote(next)}",
        crumbs=[*_crumbs(), (_("Recovery codes"), ADDRESS)],
    )


def _crumbs() -> list[tuple[str, str]]:
    return [(_("Account"), "/account"), (_("Second factor"), ADDRESS)]


ROUTES = [
    second_factor_page,
    start,
    another_phone,
    confirm,
    renew_recovery_codes,
    switch_off,
]
