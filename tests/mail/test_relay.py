"""What the settings say of the relay and of us is read once, at the start, and refused there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.config import Settings, SettingsError
from hub.mail.headers import mailbox_header
from hub.mail.relay import relay_from


@pytest.mark.parametrize(
    "url", ["https://hub.example.org", "http://127.0.0.1:8000", "https://x.it/hub"]
)
def test_an_address_for_links(settings: Settings, url: str) -> None:
    assert relay_from(replace(settings, base_url=url)).base_url == url


@pytest.mark.parametrize(
    "url",
    ["", "hub.example.org", "ftp://x.it", "https://", "https://città.example", "https://a b", "https://x.it>\r\nX: y", "https://<x>"],
)  # fmt: skip
def test_an_address_that_no_link_can_hold(settings: Settings, url: str) -> None:
    with pytest.raises(SettingsError, match="HUB_BASE_URL"):
        relay_from(replace(settings, base_url=url))


@pytest.mark.parametrize(
    "sender", ["", "x", "Hub <x@>", "Hub <é@x.it>", "x@città.example", "Hub <a b@x.it>", "<x@y@z>"]
)
def test_a_sender_that_is_no_address(settings: Settings, sender: str) -> None:
    with pytest.raises(SettingsError, match="HUB_MAIL_FROM"):
        relay_from(replace(settings, mail_from=sender))


@pytest.mark.parametrize(
    "control", ["\x00", "\t", "\x7f", "\x85", "\r\nBcc: x", "\u2028", "\udcff"]
)
def test_a_sender_whose_name_no_header_can_hold(settings: Settings, control: str) -> None:
    for sender in (f"The{control}Hub <hub@example.org>", f'"The{control}Hub" <hub@example.org>'):
        with pytest.raises(SettingsError, match="HUB_MAIL_FROM holds a control character"):
            relay_from(replace(settings, mail_from=sender))


@pytest.mark.parametrize("name", ["MICRO-WORK Hub", "Sportello «Più»", "Größe, Ltd.", ""])
def test_a_sender_whose_name_a_header_can_hold(settings: Settings, name: str) -> None:
    sender = relay_from(replace(settings, mail_from=f'"{name}" <hub@example.org>')).sender
    assert mailbox_header("From", sender)
    assert sender.name == name
