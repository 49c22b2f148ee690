from __future__ import annotations

from collections.abc import Iterator

import pytest
from cryptography.exceptions import InvalidTag

from hub import crypto
from hub.config import Key
from hub.ids import uuid7
from tests.conftest import FIELD_KEYS

OLD, NEW = Key("old", b"o" * 32), Key("new", b"n" * 32)
CODE = "RSSMRA85T10A562S"


@pytest.fixture(autouse=True)
def keys() -> Iterator[None]:
    crypto.use_keys((OLD,))
    yield
    crypto.use_keys(FIELD_KEYS)


def test_ciphertext_hides_its_text_and_is_read_back() -> None:
    sealed = crypto.encrypt(CODE)
    assert CODE.encode() not in sealed
    assert crypto.encrypt(CODE) != sealed
    assert crypto.decrypt(sealed) == CODE


def test_the_newest_key_encrypts_and_older_ones_still_read() -> None:
    before = crypto.encrypt(CODE)
    crypto.use_keys((NEW, OLD))
    after = crypto.encrypt(CODE)
    assert crypto.decrypt(before) == crypto.decrypt(after) == CODE
    crypto.use_keys((NEW,))
    assert crypto.decrypt(after) == CODE
    with pytest.raises(crypto.UnknownKey, match="old"):
        crypto.decrypt(before)


@pytest.mark.parametrize("position", [5, -1])
def test_altered_ciphertext_is_refused(position: int) -> None:
    sealed = bytearray(crypto.encrypt(CODE))
    sealed[position] ^= 1
    with pytest.raises(InvalidTag):
        crypto.decrypt(bytes(sealed))


def test_ciphertext_of_one_key_is_not_read_under_the_name_of_another() -> None:
    crypto.use_keys((NEW, OLD))
    sealed = crypto.encrypt(CODE)
    with pytest.raises(InvalidTag):
        crypto.decrypt(sealed.replace(b"new", b"old"))


def test_look_up_tokens_survive_a_rotation() -> None:
    tenant = uuid7()
    before = (crypto.lookup_token(tenant, CODE), crypto.email_token("a@example.org"))
    crypto.use_keys((NEW, OLD))
    assert (crypto.lookup_token(tenant, CODE), crypto.email_token("a@example.org")) == before


def test_look_up_tokens_match_spellings_but_not_tenants() -> None:
    one, other = uuid7(), uuid7()
    assert crypto.lookup_token(one, CODE.lower()) == crypto.lookup_token(one, CODE)
    assert crypto.lookup_token(one, CODE) != crypto.lookup_token(other, CODE)


def test_tokens_of_different_purposes_differ() -> None:
    text = "a@example.org"
    assert crypto.email_token(" A@Example.org ") == crypto.email_token(text)
    assert crypto.email_token(text) != crypto.attempt_token(text)
