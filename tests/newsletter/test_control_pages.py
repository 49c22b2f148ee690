"""What an editor sees and presses while a campaign is sent, as a browser without JavaScript meets it."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from uuid import UUID

import httpx
import pytest

from hub import clock
from hub.db import tenant_transaction
from hub.ids import uuid7
from hub.newsletter import course
from hub.newsletter.schemas import Counts, PausedWhy
from hub.web.i18n import gettext as _
from hub.web.i18n import ngettext
from tests.factories import Member, make_membership, make_tenant
from tests.newsletter.delivery.ledger_rows import add_rows, end_campaign, end_rows, make_ledger
from tests.newsletter.making import load, make_campaign, make_subscriber, states

HTMX = {"HX-Request": "true"}


async def running(editor: Member, on_doubt: str = "ask") -> UUID:
    return await make_ledger(
        editor,
        (60, "sent", None),
        (30, "queued", None),
        (4, "retry", "greylisted"),
        (2, "failed", "unknown"),
        (1, "failed", "mailbox_full"),
        (2, "in_doubt", "connection_lost"),
        (1, "suppressed", None),
        on_doubt=on_doubt,
    )


def text_of(page: httpx.Response) -> str:
    """What is read on the page, without its tags."""
    assert page.status_code in (200, 422), page.status_code
    main = page.text[max(page.text.find("<main"), 0) :]
    return html.unescape(" ".join(re.sub(r"<[^>]+>", " ", main).split()))


def button(page: httpx.Response, action: str) -> bool:
    return f'action="{action}"' in page.text


async def press(browser: httpx.AsyncClient, here: str, **fields: str) -> httpx.Response:
    return await browser.post(here, data={"form_key": str(uuid7()), **fields})


async def test_pause_resume_and_cancel_by_buttons(
    browser: httpx.AsyncClient, editor: Member
) -> None:
    campaign_id = await running(editor)
    here = f"/campaigns/{campaign_id}"
    page = await browser.get(here)
    assert button(page, f"{here}/pause")
    assert not button(page, f"{here}/resume")
    for _click in range(2):
        answer = await press(browser, f"{here}/pause")
        assert (answer.status_code, answer.headers["location"]) == (303, here)
    page = await browser.get(here)
    assert _("Paused since %(when)s", when="") in text_of(page)
    assert button(page, f"{here}/resume")
    assert not button(page, f"{here}/pause")
    assert _("Paused") in text_of(await browser.get("/campaigns"))
    assert (await press(browser, f"{here}/resume")).status_code == 303
    assert not (await load(editor, campaign_id)).is_paused
    ask = await browser.get(f"{here}/cancel")
    assert "60" in text_of(ask)
    assert "34" in text_of(ask), "30 waiting and 4 to be tried again"
    assert button(ask, f"{here}/cancel")
    for _click in range(2):
        assert (await press(browser, f"{here}/cancel")).status_code == 303
    page = await browser.get(here)
    assert _("Cancelled") in text_of(page)
    assert f"{_('Not sent: cancelled')} 34" in text_of(page)
    assert "hx-trigger" not in page.text
    assert not any(button(page, f"{here}/{step}") for step in ("pause", "resume", "leave-doubts"))
    assert (await browser.get(f"{here}/cancel")).headers["location"] == here
    for step in ("pause", "resume"):
        assert (await press(browser, f"{here}/{step}")).status_code == 409


@pytest.mark.parametrize(
    ("why", "says"),
    [
        ("policy", "The hub has paused this campaign: the mail server refuses it"),
        ("failing_share", "The hub has paused this campaign: too many addresses are refused"),
    ],
)
async def test_why_it_is_paused_and_what_to_do(
    browser: httpx.AsyncClient, editor: Member, why: PausedWhy, says: str
) -> None:
    campaign_id = await running(editor)
    async with tenant_transaction(editor.tenant.id) as scope:
        await course.pause_automatically(scope, campaign_id, why, "550 5.7.1 <b>spam</b>")
    page = await browser.get(f"/campaigns/{campaign_id}")
    text = text_of(page)
    assert _(says) in text
    assert "550 5.7.1 <b>spam</b>" in text
    assert "<b>spam" not in page.text, "a server's words are escaped"
    assert _("What to do:") in text
    if why == "failing_share":
        assert "63" in text, "sent and refused together"
        assert _("Address unknown") in text


async def test_the_numbers_the_pace_and_the_curve(
    browser: httpx.AsyncClient, editor: Member
) -> None:
    campaign_id = await running(editor)
    into_slot = timedelta(seconds=clock.now().timestamp() % 10)
    for slot in range(1, 4):
        with clock.moved(timedelta(seconds=10 * slot) - into_slot):
            await add_rows(editor, campaign_id, 100, "sent")
    with clock.moved(timedelta(seconds=40) - into_slot):
        page = await browser.get(f"/campaigns/{campaign_id}", headers=HTMX)
    text = text_of(page)
    assert page.text.lstrip().startswith("<section")
    assert "91%" in text
    assert f"{_('Sent')} 360" in text
    assert f"{_('In doubt')} 2" in text
    assert re.search(r"\d+ messaggi al minuto", text)
    assert _("less than a minute left") in text
    assert "<polyline" in page.text
    assert f"{_('Refused or in doubt')} 5" in text
    table = page.text[page.text.index("hub-curves") :]
    assert "360" in table[table.index("<tbody>") :], "the drawing's numbers can be read"
    assert _("First contact, the server asks to come back later") in text
    assert f"/campaigns/{campaign_id}/unsent?state=failed&amp;cause=mailbox_full" in page.text


async def test_what_is_not_quite_done_is_not_all(
    browser: httpx.AsyncClient, editor: Member
) -> None:
    assert Counts({"sent": 9_999, "queued": 1}).share == 0.99
    assert Counts({"sent": 9_999, "failed": 1}).share == 1
    campaign_id = await make_ledger(editor, (399, "sent", None), (1, "queued", None))
    for page in (await browser.get(f"/campaigns/{campaign_id}"), await browser.get("/campaigns")):
        assert "99%" in text_of(page)
        assert "100%" not in text_of(page)


async def test_how_far_the_freeze_has_come(browser: httpx.AsyncClient, editor: Member) -> None:
    campaign_id = await make_ledger(editor, (20, "queued", None), state="freezing")
    async with tenant_transaction(editor.tenant.id) as scope:
        await scope.execute("UPDATE campaigns SET expected = 80 WHERE id = $1", campaign_id)
    page = await browser.get(f"/campaigns/{campaign_id}")
    assert (
        f"20 {_('of %(total)s recipients are written down; then the sending begins.', total=80)}"
        in (text_of(page))
    )
    assert 'width="25.0"' in page.text


async def test_the_next_try_is_said_once_nothing_else_waits(
    browser: httpx.AsyncClient, editor: Member
) -> None:
    campaign_id = await running(editor)
    async with tenant_transaction(editor.tenant.id) as scope:
        await scope.execute(
            "UPDATE deliveries SET due_at = $2 WHERE campaign_id = $1 AND state = 'retry'",
            campaign_id,
            scope.now + timedelta(hours=1),
        )
    next_try = _("Next try: %(when)s", when="").strip()
    assert next_try not in text_of(await browser.get(f"/campaigns/{campaign_id}"))
    await end_rows(editor, campaign_id, "queued", "sent")
    assert next_try in text_of(await browser.get(f"/campaigns/{campaign_id}"))


async def stall(editor: Member, campaign_id: UUID, *, seconds: int) -> None:
    pause = timedelta(seconds=seconds)
    async with tenant_transaction(editor.tenant.id) as scope:
        await course.mark_stalled(scope, campaign_id, "421 closing", shortest=pause, longest=pause)


async def test_the_next_try_after_an_outage_comes_nearer_and_can_be_hurried(
    browser: httpx.AsyncClient, editor: Member
) -> None:
    campaign_id = await running(editor)
    here = f"/campaigns/{campaign_id}"
    assert not button(await browser.get(here), f"{here}/try-now")
    await stall(editor, campaign_id, seconds=60)
    left = []
    for passed in (1, 21):
        with clock.moved(timedelta(seconds=passed)):
            page = await browser.get(here)
        text = text_of(page)
        assert "421 closing" in text
        assert button(page, f"{here}/try-now")
        left += [int(found) for found in re.findall(r"tra (\d+) secondi", text)]
    assert 50 < left[0] < 60
    assert left[1] < left[0] - 15
    for _click in range(2):
        answer = await press(browser, f"{here}/try-now")
        assert (answer.status_code, answer.headers["location"]) == (303, here)
    assert _("The next try is under way.") in text_of(await browser.get(here))
    await press(browser, f"{here}/pause")
    assert not button(await browser.get(here), f"{here}/try-now"), "a pause holds"


def asked_again(page: httpx.Response) -> str:
    """The address at which the page asks again by itself."""
    (again,) = re.findall(r'hx-get="([^"]+)"', page.text)
    return html.unescape(again)


def read_aloud(answer: httpx.Response) -> str | None:
    """What this answer puts into the live region; None where it leaves it alone."""
    found = re.findall(r'<p id="campaign-news" hx-swap-oob="innerHTML">(.*?)</p>', answer.text)
    return html.unescape(found[0]) if found else None


async def test_what_the_standing_offers_comes_anew_with_it(
    browser: httpx.AsyncClient, editor: Member
) -> None:
    """Else its buttons would be wrong, and what was said when it was opened would stay beside 100 %."""
    campaign_id = await make_ledger(editor, (1, "queued", None))
    here = f"/campaigns/{campaign_id}"
    again = asked_again(await browser.get(here))
    same = await browser.get(again, headers=HTMX)
    assert same.text.lstrip().startswith("<section")
    assert "hx-retarget" not in same.headers
    await press(browser, f"{here}/pause")
    paused = await browser.get(again, headers=HTMX)
    assert paused.headers["hx-retarget"] == "#campaign"
    assert paused.text.lstrip().startswith('<div id="campaign">')
    assert button(paused, f"{here}/resume")
    assert '<div id="message" hx-swap-oob="innerHTML"></div>' in paused.text
    known = await browser.get(asked_again(paused), headers=HTMX)
    assert known.text.lstrip().startswith("<section")
    await press(browser, f"{here}/resume")
    await end_rows(editor, campaign_id, "queued", "sent")
    assert await end_campaign(editor, campaign_id)
    ended = await browser.get(again, headers=HTMX)
    assert ended.headers["hx-retarget"] == "#campaign"
    assert "hx-get" not in ended.text, "it asks no more"
    whole = await browser.get(again)
    assert "<html" in whole.text, "whoever opens the address gets the page"
    assert "hx-retarget" not in whole.headers
    assert "100%" in whole.text


async def test_only_what_matters_is_read_aloud_and_once(
    browser: httpx.AsyncClient, editor: Member
) -> None:
    campaign_id = await make_ledger(editor, (45, "sent", None), (55, "queued", None))
    here = f"/campaigns/{campaign_id}"
    page = await browser.get(here)
    assert '<p class="visually-hidden" id="campaign-news" role="status"></p>' in page.text
    assert page.text.index("campaign-news") < page.text.index('<div id="campaign">'), "it stays"
    again = asked_again(page)

    async def news() -> str | None:
        nonlocal again
        answer = await browser.get(again, headers=HTMX)
        if "hx-get" in answer.text:
            again = asked_again(answer)
        said = read_aloud(answer)
        assert read_aloud(await browser.get(again, headers=HTMX)) in (None, said)
        return said

    assert await news() is None
    await add_rows(editor, campaign_id, 2, "sent")
    assert await news() is None, "46 % is no news"
    await add_rows(editor, campaign_id, 10, "sent")
    assert await news() == _("%(share)s of the addresses are done.", share="50%")
    assert await news() is None
    await stall(editor, campaign_id, seconds=60)
    assert await news() == _("The mail server does not take mail at the moment.")
    assert await news() is None, "the seconds are no news"
    await press(browser, f"{here}/pause")
    assert await news() == _("The campaign is paused.")
    await press(browser, f"{here}/resume")
    async with tenant_transaction(editor.tenant.id) as scope:
        await course.mark_moving(scope, campaign_id)
    assert await news() == _("%(share)s of the addresses are done.", share="50%")
    await add_rows(editor, campaign_id, 1, "in_doubt", "connection_lost")
    said = await news()
    assert said
    assert said.endswith(_("Some messages are in doubt"))
    await end_rows(editor, campaign_id, "queued", "failed")
    await end_rows(editor, campaign_id, "in_doubt", "sent")
    assert await end_campaign(editor, campaign_id)
    assert await news() == ngettext(
        "The campaign is sent. %(number)s address did not get it.",
        "The campaign is sent. %(number)s addresses did not get it.",
        55,
        number=55,
    )


@pytest.mark.parametrize(
    ("state", "says"),
    [
        ("freezing", "The campaign is being prepared."),
        ("sending", "The campaign is being sent."),
        ("cancelled", "The campaign is cancelled."),
        ("sent", "The campaign is sent. The mail server took it for everyone."),
    ],
)
async def test_a_state_in_words_to_be_heard(
    browser: httpx.AsyncClient, editor: Member, state: str, says: str
) -> None:
    campaign_id = await make_ledger(editor, (1, "sent", None), state=state)
    if state == "sending":
        await add_rows(editor, campaign_id, 99, "queued")
    answer = await browser.get(f"/campaigns/{campaign_id}?told=x", headers=HTMX)
    assert read_aloud(answer) == _(says)


async def test_whatever_has_the_focus_keeps_it_by_its_id(
    browser: httpx.AsyncClient, editor: Member
) -> None:
    campaign_id = await running(editor)
    pages = [await browser.get(f"/campaigns/{campaign_id}")]
    await stall(editor, campaign_id, seconds=60)
    pages.append(await browser.get(f"/campaigns/{campaign_id}"))
    async with tenant_transaction(editor.tenant.id) as scope:
        await course.pause_automatically(scope, campaign_id, "failing_share", None)
    pages.append(await browser.get(f"/campaigns/{campaign_id}"))
    for page in pages:
        part = page.text[page.text.index('<div id="campaign">') : page.text.index("<footer")]
        stops = re.findall(r"<(?:a|button|input(?! type=.hidden))\b[^>]*>", part)
        ids = [re.findall(r' id="([^" ]+)"', stop) for stop in stops]
        assert len(ids) > 8
        assert all(ids), [stop for stop, found in zip(stops, ids, strict=True) if not found]
        assert len({found[0] for found in ids}) == len(ids), "each of its own"


async def test_doubts_ask_for_a_decision(browser: httpx.AsyncClient, editor: Member) -> None:
    campaign_id = await running(editor)
    here = f"/campaigns/{campaign_id}"
    page = await browser.get(here)
    assert button(page, f"{here}/leave-doubts")
    assert f'href="{here}/resend?state=in_doubt"' in page.text
    for _click in range(2):
        assert (await press(browser, f"{here}/leave-doubts")).status_code == 303
    page = await browser.get(here)
    assert not button(page, f"{here}/leave-doubts"), "nobody is asked again"
    assert f"{_('In doubt')} 2" in text_of(page), "but they are not hidden"
    ask = await browser.get(f"{here}/resend?state=in_doubt")
    assert "2" in text_of(ask)
    assert (await press(browser, f"{here}/resend", state="in_doubt")).status_code == 303
    assert (await states(editor, campaign_id))["queued"] == 32


@pytest.mark.parametrize("on_doubt", ["resend", "leave"])
async def test_a_policy_that_was_chosen_asks_nobody(
    browser: httpx.AsyncClient, editor: Member, on_doubt: str
) -> None:
    campaign_id = await running(editor, on_doubt)
    page = await browser.get(f"/campaigns/{campaign_id}")
    assert not button(page, f"/campaigns/{campaign_id}/leave-doubts")


async def test_send_again_by_cause(browser: httpx.AsyncClient, editor: Member) -> None:
    campaign_id = await running(editor)
    here = f"/campaigns/{campaign_id}"
    everyone = await browser.get(f"{here}/unsent?state=failed")
    assert "3" in text_of(everyone)
    some = await browser.get(f"{here}/unsent?state=failed&cause=unknown")
    assert some.text.count("550 5.1.1 no such user") == 2
    (ask_url,) = re.findall(rf'href="({here}/resend[^"]+)"', some.text)
    ask = await browser.get(html.unescape(ask_url))
    assert _("Address unknown") in text_of(ask)
    main = ask.text[ask.text.index("<main") :]
    form = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', main))
    assert (form["state"], form["cause"]) == ("failed", "unknown")
    for _click in range(2):
        answer = await browser.post(f"{here}/resend", data=form)
        assert (answer.status_code, answer.headers["location"]) == (303, here)
    found = await states(editor, campaign_id)
    assert (found["queued"], found["failed"]) == (32, 1)
    again = await press(browser, f"{here}/resend", state="failed", cause="unknown")
    assert again.status_code == 409, "there is nobody left"
    assert (await press(browser, f"{here}/resend", state="suppressed")).status_code == 409
    assert (await states(editor, campaign_id))["suppressed"] == 1


@pytest.mark.parametrize(
    "query", ["", "?state=suppressed", "?state=retry", "?state=x", "?state=failed&cause=nothing"]
)
async def test_there_is_nobody_to_send_to_again(
    browser: httpx.AsyncClient, editor: Member, query: str
) -> None:
    campaign_id = await running(editor)
    answer = await browser.get(f"/campaigns/{campaign_id}/resend{query}")
    assert answer.headers["location"] == f"/campaigns/{campaign_id}/unsent"


@pytest.mark.parametrize("fields", [{}, {"state": "failed", "surprise": "x"}, {"state": "x" * 300}])
async def test_a_resend_that_is_none_of_our_forms(
    browser: httpx.AsyncClient, editor: Member, fields: dict[str, str]
) -> None:
    campaign_id = await running(editor)
    answer = await press(browser, f"/campaigns/{campaign_id}/resend", **fields)
    assert answer.status_code in (303, 422)
    assert (await states(editor, campaign_id))["queued"] == 30


async def test_who_did_not_get_it_by_state_and_cause(
    browser: httpx.AsyncClient, editor: Member
) -> None:
    campaign_id = await running(editor)
    here = f"/campaigns/{campaign_id}/unsent"
    first = await browser.get(here)
    text = text_of(first)
    for tab in ("(3)", "(2)", "(4)", "(1)"):
        assert tab in text
    assert _("Address unknown") in text
    assert "550 5.1.1 no such user" in text, "the server's own words"
    retry = await browser.get(f"{here}?state=retry")
    assert _("Next try") in text_of(retry)
    assert "/resend" not in retry.text
    suppressed = await browser.get(f"{here}?state=suppressed")
    assert "/resend" not in suppressed.text
    nobody = await browser.get(f"{here}?state=failed&cause=%3Cscript%3E")
    assert _("Nobody") in text_of(nobody)
    assert "<script>" not in nobody.text[nobody.text.index("<main") :]
    for bad in (f"{here}?state=not_sent", f"{here}?state=sent", f"{here}?after=x"):
        assert (await browser.get(bad)).status_code == 404


@pytest.mark.parametrize(
    ("rows", "opened"),
    [
        ([(3, "retry", "policy")], "Will be tried again"),
        ([(3, "retry", "policy"), (1, "in_doubt", "no_answer")], "In doubt"),
        ([(2, "suppressed", None)], "Unsubscribed in time"),
    ],
)
async def test_it_opens_where_there_is_somebody(
    browser: httpx.AsyncClient,
    editor: Member,
    rows: list[tuple[int, str, str | None]],
    opened: str,
) -> None:
    campaign_id = await make_ledger(editor, (5, "queued", None), *rows)
    async with tenant_transaction(editor.tenant.id) as scope:
        await course.pause_automatically(scope, campaign_id, "policy", "550 5.7.1 spam")
    page = await browser.get(f"/campaigns/{campaign_id}/unsent")
    (current,) = re.findall(r'aria-current="page">([^<]+ \(\d+\))</a>', page.text)
    assert html.unescape(current) == f"{_(opened)} ({rows[-1][0]})"


@pytest.mark.parametrize(
    ("state", "says"),
    [
        (
            "sending",
            "Nobody is refused or in doubt so far: whoever has not got it is still waiting.",
        ),
        ("sent", "The mail server took it for everyone."),
    ],
)
async def test_it_opens_on_no_empty_list(
    browser: httpx.AsyncClient, editor: Member, state: str, says: str
) -> None:
    """As a refusal of us leaves it: everybody is queued again, and nobody is blamed."""
    row = "queued" if state == "sending" else "sent"
    campaign_id = await make_ledger(editor, (5, row, None), state=state)
    page = await browser.get(f"/campaigns/{campaign_id}/unsent")
    assert _(says) in text_of(page)
    assert 'aria-current="page"' not in page.text[page.text.index("<h1") :]
    asked = await browser.get(f"/campaigns/{campaign_id}/unsent?state=failed")
    assert f"{_('Refused')} (0)" in text_of(asked)


async def test_a_cause_that_nobody_named_is_shown_as_it_is(
    browser: httpx.AsyncClient, editor: Member
) -> None:
    campaign_id = await make_ledger(
        editor, (1, "failed", "sunspots"), (1, "failed", None), state="sent"
    )
    for page in ("", "/unsent"):
        assert "sunspots" in text_of(await browser.get(f"/campaigns/{campaign_id}{page}"))


async def test_who_still_waited_when_it_was_cancelled(
    browser: httpx.AsyncClient, editor: Member
) -> None:
    campaign_id = await make_ledger(
        editor, (58, "queued", None), (3, "retry", "busy"), (2, "failed", "unknown"),
        state="cancelled",
    )  # fmt: skip
    page = await browser.get(f"/campaigns/{campaign_id}/unsent")
    assert f"{_('Not sent: cancelled')} (61)" in text_of(page)
    assert _("Will be tried again") not in text_of(page)
    found = re.findall(r"reader-[\w-]+@example", page.text)
    (following,) = re.findall(r'rel="next" href="([^"]+)"', page.text)
    rest = await browser.get(html.unescape(following))
    found += re.findall(r"reader-[\w-]+@example", rest.text)
    assert len(found) == len(set(found)) == 61
    why = f"{_('Not sent: cancelled')} {_('Last failure:')} {_('Server busy, tried again later')}"
    assert (text_of(page) + text_of(rest)).count(why) == 3, "the last failure beside what ended it"
    (of_cause,) = re.findall(rf'href="({page.url.path}[^"]+busy)"', page.text)
    busy = await browser.get(html.unescape(of_cause))
    assert text_of(busy).count(why) == len(re.findall(r"reader-[\w-]+@example", busy.text)) == 3
    whole = await browser.get(f"/campaigns/{campaign_id}")
    assert of_cause in whole.text
    assert f"{_('Server busy, tried again later')} {_('Not sent: cancelled')} 3" in text_of(whole)
    failed = await browser.get(f"/campaigns/{campaign_id}/unsent?state=failed")
    assert "/resend" not in failed.text, "a cancelled campaign stays cancelled"
    assert (await browser.get(f"/campaigns/{campaign_id}/unsent?state=retry")).status_code == 404


@pytest.mark.parametrize("on_doubt", ["ask", "resend", "leave"])
async def test_the_policy_is_chosen_before_sending(
    browser: httpx.AsyncClient, editor: Member, on_doubt: str
) -> None:
    await make_subscriber(editor.tenant)
    campaign_id = await make_campaign(editor)
    here = f"/campaigns/{campaign_id}/send"
    page = await browser.get(here)
    assert re.search(r'value="ask" checked', page.text), "the careful one"
    form = {"version": "1", "recipients": "1"}
    assert (await press(browser, here, **form, on_doubt="guess")).status_code == 422
    stale = await press(browser, here, version="1", recipients="9", on_doubt=on_doubt)
    assert stale.status_code == 409
    assert f'value="{on_doubt}" checked' in stale.text, "what was chosen stays chosen"
    assert (await press(browser, here, **form, on_doubt=on_doubt)).status_code == 303
    campaign = await load(editor, campaign_id)
    assert (campaign.on_doubt, campaign.expected, campaign.state) == (on_doubt, 1, "freezing")


STEPS = [
    ("POST", "pause"),
    ("POST", "resume"),
    ("POST", "try-now"),
    ("GET", "cancel"),
    ("POST", "cancel"),
    ("POST", "leave-doubts"),
    ("GET", "resend?state=failed"),
    ("POST", "resend"),
]


async def test_another_publishers_campaign_cannot_be_touched(
    browser: httpx.AsyncClient, editor: Member
) -> None:
    other = await make_membership(await make_tenant("coordinator"), "admin")
    theirs = await running(other)
    before = await load(other, theirs)
    for method, step in STEPS:
        for campaign_id in (theirs, uuid7(), "x"):
            data = {"form_key": str(uuid7()), "state": "failed"} if method == "POST" else None
            answer = await browser.request(method, f"/campaigns/{campaign_id}/{step}", data=data)
            assert answer.status_code == 404, (method, step)
    assert await load(other, theirs) == before


async def test_a_draft_is_none_to_stop(browser: httpx.AsyncClient, editor: Member) -> None:
    here = f"/campaigns/{await make_campaign(editor)}"
    for method, step in STEPS:
        if method == "POST" and step != "resend":
            assert (await press(browser, f"{here}/{step}")).status_code == 409
    assert (await browser.get(f"{here}/cancel")).headers["location"] == here
    assert (await press(browser, f"{here}/resend", state="failed")).status_code == 409
