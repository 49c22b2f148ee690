"""Any template with any values parses back to what was meant, which is what the preview shows."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import dkim as judge
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub import clock
from hub.crypto import email_token
from hub.ids import uuid7
from hub.mail import dkim
from hub.mail.dkim_keys import DkimKey, new_key
from hub.mail.headers import BadHeader
from hub.mail.messages import Envelope
from hub.mail.relay import Mailbox, Relay
from hub.mail.return_path import read_return_path
from hub.newsletter.blocks import Button, Divider, Heading, Paragraph
from hub.newsletter.delivery.letter import Letter, compile_bodies, fill_letter
from hub.newsletter.schemas import Publisher, Recipient
from hub.newsletter.unsubscribe import read_token
from tests.mail.reading import as_sent, body_of, display_name, lines_end_well, parsed
from tests.newsletter.making import draft

CAMPAIGN, DELIVERY, TENANT = (
    UUID("019aab00-0000-7000-8000-00000000000" + digit) for digit in "123"
)
EMAIL = "rosa.bianchi@example.org"
TOKEN = bytes(range(32))
PUBLISHER = Publisher(TENANT, "Ente Città", "ente@example.org", "https://ente.example.org", "it")
RELAY = Relay(
    host="127.0.0.1",
    port=25,
    username="",
    password="",
    implicit_tls=False,
    sender=Mailbox("Hub", "no-reply@hub.example.org"),
    base_url="https://hub.example.org",
    bounces="bounces@hub.example.org",
)
# What each message says, and in which order; a value can add nothing to it.
HEADERS = [
    "To", "Subject", "Date", "Message-ID", "List-Unsubscribe", "From", "Reply-To", "Content-Language", "List-Id",
    "List-Unsubscribe-Post", "List-Help", "Feedback-ID", "Precedence", "MIME-Version", "Content-Type",
]  # fmt: skip
PLAIN = {"text": "Gentile {name|amica},\n\n{unsubscribe_url}\n", "html": "<p>{name}</p>"}

# What has broken mail before, and anything else that Unicode has; a half of a pair is no text.
CHARACTERS = st.characters(exclude_categories=["Cs"])
AWKWARD = st.one_of(
    st.sampled_from(
        [
            ".", "..", "\n.\n", "\r\n.\r\n", "\n..\n", "=", "=\n", "=20", "=\r\n", " \n", "\t", "From ", "\nFrom x",
            "--=_microwork_hub", "\n--=_microwork_hub--\n", "\nContent-Type: text/html\n\n", "\r\nBcc: evil@x.it\r\n",
            "è", "🙂", "👩‍👩‍👧", "\u202eevil\u202c", "שלום", "e\u0301", "a" * 2000, "è" * 700, "<b>&amp;</b>", "\"'\\", "=?utf-8?q?x?=",
            "{", "}", "{}", "{name", "{name|", "\u2028", "\x85", "\x0b", "\x00", "  ", ",", ";", "(", "<x@y.it>",
        ]
    ),
    st.text(CHARACTERS, max_size=60),
)  # fmt: skip
PLACEHOLDERS = st.sampled_from(
    ["{name}", "{name|amica}", "{name|}", "{name|.}", "{name|l'è — }", "{unsubscribe_url}", "{other}"]
)  # fmt: skip
TEMPLATES = st.lists(st.one_of(AWKWARD, PLACEHOLDERS), max_size=8).map("".join)
NAMES = st.one_of(
    st.sampled_from(["", "Rosa Bianchi", "Niccolò D'Alì"]),
    st.lists(AWKWARD, max_size=4).map("".join),
)
STEADY = settings(derandomize=True, deadline=None, database=None, max_examples=250)


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> DkimKey:
    file = tmp_path_factory.mktemp("keys") / "k1.pem"
    return new_key("hub.example.org", "k1", "ed25519", file)


@pytest.fixture(scope="module", autouse=True)
def _signing(key: DkimKey) -> Iterator[None]:
    dkim.use_keys((key,))
    yield
    dkim.use_keys(())


def letter(
    body: dict[str, str] | None = None, subject: str = "Novità", publisher: Publisher = PUBLISHER
) -> Letter:
    return Letter(CAMPAIGN, subject, {"it": body or PLAIN}, publisher, RELAY)


def data(of: Letter, *, email: str = EMAIL, name: str = "Rosa", locale: str = "it") -> bytes:
    return b"".join(of.addressed(DELIVERY, Recipient(email, TOKEN, name, locale))[1])


def envelope(of: Letter, email: str = EMAIL, delivery_id: UUID = DELIVERY) -> Envelope:
    return of.addressed(delivery_id, Recipient(email, TOKEN, "Rosa", "it"))[0]


def is_verified(message: bytes, key: DkimKey) -> bool:
    record = "".join(re.findall(r'"([^"]*)"', key.record())).encode()
    return bool(judge.verify(message, dnsfunc=lambda name, timeout=5: record))


def in_words(text: str) -> list[str]:
    """Where a header's text is compared: a reader may take any space for another."""
    return text.split()


def is_wire_form(message: bytes) -> bool:
    """RFC 5321 §4.5.2: nothing is left to be done but the final dot."""
    _, _, body = message.partition(b"\r\n\r\n")
    return (
        lines_end_well(message)
        and message.endswith(b"\r\n")
        and b"\r\n." not in message
        and not message.startswith(b".")
        and max(map(len, body.split(b"\r\n"))) <= 76
    )


@STEADY
@given(text=TEMPLATES, markup=TEMPLATES, subject=TEMPLATES, name=NAMES)
def test_any_template_with_any_values(
    key: DkimKey, text: str, markup: str, subject: str, name: str
) -> None:
    body = {"text": text, "html": markup}
    of = letter(body, subject)
    message = data(of, name=name)
    recipient = Recipient(EMAIL, TOKEN, name, "it")
    shown_subject, shown = fill_letter(subject, body, recipient, of.unsubscribe_url(TOKEN))
    read = parsed(message)
    assert is_wire_form(message)
    assert message.isascii()
    assert [field for field in read.keys() if field != "DKIM-Signature"] == HEADERS  # noqa: SIM118  # a header may repeat
    assert [part.get_content_type() for part in read.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]
    assert not any(part.defects for part in read.walk())
    assert body_of(read, "plain") == as_sent(shown.text)
    assert body_of(read, "html") == as_sent(shown.html)
    assert read["subject"] == shown_subject
    assert [address.addr_spec for address in read["to"].addresses] == [EMAIL]
    assert in_words(display_name(message)) == in_words(clean(name))
    assert is_verified(message, key)


def clean(name: str) -> str:
    return " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", " ", name).split())


def test_what_an_editor_writes_is_what_the_preview_shows_and_a_reader_gets() -> None:
    content = draft(
        Heading("Benvenuta, {name|amica}"),
        Paragraph("**Ciao** {name}!\n\n.\n\n- uno\n- [due](https://example.org/?a=1&b=2)"),
        Divider(),
        Button("Iscriviti, {name|tu}", "https://example.org/corso"),
        subject="Per {name|te}: novità",
        preheader="Solo per {name|te}",
    )
    bodies = compile_bodies(content, PUBLISHER)
    of = Letter(CAMPAIGN, content.subject, bodies, PUBLISHER, RELAY)
    for locale in ("it", "en"):
        for name in ("", "Niccolò <D'Alì>"):
            recipient = Recipient(EMAIL, TOKEN, name, locale)
            url = of.unsubscribe_url(TOKEN)
            subject, shown = fill_letter(content.subject, bodies[locale], recipient, url)
            read = parsed(data(of, name=name, locale=locale))
            assert read["subject"] == subject
            assert body_of(read, "plain") == as_sent(shown.text)
            assert body_of(read, "html") == as_sent(shown.html)
            assert read["content-language"] == locale
            assert html.escape(name) in body_of(read, "html")


def test_the_headers() -> None:
    read = parsed(data(letter()))
    assert str(read["from"]) == "Ente Città <no-reply@hub.example.org>"
    assert str(read["to"]) == "Rosa <rosa.bianchi@example.org>"
    assert read["reply-to"] == "ente@example.org"
    assert read["message-id"] == f"<{CAMPAIGN}.{DELIVERY}@hub.example.org>"
    assert read["list-id"] == f"Newsletter Ente Città <newsletter.{TENANT}.hub.example.org>"
    assert read["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"
    assert read["list-help"] == "<https://hub.example.org/privacy>"
    assert read["feedback-id"] == f"{CAMPAIGN}:{TENANT}:newsletter:microwork-hub"
    assert read["precedence"] == "bulk"
    assert read["content-language"] == "it"
    assert read["auto-submitted"] is None
    assert abs(read["date"].datetime - clock.now()) < timedelta(minutes=1)


def test_gmail_can_tell_the_senders_apart() -> None:
    """Its format: four fields of which none repeats another, the last one of 5 to 15 characters."""
    fields = str(parsed(data(letter()))["feedback-id"]).split(":")
    assert len(fields) == len(set(fields)) == 4
    assert 5 <= len(fields[3]) <= 15


def test_the_link_to_leave_is_one_everywhere() -> None:
    message = data(letter())
    read = parsed(message)
    (url,) = re.findall(r"^<(https://[^>, ]+)>$", str(read["list-unsubscribe"]))
    assert body_of(read, "plain") == f"Gentile Rosa,\n\n{url}\n"
    leaving = read_token(url.rpartition("/")[2])
    assert (leaving.tenant_id, leaving.campaign_id, leaving.email_token) == (
        TENANT,
        CAMPAIGN,
        TOKEN,
    )


def test_what_mailbox_providers_ask_is_signed() -> None:
    """RFC 8058 §4 and Gmail's feedback loop."""
    signature = str(parsed(data(letter()))["dkim-signature"])
    names = "".join(signature.split()).partition(";h=")[2].partition(";")[0].split(":")
    assert {name.lower() for name in HEADERS} <= set(names)
    assert [names.count(name) for name in ("from", "to", "subject")] == [2, 2, 2]


def test_each_delivery_comes_back_to_its_own_address() -> None:
    delivery_id = uuid7()
    found = envelope(letter(), delivery_id=delivery_id)
    assert (found.recipient, found.needs_utf8) == (EMAIL.encode(), False)
    assert read_return_path(found.sender.decode()) == delivery_id
    assert found.sender.endswith(b"@hub.example.org")


def test_an_address_outside_ascii_is_written_as_it_is(key: DkimKey) -> None:
    of, email = letter(), "josé@città.example"
    written = "josé@xn--citt-3na.example"
    assert envelope(of, email)[1:] == (written.encode(), True)
    message = data(of, email=email, name="José")
    assert b"To: =?utf-8?b?Sm9zw6k=?= <" + written.encode() + b">\r\n" in message
    assert message.replace(written.encode(), b"x@y.it").isascii()
    assert is_wire_form(message)
    assert is_verified(message, key)


@pytest.mark.parametrize(
    "email", ["", "rosa", "rosa@", "a b@x.it", "a\r\n@x.it", "a" * 65 + "@x.it"]
)
def test_an_address_that_smtp_refuses(email: str) -> None:
    with pytest.raises(BadHeader):
        data(letter(), email=email)


@pytest.mark.parametrize("email", [None, "", "not an address\r\nX-Evil: 1", "josé@example.org"])
def test_an_organisation_without_a_usable_address(email: str | None) -> None:
    read = parsed(data(letter(publisher=Publisher(TENANT, "\r\nX-Evil: <x>", email, None, "it"))))
    assert [read["reply-to"], read["x-evil"]] == [None, None]
    assert read["from"].addresses[0].display_name == "X-Evil: <x>"
    assert read["list-id"].endswith(f"<newsletter.{TENANT}.hub.example.org>")


def test_an_unknown_language_is_the_default_one() -> None:
    assert parsed(data(letter(), locale="de"))["content-language"] == "it"


def test_half_a_character_is_no_template() -> None:
    with pytest.raises(UnicodeEncodeError):
        letter({"text": "\ud83d", "html": ""})


def test_half_a_character_in_a_name_becomes_a_space() -> None:
    assert parsed(data(letter(), name="A\ud83dB"))["to"].addresses[0].display_name == "A B"


def test_the_date_moves_on() -> None:
    of = letter()
    first = parsed(data(of))["date"].datetime
    with clock.moved(timedelta(seconds=7)):
        assert timedelta(seconds=6) <= parsed(data(of))["date"].datetime - first
    with clock.moved(-timedelta(days=2)):
        assert parsed(data(of))["date"].datetime < first


def test_the_fingerprint_of_an_address_fits_the_link() -> None:
    reader = Recipient(EMAIL, email_token(EMAIL), "", "it")
    message = b"".join(letter().addressed(DELIVERY, reader)[1])
    url = str(parsed(message)["list-unsubscribe"]).strip("<>")
    assert read_token(url.rpartition("/")[2]).email_token == email_token(EMAIL)
