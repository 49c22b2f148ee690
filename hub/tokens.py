"""Signed links: `version.key id.purpose.expiry.subject.MAC`, URL-safe, without a row behind them.

The MAC is HMAC-SHA-256 over everything before it, under a key derived for the purpose: a token made for one thing
opens nothing else. The newest key signs; every configured key verifies, so old links outlive a rotation.
"""

import base64
import hmac
from datetime import datetime, timedelta
from functools import cache

from hub import clock
from hub.config import Key

VERSION = "1"

_keys: tuple[Key, ...] = ()


class BadToken(Exception):
    """Not ours, altered, made for something else, or past its time. The reader is told only that it is not valid."""


class ExpiredToken(BadToken):
    """Ours and as we made it, but past its time; `subject` is what it was made for."""

    def __init__(self, subject: bytes) -> None:
        self.subject = subject
        super().__init__()


def use_keys(keys: tuple[Key, ...]) -> None:
    """Set this process's signing keys, the newest first."""
    global _keys
    _keys = keys


def sign(purpose: str, subject: bytes, *, lasts: timedelta | None = None) -> str:
    """`purpose` is a short word of ours; without `lasts` the token never expires."""
    key = _keys[0]
    expiry = f"{int((clock.now() + lasts).timestamp()):x}" if lasts else ""
    head = ".".join((VERSION, key.id, purpose, expiry, _encode(subject)))
    return f"{head}.{_mac(key, purpose, head)}"


class Signer:
    """The same tokens as `sign` makes, thousands in a row, for subjects that begin alike and never expire."""

    def __init__(self, purpose: str, begins: bytes) -> None:
        key = _keys[0]
        # Three octets become four letters: what is left over is encoded with what follows.
        whole = len(begins) // 3 * 3
        self._left = begins[whole:]
        head = ".".join((VERSION, key.id, purpose, "", _encode(begins[:whole])))
        self._head = head.encode()
        self._mac = hmac.new(_derived(key.secret, purpose), self._head, "sha256")

    def sign(self, rest: bytes) -> bytes:
        subject = _encoded(self._left + rest)
        mac = self._mac.copy()
        mac.update(subject)
        return b"%b%b.%b" % (self._head, subject, _encoded(mac.digest()))


def verify(purpose: str, token: str) -> bytes:
    """The subject. Raises BadToken, and of its kinds ExpiredToken."""
    head, _, mac = token.rpartition(".")
    parts = head.split(".")
    if not token.isascii() or len(parts) != 5 or parts[0] != VERSION or parts[2] != purpose:
        raise BadToken
    _, key_id, _, expiry, subject = parts
    key = next((key for key in _keys if key.id == key_id), None)
    if key is None or not hmac.compare_digest(_mac(key, purpose, head), mac):
        raise BadToken
    decoded = base64.urlsafe_b64decode(subject + "=" * (-len(subject) % 4))
    if expiry and datetime.fromtimestamp(int(expiry, 16), clock.now().tzinfo) < clock.now():
        raise ExpiredToken(decoded)
    return decoded


def derived_keys(purpose: str) -> tuple[bytes, ...]:
    """For what is signed in another form than a link: one key for each configured one, the newest first."""
    return tuple(_derived(key.secret, purpose) for key in _keys)


def _mac(key: Key, purpose: str, head: str) -> str:
    return _encode(hmac.digest(_derived(key.secret, purpose), head.encode(), "sha256"))


@cache
def _derived(secret: bytes, purpose: str) -> bytes:
    """Kept, since each message of a newsletter holds a link. Purposes are words of ours, and few."""
    return hmac.digest(secret, b"hub link: " + purpose.encode(), "sha256")


def _encode(data: bytes) -> str:
    return _encoded(data).decode()


def _encoded(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")
