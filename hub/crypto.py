"""Fields that are ciphertext at rest, and the keyed tokens by which they are still found.

Ciphertext: key id length (1 byte), key id, nonce (12), AES-256-GCM of the text. The newest key encrypts, every
configured key decrypts. Tokens are HMAC-SHA-256 under the *oldest* key, so that they never change while keys rotate:
a plain hash of a codice fiscale can be tried out in minutes, a keyed one cannot.
"""

import hashlib
import hmac
import os
from functools import lru_cache
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hub.config import Key

_keys: tuple[Key, ...] = ()


class UnknownKey(Exception):
    """Ciphertext names a key that is not configured any more."""


def use_keys(keys: tuple[Key, ...]) -> None:
    """Set this process's field keys, the newest first."""
    global _keys
    _keys = keys
    _cipher.cache_clear()


@lru_cache
def _cipher(key_id: str) -> AESGCM:
    for key in _keys:
        if key.id == key_id:
            return AESGCM(_derive(key, b"field encryption"))
    raise UnknownKey(key_id)


def _derive(key: Key, purpose: bytes) -> bytes:
    return hmac.digest(key.secret, b"hub: " + purpose, "sha256")


def encrypt(text: str) -> bytes:
    key_id = _keys[0].id
    nonce = os.urandom(12)
    name = key_id.encode()
    return bytes([len(name)]) + name + nonce + _cipher(key_id).encrypt(nonce, text.encode(), name)


def decrypt(ciphertext: bytes) -> str:
    """Raises UnknownKey, or cryptography's InvalidTag where the bytes were altered."""
    end = 1 + ciphertext[0]
    name = ciphertext[1:end]
    nonce, sealed = ciphertext[end : end + 12], ciphertext[end + 12 :]
    return _cipher(name.decode()).decrypt(nonce, sealed, name).decode()


def _token(purpose: bytes, value: bytes) -> bytes:
    return hmac.digest(_derive(_keys[-1], purpose), value, hashlib.sha256)


def lookup_token(tenant_id: UUID, codice_fiscale: str) -> bytes:
    """Differs from tenant to tenant, so that two tenants' rows cannot be matched by it."""
    return _token(b"codice fiscale", tenant_id.bytes + codice_fiscale.upper().encode())


def email_token(email: str) -> bytes:
    """The fingerprint by which a suppressed address is known without keeping the address."""
    return _token(b"email", email.strip().lower().encode())


def content_token(content: bytes) -> bytes:
    """By which the same request is recognised without being kept: it may hold personal data."""
    return _token(b"content", content)


def attempt_token(subject: str) -> bytes:
    """What a sign-in attempt is counted under: an address or a network address, neither of which is stored."""
    return _token(b"attempt", subject.lower().encode())


def recovery_token(account_id: UUID, code: str) -> bytes:
    """What is kept of a recovery code, which is too short for a hash without a key."""
    return _token(b"recovery code", account_id.bytes + code.encode())
