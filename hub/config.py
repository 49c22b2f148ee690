"""Settings, read once from the environment; `docs/operations.md` lists them, a test keeps the two in step."""

import base64
import binascii
import os
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from urllib.parse import urlsplit


class SettingsError(Exception):
    """The environment misses a setting or holds one that cannot be read; the message names it."""


@dataclass(frozen=True, slots=True)
class Key:
    """A named secret of at least 32 bytes; the name travels with what the key made, so that keys can rotate."""

    id: str
    secret: bytes

    def __repr__(self) -> str:
        return f"Key({self.id!r})"


@dataclass(frozen=True, slots=True, repr=False)
class Settings:
    """Every field is the environment variable `HUB_` + its name in capitals."""

    database_url: str
    """PostgreSQL for `hub web`, as the login that can become app, network and router."""
    worker_database_url: str
    """PostgreSQL for `hub worker`, as the login that can become relay too."""
    redis_url: str
    """Valkey or Redis: the bell that wakes the workers. It may lose everything at any time."""
    secret_keys: tuple[Key, ...]
    """Keys of signed links, `name:base64` separated by commas, the newest first."""
    field_keys: tuple[Key, ...]
    """Keys that encrypt fields at rest, same form. The last one, the oldest, also makes the look-up tokens."""
    smtp_url: str = "smtp://127.0.0.1:25"
    """Relay for all mail: `smtp://[user:password@]host[:port]`, `smtps://` for TLS from the first byte."""
    smtp_starttls: str = "opportunistic"
    """TLS with the relay at smtp://: `required`, `opportunistic` or `off`. A password over a network requires it."""
    smtp_connections: int = 8
    """Connections to the relay that each worker opens at most for newsletters."""
    smtp_per_minute: int = 0
    """Newsletters' messages a minute that the relay is given at most, by all workers together; 0: no limit."""
    tenant_per_minute: int = 0
    """The same for each organisation that sends."""
    smtp_session_messages: int = 1000
    """Messages a connection to the relay carries at most; then a new one is opened."""
    smtp_hello: str = ""
    """The name this host gives to the relay, best the one its address resolves to; empty: its host name."""
    owner_database_url: str = ""
    """PostgreSQL as the tables' owner; only `hub migrate` and `hub seed` use it."""
    base_url: str = "http://127.0.0.1:8000"
    """The public address, as it stands in mails."""
    mail_from: str = "MICRO-WORK Hub <no-reply@hub.example.org>"
    """Sender of the hub's own mail, such as password links."""
    bounce_address: str = ""
    """Where newsletters that cannot be delivered come back to, with `+` and a token; empty: the address in mail_from."""
    dkim_keys: str = ""
    """Keys that sign mail, `domain:selector:/path/to/key.pem` separated by commas; empty where the relay signs."""
    mailbox_url: str = ""
    """Page of the local mailbox that `hub up` starts; empty where real mail is sent."""
    pool_size: int = 10
    """Database connections each process keeps at most."""
    journal_folder: str = ""
    """Where this host's workers write down what they have on the wire; empty: a folder in the temporary one."""
    metrics_address: str = ""
    """Where each worker serves its numbers to Prometheus, `host:port`, best on loopback; empty: nowhere."""
    trusted_proxies: str = "127.0.0.1"
    """Addresses whose X-Forwarded-For is believed, separated by commas."""
    max_body_bytes: int = 1_000_000
    """Largest request body that is read."""

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ) -> "Settings":
        """Raises SettingsError, which names the variable and never shows its value."""
        values: dict[str, object] = {}
        for field in fields(cls):
            name = variable(field.name)
            text = environ.get(name, "").strip()
            if text:
                # Where nothing is the default, 0 says so.
                least = 0 if field.default == 0 else 1
                values[field.name] = _parse(name, field.type, text, least)
            elif field.default is MISSING:
                raise SettingsError(f"{name} is not set. `hub up` sets everything for one machine.")
        return cls(**values)  # type: ignore[arg-type]  # _parse gave each field its own type


_SCHEMES = {
    "DATABASE_URL": ("postgresql", "postgres"),
    "REDIS_URL": ("redis", "rediss", "unix"),
}


def variable(field_name: str) -> str:
    return f"HUB_{field_name.upper()}"


def _parse(name: str, kind: object, text: str, least: int) -> object:
    if kind is int:
        return _integer(name, text, least)
    if kind == tuple[Key, ...]:
        return _keys(name, text)
    for ending, schemes in _SCHEMES.items():
        if name.endswith(ending) and urlsplit(text).scheme not in schemes:
            raise SettingsError(f"{name} must begin with {schemes[0]}://.")
    return text.rstrip("/") if name == "HUB_BASE_URL" else text


def _integer(name: str, text: str, least: int) -> int:
    try:
        value = int(text)
    except ValueError:
        raise SettingsError(f"{name} must be a whole number.") from None
    if value < least:
        raise SettingsError(f"{name} must be {least} or more.")
    return value


def _keys(name: str, text: str) -> tuple[Key, ...]:
    keys = tuple(_key(name, part) for part in text.split(","))
    if len({key.id for key in keys}) < len(keys):
        # The second would never be found, and what it made never be read.
        raise SettingsError(f"{name} has two keys of one name.")
    return keys


def _key(name: str, text: str) -> Key:
    key_id, _, encoded = text.strip().partition(":")
    try:
        secret = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        secret = b""
    if not key_id.isalnum() or len(secret) < 32:
        raise SettingsError(
            f"{name} must be name:base64 of at least 32 bytes, separated by commas."
        )
    return Key(key_id, secret)
