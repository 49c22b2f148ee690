"""Tests talk to this machine only: a look-up or a connection to anywhere else fails at once, and says so."""

from __future__ import annotations

import socket
from ipaddress import ip_address
from typing import Any

NAMES = {None, "", "localhost", "127.0.0.1", "::1"}

_connect = socket.socket.connect
_connect_ex = socket.socket.connect_ex
_getaddrinfo = socket.getaddrinfo


class OutsideWorld(RuntimeError):
    """A test tried to reach something other than loopback."""


def stay_inside() -> None:
    """Guard this process for good."""
    for name, guarded in (("connect", _guarded_connect), ("connect_ex", _guarded_connect_ex)):
        setattr(socket.socket, name, guarded)
    socket.getaddrinfo = _guarded_getaddrinfo


def _refuse_outside(host: object) -> None:
    if isinstance(host, bytes):
        host = host.decode()
    if host in NAMES:
        return
    try:
        inside = ip_address(str(host)).is_loopback
    except ValueError:
        inside = False
    if not inside:
        raise OutsideWorld(f"a test may not reach {host}")


def _guarded_connect(self: socket.socket, address: Any) -> None:
    if self.family != socket.AF_UNIX:
        _refuse_outside(address[0])
    _connect(self, address)


def _guarded_connect_ex(self: socket.socket, address: Any) -> int:
    if self.family != socket.AF_UNIX:
        _refuse_outside(address[0])
    return _connect_ex(self, address)


def _guarded_getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
    _refuse_outside(host)
    return _getaddrinfo(host, *args, **kwargs)
