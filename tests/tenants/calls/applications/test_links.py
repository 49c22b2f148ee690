"""A link instead of an account: to whoever reads the mail, and to nobody else."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import httpx
import pytest

from hub import clock
from hub.db import relay_transaction, tenant_transaction
from hub.tenants.calls.applications import queries
from hub.tenants.calls.applications.links import COOKIE, LINK_LASTS
from hub.tenants.calls.applications.schemas import Application
from hub.tenants.calls.applications.start_application import LINKS_PER_EMAIL
from hub.tenants.calls.applications.withdraw_application import withdraw
from hub.worker import drain_now
from tests.factories import Tenant, unique
from tests.support.smtp_sink import SmtpSink
from tests.tenants.calls.applications.applying import applicant, call_of, close, stored
from tests.tenants.calls.making import DAY, make_application, make_call, make_draft

KEY = {"form_key": str(UUID(int=9))}
NewClient = Callable[[], httpx.AsyncClient]


@pytest.fixture
async def slug(ente: Tenant, call_id: UUID) -> str:
    return (await call_of(ente, call_id)).slug


def address() -> str:
    return f"{unique('protocollo')}@example.org"


async def ask(client: httpx.AsyncClient, slug: str, email: str) -> httpx.Response:
    return await client.post(f"/calls/{slug}/apply", data={"email": email, **KEY})


async def link_in(sink: SmtpSink) -> str:
    await drain_now()
    found = re.search(
        r"http://hub\.localhost:8000(/applications/open/\S+)", sink.messages[-1].text()
    )
    assert found, sink.messages[-1].text()
    return found.group(1)


async def of_call(ente: Tenant, call_id: UUID) -> list[Application]:
    async with tenant_transaction(ente.id) as scope:
        ids = await scope.fetch("SELECT id FROM applications WHERE call_id = $1", call_id)
        found = [await queries.find(scope, row["id"]) for row in ids]
    return [each for each in found if each]


def without_tokens(page: str) -> str:
    return re.sub('value="[^"]*"', "", page)


async def test_the_answer_is_the_same_for_every_address(
    client: httpx.AsyncClient, ente: Tenant, call_id: UUID, slug: str
) -> None:
    known = (await make_draft(ente, call_id)).email
    with_one, without = await ask(client, slug, known), await ask(client, slug, address())
    assert with_one.status_code == without.status_code == 200
    assert without_tokens(with_one.text) == without_tokens(without.text)


async def test_the_outbox_holds_neither_address_nor_link(
    client: httpx.AsyncClient, ente: Tenant, call_id: UUID, slug: str
) -> None:
    await ask(client, slug, address())
    (made,) = await of_call(ente, call_id)
    async with relay_transaction() as scope:
        rows = await scope.fetch("SELECT task, args FROM outbox")
    assert [(row["task"], row["args"]) for row in rows] == [
        ("applications.mail_link", {"application_id": str(made.id)})
    ]


async def test_one_address_prepares_one_application(
    client: httpx.AsyncClient, ente: Tenant, call_id: UUID, slug: str, relay: SmtpSink
) -> None:
    email = address()
    await ask(client, slug, email)
    first = await link_in(relay)
    await ask(client, slug, email.upper())
    second = await link_in(relay)
    assert len(await of_call(ente, call_id)) == 1
    superseded, opened = await client.get(first), await client.get(second)
    assert superseded.status_code == 410
    assert "C’è un link più recente" in superseded.text
    assert opened.status_code == 303


async def test_asking_twice_at_once_makes_one(
    new_client: NewClient, ente: Tenant, call_id: UUID, slug: str
) -> None:
    email = address()
    answers = await asyncio.gather(*(ask(new_client(), slug, email) for _ in range(3)))
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert len(await of_call(ente, call_id)) == 1


async def test_another_call_is_another_application(
    client: httpx.AsyncClient, ente: Tenant, call_id: UUID, slug: str
) -> None:
    email = address()
    other = await make_call(ente)
    await ask(client, slug, email)
    await ask(client, (await call_of(ente, other)).slug, email)
    assert len(await of_call(ente, call_id)) == len(await of_call(ente, other)) == 1


async def test_nobody_can_fill_anothers_mailbox(
    new_client: NewClient, slug: str, relay: SmtpSink
) -> None:
    email = address()
    asked = [(await ask(new_client(), slug, email)).status_code for _ in range(5)]
    assert asked == [200] * LINKS_PER_EMAIL + [429] * 2
    await drain_now()
    assert len(relay.messages) == LINKS_PER_EMAIL


@pytest.mark.parametrize("email", ["", "no", "a@b", "a b@example.org"])
async def test_an_address_that_is_none_is_refused(
    client: httpx.AsyncClient, ente: Tenant, call_id: UUID, slug: str, email: str
) -> None:
    answer = await ask(client, slug, email)
    assert answer.status_code == 422
    assert "hub-error" in answer.text
    assert await of_call(ente, call_id) == []


async def test_opening_changes_nothing_and_leaves_no_link_behind(
    client: httpx.AsyncClient, slug: str, ente: Tenant, call_id: UUID, relay: SmtpSink
) -> None:
    """As the programs do that scan mail."""
    await ask(client, slug, address())
    link = await link_in(relay)
    (before,) = await of_call(ente, call_id)
    for _ in range(2):
        answer = await client.get(link)
        assert answer.headers["location"] == f"/applications/{before.id}"
        (cookie,) = [c for c in answer.headers.get_list("set-cookie") if c.startswith(COOKIE)]
        assert f"Path=/applications/{before.id}" in cookie
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
    assert await of_call(ente, call_id) == [before]


async def test_the_same_application_is_found_again_from_elsewhere(
    new_client: NewClient, slug: str, relay: SmtpSink
) -> None:
    email = address()
    here, there = new_client(), new_client()
    await ask(here, slug, email)
    base = (await here.get(await link_in(relay))).headers["location"]
    contacts = {"person_name": "Anna Prova", **KEY}
    assert (await here.post(f"{base}/contacts", data=contacts)).status_code == 422
    await ask(there, slug, email)
    assert (await there.get(await link_in(relay))).headers["location"] == base
    assert 'value="Anna Prova"' in (await there.get(f"{base}/contacts")).text


@pytest.mark.parametrize(
    "token", ["x", "1.s1.application..AAAA.AAAA", "%00", "è", "1.s1.unsubscribe..AA.AA"]
)
async def test_an_altered_link_says_so(client: httpx.AsyncClient, token: str) -> None:
    for answer in (
        await client.get(f"/applications/open/{token}"),
        await client.post(f"/applications/open/{token}", data=KEY),
    ):
        assert answer.status_code == 404
        assert "Questo link non è completo" in answer.text


async def test_one_changed_letter_opens_nothing(
    client: httpx.AsyncClient, slug: str, relay: SmtpSink
) -> None:
    await ask(client, slug, address())
    link = await link_in(relay)
    for place in range(len("/applications/open/"), len(link), 7):
        changed = link[:place] + ("A" if link[place] != "A" else "B") + link[place + 1 :]
        answer = await client.get(changed)
        assert answer.status_code == 404, changed
        assert "set-cookie" not in answer.headers or COOKIE not in answer.headers["set-cookie"]


async def test_an_expired_link_offers_a_new_one(
    client: httpx.AsyncClient, slug: str, relay: SmtpSink
) -> None:
    email = address()
    await ask(client, slug, email)
    link = await link_in(relay)
    with clock.moved(LINK_LASTS + timedelta(minutes=1)):
        expired = await client.get(link)
        assert expired.status_code == 410
        assert "Questo link è scaduto" in expired.text
        assert f'action="{link}"' in expired.text
        assert (await client.post(link, data=KEY)).status_code == 200
        fresh = await link_in(relay)
        assert relay.messages[-1].recipients == (email,)
        assert (await client.get(fresh)).status_code == 303


async def test_renewing_is_limited_as_asking_is(
    client: httpx.AsyncClient, slug: str, relay: SmtpSink
) -> None:
    await ask(client, slug, address())
    link = await link_in(relay)
    with clock.moved(LINK_LASTS + timedelta(minutes=1)):
        renewed = [(await client.post(link, data=KEY)).status_code for _ in range(5)]
    assert renewed == [200] * LINKS_PER_EMAIL + [429] * 2


async def test_a_newer_link_does_not_throw_anybody_out(
    new_client: NewClient, ente: Tenant, call_id: UUID, slug: str
) -> None:
    """Anybody may ask for a link to an address that they know."""
    draft = await make_draft(ente, call_id)
    at_work = applicant(new_client(), draft)
    await ask(new_client(), slug, draft.email)
    assert (await stored(draft)).link_version == draft.link_version + 1
    answer = await at_work.save("contacts", {"person_name": "Anna Prova"})
    assert answer.status_code == 422
    assert (await stored(draft)).answers["contacts"]["person_name"] == ["Anna Prova"]
    assert COOKIE not in answer.headers.get("set-cookie", ""), "but it is not renewed"


async def test_after_closing_only_what_there_is_gets_a_link(
    client: httpx.AsyncClient, ente: Tenant, relay: SmtpSink
) -> None:
    call_id = await make_call(ente)
    slug = (await call_of(ente, call_id)).slug
    draft, submitted = await make_draft(ente, call_id), await make_application(ente, call_id)
    await close(ente, call_id)
    await drain_now()
    sent = len(relay.messages)
    stranger = await ask(client, slug, address())
    await drain_now()
    assert len(relay.messages) == sent
    for one in (draft, submitted):
        answer = await ask(client, slug, one.email)
        assert without_tokens(answer.text) == without_tokens(stranger.text)
        opened = await client.get(await link_in(relay))
        assert opened.headers["location"] == f"/applications/{one.id}"
    assert len(await of_call(ente, call_id)) == 2


async def test_before_it_opens_nobody_applies(client: httpx.AsyncClient, ente: Tenant) -> None:
    opens = clock.now() + DAY
    call_id = await make_call(ente, opens_at=opens, closes_at=opens + DAY)
    slug = (await call_of(ente, call_id)).slug
    page = await client.get(f"/calls/{slug}/apply")
    assert 'name="email"' not in page.text
    assert (await ask(client, slug, address())).status_code == 200
    assert await of_call(ente, call_id) == []


async def test_an_unpublished_call_is_not_to_be_found(
    client: httpx.AsyncClient, ente: Tenant
) -> None:
    slug = (await call_of(ente, await make_call(ente, state="draft"))).slug
    assert (await client.get(f"/calls/{slug}/apply")).status_code == 404
    assert (await ask(client, slug, address())).status_code == 404


async def test_after_a_withdrawal_the_address_may_apply_again(
    client: httpx.AsyncClient, ente: Tenant, call_id: UUID, slug: str, relay: SmtpSink
) -> None:
    gone = await make_application(ente, call_id)
    async with tenant_transaction(ente.id) as scope:
        await withdraw(scope, gone.id, "")
    await drain_now()
    await ask(client, slug, gone.email)
    opened = await client.get(await link_in(relay))
    assert opened.headers["location"] != f"/applications/{gone.id}"
    assert {each.state for each in await of_call(ente, call_id)} == {"draft", "withdrawn"}
