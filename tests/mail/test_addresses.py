"""Addresses as SMTP takes them, and those that it refuses."""

from __future__ import annotations

import pytest

from hub.mail.headers import BadHeader, header_address, wire_address
from hub.mail.messages import envelope

LONG_DOMAIN = ".".join(["d" * 60] * 3) + ".example"


@pytest.mark.parametrize(
    ("address", "written"),
    [
        ("anna@example.org", "anna@example.org"),
        ("Anna.Rossi+x@Example.ORG", "Anna.Rossi+x@Example.ORG"),
        ("anna@città.example", "anna@xn--citt-3na.example"),
        ("anna@STRAßE.example", "anna@xn--strae-oqa.example"),  # IDNA 2003 would write to strasse
        ("anna@例え.テスト", "anna@xn--r8jz45g.xn--zckzah"),
        ("josé@città.example", "josé@xn--citt-3na.example"),
        ("用户.名@example.org", "用户.名@example.org"),
        ("a" * 64 + "@example.org", "a" * 64 + "@example.org"),
        ("è" * 32 + "@example.org", "è" * 32 + "@example.org"),
        ("!#$%&'*+/=?^_`{|}~-@x.it", "!#$%&'*+/=?^_`{|}~-@x.it"),
    ],
)
def test_an_address_as_the_wire_has_it(address: str, written: str) -> None:
    assert wire_address(address) == written
    found = envelope(b"bounces@example.org", address)
    assert found == (b"bounces@example.org", written.encode(), not written.isascii())


@pytest.mark.parametrize(
    "address",
    ["", "@", "anna", "anna@", "@example.org", "a b@example.org", "a\tb@x.it", "a\r\nb@x.it", "a\x00@x.it", "a\x7f@x.it",
     "a\x85@x.it", "a\u2028@x.it", "a\u00a0b@x.it", "a\u3000b@x.it", "a@b@x.it", "a@x..it", "a@.it", "a@x.it.", "a@-x.it",
     "a@x_y.it", "a@x y.it", "a@[127.0.0.1]", ".a@x.it", "a.@x.it", "a..b@x.it", '"a b"@x.it', "a,b@x.it", "<a@x.it>",
     "a>b@x.it", "a" * 65 + "@x.it", "è" * 33 + "@x.it", "a@" + "d" * 64 + ".it", "a" * 64 + "@" + LONG_DOMAIN,
     "è" * 32 + "@" + LONG_DOMAIN, "è@" + LONG_DOMAIN + "." + LONG_DOMAIN, "\ud800@x.it", "a@\ud800.it", "a@x.it\n", "a@\u202ex.it", "a@" + "è" * 300],
)  # fmt: skip
def test_an_address_that_smtp_refuses(address: str) -> None:
    with pytest.raises(BadHeader) as refused:
        wire_address(address)
    assert str(refused.value) == "address"


def test_ascii_cannot_write_every_address() -> None:
    assert header_address("anna@città.example") == "anna@xn--citt-3na.example"
    with pytest.raises(BadHeader):
        header_address("josé@example.org")
