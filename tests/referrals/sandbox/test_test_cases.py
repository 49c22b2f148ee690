"""A host tries the way out: an invented person, the sandbox's lender, an answer within seconds, and nothing counted."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from uuid import UUID, uuid4

import httpx
import pytest

from hub import facts, mail
from hub.clock import today
from hub.config import Settings
from hub.db import network_transaction, relay_transaction, routing_transaction, tenant_transaction
from hub.errors import Conflict, NotFound
from hub.referrals.cases.schemas import OpenCaseFor
from hub.referrals.cases.service import open_case_of
from hub.referrals.cases.test_case import open_test_case
from hub.referrals.course.schemas import RecordConsultation, RecordMilestone
from hub.referrals.course.service import record_consultation, record_milestone, reopen_case
from hub.referrals.offers.draft import prospect
from hub.referrals.routing.send_referral import send_referral
from hub.tenants.directory.queries import figures
from hub.tenants.onboarding.sandbox import DESK_ID, LENDER_ID
from tests.factories import CAMPANIA, Member, make_desk, make_membership, make_tenant
from tests.referrals.conftest import SignedIn
from tests.referrals.making import Network, draft, make_numbered_case, rows, value
from tests.referrals.sandbox.making import (
    STORY,
    a_moment_later,
    make_host_in_setup,
    make_sandbox,
    send_test_case,
    set_state,
)
from tests.support.databases import Database, connected
from tests.support.smtp_sink import SmtpSink


@pytest.fixture
def relay(settings: Settings, smtp_sink: SmtpSink) -> SmtpSink:
    mail.use_relay(replace(settings, smtp_url=smtp_sink.url))
    return smtp_sink


@pytest.fixture
async def trying(db: Database) -> Member:
    return await make_host_in_setup()


@pytest.fixture
async def browser(trying: Member, signed_in: SignedIn) -> httpx.AsyncClient:
    return await signed_in(trying)


async def start(browser: httpx.AsyncClient) -> str:
    answer = await browser.post("/cases/test")
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


async def test_a_host_in_set_up_opens_one_and_finds_it_again(
    browser: httpx.AsyncClient, trying: Member
) -> None:
    path = await start(browser)
    page = (await browser.get(path)).text
    assert "Prova Mario" in page
    assert "Prova</span>" in page
    assert await start(browser) == path
    (citizen,) = await rows(trying.tenant.id, "SELECT * FROM citizens")
    assert citizen["codice_fiscale"] is None
    assert await value(trying.tenant.id, "SELECT is_test FROM cases") is True


async def test_whoever_tries_first_finds_a_lender(
    own_database: Database, signed_in: SignedIn
) -> None:
    """The sandbox is made when it is asked for."""
    host = await make_tenant("host", state="suspended")
    await make_desk(host, state="setting_up")
    browser = await signed_in(await make_membership(host))
    path = await start(browser)
    assert str(LENDER_ID) in (await browser.get(f"{path}/referrals/new")).text


async def test_two_clicks_at_once_open_one(trying: Member) -> None:
    async def opens() -> UUID:
        async with tenant_transaction(trying.tenant.id) as scope:
            return await open_test_case(scope, trying.actor)

    first, second = await asyncio.gather(opens(), opens())
    assert first == second


async def test_without_a_desk_there_is_nothing_to_try(signed_in: SignedIn) -> None:
    host = await make_tenant("host", state="suspended")
    await make_desk(host, state="closed")
    client = await signed_in(await make_membership(host))
    answer = await client.post("/cases/test")
    assert answer.status_code == 409
    assert "sportello" in answer.text


async def test_the_whole_way_by_the_pages(
    browser: httpx.AsyncClient, trying: Member, relay: SmtpSink
) -> None:
    path = await start(browser)
    new = await browser.get(f"{path}/referrals/new")
    assert re.findall(r'name="receivers" value="([^"]+)"', new.text) == [str(LENDER_ID)]
    key = re.search(r'name="form_key" value="([^"]+)"', new.text)
    assert key
    drafted = await browser.post(
        f"{path}/referrals/new",
        data={
            "form_key": key.group(1),
            "receivers": str(LENDER_ID),
            "fields": "name",
            "purpose": "assessment",
            "basis": "request",
            "notice_version": "2026-1",
            "notice_given": "yes",
        },
    )
    assert drafted.status_code == 303, drafted.text
    referral = drafted.headers["location"]
    sent = await browser.post(f"{referral}/send", data={"form_key": str(uuid4())})
    assert sent.status_code == 303, sent.text
    await a_moment_later()
    shown = (await browser.get(path)).text
    assert "ha accettato la pratica" in shown
    assert relay.messages == []


async def test_the_answer_is_told_to_the_hosts_set_up(trying: Member) -> None:
    await send_test_case(trying)
    await a_moment_later()
    tenant_id = trying.tenant.id
    offers = await rows(tenant_id, "SELECT state, opened_at, answered_at FROM offers")
    assert [row["state"] for row in offers] == ["accepted"]
    assert await value(
        tenant_id, "SELECT moment FROM network_facts WHERE name = $1", facts.TEST_ANSWERED
    )
    story = [tuple(row) for row in await rows(tenant_id, STORY, tenant_id)]
    assert story == [
        ("test_referral.sent", trying.membership_id),
        ("test_referral.answered", None),
    ]
    async with relay_transaction() as relaying:
        touched = await relaying.fetchval(
            "SELECT count(*) FROM outbox WHERE task = 'onboarding.refresh' AND tenant_id = $1",
            tenant_id,
        )
    assert touched == 1


async def test_an_answer_told_twice_is_one(trying: Member) -> None:
    await send_test_case(trying)
    await a_moment_later()
    async with relay_transaction() as relaying:
        await relaying.execute(
            "UPDATE outbox SET done_at = NULL, due_at = $1 WHERE task LIKE 'sandbox.%'",
            relaying.now,
        )
    await a_moment_later()
    story = [row["action"] for row in await rows(trying.tenant.id, STORY, trying.tenant.id)]
    assert story == ["test_referral.sent", "test_referral.answered"]


async def test_once_it_was_accepted_another_can_be_tried(trying: Member) -> None:
    case_id, _referral = await send_test_case(trying)
    await a_moment_later()
    async with tenant_transaction(trying.tenant.id) as scope:
        assert await open_test_case(scope, trying.actor) != case_id


async def test_nothing_of_it_is_counted(own_database: Database) -> None:
    trying = await make_host_in_setup()
    case_id, _referral = await send_test_case(trying)
    await a_moment_later()
    actor, tenant_id = trying.actor, trying.tenant.id
    async with tenant_transaction(tenant_id) as scope:
        held = RecordConsultation(today(), "phone")
        await record_consultation(scope, actor, case_id, held, uuid4())
    async with tenant_transaction(tenant_id) as scope:
        await record_milestone(scope, actor, case_id, RecordMilestone("closed", today()), uuid4())
    async with tenant_transaction(tenant_id) as scope:
        await reopen_case(scope, actor, case_id, uuid4())
    counted = await rows(
        tenant_id, "SELECT name FROM network_facts WHERE name <> $1", facts.TEST_ANSWERED
    )
    assert counted == []
    assert (
        await value(
            tenant_id, "SELECT max(last_consultation_on) FROM desks WHERE tenant_id = $1", tenant_id
        )
        is None
    )
    async with network_transaction() as network:
        assert (await figures(network)).open_cases == 0


async def test_it_stands_in_a_list_of_its_own(
    signed_in: SignedIn, network: Network, desk: httpx.AsyncClient
) -> None:
    await make_sandbox()
    without = (await desk.get("/cases")).text
    assert "state=test" not in without
    await start(desk)
    listed = (await desk.get("/cases")).text
    assert network.case.number in listed
    assert "Prova Mario" not in listed
    assert "state=test" in listed
    tests = (await desk.get("/cases?state=test")).text
    assert "Prova Mario" in tests
    assert network.case.number not in tests
    # All, open, closed, tests.
    counts = re.findall(r'<span class="hub-count">([0-9]+)</span>', listed)
    assert counts == ["1", "1", "0", "1"]


async def test_no_search_and_no_recognition_meets_it(
    network: Network, desk: httpx.AsyncClient
) -> None:
    await make_sandbox()
    path = await start(desk)
    for sought in ("prova", "mario", "Prova Mario"):
        found = await desk.post("/cases/search", data={"sought": sought})
        assert path not in found.text
    page = (await desk.get("/cases/new")).text
    key = re.search(r'name="form_key" value="([^"]+)"', page)
    assert key
    opened = await desk.post(
        "/cases/new",
        data={
            "form_key": key.group(1),
            "family_name": "Prova",
            "given_name": "Mario",
            "desk_id": str(network.desk.id),
            "kind": "enterprise_loan",
            "amount": "5000",
            "region_code": CAMPANIA,
            "purpose": "A real case of somebody so named",
        },
    )
    assert opened.status_code == 303, opened.text
    assert opened.headers["location"] != path


async def test_no_real_case_is_opened_for_an_invented_person(
    network: Network, desk: httpx.AsyncClient
) -> None:
    await start(desk)
    tenant_id = network.operator.tenant.id
    invented = await value(tenant_id, "SELECT citizen_id FROM cases WHERE is_test")
    assert f"/citizens/{invented}/cases/new" not in (await desk.get("/cases?state=test")).text
    assert (await desk.get(f"/citizens/{invented}/cases/new")).status_code == 404
    asked = OpenCaseFor(
        desk_id=network.desk.id,
        kind="social_loan",
        amount=1,
        region_code=CAMPANIA,
        purpose="x",
    )
    with pytest.raises(NotFound):
        async with tenant_transaction(tenant_id) as scope:
            await open_case_of(scope, network.operator.actor, invented, asked, uuid4())


async def test_a_real_case_never_meets_the_sandbox(network: Network) -> None:
    await make_sandbox()
    async with tenant_transaction(network.operator.tenant.id) as scope:
        prepared = await prospect(scope, network.operator.actor, network.case.id)
    lenders = {one.lender_id for one in prepared.verdicts}
    assert lenders
    assert LENDER_ID not in lenders


async def test_a_real_draft_to_the_sandbox_is_not_sent(db: Database, network: Network) -> None:
    """Whatever made it."""
    await make_sandbox()
    referral_id = await draft(network)
    async with connected(db.superuser_url) as superuser:
        await superuser.execute(
            "UPDATE offers SET receiver_id = $2 WHERE referral_id = $1 AND receiver_id = $3",
            referral_id,
            LENDER_ID,
            network.lenders[0].tenant.id,
        )
    actor = network.operator.actor
    with pytest.raises(Conflict) as refusal:
        async with routing_transaction(actor.tenant_id) as scope:
            await send_referral(scope, actor, referral_id, uuid4())
    assert refusal.value.code == "receiver-inactive"


async def test_nobody_else_sees_the_sandbox_desk(network: Network, desk: httpx.AsyncClient) -> None:
    await make_sandbox()
    assert str(DESK_ID) not in (await desk.get("/cases/new")).text


async def test_an_active_host_tries_it_too(network: Network) -> None:
    await make_sandbox()
    await send_test_case(network.operator)
    await a_moment_later()
    states = await rows(network.operator.tenant.id, "SELECT state, is_test FROM referrals")
    assert [tuple(row) for row in states] == [("placed", True)]


async def test_a_test_goes_on_while_the_organisation_is_suspended(network: Network) -> None:
    await make_sandbox()
    await set_state(network.operator.tenant, "suspended")
    await send_test_case(network.operator)
    await a_moment_later()
    assert await value(network.operator.tenant.id, "SELECT state FROM referrals") == "placed"


async def test_the_milestones_of_a_test_follow_as_those_of_a_real_case(trying: Member) -> None:
    await send_test_case(trying)
    await a_moment_later()
    assert await value(trying.tenant.id, "SELECT milestone FROM cases") == "accepted"


async def test_a_numbered_test_case_is_found_by_its_number(
    browser: httpx.AsyncClient, trying: Member
) -> None:
    """Somebody may read it out on the telephone."""
    path = await start(browser)
    number = await value(trying.tenant.id, "SELECT number FROM cases")
    found = await browser.post("/cases/search", data={"sought": number})
    assert found.headers["location"] == path


async def test_open_cases_of_the_desk_stay_apart(network: Network) -> None:
    await make_sandbox()
    again = await make_numbered_case(network.operator, citizen=network.citizen, desk=network.desk)
    async with tenant_transaction(network.operator.tenant.id) as scope:
        test = await open_test_case(scope, network.operator.actor)
    assert test not in (again.id, network.case.id)
