"""Telephone numbers as people read them."""

from __future__ import annotations

import pytest

from hub.web.formats import format_phone


@pytest.mark.parametrize(
    ("kept", "shown"),
    [
        ("0835123456", "0835 123456"),
        ("+390835123456", "+39 0835 123456"),
        ("0612345678", "06 12345678"),
        ("081123456", "081 123456"),
        ("+393201234567", "+39 320 1234567"),
        ("800123456", "800 123456"),
        ("+41 91 1234567", "+41 91 1234567"),
        ("+39 089 123456", "+39 089 123456"),
        ("112", "112"),
        ("", ""),
        (None, ""),
    ],
)
def test_the_prefix_stands_apart(kept: str | None, shown: str) -> None:
    assert format_phone(kept) == shown
