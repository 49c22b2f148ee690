"""Putting a case in a colleague's charge, and trying the hub out with a test case."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template

from hub.db import network_transaction, tenant_transaction
from hub.idempotency import KeyReused
from hub.referrals.cases import service
from hub.referrals.cases.pages import case_page, takers_of
from hub.referrals.cases.schemas import AssignCase
from hub.referrals.cases.test_case import open_test_case
from hub.referrals.guards import DESK_READERS, DESK_WRITERS
from hub.referrals.members.queries import colleagues_at
from hub.referrals.sent_before import given_back
from hub.tenants.accounts.actor import Actor
from hub.tenants.onboarding.sandbox import ensure_sandbox
from hub.web.forms import read_form
from hub.web.i18n import N_
from hub.web.params import path_id
from hub.web.redirects import message, see_other

PageRequest = Request[Any, Any, Any]

CASE_ASSIGNED = message("case-assigned", N_("The case has changed hands."))
TEST_OPENED = message(
    "test-opened",
    N_(
        "This case is a test with an invented person. Send it to the sandbox lender to try the way."
    ),
    "info",
)


@post("/cases/{case_id:str}/assign", guards=DESK_WRITERS, status_code=200)
async def assign(
    request: PageRequest, actor: NamedDependency[Actor], case_id: FromPath[str]
) -> Template | Response[None]:
    wanted = path_id(case_id)
    await request.body()  # Read before the transaction, which a slow sender would hold open.
    async with tenant_transaction(actor.tenant_id) as scope:
        case = await service.read_case(scope, actor, wanted)
        choices = takers_of(case, await colleagues_at(scope, case.desk_id))
    form = await read_form(request, AssignCase, choices=choices, prefix="assign", once=True)
    if form.data is None:
        return await case_page(request, actor, wanted, assign=form)
    try:
        async with tenant_transaction(actor.tenant_id) as scope:
            await service.assign_case(scope, actor, wanted, form.data.taker, form.key)
    except KeyReused:
        return await case_page(request, actor, wanted, assign=given_back(form))
    return see_other(request, f"/cases/{wanted}", CASE_ASSIGNED)


@get("/cases/{case_id:str}/assign", guards=DESK_READERS)
async def load_again(request: PageRequest, case_id: FromPath[str]) -> Response[None]:
    """Where a page that answered the form is loaded again without it, as after a change of language."""
    return see_other(request, f"/cases/{path_id(case_id)}")


@post("/cases/test", guards=DESK_WRITERS, status_code=303)
async def open_test(request: PageRequest, actor: NamedDependency[Actor]) -> Response[None]:
    """Pressed again, it leads to the test that is open. The first test of all makes the lender that answers it."""
    async with network_transaction() as network:
        await ensure_sandbox(network)
    async with tenant_transaction(actor.tenant_id) as scope:
        case_id = await open_test_case(scope, actor)
    return see_other(request, f"/cases/{case_id}", TEST_OPENED)


ROUTES = [assign, load_again, open_test]
