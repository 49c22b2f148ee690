"""A further desk of an active host: asked for, and opened by the Ente."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from hub import clock, mail
from hub.config import Settings
from hub.db import network_transaction
from hub.ids import uuid7
from hub.tenants.directory.queries import find_desk
from hub.worker import drain_now
from tests.factories import Desk, Tenant, make_desk, make_membership, make_tenant
from tests.support.smtp_sink import SmtpSink
from tests.support.web import sign_in
from tests.tenants.organisation.making import actions, desk_row, set_desk

NewClient = Callable[[], httpx.AsyncClient]


@pytest.fixture
def mailed(smtp_sink: SmtpSink, settings: Settings) -> SmtpSink:
    mail.use_relay(replace(settings, smtp_url=smtp_sink.url))
    return smtp_sink


async def ready_desk(host: Tenant, **columns: object) -> Desk:
    """In preparation, with a complete entry."""
    desk = await make_desk(host, state="setting_up")
    complete: dict[str, object] = {
        "opened_on": None,
        "postal_code": "80133",
        "hours": [[1, "09:00", "13:00"]],
        "phone": "0811234567",
        "how_to_reach": "Bus 1",
        "offers": ["information"],
        "provinces": ["NA"],
        "verified_on": clock.today(),
    }
    await set_desk(desk, **{**complete, **columns})
    return desk


async def test_a_host_asks_and_the_ente_opens(
    office: httpx.AsyncClient, new_client: NewClient, host: Tenant, mailed: SmtpSink
) -> None:
    ente = await make_membership(await make_tenant("coordinator"), "admin")
    desk = await ready_desk(host)
    here = f"/organisation/desks/{desk.id}"
    assert "Ask the Ente to open it" in (await office.get(here)).text
    assert (await office.post(f"{here}/ask")).headers["location"] == here
    assert (await office.post(f"{here}/ask")).status_code == 409
    assert "The Ente is asked to open this desk" in (await office.get(here)).text
    await drain_now()
    (letter,) = mailed.sent_to(ente.account.email)
    below = f"/network/organisations/{host.id}/desks"
    assert desk.name in letter.text()
    assert below in letter.text()

    client = new_client()
    await sign_in(client, ente)
    assert desk.name in (await client.get(below)).text
    opened = await client.post(below, data={"desk_id": str(desk.id)})
    assert (opened.status_code, opened.headers["location"]) == (303, below)
    row = await desk_row(host, desk.id)
    assert (row["state"], row["opened_on"]) == ("active", clock.today())
    async with network_transaction() as scope:
        assert await find_desk(scope, desk.id) is not None
    again = await client.post(below, data={"desk_id": str(desk.id)})
    assert again.status_code == 409
    assert await actions(host) == ["desk.opening_asked", "desk.opened"]


async def test_what_is_not_complete_is_neither_asked_for_nor_opened(
    office: httpx.AsyncClient, new_client: NewClient, host: Tenant
) -> None:
    desk = await ready_desk(host, phone=None)
    assert (await office.post(f"/organisation/desks/{desk.id}/ask")).status_code == 409
    client = new_client()
    await sign_in(client, await make_membership(await make_tenant("coordinator"), "admin"))
    below = f"/network/organisations/{host.id}/desks"
    refused = await client.post(below, data={"desk_id": str(desk.id)})
    assert refused.status_code == 409
    assert (await desk_row(host, desk.id))["state"] == "setting_up"


async def test_desks_of_an_organisation_that_is_not_active_open_with_it(
    new_client: NewClient,
) -> None:
    host = await make_tenant("host", state="suspended")
    desk = await ready_desk(host)
    client = new_client()
    await sign_in(client, await make_membership(host, "admin"))
    assert (await client.post(f"/organisation/desks/{desk.id}/ask")).status_code == 409
    await sign_in(client, await make_membership(await make_tenant("coordinator"), "admin"))
    below = f"/network/organisations/{host.id}/desks"
    assert (await client.post(below, data={"desk_id": str(desk.id)})).status_code == 409
    assert (await desk_row(host, desk.id))["state"] == "setting_up"


async def test_only_the_entes_admins_open_desks(new_client: NewClient, host: Tenant) -> None:
    desk = await ready_desk(host)
    below = f"/network/organisations/{host.id}/desks"
    ente = await make_tenant("coordinator")
    reader, own = new_client(), new_client()
    await sign_in(reader, await make_membership(ente, "viewer"))
    assert (await reader.get(below)).status_code == 200
    assert (await reader.post(below, data={"desk_id": str(desk.id)})).status_code == 403
    await sign_in(own, await make_membership(host, "admin"))
    assert (await own.post(below, data={"desk_id": str(desk.id)})).status_code == 403
    assert (await desk_row(host, desk.id))["state"] == "setting_up"


async def test_a_desk_of_another_organisation_is_none_of_this_one(
    new_client: NewClient, host: Tenant
) -> None:
    desk = await ready_desk(await make_tenant("host"))
    client = new_client()
    await sign_in(client, await make_membership(await make_tenant("coordinator"), "admin"))
    below = f"/network/organisations/{host.id}/desks"
    assert (await client.post(below, data={"desk_id": str(desk.id)})).status_code == 404
    assert (await client.post(below, data={"desk_id": "x"})).status_code == 409
    nowhere = f"/network/organisations/{uuid7()}/desks"
    assert (await client.get(nowhere)).status_code == 404


async def test_the_letter_is_not_written_once_the_desk_is_open(
    office: httpx.AsyncClient, host: Tenant, mailed: SmtpSink
) -> None:
    ente = await make_membership(await make_tenant("coordinator"), "admin")
    desk = await ready_desk(host)
    await office.post(f"/organisation/desks/{desk.id}/ask")
    await set_desk(desk, state="active", opened_on=clock.today() - timedelta(days=1))
    await drain_now()
    assert mailed.sent_to(ente.account.email) == []
