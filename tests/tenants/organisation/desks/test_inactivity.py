"""A silent desk that the Ente closes: announced, answered, and done by the hub in its host's own scope."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from hub import clock, mail
from hub.config import Settings
from hub.db import network_transaction
from hub.tenants.directory.queries import find_desk
from hub.tenants.organisation.desks.tasks import close_silent
from hub.worker import drain_now
from tests.factories import Desk, Member, Tenant, make_case, make_desk, make_membership, make_tenant
from tests.support.smtp_sink import SmtpSink
from tests.support.web import sign_in
from tests.tenants.organisation.desks.test_close import close, desk_of
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


async def test_a_conversation_keeps_the_desk_open(board: httpx.AsyncClient, admin: Member) -> None:
    desk = await silent_desk(admin.tenant)
    assert (await announce(board, desk)).status_code == 303
    await set_desk(desk, last_consultation_on=clock.today())
    await the_day_comes()
    row = await desk_row(admin.tenant, desk.id)
    assert (row["state"], row["closing_on"]) == ("active", None)
    assert (await actions(admin.tenant))[-1] == "desk.closing_lapsed"


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
    await set_desk(desk, closing_on=None)
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
    assert (await desk_row(host, desk.id))["closing_on"] is None
