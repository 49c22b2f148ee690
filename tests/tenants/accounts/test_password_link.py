"""The forgotten password: a link by mail, good for an hour and for once."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import httpx
import pytest

from hub import clock, mail
from hub.config import Settings
from hub.db import relay_transaction
from hub.tenants.accounts import passwords, service
from hub.worker import drain_now
from tests.factories import Account, make_account, make_membership, make_tenant, unique
from tests.support.smtp_sink import SmtpSink

OLD, NEW = "una frase vecchia vecchia", "una frase nuova di zecca"
KEY = {"form_key": str(UUID(int=9))}


@pytest.fixture
async def account(db: object) -> Account:
    account = await make_account(password=OLD)
    await make_membership(await make_tenant("host"), account=account)
    return account


@pytest.fixture
def relay(settings: Settings, smtp_sink: SmtpSink) -> SmtpSink:
    mail.use_relay(replace(settings, smtp_url=smtp_sink.url))
    return smtp_sink


async def ask(client: httpx.AsyncClient, email: str) -> httpx.Response:
    return await client.post("/password/forgotten", data={"email": email, **KEY})


async def link_for(client: httpx.AsyncClient, account: Account, sink: SmtpSink) -> str:
    assert (await ask(client, account.email)).status_code == 200
    await drain_now()
    found = re.search(
        r"http://hub\.localhost:8000(/password/new\?link=\S+)", sink.messages[-1].text()
    )
    assert found, sink.messages[-1].text
    return found.group(1)


async def test_a_new_password_by_link(
    client: httpx.AsyncClient,
    new_client: Callable[[], httpx.AsyncClient],
    account: Account,
    relay: SmtpSink,
) -> None:
    elsewhere = new_client()
    await elsewhere.post("/sign-in", data={"email": account.email, "password": OLD, **KEY})
    assert (await elsewhere.get("/account")).status_code == 200
    link = await link_for(client, account, relay)
    assert relay.messages[-1].recipients == (account.email,)
    assert "nuova password" in relay.messages[-1].message["subject"].lower()
    assert (await client.get(link)).status_code == 200
    answer = await client.post(link, data={"password": NEW, "repeated": NEW, **KEY})
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert (await elsewhere.get("/account")).status_code == 303, "every session has ended"
    old = await client.post("/sign-in", data={"email": account.email, "password": OLD, **KEY})
    new = await client.post("/sign-in", data={"email": account.email, "password": NEW, **KEY})
    assert (old.status_code, new.status_code) == (422, 303)


async def test_a_link_is_good_once(
    client: httpx.AsyncClient, account: Account, relay: SmtpSink
) -> None:
    link = await link_for(client, account, relay)
    await client.post(link, data={"password": NEW, "repeated": NEW, **KEY})
    again = await client.post(link, data={"password": OLD, "repeated": OLD, **KEY})
    assert again.status_code == 422
    assert "/password/forgotten" in again.text


async def test_a_link_is_good_for_an_hour(
    client: httpx.AsyncClient, account: Account, relay: SmtpSink
) -> None:
    link = await link_for(client, account, relay)
    with clock.moved(timedelta(minutes=61)):
        answer = await client.post(link, data={"password": NEW, "repeated": NEW, **KEY})
    assert answer.status_code == 422


@pytest.mark.parametrize("link", ["", "nonsense", "1.s1.password..AAAA.AAAA", "%00", "è"])
async def test_a_link_that_is_not_ours_opens_nothing(client: httpx.AsyncClient, link: str) -> None:
    answer = await client.get(f"/password/new?link={link}")
    assert answer.status_code == 200
    assert "/password/forgotten" in answer.text
    assert 'name="password"' not in answer.text


@pytest.mark.parametrize(
    ("password", "repeated"),
    [("short", "short"), (NEW, NEW + "!"), ("", ""), ("x" * 201, "x" * 201)],
)
async def test_a_password_that_cannot_be_taken_is_said_to_be_so(
    client: httpx.AsyncClient, account: Account, relay: SmtpSink, password: str, repeated: str
) -> None:
    link = await link_for(client, account, relay)
    answer = await client.post(link, data={"password": password, "repeated": repeated, **KEY})
    assert answer.status_code == 422
    assert "hub-error" in answer.text


async def test_whether_an_account_exists_is_not_to_be_learnt(
    client: httpx.AsyncClient, account: Account, relay: SmtpSink
) -> None:
    known, unknown = (
        await ask(client, account.email),
        await ask(client, f"{unique('no')}@example.org"),
    )
    assert known.status_code == unknown.status_code == 200
    assert re.sub("value=.*", "", known.text) == re.sub("value=.*", "", unknown.text)
    await drain_now()
    assert len(relay.messages) == 1


async def test_the_outbox_holds_neither_address_nor_link(
    client: httpx.AsyncClient, account: Account
) -> None:
    await ask(client, account.email)
    async with relay_transaction() as scope:
        rows = await scope.fetch("SELECT args FROM outbox")
    assert [row["args"] for row in rows] == [{"account_id": str(account.id)}]


async def test_mail_waits_while_the_relay_is_away(
    client: httpx.AsyncClient, account: Account, settings: Settings, smtp_sink: SmtpSink
) -> None:
    mail.use_relay(settings)  # where nothing listens
    await ask(client, account.email)
    await drain_now()
    assert smtp_sink.messages == []
    mail.use_relay(replace(settings, smtp_url=smtp_sink.url))
    with clock.moved(timedelta(minutes=5)):
        await drain_now()
    assert len(smtp_sink.messages) == 1


async def test_mail_outlasts_an_evening_without_a_relay(
    client: httpx.AsyncClient, account: Account, settings: Settings, smtp_sink: SmtpSink
) -> None:
    mail.use_relay(settings)  # where nothing listens
    await ask(client, account.email)
    for minutes in range(0, 10 * 60, 10):
        with clock.moved(timedelta(minutes=minutes)):
            await drain_now()
    mail.use_relay(replace(settings, smtp_url=smtp_sink.url))
    with clock.moved(timedelta(hours=12)):
        await drain_now()
    assert len(smtp_sink.messages) == 1


async def test_nobody_can_fill_anothers_mailbox(
    new_client: Callable[[], httpx.AsyncClient], account: Account, relay: SmtpSink
) -> None:
    asked = [(await ask(new_client(), account.email)).status_code for _ in range(5)]
    assert asked == [200] * service.LINKS_PER_EMAIL + [429] * 2
    await drain_now()
    assert len(relay.messages) == service.LINKS_PER_EMAIL


async def test_an_unknown_address_costs_the_same_work(client: httpx.AsyncClient) -> None:
    await ask(client, f"{unique('no')}@example.org")
    async with relay_transaction() as scope:
        rows = await scope.fetch("SELECT task FROM outbox")
    assert [row["task"] for row in rows] == ["accounts.send_password_link"]
    assert await drain_now() == 1


async def test_no_password_is_hashed_without_a_link(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hashed(_: str) -> str:
        pytest.fail("64 MiB for anyone who asks")

    monkeypatch.setattr(passwords, "hashed", hashed)
    answer = await client.post(
        "/password/new?link=nonsense", data={"password": NEW, "repeated": NEW, **KEY}
    )
    assert answer.status_code == 422
    assert "/password/forgotten" in answer.text
