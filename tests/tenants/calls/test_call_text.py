"""Markdown that somebody else wrote, on a page of ours."""

from __future__ import annotations

import re

import pytest

from hub.tenants.calls.call_text import rendered


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](&#106;avascript:alert(1))",
        "<javascript:alert(1)>",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "[x](vbscript:x)",
        "[x](file:///etc/passwd)",
        "[x](//elsewhere.example)",
        "[x](/sign-out)",
        "[x][y]\n\n[y]: javascript:alert(1)",
        "![x](https://elsewhere.example/pixel.png)",
        "| a |\n|--:|\n| b |",
        '[x](https://a.example "\\" onclick=alert(1))',
        "`<script>`",
        "```html\n<script>\n```",
    ],
)
def test_nothing_but_text_and_honest_links(text: str) -> None:
    html = rendered(text)
    tags = re.findall(r"<([a-z0-9]+)([^>]*)>", html)
    known = {"p", "a", "code", "pre", "table", "thead", "tbody", "tr", "th", "td"}
    assert {tag for tag, _attributes in tags} <= known
    for _tag, attributes in tags:
        allowed = r'( href="(https?://|mailto:)[^"]*"| title="[^"]*"| class="language-html")*'
        assert re.fullmatch(allowed, attributes), html


@pytest.mark.parametrize(
    ("link", "shown"),
    [
        ("https://www.example.org/a?b=1&c=2", "https://www.example.org/a?b=1&amp;c=2"),
        ("http://example.org", "http://example.org"),
        ("mailto:ente@example.org", "mailto:ente@example.org"),
    ],
)
def test_links_to_the_web_and_to_a_mail_box(link: str, shown: str) -> None:
    assert f'<a href="{shown}">qui</a>' in rendered(f"[qui]({link})")


@pytest.mark.parametrize(
    ("typed", "levels"),
    [
        ("# a\n\n## b\n\n# c", "343"),
        ("### a\n\n#### b", "34"),
        ("# a\n\n#### b\n\n##### c", "345"),
        ("## a\n\n# b", "33"),
        ("# a\n\n## b\n\n### c\n\n#### d\n\n##### e", "34566"),
        ("a\n===\n\nb\n---", "34"),
    ],
)
def test_headings_go_down_step_by_step_below_the_pages_own(typed: str, levels: str) -> None:
    html = rendered(typed)
    assert "".join(re.findall(r"<h([1-6])>", html)) == levels
    assert re.findall(r"<h([1-6])>", html) == re.findall(r"</h([1-6])>", html)


@pytest.mark.parametrize("text", ["> " * 9000, "- " * 9000, "[" * 19_000, "*a **b " * 2500])
def test_no_browser_gets_a_tree_without_end(text: str) -> None:
    depth = deepest = 0
    for closing in re.findall(r"<(/?)[a-z0-9]+>", rendered(text)):
        depth += -1 if closing else 1
        deepest = max(deepest, depth)
    assert deepest < 50
