"""What surrounds every page: menu, language, headers, files, errors."""

from __future__ import annotations

import gzip
import re
from typing import Any

import pytest
from litestar.testing import TestClient

from hub.web.navigation import MENU
from hub.web.redirects import local_path, message
from hub.web.static_files import asset, static_files, version
from hub.web.templating import icon

Visitor = TestClient[Any]


def test_everything_is_escaped_and_drawn(visitor: Visitor) -> None:
    html = visitor.get("/list", headers={"x-reader": "host/operator/it"}).text
    assert "Comune di &lt;Prova&gt;" in html
    assert "Una &lt;b&gt;" in html
    assert '<td role="cell" data-label="Importo" class="hub-cell-number">' in html
    assert "€\N{NO-BREAK SPACE}25.000,00" in html
    assert "<dt>Vuoto</dt>" not in html
    assert "<dt>Zero</dt><dd>0</dd>" in html
    assert "23 nov 2026, 00:30</time>" in html, "an instant is shown in Rome's time"
    assert 'class="hub-step hub-step-reached"' in html
    assert 'width="25.0" height="8"' in html
    assert not re.search(r"\sstyle=", html), "the policy forbids inline style"
    assert not re.search(r"<script(?![^>]*\ssrc=)", html), "and inline script"


@pytest.mark.parametrize(
    ("reader", "urls"),
    [
        ("", ["/", "/calls", "/desks"]),
        ("host/operator/it", ["/", "/cases", "/organisation", "/calls", "/desks"]),
        ("lender/operator/it", ["/", "/inbox", "/organisation", "/calls", "/desks"]),
        (
            "coordinator/editor/it",
            ["/", "/campaigns", "/selections", "/organisation", "/calls", "/desks"],
        ),
        (
            "coordinator/viewer/it",
            ["/", "/selections", "/network", "/organisation", "/calls", "/desks"],
        ),
        ("tutor/operator/it", ["/", "/organisation", "/calls", "/desks"]),
    ],
)
def test_the_menu_is_the_readers(visitor: Visitor, reader: str, urls: list[str]) -> None:
    html = visitor.get("/list", headers={"x-reader": reader} if reader else {}).text
    menu = html[html.index('id="main-menu"') : html.index("</nav>")]
    assert re.findall(r'class="nav-link[^"]*" href="([^"]+)"', menu) == urls
    assert set(urls) <= {entry.url for entry in MENU}
    assert ('action="/sign-out"' in html) is bool(reader)
    assert ('href="/sign-in"' in html) is not bool(reader)


def test_htmx_gets_the_fragment(visitor: Visitor) -> None:
    part = visitor.get("/list", headers={"hx-request": "true"})
    assert part.text == "<p>1 righe</p>"
    assert "HX-Request" in part.headers["vary"]
    for whole in ("hx-boosted", "hx-history-restore-request"):
        html = visitor.get("/list", headers={"hx-request": "true", whole: "true"}).text
        assert html.lstrip().startswith("<!DOCTYPE html>")


@pytest.mark.parametrize(
    ("header", "lang"),
    [
        ("en-GB,en;q=0.9,it;q=0.8", "en"),
        ("de-DE,de;q=0.9,en;q=0.5", "en"),
        ("fr", "it"),
        ("it;q=0.1,en;q=0", "it"),
        (";;q=x,,en;q=zz,\N{SNOWMAN}".encode().decode("latin-1"), "it"),
        ("", "it"),
    ],
)
def test_the_browsers_wish(visitor: Visitor, header: str, lang: str) -> None:
    answer = visitor.get("/list", headers={b"accept-language": header.encode("latin-1")})
    assert f'<html lang="{lang}">' in answer.text


def test_a_choice_here_beats_the_account_and_the_browser(visitor: Visitor) -> None:
    english = {"x-reader": "host/operator/en"}
    assert '<html lang="en">' in visitor.get("/list", headers=english).text
    data = {"locale": "it", "next": "/list?text=a+b"}
    answer = visitor.post("/locale", data=data, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/list?text=a+b")
    assert '<html lang="it">' in visitor.get("/list", headers=english).text


def test_an_unknown_language_changes_nothing(visitor: Visitor) -> None:
    for body in ("locale=xx", "", "%FF=%FF", "locale=it&" * 900):
        answer = visitor.post(
            "/locale",
            content=body,
            headers={"content-type": "application/x-www-form-urlencoded"},
            follow_redirects=False,
        )
        assert answer.status_code == 303
        assert "hub_locale" not in answer.headers.get("set-cookie", "")


@pytest.mark.parametrize(
    "url",
    [
        *("//evil.test", "https://evil.test/", "/\\evil.test", "javascript:alert(1)", "evil.test"),
        *("/\t/evil.test", "/a\r\nSet-Cookie: x=1", "http:///evil.test", "\\\\evil", ""),
        *(
            "/" + "a" * 2001,
            "/caff\N{LATIN SMALL LETTER E WITH GRAVE}\nx",
            "///evil.test",
            "http://[::1",
        ),
    ],
)
def test_no_redirect_leaves_the_site(visitor: Visitor, url: str) -> None:
    assert local_path(url) == "/"
    answer = visitor.post("/locale", data={"locale": "en", "next": url}, follow_redirects=False)
    assert answer.headers["location"] == "/"


@pytest.mark.parametrize("url", ["/", "/cases", "/cases?x=%20y&z=//a", "/a/b#c"])
def test_local_addresses_stay(url: str) -> None:
    assert local_path(url) == url


@pytest.mark.parametrize(
    ("url", "encoded"),
    [("/caff\N{LATIN SMALL LETTER E WITH GRAVE}", "/caff%C3%A8"), ("/\ud800", "/?")],
)
def test_what_no_header_can_hold_is_encoded(visitor: Visitor, url: str, encoded: str) -> None:
    assert local_path(url) == encoded
    if url.isprintable():
        answer = visitor.post("/locale", data={"next": url}, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, encoded)


def test_a_message_is_a_known_code(visitor: Visitor) -> None:
    visitor.cookies.set("hub_message", "<b>anything</b>")
    html = visitor.get("/list").text
    assert "anything" not in html
    assert 'class="alert' not in html
    with pytest.raises(ValueError, match="test-twice"):
        [message("test-twice", text) for text in ("one", "another")]


def test_security_headers_are_everywhere(visitor: Visitor) -> None:
    for path in ("/list", "/nowhere", "/fail/bug", asset("hub.css"), "/new"):
        headers = visitor.get(path).headers
        assert "script-src 'self'; style-src 'self';" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-frame-options"] == "DENY"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
    preview = visitor.get("/preview").headers
    assert "sandbox" in preview["content-security-policy"]
    assert "frame-ancestors 'self'" in preview["content-security-policy"]
    assert preview["x-frame-options"] == "SAMEORIGIN"


def test_only_signed_in_pages_are_not_kept(visitor: Visitor) -> None:
    assert visitor.get("/list").headers["cache-control"] == "no-cache"
    signed_in = visitor.get("/list", headers={"x-reader": "host/operator/it"})
    assert signed_in.headers["cache-control"] == "no-store"


def test_static_files_are_kept_for_a_year_under_their_version(visitor: Visitor) -> None:
    fresh = visitor.get(asset("hub.css"))
    assert "immutable" in fresh.headers["cache-control"]
    assert fresh.headers["content-type"] == "text/css; charset=utf-8"
    assert fresh.headers["content-encoding"] == "gzip"
    assert fresh.text == static_files()["hub.css"].body.decode()
    old = visitor.get("/static/0123456789ab/hub.css", headers={"accept-encoding": "identity"})
    assert old.headers["cache-control"] == "public, max-age=60"
    assert "content-encoding" not in old.headers
    assert visitor.head(asset("hub.js")).status_code == 200


def test_vendored_files_are_there(visitor: Visitor) -> None:
    font = visitor.get(
        asset(
            "vendor/bootstrap-italia/fonts/Titillium_Web/"
            "titillium-web-v10-latin-ext_latin-regular.woff2"
        )
    )
    assert font.headers["content-type"] == "font/woff2"
    assert font.content[:4] == b"wOF2"
    sheet = static_files()["fonts.css"].body.decode()
    for name in re.findall(r'url\("([^"]+)"\)', sheet):
        assert name in static_files()
    compressed = static_files()["vendor/htmx/htmx.min.js"].compressed
    assert compressed
    assert b"htmx" in gzip.decompress(compressed)


@pytest.mark.parametrize(
    "name",
    ["../page.py", "%2e%2e/page.py", "..%2fpage.py", "vendor", "", ".stamp", "vendor/.stamp"],
)
def test_nothing_else_is_served(visitor: Visitor, name: str) -> None:
    assert visitor.get(f"/static/{version()}/{name}").status_code == 404


def test_an_asset_that_does_not_exist_is_a_mistake_of_ours() -> None:
    with pytest.raises(LookupError, match=r"nothing\.css"):
        asset("nothing.css")
    with pytest.raises(ValueError, match="icon"):
        icon('"><script>')


def test_errors_have_calm_pages(visitor: Visitor) -> None:
    for path, status, words in (
        ("/nowhere", 404, "Pagina non trovata"),
        ("/list/%00%FF", 404, "Pagina non trovata"),
        ("/fail/conflict", 409, "Qualcosa è cambiato"),
        ("/fail/many", 429, "Troppi tentativi"),
        ("/fail/teapot", 418, "La richiesta non è leggibile"),
        ("/fail/bug", 500, "Qualcosa è andato storto"),
    ):
        answer = visitor.get(path)
        assert answer.status_code == status
        assert words in answer.text
        assert "0193-test" in answer.text
        assert answer.headers["cache-control"] == "no-store"
    assert visitor.get("/fail/many").headers["retry-after"] == "90"
    assert "Maria Rossi" not in visitor.get("/fail/bug").text
    assert visitor.put("/list").status_code in (403, 405)


def test_an_error_of_ours_needs_neither_menu_nor_session(visitor: Visitor) -> None:
    html = visitor.get("/fail/bug", headers={"x-reader": "host/operator/it"}).text
    assert "main-menu" not in html
    assert "Caterina" not in html


def test_an_unknown_address_does_not_claim_you_signed_out(visitor: Visitor) -> None:
    html = visitor.get("/nowhere", headers={"x-reader": "host/operator/it"}).text
    assert 'href="/sign-in"' not in html


@pytest.mark.parametrize("path", ["/privacy", "/accessibility", "/data-sources"])
@pytest.mark.parametrize("locale", ["it", "en"])
def test_notices(visitor: Visitor, path: str, locale: str) -> None:
    answer = visitor.get(path, headers={"accept-language": locale})
    assert answer.status_code == 200
    assert len(re.findall("<h1>", answer.text)) == 1
