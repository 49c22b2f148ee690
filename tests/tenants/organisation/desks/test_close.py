"""Closing a desk for good strands nobody and nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import httpx
import pytest

from hub import clock
from hub.db import network_transaction, tenant_transaction
from hub.ids import uuid7
from hub.tenants import open_work
from hub.tenants.directory.queries import find_desk
from hub.tenants.organisation.desks import queries
from hub.tenants.organisation.desks.close import TakerNotActive, close_desk
from hub.tenants.organisation.desks.schemas import CloseDesk
from hub.tenants.organisation.desks.service import DeskClosed
from hub.tenants.people.accept import join
from hub.tenants.people.change import limit_to_desks
from hub.tenants.people.invite import invite
from hub.tenants.people.links import Link
from hub.tenants.people.schemas import Invite
from tests.factories import (
    Desk,
    Member,
    Tenant,
    make_account,
    make_case,
    make_desk,
    make_membership,
    make_tenant,
)
from tests.support.databases import Connection, Database, connected
from tests.support.web import sign_in
from tests.tenants.organisation.making import actions, desk_row, set_desk, touched

# The application says what hangs on a desk.
pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
async def beside(db: Database) -> AsyncIterator[Connection]:
    async with connected(db.superuser_url) as connection:
        yield connection


@pytest.fixture
async def watching(db: Database) -> AsyncIterator[Connection]:
    """In no transaction, within which it would go on seeing the connections of its beginning."""
    async with connected(db.superuser_url) as connection:
        yield connection


async def close(
    client: httpx.AsyncClient, desk: Desk, taker: Desk | None = None, **fields: str
) -> httpx.Response:
    data = {
        "reason": "inactivity",
        "closed_on": clock.today().isoformat(),
        "taker_id": str(taker.id) if taker else "",
        **fields,
    }
    return await client.post(f"/organisation/desks/{desk.id}/close", data=data)


async def desk_of(host: Tenant, case_id: UUID) -> UUID:
    async with tenant_transaction(host.id) as scope:
        found: UUID = await scope.fetchval("SELECT desk_id FROM cases WHERE id = $1", case_id)
    return found


async def desks_of(member: Member) -> set[UUID]:
    async with tenant_transaction(member.tenant.id) as scope:
        rows = await scope.fetch(
            "SELECT desk_id FROM membership_desks WHERE membership_id = $1", member.membership_id
        )
    return {row["desk_id"] for row in rows}


async def test_cases_are_among_what_hangs_on_a_desk() -> None:
    assert "open cases" in [kind.label for kind in open_work.kinds()]


async def test_open_work_goes_to_the_desk_that_takes_over(
    office: httpx.AsyncClient, host: Tenant
) -> None:
    operator = await make_membership(host, "operator")
    desk, taker = await make_desk(host), await make_desk(host)
    cases = [await make_case(operator, desk=desk) for _ in range(2)]
    asked = (await office.get(f"/organisation/desks/{desk.id}/close")).text
    assert "Open cases: <strong>2</strong>" in asked
    assert taker.name in asked

    answer = await close(office, desk, taker)
    assert (answer.status_code, answer.headers["location"]) == (303, "/organisation/desks")
    row = await desk_row(host, desk.id)
    assert (row["state"], row["closed_reason"]) == ("closed", "inactivity")
    assert row["closed_on"] == clock.today()
    assert {await desk_of(host, case.id) for case in cases} == {taker.id}
    assert await actions(host) == ["work.handed_over", "desk.closed"]
    assert await touched(host) == 1
    async with network_transaction() as scope:
        assert await find_desk(scope, desk.id) is None
        assert await find_desk(scope, taker.id) is not None
    shown = (await office.get(f"/organisation/desks/{desk.id}")).text
    assert "Closed since" in shown
    assert "Inactivity" in shown


async def test_open_work_without_a_taker_keeps_the_desk_open(
    office: httpx.AsyncClient, host: Tenant
) -> None:
    operator = await make_membership(host, "operator")
    desk, other = await make_desk(host), await make_desk(host)
    case = await make_case(operator, desk=desk)
    refused = await close(office, desk)
    assert refused.status_code == 422
    assert "Choose one of the options." in refused.text
    assert (
        "(optional)"
        not in refused.text.partition('for="field-taker_id"')[2].partition("</label>")[0]
    )
    await set_desk(other, state="closed")
    shown = (await office.get(f"/organisation/desks/{desk.id}/close")).text
    assert "There is no other active desk" in shown
    assert 'name="reason"' not in shown
    refused = await close(office, desk)
    assert refused.status_code == 422
    assert "close the open cases first" in refused.text
    assert (await desk_row(host, desk.id))["state"] == "active"
    assert await desk_of(host, case.id) == desk.id
    assert await actions(host) == []


async def test_the_last_desk_closes_when_nothing_is_open(
    office: httpx.AsyncClient, host: Tenant
) -> None:
    operator = await make_membership(host, "operator")
    desk = await make_desk(host)
    case = await make_case(operator, desk=desk)
    async with tenant_transaction(host.id) as scope:
        await scope.execute(
            "UPDATE cases SET state = 'closed' WHERE id = $1",
            case.id,
        )
    assert (await close(office, desk)).status_code == 303
    # Its case is still there, under its desk.
    shown = await office.get(f"/cases/{case.id}")
    assert shown.status_code == 200
    assert desk.name in shown.text


async def test_who_is_limited_to_the_desk_is_named_and_gets_the_other(
    office: httpx.AsyncClient, host: Tenant
) -> None:
    desk, taker, third = [await make_desk(host) for _ in range(3)]
    alone = await make_membership(host, "operator", desks=(desk,))
    both = await make_membership(host, "operator", desks=(desk, third))
    has_it = await make_membership(host, "operator", desks=(desk, taker))
    elsewhere = await make_membership(host, "operator", desks=(third,))
    invitation = uuid7()
    async with tenant_transaction(host.id) as scope:
        await scope.execute(
            """
            INSERT INTO invitations (id, tenant_id, email, role, limited_to_desks, desk_ids,
              created_at, expires_at)
            VALUES ($1, $2, 'new@example.org', 'operator', true, $3, $4, $5)
            """,
            invitation,
            host.id,
            [desk.id],
            scope.now,
            scope.now + timedelta(days=7),
        )
    asked = (await office.get(f"/organisation/desks/{desk.id}/close")).text
    assert "These people work at some desks only" in asked
    assert asked.count(f"<li>{alone.account.name}</li>") == 3
    assert (await close(office, desk, taker)).status_code == 303
    assert await desks_of(alone) == {desk.id, taker.id}
    assert await desks_of(both) == {desk.id, third.id, taker.id}
    assert await desks_of(has_it) == {desk.id, taker.id}
    assert await desks_of(elsewhere) == {third.id}
    async with tenant_transaction(host.id) as scope:
        invited = await scope.fetchval("SELECT desk_ids FROM invitations WHERE id = $1", invitation)
    assert taker.id in invited
    assert await actions(host) == ["membership.limited", "membership.limited", "desk.closed"]


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("reason", "", "Choose one of the options."),
        ("reason", "boredom", "Choose one of the options."),
        ("closed_on", "2999-01-01", "in the future"),
        ("closed_on", "2020-01-01", "not open yet"),
        ("closed_on", "", "Fill in this field."),
    ],
)
async def test_what_cannot_be_taken_is_said(
    office: httpx.AsyncClient, host: Tenant, field: str, typed: str, said: str
) -> None:
    desk = await make_desk(host)
    refused = await close(office, desk, None, **{field: typed})
    assert refused.status_code == 422
    assert said in refused.text
    assert (await desk_row(host, desk.id))["state"] == "active"


async def test_no_desk_of_others_and_not_itself_takes_over(
    office: httpx.AsyncClient, host: Tenant
) -> None:
    desk = await make_desk(host)
    foreign = await make_desk(await make_tenant("host"))
    preparing = await make_desk(host, state="setting_up")
    for taker in (desk, foreign, preparing):
        refused = await close(office, desk, taker)
        assert refused.status_code == 422
        assert "Choose one of the options." in refused.text


async def test_a_closed_desk_is_neither_closed_again_nor_changed(
    office: httpx.AsyncClient, host: Tenant
) -> None:
    desk = await make_desk(host)
    assert (await close(office, desk)).status_code == 303
    here = f"/organisation/desks/{desk.id}"
    assert (await close(office, desk)).status_code == 409
    assert (await office.get(f"{here}/close")).status_code == 409
    assert (await office.get(f"{here}/edit")).status_code == 409
    assert (await office.post(f"{here}/verify")).status_code == 409
    assert await actions(host) == ["desk.closed"]


def closing(taker: Desk | None) -> CloseDesk:
    return CloseDesk("inactivity", clock.today(), taker.id if taker else None)


async def close_it(admin: Member, desk: Desk, taker: Desk) -> str:
    try:
        async with tenant_transaction(admin.tenant.id) as scope:
            await close_desk(scope, admin.actor, desk.id, closing(taker))
    except (DeskClosed, TakerNotActive) as refused:
        return refused.code
    return "closed"


async def test_two_desks_that_hand_over_to_each_other_do_not_both_close(
    host: Tenant, admin: Member
) -> None:
    """Nor do they wait for each other for ever."""
    first, second = await make_desk(host), await make_desk(host)
    results = await asyncio.gather(close_it(admin, first, second), close_it(admin, second, first))
    assert sorted(results) == ["closed", "taker-not-active"]


async def test_of_two_admins_who_close_one_desk_one_does(host: Tenant, admin: Member) -> None:
    desk, taker = await make_desk(host), await make_desk(host)
    results = await asyncio.gather(*[close_it(admin, desk, taker) for _ in range(2)])
    assert sorted(results) == ["closed", "desk-closed"]
    assert (await actions(host)).count("desk.closed") == 1


async def test_a_case_that_is_being_opened_when_the_desk_closes_goes_along(
    host: Tenant, admin: Member
) -> None:
    """Its writer holds the desk (hub/referrals/members/standing.py); closing waits for it and then moves the case."""
    operator = await make_membership(host, "operator")
    desk, taker = await make_desk(host), await make_desk(host)
    known = await make_case(operator, desk=taker)
    case_id = uuid7()
    held, written = asyncio.Event(), asyncio.Event()

    async def open_case() -> None:
        async with tenant_transaction(host.id) as scope:
            await scope.execute("SELECT FROM desks WHERE id = $1 FOR SHARE", desk.id)
            held.set()
            # As long as closing takes to reach the lock, and a little more.
            await asyncio.sleep(0.3)
            await scope.execute(
                """
                INSERT INTO cases (id, tenant_id, number, citizen_id, desk_id, kind, purpose,
                  amount_cents, region_code, state, milestone, opened_at, opened_by, assigned_to,
                  updated_at)
                SELECT $1, tenant_id, nextval('case_numbers')::text, citizen_id, $2, kind, purpose,
                  amount_cents, region_code, 'open', 'opened', $3, opened_by, assigned_to, $3
                FROM cases WHERE id = $4
                """,
                case_id,
                desk.id,
                scope.now,
                known.id,
            )
        written.set()

    async def shut() -> None:
        await held.wait()
        assert await close_it(admin, desk, taker) == "closed"
        assert written.is_set()

    async with asyncio.TaskGroup() as group:
        group.create_task(open_case())
        group.create_task(shut())
    assert await desk_of(host, case_id) == taker.id


async def test_whoever_is_limited_to_desks_meanwhile_neither_hangs_nor_is_stranded(
    host: Tenant, admin: Member, beside: Connection, watching: Connection
) -> None:
    """Closing waits in its middle, for somebody who writes on one of the desk's cases."""
    desk, taker = await make_desk(host), await make_desk(host)
    operator = await make_membership(host, "operator", desks=(desk,))
    other = await make_membership(host, "admin")
    case = await make_case(await make_membership(host, "operator"), desk=desk)
    async with beside.transaction():
        await beside.execute("SELECT FROM cases WHERE id = $1 FOR UPDATE", case.id)
        closed = asyncio.create_task(close_it(admin, desk, taker))
        await waits_for_a_lock(watching)
        limited = asyncio.create_task(limit(other, operator, taker))
        await waits_for_a_lock(watching, 2)
    assert await closed == "closed"
    await limited
    assert await desks_of(operator) == {taker.id}


async def test_whoever_accepts_meanwhile_neither_hangs_nor_is_stranded(
    host: Tenant, admin: Member, beside: Connection, watching: Connection
) -> None:
    desk, taker = await make_desk(host), await make_desk(host)
    account = await make_account()
    asked = Invite(email=account.email, role="operator", limited_to_desks=True, desk_ids=(desk.id,))
    async with tenant_transaction(host.id) as scope:
        invitation_id = await invite(scope, host.id, admin.actor, asked)
    case = await make_case(await make_membership(host, "operator"), desk=desk)

    async def accept() -> UUID:
        async with network_transaction() as scope:
            return await join(scope, Link(invitation_id, 1), account.id)

    async with beside.transaction():
        await beside.execute("SELECT FROM cases WHERE id = $1 FOR UPDATE", case.id)
        closed = asyncio.create_task(close_it(admin, desk, taker))
        await waits_for_a_lock(watching)
        accepted = asyncio.create_task(accept())
        await waits_for_a_lock(watching, 2)
    assert await closed == "closed"
    joined = await accepted
    async with tenant_transaction(host.id) as scope:
        rows = await scope.fetch(
            "SELECT desk_id FROM membership_desks WHERE membership_id = $1", joined
        )
    assert taker.id in {row["desk_id"] for row in rows}


async def limit(actor: Member, member: Member, *desks: Desk) -> None:
    async with tenant_transaction(actor.tenant.id) as scope:
        await limit_to_desks(scope, actor.actor, member.membership_id, [desk.id for desk in desks])


async def waits_for_a_lock(connection: Connection, number: int = 1) -> None:
    """Until so many transactions wait for another's."""
    async with asyncio.timeout(30):
        while True:
            waiting = await connection.fetchval(
                """
                SELECT count(*) FROM pg_stat_activity
                WHERE datname = current_database() AND wait_event_type = 'Lock'
                """
            )
            if waiting >= number:
                return
            await asyncio.sleep(0.02)


async def test_a_case_opened_after_the_closing_is_refused(
    office: httpx.AsyncClient, host: Tenant, client: httpx.AsyncClient
) -> None:
    """From a form that was loaded before."""
    desk, other = await make_desk(host), await make_desk(host)
    operator = await make_membership(host, "operator")
    assert (await close(office, desk)).status_code == 303
    await sign_in(client, operator)
    answer = await client.post(
        "/cases/new", data={"desk_id": str(desk.id), "form_key": str(uuid7())}
    )
    assert answer.status_code == 422
    async with tenant_transaction(host.id) as scope:
        assert await scope.fetchval("SELECT count(*) FROM cases") == 0
        found = await queries.desks(scope)
    assert [one.id for one in found] == [other.id, desk.id]


async def test_only_admins_of_the_whole_organisation_close_desks(
    client: httpx.AsyncClient, host: Tenant
) -> None:
    desk = await make_desk(host)
    for person in (
        await make_membership(host, "operator"),
        await make_membership(host, "admin", desks=(desk,)),
    ):
        await sign_in(client, person)
        assert (await close(client, desk)).status_code == 403
    assert (await desk_row(host, desk.id))["state"] == "active"


async def test_a_desk_in_preparation_may_be_given_up(
    office: httpx.AsyncClient, host: Tenant
) -> None:
    desk = await make_desk(host, state="setting_up")
    await set_desk(desk, opened_on=None)
    answer = await close(office, desk, closed_on=(clock.today() - timedelta(days=3)).isoformat())
    assert answer.status_code == 303
