"""The mailbox as a process of its own: what comes in by SMTP is shown, and is still there after a restart."""

from __future__ import annotations

import re
import smtplib
from collections.abc import Iterator
from email.message import EmailMessage

import httpx
import pytest

from hub import clock
from hub.embedded.ephemeral import EphemeralMailbox
from hub.embedded.mailbox_page import MAIL_POLICY, PAGE_SIZE
from hub.seed.sign_ins import SECOND_FACTOR
from hub.tenants.accounts.second_factor.codes import STEP_SECONDS, accepted_step


@pytest.fixture(scope="module")
def mailbox() -> Iterator[EphemeralMailbox]:
    with EphemeralMailbox() as mailbox:
        yield mailbox


@pytest.fixture
def page(mailbox: EphemeralMailbox) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=mailbox.page_url) as client:
        yield client


def send(mailbox: EphemeralMailbox, to: str, subject: str = "Subject", html: str = "") -> None:
    message = EmailMessage()
    message["From"] = "Ente <ente@example.org>"
    message["To"] = to
    message["Subject"] = subject
    message.set_content("Buongiorno & grazie: http://127.0.0.1:8000/x")
    if html:
        message.add_alternative(html, subtype="html")
    with smtplib.SMTP("127.0.0.1", mailbox.smtp_port) as client:
        client.send_message(message)


def number_of(page: httpx.Client, to: str) -> int:
    number: int = page.get("/messages.json", params={"to": to}).json()["items"][0]["id"]
    return number


def test_what_was_sent_is_listed_and_shown(mailbox: EphemeralMailbox, page: httpx.Client) -> None:
    send(mailbox, "list@example.org", "Novità <del> mese", "<p>Buongiorno</p>")
    listed = page.get("/messages.json", params={"to": "LIST@example.org"}).json()
    assert listed["count"] == 1
    assert listed["items"][0]["subject"] == "Novità <del> mese"
    assert listed["items"][0]["to"] == ["list@example.org"]
    number = listed["items"][0]["id"]

    assert "Novità &lt;del&gt; mese" in page.get("/", params={"to": "list@"}).text
    shown = page.get(f"/messages/{number}").text
    assert f'src="/messages/{number}/frame"' in shown
    assert "Buongiorno &amp; grazie" in page.get(f"/messages/{number}?view=text").text
    assert "Ente &lt;ente@example.org&gt;" in page.get(f"/messages/{number}?view=headers").text
    assert "Content-Type: multipart/alternative" in page.get(f"/messages/{number}?view=source").text

    parts = page.get(f"/messages/{number}/message.json").json()
    assert parts["html"].strip() == "<p>Buongiorno</p>"
    assert ["To", "list@example.org"] in parts["headers"]
    source = page.get(f"/messages/{number}/message.eml")
    assert source.headers["content-type"] == "message/rfc822"
    assert source.content.startswith(b"From: Ente")


def test_a_mail_cannot_do_anything(mailbox: EphemeralMailbox, page: httpx.Client) -> None:
    send(mailbox, "script@example.org", html="<script>x</script><img src=http://example.org/x>")
    number = number_of(page, "script@example.org")
    frame = page.get(f"/messages/{number}/frame")
    assert frame.headers["content-security-policy"] == MAIL_POLICY
    assert "sandbox allow-popups allow-popups-to-escape-sandbox" in MAIL_POLICY
    assert "script-src" not in MAIL_POLICY
    around = page.get(f"/messages/{number}")
    assert "allow-scripts" not in around.text
    assert "allow-same-origin" not in around.text
    assert "script-src 'self'" in around.headers["content-security-policy"]


def test_a_text_mail_has_no_html_to_show(mailbox: EphemeralMailbox, page: httpx.Client) -> None:
    send(mailbox, "text@example.org")
    number = number_of(page, "text@example.org")
    assert "<iframe" not in page.get(f"/messages/{number}?view=html").text
    assert page.get(f"/messages/{number}/frame").status_code == 404


def test_long_lists_have_pages(mailbox: EphemeralMailbox, page: httpx.Client) -> None:
    for number in range(PAGE_SIZE + 1):
        send(mailbox, "pages@example.org", f"Number {number}.")
    first = page.get("/", params={"to": "pages@"}).text
    assert f"Number {PAGE_SIZE}." in first
    assert "Number 0." not in first
    older = first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    assert "Number 0." in (second := page.get(older).text)
    assert 'rel="next"' not in second
    assert "data-refresh" in first
    assert "data-refresh" not in second


def test_italian_first_and_the_readers_choice_kept(page: httpx.Client) -> None:
    assert '<html lang="it">' in page.get("/").text
    assert '<html lang="en">' in page.get("/", headers={"Accept-Language": "en-GB"}).text
    chosen = page.post("/locale", data={"locale": "en", "next": "/?to=x"})
    assert chosen.headers["location"] == "/?to=x"
    assert '<html lang="en">' in page.get("/").text


@pytest.mark.parametrize("path", ["/messages/999999", "/messages/x", "/nothing", "/?before=x"])
def test_what_does_not_exist_is_a_calm_page(page: httpx.Client, path: str) -> None:
    answer = page.get(path)
    assert answer.status_code == 404
    assert "<h1>" in answer.text


def test_what_does_not_exist_as_json(page: httpx.Client) -> None:
    answer = page.get("/messages/999999/message.json")
    assert answer.status_code == 404
    assert answer.json() == {"status": 404, "title": "Not found"}


def test_another_name_that_points_here_is_refused(page: httpx.Client) -> None:
    assert page.get("/", headers={"Host": "example.org"}).status_code == 400


def test_it_can_be_down_for_a_while(mailbox: EphemeralMailbox, page: httpx.Client) -> None:
    send(mailbox, "kept@example.org")
    mailbox.stop()
    with pytest.raises(ConnectionRefusedError):
        send(mailbox, "kept@example.org")
    mailbox.start()
    assert page.get("/messages.json", params={"to": "kept@example.org"}).json()["count"] == 1


def test_the_demos_code_is_shown_and_told(page: httpx.Client) -> None:
    """One that the hub would take now."""
    told = page.get("/second-factor.json").json()
    assert accepted_step(SECOND_FACTOR, told["code"], clock.now()) is not None
    assert 1 <= told["seconds_left"] <= STEP_SECONDS
    assert re.search(r"<output[^>]*>[0-9]{6}</output>", page.get("/").text)


def test_outside_of_the_demo_there_is_no_code() -> None:
    with (
        EphemeralMailbox(demo=False) as mailbox,
        httpx.Client(base_url=mailbox.page_url) as page,
    ):
        assert "<output" not in page.get("/").text
        assert page.get("/second-factor.json").status_code == 404
