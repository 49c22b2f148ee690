"""What the other tests rely on: that a page with something wrong is noticed."""

from __future__ import annotations

import pytest

from tests.browser import scrutiny
from tests.browser.reader import NewReader, Reader


@pytest.fixture
def visitor(new_reader: NewReader) -> Reader:
    reader = new_reader()
    reader.open("/privacy")
    return reader


def test_a_picture_without_words(visitor: Reader) -> None:
    visitor.page.evaluate("document.querySelector('main').append(new Image())")
    with pytest.raises(AssertionError, match="image-alt"):
        visitor.look()


def test_a_page_wider_than_the_window(visitor: Reader) -> None:
    visitor.page.evaluate("document.querySelector('main p').style.width = '350px'")
    with pytest.raises(AssertionError, match=f"px wide in {scrutiny.NARROWEST}"):
        visitor.look()


def test_a_page_without_a_way_past_the_header(visitor: Reader) -> None:
    visitor.page.evaluate("document.querySelector('.skiplinks').remove()")
    with pytest.raises(AssertionError, match="skip link"):
        scrutiny.check_first_focus(visitor.page)


@pytest.mark.parametrize(
    ("script", "complaint"),
    [
        ("document.body.setAttribute('style', 'color: red')", "Content Security Policy"),
        ("setTimeout(() => { throw new Error('broken'); })", "broken"),
        ("fetch('/static/nothing-there.js')", "answered 404"),
        ("fetch('http://192.0.2.1/')", "192.0.2.1"),
        ("location.assign('http://example.org/')", "left this machine"),
    ],
)
def test_trouble(visitor: Reader, script: str, complaint: str) -> None:
    visitor.page.evaluate(f"() => {{ {script} }}")
    for _ in range(50):
        if visitor.problems:
            break
        visitor.page.wait_for_timeout(20)
    with pytest.raises(AssertionError, match=complaint):
        visitor.check()
    # What still comes must not reach the fixture's own look.
    visitor.page.close()
    visitor.problems.clear()


def test_two_pages_of_one_name(visitor: Reader) -> None:
    visitor.page.add_init_script(
        f"addEventListener('DOMContentLoaded', () => {{ document.title = {visitor.page.title()!r} }})"
    )
    with pytest.raises(AssertionError, match="both called"):
        visitor.open("/accessibility")
