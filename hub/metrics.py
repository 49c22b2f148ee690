"""What a worker counts, for Prometheus to collect: numbers, codes and times; never a person, a tenant or a campaign.

`docs/operations.md` lists the names. A worker serves its own numbers under `HUB_METRICS_ADDRESS`; where several run on
one host, each takes the next free port. Without an address the numbers are kept all the same and nobody asks.
"""

import asyncio
import errno
import logging
import socket
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from wsgiref.simple_server import WSGIServer

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    start_http_server,
)

from hub import clock, outbox
from hub.config import SettingsError
from hub.db import relay_transaction
from hub.errors import Unavailable

log = logging.getLogger(__name__)

# How many ports are tried from the given one on.
PORTS = 10
OUTBOX_SECONDS = 15

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)

_messages = Counter(
    "hub_mail_messages",
    "Newsletters' messages by what became of them and why.",
    ("outcome", "cause"),
    registry=REGISTRY,
)
_limited = Counter(
    "hub_mail_limited_turns",
    "Turns that ended because of a pace: the relay's or a tenant's.",
    ("by",),
    registry=REGISTRY,
)
_connections = Gauge("hub_mail_connections", "Open connections to the relay.", registry=REGISTRY)
_refused_connections = Counter(
    "hub_mail_refused_connections",
    "Connections that the relay did not give, or ended by refusing us, and why.",
    ("cause",),
    registry=REGISTRY,
)
_in_hand = Gauge(
    "hub_mail_rows_in_hand",
    "Deliveries that this worker claimed and has not recorded yet.",
    registry=REGISTRY,
)
_recording = Histogram(
    "hub_mail_recording_seconds",
    "How long it took to record a batch of outcomes.",
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30),
    registry=REGISTRY,
)
_beat = Gauge(
    "hub_mail_beat_timestamp_seconds",
    "When the other workers could last see that this one is alive.",
    registry=REGISTRY,
)
_transactional_wait = Histogram(
    "hub_mail_transactional_wait_seconds",
    "From the moment a sign-in link, a receipt … was due to the relay's answer.",
    buckets=(0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300, 1800),
    registry=REGISTRY,
)
_outbox = Gauge(
    "hub_outbox_rows",
    "Rows of the outbox that are due, or were given up.",
    ("state",),
    registry=REGISTRY,
)


def message(outcome: str, cause: str = "", count: int = 1) -> None:
    """`outcome` is a delivery's state; `cause` a code of `hub.mail.replies`."""
    _messages.labels(outcome, cause).inc(count)


def messages(counts: Mapping[tuple[str, str], int]) -> None:
    """Many at once, by (outcome, cause)."""
    for (outcome, cause), count in counts.items():
        message(outcome, cause, count)


def turn_limited(by: str) -> None:
    """`by` is `relay` or `tenant`."""
    _limited.labels(by).inc()


def connection_opened() -> None:
    _connections.inc()


def connection_closed() -> None:
    _connections.dec()


def connection_refused(cause: str) -> None:
    """`cause` is a code of `hub.mail.replies`."""
    _refused_connections.labels(cause).inc()


def rows_in_hand(count: int) -> None:
    _in_hand.set(count)


def recorded(seconds: float) -> None:
    """A batch of outcomes stands in the ledger."""
    _recording.observe(seconds)


def beat() -> None:
    """The others can see that this worker is alive."""
    _beat.set(clock.now().timestamp())


def transactional_sent(waited_seconds: float) -> None:
    _transactional_wait.observe(max(waited_seconds, 0))


async def watch_outbox(stop: asyncio.Event) -> None:
    """Look from time to time how many rows are due and how many were given up; until `stop`."""
    while not stop.is_set():
        try:
            async with relay_transaction() as scope:
                due, dead = await outbox.backlog(scope)
        except Unavailable:
            log.info("the database does not answer; the outbox is not counted")
        else:
            _outbox.labels("due").set(due)
            _outbox.labels("dead").set(dead)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), OUTBOX_SECONDS)


@contextmanager
def serve(address: str) -> Iterator[int | None]:
    """Answer under `host:port`, or on the next free port; gives the port, None where there is nothing to serve on.

    A worker that finds no free port sends all the same: that is said in the log. Raises SettingsError like `check`.
    """
    if not address:
        yield None
        return
    check(address)
    host, ports = _read(address)
    server = _start(host, ports)
    if server is None:
        log.warning("no free port for the metrics; nobody can collect them")
        yield None
        return
    log.info("metrics are served on port %d", server.server_port)
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


def check(address: str) -> None:
    """Raises SettingsError for one that cannot be read or is not this machine's. Takes no port."""
    if not address:
        return
    host, _ports = _read(address)
    try:
        family, kind, _, _, found = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.bind(found)
    except (socket.gaierror, UnicodeError):
        raise SettingsError("HUB_METRICS_ADDRESS names a host that is not known here.") from None
    except OSError as error:
        if error.errno == errno.EADDRNOTAVAIL:
            raise SettingsError("HUB_METRICS_ADDRESS is no address of this machine.") from None
        raise _not_served(error) from None


def _read(address: str) -> tuple[str, Iterable[int]]:
    host, _, port = address.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isascii() or not port.isdigit() or int(port) > 65_535:
        raise SettingsError("HUB_METRICS_ADDRESS must be host:port, such as 127.0.0.1:9464.")
    first = int(port)
    return host, range(first, min(first + PORTS, 65_536))


def _start(host: str, ports: Iterable[int]) -> WSGIServer | None:
    for port in ports:
        try:
            server, _thread = start_http_server(port, host, REGISTRY)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                continue
            raise _not_served(error) from None
        return server
    return None


def _not_served(error: OSError) -> SettingsError:
    return SettingsError(f"HUB_METRICS_ADDRESS cannot be served on: {error.strerror}.")
