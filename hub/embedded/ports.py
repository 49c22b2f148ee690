"""Free ports of this machine's loopback address."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")

HOST = "127.0.0.1"


class NoFreePort(Exception):
    """Every port tried is taken."""


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As servers do: a port whose last connections are still fading counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def any_free() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port


def on_any_free(serve: Callable[[int], T], failure: type[Exception], *, tries: int = 3) -> T:
    """What `serve` makes of a free port. Raises its failure.

    The port may be taken between the look and the start; then another one is tried.
    """
    for _ in range(tries - 1):
        with suppress(failure):
            return serve(any_free())
    return serve(any_free())


def first_free(wanted: int, *, taken: frozenset[int] = frozenset(), tries: int = 100) -> int:
    """The wanted port or the next free one. Raises NoFreePort."""
    for port in range(wanted, min(wanted + tries, 65536)):
        if port not in taken and is_free(port):
            return port
    raise NoFreePort(f"No port from {wanted} to {wanted + tries - 1} is free.")
