"""The guard before the renderer, and the reading of what it made."""

from __future__ import annotations

import pytest

from hub.mail.mjml import MAX_CHARACTERS, MAX_DEPTH, BadMjml, render


def mail_of(inside: str) -> str:
    return (
        "<mjml><mj-body><mj-section><mj-column><mj-text>"
        f"{inside}</mj-text></mj-column></mj-section></mj-body></mjml>"
    )


def test_a_mail_is_rendered() -> None:
    html = render(mail_of('<p>Ciao <b>Anna</b> &amp; co <a href="https://example.org">qui</a></p>'))
    assert "<p>Ciao <b>Anna</b> &amp; co" in html


def test_opening_a_mail_tells_no_third_party() -> None:
    """The renderer would link to Google's fonts for these."""
    html = render(mail_of("x").replace("<mj-text>", '<mj-text font-family="Roboto, Ubuntu">'))
    assert "https:" not in html.replace("https://www.w3.org", "")


def test_white_space_between_components_is_of_no_matter() -> None:
    loose = mail_of("x").replace(
        "<mj-body>", "<mj-head><mj-title>t</mj-title>  </mj-head>   <mj-body>  "
    )
    assert "x" in render(loose)


BOMBS = {
    "nested": "<b>" * 10_000 + "x" + "</b>" * 10_000,
    "never closed": "<b>" * 10_000,
    "nested components": "</mj-text>" + "<mj-wrapper>" * 3_000,
    "one too deep": "<i>" * MAX_DEPTH + "</i>" * MAX_DEPTH,
    "closed in a comment": "<b><!--</b>-->" * 3_000,
    "closed in an attribute": '<b title="</b>">' * 3_000,
    "closed in CDATA": "<b><![CDATA[</b>]]>" * 3_000,
    "closed under another name": "<b></i>" * 3_000,
    "a stray bracket": "a < b",
    "an unclosed attribute": '<b title="' + "<b>" * 5_000,
    "an instruction": "<?xml version='1.0'?>",
    "a doctype": "<!DOCTYPE html>",
    "attributes without quotes": "<b title=</b>>" * 3_000,
    "too large": "x" * MAX_CHARACTERS,
    "many spaces": "<b" + " " * 400_000,
    "many attributes": "<b" + ' a="b"' * 60_000,
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_refused_before_the_renderer_sees_them(name: str) -> None:
    """Were one of them let through, this process would be gone."""
    with pytest.raises(BadMjml):
        render(mail_of(BOMBS[name]))


@pytest.mark.parametrize(
    "inside",
    [
        "<script>alert(1)</script>",
        '<SCRIPT src="https://evil.example/x.js"/>',
        '<p onclick="alert(1)">x</p>',
        '<p ONMOUSEOVER="alert(1)">x</p>',
        '<a href="javascript:alert(1)">x</a>',
        '<a href="JaVa&#x09;Script:alert(1)">x</a>',
        '<a href=" java&#10;script:alert(1)">x</a>',
        '<a href="data:text/html,x">x</a>',
        '<a href="vbscript:x">x</a>',
        '<img src="javascript:alert(1)" alt=""/>',
        '<iframe src="https://evil.example"></iframe>',
        '<form action="https://evil.example"></form>',
        '<svg><a href="#">x</a></svg>',
        '<link rel="stylesheet" href="https://evil.example/x.css"/>',
        '<style>@import "https://evil.example/x.css";</style>',
        '<p style="@import url(https://evil.example/x.css)">x</p>',
    ],
)
def test_nothing_active_comes_out(inside: str) -> None:
    with pytest.raises(BadMjml):
        render(mail_of(inside))


def test_a_quote_in_the_title_cannot_become_an_attribute() -> None:
    """The renderer writes the title into aria-label with backslashes, which HTML does not know."""
    source = mail_of("x").replace(
        "<mj-body>", '<mj-head><mj-title>" onload="alert(1)</mj-title></mj-head><mj-body>'
    )
    with pytest.raises(BadMjml):
        render(source)


def test_what_only_looks_like_a_style_sheet_is_text() -> None:
    assert "@importexport" in render(mail_of("<p>Write to @importexport</p>"))
