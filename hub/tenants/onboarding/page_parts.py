"""What the Ente's pages about one organisation share."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

import msgspec
from litestar.response import Template

from hub import clock
from hub.db import NetworkScope, network_transaction, tenant_transaction
from hub.errors import NotFound
from hub.tenants.accounts.actor import Actor
from hub.tenants.calls.applications import queries as applications
from hub.tenants.calls.schemas import HOST_KINDS
from hub.tenants.network import queries as network
from hub.tenants.network.log_pages import told_of
from hub.tenants.network.schemas import KINDS, Entry
from hub.tenants.network.subjects import Names, names_in_story
from hub.tenants.onboarding import deciding, queries
from hub.tenants.onboarding.guide import STATES, TONES, state_of
from hub.tenants.onboarding.schemas import (
    LENDER_CATEGORIES,
    OPEN_POINTS,
    POINTS,
    SUSPENSION_REASONS,
    DeskLine,
    ExceptionView,
    OrganisationView,
    People,
    SetupView,
    Suspension,
)
from hub.tenants.organisation.desks import queries as desk_queries
from hub.tenants.organisation.desks.schemas import missing
from hub.tenants.people.first_administrator import Administration, administrations
from hub.tenants.protocols.queries import protocols_of
from hub.tenants.protocols.schemas import KINDS as PROTOCOL_KINDS
from hub.tenants.protocols.schemas import STANDINGS as PROTOCOL_STANDINGS
from hub.tenants.protocols.schemas import TONES as PROTOCOL_TONES
from hub.tenants.protocols.schemas import ProtocolView
from hub.tenants.rooms import network_page
from hub.web.drawing import Moment
from hub.web.forms import Pairs
from hub.web.i18n import gettext as _
from hub.web.page import AnyRequest, Crumb

# So much of it is read, and so much shown without a further click.
STORY_LENGTH, LATEST = 60, 8


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """Everything on an organisation's page."""

    organisation: OrganisationView
    setup: SetupView | None
    exceptions: list[ExceptionView]
    desks: list[DeskLine]
    people: list[People]
    administration: Administration
    protocols: list[ProtocolView]
    suspensions: list[Suspension]
    undone: list[str]
    story: list[Entry]
    subjects: Names
    """Of what the story is about."""
    lacking: dict[UUID, list[str]]
    """What each desk's entry still lacks, as msgids."""
    names: dict[UUID, str]

    @property
    def suspended(self) -> bool:
        """By the Ente; one that is only being set up is not."""
        return bool(self.suspensions) and self.suspensions[0].lifted_at is None

    @property
    def standing(self) -> str:
        """As the list of organisations has it."""
        if self.suspended:
            return "suspended"
        if self.setup and self.setup.state == "running":
            return "setup"
        if self.organisation.state == "active" and self.undone:
            return "undone"
        return self.organisation.state


async def look_at(scope: NetworkScope, organisation_id: UUID) -> Known:
    """Raises NotFound, also for the Ente itself."""
    organisation = await find(scope, organisation_id)
    setup = await queries.setup_of(scope, organisation_id)
    exceptions = await queries.exceptions_of(scope, organisation_id, setup.id) if setup else []
    suspensions = await deciding.suspensions_of(scope, organisation_id)
    who = {one.asked_by for one in exceptions} | {one.decided_by for one in exceptions}
    who |= {one.suspended_by for one in suspensions} | {one.lifted_by for one in suspensions}
    who |= {setup.ended_by} if setup else set()
    story = await network.story_of(scope, organisation_id, limit=STORY_LENGTH)
    return Known(
        organisation=organisation,
        setup=setup,
        exceptions=exceptions,
        desks=await queries.desks_of(scope, organisation_id, setup.id if setup else None),
        people=await queries.people_of(scope, organisation_id),
        administration=(await administrations(scope, [organisation_id]))[organisation_id],
        protocols=await protocols_of(scope, organisation_id),
        suspensions=suspensions,
        undone=await queries.undone_points(scope, organisation_id),
        story=story,
        subjects=await names_in_story(scope, organisation_id, story),
        lacking={
            desk.id: missing(desk)
            for desk in await desk_queries.desks_of(scope, organisation_id)
            if missing(desk)
        },
        names=await queries.names_of(scope, [one for one in who if one]),
    )


async def application_of(actor: Actor, setup: SetupView | None) -> str | None:
    """The page of the application that it was admitted with. Applications are the Ente's own rows."""
    if setup is None or setup.application_id is None:
        return None
    async with tenant_transaction(actor.tenant_id) as scope:
        found = await applications.find(scope, setup.application_id)
    return f"/selections/{found.call_id}/applications/{found.id}" if found else None


async def find(scope: NetworkScope, organisation_id: UUID) -> OrganisationView:
    """Raises NotFound."""
    found = await queries.organisation(scope, organisation_id)
    if found is None:
        raise NotFound
    return found


def shown(
    request: AnyRequest,
    actor: Actor,
    known: Known,
    *,
    problem: str = "",
    application: str | None = None,
) -> Template:
    """`application` is the page of the one that it was admitted with."""
    today = clock.today()
    return network_page(
        request,
        actor,
        "organisations",
        "tenants/onboarding/organisation.html",
        status_code=409 if problem else 200,
        crumbs=crumbs_of(known.organisation),
        known=known,
        here=here(known.organisation.id),
        problem=problem,
        application=application,
        today=today,
        me=actor.membership_id,
        latest=LATEST,
        story=_story(known),
        lacking={desk: [_(name) for name in names] for desk, names in known.lacking.items()},
        point_state=lambda point: state_of(point, today),
        days_since=lambda moment: (today - clock.day_of(moment)).days,
        kinds=KINDS,
        host_kinds=HOST_KINDS,
        lender_categories=LENDER_CATEGORIES,
        points=POINTS,
        open_points=OPEN_POINTS,
        states=STATES,
        tones=TONES,
        reasons=SUSPENSION_REASONS,
        protocol_kinds=PROTOCOL_KINDS,
        protocol_standings=PROTOCOL_STANDINGS,
        protocol_tones=PROTOCOL_TONES,
    )


def _story(known: Known) -> list[Moment]:
    """The log keeps none of anybody's words: the last reasons are those that stand with set-up and protocols."""
    reasons = {("protocol.refused", str(one.id)): one.refused_reason for one in known.protocols}
    reasons["setup.postponed", ""] = known.setup.due_reason if known.setup else None
    told = []
    for entry, moment in told_of(known.story, known.subjects):
        why = reasons.pop((entry.action, str(entry.codes.get("protocol", ""))), None)
        said = [moment.detail, _("Reason: %(reason)s", reason=why) if why else ""]
        told.append(replace(moment, detail=" · ".join(one for one in said if one)))
    return told


async def page_of(
    request: AnyRequest, actor: Actor, organisation_id: UUID, problem: str = ""
) -> Template:
    """The organisation's page as it stands now. Raises NotFound."""
    async with network_transaction() as scope:
        known = await look_at(scope, organisation_id)
    application = await application_of(actor, known.setup)
    return shown(request, actor, known, problem=problem, application=application)


async def running(organisation_id: UUID) -> tuple[OrganisationView, SetupView | None]:
    """With its set-up while that runs. Raises NotFound."""
    async with network_transaction() as scope:
        organisation = await find(scope, organisation_id)
        setup = await queries.setup_of(scope, organisation_id)
    return organisation, setup if setup and setup.state == "running" else None


def all_points() -> Pairs:
    return point_pairs(list(POINTS))


def point_pairs(codes: Sequence[str]) -> Pairs:
    return [(code, _(POINTS[code])) for code in codes]


def crumbs_of(organisation: OrganisationView, *below: Crumb) -> Sequence[Crumb]:
    return [
        (_("Organisations"), "/network/organisations"),
        (organisation.name, here(organisation.id)),
        *below,
    ]


def here(organisation_id: UUID) -> str:
    return f"/network/organisations/{organisation_id}"
