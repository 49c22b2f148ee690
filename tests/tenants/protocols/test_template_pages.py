"""Templates in versions: made from the last, checked, looked at on paper, never changed."""

from __future__ import annotations

import asyncio
import html
import io
import re
from collections.abc import Callable

import httpx
from pypdf import PdfReader

from hub.db import tenant_transaction
from hub.ids import uuid7
from hub.tenants.protocols.schemas import ProtocolTemplate
from hub.tenants.protocols.templates import current_template, every_template
from tests.factories import make_membership
from tests.support.web import sign_in
from tests.tenants.protocols.making import Between, make_between

PLACE = "/network/protocols/templates"
TEXT = (
    "Tra {ente} e {organisation}, di seguito «Amministrazione», si conviene quanto segue.\n\n"
    "# Art. 1 – Oggetto\n\nGli sportelli informano i cittadini sul microcredito per {years}.\n"
)


async def last(between: Between, kind: str = "host") -> ProtocolTemplate:
    async with tenant_transaction(between.ente.id) as scope:
        return await current_template(scope, kind)


def typed(**given: str) -> dict[str, str]:
    return {
        "title": "Protocollo nuovo",
        "years": "5",
        "text": TEXT,
        "form_key": str(uuid7()),
        **given,
    }


async def test_the_first_versions_are_there_when_somebody_looks(
    between: Between, desk: httpx.AsyncClient
) -> None:
    shown = await desk.get(PLACE)
    assert shown.status_code == 200
    assert shown.text.count("Versione 1") >= 3
    async with tenant_transaction(between.ente.id) as scope:
        first = await every_template(scope)
    await desk.get(PLACE)
    async with tenant_transaction(between.ente.id) as scope:
        assert await every_template(scope) == first


async def test_a_new_version_begins_with_the_words_of_the_last(
    between: Between, desk: httpx.AsyncClient
) -> None:
    template = await last(between)
    shown = html.unescape((await desk.get(f"{PLACE}/{template.id}/next")).text)
    assert template.text.strip() in shown
    assert template.title in shown
    assert "{desks}" in shown


async def test_a_saved_version_is_the_next_and_the_old_one_stays(
    between: Between, desk: httpx.AsyncClient
) -> None:
    old = await last(between)
    kept = await between.found(await between.issued())
    answer = await desk.post(f"{PLACE}/{old.id}/next", data=typed())
    assert answer.status_code == 303
    new = await last(between)
    assert (new.number, new.title, new.years) == (2, "Protocollo nuovo", 5)
    assert answer.headers["location"] == f"{PLACE}/{new.id}"
    assert old.title in html.unescape((await desk.get(f"{PLACE}/{old.id}")).text)
    assert (await between.found(kept.id)).template_id == old.id
    assert (await between.found(await between.issued("tutor"))).template_id != new.id
    assert "Protocollo nuovo" in (await desk.get(f"{PLACE}/{new.id}")).text


async def test_a_double_click_saves_one(between: Between, desk: httpx.AsyncClient) -> None:
    old, form = await last(between), typed()
    first = await desk.post(f"{PLACE}/{old.id}/next", data=form)
    second = await desk.post(f"{PLACE}/{old.id}/next", data=form)
    assert first.headers["location"] == second.headers["location"]
    assert (await last(between)).number == 2


async def test_two_who_write_at_once_do_not_hide_each_other(
    between: Between, desk: httpx.AsyncClient, new_client: Callable[[], httpx.AsyncClient]
) -> None:
    second = new_client()
    await sign_in(second, await make_membership(between.ente, "admin"))
    old = await last(between)
    answers = await asyncio.gather(
        desk.post(f"{PLACE}/{old.id}/next", data=typed(title="Uno")),
        second.post(f"{PLACE}/{old.id}/next", data=typed(title="Due")),
    )
    assert sorted(answer.status_code for answer in answers) == [303, 409]
    (lost,) = [answer for answer in answers if answer.status_code == 409]
    assert "una versione più recente" in lost.text
    assert (await last(between)).number == 2


async def test_what_is_wrong_is_said_and_kept(between: Between, desk: httpx.AsyncClient) -> None:
    old = await last(between)
    wrong = {
        "text": TEXT + "Firma {sindaco}.",
        "years": "0",
        "title": "",
    }
    for name, value in wrong.items():
        answer = await desk.post(f"{PLACE}/{old.id}/next", data=typed(**{name: value}))
        assert answer.status_code == 422, name
    unknown = await desk.post(f"{PLACE}/{old.id}/next", data=typed(text=TEXT + "Firma {sindaco}."))
    assert "Non esiste il segnaposto {sindaco}" in unknown.text
    assert "Firma {sindaco}." in unknown.text
    assert (await last(between)).number == 1


async def test_nothing_new_is_no_version(between: Between, desk: httpx.AsyncClient) -> None:
    old = await last(between)
    same = typed(title=old.title, years=str(old.years), text=old.text.strip())
    answer = await desk.post(f"{PLACE}/{old.id}/next", data=same)
    assert answer.status_code in (409, 422)
    assert "nulla da salvare" in answer.text
    assert (await last(between)).number == 1


async def test_on_paper_before_and_after_it_is_saved(
    between: Between, desk: httpx.AsyncClient
) -> None:
    old = await last(between)
    saved = await desk.get(f"{PLACE}/{old.id}/preview")
    tried = await desk.post(f"{PLACE}/{old.id}/try", data=typed())
    for answer, said in ((saved, "Premesse"), (tried, "per 5 anni")):
        assert answer.headers["content-type"] == "application/pdf"
        pages = PdfReader(io.BytesIO(answer.content)).pages
        text = " ".join(" ".join(page.extract_text() for page in pages).split())
        assert said in text
        assert "ANTEPRIMA" in text
        assert "Comune di Esempio" in text
    assert (await last(between)).number == 1
    wrong = await desk.post(f"{PLACE}/{old.id}/try", data=typed(text=TEXT + "{x}"))
    assert wrong.status_code == 422


async def test_markup_in_a_template_is_text(between: Between, desk: httpx.AsyncClient) -> None:
    old = await last(between)
    text = TEXT + "\n<script>alert(1)</script> #include $x$ *così*\n"
    answer = await desk.post(f"{PLACE}/{old.id}/next", data=typed(text=text))
    shown = (await desk.get(answer.headers["location"])).text
    assert "<script>alert(1)" not in shown
    paper = await desk.get(f"{answer.headers['location']}/preview")
    pages = PdfReader(io.BytesIO(paper.content)).pages
    said = "".join(" ".join(page.extract_text() for page in pages).split())
    assert "<script>alert(1)</script>#include$x$*così*" in said


async def test_only_admins_write_and_each_ente_its_own(
    between: Between, desk: httpx.AsyncClient, new_client: Callable[[], httpx.AsyncClient]
) -> None:
    viewer = new_client()
    await sign_in(viewer, await make_membership(between.ente, "viewer"))
    old = await last(between)
    assert (await viewer.get(f"{PLACE}/{old.id}")).status_code == 200
    assert (await viewer.get(f"{PLACE}/{old.id}/next")).status_code == 403
    assert (await viewer.post(f"{PLACE}/{old.id}/next", data=typed())).status_code == 403
    theirs = await last(await make_between())
    for path in ("", "/preview", "/next"):
        assert (await desk.get(f"{PLACE}/{theirs.id}{path}")).status_code == 404
    assert (await desk.post(f"{PLACE}/{theirs.id}/next", data=typed())).status_code == 404


async def test_the_help_lists_each_placeholder(between: Between, desk: httpx.AsyncClient) -> None:
    lender = await last(between, "lender")
    shown = (await desk.get(f"{PLACE}/{lender.id}/next")).text
    named = set(re.findall(r"<code>\{(\w+)\}</code>", shown))
    assert named == {"ente", "organisation", "fiscal_code", "address", "years", "today", "number"}
