"""Somebody is handed over, or a desk closed, while something is being written: with real transactions, in both orders."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date
from uuid import UUID, uuid4

import httpx
import pytest

from hub.db import (
    RoutingScope,
    TenantScope,
    network_transaction,
    routing_transaction,
    tenant_transaction,
)
from hub.errors import HubError, NotFound
from hub.referrals.cases.schemas import OpenCaseFor
from hub.referrals.cases.service import DeskClosed, assign_case, open_case_of
from hub.referrals.course.schemas import RecordConsultation
from hub.referrals.course.service import record_consultation, reopen_case
from hub.referrals.members.standing import NoLongerHere
from hub.referrals.routing.accept_offer import accept_offer
from hub.referrals.routing.decline_offer import decline_offer
from hub.referrals.routing.open_offer import open_offer
from hub.referrals.routing.send_referral import send_referral
from tests.factories import CAMPANIA, Desk, Member, make_desk, make_membership
from tests.referrals.conftest import SignedIn
from tests.referrals.making import Network, draft, make_network, rows, send, value
from tests.referrals.members.leaving import Work, closes, ends, held
from tests.support.databases import Database

HELD = RecordConsultation(date(2026, 10, 1), "phone", notes="What was said.")


@pytest.fixture
async def colleague(network: Network) -> Member:
    return await make_membership(network.operator.tenant)


@pytest.fixture
async def other_desk(network: Network) -> Desk:
    return await make_desk(network.operator.tenant)


def recording(network: Network, who: Member | None = None) -> Work:
    actor = (who or network.operator).actor

    async def work(scope: TenantScope) -> None:
        await record_consultation(scope, actor, network.case.id, HELD, uuid4())

    return work


def opening(network: Network) -> OpenCaseFor:
    return OpenCaseFor(
        desk_id=network.desk.id,
        kind="social_loan",
        amount=500_000,
        region_code=CAMPANIA,
        purpose="a bicycle",
    )


def opening_another(network: Network) -> Work:
    actor = network.operator.actor

    async def work(scope: TenantScope) -> None:
        await open_case_of(scope, actor, network.citizen.id, opening(network), uuid4())

    return work


def beside(tenant_id: UUID, work: Work) -> Callable[[], Awaitable[None]]:
    """The work in a transaction of its own."""

    async def run() -> None:
        async with tenant_transaction(tenant_id) as scope:
            await work(scope)

    return run


async def test_recorded_first_then_handed_over(
    db: Database, network: Network, colleague: Member
) -> None:
    actor = network.operator.actor
    leaving = ends(network.operator, colleague)
    async with held(db, actor.tenant_id, recording(network)) as rival:
        left = rival.start(beside(actor.tenant_id, leaving))
    await left
    assert rival.waited
    case = (await rows(actor.tenant_id, "SELECT assigned_to FROM cases"))[0]
    assert case["assigned_to"] == colleague.membership_id
    assert await value(actor.tenant_id, "SELECT count(*) FROM consultations") == 1


async def test_handed_over_first_and_nothing_recorded(
    db: Database, network: Network, colleague: Member
) -> None:
    actor = network.operator.actor
    leaving = ends(network.operator, colleague)
    async with held(db, actor.tenant_id, leaving) as rival:
        recorded = rival.start(beside(actor.tenant_id, recording(network)))
    with pytest.raises(NoLongerHere):
        await recorded
    assert rival.waited
    assert await value(actor.tenant_id, "SELECT count(*) FROM consultations") == 0


async def test_a_case_opened_by_who_leaves_is_handed_over_too(
    db: Database, network: Network, colleague: Member
) -> None:
    actor = network.operator.actor
    leaving = ends(network.operator, colleague)
    async with held(db, actor.tenant_id, opening_another(network)) as rival:
        left = rival.start(beside(actor.tenant_id, leaving))
    await left
    stranded = "SELECT count(*) FROM cases WHERE assigned_to = $1"
    assert await value(actor.tenant_id, stranded, actor.membership_id) == 0


async def test_nothing_is_opened_by_who_has_left(
    db: Database, network: Network, colleague: Member
) -> None:
    actor = network.operator.actor
    leaving = ends(network.operator, colleague)
    async with held(db, actor.tenant_id, leaving) as rival:
        opened = rival.start(beside(actor.tenant_id, opening_another(network)))
    with pytest.raises(NoLongerHere):
        await opened
    assert await value(actor.tenant_id, "SELECT count(*) FROM cases") == 1


async def test_a_case_opened_at_a_desk_that_closes_moves_with_the_others(
    db: Database, network: Network, other_desk: Desk
) -> None:
    actor = network.operator.actor
    closing = await closes(network.desk, other_desk)
    async with held(db, actor.tenant_id, opening_another(network)) as rival:
        moved = rival.start(beside(actor.tenant_id, closing))
    await moved
    assert rival.waited
    desks = await rows(actor.tenant_id, "SELECT DISTINCT desk_id FROM cases")
    assert [row["desk_id"] for row in desks] == [other_desk.id]


async def test_nothing_is_opened_at_a_desk_that_has_closed(
    db: Database, network: Network, other_desk: Desk
) -> None:
    actor = network.operator.actor
    closing = await closes(network.desk, other_desk)
    async with held(db, actor.tenant_id, closing) as rival:
        opened = rival.start(beside(actor.tenant_id, opening_another(network)))
    with pytest.raises(DeskClosed):
        await opened
    assert rival.waited
    assert await value(actor.tenant_id, "SELECT count(*) FROM cases") == 1


async def test_a_consultation_goes_with_its_case_to_the_other_desk(
    db: Database, network: Network, other_desk: Desk
) -> None:
    actor = network.operator.actor
    closing = await closes(network.desk, other_desk)
    async with held(db, actor.tenant_id, closing) as rival:
        recorded = rival.start(beside(actor.tenant_id, recording(network)))
    await recorded
    assert rival.waited
    found = await rows(actor.tenant_id, "SELECT desk_id FROM consultations")
    assert [row["desk_id"] for row in found] == [other_desk.id]
    day = "SELECT last_consultation_on FROM desks WHERE id = $1"
    assert await value(actor.tenant_id, day, other_desk.id) == HELD.held_on


async def test_recorded_before_the_desk_closes(
    db: Database, network: Network, other_desk: Desk
) -> None:
    actor = network.operator.actor
    closing = await closes(network.desk, other_desk)
    async with held(db, actor.tenant_id, recording(network)) as rival:
        moved = rival.start(beside(actor.tenant_id, closing))
    await moved
    assert await value(actor.tenant_id, "SELECT count(*) FROM consultations") == 1


async def test_whoever_is_limited_to_the_closed_desk_is_told(
    db: Database, network: Network, other_desk: Desk
) -> None:
    limited = await make_membership(network.operator.tenant, desks=(network.desk,))
    closing = await closes(network.desk, other_desk)
    async with held(db, limited.tenant.id, closing) as rival:
        recorded = rival.start(beside(limited.tenant.id, recording(network, limited)))
    with pytest.raises(NoLongerHere):
        await recorded


async def test_referrals_go_with_their_case_to_the_other_desk(
    network: Network, other_desk: Desk
) -> None:
    referral_id = await draft(network)
    there = await make_membership(network.operator.tenant, desks=(other_desk,))
    await beside(there.tenant.id, await closes(network.desk, other_desk))()
    async with routing_transaction(there.tenant.id) as routing:
        await send_referral(routing, there.actor, referral_id, uuid4())
    assert await value(there.tenant.id, "SELECT state FROM referrals") == "open"


async def test_many_at_once_wait_for_each_other_and_never_in_a_circle(
    network: Network, colleague: Member, other_desk: Desk
) -> None:
    """Recording, assigning, opening, leaving and closing, all together: what fails was told why."""
    operator, tenant_id = network.operator.actor, network.operator.tenant.id
    recorder = await make_membership(network.operator.tenant)

    async def assigning(scope: TenantScope) -> None:
        await assign_case(scope, recorder.actor, network.case.id, colleague.membership_id, uuid4())

    works: list[Work] = [
        *[recording(network)] * 5,
        *[recording(network, recorder)] * 5,
        ends(network.operator, colleague),
        assigning,
        *[opening_another(network)] * 3,
        await closes(network.desk, other_desk),
        *[recording(network, recorder)] * 3,
    ]
    told = await asyncio.gather(
        *(beside(tenant_id, work)() for work in works), return_exceptions=True
    )
    failed = [one for one in told if isinstance(one, BaseException)]
    assert all(isinstance(one, NoLongerHere | DeskClosed) for one in failed), failed
    stranded = "SELECT count(*) FROM cases WHERE assigned_to = $1 OR desk_id = $2"
    assert await value(tenant_id, stranded, operator.membership_id, network.desk.id) == 0


async def change(member: Member, change: str) -> None:
    async with network_transaction() as scope:
        await scope.execute(
            f"UPDATE memberships SET {change} WHERE id = $1",
            member.membership_id,
        )


@pytest.mark.parametrize(
    "changed",
    [
        "state = 'ended'",
        "role = 'viewer'",
        "expires_at = '2026-01-01'",
        "support = true, expires_at = '2099-01-01'",
        "limited_to_desks = true",
    ],
)
async def test_a_session_older_than_the_change_writes_nothing(
    network: Network, changed: str
) -> None:
    """The actor is as the session knew it when the request began."""
    referral_id = await draft(network)
    await change(network.operator, changed)
    actor, tenant_id = network.operator.actor, network.operator.tenant.id
    attempts: list[Callable[[TenantScope], Awaitable[object]]] = [
        lambda scope: record_consultation(scope, actor, network.case.id, HELD, uuid4()),
        lambda scope: open_case_of(scope, actor, network.citizen.id, opening(network), uuid4()),
        lambda scope: reopen_case(scope, actor, network.case.id, uuid4()),
        lambda scope: assign_case(scope, actor, network.case.id, actor.membership_id, uuid4()),
    ]
    for attempt in attempts:
        with pytest.raises(NoLongerHere):
            async with tenant_transaction(tenant_id) as scope:
                await attempt(scope)
    with pytest.raises(NoLongerHere):
        async with routing_transaction(tenant_id) as routing:
            await send_referral(routing, actor, referral_id, uuid4())
    assert await value(tenant_id, "SELECT state FROM referrals") == "draft"


async def test_a_lenders_person_who_has_left_answers_nothing(network: Network) -> None:
    sent = await send(network)
    lender, offer = network.lenders[0], sent.offers[0]
    await change(lender, "state = 'ended'")
    attempts: list[Callable[[RoutingScope], Awaitable[object]]] = [
        lambda scope: open_offer(scope, lender.actor, offer),
        lambda scope: accept_offer(scope, lender.actor, offer, uuid4()),
        lambda scope: decline_offer(
            scope, lender.actor, offer, reason="amount", note="", key=uuid4()
        ),
    ]
    for attempt in attempts:
        with pytest.raises(NoLongerHere):
            async with routing_transaction(lender.tenant.id) as routing:
                await attempt(routing)
    found = await rows(lender.tenant.id, "SELECT state FROM received_offers")
    assert [row["state"] for row in found] == ["offered"]


async def test_a_row_out_of_reach_is_still_not_there(network: Network) -> None:
    """Also to somebody who has lost a desk: only what was within reach when the request began is told apart."""
    stranger = await make_network(0)
    actor = replace(stranger.operator.actor, desk_ids=frozenset({stranger.desk.id}))
    with pytest.raises(NotFound) as refusal:
        async with tenant_transaction(actor.tenant_id) as scope:
            await record_consultation(scope, actor, network.case.id, HELD, uuid4())
    assert isinstance(refusal.value, HubError)


async def post_consultation(client: httpx.AsyncClient, network: Network) -> httpx.Response:
    return await client.post(
        f"/cases/{network.case.id}/consultations",
        data={
            "form_key": str(uuid4()),
            "held_on": "2026-10-01",
            "channel": "phone",
            "notes": "A long talk about <ovens>.",
        },
    )


async def test_what_was_typed_is_given_back_to_who_left_meanwhile(
    db: Database, desk: httpx.AsyncClient, network: Network, colleague: Member
) -> None:
    """The request was let in before the leaving, and waits for it."""
    leaving = ends(network.operator, colleague)
    async with held(db, network.operator.tenant.id, leaving) as rival:
        sending = rival.start(lambda: post_consultation(desk, network))
    answer = await sending
    assert rival.waited
    assert answer.status_code == 403
    assert "A long talk about &lt;ovens&gt;." in answer.text
    assert "Non è stato salvato nulla" in answer.text
    assert "1º ott 2026" in answer.text


async def test_what_was_typed_is_given_back_to_who_had_left_already(
    desk: httpx.AsyncClient, network: Network
) -> None:
    await change(network.operator, "state = 'ended'")
    answer = await post_consultation(desk, network)
    assert answer.status_code == 401
    assert "A long talk about &lt;ovens&gt;." in answer.text
    assert 'href="/sign-in"' in answer.text


async def test_and_to_whoever_was_signed_out_meanwhile(
    desk: httpx.AsyncClient, network: Network
) -> None:
    """Two hours without a click end a session, and some conversations are long to write down."""
    async with network_transaction() as scope:
        await scope.execute(
            "DELETE FROM sessions WHERE account_id = $1", network.operator.account_id
        )
    answer = await desk.post(
        "/cases/new",
        data={
            "form_key": str(uuid4()),
            "family_name": "Esposito",
            "given_name": "Lucia",
            "purpose": "An oven for a bakery",
        },
    )
    assert answer.status_code == 401
    assert "An oven for a bakery" in answer.text
    assert "Esposito" in answer.text


async def test_a_form_with_nothing_in_it_leads_to_the_sign_in_form(
    client: httpx.AsyncClient, network: Network
) -> None:
    answer = await client.post(
        f"/cases/{network.case.id}/consultations", data={"form_key": str(uuid4())}
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=/")


async def test_a_desk_closed_while_typing_is_told_at_its_field(
    db: Database, desk: httpx.AsyncClient, network: Network, other_desk: Desk
) -> None:
    async def sending() -> httpx.Response:
        return await desk.post(
            f"/citizens/{network.citizen.id}/cases/new",
            data={
                "form_key": str(uuid4()),
                "desk_id": str(network.desk.id),
                "kind": "social_loan",
                "amount": "5000",
                "region_code": CAMPANIA,
                "purpose": "a bicycle",
            },
        )

    closing = await closes(network.desk, other_desk)
    async with held(db, network.operator.tenant.id, closing) as rival:
        sent = rival.start(sending)
    answer = await sent
    assert answer.status_code == 422
    assert "a bicycle" in answer.text


async def test_a_desks_page_stays_with_its_readers(network: Network, signed_in: SignedIn) -> None:
    """A viewer reads and is refused by role, as before."""
    viewer = await signed_in(await make_membership(network.operator.tenant, "viewer"))
    assert (await viewer.get(f"/cases/{network.case.id}")).status_code == 200
    answer = await viewer.post("/cases/new", data={"form_key": str(uuid4())})
    assert answer.status_code == 403
