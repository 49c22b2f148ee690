"""The checklist, for the organisation that is coming on board."""

from collections.abc import Sequence

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from hub import clock, outbox
from hub.db import tenant_transaction
from hub.errors import NotFound
from hub.idempotency import once
from hub.ids import uuid7
from hub.tenants.accounts.actor import ADMIN, OPERATOR, Actor, requires
from hub.tenants.onboarding import deciding, queries
from hub.tenants.onboarding.guide import STATES, TONES, Step, steps_of
from hub.tenants.onboarding.schemas import SUSPENSION_REASONS, TEST_REFERRAL_ANSWERED
from hub.tenants.people import queries as people
from hub.tenants.people.page_parts import is_administrator, support_ends
from hub.tenants.rooms import MEMBERS, organisation_page
from hub.web.forms import blank, read_form
from hub.web.i18n import N_
from hub.web.i18n import gettext as _
from hub.web.page import AnyRequest
from hub.web.redirects import message, see_other

SENT = message(
    "test-sent", N_("The test referral is on its way: it arrives among the received offers.")
)
WAITS = message("test-waits", N_("A test referral waits for your answer already."), level="warning")


class AskTest(msgspec.Struct, frozen=True):
    pass


@get("/organisation/setup", guards=MEMBERS)
async def show_setup(request: AnyRequest, actor: NamedDependency[Actor]) -> Template:
    if "coordinator" in actor.kinds:
        raise NotFound
    async with tenant_transaction(actor.tenant_id) as scope:
        setup = await queries.setup_of(scope, actor.tenant_id)
        suspension = await deciding.suspension_of(scope, actor.tenant_id)
        support_until = await support_ends(scope, actor)
        members = [] if actor.role == ADMIN else await people.members(scope)
        waits = "lender" in actor.kinds and await queries.waits_for_test(scope)
        now, today = scope.now, clock.day_of(scope.now)
    steps = steps_of(setup.points, setup.kinds, today) if setup else []
    tests = {kind for kind in ("host", "lender") if setup and kind in setup.kinds}
    may_test = bool(tests) and actor.role in (ADMIN, OPERATOR) and not actor.support
    return organisation_page(
        request,
        actor,
        "setup",
        "tenants/onboarding/setup.html",
        crumbs=[(_("Set-up"), "/organisation/setup")],
        suspension=suspension,
        support_until=support_until,
        suspension_reasons=SUSPENSION_REASONS,
        is_host="host" in actor.kinds,
        setup=setup,
        steps=steps,
        next_code=_next(actor, steps, may_test=may_test)
        if setup and setup.ended_at is None
        else None,
        administrators=[one.name for one in members if is_administrator(one, now)],
        states=STATES,
        tones=TONES,
        today=today,
        waits=waits,
        test_code=TEST_REFERRAL_ANSWERED,
        form=blank(AskTest),
        tests=tests,
        may_test=may_test,
    )


def _next(actor: Actor, steps: Sequence[Step], *, may_test: bool) -> str | None:
    """The code of the first open point that this person can see to."""
    for step in steps:
        is_test = step.point.code == TEST_REFERRAL_ANSWERED
        if step.point.blocks and (may_test if is_test else actor.role == ADMIN):
            return step.point.code
    return None


@post(
    "/organisation/setup/test",
    status_code=303,
    guards=[requires("lender", roles=frozenset({ADMIN, OPERATOR}), while_suspended=True)],
)
async def ask_test(request: AnyRequest, actor: NamedDependency[Actor]) -> Response[None]:
    """One at a time: the next once this one is answered."""
    form = await read_form(request, AskTest, once=True)
    async with tenant_transaction(actor.tenant_id) as scope:
        if await queries.waits_for_test(scope):
            return see_other(request, "/organisation/setup", WAITS)
        if form.data and not await once(scope, "sandbox.send_test", form.key, uuid7()):
            await outbox.enqueue(scope, "sandbox.send_test", organisation_id=actor.tenant_id)
    return see_other(request, "/organisation/setup", SENT)


ROUTES: list[ControllerRouterHandler] = [show_setup, ask_test]
