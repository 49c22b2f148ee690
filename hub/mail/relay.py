"""The mail server that takes our mail, from `HUB_SMTP_URL`, and who we are to it, from `HUB_MAIL_FROM`."""

import re
from dataclasses import dataclass
from email.utils import parseaddr
from typing import Literal, cast, get_args
from urllib.parse import unquote, urlsplit

from hub.config import Settings, SettingsError
from hub.mail import dkim
from hub.mail.dkim_keys import read_keys
from hub.mail.pace import UNLIMITED, Pace
from hub.mail.return_path import check_bounce_address

_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9.-]+")
# Like `hub.mail.headers`, which would refuse each mail for it.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
StartTls = Literal["required", "opportunistic", "off"]
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


class NoRelay(RuntimeError):
    """Mail before `use_relay`: a mistake of ours."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A name for people and an address for machines; the name may be empty."""

    name: str
    address: str

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]


@dataclass(frozen=True, slots=True, repr=False)
class Relay:
    host: str
    port: int
    username: str
    password: str
    implicit_tls: bool
    """TLS from the first byte; otherwise STARTTLS where the server offers it."""
    sender: Mailbox
    base_url: str
    bounces: str = ""
    """The address that messages come back to; the sender's where it is empty."""
    starttls: StartTls = "opportunistic"
    pace: Pace = UNLIMITED
    """What may be sent in a minute."""
    connections: int = 8
    """Open at once for newsletters, by each worker; the lane of single mails has its own."""
    session_messages: int = 1000
    """So many messages a connection carries at most."""
    hello: bytes = b""
    """The name we give in EHLO; empty for this host's own."""
    journal_folder: str = ""
    """Where this host's workers write down what they have on the wire."""

    @property
    def needs_tls(self) -> bool:
        """A password never crosses a network in the clear."""
        return bool(self.username) and self.host not in _LOOPBACK

    @property
    def needs_starttls(self) -> bool:
        return not self.implicit_tls and (self.starttls == "required" or self.needs_tls)

    @property
    def verifies(self) -> bool:
        """Where TLS is opportunistic any certificate is better than none (RFC 7435)."""
        return self.implicit_tls or self.needs_starttls

    def __repr__(self) -> str:
        return f"Relay({self.host}:{self.port})"


_relay: Relay | None = None


def use_relay(settings: Settings) -> None:
    """Set this process's relay, and the keys it signs with. Raises SettingsError for what cannot be read."""
    global _relay
    _relay = relay_from(settings)
    dkim.use_keys(read_keys(settings.dkim_keys))


def current_relay() -> Relay:
    if _relay is None:
        raise NoRelay("hub.mail.use_relay was not called")
    return _relay


def base_url() -> str:
    """The hub's public address, for links in mails."""
    return current_relay().base_url


def relay_from(settings: Settings) -> Relay:
    try:
        url = urlsplit(settings.smtp_url)
        port = url.port
    except ValueError:
        raise SettingsError("HUB_SMTP_URL has a port that is not a number.") from None
    if url.scheme not in ("smtp", "smtps") or not url.hostname:
        raise SettingsError("HUB_SMTP_URL must be smtp://host or smtps://host.")
    implicit_tls = url.scheme == "smtps"
    relay = Relay(
        host=url.hostname,
        port=port or (465 if implicit_tls else 25),
        username=unquote(url.username or ""),
        password=unquote(url.password or ""),
        implicit_tls=implicit_tls,
        sender=_sender(settings.mail_from),
        base_url=_base_url(settings.base_url),
        journal_folder=settings.journal_folder,
        bounces=_bounces(settings),
        starttls=_starttls(settings.smtp_starttls),
        pace=Pace(settings.smtp_per_minute, settings.tenant_per_minute),
        connections=settings.smtp_connections,
        session_messages=settings.smtp_session_messages,
        hello=_hello(settings.smtp_hello),
    )
    if relay.starttls == "off" and relay.needs_starttls:
        raise SettingsError(
            "HUB_SMTP_STARTTLS is off, and the password in HUB_SMTP_URL would cross a network in the clear."
        )
    return relay


def _starttls(text: str) -> StartTls:
    if text not in get_args(StartTls):
        raise SettingsError("HUB_SMTP_STARTTLS must be required, opportunistic or off.")
    return cast("StartTls", text)


def _hello(name: str) -> bytes:
    if not re.fullmatch(r"[!-~]*", name):
        raise SettingsError("HUB_SMTP_HELLO must be a host name such as mail.example.org.")
    return name.encode()


def _base_url(text: str) -> str:
    """It stands in headers, within angle brackets (RFC 2369 §2), and in every link."""
    if not re.fullmatch(r"https?://[!-;=?-~]{1,200}", text):
        raise SettingsError(
            "HUB_BASE_URL must be https://host, without spaces or accented letters."
        )
    return text


def _bounces(settings: Settings) -> str:
    address = settings.bounce_address or _sender(settings.mail_from).address
    if not _ADDRESS.fullmatch(address):
        raise SettingsError("HUB_BOUNCE_ADDRESS must be an address such as bounces@example.org.")
    check_bounce_address(address)
    return address


def _sender(text: str) -> Mailbox:
    if _CONTROL.search(text):
        raise SettingsError("HUB_MAIL_FROM holds a control character, such as a line break.")
    name, address = parseaddr(text)
    if not _ADDRESS.fullmatch(address):
        raise SettingsError("HUB_MAIL_FROM must be an address such as Name <name@example.org>.")
    return Mailbox(name, address)
