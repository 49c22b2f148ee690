"""A silent desk that the Ente closes: announced, answered, and done by the hub in its host's own scope."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import httpx
import pytest

from hub import clock, mail
from hub.config import Settings
from hub.db import TenantScope, network_transaction, relay_transaction, tenant_transaction
from hub.ids import uuid7
from hub.outbox import Job
from hub.tenants.directory.queries import find_desk
from hub.tenants.organisation.desks import inactivity, tasks
from hub.tenants.organisation.desks.schemas import AnnounceClosing
from hub.tenants.organisation.desks.tasks import close_silent
from hub.worker import drain_now
from tests.factories import Desk, Member, Tenant, make_case, make_desk, make_membership, make_tenant
from tests.support.databases import Database, connected
from tests.support.smtp_sink import SmtpSink
from tests.support.web import sign_in
from tests.tenants.organisation.desks.test_close import close, close_it, desk_of, waits_for_a_lock
from tests.tenants.organisation.making import actions, desk_row, set_desk

NewClient = Callable[[], httpx.AsyncClient]
DAY = timedelta(days=1)

# The application says what hangs on a desk.
pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def mailed(smtp_sink: SmtpSink, settings: Settings) -> SmtpSink:
    mail.use_relay(replace(settings, smtp_url=smtp_sink.url))
    return smtp_sink


@pytest.fixture
async def ente(host: Tenant) -> Member:
    return await make_membership(await make_tenant("coordinator"), "admin")


@pytest.fixture
async def board(new_client: NewClient, ente: Member) -> httpx.AsyncClient:
    client = new_client()
    await sign_in(client, ente)
    return client


async def silent_desk(host: Tenant) -> Desk:
    desk = await make_desk(host)
    await set_desk(
        desk,
        opened_on=clock.today() - 400 * DAY,
        last_consultation_on=clock.today() - 61 * DAY,
    )
    return desk


async def announce(
    board: httpx.AsyncClient, desk: Desk, taker: Desk | None = None, days: int = 20
) -> httpx.Response:
    data = {
        "desk_id": str(desk.id),
        "closing_on": (clock.today() + days * DAY).isoformat(),
        "taker_id": str(taker.id) if taker else "",
        "note": "Vi abbiamo telefonato due volte.",
    }
    return await board.post(f"/network/organisations/{desk.tenant.id}/desks/close", data=data)


async def announced_for(host: Tenant) -> list[UUID]:
    """The desks."""
    async with tenant_transaction(host.id) as scope:
        rows = await scope.fetch("SELECT desk_id FROM announced_closings")
    return [row["desk_id"] for row in rows]


async def suspend(host: Tenant, ente: Member, *, lifted: bool = False) -> None:
    async with network_transaction() as scope:
        await scope.execute(
            "UPDATE tenants SET state = $2 WHERE id = $1",
            host.id,
            "active" if lifted else "suspended",
        )
        await scope.execute(
            "UPDATE suspensions SET lifted_at = $2 WHERE tenant_id = $1", host.id, scope.now
        )
        if not lifted:
            await scope.execute(
                """
                INSERT INTO suspensions (id, tenant_id, reason, suspended_at, suspended_by)
                VALUES ($1, $2, 'protocol', $3, $4)
                """,
                uuid7(),
                host.id,
                scope.now,
                ente.membership_id,
            )


async def the_day_comes(days: int = 20) -> None:
    with clock.moved(days * DAY):
        await close_silent()


async def test_announced_written_to_the_host_and_closed_with_its_work(
    board: httpx.AsyncClient, office: httpx.AsyncClient, admin: Member, mailed: SmtpSink
) -> None:
    host = admin.tenant
    desk, taker = await silent_desk(host), await make_desk(host)
    case = await make_case(await make_membership(host, "operator"), desk=desk)
    below = f"/network/organisations/{host.id}/desks"
    listed = (await board.get(below)).text
    assert f"{below}/close?desk={desk.id}" in listed
    assert f"{below}/close?desk={taker.id}" not in listed
    assert taker.name in (await board.get(f"{below}/close?desk={desk.id}")).text
    answer = await announce(board, desk, taker)
    assert (answer.status_code, answer.headers["location"]) == (303, below)
    assert "close/withdraw" in (await board.get(below)).text
    await drain_now()
    (letter,) = mailed.sent_to(admin.account.email)
    for said in (desk.name, taker.name, "Vi abbiamo telefonato", f"/organisation/desks/{desk.id}"):
        assert said in letter.text()
    assert "Vi abbiamo telefonato" in (await office.get(f"/organisation/desks/{desk.id}")).text

    await the_day_comes(19)
    assert (await desk_row(host, desk.id))["state"] == "active"
    await the_day_comes(20)
    row = await desk_row(host, desk.id)
    assert (row["state"], row["closed_reason"]) == ("closed", "inactivity")
    assert await desk_of(host, case.id) == taker.id
    assert await actions(host) == ["desk.closing_announced", "work.handed_over", "desk.closed"]
    async with network_transaction() as scope:
        assert await find_desk(scope, desk.id) is None


@pytest.mark.parametrize("after", [-10, 0, 1, 59])
async def test_a_conversation_keeps_the_desk_open(
    board: httpx.AsyncClient, admin: Member, after: int
) -> None:
    """However long ago it is by then; also one of the days before that is recorded late."""
    desk = await silent_desk(admin.tenant)
    assert (await announce(board, desk, days=60)).status_code == 303
    await set_desk(desk, last_consultation_on=clock.today() + after * DAY)
    await the_day_comes(60)
    assert (await desk_row(admin.tenant, desk.id))["state"] == "active"
    assert await announced_for(admin.tenant) == []
    assert (await actions(admin.tenant))[-1] == "desk.closing_lapsed"


async def test_a_worker_that_comes_late_still_hears_of_the_conversation(
    board: httpx.AsyncClient, admin: Member
) -> None:
    desk = await silent_desk(admin.tenant)
    await announce(board, desk)
    await set_desk(desk, last_consultation_on=clock.today() + DAY)
    await the_day_comes(200)
    assert (await desk_row(admin.tenant, desk.id))["state"] == "active"


async def test_a_suspended_host_cannot_answer_and_keeps_its_desk(
    board: httpx.AsyncClient, ente: Member, admin: Member
) -> None:
    """Nor is it closed the minute after the suspension: the Ente may announce it again."""
    host = admin.tenant
    desk = await silent_desk(host)
    await announce(board, desk)
    await suspend(host, ente)
    await the_day_comes()
    async with tenant_transaction(host.id) as scope:
        with clock.moved(20 * DAY):
            await inactivity.close_due(scope, desk.id)
    assert (await desk_row(host, desk.id))["state"] == "active"
    assert await announced_for(host) == [desk.id]
    with clock.moved(20 * DAY):
        await suspend(host, ente, lifted=True)
    await the_day_comes(21)
    assert (await desk_row(host, desk.id))["state"] == "active"
    assert (await actions(host))[-1] == "desk.closing_lapsed"
    assert await announced_for(host) == []


async def test_a_suspension_that_was_over_before_the_announcement_changes_nothing(
    board: httpx.AsyncClient, ente: Member, admin: Member
) -> None:
    desk = await silent_desk(admin.tenant)
    with clock.moved(-DAY):
        await suspend(admin.tenant, ente)
        await suspend(admin.tenant, ente, lifted=True)
    assert (await announce(board, desk)).status_code == 303
    await the_day_comes()
    assert (await desk_row(admin.tenant, desk.id))["state"] == "closed"


async def test_whose_host_is_still_coming_is_not_closed(
    board: httpx.AsyncClient, admin: Member
) -> None:
    desk = await silent_desk(admin.tenant)
    await announce(board, desk)
    async with network_transaction() as scope:
        await scope.execute(
            "UPDATE tenants SET coming_kinds = '{host}' WHERE id = $1", admin.tenant.id
        )
    await the_day_comes()
    assert (await desk_row(admin.tenant, desk.id))["state"] == "active"


async def test_announcing_while_the_host_closes_the_taker_waits_in_one_order(
    db: Database, host: Tenant, ente: Member, admin: Member
) -> None:
    """The host closes A, which B takes over; the Ente announces B, which A takes over. Neither waits for ever."""
    first, desk = await make_desk(host), await silent_desk(host)
    assert first.id < desk.id
    case = await make_case(await make_membership(host, "operator"), desk=first)
    asked = AnnounceClosing(
        desk_id=desk.id, closing_on=clock.today() + 20 * DAY, taker_id=first.id, note="Silenzio."
    )

    async def announce_it() -> None:
        async with network_transaction() as scope:
            await inactivity.announce(scope, ente.actor, host.id, asked)

    async with connected(db.superuser_url) as beside, connected(db.superuser_url) as watching:
        async with beside.transaction():
            await beside.execute("SELECT FROM desks WHERE id = $1 FOR UPDATE", desk.id)
            announced = asyncio.create_task(announce_it())
            await waits_for_a_lock(watching)
            closed = asyncio.create_task(close_it(admin, first, desk))
            await waits_for_a_lock(watching, 2)
        await announced
        assert await closed == "closed"
    assert await desk_of(host, case.id) == desk.id


async def test_what_is_wrong_with_one_desk_does_not_hold_up_the_others(
    board: httpx.AsyncClient,
    admin: Member,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    ill, well = await silent_desk(admin.tenant), await silent_desk(await make_tenant("host"))
    for desk in (ill, well):
        assert (await announce(board, desk)).status_code == 303
    whole = inactivity.close_due

    async def close_due(scope: TenantScope, desk_id: UUID) -> None:
        if desk_id == ill.id:
            raise RuntimeError("Mario Rossi")
        await whole(scope, desk_id)

    monkeypatch.setattr(tasks, "close_due", close_due)
    await the_day_comes()
    assert (await desk_row(ill.tenant, ill.id))["state"] == "active"
    assert (await desk_row(well.tenant, well.id))["state"] == "closed"
    assert str(ill.id) in caplog.text
    assert "Mario" not in caplog.text


@pytest.mark.parametrize(
    ("order", "letter"),
    [
        ("tell_closing", "desks.announce_closing"),
        ("tell_ente_left", "desks.write_ente_left"),
        ("tell_ente", "desks.ask_ente"),
    ],
)
async def test_letters_are_ordered_once_though_a_worker_dies_before_it_says_so(
    ente: Member, admin: Member, order: str, letter: str
) -> None:
    desk = await make_desk(admin.tenant)
    job = Job(uuid7(), admin.tenant.id, f"desks.{order}", {}, 1)
    for attempt in (1, 2):
        await getattr(tasks, order)(replace(job, attempt=attempt), desk_id=desk.id)
    async with relay_transaction() as scope:
        rows = await scope.fetch("SELECT args FROM outbox WHERE task = $1", letter)
    mine = [row for row in rows if row["args"]["desk_id"] == str(desk.id)]
    readers = {row["args"]["membership_id"] for row in mine}
    assert len(mine) == len(readers)
    assert str((admin if order == "tell_closing" else ente).membership_id) in readers


async def test_what_the_ente_writes_is_for_the_host_alone_and_goes_with_the_closing(
    board: httpx.AsyncClient, admin: Member
) -> None:
    host, stranger = admin.tenant, await make_tenant("host")
    desk = await silent_desk(host)
    await announce(board, desk)
    assert await announced_for(host) == [desk.id]
    assert await announced_for(stranger) == []
    assert "telefonato" not in str(await desk_row(host, desk.id))
    await the_day_comes()
    assert (await desk_row(host, desk.id))["state"] == "closed"
    assert await announced_for(host) == []


async def test_open_work_that_nobody_takes_over_keeps_the_desk_open_and_the_ente_is_told(
    board: httpx.AsyncClient, ente: Member, admin: Member, mailed: SmtpSink
) -> None:
    """Its only desk; what its cases are about the letter does not say, since the Ente does not see them."""
    host = admin.tenant
    desk = await silent_desk(host)
    case = await make_case(await make_membership(host, "operator"), desk=desk)
    assert (await announce(board, desk)).status_code == 303
    await the_day_comes()
    await the_day_comes()
    assert (await desk_row(host, desk.id))["state"] == "active"
    assert await desk_of(host, case.id) == desk.id
    assert await actions(host) == ["desk.closing_announced", "desk.closing_failed"]
    with clock.moved(20 * DAY):
        await drain_now()
    (letter,) = mailed.sent_to(ente.account.email)
    assert desk.name in letter.text()


async def test_the_only_desk_closes_where_nothing_is_open(
    board: httpx.AsyncClient, admin: Member
) -> None:
    desk = await silent_desk(admin.tenant)
    assert (await announce(board, desk)).status_code == 303
    await the_day_comes()
    assert (await desk_row(admin.tenant, desk.id))["state"] == "closed"


async def test_the_host_chooses_another_desk_by_closing_it_itself(
    board: httpx.AsyncClient, office: httpx.AsyncClient, admin: Member
) -> None:
    host = admin.tenant
    desk, named, chosen = await silent_desk(host), await make_desk(host), await make_desk(host)
    case = await make_case(await make_membership(host, "operator"), desk=desk)
    await announce(board, desk, named)
    assert (await close(office, desk, chosen)).status_code == 303
    assert await announced_for(host) == []
    await the_day_comes()
    assert await desk_of(host, case.id) == chosen.id
    assert (await actions(host)).count("desk.closed") == 1


async def test_a_taker_that_closed_meanwhile_takes_nothing(
    board: httpx.AsyncClient, admin: Member
) -> None:
    host = admin.tenant
    desk, taker = await silent_desk(host), await make_desk(host)
    case = await make_case(await make_membership(host, "operator"), desk=desk)
    await announce(board, desk, taker)
    await set_desk(taker, state="closed")
    await the_day_comes()
    assert await desk_of(host, case.id) == desk.id
    assert (await actions(host))[-1] == "desk.closing_failed"


async def test_taken_back(board: httpx.AsyncClient, admin: Member) -> None:
    desk = await silent_desk(admin.tenant)
    await announce(board, desk)
    below = f"/network/organisations/{admin.tenant.id}/desks/close/withdraw"
    for _ in range(2):
        assert (await board.post(below, data={"desk_id": str(desk.id)})).status_code == 303
    await the_day_comes()
    assert (await desk_row(admin.tenant, desk.id))["state"] == "active"
    assert await actions(admin.tenant) == ["desk.closing_announced", "desk.closing_withdrawn"]


async def test_what_is_refused(board: httpx.AsyncClient, admin: Member) -> None:
    host = admin.tenant
    desk, other = await silent_desk(host), await make_desk(host)
    foreign = await silent_desk(await make_tenant("host"))
    for answer, status in (
        (await announce(board, other, desk), 422),
        (await announce(board, desk, other, days=14), 422),
        (await announce(board, desk, other, days=61), 422),
        (await announce(board, desk), 422),
        (await announce(board, desk, foreign), 422),
        (await announce(board, replace(foreign, tenant=host)), 303),
        (await announce(board, desk, other), 303),
        (await announce(board, desk, other), 422),
    ):
        assert answer.status_code == status
        assert status != 422 or "alert-danger" in answer.text
    assert await actions(host) == ["desk.closing_announced"]
    assert await actions(foreign.tenant) == []
    async with tenant_transaction(host.id) as scope:
        await scope.execute("DELETE FROM announced_closings")
    async with network_transaction() as scope:
        await scope.execute("UPDATE tenants SET state = 'suspended' WHERE id = $1", host.id)
    assert (await announce(board, desk, other)).status_code == 422


async def test_only_the_entes_admins(new_client: NewClient, host: Tenant, ente: Member) -> None:
    desk = await silent_desk(host)
    for person in (
        await make_membership(ente.tenant, "viewer"),
        await make_membership(host, "admin"),
    ):
        client = new_client()
        await sign_in(client, person)
        assert (await announce(client, desk)).status_code == 403
    assert await announced_for(host) == []
