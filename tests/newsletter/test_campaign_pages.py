"""The editor's pages, as a browser without JavaScript meets them."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from uuid import UUID

import httpx
import pytest

from hub.crypto import email_token
from hub.db import tenant_transaction
from hub.ids import uuid7
from hub.newsletter import consents, queries
from hub.newsletter.blocks import Button, Divider, Heading, Paragraph
from hub.newsletter.schemas import Campaign
from hub.newsletter.segments import Choices, choices_of
from hub.web.headers import PREVIEW_CSP
from hub.web.i18n import gettext as _
from hub.worker import drain_now
from tests.factories import CAMPANIA, Member, make_membership, make_tenant
from tests.newsletter.making import (
    draft,
    load,
    make_campaign,
    make_subscriber,
    make_subscribers,
    start,
    states,
)
from tests.support.smtp_sink import SmtpSink
from tests.support.web import sign_in

FILLED: dict[str, str | list[str]] = {
    "form_key": str(UUID(int=1)),
    "subject": "Novità",
    "preheader": "",
    "locale": "it",
    "audiences": ["operators", "public"],
    "version": "0",
    "blocks": "heading,paragraph,button,divider",
    "block_1_text": "Titolo {name}",
    "block_2_text": "Testo **forte**",
    "block_3_label": "Vai",
    "block_3_url": "https://example.org/",
}


def fields_of(page: str) -> dict[str, str | list[str]]:
    """What the browser would send of the form on this page."""
    form = page[page.index('<form method="post"', page.index("<main")) :]
    form = form[: form.index("</form>")]
    fields: dict[str, str | list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form):
        fields[name] = html.unescape(value)
    for found in re.findall(r"<input class=[^>]*>", form):
        (name,) = re.findall(r' name="([^"]+)"', found)
        fields[name] = html.unescape(re.findall(r' value="([^"]*)"', found)[0])
    for name, value in re.findall(
        r'<textarea[^>]* name="([^"]+)"[^>]*>(.*?)</textarea>', form, re.DOTALL
    ):
        fields[name] = html.unescape(value)
    for name, value in re.findall(r'type="checkbox" name="([^"]+)" value="([^"]*)" checked', form):
        fields.setdefault(name, [])
        fields[name] = [*fields[name], value]
    fields |= dict(re.findall(r'type="radio" name="([^"]+)" value="([^"]*)" checked', form))
    for name, options in re.findall(
        r'<select[^>]* name="([^"]+)"[^>]*>(.*?)</select>', form, re.DOTALL
    ):
        fields[name] = re.findall(r'value="([^"]*)" selected', options)
    fields.pop("_csrf_token")
    return fields


async def only_campaign(editor: Member) -> Campaign:
    async with tenant_transaction(editor.tenant.id) as scope:
        (campaign,) = await queries.recent_campaigns(scope, limit=9)
    return campaign


async def test_write_save_and_come_back(browser: httpx.AsyncClient, editor: Member) -> None:
    blank = await browser.get("/campaigns/new")
    assert blank.status_code == 200
    assert fields_of(blank.text)["blocks"] == "heading,paragraph"
    answer = await browser.post("/campaigns", data={**FILLED, "regions": [CAMPANIA]})
    campaign = await only_campaign(editor)
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/campaigns/{campaign.id}/edit"
    assert campaign.blocks == (
        Heading("Titolo {name}"),
        Paragraph("Testo **forte**"),
        Button("Vai", "https://example.org/"),
        Divider(),
    )
    assert choices_of(campaign.segment) == Choices(("operators", "public"), (), (CAMPANIA,))
    back = await browser.get(f"/campaigns/{campaign.id}/edit")
    typed = fields_of(back.text)
    expected = {**FILLED, "version": "1", "regions": [CAMPANIA], "locale": ["it"]}
    assert {name: typed[name] for name in expected if name != "form_key"} == {
        name: value for name, value in expected.items() if name != "form_key"
    }
    changed = await browser.post(
        f"/campaigns/{campaign.id}/edit", data={**typed, "subject": "Altro", "do": "preview"}
    )
    assert changed.headers["location"] == f"/campaigns/{campaign.id}/preview"
    assert (await load(editor, campaign.id)).subject == "Altro"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"subject": ""}, "campaign-subject"),
        ({"subject": "x" * 151}, "campaign-subject"),
        ({"subject": "Ciao {nome}"}, "campaign-subject"),
        ({"audiences": []}, "campaign-audiences"),
        ({"locale": "tlh"}, "campaign-locale"),
        ({"regions": ["99"]}, "campaign-regions"),
        ({"block_1_text": ""}, "campaign-block_1_text"),
        ({"block_2_text": "[qui](javascript:alert)"}, "campaign-block_2_text"),
        ({"block_2_text": "[qui](https://a b)"}, "campaign-block_2_text"),
        ({"block_2_text": "{unsubscribe_url}"}, "campaign-block_2_text"),
        ({"block_2_text": "x" * 5001}, "campaign-block_2_text"),
        ({"block_3_url": "javascript:alert(1)"}, "campaign-block_3_url"),
        ({"block_3_url": "www.example.org"}, "campaign-block_3_url"),
        ({"block_3_url": "https://example.org/{name}"}, "campaign-block_3_url"),
        ({"block_3_label": ""}, "campaign-block_3_label"),
    ],
)
async def test_what_is_wrong_is_said_and_what_was_typed_stays(
    browser: httpx.AsyncClient, editor: Member, wrong: dict[str, str | list[str]], said: str
) -> None:
    answer = await browser.post("/campaigns", data={**FILLED, **wrong})
    assert answer.status_code == 422
    assert f'href="#{said}"' in answer.text, "the summary leads to the field"
    assert f'id="{said}-error"' in answer.text
    typed = fields_of(answer.text)
    for name, value in wrong.items():
        if name not in ("locale", "regions", "audiences"):
            assert typed[name] == value
    assert typed["block_2_text"] == wrong.get("block_2_text", FILLED["block_2_text"])
    async with tenant_transaction(editor.tenant.id) as scope:
        assert await queries.recent_campaigns(scope, limit=9) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"blocks": "heading,script"},
        {"blocks": ",".join(["divider"] * 61)},
        {"blocks": ""},
        {"block_9_text": "x"},
        {"form_key": "none"},
        {"version": "x"},
        {"do": "explode"},
        {"do": "remove:0"},
        {"surprise": "x"},
    ],
)
async def test_a_form_that_is_none_of_ours(
    browser: httpx.AsyncClient, editor: Member, wrong: dict[str, str]
) -> None:
    answer = await browser.post("/campaigns", data={**FILLED, **wrong})
    assert answer.status_code == 422
    assert "alert-danger" in answer.text
    async with tenant_transaction(editor.tenant.id) as scope:
        assert await queries.recent_campaigns(scope, limit=9) == []


async def test_blocks_are_arranged_by_buttons(browser: httpx.AsyncClient, editor: Member) -> None:
    async def press(do: str, fields: dict[str, str | list[str]]) -> dict[str, str | list[str]]:
        answer = await browser.post("/campaigns", data={**fields, "do": do})
        assert answer.status_code == 200
        return fields_of(answer.text)

    moved = await press("up:3", {**FILLED, "subject": ""})
    assert moved["blocks"] == "heading,button,paragraph,divider"
    assert (moved["block_2_label"], moved["block_3_text"]) == ("Vai", "Testo **forte**")
    assert moved["subject"] == "", "people arrange while they write"
    added = await press("add:paragraph", moved)
    assert added["blocks"] == "heading,button,paragraph,divider,paragraph"
    assert added["block_5_text"] == ""
    down = await press("down:1", added)
    assert down["blocks"] == "button,heading,paragraph,divider,paragraph"
    assert down["block_2_text"] == "Titolo {name}"
    removed = await press("remove:2", down)
    assert removed["blocks"] == "button,paragraph,divider,paragraph"
    assert removed["audiences"] == ["operators", "public"]
    same = removed
    for nothing in ("up:1", "down:4", "remove:9", "add:script"):
        same = await press(nothing, same)
    assert same["blocks"] == removed["blocks"]
    async with tenant_transaction(editor.tenant.id) as scope:
        assert await queries.recent_campaigns(scope, limit=9) == [], "nothing was saved"


async def test_htmx_gets_the_form_alone(browser: httpx.AsyncClient) -> None:
    answer = await browser.post(
        "/campaigns", data={**FILLED, "do": "add:heading"}, headers={"HX-Request": "true"}
    )
    assert answer.status_code == 200
    assert answer.text.lstrip().startswith("<form")
    assert "<html" not in answer.text


async def test_the_count_is_exact_live_and_without_javascript(
    browser: httpx.AsyncClient, editor: Member
) -> None:
    await make_subscribers(editor.tenant, [f"o{n}@example.org" for n in range(7)], "operators")
    await make_subscriber(editor.tenant, "public", region_code=None)

    async def live(query: str) -> str:
        answer = await browser.get(f"/campaigns/segment-count?{query}")
        assert answer.status_code == 200
        assert "<html" not in answer.text
        return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())

    assert (await live("audiences=operators")).startswith("7 ")
    assert (await live("audiences=operators&audiences=public")).startswith("8 ")
    assert (await live("audiences=operators&audiences=public&regions=15")).startswith("7 ")
    assert (await live("audiences=operators&kinds=host")).startswith("0 ")
    assert not (await live(""))[0].isdigit(), "it asks for an audience"
    assert not (await live("audiences=everybody&regions=';"))[0].isdigit()
    answer = await browser.post("/campaigns", data={**FILLED, "subject": "", "do": "count"})
    assert answer.status_code == 200
    assert ">8</strong>" in answer.text
    assert "alert-danger" not in answer.text


async def test_a_double_click_makes_one_campaign(
    browser: httpx.AsyncClient, editor: Member
) -> None:
    answers = [await browser.post("/campaigns", data=FILLED) for _click in range(2)]
    assert len({answer.headers["location"] for answer in answers}) == 1
    assert (await only_campaign(editor)).version == 1


async def test_two_editors_do_not_overwrite_each_other(
    browser: httpx.AsyncClient, editor: Member
) -> None:
    campaign_id = await make_campaign(editor)
    here = f"/campaigns/{campaign_id}/edit"
    mine, theirs = [fields_of((await browser.get(here)).text) for _ in range(2)]
    assert (await browser.post(here, data={**theirs, "subject": "Loro"})).status_code == 303
    answer = await browser.post(here, data={**mine, "subject": "Mio"})
    assert answer.status_code == 409
    assert fields_of(answer.text)["subject"] == "Mio", "what was typed is not lost"
    assert (await load(editor, campaign_id)).subject == "Loro"


async def test_the_preview_is_what_a_recipient_sees(
    browser: httpx.AsyncClient, editor: Member
) -> None:
    await make_subscriber(editor.tenant, name="Rosa <b>Bianchi</b>")
    campaign_id = await make_campaign(editor, draft(Paragraph("Ciao {name}"), subject="Per {name}"))
    page = await browser.get(f"/campaigns/{campaign_id}/preview")
    assert "Per Rosa &lt;b&gt;Bianchi&lt;/b&gt;" in page.text
    assert f'src="/campaigns/{campaign_id}/preview/html?language=it"' in page.text
    letter = await browser.get(f"/campaigns/{campaign_id}/preview/html?language=en")
    assert letter.headers["content-security-policy"] == PREVIEW_CSP
    assert letter.headers["x-frame-options"] == "SAMEORIGIN"
    assert "Ciao Rosa &lt;b&gt;Bianchi&lt;/b&gt;" in letter.text
    assert "Unsubscribe with one click" in letter.text
    assert "/unsubscribe/" not in letter.text, "nobody can leave for somebody else from here"


async def test_the_preview_shows_the_first_words_and_no_empty_link(
    browser: httpx.AsyncClient, editor: Member
) -> None:
    await make_subscriber(editor.tenant, name="Rosa <b>")
    campaign_id = await make_campaign(editor, draft(preheader="Per {name|te} & per tutti"))
    page = await browser.get(f"/campaigns/{campaign_id}/preview")
    assert "Per Rosa &lt;b&gt; &amp; per tutti</dd>" in page.text
    (text,) = re.findall(r"<pre class=.news-text.[^>]*>(.*?)</pre>", page.text, re.DOTALL)
    leave = html.unescape(text).split(_("To receive no more of them:"))[1]
    assert leave.split()[0] != "#", "an address stands there in the mail"
    assert _("(each reader has a link of their own here)") in leave
    assert "/unsubscribe/" not in text
    none = await make_campaign(editor, draft(preheader=""))
    assert _("First words") not in (await browser.get(f"/campaigns/{none}/preview")).text


async def test_send_once_and_watch(
    browser: httpx.AsyncClient, editor: Member, relay: SmtpSink
) -> None:
    await make_subscribers(editor.tenant, [f"r{n}@example.org" for n in range(12)])
    relay.replies["r3@example.org"] = "550 5.1.1 no such user"
    campaign_id = await make_campaign(editor)
    ask = await browser.get(f"/campaigns/{campaign_id}/send")
    fields = fields_of(ask.text)
    assert (fields["recipients"], fields["version"]) == ("12", "1")
    for _click in range(2):
        answer = await browser.post(f"/campaigns/{campaign_id}/send", data=fields)
        assert answer.status_code == 303
        assert answer.headers["location"] == f"/campaigns/{campaign_id}"
    other_click = {**fields, "form_key": str(uuid7())}
    assert (
        await browser.post(f"/campaigns/{campaign_id}/send", data=other_click)
    ).status_code == 409
    running = await browser.get(f"/campaigns/{campaign_id}")
    assert 'hx-trigger="every 2s"' in running.text
    await drain_now()
    assert len(relay.messages) == 11
    course = await browser.get(f"/campaigns/{campaign_id}", headers={"HX-Request": "true"})
    assert course.text.lstrip().startswith("<section")
    assert "hx-trigger" not in course.text, "it asks no more"
    assert "news-fill-sent" in course.text
    unsent = await browser.get(f"/campaigns/{campaign_id}/unsent")
    assert "r3@example.org" in unsent.text
    assert "550 5.1.1 no such user" in unsent.text
    assert (await browser.get(f"/campaigns/{campaign_id}/edit")).status_code == 303
    assert (await browser.get(f"/campaigns/{campaign_id}/send")).status_code == 303
    assert await states(editor, campaign_id) == {"sent": 11, "failed": 1}
    assert (await browser.get("/campaigns")).text.count(">100%<") == 1


async def test_a_count_that_changed_is_asked_again(
    browser: httpx.AsyncClient, editor: Member
) -> None:
    first = await make_subscriber(editor.tenant)
    campaign_id = await make_campaign(editor)
    fields = fields_of((await browser.get(f"/campaigns/{campaign_id}/send")).text)
    await make_subscriber(editor.tenant)
    answer = await browser.post(f"/campaigns/{campaign_id}/send", data=fields)
    assert answer.status_code == 409
    assert fields_of(answer.text)["recipients"] == "2"
    assert (await load(editor, campaign_id)).state == "draft"
    async with tenant_transaction(editor.tenant.id) as scope:
        await consents.suppress(scope, email_token(first), "by_hand", None)
        await scope.execute("DELETE FROM subscribers WHERE email <> $1", first)
    again = await browser.post(f"/campaigns/{campaign_id}/send", data=fields_of(answer.text))
    assert again.status_code == 409
    assert 'type="submit">' not in again.text[again.text.index("hub-actions") :].split("</div>")[0]
    for broken in ({"x": "y"}, {"form_key": fields["form_key"]}, {**fields, "recipients": "x"}):
        assert (
            await browser.post(f"/campaigns/{campaign_id}/send", data=broken)
        ).status_code == 422
    assert (await load(editor, campaign_id)).state == "draft"


async def test_a_campaign_changed_since_it_was_looked_at_is_not_sent(
    browser: httpx.AsyncClient, editor: Member
) -> None:
    await make_subscriber(editor.tenant)
    campaign_id = await make_campaign(editor)
    fields = fields_of((await browser.get(f"/campaigns/{campaign_id}/send")).text)
    edit = fields_of((await browser.get(f"/campaigns/{campaign_id}/edit")).text)
    await browser.post(f"/campaigns/{campaign_id}/edit", data={**edit, "subject": "Altro"})
    assert (await browser.post(f"/campaigns/{campaign_id}/send", data=fields)).status_code == 409
    assert (await load(editor, campaign_id)).state == "draft"


async def test_a_draft_can_be_deleted_and_a_started_one_cannot(
    browser: httpx.AsyncClient, editor: Member
) -> None:
    await make_subscriber(editor.tenant)
    campaign_id = await make_campaign(editor)
    for _click in range(2):
        assert (await browser.post(f"/campaigns/{campaign_id}/delete")).status_code == 303
    assert (await browser.get(f"/campaigns/{campaign_id}")).status_code == 404
    started_id = await make_campaign(editor)
    await start(editor, started_id)
    assert (await browser.post(f"/campaigns/{started_id}/delete")).status_code == 409
    assert (await load(editor, started_id)).state == "freezing"


async def test_long_lists_have_pages(
    browser: httpx.AsyncClient, editor: Member, relay: SmtpSink
) -> None:
    for number in range(23):
        await make_campaign(editor, draft(subject=f"Numero {number:02}."))
    first = await browser.get("/campaigns")
    assert first.text.count("Numero") == 20
    (following,) = re.findall(r'rel="next" href="([^"]+)"', first.text)
    second = await browser.get(html.unescape(following))
    assert re.findall(r"Numero (\d+)", second.text) == ["02", "01", "00"]
    assert 'rel="next"' not in second.text
    await make_subscribers(editor.tenant, [f"r{n:02}@example.org" for n in range(60)])
    relay.replies |= {f"r{n:02}@example.org": "550 5.1.1 no" for n in range(60)}
    campaign_id = await make_campaign(editor)
    await start(editor, campaign_id)
    await drain_now()
    page = await browser.get(f"/campaigns/{campaign_id}/unsent?state=failed")
    (following,) = re.findall(r'rel="next" href="([^"]+)"', page.text)
    rest = await browser.get(html.unescape(following))
    found = re.findall(r"r\d\d@example", page.text) + re.findall(r"r\d\d@example", rest.text)
    # More than a page holds; the rest were kept back when so many had been refused.
    assert len(found) == len(set(found)) == (await states(editor, campaign_id))["failed"] > 50
    for bad in ("/campaigns?before=x", "/campaigns?before=20261122T101010000000Z.x",
                f"/campaigns/{campaign_id}/unsent?state=sent", f"/campaigns/{campaign_id}/unsent?after=x"):  # fmt: skip
        assert (await browser.get(bad)).status_code == 404


PATHS = [
    ("GET", "/campaigns/{}"),
    ("GET", "/campaigns/{}/edit"),
    ("POST", "/campaigns/{}/edit"),
    ("GET", "/campaigns/{}/preview"),
    ("GET", "/campaigns/{}/preview/html"),
    ("GET", "/campaigns/{}/send"),
    ("POST", "/campaigns/{}/send"),
    ("GET", "/campaigns/{}/unsent"),
]


async def test_another_publishers_campaign_does_not_exist(
    browser: httpx.AsyncClient, editor: Member
) -> None:
    other = await make_membership(await make_tenant("coordinator"), "admin")
    theirs = await make_campaign(other)
    await make_subscriber(other.tenant)
    send = {"form_key": str(uuid7()), "version": "1", "recipients": "1", "on_doubt": "ask"}
    for method, path in PATHS:
        for campaign_id in (str(theirs), str(uuid7()), "x", str(theirs).upper(), f"{theirs}%00"):
            data = None if method == "GET" else send if path.endswith("send") else FILLED
            answer = await browser.request(method, path.format(campaign_id), data=data)
            assert answer.status_code == 404, (method, path, campaign_id)
    await browser.post(f"/campaigns/{theirs}/delete")
    assert (await load(other, theirs)).state == "draft"
    assert "Novità della rete" not in (await browser.get("/campaigns")).text


@pytest.mark.parametrize(
    ("kind", "role"),
    [
        ("coordinator", "viewer"),
        ("coordinator", "operator"),
        ("host", "admin"),
        ("lender", "editor"),
    ],
)
async def test_campaigns_are_the_editors_business(
    client: httpx.AsyncClient, new_client: Callable[[], httpx.AsyncClient], kind: str, role: str
) -> None:
    await sign_in(client, await make_membership(await make_tenant(kind), role))
    somewhere = str(uuid7())
    paths = [*PATHS, ("GET", "/campaigns"), ("GET", "/campaigns/new"), ("POST", "/campaigns"),
             ("GET", "/campaigns/segment-count"), ("POST", "/campaigns/{}/delete")]  # fmt: skip
    for method, path in paths:
        answer = await client.request(method, path.format(somewhere), data=FILLED)
        assert answer.status_code == 403, (method, path)
    stranger = new_client()
    for method, path in paths:
        answer = await stranger.request(method, path.format(somewhere), data=FILLED)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/sign-in")


async def test_what_is_typed_after_going_back_is_not_lost(
    browser: httpx.AsyncClient, editor: Member
) -> None:
    """The back button brings the form back with its key; the same key with other text is no second click."""
    first = await browser.post("/campaigns", data=FILLED)
    again = await browser.post("/campaigns", data=FILLED)
    assert again.headers["location"] == first.headers["location"], "a double click"
    changed = await browser.post("/campaigns", data=FILLED | {"subject": "Tutt'altro"})
    assert changed.status_code == 409
    assert "Tutt&#39;altro" in changed.text, "what was typed is there to be copied"
    edit = first.headers["location"]
    saving = FILLED | {"form_key": str(UUID(int=2)), "version": "1"}
    assert (await browser.post(edit, data=saving)).status_code == 303
    assert (await browser.post(edit, data=saving)).status_code == 303
    assert (await browser.post(edit, data=saving | {"subject": "Altro"})).status_code == 409
    other = await make_campaign(editor)
    elsewhere = await browser.post(f"/campaigns/{other}/edit", data=saving)
    assert elsewhere.status_code == 409, "a key is for one campaign"


async def test_what_is_too_long_for_a_mail_is_said_before_it_is_sent(
    browser: httpx.AsyncClient,
) -> None:
    blocks = {f"block_{number}_text": "a\n\n" * 1600 for number in range(1, 61)}
    long = {name: FILLED[name] for name in ("form_key", "subject", "locale", "audiences")}
    answer = await browser.post(
        "/campaigns", data=long | blocks | {"blocks": ",".join(["paragraph"] * 60)}
    )
    assert answer.status_code == 422
    assert "troppo lungo" in answer.text


async def test_an_at_sign_before_import_is_only_text(browser: httpx.AsyncClient) -> None:
    created = await browser.post(
        "/campaigns", data=FILLED | {"block_2_text": "Scrivete a @importexport"}
    )
    campaign = created.headers["location"].removesuffix("/edit")
    assert (await browser.get(f"{campaign}/preview")).status_code == 200
    assert "@importexport" in (await browser.get(f"{campaign}/preview/html")).text
