"""The mailbox seen from outside: how to start it and whether it is there. (Its own modules take 0.5 s to import.)"""

from __future__ import annotations

import sys
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from hub.embedded.ports import HOST


class MailboxError(Exception):
    """The mailbox could not be started; the message says why."""


def mailbox_command(
    smtp_port: int, page_port: int, file: Path, *, demo: bool = False
) -> tuple[str, ...]:
    """`demo`: it also shows the code that the demo network's administrators sign in with."""
    ports = ("--smtp-port", str(smtp_port), "--page-port", str(page_port))
    demo_flag = ("--demo",) if demo else ()
    return (sys.executable, "-m", "hub.embedded.mailbox", *ports, "--file", str(file), *demo_flag)


def mailbox_is_ready(page_port: int) -> bool:
    return answers(page_port, "/status")


def answers(port: int, path: str, *, seconds: float = 2) -> bool:
    """Whether an HTTP server on loopback answers there without a fault of its own."""
    connection = HTTPConnection(HOST, port, timeout=seconds)
    try:
        connection.request("GET", path)
        return connection.getresponse().status < 500
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
