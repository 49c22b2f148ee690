"""The document is made once and mailed with a link; whoever signs by hand and is refused gets the reason."""

from __future__ import annotations

import hashlib
import re

import httpx
import pytest

from hub.db import relay_transaction, tenant_transaction
from hub.tenants.protocols.decide import cancel, refuse, send_again
from hub.tenants.protocols.schemas import Decide, Refuse, SendAgain
from hub.tenants.protocols.tasks import prepare
from hub.worker import drain_now
from tests.factories import make_membership
from tests.support import papers
from tests.support.smtp_sink import Received, SmtpSink
from tests.tenants.protocols.making import Between, appended, upload


def link_in(letter: Received) -> str:
    found = re.search(r"http://hub\.localhost:8000(/protocols/\S+)", letter.text())
    assert found is not None
    return found.group(1)


async def letters(between: Between, relay: SmtpSink, protocol_id: object) -> list[Received]:
    await drain_now()
    protocol = await between.found(protocol_id)  # type: ignore[arg-type]  # a UUID of ours
    return relay.sent_to(protocol.contact_email)


async def test_the_contact_gets_the_document_and_a_link(
    between: Between, relay: SmtpSink, client: httpx.AsyncClient
) -> None:
    protocol_id = await between.issued(locale="it")
    (letter,) = await letters(between, relay, protocol_id)

    protocol = await between.found(protocol_id)
    assert protocol.state == "sent"
    document = await between.document(protocol_id)
    assert protocol.document_sha256 == hashlib.sha256(document).digest()
    (attached,) = letter.message.iter_attachments()
    assert attached.get_content() == document
    assert protocol.number in str(letter.message["Subject"])
    assert between.organisation.name in letter.text()
    assert (await client.get(link_in(letter))).status_code == 200


async def test_the_letter_is_in_the_contact_s_language(between: Between, relay: SmtpSink) -> None:
    (letter,) = await letters(between, relay, await between.issued(locale="en"))
    assert str(letter.message["Subject"]).startswith("To be signed")


async def test_the_outbox_holds_neither_names_nor_addresses_nor_links(between: Between) -> None:
    protocol_id = await between.sent()
    protocol = await between.found(protocol_id)
    async with relay_transaction() as scope:
        rows = await scope.fetch("SELECT args FROM outbox")
    text = str([row["args"] for row in rows])
    assert rows
    assert "@" not in text
    assert protocol.contact_name not in text
    assert "/protocols/" not in text


async def test_made_twice_it_is_made_and_sent_once(between: Between, relay: SmtpSink) -> None:
    protocol_id = await between.issued()
    await prepare(between.job(), protocol_id=protocol_id)
    first = await between.found(protocol_id)
    await prepare(between.job(), protocol_id=protocol_id)
    assert len(await letters(between, relay, protocol_id)) == 1
    assert (await between.found(protocol_id)).document_id == first.document_id
    assert (await between.story()).count("sent") == 1


async def test_what_is_cancelled_before_it_is_made_is_never_sent(
    between: Between, relay: SmtpSink
) -> None:
    protocol_id = await between.issued()
    async with tenant_transaction(between.ente.id) as scope:
        await cancel(scope, between.admin.actor, protocol_id, Decide(1))
    assert await letters(between, relay, protocol_id) == []
    assert (await between.found(protocol_id)).document_id is None


async def test_sent_again_the_older_link_is_out_of_use(
    between: Between, relay: SmtpSink, client: httpx.AsyncClient
) -> None:
    protocol_id = await between.issued()
    (first,) = await letters(between, relay, protocol_id)
    async with tenant_transaction(between.ente.id) as scope:
        other = SendAgain("Bruno Altro", "bruno.altro@example.org", 2)
        await send_again(scope, between.admin.actor, protocol_id, other)
    await drain_now()
    (second,) = relay.sent_to("bruno.altro@example.org")

    older = await client.get(link_in(first))
    assert older.status_code == 410
    assert "più recente" in older.text
    assert (await client.get(f"{link_in(first)}/document")).status_code == 404
    refused = await upload(client, link_in(first), appended(await between.document(protocol_id)))
    assert refused.status_code in (409, 410)
    assert (await between.found(protocol_id)).state == "sent"
    assert (await client.get(link_in(second))).status_code == 200
    assert (await between.story()).count("sent") == 2


async def test_who_is_refused_reads_why_and_has_a_new_link(
    between: Between, relay: SmtpSink, client: httpx.AsyncClient
) -> None:
    protocol_id = await between.issued()
    (first,) = await letters(between, relay, protocol_id)
    assert (await upload(client, link_in(first), papers.PDF)).status_code == 303
    held = await between.found(protocol_id)
    async with tenant_transaction(between.ente.id) as scope:
        why = Refuse("Manca la seconda pagina.", held.version)
        await refuse(scope, between.admin.actor, protocol_id, why)
    (_first, second) = await letters(between, relay, protocol_id)

    assert "Manca la seconda pagina." in second.text()
    assert "se ti serve di nuovo" in second.text()
    shown = await client.get(link_in(second))
    assert "Manca la seconda pagina." in shown.text
    assert (await client.get(link_in(first))).status_code == 410
    assert (await between.found(protocol_id)).signed_file_id is None
    assert await between.story() == ["issued", "sent", "uploaded", "refused"]


async def test_the_entes_admins_hear_of_what_is_to_be_checked(
    between: Between, relay: SmtpSink, client: httpx.AsyncClient
) -> None:
    second = await make_membership(between.ente, "admin")
    await make_membership(between.ente, "viewer")
    protocol_id = await between.sent()
    await upload(client, await between.link(protocol_id), papers.PDF)
    await drain_now()

    told = [one for one in relay.messages if "Da verificare" in str(one.message["Subject"])]
    assert {to for one in told for to in one.recipients} == {
        between.admin.account.email,
        second.account.email,
    }
    assert all(f"/network/protocols/{protocol_id}" in one.text() for one in told)


async def test_whoever_had_the_document_hears_that_it_is_cancelled(
    between: Between, relay: SmtpSink, client: httpx.AsyncClient
) -> None:
    protocol_id = await between.issued()
    (first,) = await letters(between, relay, protocol_id)
    held = await between.found(protocol_id)
    async with tenant_transaction(between.ente.id) as scope:
        await cancel(scope, between.admin.actor, protocol_id, Decide(held.version))
    assert len(await letters(between, relay, protocol_id)) == 2
    shown = await client.get(link_in(first))
    assert "annullato" in shown.text
    assert (await client.get(f"{link_in(first)}/document")).status_code == 404


async def test_a_letter_that_comes_too_late_is_not_sent(
    between: Between, relay: SmtpSink, client: httpx.AsyncClient
) -> None:
    """The document was signed, by certified mail say, before the worker came to the letter."""
    protocol_id = await between.sent()
    content = papers.signed(await between.document(protocol_id))
    await upload(client, await between.link(protocol_id), content, name="p.pdf.p7m")
    assert await letters(between, relay, protocol_id) == []


@pytest.mark.parametrize(
    ("kind", "called"),
    [
        ("host", "protocollo d’intesa"),
        ("lender", "accordo per i soggetti erogatori"),
        ("tutor", "accordo per i servizi di tutoraggio"),
    ],
)
async def test_whoever_signs_two_is_told_which_is_which(
    between: Between, relay: SmtpSink, client: httpx.AsyncClient, kind: str, called: str
) -> None:
    protocol_id = await between.issued(kind, locale="it")
    (letter,) = await letters(between, relay, protocol_id)
    number = (await between.found(protocol_id)).number
    assert str(letter.message["Subject"]) == f"Da firmare: {called} {number}"
    assert f"{called} {number}" in letter.text()
