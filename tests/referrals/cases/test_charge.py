"""Who is in charge of a case: shown, filtered by, given to a colleague, and handed over with a person or a desk."""

from __future__ import annotations

import re
from datetime import date, timedelta
from uuid import UUID, uuid4

import httpx
import pytest
from litestar import Litestar

from hub import clock
from hub.db import network_transaction, tenant_transaction
from hub.errors import Conflict
from hub.referrals.cases.open_work import OPEN_CASES
from hub.referrals.cases.service import assign_case
from hub.referrals.cases.test_case import open_test_case
from hub.referrals.course.schemas import RecordConsultation, RecordMilestone
from hub.referrals.course.service import record_consultation, record_milestone, reopen_case
from hub.tenants.open_work import kinds
from tests.factories import Member, make_account, make_desk, make_membership
from tests.referrals.conftest import SignedIn
from tests.referrals.making import Network, fresh_key, make_network, make_numbered_case, rows, value
from tests.tenants.network.logs import told_in


async def named(network: Network, name: str, role: str = "operator", **given: object) -> Member:
    account = await make_account(name=name)
    return await make_membership(network.operator.tenant, role, account=account, **given)  # type: ignore[arg-type]  # the maker's own


def panel(html: str) -> str:
    """The part of a case's page that says who is in charge."""
    found = re.search(r'id="charge-title".*?</section>', html, re.DOTALL)
    assert found
    return found.group(0)


def takers(html: str) -> list[str]:
    return re.findall(r'<option value="[0-9a-f-]{36}">([^<]+)</option>', panel(html))


async def assign(network: Network, actor: Member, taker: Member) -> None:
    async with tenant_transaction(actor.tenant.id) as scope:
        await assign_case(scope, actor.actor, network.case.id, taker.membership_id, uuid4())


async def in_charge(network: Network) -> UUID:
    found: UUID = await value(
        network.operator.tenant.id,
        "SELECT assigned_to FROM cases WHERE id = $1",
        network.case.id,
    )
    return found


async def test_the_page_says_who_and_gives_it_away(
    desk: httpx.AsyncClient, network: Network
) -> None:
    bruno = await named(network, "Bruno Lupo")
    path = f"/cases/{network.case.id}"
    shown = (await desk.get(path)).text
    assert "Anna Prova" in panel(shown)
    assert "(tu)" in panel(shown)
    assert takers(shown) == ["Bruno Lupo"]
    answer = await desk.post(
        f"{path}/assign",
        data={"form_key": await fresh_key(desk, path), "taker": str(bruno.membership_id)},
    )
    assert answer.status_code == 303
    assert "Bruno Lupo" in panel((await desk.get(path)).text).split("<details")[0]
    (entry,) = await rows(
        network.operator.tenant.id, "SELECT * FROM audit_log WHERE action = 'case.assigned'"
    )
    assert entry["subject_id"] == network.case.id
    assert entry["membership_id"] == network.operator.membership_id
    assert entry["codes"] == {
        "to": str(bruno.membership_id),
        "before": str(network.operator.membership_id),
    }


async def test_only_who_may_work_at_the_desk_can_be_chosen(
    desk: httpx.AsyncClient, network: Network
) -> None:
    elsewhere = await make_desk(network.operator.tenant)
    await named(network, "Here Only", desks=(network.desk,))
    await named(network, "An Admin", "admin")
    nobody = [
        await named(network, "A Viewer", "viewer"),
        await named(network, "An Editor", "editor"),
        await named(network, "Elsewhere Only", desks=(elsewhere,)),
    ]
    gone, support, expired = [await named(network, name) for name in ("Gone", "Support", "Expired")]
    async with network_transaction() as scope:
        for member, change in (
            (gone, "state = 'ended'"),
            (support, "support = true, expires_at = '2099-01-01'"),
            (expired, "expires_at = '2026-01-01'"),
        ):
            await scope.execute(
                f"UPDATE memberships SET {change} WHERE id = $1", member.membership_id
            )
    shown = (await desk.get(f"/cases/{network.case.id}")).text
    assert takers(shown) == ["An Admin", "Here Only"]
    for member in (*nobody, gone, support, expired):
        with pytest.raises(Conflict) as refusal:
            await assign(network, network.operator, member)
        assert refusal.value.code == "colleague-gone"
    assert await in_charge(network) == network.operator.membership_id


async def test_a_choice_that_was_not_offered_is_told_at_the_field(
    desk: httpx.AsyncClient, network: Network
) -> None:
    await named(network, "Bruno Lupo")
    path = f"/cases/{network.case.id}"
    stranger = (await make_network(0)).operator
    for typed in (str(stranger.membership_id), "nobody", ""):
        answer = await desk.post(
            f"{path}/assign", data={"form_key": await fresh_key(desk, path), "taker": typed}
        )
        assert answer.status_code == 422, typed
    assert await in_charge(network) == network.operator.membership_id


async def test_whoever_records_does_not_take_it_over(network: Network) -> None:
    colleague = await make_membership(network.operator.tenant)
    async with tenant_transaction(colleague.tenant.id) as scope:
        held = RecordConsultation(clock.today(), "phone")
        await record_consultation(scope, colleague.actor, network.case.id, held, uuid4())
    assert await in_charge(network) == network.operator.membership_id


async def test_assigning_twice_is_one_step(network: Network) -> None:
    colleague = await make_membership(network.operator.tenant)
    await assign(network, network.operator, colleague)
    await assign(network, network.operator, colleague)
    count = "SELECT count(*) FROM audit_log WHERE action = 'case.assigned'"
    assert await value(network.operator.tenant.id, count) == 1


async def test_a_closed_case_changes_no_hands(network: Network) -> None:
    colleague = await make_membership(network.operator.tenant)
    await close(network)
    with pytest.raises(Conflict) as refusal:
        await assign(network, network.operator, colleague)
    assert refusal.value.code == "case-closed"


async def close(network: Network) -> None:
    actor = network.operator.actor
    async with tenant_transaction(actor.tenant_id) as scope:
        reached = RecordMilestone("closed", clock.today())
        await record_milestone(scope, actor, network.case.id, reached, uuid4())


async def test_whoever_opens_again_what_was_left_behind_takes_it_on(network: Network) -> None:
    colleague = await make_membership(network.operator.tenant)
    await close(network)
    async with network_transaction() as scope:
        await scope.execute(
            "UPDATE memberships SET state = 'ended' WHERE id = $1", network.operator.membership_id
        )
    async with tenant_transaction(colleague.tenant.id) as tenant:
        await reopen_case(tenant, colleague.actor, network.case.id, uuid4())
    assert await in_charge(network) == colleague.membership_id


async def test_whoever_opens_again_a_colleagues_case_leaves_it_there(network: Network) -> None:
    colleague = await make_membership(network.operator.tenant)
    await close(network)
    async with tenant_transaction(colleague.tenant.id) as scope:
        await reopen_case(scope, colleague.actor, network.case.id, uuid4())
    assert await in_charge(network) == network.operator.membership_id


async def test_a_case_of_a_closed_desk_is_not_opened_again(network: Network) -> None:
    await close(network)
    async with network_transaction() as scope:
        await scope.execute("UPDATE desks SET state = 'closed' WHERE id = $1", network.desk.id)
    actor = network.operator.actor
    with pytest.raises(Conflict) as refusal:
        async with tenant_transaction(actor.tenant_id) as tenant:
            await reopen_case(tenant, actor, network.case.id, uuid4())
    assert refusal.value.code == "desk-closed"


async def test_the_list_shows_only_mine(
    network: Network, desk: httpx.AsyncClient, signed_in: SignedIn
) -> None:
    colleague = await make_membership(network.operator.tenant)
    theirs = await make_numbered_case(colleague, citizen=network.citizen, desk=network.desk)
    everything = (await desk.get("/cases")).text
    assert network.case.number in everything
    assert theirs.number in everything
    mine = (await desk.get("/cases?mine=yes")).text
    assert network.case.number in mine
    assert theirs.number not in mine
    assert "mine=yes" in mine.split('class="hub-tabs"')[1].split("</nav>")[0]
    other = await signed_in(colleague)
    assert theirs.number in (await other.get("/cases?mine=yes&state=open")).text


async def test_it_is_the_open_work_of_a_person_and_of_a_desk(
    app: Litestar, network: Network
) -> None:
    assert app.routes  # It names the kinds of work when it is put together.
    assert OPEN_CASES in kinds()
    tenant_id, me = network.operator.tenant.id, network.operator.membership_id
    closed = await make_numbered_case(network.operator, citizen=network.citizen, desk=network.desk)
    async with tenant_transaction(tenant_id) as scope:
        await scope.execute("UPDATE cases SET state = 'closed' WHERE id = $1", closed.id)
        await open_test_case(scope, network.operator.actor)
        assert await OPEN_CASES.of_member(scope, me) == 1
        assert await OPEN_CASES.of_members(scope, [me, uuid4()]) == {me: 1}
        assert await OPEN_CASES.desks_of_member(scope, me) == {network.desk.id}
        assert await OPEN_CASES.of_desk(scope, network.desk.id) == 1


async def test_what_is_handed_over_and_what_stays(network: Network) -> None:
    """Tests go along uncounted; a closed case stays with who closed it."""
    colleague = await make_membership(network.operator.tenant)
    tenant_id, me = network.operator.tenant.id, network.operator.membership_id
    actor = network.operator.actor
    closed = await make_numbered_case(network.operator, citizen=network.citizen, desk=network.desk)
    async with tenant_transaction(tenant_id) as scope:
        await scope.execute("UPDATE cases SET state = 'closed' WHERE id = $1", closed.id)
        test = await open_test_case(scope, network.operator.actor)
    async with tenant_transaction(tenant_id) as scope:
        assert await OPEN_CASES.give_to_member(scope, actor, me, colleague.membership_id) == 1
    found = await rows(tenant_id, "SELECT id, assigned_to FROM cases")
    assert {row["id"]: row["assigned_to"] for row in found} == {
        network.case.id: colleague.membership_id,
        test: colleague.membership_id,
        closed.id: me,
    }


async def test_a_case_tells_through_whose_hands_it_went(
    network: Network, signed_in: SignedIn
) -> None:
    tenant = network.operator.tenant
    me = network.operator.membership_id
    admin = await named(network, "Cristina Capo", "admin")
    taker = await named(network, "Marco Nuovo")
    desk = await make_desk(tenant, name="Sportello nuovo")
    async with tenant_transaction(tenant.id) as scope:
        await OPEN_CASES.give_to_member(scope, admin.actor, me, taker.membership_id)
    async with tenant_transaction(tenant.id) as scope:
        await OPEN_CASES.move_to_desk(scope, None, network.desk.id, desk.id)
    page = (await (await signed_in(admin)).get(f"/cases/{network.case.id}")).text
    told = list(reversed(told_in(page)))
    assert told[-2:] == [
        ("Affidata a Marco Nuovo", "Cristina Capo"),
        ("Spostata a «Sportello nuovo»", "l’hub"),
    ]
    assert "In precedenza: Anna Prova" in page
    assert f"In precedenza: {network.desk.name}" in page


async def test_nothing_is_handed_to_somebody_who_has_left(network: Network) -> None:
    colleague = await make_membership(network.operator.tenant)
    async with network_transaction() as scope:
        await scope.execute(
            "UPDATE memberships SET state = 'ended' WHERE id = $1", colleague.membership_id
        )
    with pytest.raises(Conflict):
        async with tenant_transaction(colleague.tenant.id) as tenant:
            await OPEN_CASES.give_to_member(
                tenant, None, network.operator.membership_id, colleague.membership_id
            )


async def test_nothing_moves_to_a_desk_that_is_closed(network: Network) -> None:
    closed = await make_desk(network.operator.tenant, state="closed")
    with pytest.raises(Conflict):
        async with tenant_transaction(network.operator.tenant.id) as scope:
            await OPEN_CASES.move_to_desk(scope, None, network.desk.id, closed.id)


async def last_consultation(network: Network) -> date | None:
    day: date | None = await value(
        network.operator.tenant.id,
        "SELECT last_consultation_on FROM desks WHERE id = $1",
        network.desk.id,
    )
    return day


async def test_the_desk_knows_its_last_consultation(network: Network) -> None:
    actor = network.operator.actor
    day = clock.today()
    for held_on, known in (
        (day - timedelta(days=9), day - timedelta(days=9)),
        (day - timedelta(days=30), day - timedelta(days=9)),
        (day, day),
    ):
        async with tenant_transaction(actor.tenant_id) as scope:
            held = RecordConsultation(held_on, "phone")
            await record_consultation(scope, actor, network.case.id, held, uuid4())
        assert await last_consultation(network) == known


async def test_opening_a_case_is_a_conversation_too(
    desk: httpx.AsyncClient, network: Network
) -> None:
    assert await last_consultation(network) is None
    path = f"/citizens/{network.citizen.id}/cases/new"
    answer = await desk.post(
        path,
        data={
            "form_key": await fresh_key(desk, path),
            "desk_id": str(network.desk.id),
            "kind": "social_loan",
            "amount": "5000",
            "region_code": "15",
            "purpose": "a bicycle",
        },
    )
    assert answer.status_code == 303, answer.text
    assert await last_consultation(network) == clock.today()
