"""Inviting somebody, sending an invitation again, and taking it back."""

from datetime import timedelta

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from hub import clock
from hub.db import network_transaction, tenant_transaction
from hub.errors import Conflict
from hub.idempotency import KeyReused
from hub.tenants.accounts.actor import ADMIN, Actor
from hub.tenants.people import passages, queries
from hub.tenants.people.asking import InvitePerson, roles_for
from hub.tenants.people.change import end_of
from hub.tenants.people.invite import invite, renew, revoke
from hub.tenants.people.page_parts import CHANGERS, HERE, PageRequest, people_crumbs
from hub.tenants.people.schemas import Invite
from hub.tenants.rooms import organisation_page
from hub.web.forms import Form, blank, read_form
from hub.web.i18n import N_
from hub.web.i18n import gettext as _
from hub.web.params import path_id
from hub.web.redirects import message, see_other

INVITED = message("person-invited", N_("The invitation is on its way by mail."))
RENEWED = message("invitation-renewed", N_("A new link is on its way; older ones are out of use."))
REVOKED = message("invitation-revoked", N_("The invitation is revoked: its link is out of use."))
LONGEST = timedelta(days=5 * 366)


@get(f"{HERE}/invite", guards=CHANGERS)
async def invite_page(request: PageRequest, actor: NamedDependency[Actor]) -> Template:
    return _template(request, actor, blank(InvitePerson, choices=await _choices(actor)))


@post(f"{HERE}/invite", status_code=200, guards=CHANGERS)
async def invite_person(
    request: PageRequest, actor: NamedDependency[Actor]
) -> Template | Response[None]:
    """As the network, which alone can tell whether the address belongs to a member."""
    form = await read_form(request, InvitePerson, choices=await _choices(actor), once=True)
    _check_desks(form)
    await _check_term(actor, form)
    if form.data is None:
        return _template(request, actor, form, status_code=422)
    try:
        async with network_transaction() as network:
            wanted = _wanted(form.data, actor.locale)
            await invite(network, actor.tenant_id, actor, wanted, form.key)
    except Conflict as conflict:
        whole = isinstance(conflict, KeyReused)
        form.refuse(None if whole else "email", _(conflict.message))
        return _template(request, actor, form, status_code=409)
    return see_other(request, HERE, INVITED)


@post(f"{HERE}/invitations/{{invitation_id:str}}/resend", status_code=303, guards=CHANGERS)
async def resend(
    request: PageRequest, actor: NamedDependency[Actor], invitation_id: FromPath[str]
) -> Response[None]:
    async with tenant_transaction(actor.tenant_id) as scope:
        await renew(scope, actor, path_id(invitation_id))
    return see_other(request, HERE, RENEWED)


@post(f"{HERE}/invitations/{{invitation_id:str}}/revoke", status_code=303, guards=CHANGERS)
async def take_back(
    request: PageRequest, actor: NamedDependency[Actor], invitation_id: FromPath[str]
) -> Response[None]:
    async with tenant_transaction(actor.tenant_id) as scope:
        await revoke(scope, actor, path_id(invitation_id))
    return see_other(request, HERE, REVOKED)


async def _choices(actor: Actor) -> dict[str, list[tuple[object, str]]]:
    async with tenant_transaction(actor.tenant_id) as scope:
        desks = await queries.open_desks(scope, actor.tenant_id)
    return {
        "role": [(code, _(label)) for code, label in roles_for(actor.kinds).items()],
        "desk_ids": list(desks),
    }


def _check_desks(form: Form[InvitePerson]) -> None:
    """Whoever joins with no desk would see nothing. A member's desks may all be taken away later."""
    if form.value("limited") and not form.parsed.get("desk_ids"):
        form.refuse("desk_ids", _("With the tick above, choose at least one desk; else untick it."))


async def _check_term(actor: Actor, form: Form[InvitePerson]) -> None:
    """The first administrator stays: nobody else could put an end right that came too early."""
    data = form.data
    if data is None or data.until is None:
        return
    if data.until > clock.today() + LONGEST:
        form.refuse("until", _("Choose a day within the next five years."))
    elif data.role == ADMIN:
        async with tenant_transaction(actor.tenant_id) as scope:
            held = await passages.hold(scope, [])
        if not any(one.is_lasting_admin for one in held.values()):
            form.refuse(
                "until", _("There must be an administrator without a last day before this one.")
            )


def _wanted(data: InvitePerson, locale: str) -> Invite:
    return Invite(
        email=data.email,
        name=data.name,
        role=data.role,
        limited_to_desks=data.limited or bool(data.desk_ids),
        desk_ids=tuple(data.desk_ids),
        membership_until=end_of(data.until),
        locale=locale,
    )


def _template(
    request: PageRequest,
    actor: Actor,
    form: Form[InvitePerson],
    *,
    status_code: int = 200,
) -> Template:
    return organisation_page(
        request,
        actor,
        "people",
        "tenants/people/invite.html",
        crumbs=people_crumbs((_("Invite"), f"{HERE}/invite")),
        form=form,
        has_desks=bool(form.options("desk_ids")),
        here=HERE,
        status_code=status_code,
    )


ROUTES: list[ControllerRouterHandler] = [invite_page, invite_person, resend, take_back]
