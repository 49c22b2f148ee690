"""The page of the link: each file and each moment has its answer, and nothing is doubled."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest

from hub import clock
from hub.db import network_transaction, relay_transaction, tenant_transaction
from hub.tenants.protocols import hand_in
from hub.tenants.protocols.links import LINK_LASTS
from hub.tenants.protocols.schemas import last_day
from tests.factories import make_tenant
from tests.support import papers
from tests.support.databases import Database
from tests.tenants.onboarding.making import make_coming
from tests.tenants.protocols.making import Between, appended, make_between, upload

NewClient = Callable[[], httpx.AsyncClient]


async def files_of(between: Between) -> int:
    async with tenant_transaction(between.ente.id) as scope:
        count: int = await scope.fetchval(
            "SELECT count(*) FROM files WHERE tenant_id = $1", scope.tenant_id
        )
    return count


async def test_it_says_what_it_is_and_how_to_sign(
    between: Between, client: httpx.AsyncClient
) -> None:
    protocol_id = await between.sent()
    path = await between.link(protocol_id)
    shown = await client.get(path)
    assert shown.status_code == 200
    assert shown.headers["cache-control"] == "no-store"
    for said in (between.organisation.name, between.ente.name, "CAdES", "PAdES", ".p7m"):
        assert said in shown.text
    assert f'value="{clock.today()}"' in shown.text
    answer = await client.get(f"{path}/document")
    assert answer.content == await between.document(protocol_id)
    assert answer.headers["content-type"] == "application/pdf"


async def test_an_envelope_with_our_document_is_signed_at_once(
    between: Between, client: httpx.AsyncClient
) -> None:
    protocol_id = await between.sent()
    path = await between.link(protocol_id)
    content = papers.signed(await between.document(protocol_id))
    assert (await upload(client, path, content, name="Protocollo.pdf.p7m")).status_code == 303

    protocol = await between.found(protocol_id)
    assert (protocol.state, protocol.checked, protocol.checked_by) == ("signed", "envelope", None)
    assert protocol.signed_on == clock.today()
    assert protocol.expires_on == last_day(clock.today(), 3)
    shown = await client.get(path)
    assert "Firmato il" in shown.text
    assert 'type="file"' not in shown.text


async def test_our_document_with_a_signature_appended(
    between: Between, client: httpx.AsyncClient
) -> None:
    protocol_id = await between.sent()
    content = appended(await between.document(protocol_id))
    assert (await upload(client, await between.link(protocol_id), content)).status_code == 303
    protocol = await between.found(protocol_id)
    assert (protocol.state, protocol.checked) == ("signed", "appended")


async def test_signing_asks_the_checklist_to_look_again(
    between: Between, client: httpx.AsyncClient
) -> None:
    protocol_id = await between.sent()
    content = appended(await between.document(protocol_id))
    async with relay_transaction() as scope:
        await scope.execute("DELETE FROM outbox")
    await upload(client, await between.link(protocol_id), content)
    async with relay_transaction() as scope:
        rows = await scope.fetch("SELECT args FROM outbox WHERE task = 'onboarding.refresh'")
    assert [row["args"] for row in rows] == [{"organisation_id": str(between.organisation.id)}]


async def test_a_checklist_that_fails_spoils_no_signature(
    between: Between, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is kept by then: whoever sends it is not told otherwise, and the task looks again."""

    async def broken(*_given: object) -> None:
        raise OSError

    monkeypatch.setattr(hand_in, "refresh", broken)
    protocol_id = await between.sent()
    path = await between.link(protocol_id)
    content = appended(await between.document(protocol_id))
    assert (await upload(client, path, content)).status_code == 303
    assert (await between.found(protocol_id)).state == "signed"
    assert "Firmato il" in (await client.get(path)).text


async def test_our_document_unsigned_is_refused(
    between: Between, client: httpx.AsyncClient
) -> None:
    protocol_id = await between.sent()
    answer = await upload(
        client, await between.link(protocol_id), await between.document(protocol_id)
    )
    assert answer.status_code == 422
    assert "non è ancora firmato" in answer.text
    assert await files_of(between) == 1


async def test_an_envelope_with_another_document_is_refused(
    between: Between, client: httpx.AsyncClient
) -> None:
    protocol_id = await between.sent()
    answer = await upload(
        client, await between.link(protocol_id), papers.signed(papers.PDF), name="altro.pdf.p7m"
    )
    assert answer.status_code == 422
    assert "c’è un altro documento" in answer.text
    assert (await between.found(protocol_id)).state == "sent"
    assert await files_of(between) == 1


async def test_a_scan_waits_for_a_person(between: Between, client: httpx.AsyncClient) -> None:
    protocol_id = await between.sent()
    path = await between.link(protocol_id)
    assert (await upload(client, path, papers.PDF, name="scansione.pdf")).status_code == 303
    protocol = await between.found(protocol_id)
    assert (protocol.state, protocol.checked, protocol.expires_on) == ("to_check", None, None)
    shown = await client.get(path)
    assert "lo sta confrontando" in shown.text
    again = await upload(client, path, papers.PDF)
    assert again.status_code == 409
    assert await files_of(between) == 2


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("", b"", "Scegli prima un file"),
        ("vuoto.pdf", b"", "vuoto"),
        ("foto.jpg", b"\xff\xd8\xff", "PDF"),
        ("rotto.pdf", b"%PDF-1.7 half", ".pdf"),
        ("busta.p7m", b"nothing", ".p7m"),
    ],
)
async def test_a_file_that_is_none_has_a_clear_answer(
    between: Between, client: httpx.AsyncClient, name: str, content: bytes, said: str
) -> None:
    protocol_id = await between.sent()
    answer = await upload(client, await between.link(protocol_id), content, name=name)
    assert answer.status_code == 422
    assert said in answer.text
    assert await files_of(between) == 1


@pytest.mark.parametrize(
    ("days", "said"), [(1, "è nel futuro"), (-1, "precede quello"), (-400, "precede quello")]
)
async def test_a_day_that_cannot_be(
    between: Between, client: httpx.AsyncClient, days: int, said: str
) -> None:
    protocol_id = await between.sent()
    answer = await upload(
        client,
        await between.link(protocol_id),
        appended(await between.document(protocol_id)),
        signed_on=clock.today() + timedelta(days=days),
    )
    assert answer.status_code == 422
    assert said in answer.text
    assert (await between.found(protocol_id)).state == "sent"
    assert await files_of(between) == 1


async def test_no_day_at_all(between: Between, client: httpx.AsyncClient) -> None:
    protocol_id = await between.sent()
    for typed in ("", "ieri", "31/02/2027"):
        answer = await upload(client, await between.link(protocol_id), b"x", signed_on=typed)
        assert answer.status_code == 422


async def test_the_term_runs_from_the_day_that_is_stated(
    between: Between, client: httpx.AsyncClient
) -> None:
    protocol_id = await between.sent()
    sent_on = clock.today()
    with clock.moved(timedelta(days=10)):
        content = appended(await between.document(protocol_id))
        await upload(client, await between.link(protocol_id), content, signed_on=sent_on)
    protocol = await between.found(protocol_id)
    assert protocol.signed_on == sent_on
    assert protocol.expires_on is not None
    assert protocol.expires_on < sent_on + timedelta(days=3 * 366)


async def test_signed_once_more_it_is_said_to_be_signed(
    between: Between, client: httpx.AsyncClient
) -> None:
    protocol_id = await between.signed()
    path = await between.link(protocol_id)
    answer = await upload(client, path, appended(await between.document(protocol_id)))
    assert answer.status_code == 409
    assert "già firmato" in answer.text
    assert await files_of(between) == 2


async def test_of_two_at_once_one_is_taken(between: Between, new_client: NewClient) -> None:
    protocol_id = await between.sent()
    path = await between.link(protocol_id)
    document = await between.document(protocol_id)
    answers = await asyncio.gather(
        upload(new_client(), path, appended(document)),
        upload(new_client(), path, papers.signed(document), name="p.p7m"),
        upload(new_client(), path, papers.PDF),
    )
    assert sorted(answer.status_code for answer in answers) == [303, 409, 409]
    assert await files_of(between) == 2


async def test_a_link_lasts_sixty_days(between: Between, client: httpx.AsyncClient) -> None:
    protocol_id = await between.sent()
    path = await between.link(protocol_id)
    # Another Ente, and one that was there before.
    other = await make_tenant("coordinator")
    async with network_transaction() as scope:
        for ente, name, days in ((between.ente, "la-sua", 0), (other, "altra", 900)):
            await scope.execute(
                "UPDATE tenants SET email = $2, created_at = created_at - make_interval(days => $3) WHERE id = $1",
                ente.id,
                f"{name}@example.org",
                days,
            )
    with clock.moved(LINK_LASTS - timedelta(hours=1)):
        assert (await client.get(path)).status_code == 200
    with clock.moved(LINK_LASTS + timedelta(hours=1)):
        late = await client.get(path)
        assert late.status_code == 410
        assert "scaduto" in late.text
        assert "Scrivi all’Ente" in late.text
        assert 'href="mailto:la-sua@example.org"' in late.text
        assert "altra@example.org" not in late.text
        assert (await client.get(f"{path}/document")).status_code == 404
        content = appended(await between.document(protocol_id))
        assert (await upload(client, path, content)).status_code == 410
    assert (await between.found(protocol_id)).state == "sent"


async def test_an_altered_link_opens_nothing(between: Between, client: httpx.AsyncClient) -> None:
    path = await between.link(await between.sent())
    for altered in (path[:-1] + ("A" if path[-1] != "A" else "B"), path[:40], "/protocols/x"):
        assert (await client.get(altered)).status_code == 404
        assert (await client.get(f"{altered}/document")).status_code == 404
        assert (await upload(client, altered, papers.PDF)).status_code == 404


async def test_a_form_without_its_token_is_refused(
    between: Between, client: httpx.AsyncClient
) -> None:
    path = await between.link(await between.sent())
    del client.headers["x-csrf-token"]
    assert (await upload(client, path, papers.PDF)).status_code == 403


async def test_still_being_made(between: Between, client: httpx.AsyncClient) -> None:
    protocol_id = await between.issued()
    path = await between.link(protocol_id)
    assert "in preparazione" in (await client.get(path)).text
    assert (await client.get(f"{path}/document")).status_code == 404
    assert (await upload(client, path, papers.PDF)).status_code == 409


async def test_who_holds_the_link_leaves_no_personal_data_in_the_log(
    between: Between, client: httpx.AsyncClient
) -> None:
    protocol_id = await between.sent()
    content = appended(await between.document(protocol_id))
    await upload(client, await between.link(protocol_id), content)
    async with network_transaction() as network:
        rows = await network.fetch(
            "SELECT codes FROM audit_log WHERE tenant_id = $1", between.organisation.id
        )
    assert "Anna" not in str(rows)
    assert "@" not in str(rows)


async def test_one_kind_is_in_force_at_a_time(between: Between, client: httpx.AsyncClient) -> None:
    """Whatever was in force before is replaced on the day of the new signature; other kinds stand."""
    host, tutor = await between.signed("host"), await between.signed("tutor")
    newer = await between.signed("host")
    states = [(await between.found(one)).state for one in (host, tutor, newer)]
    assert states == ["replaced", "signed", "signed"]
    assert "ha preso il posto" in (await client.get(await between.link(host))).text


async def test_anothers_protocol_of_the_same_kind_stands(between: Between) -> None:
    another = await make_between()
    theirs = await another.signed()
    await between.signed()
    await between.signed()
    assert (await another.found(theirs)).state == "signed"


async def test_the_checklist_knows_at_once_that_it_is_signed(
    db: Database, client: httpx.AsyncClient
) -> None:
    coming = await make_coming()
    between = Between(coming.ente, coming.admin, coming.organisation)
    assert (await coming.states())["protocol_signed"] == "open"
    protocol_id = await between.sent()
    content = papers.signed(await between.document(protocol_id))
    await upload(client, await between.link(protocol_id), content, name="p.pdf.p7m")
    assert (await coming.states())["protocol_signed"] == "done"
