"""Each delivery has an address of its own to come back to, which nobody else can make."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID

import pytest

from hub import tokens
from hub.config import Key, Settings, SettingsError
from hub.ids import uuid7
from hub.mail.relay import relay_from
from hub.mail.return_path import ReturnPath, read_return_path
from hub.tokens import BadToken
from tests.conftest import SECRET_KEYS

OLD, NEW = Key("old", b"o" * 32), Key("new", b"n" * 32)


@pytest.fixture(autouse=True)
def keys() -> Iterator[None]:
    tokens.use_keys((OLD,))
    yield
    tokens.use_keys(SECRET_KEYS)


def path_of(delivery_id: UUID, address: str = "bounces@hub.example.org") -> str:
    return ReturnPath(address).of(delivery_id).decode()


def test_it_tells_the_delivery() -> None:
    for _ in range(100):
        delivery_id = uuid7()
        path = path_of(delivery_id)
        local, domain = path.split("@")
        assert local.startswith("bounces+")
        assert domain == "hub.example.org"
        assert len(local) <= 64
        assert local == local.lower()
        assert read_return_path(path) == delivery_id
        assert read_return_path(path.upper()) == delivery_id


@pytest.mark.parametrize("number", [0, 1, 31, 2**64, 2**127 + 1, 2**128 - 1])
def test_its_letters_are_those_of_base32(number: int) -> None:
    """RFC 4648 §6, which every program reads."""
    token = path_of(UUID(int=number)).partition("@")[0].partition("+")[2]
    octets = base64.b32decode(token, casefold=True)
    assert base64.b32encode(octets).decode().lower() == token
    assert octets[1:17] == number.to_bytes(16, "big")


def test_it_is_always_the_same() -> None:
    delivery_id = uuid7()
    assert path_of(delivery_id) == path_of(delivery_id)


def test_an_address_may_hold_a_plus_already() -> None:
    delivery_id = uuid7()
    assert read_return_path(path_of(delivery_id, "b+hub@example.org")) == delivery_id


def test_altering_any_character_spoils_it() -> None:
    path = path_of(UUID(int=2**128 - 5))
    start, end = path.index("+") + 1, path.index("@")
    for place in range(start, end):
        altered = path[:place] + ("a" if path[place] != "a" else "b") + path[place + 1 :]
        with pytest.raises(BadToken):
            read_return_path(altered)


@pytest.mark.parametrize(
    "address",
    ["", "@", "bounces@hub.example.org", "bounces+@x.it", "bounces+" + "a" * 40 + "@x.it", "bounces+" + "1" * 40 + "@x.it",
     "a" * 40, "+" + "é" * 40 + "@x.it", "+" + "\ud800" * 40 + "@x.it", "bounces+" + "=" * 40 + "@x.it"],
)  # fmt: skip
def test_nonsense_is_a_bad_token(address: str) -> None:
    with pytest.raises(BadToken):
        read_return_path(address)


def test_a_stranger_cannot_make_one() -> None:
    tokens.use_keys((NEW,))
    forged = path_of(uuid7())
    tokens.use_keys((OLD,))
    with pytest.raises(BadToken):
        read_return_path(forged)


def test_old_ones_outlive_a_rotation() -> None:
    delivery_id = uuid7()
    old = path_of(delivery_id)
    tokens.use_keys((NEW, OLD))
    assert path_of(delivery_id) != old
    assert read_return_path(old) == read_return_path(path_of(delivery_id)) == delivery_id
    tokens.use_keys((NEW,))
    with pytest.raises(BadToken):
        read_return_path(old)


def test_keys_with_one_mark_are_told_apart() -> None:
    """Among 257 keys two have the same mark of one octet."""
    several = tuple(Key(f"k{number}", number.to_bytes(32, "big")) for number in range(257))
    delivery_id = uuid7()
    for key in several:
        tokens.use_keys((key,))
        path = path_of(delivery_id)
        tokens.use_keys(several)
        assert read_return_path(path) == delivery_id


def test_where_it_comes_back_to(settings: Settings) -> None:
    sender = relay_from(settings).sender
    assert relay_from(settings).bounces == sender.address
    own = replace(settings, bounce_address="bounces@news.example.org")
    assert relay_from(own).bounces == "bounces@news.example.org"


@pytest.mark.parametrize(
    "address", ["bounces", "@x.it", "a b@x.it", "bè@x.it", "a@b@x.it", "a" * 24 + "@x.it"]
)
def test_what_cannot_hold_a_token_is_said_at_the_start(settings: Settings, address: str) -> None:
    with pytest.raises(SettingsError, match="HUB_BOUNCE_ADDRESS"):
        relay_from(replace(settings, bounce_address=address))
    assert len(path_of(uuid7(), "a" * 23 + "@x.it").split("@")[0]) == 64
