"""The hub's own mail: one person, now."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from hub import mail, metrics
from hub.config import Settings, SettingsError
from hub.mail.relay import relay_from
from hub.mail.replies import RelayUnavailable
from hub.web.i18n import reading_in
from tests.support.smtp_sink import SmtpSink

KEY = UUID(int=7)


@pytest.fixture
def relay(settings: Settings, smtp_sink: SmtpSink) -> SmtpSink:
    mail.use_relay(replace(settings, smtp_url=smtp_sink.url))
    return smtp_sink


async def test_a_letter_arrives_as_text_and_html(relay: SmtpSink) -> None:
    with reading_in("en"):
        body = mail.letter(
            title='A "new" <password>',
            paragraphs=["Someone, probably you.", "A second <b> paragraph."],
            button=("Choose it", "https://hub.example.org/p?a=1&b=2"),
        )
        await mail.send(
            to="anna@example.org",
            name="Anna è",
            subject="Password è",
            text=body.text,
            html=body.html,
            key=KEY,
        )
    (received,) = relay.messages
    assert received.recipients == ("anna@example.org",)
    assert received.message["subject"] == "Password è"
    assert received.message["message-id"] == f"<{KEY}@hub.example.org>"
    assert received.message["auto-submitted"] == "auto-generated"
    assert received.message["content-language"] == "en"
    assert "https://hub.example.org/p?a=1&b=2" in received.text()
    assert "A second &lt;b&gt; paragraph." in received.text("html")
    assert 'href="https://hub.example.org/p?a=1&amp;b=2"' in received.text("html")


async def test_refused_and_unreachable_are_told_apart(relay: SmtpSink) -> None:
    relay.replies["gone@example.org"] = "550 5.1.1 no such user gone@example.org"
    with pytest.raises(mail.NotSent) as refused:
        await mail.send(to="gone@example.org", subject="x", text="x")
    assert refused.value.state == "failed"
    assert "gone@example.org" not in str(refused.value), "it ends in a log"
    await relay.stop()
    with pytest.raises(RelayUnavailable):
        await mail.send(to="anna@example.org", subject="x", text="x")


@pytest.mark.parametrize(
    "address", ["", "nobody", "x@y@example.org", "a@b.it\r\nBcc: c@d.it", "a@-..it"]
)
async def test_an_address_that_no_mail_can_carry(relay: SmtpSink, address: str) -> None:
    with pytest.raises(mail.NotSent) as refused:
        await mail.send(to=address, subject="x", text="x")
    assert str(refused.value) == "failed"
    assert relay.messages == []


async def test_an_address_in_other_letters(relay: SmtpSink) -> None:
    await mail.send(to="żółw@example.org", subject="x", text="x")
    (received,) = relay.messages
    assert received.recipients == ("żółw@example.org",)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail.example.org", ("mail.example.org", 25, "", "", False)),
        ("smtps://mail.example.org", ("mail.example.org", 465, "", "", True)),
        ("smtp://u%40x:p%3Aw@mail.example.org:587", ("mail.example.org", 587, "u@x", "p:w", False)),
    ],
)
def test_the_relays_address(settings: Settings, url: str, expected: tuple[object, ...]) -> None:
    found = relay_from(replace(settings, smtp_url=url))
    assert (found.host, found.port, found.username, found.password, found.implicit_tls) == expected
    assert "p:w" not in repr(found)


@pytest.mark.parametrize("url", ["http://x", "mail.example.org", "smtp://", "smtp://x:port"])
def test_a_relay_that_cannot_be_read_is_said_by_name(settings: Settings, url: str) -> None:
    with pytest.raises(SettingsError, match="HUB_SMTP_URL"):
        relay_from(replace(settings, smtp_url=url))


@pytest.mark.parametrize("sender", ["Hub", "Hub <hub>", "Hub <è@example.org>", ""])
def test_a_sender_that_cannot_be_read_is_said_by_name(settings: Settings, sender: str) -> None:
    with pytest.raises(SettingsError, match="HUB_MAIL_FROM"):
        relay_from(replace(settings, mail_from=sender))


async def test_how_long_a_mail_waited_is_counted(relay: SmtpSink) -> None:
    name = "hub_mail_transactional_wait_seconds_count"
    before = metrics.REGISTRY.get_sample_value(name) or 0
    await mail.send(to="anna@example.org", subject="x", text="x")
    assert metrics.REGISTRY.get_sample_value(name) == before + 1
