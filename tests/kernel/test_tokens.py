from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import quote

import pytest

from hub import clock, tokens
from hub.config import Key
from hub.tokens import BadToken, ExpiredToken, Signer, sign, verify
from tests.conftest import SECRET_KEYS

OLD, NEW = Key("old", b"o" * 32), Key("new", b"n" * 32)
SUBJECT = bytes(range(256))


@pytest.fixture(autouse=True)
def keys() -> Iterator[None]:
    tokens.use_keys((OLD,))
    yield
    tokens.use_keys(SECRET_KEYS)


@pytest.mark.parametrize("subject", [b"", b"x", SUBJECT])
def test_a_token_gives_its_subject_back(subject: bytes) -> None:
    token = sign("unsubscribe", subject)
    assert verify("unsubscribe", token) == subject
    assert quote(token, safe="") == token


def test_a_token_is_good_for_one_purpose() -> None:
    with pytest.raises(BadToken):
        verify("password", sign("unsubscribe", SUBJECT))


def test_a_token_ends_when_its_time_is_over() -> None:
    token = sign("password", SUBJECT, lasts=timedelta(hours=1))
    with clock.moved(timedelta(minutes=59)):
        assert verify("password", token) == SUBJECT
    with clock.moved(timedelta(minutes=61)):
        with pytest.raises(ExpiredToken) as expired:
            verify("password", token)
        assert expired.value.subject == SUBJECT
        with pytest.raises(BadToken) as altered:
            verify("password", token[:-1] + ("A" if token[-1] != "A" else "B"))
        assert not isinstance(altered.value, ExpiredToken)


def test_a_token_without_an_end_outlives_us() -> None:
    token = sign("unsubscribe", SUBJECT)
    with clock.moved(timedelta(days=36_500)):
        assert verify("unsubscribe", token) == SUBJECT


def test_old_links_outlive_a_rotation() -> None:
    old = sign("unsubscribe", SUBJECT)
    tokens.use_keys((NEW, OLD))
    assert verify("unsubscribe", old) == SUBJECT
    assert ".new." in sign("unsubscribe", SUBJECT)
    tokens.use_keys((NEW,))
    with pytest.raises(BadToken):
        verify("unsubscribe", old)


def test_altering_any_character_spoils_a_token() -> None:
    token = sign("password", b"subject", lasts=timedelta(hours=1))
    for place, letter in enumerate(token):
        altered = token[:place] + ("A" if letter != "A" else "B") + token[place + 1 :]
        with pytest.raises(BadToken):
            verify("password", altered)


@pytest.mark.parametrize(
    "nonsense",
    ["", ".", ".....", "1.old.password..", "1.old.password..c3ViamVjdA.", "é" * 90, "\ud800"],
)
def test_nonsense_is_a_bad_token(nonsense: str) -> None:
    with pytest.raises(BadToken):
        verify("password", nonsense)


def test_a_token_with_foreign_letters_is_a_bad_token() -> None:
    token = sign("password", b"subject")
    for letter in ("é", "\ud800"):
        with pytest.raises(BadToken):
            verify("password", token[:-1] + letter)
        with pytest.raises(BadToken):
            verify("password", token.replace("c3Vi", letter))


def test_keys_for_another_form_of_token() -> None:
    """One for each configured key, the newest first, and another for each purpose."""
    tokens.use_keys((NEW, OLD))
    new, old = tokens.derived_keys("return-path")
    assert len({new, old, *tokens.derived_keys("unsubscribe")}) == 4
    tokens.use_keys((OLD,))
    assert tokens.derived_keys("return-path") == (old,)
    assert OLD.secret not in new + old


@pytest.mark.parametrize("begins", [b"", b"a", b"ab", b"abc", bytes(32)])
def test_many_tokens_that_begin_alike_are_the_same_as_single_ones(begins: bytes) -> None:
    signer = Signer("unsubscribe", begins)
    for rest in (b"", b"x", bytes(range(32)), b"\xff" * 33):
        assert signer.sign(rest).decode() == sign("unsubscribe", begins + rest)
        assert verify("unsubscribe", signer.sign(rest).decode()) == begins + rest
