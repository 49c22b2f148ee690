"""Files that do not arrive whole, and files that are too large."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

import pytest

from hub.uploads import MAX_BYTES
from hub.web.i18n import gettext as _
from tests.browser import applying
from tests.browser.applying import CANDIDACY
from tests.browser.reader import NewReader, Reader
from tests.browser.stack import Stack
from tests.support import papers

BOUNDARY = "frontiera"


@pytest.fixture
def applicant(new_reader: NewReader, stack: Stack, request: pytest.FixtureRequest) -> Reader:
    """On the page of the attachments."""
    reader = new_reader(scripts=getattr(request, "param", True))
    applying.begin(reader, stack, applying.another("Comune di Fiesole"))
    reader.open(f"{applying.base(reader)}/attachments")
    return reader


def test_an_upload_breaks_off(applicant: Reader, stack: Stack) -> None:
    files = "SELECT count(*) FROM files"
    before = stack.ask(files)
    form = applying.slot(applicant, CANDIDACY).locator("form")
    body = multipart(form.locator("[name=_csrf_token]").input_value())
    action = form.get_attribute("action") or ""
    send(applicant, action, body, body[: len(body) // 2])
    applicant.open(applicant.path)
    assert "atto.pdf" not in applying.slot(applicant, CANDIDACY).inner_text()
    assert stack.ask(files) == before
    # The same again, whole: what was wrong was that half of it was missing.
    answer = send(applicant, action, body, body)
    assert answer.startswith(b"HTTP/1.1 303"), answer[:200]
    assert stack.ask(files) == before + 1
    applying.upload(applicant, CANDIDACY, "intero.pdf")


def multipart(token: str) -> bytes:
    """The form as a browser sends it, with a file of half a megabyte."""
    content = papers.PDF.replace(b"endobj", b"%" + b" " * 500_000 + b"\nendobj")
    return b"".join(
        [
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="_csrf_token"\r\n\r\n{token}\r\n'.encode(),
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="atto.pdf"\r\n'.encode(),
            b"Content-Type: application/pdf\r\n\r\n",
            content,
            f"\r\n--{BOUNDARY}--\r\n".encode(),
        ]
    )


def send(applicant: Reader, action: str, body: bytes, sent: bytes) -> bytes:
    """Announce `body`, send `sent`; what the server says to it, if it gets all of it, else go away."""
    server = urlsplit(applicant.page.url)
    cookies = "; ".join(
        f"{one['name']}={one['value']}" for one in applicant.context.cookies(applicant.page.url)
    )
    head = (
        f"POST {action} HTTP/1.1\r\nHost: {server.netloc}\r\nCookie: {cookies}\r\nConnection: close\r\n"
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection((server.hostname, server.port), timeout=20) as connection:
        connection.sendall(head.encode() + sent)
        if sent != body:
            return b""
        return b"".join(iter(lambda: connection.recv(65_536), b""))


@pytest.mark.parametrize("applicant", [True, False], ids=["scripts", "no scripts"], indirect=True)
def test_a_file_is_too_large(applicant: Reader) -> None:
    content = papers.PDF.replace(b"endobj", b"%" + b" " * (MAX_BYTES + 2 * 1024**2) + b"\nendobj")
    why = _("This file is larger than 10 MB. Please make it smaller.")
    applying.be_refused(applicant, CANDIDACY, "grande.pdf", content, why)
    applying.upload(applicant, CANDIDACY, "piccolo.pdf")
