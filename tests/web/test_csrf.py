from __future__ import annotations

from typing import Any

import pytest
from litestar.testing import TestClient

from hub.web import csrf
from hub.web.static_files import asset
from tests.web.conftest import hidden
from tests.web.sample import sample_app

Visitor = TestClient[Any]


def test_a_form_needs_the_token_of_this_browser(visitor: Visitor) -> None:
    assert visitor.post("/new", data={"a": "1"}).status_code == 403
    token = hidden(visitor.get("/new").text, csrf.FIELD)
    assert visitor.cookies[csrf.COOKIE] == token
    assert visitor.post("/new", data={csrf.FIELD: token}).status_code == 422
    for forged in ("", "x", token[:-1] + "!", "A" * 43):
        answer = visitor.post("/new", data={csrf.FIELD: forged})
        assert answer.status_code == 403
        assert "Ricarica la pagina" in answer.text


def test_the_cookie_alone_or_the_field_alone_is_not_enough(visitor: Visitor) -> None:
    token = hidden(visitor.get("/new").text, csrf.FIELD)
    assert visitor.post("/new", data={}).status_code == 403
    visitor.cookies.clear()
    assert visitor.post("/new", data={csrf.FIELD: token}).status_code == 403


def test_the_header_serves_for_scripts(visitor: Visitor) -> None:
    token = hidden(visitor.get("/new").text, csrf.FIELD)
    assert visitor.post("/new", data={"a": "1"}, headers={csrf.HEADER: token}).status_code == 422


def test_the_token_stays_and_its_cookie_is_for_us_only(visitor: Visitor) -> None:
    first = visitor.get("/new")
    assert "HttpOnly" in first.headers["set-cookie"]
    assert "SameSite=lax" in first.headers["set-cookie"]
    assert "set-cookie" not in visitor.get("/new").headers


def test_only_a_page_with_a_form_sets_the_cookie(visitor: Visitor) -> None:
    for path in ("/list", "/preview", "/privacy", asset("hub.css"), "/nowhere"):
        assert "set-cookie" not in visitor.get(path).headers
    signed_in = visitor.get("/list", headers={"x-reader": "host/operator/it"})
    assert csrf.COOKIE in signed_in.headers["set-cookie"], "there is a form to sign out"


def test_a_malformed_cookie_is_replaced(visitor: Visitor) -> None:
    visitor.cookies.set(csrf.COOKIE, "<script>")
    assert "<script>" not in hidden(visitor.get("/new").text, csrf.FIELD)


def test_a_route_can_do_without(visitor: Visitor) -> None:
    assert visitor.post("/one-click").status_code == 200


@pytest.mark.parametrize("base_url", ["http://hub.test", "https://hub.test"])
def test_cookies_are_secure_under_https(base_url: str) -> None:
    with TestClient(sample_app(base_url)) as client:
        answer = client.get("/new")
    https = base_url.startswith("https")
    assert ("Secure" in answer.headers["set-cookie"]) is https
    assert ("strict-transport-security" in answer.headers) is https


@pytest.mark.parametrize(
    ("site", "status"),
    [("same-origin", 422), ("none", 422), ("same-site", 403), ("cross-site", 403)],
)
def test_a_token_that_a_neighbour_planted_is_worth_nothing(
    visitor: Visitor, site: str, status: int
) -> None:
    """Another subdomain or port can set our cookie and knows it then; it cannot say that the request is ours."""
    token = "A" * 43
    visitor.cookies.set(csrf.COOKIE, token)
    headers = {"sec-fetch-site": site}
    assert visitor.post("/new", data={csrf.FIELD: token}, headers=headers).status_code == status
