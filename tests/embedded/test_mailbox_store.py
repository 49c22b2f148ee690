from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.embedded.mailbox_message import framed, open_message, with_links
from hub.embedded.mailbox_store import MailStore, readable


@pytest.fixture
def store(tmp_path: Path) -> Iterator[MailStore]:
    store = MailStore(tmp_path / "mailbox.sqlite3")
    yield store
    store.close()


def mail(subject: str = "Subject", body: str = "text") -> bytes:
    return f"From: Ente <ente@example.org>\r\nSubject: {subject}\r\n\r\n{body}\r\n".encode()


def test_mail_is_there_after_a_restart(tmp_path: Path, store: MailStore) -> None:
    number = store.keep("bounce@example.org", ["b@example.org"], mail())
    again = MailStore(tmp_path / "mailbox.sqlite3")
    assert again.raw(number) == mail()
    summary = again.summary(number)
    again.close()
    assert summary is not None
    assert summary.sender == "Ente <ente@example.org>"
    assert summary.recipients == ("b@example.org",)


def test_it_is_found_by_its_recipient_in_any_case(store: MailStore) -> None:
    store.keep("", ["Anna@Example.org", "anna@example.org"], mail("first"))
    store.keep("", ["joanna@example.org"], mail("second"))
    assert [found.subject for found in store.newest(to="ANNA@example.org")] == ["first"]
    assert [found.subject for found in store.newest(part_of="Anna@")] == ["second", "first"]
    assert store.count(to="anna@example.org") == 1
    assert store.count(part_of="%") == 0


def test_pages_are_walked_from_the_newest(store: MailStore) -> None:
    for number in range(5):
        store.keep("", ["b@example.org"], mail(str(number)))
    first = store.newest(limit=2)
    second = store.newest(limit=2, before=first[-1].id)
    assert [found.subject for found in [*first, *second]] == ["4", "3", "2", "1"]


def test_a_message_without_a_sender_in_its_header_shows_the_envelopes(store: MailStore) -> None:
    number = store.keep("bounce@example.org", ["b@example.org"], b"Subject: x\r\n\r\n")
    summary = store.summary(number)
    assert summary is not None
    assert summary.sender == "bounce@example.org"


def test_nothing_is_found_where_nothing_is(store: MailStore) -> None:
    assert store.summary(1) is None
    assert store.raw(1) is None
    assert store.newest() == []


def test_a_file_that_cannot_be_written_is_said_as_such(tmp_path: Path, store: MailStore) -> None:
    other = MailStore(tmp_path / "mailbox.sqlite3")
    other._connection.execute("PRAGMA busy_timeout = 0")
    store._connection.execute("BEGIN IMMEDIATE")
    with pytest.raises(OSError, match="cannot be written"):
        other.keep("", ["b@example.org"], mail())
    store._connection.execute("ROLLBACK")
    assert other.keep("", ["b@example.org"], mail()) == 1
    other.close()


@pytest.mark.parametrize(
    ("header", "shown"),
    [
        ("=?utf-8?q?Novit=C3=A0?= di maggio", "Novità di maggio"),
        ("=?utf-8?b?Tm92aXTDoA==?=\r\n =?utf-8?q?_qui?=", "Novità qui"),
        ("=?no-such-charset?q?x?=", "=?no-such-charset?q?x?="),
        ("=?utf-8?b?A?=", "=?utf-8?b?A?="),
        ("", ""),
    ],
)
def test_headers_are_readable(header: str, shown: str) -> None:
    assert readable(header) == shown


MULTIPART = b"""From: a@example.org\r
Received: one\r
Received: two\r
Content-Type: multipart/mixed; boundary=m\r
\r
--m\r
Content-Type: multipart/alternative; boundary=a\r
\r
--a\r
Content-Type: text/plain; charset=utf-8\r
\r
per\xc3\xb2\r
--a\r
Content-Type: text/html; charset=utf-8\r
\r
<b>per\xc3\xb2</b>\r
--a--\r
--m\r
Content-Type: text/csv\r
Content-Disposition: attachment; filename=list.csv\r
\r
a,b\r
--m--\r
"""


def test_a_message_is_taken_apart() -> None:
    opened = open_message(MULTIPART)
    assert opened.text == "però"
    assert opened.html == "<b>però</b>"
    assert opened.attachments == (("list.csv", 3),)
    assert [value for name, value in opened.headers if name == "Received"] == ["one", "two"]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"no header at all",
        b"Content-Type: text/plain; charset=no-such\r\n\r\nx",
        b"Content-Type: multipart/mixed\r\n\r\nx",
        b"Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!",
        b"From: =?utf-8?b?A?= <\r\nDate: never\r\nMessage-ID: <<>\r\n\r\n\xff",
        b"To: a@b, (\r\nContent-Type: ;;;\r\n\r\n",
    ],
)
def test_a_malformed_message_can_still_be_looked_at(store: MailStore, raw: bytes) -> None:
    assert store.keep("", ["b@example.org"], raw) == 1
    open_message(raw)


def test_links_open_in_a_new_tab() -> None:
    assert framed("<html><head><title>x</title></head></html>").startswith(
        '<html><head><base target="_blank"><title>'
    )
    assert '<base target="_blank">' in framed("<p>x</p>")


def test_addresses_in_plain_text_can_be_followed_and_nothing_else_is_markup() -> None:
    shown = with_links("<b> see https://example.org/a?b=1&c=2. (http://x.org)")
    assert shown == (
        '&lt;b&gt; see <a href="https://example.org/a?b=1&amp;c=2" target="_blank" rel="noreferrer">'
        'https://example.org/a?b=1&amp;c=2</a>. (<a href="http://x.org" target="_blank" rel="noreferrer">'
        "http://x.org</a>)"
    )
