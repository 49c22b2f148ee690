"""A person's page: role, desks, last day and second factor, each changed by itself."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from hub import clock
from hub.db import TenantScope, network_transaction, tenant_transaction
from hub.errors import Conflict
from hub.tenants.accounts.actor import Actor
from hub.tenants.accounts.second_factor import queries as factors
from hub.tenants.accounts.second_factor.service import reset_second_factor
from hub.tenants.people import queries
from hub.tenants.people.asking import (
    ChangeRole,
    LimitToDesks,
    RecordTraining,
    SetEnd,
    roles_for,
)
from hub.tenants.people.change import (
    change_role,
    last_day_of,
    limit_to_desks,
    set_last_day,
)
from hub.tenants.people.leave import burden_of
from hub.tenants.people.page_parts import (
    CHANGERS,
    HERE,
    ROLE_TONES,
    PageRequest,
    desks_of,
    may_manage,
    people_crumbs,
    role_of,
)
from hub.tenants.people.training import find_member
from hub.tenants.rooms import MEMBERS, organisation_page
from hub.web.forms import Form, blank, read_form
from hub.web.i18n import N_
from hub.web.i18n import gettext as _
from hub.web.params import path_id
from hub.web.redirects import Message, message, see_other

Asked = TypeVar("Asked", bound=msgspec.Struct)

PERSON = f"{HERE}/{{membership_id:str}}"

ROLE_CHANGED = message("role-changed", N_("The role is changed, from this moment on."))
DESKS_CHANGED = message("member-desks-changed", N_("The desks are changed, from this moment on."))
END_CHANGED = message("member-end-changed", N_("The last day is changed."))
FACTOR_RESET = message(
    "second-factor-reset",
    N_("The second factor is reset: at the next sign-in the person sets up a new one."),
)


@get(PERSON, guards=MEMBERS)
async def person_page(
    request: PageRequest, actor: NamedDependency[Actor], membership_id: FromPath[str]
) -> Template:
    return await person_template(request, actor, path_id(membership_id))


@post(f"{PERSON}/role", status_code=200, guards=CHANGERS)
async def set_role(
    request: PageRequest, actor: NamedDependency[Actor], membership_id: FromPath[str]
) -> Template | Response[None]:
    member_id = path_id(membership_id)
    await _exists(actor, member_id)
    form = await read_form(request, ChangeRole, choices=_roles(actor), prefix="role")

    async def change(scope: TenantScope, asked: ChangeRole) -> None:
        await change_role(scope, actor, member_id, asked.role)

    return await save(request, actor, member_id, form, change, ROLE_CHANGED)


@post(f"{PERSON}/desks", status_code=200, guards=CHANGERS)
async def set_desks(
    request: PageRequest, actor: NamedDependency[Actor], membership_id: FromPath[str]
) -> Template | Response[None]:
    member_id = path_id(membership_id)
    async with tenant_transaction(actor.tenant_id) as scope:
        await find_member(scope, member_id)
        desks = await queries.open_desks(scope, actor.tenant_id)
    form = await read_form(request, LimitToDesks, choices={"desk_ids": desks}, prefix="desks")

    async def change(scope: TenantScope, asked: LimitToDesks) -> None:
        limited = asked.limited or bool(asked.desk_ids)
        await limit_to_desks(scope, actor, member_id, asked.desk_ids if limited else None)

    return await save(request, actor, member_id, form, change, DESKS_CHANGED)


@post(f"{PERSON}/end", status_code=200, guards=CHANGERS)
async def set_end(
    request: PageRequest, actor: NamedDependency[Actor], membership_id: FromPath[str]
) -> Template | Response[None]:
    member_id = path_id(membership_id)
    await _exists(actor, member_id)
    form = await read_form(request, SetEnd, prefix="end")

    async def change(scope: TenantScope, asked: SetEnd) -> None:
        await set_last_day(scope, actor, member_id, asked.until)

    return await save(request, actor, member_id, form, change, END_CHANGED)


async def save(
    request: PageRequest,
    actor: Actor,
    membership_id: UUID,
    form: Form[Asked],
    change: Callable[[TenantScope, Asked], Awaitable[object]],
    done: Message,
) -> Template | Response[None]:
    """`change` with what one of the page's forms asks, in a transaction; or the page again, which says why not."""
    if form.data is None:
        return await person_template(request, actor, membership_id, form)
    try:
        async with tenant_transaction(actor.tenant_id) as scope:
            await change(scope, form.data)
    except Conflict as conflict:
        form.refuse(None, _(conflict.message))
        return await person_template(request, actor, membership_id, form, 409)
    return see_other(request, f"{HERE}/{membership_id}", done)


@post(f"{PERSON}/second-factor/reset", status_code=303, guards=CHANGERS)
async def reset_factor(
    request: PageRequest, actor: NamedDependency[Actor], membership_id: FromPath[str]
) -> Response[None]:
    member_id = path_id(membership_id)
    async with tenant_transaction(actor.tenant_id) as scope:
        member = await find_member(scope, member_id)
    async with network_transaction() as network:
        await reset_second_factor(network, actor, member.account_id)
    return see_other(request, f"{HERE}/{member_id}", FACTOR_RESET)


async def _exists(actor: Actor, membership_id: UUID) -> None:
    async with tenant_transaction(actor.tenant_id) as scope:
        await find_member(scope, membership_id)


def _roles(actor: Actor) -> dict[str, list[tuple[object, str]]]:
    return {"role": [(code, _(label)) for code, label in roles_for(actor.kinds).items()]}


async def person_template(
    request: PageRequest,
    actor: Actor,
    membership_id: UUID,
    refused: Form[Any] | None = None,
    status_code: int = 422,
) -> Template:
    """`refused` stands in the place of its prefix: role, desks, end or training. The status is that of a refusal."""
    async with tenant_transaction(actor.tenant_id) as scope:
        member = await find_member(scope, membership_id)
        trainings = await queries.trainings_of(scope, membership_id)
        names = await queries.desk_names(scope)
        open_desks = await queries.open_desks(scope, actor.tenant_id)
        burden = await burden_of(scope, membership_id)
        active = member.is_active(scope.now)
    manages = may_manage(actor)
    email, has_factor = None, False
    if manages or membership_id == actor.membership_id:
        async with network_transaction() as network:
            email = (await queries.emails(network, actor.tenant_id)).get(membership_id)
            has_factor = await factors.factor_of(network, member.account_id) is not None
    forms: dict[str, Form[Any]] = {
        "role": blank(ChangeRole, choices=_roles(actor), prefix="role", role=member.role),
        "desks": blank(
            LimitToDesks,
            choices={"desk_ids": open_desks},
            prefix="desks",
            limited=member.desk_ids is not None,
            desk_ids=list(member.desk_ids or ()),
        ),
        "end": blank(SetEnd, prefix="end", until=last_day_of(member.expires_at)),
        "training": blank(RecordTraining, prefix="training", completed_on=clock.today()),
    }
    return organisation_page(
        request,
        actor,
        "people",
        "tenants/people/person.html",
        crumbs=people_crumbs((member.name, f"{HERE}/{member.id}")),
        status_code=status_code if refused else 200,
        member=member,
        active=active,
        email=email,
        has_factor=has_factor,
        role=role_of(member),
        tone=ROLE_TONES[member.role],
        desks=desks_of(member, names),
        has_desks=bool(open_desks),
        last_day=last_day_of(member.expires_at),
        burden=burden,
        trainings=trainings,
        manages=manages,
        is_own=member.id == actor.membership_id,
        forms_by_name=forms | ({refused.prefix: refused} if refused else {}),
        here=f"{HERE}/{member.id}",
    )


ROUTES: list[ControllerRouterHandler] = [
    person_page,
    set_role,
    set_desks,
    set_end,
    reset_factor,
]
