"""Support: a named person of the Ente, let in by the organisation for a time, seen while there, and sent away by a button."""

from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from hub.db import network_transaction, tenant_transaction
from hub.errors import Conflict
from hub.idempotency import KeyReused
from hub.tenants.accounts.actor import ADMIN, Actor
from hub.tenants.people import queries
from hub.tenants.people.asking import GrantSupport
from hub.tenants.people.invite import invite
from hub.tenants.people.leave import leave
from hub.tenants.people.page_parts import CHANGERS, HERE, PageRequest, may_manage, people_crumbs
from hub.tenants.people.schemas import SUPPORT_HOURS, Invite
from hub.tenants.people.training import find_member
from hub.tenants.rooms import MEMBERS, organisation_page
from hub.web.forms import Form, blank, read_form
from hub.web.i18n import N_
from hub.web.i18n import gettext as _
from hub.web.params import path_id
from hub.web.redirects import message, see_other

SUPPORT = f"{HERE}/support"
GRANTED = message(
    "support-granted",
    N_(
        "The invitation is on its way. Only a person who works at the Ente can accept it; the time begins with that."
    ),
)
ENDED = message("support-ended", N_("Support has ended: the person is out at once."))


@get(SUPPORT, guards=MEMBERS)
async def support_page(request: PageRequest, actor: NamedDependency[Actor]) -> Template:
    return await _template(request, actor, blank(GrantSupport))


@post(SUPPORT, status_code=200, guards=CHANGERS)
async def grant(request: PageRequest, actor: NamedDependency[Actor]) -> Template | Response[None]:
    form = await read_form(request, GrantSupport, once=True)
    if form.data is None:
        return await _template(request, actor, form)
    asked = Invite(
        email=form.data.email,
        role=ADMIN,
        support=True,
        membership_hours=int(form.data.hours),
        locale=actor.locale,
    )
    try:
        async with network_transaction() as network:
            await invite(network, actor.tenant_id, actor, asked, form.key)
    except Conflict as conflict:
        whole = isinstance(conflict, KeyReused)
        form.refuse(None if whole else "email", _(conflict.message))
        return await _template(request, actor, form, status_code=409)
    return see_other(request, SUPPORT, GRANTED)


@post(f"{SUPPORT}/{{membership_id:str}}/end", status_code=303, guards=CHANGERS)
async def end(
    request: PageRequest, actor: NamedDependency[Actor], membership_id: FromPath[str]
) -> Response[None]:
    """Everybody else leaves by the page that asks who takes over."""
    member_id: UUID = path_id(membership_id)
    async with tenant_transaction(actor.tenant_id) as scope:
        member = await find_member(scope, member_id)
        if member.support:
            await leave(scope, actor, member_id, None)
    if not member.support:
        return see_other(request, f"{HERE}/{member_id}/leave")
    return see_other(request, SUPPORT, ENDED)


async def _template(
    request: PageRequest, actor: Actor, form: Form[GrantSupport], *, status_code: int = 422
) -> Template:
    async with tenant_transaction(actor.tenant_id) as scope:
        members = await queries.members(scope)
        invitations = await queries.open_invitations(scope)
        now = scope.now
    support = [one for one in members if one.support]
    return organisation_page(
        request,
        actor,
        "people",
        "tenants/people/support.html",
        crumbs=people_crumbs((_("Support"), SUPPORT)),
        status_code=status_code if form.failed else 200,
        manages=may_manage(actor),
        inside=[one for one in support if one.is_active(now)],
        before=[one for one in support if not one.is_active(now)],
        invitations=[one for one in invitations if one.support],
        hours=SUPPORT_HOURS,
        now=now,
        form=form,
        here=SUPPORT,
    )


ROUTES: list[ControllerRouterHandler] = [support_page, grant, end]
