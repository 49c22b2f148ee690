"""Where a message comes back to when it cannot be delivered: an address of its own for each delivery (VERP).

    bounces+<token>@example.org

The token is the delivery's id with a MAC, so that nobody can report a bounce that was none. It is base32 in small
letters: what comes back may have changed its case. The newest of HUB_SECRET_KEYS signs, each of them verifies.
"""

import base64
import binascii
import hmac
from uuid import UUID

from hub import tokens
from hub.config import SettingsError
from hub.tokens import BadToken

PURPOSE = "return-path"

_ID_OCTETS = 16
# 64 bits: a forger would have to try them one mail at a time. 25 octets in all need no padding in base32.
_MAC_OCTETS = 8
_TOKEN_LENGTH = 40
_LONGEST_LOCAL_PART = 64  # RFC 5321 §4.5.3.1.1


class ReturnPath:
    """`address` is where bounces are read: its mail server must hand over what comes with `+…` behind the name."""

    def __init__(self, address: str) -> None:
        local, _, domain = address.rpartition("@")
        self._before, self._behind = f"{local}+".encode(), f"@{domain}".encode()
        key = tokens.derived_keys(PURPOSE)[0]
        self._mark = _mark(key)
        self._mac = hmac.new(key, self._mark, "sha256")

    def of(self, delivery_id: UUID) -> bytes:
        octets = delivery_id.bytes
        mac = self._mac.copy()
        mac.update(octets)
        token = _base32(self._mark + octets + mac.digest()[:_MAC_OCTETS])
        return b"%b%b%b" % (self._before, token, self._behind)


def check_bounce_address(address: str) -> None:
    """Raises SettingsError where no token fits before the at sign."""
    local = address.rpartition("@")[0]
    longest = _LONGEST_LOCAL_PART - _TOKEN_LENGTH - 1
    if len(local) > longest:
        raise SettingsError(
            f"HUB_BOUNCE_ADDRESS (or HUB_MAIL_FROM, where that is empty) must have at most {longest} characters before the @."
        )


def read_return_path(address: str) -> UUID:
    """Whose delivery it is. Raises BadToken for an address that no key of ours made."""
    token = address.rpartition("@")[0].rpartition("+")[2]
    if len(token) != _TOKEN_LENGTH:
        raise BadToken
    try:
        content = base64.b32decode(token.encode("ascii"), casefold=True)
    except (binascii.Error, UnicodeEncodeError):
        raise BadToken from None
    signed, mac = content[:-_MAC_OCTETS], content[-_MAC_OCTETS:]
    for key in tokens.derived_keys(PURPOSE):
        # Two keys may have the same mark: it spares work, the MAC decides.
        if signed[:1] == _mark(key) and hmac.compare_digest(_mac(key, signed), mac):
            return UUID(bytes=signed[1:])
    raise BadToken


def _steps() -> list[tuple[int, int, int]]:
    """For `_base32`: which bits stay, which move, and how far."""
    steps = []
    digits = 64
    while digits > 1:
        digits //= 2
        stay = sum((1 << 5 * digits) - 1 << 16 * digits * pair for pair in range(32 // digits))
        steps.append((stay, stay << 5 * digits, 3 * digits))
    return steps


_STEPS = _steps()
_DIGITS = b"abcdefghijklmnopqrstuvwxyz234567".ljust(256, b"?")


def _base32(octets: bytes) -> bytes:
    """In small letters, of 25 octets; three times as fast as Python's own, which goes digit by digit.

    As one large number, whose digits of five bits are drawn apart to one an octet: the upper half of them first, then
    the upper half of each half, and so on.
    """
    number = int.from_bytes(octets, "big")
    for stay, move, distance in _STEPS:
        number = number & stay | (number & move) << distance
    return number.to_bytes(_TOKEN_LENGTH, "big").translate(_DIGITS)


def _mark(key: bytes) -> bytes:
    """Tells the keys apart."""
    return hmac.digest(key, b"mark", "sha256")[:1]


def _mac(key: bytes, signed: bytes) -> bytes:
    return hmac.digest(key, signed, "sha256")[:_MAC_OCTETS]
