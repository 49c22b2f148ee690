"""Whatever a person typed comes back as what was meant, read by Python's own e-mail package."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest

from hub.mail.headers import BadHeader, without_control
from hub.mail.messages import Attachment, Body, build, message_id
from hub.mail.relay import Mailbox
from tests.mail.reading import as_sent, body_of, display_name, lines_end_well, parsed

DATE = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)
NAMES = [
    "Anna", "Anna Rossi", 'Anna "la rossa" Rossi', "Rossi, Anna", "O'Neil (Ente)", "Niccolò D'Alì",
    "Ärzte für das Ländle", "李小龍", "🙂 " * 40, "a" * 2000, "è" * 2000, "x =?utf-8?q?evil?= y",
    "back\\slash", "anna@example.org", "a  b   c", "=?", ".", "<b@c.it>", "\u202eevil",
]  # fmt: skip
TEXTS = [
    "", ".", "..", "a\n.\nb", "a\r\n.\r\nb", "a\r.\rb", "From here\nFrom there", "=3D=", "tab\tend\t\nspace \n",
    "x" * 5000, "è" * 3000, "🙂" * 1000, "\n\n\n", "--=_microwork_hub--\n--=_microwork_hub\n", "a\u2028b\u0085c",
    "Content-Type: text/html\n\n<script>", "riga\n" * 2000,
]  # fmt: skip


def built(
    *, name: str = "Anna", subject: str = "Ciao", text: str = "x", html: str = "", extra: str = "v"
) -> bytes:
    return build(
        sender=Mailbox("Ente Nazionale", "no-reply@hub.example.org"),
        to=Mailbox(name, "anna@example.org"),
        subject=subject,
        body=Body(text, html),
        message_id=message_id("hub.example.org", "c", "d"),
        date=DATE,
        locale="it",
        headers=[("X-Extra", extra)],
    )


@pytest.mark.parametrize("name", NAMES)
def test_names_come_back(name: str) -> None:
    data = built(name=without_control(name), subject=without_control(name))
    message = parsed(data)
    assert lines_end_well(data)
    assert data.isascii()
    (address,) = message["to"].addresses
    assert address.addr_spec == "anna@example.org"
    assert display_name(data) == without_control(name)
    if len(name.encode()) <= 39:
        assert address.display_name == without_control(name)
    assert message["subject"] == without_control(name)


@pytest.mark.parametrize("text", TEXTS)
def test_bodies_come_back(text: str) -> None:
    data = built(text=text, html=f"<p>{text}</p>")
    message = parsed(data)
    assert lines_end_well(data)
    assert body_of(message, "plain") == as_sent(text)
    assert body_of(message, "html") == as_sent(f"<p>{text}</p>")
    assert body_of(parsed(built(text=text)), "plain") == as_sent(text)


def test_anything_at_all_comes_back() -> None:
    """Five hundred invented messages, the same on every run."""
    chance = random.Random(2026)
    alphabet = "aà.=\"'<>\\ \n\r\t?_,;:@()[]{}|€🙂\u0301"
    for _ in range(500):
        text = "".join(chance.choices(alphabet, k=chance.randrange(300)))
        name = without_control("".join(chance.choices(alphabet, k=chance.randrange(120))))
        data = built(name=name, subject=name, text=text, html=f"<p>{text}")
        message = parsed(data)
        assert message["to"].addresses[0].addr_spec == "anna@example.org"
        assert display_name(data) == name
        assert message["subject"] == name
        assert body_of(message, "plain") == as_sent(text)
        assert body_of(message, "html") == as_sent(f"<p>{text}")


@pytest.mark.parametrize(
    "evil", ["a\r\nBcc: x@y.it", "a\nb", "a\rb", "a\x00b", "a\x85b", "a\u2028b"]
)
@pytest.mark.parametrize("place", ["name", "subject", "extra"])
def test_no_value_begins_a_new_header(evil: str, place: str) -> None:
    with pytest.raises(BadHeader) as refused:
        built(**{place: evil})
    assert evil not in str(refused.value)


@pytest.mark.parametrize("value", ["è", "x" * 999])
def test_a_structured_header_is_never_encoded_or_folded(value: str) -> None:
    with pytest.raises(BadHeader):
        built(extra=value)


def test_a_long_link_stays_whole() -> None:
    link = "<https://hub.example.org/unsubscribe/" + "A" * 400 + ">"
    data = built(extra=link)
    assert b"X-Extra: " + link.encode() + b"\r\n" in data
    assert parsed(data)["x-extra"] == link


def test_an_international_domain_is_written_as_dns_knows_it() -> None:
    data = build(
        sender=Mailbox("", "no-reply@hub.example.org"),
        to=Mailbox("", "anna@città.example"),
        subject="x",
        body=Body("x"),
        message_id="<a@b>",
        date=DATE,
        locale="it",
    )
    assert b"To: <anna@xn--citt-3na.example>\r\n" in data


def test_the_fixed_headers() -> None:
    message = parsed(built(html="<p>x</p>"))
    assert message["date"].datetime == DATE
    assert message["message-id"] == "<c.d@hub.example.org>"
    assert message["from"].addresses[0].display_name == "Ente Nazionale"
    assert message["content-language"] == "it"
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]


@pytest.mark.parametrize("html", ["", "<p>Ciao</p>"])
def test_attachments_come_back(html: str) -> None:
    contents = [bytes(range(256)) * 50, b".\r\n..\r\n", b""]
    data = build(
        sender=Mailbox("Ente", "no-reply@hub.example.org"),
        to=Mailbox("Anna", "anna@example.org"),
        subject="Ricevuta",
        body=Body("Ciao", html),
        message_id=message_id("hub.example.org", "c"),
        date=DATE,
        locale="it",
        attachments=[
            Attachment(f"receipt-{number}.pdf", "application/pdf", content)
            for number, content in enumerate(contents)
        ],
    )
    message = parsed(data)
    assert lines_end_well(data)
    found = list(message.iter_attachments())
    assert [part.get_content() for part in found] == contents
    assert [part.get_filename() for part in found] == [f"receipt-{n}.pdf" for n in range(3)]
    assert {part.get_content_type() for part in found} == {"application/pdf"}
    body = message.get_body(("html",) if html else ("plain",))
    assert body is not None
    assert "Ciao" in body.get_content()


@pytest.mark.parametrize("name", ["a b.pdf", 'a".pdf', "a\r\nX: y.pdf", "", "è.pdf", "../a.pdf"])
def test_a_name_that_is_none_of_ours_is_refused(name: str) -> None:
    with pytest.raises(BadHeader):
        build(
            sender=Mailbox("", "no-reply@hub.example.org"),
            to=Mailbox("", "anna@example.org"),
            subject="",
            body=Body("x"),
            message_id=message_id("hub.example.org", "c"),
            date=DATE,
            locale="it",
            attachments=[Attachment(name, "application/pdf", b"x")],
        )
