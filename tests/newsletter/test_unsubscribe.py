"""Leaving by one POST: from every message, for ever, without signing in (RFC 8058)."""

from __future__ import annotations

import re
from uuid import UUID

import httpx
import pytest

from hub import tokens
from hub.crypto import email_token
from hub.db import tenant_transaction
from hub.ids import uuid7
from hub.newsletter.freeze import freeze_what_is_due
from hub.newsletter.unsubscribe import PURPOSE, unsubscribe_tokens
from hub.web import csrf
from hub.worker import drain_now
from tests.factories import Member, Tenant, make_tenant
from tests.newsletter.making import make_campaign, make_subscriber, start, states
from tests.support.smtp_sink import Received, SmtpSink

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def mail_program(client: httpx.AsyncClient) -> httpx.AsyncClient:
    """Has no cookie, no CSRF token and no idea of forms."""
    client.cookies.clear()
    del client.headers[csrf.HEADER]
    return client


async def proofs(publisher: Tenant, email: str) -> tuple[int, int, str | None]:
    """Suppressions, consents and the subscriber's state, for this address."""
    token = email_token(email)
    async with tenant_transaction(publisher.id) as scope:
        suppressions: int = await scope.fetchval(
            "SELECT count(*) FROM suppressions WHERE email_token = $1", token
        )
        consents: int = await scope.fetchval(
            "SELECT count(*) FROM consents WHERE email_token = $1 AND event = 'withdrawn'", token
        )
        state: str | None = await scope.fetchval(
            "SELECT state FROM subscribers WHERE email_token = $1", token
        )
    return suppressions, consents, state


def link_in(received: Received) -> str:
    (found,) = re.findall(r"^<(https?://[^>]+)>$", str(received.message["list-unsubscribe"]))
    return str(found)


def path_for(publisher: Tenant, email: str, campaign_id: UUID | None = None) -> str:
    signed = unsubscribe_tokens(publisher.id, campaign_id or uuid7()).sign(email_token(email))
    return f"/unsubscribe/{signed.decode()}"


async def test_from_the_message_to_silence(
    editor: Member, relay: SmtpSink, mail_program: httpx.AsyncClient
) -> None:
    leaving = await make_subscriber(editor.tenant)
    staying = await make_subscriber(editor.tenant)
    await start(editor, await make_campaign(editor))
    await drain_now()
    (received,) = relay.sent_to(leaving)
    link = link_in(received)
    assert received.message["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"
    assert link in received.text()
    assert f'href="{link}"' in received.text("html")

    answer = await mail_program.post(link, data=ONE_CLICK)
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers or "hub_session" not in answer.headers["set-cookie"]
    relay.messages.clear()
    later = await make_campaign(editor)
    assert await start(editor, later) == 1
    await drain_now()
    assert [message.recipients for message in relay.messages] == [(staying,)]


@pytest.mark.parametrize(
    "body",
    [
        {"data": ONE_CLICK},
        {"files": {"List-Unsubscribe": (None, "One-Click")}},
        {},
        {"content": b"\xff\xfe not a form", "headers": {"content-type": "application/json"}},
        {
            "content": b"--x\r\nbroken",
            "headers": {"content-type": "multipart/form-data; boundary=y"},
        },
    ],
    ids=["urlencoded", "multipart", "empty", "json", "broken"],
)
async def test_however_it_is_posted(
    editor: Member, mail_program: httpx.AsyncClient, body: dict[str, object]
) -> None:
    email = await make_subscriber(editor.tenant)
    answer = await mail_program.post(path_for(editor.tenant, email), **body)  # type: ignore[arg-type]  # each is an argument of post
    assert answer.status_code == 200, "never a redirect"
    assert await proofs(editor.tenant, email) == (1, 1, "unsubscribed")


async def test_again_changes_nothing(editor: Member, mail_program: httpx.AsyncClient) -> None:
    email = await make_subscriber(editor.tenant)
    for campaign_id in (None, None, uuid7()):
        answer = await mail_program.post(path_for(editor.tenant, email, campaign_id))
        assert answer.status_code == 200
    assert await proofs(editor.tenant, email) == (1, 1, "unsubscribed")


async def test_looking_changes_nothing(editor: Member, mail_program: httpx.AsyncClient) -> None:
    """Security gateways open every link of a mail."""
    email = await make_subscriber(editor.tenant, email="quattro.stagioni@example.org")
    path = path_for(editor.tenant, email)
    page = await mail_program.get(path)
    assert page.status_code == 200
    assert "q…@example.org" in page.text
    assert email not in page.text
    assert editor.tenant.name in page.text
    await mail_program.head(path)
    await mail_program.request("OPTIONS", path)
    assert await proofs(editor.tenant, email) == (0, 0, "active")


async def test_the_pages_own_button(editor: Member, mail_program: httpx.AsyncClient) -> None:
    email = await make_subscriber(editor.tenant)
    path = path_for(editor.tenant, email)
    form = await mail_program.get(path)
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form.text))
    assert fields.items() >= ONE_CLICK.items()
    answer = await mail_program.post(path, data=fields)
    assert answer.status_code == 200
    async with tenant_transaction(editor.tenant.id) as scope:
        channel = await scope.fetchval(
            "SELECT channel FROM consents WHERE email_token = $1", email_token(email)
        )
    assert channel == "page"
    again = await mail_program.get(path)
    assert '<form method="post">' not in again.text, "there is nothing left to ask"


async def test_it_outlives_the_subscriber(editor: Member, mail_program: httpx.AsyncClient) -> None:
    """The link works when nobody knows the address any more, and holds when it comes back."""
    email = await make_subscriber(editor.tenant)
    async with tenant_transaction(editor.tenant.id) as scope:
        await scope.execute("DELETE FROM subscribers WHERE email = $1", email)
    assert (await mail_program.get(path_for(editor.tenant, email))).status_code == 200
    assert (await mail_program.post(path_for(editor.tenant, email))).status_code == 200
    assert await proofs(editor.tenant, email) == (1, 1, None)
    await make_subscriber(editor.tenant, email=email)
    other = await make_subscriber(editor.tenant)
    assert await start(editor, await make_campaign(editor)) == 1, f"only {other}"


async def test_one_publisher_is_left_and_no_other(
    editor: Member, mail_program: httpx.AsyncClient
) -> None:
    other = await make_tenant("coordinator")
    email = await make_subscriber(editor.tenant)
    await make_subscriber(other, email=email)
    await mail_program.post(path_for(editor.tenant, email))
    assert await proofs(editor.tenant, email) == (1, 1, "unsubscribed")
    assert await proofs(other, email) == (0, 0, "active")


async def test_a_link_that_is_not_ours(editor: Member, mail_program: httpx.AsyncClient) -> None:
    email = await make_subscriber(editor.tenant)
    good = path_for(editor.tenant, email)
    subject = editor.tenant.id.bytes + uuid7().bytes + email_token(email)
    for bad in (
        good[:-1] + ("A" if good[-1] != "A" else "B"),
        good[:-20],
        "/unsubscribe/x",
        "/unsubscribe/1....",
        "/unsubscribe/%C3%A8.%00",
        f"/unsubscribe/{tokens.sign('password', subject)}",
        f"/unsubscribe/{tokens.sign(PURPOSE, subject[:40])}",
    ):
        for method in ("GET", "POST"):
            answer = await mail_program.request(method, bad)
            assert answer.status_code == 404, (method, bad)
    assert await proofs(editor.tenant, email) == (0, 0, "active")


async def test_leaving_between_freeze_and_turn(
    editor: Member, relay: SmtpSink, mail_program: httpx.AsyncClient
) -> None:
    """Late suppression: the delivery is dropped when a worker claims it, and the ledger says so."""
    leaving = await make_subscriber(editor.tenant)
    await make_subscriber(editor.tenant)
    campaign_id = await make_campaign(editor)
    await start(editor, campaign_id)
    await freeze_what_is_due()
    assert await states(editor, campaign_id) == {"queued": 2}
    await mail_program.post(path_for(editor.tenant, leaving, campaign_id))
    await drain_now()
    assert await states(editor, campaign_id) == {"sent": 1, "suppressed": 1}
    assert relay.sent_to(leaving) == []
