"""Leaving, and handing over what was left behind."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from hub.db import tenant_transaction
from hub.errors import Conflict, NotFound
from hub.tenants.accounts.actor import Actor
from hub.tenants.people import passages
from hub.tenants.people.asking import HandOver, Leave
from hub.tenants.people.holding import is_last
from hub.tenants.people.leave import burden_of, leave, takers_of
from hub.tenants.people.page_parts import HERE, PageRequest, may_manage, people_crumbs
from hub.tenants.people.person_pages import PERSON
from hub.tenants.people.schemas import ROLES
from hub.tenants.people.training import find_member
from hub.tenants.rooms import MEMBERS, organisation_page
from hub.web.forms import Form, blank, read_form
from hub.web.i18n import N_
from hub.web.i18n import gettext as _
from hub.web.params import path_id
from hub.web.redirects import message, see_other

LEFT = message("person-left", N_("The membership has ended, and nothing was left behind."))
HANDED_OVER = message("work-handed-over", N_("The work is handed over."))
LEFT_ONESELF = message("left-oneself", N_("You have left the organisation."))


@get(f"{PERSON}/leave", guards=MEMBERS)
async def leave_page(
    request: PageRequest, actor: NamedDependency[Actor], membership_id: FromPath[str]
) -> Template:
    return await _template(request, actor, _whom(actor, membership_id), None)


@post(f"{PERSON}/leave", status_code=200, guards=MEMBERS)
async def let_go(
    request: PageRequest, actor: NamedDependency[Actor], membership_id: FromPath[str]
) -> Template | Response[None]:
    member_id = _whom(actor, membership_id)
    async with tenant_transaction(actor.tenant_id) as scope:
        was_active = (await find_member(scope, member_id)).state == "active"
        burden = await burden_of(scope, member_id)
        takers = await takers_of(scope, member_id, burden)
    choices = {"taker": [(one.id, one.name) for one in takers]}
    form: Form[Any] = await read_form(request, HandOver if burden.total else Leave, choices=choices)
    if form.data is None:
        return await _template(request, actor, member_id, form)
    taker = form.data.taker if isinstance(form.data, HandOver) else None
    try:
        async with tenant_transaction(actor.tenant_id) as scope:
            await leave(scope, actor, member_id, taker)
    except Conflict as conflict:
        form.refuse(None, _(conflict.message))
        return await _template(request, actor, member_id, form, status_code=409)
    if member_id == actor.membership_id:
        return see_other(request, "/account", LEFT_ONESELF)
    return see_other(request, HERE, LEFT if was_active else HANDED_OVER)


def _whom(actor: Actor, membership_id: str) -> UUID:
    """Everybody may go; whom else, administrators say."""
    member_id = path_id(membership_id)
    if not may_manage(actor) and member_id != actor.membership_id:
        raise NotFound
    return member_id


def _drawn_anew(refused: Form[Any] | None, asks: type[msgspec.Struct]) -> Form[Any]:
    form: Form[Any] = blank(asks)
    for problem in refused.problems if refused else ():
        form.refuse(None, problem)
    return form


async def _template(
    request: PageRequest,
    actor: Actor,
    member_id: UUID,
    form: Form[Any] | None,
    *,
    status_code: int = 422,
) -> Template:
    async with tenant_transaction(actor.tenant_id) as scope:
        member = await find_member(scope, member_id)
        burden = await burden_of(scope, member_id)
        takers = await takers_of(scope, member_id, burden)
        active = member.state == "active"
        held = await passages.hold(scope, [member_id], lock=False)
    # Work may have come, or gone, since the form was drawn.
    if form is None or (form.asks is Leave) == bool(burden.total):
        form = _drawn_anew(form, HandOver if burden.total else Leave)
    form.choices = {"taker": [(one.id, f"{one.name} ({_(ROLES[one.role])})") for one in takers]}
    return organisation_page(
        request,
        actor,
        "people",
        "tenants/people/leave.html",
        crumbs=people_crumbs(
            (member.name, f"{HERE}/{member.id}"),
            (_("Leave") if active else _("Hand over"), f"{HERE}/{member.id}/leave"),
        ),
        status_code=status_code if form.failed else 200,
        member=member,
        active=active,
        is_own=member.id == actor.membership_id,
        stays=active and is_last(held, member_id),
        burden=burden,
        takers=takers,
        form=form,
        here=f"{HERE}/{member.id}",
    )


ROUTES: list[ControllerRouterHandler] = [leave_page, let_go]
