"""A form that brings a file: checked like every other, and never taken in part."""

from __future__ import annotations

from typing import Any

import pytest
from litestar.testing import TestClient

from hub.uploads import MAX_BYTES
from hub.web import csrf
from tests.web.conftest import hidden

Visitor = TestClient[Any]

BOUNDARY = "x12345"
MULTIPART = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}


def token_of(visitor: Visitor) -> str:
    return hidden(visitor.get("/new").text, csrf.FIELD)


def part(head: str, content: bytes = b"") -> bytes:
    return (
        f"--{BOUNDARY}\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode()
        + content
        + b"\r\n"
    )


def test_a_file_comes_with_its_name_and_fields(visitor: Visitor) -> None:
    data = {csrf.FIELD: token_of(visitor), "kind": "statute"}
    answer = visitor.post("/upload", data=data, files={"file": ("è.pdf", b"\x00\r\n" * 100_000)})
    assert answer.json() == {"name": "è.pdf", "size": 300_000, "fields": {"kind": "statute"}}


def test_no_file_chosen(visitor: Visitor) -> None:
    token = token_of(visitor)
    body = part(f'name="{csrf.FIELD}"', token.encode()) + part('name="file"; filename=""')
    answer = visitor.post(
        "/upload", content=body + f"--{BOUNDARY}--\r\n".encode(), headers=MULTIPART
    )
    assert answer.json()["name"] == ""


@pytest.mark.parametrize("forged", [None, "", "x", "è" * 43, "A" * 43])
def test_a_form_without_this_browsers_token_is_refused(
    visitor: Visitor, forged: str | None
) -> None:
    token_of(visitor)
    data = {} if forged is None else {csrf.FIELD: forged}
    assert visitor.post("/upload", data=data, files={"file": ("a.pdf", b"x")}).status_code == 403


def test_another_site_is_refused_before_the_form_is_read(visitor: Visitor) -> None:
    answer = visitor.post(
        "/upload",
        data={csrf.FIELD: token_of(visitor)},
        files={"file": ("a.pdf", b"x")},
        headers={"sec-fetch-site": "cross-site"},
    )
    assert answer.status_code == 403


def test_a_route_that_forgets_to_check_answers_nothing(visitor: Visitor) -> None:
    data = {csrf.FIELD: token_of(visitor)}
    answer = visitor.post("/upload-unchecked", data=data, files={"file": ("a.pdf", b"x")})
    assert answer.status_code == 500
    assert "fields" not in answer.text


def test_somewhat_too_large_a_file_is_told_apart(visitor: Visitor) -> None:
    data = {csrf.FIELD: token_of(visitor)}
    answer = visitor.post("/upload", data=data, files={"file": ("a.pdf", b"x" * (MAX_BYTES + 9))})
    assert answer.json()["size"] == MAX_BYTES + 1
    answer = visitor.post("/upload", data=data, files={"file": ("a.pdf", b"x" * MAX_BYTES * 5)})
    assert answer.status_code == 413


@pytest.mark.parametrize(
    "body",
    [
        b"nonsense",
        part('name="file"; filename="a.pdf"', b"half a file"),
        part('name="file"; filename="a.pdf"', b"half")[:-1],
        b"--" + BOUNDARY.encode() + b"\r\nContent-Disposition: form-data; name=",
    ],
)
def test_a_broken_form_is_refused(visitor: Visitor, body: bytes) -> None:
    headers = MULTIPART | {csrf.HEADER: token_of(visitor)}
    assert visitor.post("/upload", content=body, headers=headers).status_code in (400, 403)


def test_another_kind_of_form_is_refused(visitor: Visitor) -> None:
    assert visitor.post("/upload", data={csrf.FIELD: token_of(visitor)}).status_code == 415
