"""What the Ente's people see and do with one protocol."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from uuid import UUID

import httpx
import pytest

from hub import clock
from hub.db import relay_transaction
from hub.tenants.protocols.schemas import last_day
from hub.tenants.protocols.tasks import prepare
from hub.worker import drain_now
from tests.factories import make_membership
from tests.support import papers
from tests.support.smtp_sink import SmtpSink
from tests.support.web import sign_in
from tests.tenants.protocols.making import Between, appended, make_between, upload, version_in

NewClient = Callable[[], httpx.AsyncClient]
PLACE = "/network/protocols"


async def to_check(between: Between, client: httpx.AsyncClient) -> str:
    """The address of one that a scan came for."""
    protocol_id = await between.sent()
    answer = await upload(client, await between.link(protocol_id), papers.PDF, name="scan.pdf")
    assert answer.status_code == 303
    return f"{PLACE}/{protocol_id}"


async def state_at(between: Between, path: str) -> str:
    return (await between.found(UUID(path.rpartition("/")[2]))).state


async def test_the_page_shows_both_files_and_what_is_not_verified(
    between: Between, desk: httpx.AsyncClient, client: httpx.AsyncClient
) -> None:
    path = await to_check(between, client)
    shown = await desk.get(path)
    assert shown.status_code == 200
    assert "scan.pdf" in shown.text
    assert "Di chi sia la firma" in shown.text
    assert (await desk.get(f"{path}/signed")).content == papers.PDF
    assert (await desk.get(f"{path}/document")).content.startswith(b"%PDF-")


async def test_a_person_confirms(
    between: Between, desk: httpx.AsyncClient, client: httpx.AsyncClient
) -> None:
    path = await to_check(between, client)
    version = version_in((await desk.get(path)).text)
    unseen = await desk.post(f"{path}/confirm", data={"version": version})
    assert unseen.status_code == 422
    assert await state_at(between, path) == "to_check"
    seen = await desk.post(f"{path}/confirm", data={"version": version, "compared": "yes"})
    assert seen.status_code == 303
    shown = await desk.get(path)
    assert "Confrontato da una persona dell’Ente" in shown.text
    assert between.admin.account.name in shown.text


async def test_refusing_needs_a_reason(
    between: Between, desk: httpx.AsyncClient, client: httpx.AsyncClient
) -> None:
    path = await to_check(between, client)
    version = version_in((await desk.get(path)).text)
    for reason in ("", "no"):
        answer = await desk.post(f"{path}/refuse", data={"version": version, "reason": reason})
        assert answer.status_code == 422
    answer = await desk.post(
        f"{path}/refuse", data={"version": version, "reason": "La firma manca del tutto."}
    )
    assert answer.status_code == 303
    assert await state_at(between, path) == "sent"
    assert "La firma manca del tutto." in (await desk.get(path)).text
    assert (await desk.get(f"{path}/signed")).status_code == 404


async def test_of_two_who_decide_at_once_one_is_heard(
    between: Between, new_client: NewClient, client: httpx.AsyncClient
) -> None:
    path = await to_check(between, client)
    browsers = []
    for member in (between.admin, await make_membership(between.ente, "admin")):
        browser = new_client()
        await sign_in(browser, member)
        browsers.append(browser)
    version = version_in((await browsers[0].get(path)).text)
    answers = await asyncio.gather(
        browsers[0].post(f"{path}/confirm", data={"version": version, "compared": "yes"}),
        browsers[1].post(
            f"{path}/refuse", data={"version": version, "reason": "Non è lo stesso documento."}
        ),
    )
    assert sorted(answer.status_code for answer in answers) == [303, 409]
    (lost,) = [answer for answer in answers if answer.status_code == 409]
    assert "già firmato" in lost.text or "in attesa di firma" in lost.text


async def test_what_came_by_certified_mail_is_checked_alike(
    between: Between, desk: httpx.AsyncClient
) -> None:
    protocol_id = await between.sent()
    document = await between.document(protocol_id)
    path = f"{PLACE}/{protocol_id}"
    assert (await upload(desk, f"{path}/signed", document)).status_code == 422
    wrong = await upload(desk, f"{path}/signed", papers.signed(papers.PDF), name="x.p7m")
    assert wrong.status_code == 422
    assert (await upload(desk, f"{path}/signed", appended(document))).status_code == 303
    protocol = await between.found(protocol_id)
    assert (protocol.state, protocol.checked, protocol.checked_by) == ("signed", "appended", None)
    assert protocol.expires_on == last_day(clock.today(), 3)
    again = await upload(desk, f"{path}/signed", appended(document))
    assert again.status_code == 409


async def test_sent_again_to_a_corrected_contact(between: Between, desk: httpx.AsyncClient) -> None:
    protocol_id = await between.sent()
    path = f"{PLACE}/{protocol_id}"
    version = version_in((await desk.get(path)).text)
    contact = {"contact_name": "Bruno", "contact_email": "not an address", "version": version}
    assert (await desk.post(f"{path}/send", data=contact)).status_code == 422
    contact["contact_email"] = "Bruno@Example.org"
    assert (await desk.post(f"{path}/send", data=contact)).status_code == 303
    protocol = await between.found(protocol_id)
    assert protocol.contact_name == "Bruno"
    assert protocol.contact_email.lower() == "bruno@example.org"
    stale = await desk.post(f"{path}/send", data=contact)
    assert stale.status_code == 409
    assert (await between.found(protocol_id)).link_version == protocol.link_version


async def test_cancelled_it_stays_so_and_keeps_its_number(
    between: Between, desk: httpx.AsyncClient
) -> None:
    protocol_id = await between.sent()
    path = f"{PLACE}/{protocol_id}"
    version = version_in((await desk.get(path)).text)
    assert (await desk.post(f"{path}/cancel", data={"version": version})).status_code == 303
    again = await desk.post(f"{path}/cancel", data={"version": version})
    assert again.status_code == 409
    assert "già annullato" in again.text
    refused = await upload(desk, f"{path}/signed", papers.PDF)
    assert refused.status_code == 409
    newer = await between.found(await between.issued())
    assert newer.serial == 2


async def test_what_is_signed_is_not_cancelled(between: Between, desk: httpx.AsyncClient) -> None:
    protocol_id = await between.signed()
    path = f"{PLACE}/{protocol_id}"
    version = version_in((await desk.get(path)).text)
    assert (await desk.post(f"{path}/cancel", data={"version": version})).status_code == 409
    assert await state_at(between, path) == "signed"


async def test_renewed_on_the_current_template_and_replaced_when_signed(
    between: Between, desk: httpx.AsyncClient, client: httpx.AsyncClient, relay: SmtpSink
) -> None:
    old = await between.signed()
    path = f"{PLACE}/{old}"
    version = version_in((await desk.get(path)).text)
    answer = await desk.post(f"{path}/renew", data={"version": version})
    assert answer.status_code == 303
    new_path = answer.headers["location"]
    assert new_path != path
    again = await desk.post(f"{path}/renew", data={"version": version})
    assert again.status_code == 409
    assert "è già in corso" in again.text
    assert await state_at(between, path) == "signed"

    new = UUID(new_path.rpartition("/")[2])
    held = await between.found(new)
    assert held.renews_id == old
    assert held.content.organisation == between.organisation.name
    await prepare(between.job(), protocol_id=new)
    await upload(client, await between.link(new), appended(await between.document(new)))
    assert [await state_at(between, one) for one in (path, new_path)] == ["replaced", "signed"]
    assert str(new) in (await desk.get(path)).text
    assert str(old) in (await desk.get(new_path)).text


async def test_a_signature_that_does_not_hold_is_rejected_and_asked_for_again(
    between: Between, desk: httpx.AsyncClient, client: httpx.AsyncClient, relay: SmtpSink
) -> None:
    old = await between.signed()
    path = f"{PLACE}/{old}"
    version = version_in((await desk.get(path)).text)
    answer = await desk.post(f"{path}/renew", data={"version": version})
    new = UUID(answer.headers["location"].rpartition("/")[2])
    await prepare(between.job(), protocol_id=new)
    reason = {"version": version, "reason": "Il certificato non è qualificato."}
    early = await desk.post(f"{path}/reject", data=reason)
    assert early.status_code == 409
    assert "è già in corso" in early.text

    link = await between.link(new)
    await upload(client, link, appended(await between.document(new)))
    path = f"{PLACE}/{new}"
    shown = await desk.get(path)
    assert f"{path}/reject" in shown.text
    reason["version"] = version_in(shown.text)
    silent = await desk.post(f"{path}/reject", data={**reason, "reason": "no"})
    assert silent.status_code == 422
    assert (await desk.post(f"{path}/reject", data=reason)).status_code == 303
    held = await between.found(new)
    assert (held.state, held.signed_file_id, held.expires_on) == ("sent", None, None)
    assert (await between.found(old)).state == "signed"
    await drain_now()
    assert {"refused", "restored"} <= set(await between.story())
    letters = relay.sent_to(held.contact_email)
    assert any("Il certificato non è qualificato." in letter.text() for letter in letters)
    assert (await client.get(link)).status_code == 410
    newest = await between.link(new)
    assert "Il certificato non è qualificato." in (await client.get(newest)).text
    await upload(client, newest, appended(await between.document(new)))
    states = [(await between.found(one)).state for one in (old, new)]
    assert states == ["replaced", "signed"]


async def test_rejecting_the_first_undoes_the_point(
    between: Between, desk: httpx.AsyncClient
) -> None:
    protocol_id = await between.signed()
    path = f"{PLACE}/{protocol_id}"
    reason = {"version": version_in((await desk.get(path)).text), "reason": "Firmato da altri."}
    assert (await desk.post(f"{path}/reject", data=reason)).status_code == 303
    async with relay_transaction() as relay:
        ordered = await relay.fetchval(
            "SELECT count(*) FROM outbox WHERE task = 'onboarding.refresh' AND args->>'organisation_id' = $1",
            str(between.organisation.id),
        )
    assert ordered == 2
    assert (await desk.post(f"{path}/reject", data=reason)).status_code == 409


async def test_the_ente_signs_last_and_its_copy_takes_the_files_place(
    between: Between, desk: httpx.AsyncClient
) -> None:
    protocol_id = await between.sent()
    path = f"{PLACE}/{protocol_id}"
    early = await upload(desk, f"{path}/countersigned", papers.PDF)
    assert early.status_code == 409
    first = appended(await between.document(protocol_id))
    assert (await upload(desk, f"{path}/signed", first)).status_code == 303
    before = await between.found(protocol_id)
    for wrong in (first, papers.PDF, appended(papers.PDF), papers.signed(papers.PDF)):
        answer = await upload(desk, f"{path}/countersigned", wrong)
        assert answer.status_code == 422
    both = appended(first)
    assert (await upload(desk, f"{path}/countersigned", both)).status_code == 303
    assert (await desk.get(f"{path}/signed")).content == both
    held = await between.found(protocol_id)
    assert (held.state, held.checked) == ("signed", "appended")
    assert (held.signed_on, held.expires_on) == (before.signed_on, before.expires_on)
    assert held.signed_file_id != before.signed_file_id


@pytest.mark.parametrize("state", ["sent", "cancelled"])
async def test_what_was_never_signed_is_not_renewed(
    between: Between, desk: httpx.AsyncClient, state: str
) -> None:
    protocol_id = await between.sent()
    path = f"{PLACE}/{protocol_id}"
    version = version_in((await desk.get(path)).text)
    if state == "cancelled":
        await desk.post(f"{path}/cancel", data={"version": version})
    answer = await desk.post(f"{path}/renew", data={"version": version})
    assert answer.status_code == 409
    assert "soltanto ciò che è firmato" in answer.text


async def test_viewers_read_and_decide_nothing(
    between: Between, new_client: NewClient, client: httpx.AsyncClient
) -> None:
    path = await to_check(between, client)
    for role in ("viewer", "operator"):
        browser = new_client()
        await sign_in(browser, await make_membership(between.ente, role))
        shown = await browser.get(path)
        assert shown.status_code == 200
        assert f"{path}/confirm" not in shown.text
        for verb in (
            "confirm",
            "refuse",
            "reject",
            "countersigned",
            "send",
            "cancel",
            "renew",
            "signed",
        ):
            assert (await browser.post(f"{path}/{verb}", data={})).status_code == 403


async def test_another_entes_protocol_does_not_exist(
    between: Between, desk: httpx.AsyncClient, client: httpx.AsyncClient
) -> None:
    theirs = await to_check(await make_between(), client)
    for path in (theirs, f"{theirs}/document", f"{theirs}/signed"):
        assert (await desk.get(path)).status_code == 404
    assert (await upload(desk, f"{theirs}/signed", papers.PDF)).status_code == 404


async def test_the_list_says_how_each_stands(
    between: Between, desk: httpx.AsyncClient, client: httpx.AsyncClient
) -> None:
    checked = await to_check(between, client)
    others = {
        "signed": await make_between(),
        "ending": await make_between(),
        "expired": await make_between(),
        "to_sign": await make_between(),
    }
    today = clock.today()
    ids = {"to_check": checked.rpartition("/")[2]}
    for name, stranger in others.items():
        other = Between(between.ente, between.admin, stranger.organisation)
        ids[name] = str(await (other.sent() if name == "to_sign" else other.signed()))
        if name in ("ending", "expired"):
            days = {"ending": 90, "expired": -1}[name]
            await other.end_on(UUID(ids[name]), today + timedelta(days=days))
    expected = {name: {one} for name, one in ids.items()}
    expected["signed"] |= expected["ending"]
    for name, wanted in expected.items():
        shown = (await desk.get(f"{PLACE}?show={name}")).text
        assert {one for one in ids.values() if f"{PLACE}/{one}" in shown} == wanted, name
    everything = (await desk.get(PLACE)).text
    assert all(f"{PLACE}/{one}" in everything for one in ids.values())


async def test_the_list_is_narrowed_by_name_and_kind(
    between: Between, desk: httpx.AsyncClient
) -> None:
    host, tutor = await between.issued("host"), await between.issued("tutor")
    name = between.organisation.name
    found = (await desk.get(PLACE, params={"name": name[:-2].upper(), "kind": "tutor"})).text
    assert f"{PLACE}/{tutor}" in found
    assert f"{PLACE}/{host}" not in found
    nothing = (await desk.get(PLACE, params={"name": "nessuna così"})).text
    assert f"{PLACE}/{tutor}" not in nothing
    assert "Nessun accordo corrisponde" in nothing


async def test_a_filter_or_a_page_that_is_none(between: Between, desk: httpx.AsyncClient) -> None:
    assert (await desk.get(f"{PLACE}?show=everything")).status_code == 422
    for before in ("x", "2026", "2026-x", "99999-1", "2026-9999999999", "²-1"):
        assert (await desk.get(PLACE, params={"before": before})).status_code == 404


async def test_pages_of_the_list_hold_each_once(
    between: Between, desk: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.tenants.protocols.network_pages.EACH_PAGE", 2)
    made = [str(await between.issued(kind)) for kind in ("host", "lender", "tutor")]
    first = (await desk.get(PLACE)).text
    assert [f"{PLACE}/{one}" in first for one in made] == [False, True, True]
    year = clock.today().year
    assert f"before={year}-2" in first
    second = (await desk.get(f"{PLACE}?before={year}-2")).text
    assert [f"{PLACE}/{one}" in second for one in made] == [True, False, False]


async def test_what_ends_first_comes_first_page_after_page(
    between: Between, desk: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.tenants.protocols.network_pages.EACH_PAGE", 2)
    ends: dict[UUID, int] = {}
    for days in (30, 10, 20, 10):
        stranger = await make_between()
        other = Between(between.ente, between.admin, stranger.organisation)
        made = await other.signed()
        await other.end_on(made, clock.today() + timedelta(days=days))
        ends[made] = days
    expected = sorted(ends, key=lambda made: (ends[made], made))
    address: str | None = f"{PLACE}?show=ending"
    found: list[str] = []
    while address:
        text = (await desk.get(address)).text
        found += re.findall(rf'<a href="{PLACE}/([0-9a-f-]{{36}})"', text)
        behind = re.search(r'href="([^"]*before=[^"]*)"', text)
        address = unescape(behind[1]) if behind else None
    assert found == [str(made) for made in expected]


async def test_an_ente_without_protocols(between: Between, desk: httpx.AsyncClient) -> None:
    shown = await desk.get(PLACE)
    assert shown.status_code == 200
    assert "Ancora nessun accordo" in shown.text
