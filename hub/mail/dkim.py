"""DKIM signatures (RFC 6376), RSA and Ed25519 (RFC 8463) side by side, over messages that we put together ourselves.

`relaxed/simple`: headers may be folded anew on their way, the body may not be touched, and nothing has a reason to:
it is quoted-printable, without trailing space, and ends with one CRLF, so it is canonical as it stands and is hashed
without a look at it. Every header is signed; those that say who writes to whom about what, and how to read it, once more
than they occur, so that none can be added (RFC 6376 §8.15).

Without a key for the sender's domain nothing is signed: the relay does it.
"""

import base64
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256

from hub import clock
from hub.mail.dkim_keys import DkimKey, PrivateKey, signing

_OVERSIGNED = b":from:to:cc:reply-to:subject:date:content-type"
_LINE = 72
_FOLD = b"\r\n "

_keys: tuple[DkimKey, ...] = ()


def use_keys(keys: tuple[DkimKey, ...]) -> None:
    """Set this process's keys; of one domain and algorithm the first signs."""
    global _keys
    _keys = keys


def sign(message: bytes, domain: str) -> bytes:
    """The message below its signatures. It is one of ours: CRLF, and headers without control characters."""
    signers = signers_for(domain)
    if not signers:
        return message
    head, _, body = message.partition(b"\r\n\r\n")
    if body.endswith(b"\r\n\r\n"):
        body = body.rstrip(b"\r\n") + b"\r\n"
    return signatures(signers, canonical(head), body) + message


@dataclass(frozen=True, slots=True)
class Canonical:
    """Header lines in the relaxed form (RFC 6376 §3.4.2), and their names with colons between them."""

    names: bytes
    lines: bytes

    def followed_by(self, other: "Canonical") -> "Canonical":
        return Canonical(self.names + b":" + other.names, self.lines + other.lines)


def canonical(head: bytes) -> Canonical:
    names, lines = [], []
    for line in head.replace(b"\r\n ", b" ").replace(b"\r\n\t", b" ").split(b"\r\n"):
        if line:
            name, _, value = line.partition(b":")
            name = name.lower()
            names.append(name)
            lines.append(b"%b:%b\r\n" % (name, b" ".join(value.split())))
    return Canonical(b":".join(names), b"".join(lines))


class Signer:
    """One key, ready to sign."""

    def __init__(self, key: DkimKey) -> None:
        self._sign = _signing(key.private)
        self._tags = (
            f"DKIM-Signature: v=1; a={key.algorithm}-sha256; c=relaxed/simple;"
            f"\r\n d={key.domain};\r\n s={key.selector};\r\n"
        ).encode()

    def header(self, head: Canonical, body_hash: bytes, second: int) -> bytes:
        unsigned = b"%b t=%d; bh=%b;\r\n h=%b;\r\n b=" % (
            self._tags,
            second,
            body_hash,
            _signed_names(head.names),
        )
        # Nothing but single folds: unfolding is all that the relaxed form asks of this header.
        own = b"dkim-signature:" + unsigned[16:].replace(_FOLD, b" ")
        signature = base64.b64encode(self._sign(head.lines + own))
        return unsigned + _folded(signature) + b"\r\n"


def signers_for(domain: str) -> tuple[Signer, ...]:
    return _signers(_keys, domain.lower())


def signatures(signers: Sequence[Signer], head: Canonical, body: bytes) -> bytes:
    """The headers that go before the others. `body` ends with exactly one CRLF."""
    body_hash = base64.b64encode(hashlib.sha256(body).digest())
    second = int(clock.now().timestamp())
    return b"".join([signer.header(head, body_hash, second) for signer in signers])


def _signing(key: PrivateKey) -> Callable[[bytes], bytes]:
    if isinstance(key, RSAPrivateKey):
        return partial(key.sign, padding=PKCS1v15(), algorithm=SHA256())
    # RFC 8463 §3: Ed25519 signs the digest.
    return lambda data: key.sign(hashlib.sha256(data).digest())


@lru_cache(maxsize=64)
def _signers(keys: tuple[DkimKey, ...], domain: str) -> tuple[Signer, ...]:
    return tuple(Signer(key) for key in signing(keys, domain))


@lru_cache(maxsize=64)
def _signed_names(names: bytes) -> bytes:
    """For h=, folded. Messages of one make have the same names."""
    lines = [b""]
    for name in (names + _OVERSIGNED).split(b":"):
        if len(lines[-1]) + len(name) > _LINE:
            lines.append(b"")
        lines[-1] += name + b":"
    return _FOLD.join(lines)[:-1]


def _folded(signature: bytes) -> bytes:
    return _FOLD.join([signature[at : at + _LINE] for at in range(0, len(signature), _LINE)])
