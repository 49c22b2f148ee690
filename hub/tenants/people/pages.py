"""The people of an organisation: who is in, who is invited, who was here, and what those who left did not hand over."""

from litestar import get
from litestar.di import NamedDependency
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from hub.db import network_transaction, tenant_transaction
from hub.tenants.accounts.actor import Actor
from hub.tenants.people import queries
from hub.tenants.people.change import last_day_of
from hub.tenants.people.leave import burdens_of
from hub.tenants.people.page_parts import (
    HERE,
    ROLE_TONES,
    PageRequest,
    desks_of,
    may_manage,
    people_crumbs,
    role_of,
)
from hub.tenants.people.schemas import ROLES
from hub.tenants.rooms import MEMBERS, organisation_page


@get(HERE, guards=MEMBERS)
async def list_people(request: PageRequest, actor: NamedDependency[Actor]) -> Template:
    manages = may_manage(actor)
    async with tenant_transaction(actor.tenant_id) as scope:
        everybody = await queries.members(scope)
        invitations = await queries.open_invitations(scope)
        desks = await queries.desk_names(scope)
        present = [one for one in everybody if one.is_active(scope.now)]
        former = [one for one in everybody if not one.is_active(scope.now)]
        left_behind = await burdens_of(scope, [one.id for one in former])
        now = scope.now
    emails = {}
    if manages:
        async with network_transaction() as network:
            emails = await queries.emails(network, actor.tenant_id)
    return organisation_page(
        request,
        actor,
        "people",
        "tenants/people/people.html",
        crumbs=people_crumbs(),
        manages=manages,
        present=present,
        former=sorted(former, key=lambda one: one.ended_at or now, reverse=True),
        left_behind=left_behind,
        invitations=invitations if manages else [one for one in invitations if not one.support],
        names={one.id: one.name for one in everybody},
        emails=emails,
        desks_of=lambda member: desks_of(member, desks),
        has_desks=bool(desks),
        role_of=role_of,
        roles=ROLES,
        tones=ROLE_TONES,
        last_day_of=last_day_of,
        now=now,
        own=actor.membership_id,
        here=HERE,
    )


ROUTES: list[ControllerRouterHandler] = [list_people]
