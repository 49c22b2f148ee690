"""The keys of HUB_DKIM_KEYS: read from their files, made anew, and as the DNS has to publish them."""

import base64
import logging
import os
import re
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from hub.config import SettingsError

log = logging.getLogger(__name__)

PrivateKey = RSAPrivateKey | Ed25519PrivateKey
Algorithm = Literal["rsa", "ed25519"]

# RFC 8301 §3.2: signers use 2048 bits at least, verifiers need to know 4096 at most.
_RSA_BITS = 2048
_LARGEST_RSA_BITS = 4096
# RFC 1035 §3.3: a character string; RFC 6376 §3.6.2.2: those of a record are read as one.
_STRING = 255
_LABEL = r"[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")


@dataclass(frozen=True, slots=True)
class DkimKey:
    domain: str
    selector: str
    private: PrivateKey

    @property
    def algorithm(self) -> Algorithm:
        return "rsa" if isinstance(self.private, RSAPrivateKey) else "ed25519"

    def __repr__(self) -> str:
        return f"DkimKey({self.name}, {self.algorithm})"

    @property
    def name(self) -> str:
        """Where the DNS publishes it."""
        return f"{self.selector}._domainkey.{self.domain}"

    def record(self) -> str:
        """A line for a zone file (RFC 6376 §3.6.1, RFC 8463 §4)."""
        text = (
            f"v=DKIM1; k={self.algorithm}; p={base64.b64encode(_published(self.private)).decode()}"
        )
        strings = [text[start : start + _STRING] for start in range(0, len(text), _STRING)]
        return f"{self.name}. IN TXT ( " + " ".join(f'"{string}"' for string in strings) + " )"


def read_keys(setting: str) -> tuple[DkimKey, ...]:
    """From `domain:selector:/path/to/key.pem`, separated by commas. Raises SettingsError."""
    keys = tuple(_read(entry.strip()) for entry in setting.split(",") if entry.strip())
    if len({key.name for key in keys}) < len(keys):
        raise SettingsError("HUB_DKIM_KEYS has two keys of one domain and selector.")
    return keys


def signing(keys: Iterable[DkimKey], domain: str) -> list[DkimKey]:
    """Those that sign what comes from this domain: of each algorithm the first, the closest domain before a parent."""
    chosen: dict[Algorithm, DkimKey] = {}
    for key in keys:
        if domain != key.domain and not domain.endswith(f".{key.domain}"):
            continue
        before = chosen.get(key.algorithm)
        if before is None or len(before.domain) < len(key.domain):
            chosen[key.algorithm] = key
    # Both are checked; a program that reads only the first shall find the one that it knows.
    return sorted(chosen.values(), key=lambda key: key.algorithm != "rsa")


def new_key(domain: str, selector: str, algorithm: Algorithm, file: Path) -> DkimKey:
    """Write a key that only its owner may read. Raises SettingsError for a bad name, FileExistsError."""
    domain, selector = _checked(domain, selector)
    private = (
        generate_private_key(public_exponent=65537, key_size=_RSA_BITS)
        if algorithm == "rsa"
        else Ed25519PrivateKey.generate()
    )
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    # Opened so that it is never readable for others, not even for a moment.
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(pem)
    return DkimKey(domain, selector, private)


def _read(entry: str) -> DkimKey:
    domain, _, rest = entry.partition(":")
    selector, _, path = rest.partition(":")
    if not path:
        raise SettingsError(
            "HUB_DKIM_KEYS must be domain:selector:/path/to/key.pem, separated by commas."
        )
    domain, selector = _checked(domain, selector)
    what = f"HUB_DKIM_KEYS: the key {selector} of {domain}"
    try:
        pem = Path(path).read_bytes()
        mode = Path(path).stat().st_mode
    except OSError as error:
        raise SettingsError(f"{what} cannot be read: {error.strerror}.") from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        log.warning("the file of the DKIM key %s of %s can be read by others", selector, domain)
    return DkimKey(domain, selector, _private_key(what, pem))


def _private_key(what: str, pem: bytes) -> PrivateKey:
    try:
        private = load_pem_private_key(pem, password=None)
    except TypeError:
        raise SettingsError(f"{what} is protected by a password; it must have none.") from None
    except (ValueError, UnsupportedAlgorithm):
        raise SettingsError(f"{what} is not a private key in PEM form.") from None
    if isinstance(private, RSAPrivateKey):
        if not _RSA_BITS <= private.key_size <= _LARGEST_RSA_BITS:
            raise SettingsError(
                f"{what} has {private.key_size} bits; RSA needs {_RSA_BITS} to {_LARGEST_RSA_BITS}."
            )
        return private
    if isinstance(private, Ed25519PrivateKey):
        return private
    raise SettingsError(f"{what} must be RSA or Ed25519.")


def _checked(domain: str, selector: str) -> tuple[str, str]:
    domain, selector = domain.strip().lower(), selector.strip().lower()
    if not _NAME.fullmatch(domain) or not _NAME.fullmatch(selector):
        raise SettingsError(
            "A DKIM key's domain and selector are names as the DNS has them, such as example.org and k1."
        )
    return domain, selector


def _published(private: PrivateKey) -> bytes:
    public = private.public_key()
    if isinstance(private, RSAPrivateKey):
        return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return public.public_bytes(Encoding.Raw, PublicFormat.Raw)
