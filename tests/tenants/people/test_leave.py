"""Leaving: nothing is left behind, and what was is handed over later."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from hub import clock
from hub.db import tenant_transaction
from hub.errors import HubError
from hub.referrals.cases.open_work import OPEN_CASES
from hub.tenants.open_work import register
from hub.tenants.people.holding import NoLongerAdministrator
from hub.tenants.people.leave import CannotTakeOver, WorkLeft, burden_of, leave, takers_of
from hub.web.forms import read_form
from hub.worker import drain_now
from tests.factories import Case, Member, make_case, make_desk, make_membership, make_tenant
from tests.support.smtp_sink import SmtpSink
from tests.support.web import sign_in
from tests.tenants.people.making import PEOPLE, log_of, membership, post
from tests.tenants.people.test_change import as_it_is

NewClient = Callable[[], httpx.AsyncClient]


@pytest.fixture(autouse=True)
def _work() -> None:
    """As the application has it."""
    register(OPEN_CASES)


async def go(by: Member, of: Member, taker: Member | None = None) -> None:
    async with tenant_transaction(by.tenant.id) as scope:
        await leave(scope, by.actor, of.membership_id, taker.membership_id if taker else None)


async def in_charge(case: Case) -> UUID:
    async with tenant_transaction(case.citizen.tenant.id) as scope:
        found: UUID = await scope.fetchval("SELECT assigned_to FROM cases WHERE id = $1", case.id)
    return found


async def test_with_open_work_and_nobody_chosen_it_is_refused(admin: Member) -> None:
    operator = await make_membership(admin.tenant)
    case = await make_case(operator)
    with pytest.raises(WorkLeft):
        await go(admin, operator)
    assert (await membership(operator))["state"] == "active"
    assert await in_charge(case) == operator.membership_id


async def test_the_work_goes_and_the_membership_ends_in_one_step(admin: Member) -> None:
    place = await make_desk(admin.tenant)
    operator = await make_membership(admin.tenant, desks=(place,))
    taker = await make_membership(admin.tenant)
    cases = [await make_case(operator, desk=place) for _ in range(2)]
    await go(admin, operator, taker)
    assert [await in_charge(case) for case in cases] == [taker.membership_id] * 2
    ended = await membership(operator)
    assert (ended["state"], ended["ended_at"] is not None) == ("ended", True)
    async with tenant_transaction(admin.tenant.id) as scope:
        kept = await scope.fetchval(
            "SELECT count(*) FROM membership_desks WHERE membership_id = $1",
            operator.membership_id,
        )
    assert kept == 1, "which desks the person worked at stays to be read"
    told = dict(await log_of(admin.tenant))
    assert told["work.handed_over"] == {
        "count": 2,
        "giver": str(operator.membership_id),
        "taker": str(taker.membership_id),
    }
    assert told["membership.ended"]["member"] == str(operator.membership_id)
    await go(admin, operator, taker)
    assert len(await log_of(admin.tenant)) == 2, "twice is one effect"


async def test_without_work_nobody_is_asked_for(admin: Member) -> None:
    operator = await make_membership(admin.tenant)
    await go(admin, operator)
    assert (await membership(operator))["state"] == "ended"


async def test_who_is_made_to_go_is_told_once_and_who_goes_is_not(
    admin: Member, relay: SmtpSink
) -> None:
    sent_away, goes = await make_membership(admin.tenant), await make_membership(admin.tenant)
    await go(admin, sent_away)
    await go(admin, sent_away)
    await go(goes, goes)
    await drain_now()
    (letter,) = relay.messages
    assert letter.recipients == (sent_away.account.email,)
    assert admin.tenant.name in str(letter.message["Subject"])
    assert "Un amministratore ha concluso" in " ".join(letter.text().split())


async def test_who_takes_over_is_told_what(admin: Member, relay: SmtpSink) -> None:
    operator, taker = await make_membership(admin.tenant), await make_membership(admin.tenant)
    for _number in range(2):
        await make_case(operator)
    await go(operator, operator, taker)
    await drain_now()
    (letter,) = relay.messages
    assert letter.recipients == (taker.account.email,)
    text = " ".join(letter.text().split())
    assert f"2 pratiche aperte di {operator.account.name}" in text
    assert "/cases?mine=yes" in text


async def test_who_takes_the_work_over_by_themselves_is_not_told(
    admin: Member, relay: SmtpSink
) -> None:
    operator = await make_membership(admin.tenant)
    await make_case(operator)
    await go(admin, operator, admin)
    await drain_now()
    assert [one.recipients for one in relay.messages] == [(operator.account.email,)]


async def test_who_came_back_meanwhile_is_told_nothing(admin: Member, relay: SmtpSink) -> None:
    operator = await make_membership(admin.tenant)
    await go(admin, operator)
    async with tenant_transaction(admin.tenant.id) as scope:
        await scope.execute(
            "UPDATE memberships SET state = 'active', ended_at = NULL WHERE id = $1",
            operator.membership_id,
        )
    await drain_now()
    assert relay.messages == []


async def test_everybody_may_go_but_nobody_else_for_them(admin: Member) -> None:
    operator, viewer = (
        await make_membership(admin.tenant),
        await make_membership(admin.tenant, "viewer"),
    )
    with pytest.raises(NoLongerAdministrator):
        await go(viewer, operator)
    await go(viewer, viewer)
    assert (await membership(viewer))["state"] == "ended"
    case = await make_case(operator)
    await go(operator, operator, admin)
    assert await in_charge(case) == admin.membership_id


async def test_who_can_take_over(admin: Member) -> None:
    first, second = await make_desk(admin.tenant), await make_desk(admin.tenant)
    operator = await make_membership(admin.tenant)
    await make_case(operator, desk=first)
    fits = await make_membership(admin.tenant, desks=(first, second))
    free = await make_membership(admin.tenant)
    elsewhere = await make_membership(admin.tenant, desks=(second,))
    viewer = await make_membership(admin.tenant, "viewer")
    gone, over, support = [await make_membership(admin.tenant) for _ in range(3)]
    await as_it_is(gone, state="ended")
    await as_it_is(over, expires_at=clock.now() - timedelta(days=1))
    await as_it_is(support, role="admin", support=True, expires_at=clock.now() + timedelta(days=1))
    async with tenant_transaction(admin.tenant.id) as scope:
        burden = await burden_of(scope, operator.membership_id)
        found = {one.id for one in await takers_of(scope, operator.membership_id, burden)}
    assert found == {one.membership_id for one in (admin, fits, free)}
    for wrong in (elsewhere, viewer, gone, over, support, operator):
        with pytest.raises(HubError):
            await go(admin, operator, wrong)
    await make_case(operator, desk=second)
    await go(admin, operator, fits)


async def test_two_who_hand_over_to_each_other_at_once(admin: Member) -> None:
    """One goes; the other is told that the colleague has gone. No work is left with somebody who is not there."""
    one, other = await make_membership(admin.tenant), await make_membership(admin.tenant)
    cases = [await make_case(one), await make_case(other)]
    ended = await asyncio.gather(go(one, one, other), go(other, other, one), return_exceptions=True)
    refused = [each for each in ended if each is not None]
    assert [type(each) for each in refused] == [CannotTakeOver]
    stays = one if (await membership(one))["state"] == "active" else other
    assert {await in_charge(case) for case in cases} == {stays.membership_id}


async def test_the_same_person_removed_twice_at_once(admin: Member) -> None:
    other = await make_membership(admin.tenant, "admin")
    operator = await make_membership(admin.tenant)
    case = await make_case(operator)
    await asyncio.gather(go(admin, operator, admin), go(other, operator, other))
    assert await in_charge(case) in (admin.membership_id, other.membership_id)
    said = [action for action, _codes in await log_of(admin.tenant)]
    assert sorted(said) == ["membership.ended", "work.handed_over"]


async def test_what_a_person_left_behind_is_listed_and_handed_over(
    desk: httpx.AsyncClient, admin: Member
) -> None:
    operator = await make_membership(admin.tenant)
    case = await make_case(operator)
    await as_it_is(operator, state="ended", ended_at=clock.now())
    listed = await desk.get(PEOPLE)
    here = f"{PEOPLE}/{operator.membership_id}/leave"
    assert "Lavoro di chi ha lasciato" in listed.text
    assert here in listed.text
    assert "Affida ad altri" in (await desk.get(here)).text
    refused = await post(desk, here)
    assert refused.status_code == 422
    answer = await post(desk, here, taker=str(admin.membership_id))
    assert (answer.status_code, answer.headers["location"]) == (303, PEOPLE)
    assert await in_charge(case) == admin.membership_id
    assert "Lavoro di chi ha lasciato" not in (await desk.get(PEOPLE)).text
    said = [action for action, _codes in await log_of(admin.tenant)]
    assert said == ["work.handed_over"]


async def test_the_page_says_what_is_open_and_asks(desk: httpx.AsyncClient, admin: Member) -> None:
    operator = await make_membership(admin.tenant)
    await make_case(operator)
    here = f"{PEOPLE}/{operator.membership_id}/leave"
    page = await desk.get(here)
    assert "Pratiche aperte" in page.text
    refused = await post(desk, here)
    assert refused.status_code == 422
    assert "chi subentra" in refused.text
    viewer = await make_membership(admin.tenant, "viewer")
    assert (await post(desk, here, taker=str(viewer.membership_id))).status_code == 422
    done = await post(desk, here, taker=str(admin.membership_id))
    assert done.status_code == 303


async def test_where_nobody_can_take_over_the_page_says_so(
    client: httpx.AsyncClient, admin: Member
) -> None:
    await make_case(admin)
    await make_membership(admin.tenant, "admin", desks=(await make_desk(admin.tenant),))
    await sign_in(client, admin)
    page = await client.get(f"{PEOPLE}/{admin.membership_id}/leave")
    assert "Nessuno può subentrare" in page.text


async def test_who_leaves_is_out_at_once(
    client: httpx.AsyncClient, new_client: NewClient, admin: Member
) -> None:
    operator = await make_membership(admin.tenant)
    await sign_in(client, operator)
    assert (await client.get("/cases")).status_code == 200
    answer = await post(client, f"{PEOPLE}/{operator.membership_id}/leave")
    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    assert (await client.get("/cases")).status_code == 303


async def test_other_people_are_not_an_operators_to_remove(
    client: httpx.AsyncClient, admin: Member
) -> None:
    await sign_in(client, await make_membership(admin.tenant))
    here = f"{PEOPLE}/{admin.membership_id}/leave"
    assert (await client.get(here)).status_code == 404
    assert (await post(client, here)).status_code == 404
    theirs = await make_membership(await make_tenant())
    assert (await client.get(f"{PEOPLE}/{theirs.membership_id}")).status_code == 404


async def test_work_that_came_since_the_page_was_opened_is_asked_about(
    desk: httpx.AsyncClient, admin: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    operator = await make_membership(admin.tenant)
    here = f"{PEOPLE}/{operator.membership_id}/leave"

    async def after_a_case_was_opened(*args: Any, **kinds: Any) -> Any:
        await make_case(operator)
        return await read_form(*args, **kinds)

    monkeypatch.setattr("hub.tenants.people.leave_pages.read_form", after_a_case_was_opened)
    answer = await post(desk, here)
    assert answer.status_code == 409
    assert "chi subentra" in answer.text
    assert 'name="taker"' in answer.text
    assert (await membership(operator))["state"] == "active"


async def test_the_last_administrator_reads_that_first_and_presses_no_button(
    desk: httpx.AsyncClient, admin: Member
) -> None:
    here = f"{PEOPLE}/{admin.membership_id}/leave"
    page = (await desk.get(here)).text
    assert "Oltre a te nessun amministratore" in page
    assert "questa persona" not in page
    assert "btn-danger" not in page
    refused = await post(desk, here)
    assert refused.status_code == 409
    assert "Oltre a te nessun amministratore" in refused.text
    await make_membership(admin.tenant, "admin")
    page = (await desk.get(here)).text
    assert "nessun amministratore lavora a tutti gli sportelli" not in page
    assert "btn-danger" in page
