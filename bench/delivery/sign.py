"""`python -m bench.delivery.sign SECONDS`: sign a newsletter of 20 KB over and over; prints the signatures a second."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from time import process_time

from hub.ids import uuid7
from hub.mail import dkim
from hub.mail.dkim_keys import new_key
from hub.mail.messages import Body, build, message_id
from hub.mail.relay import Mailbox

DOMAIN = "hub.example.org"
AT_ONCE = 50


def newsletter() -> bytes:
    """Made by the builder of single mails; what is signed does not depend on it."""
    text = "Questo mese raccontiamo perché una rete cresce quando qualcuno bussa alla porta.\n" * 60
    html = f"<!doctype html><title>Novità</title>{text.replace(chr(10), '<p>')}" * 3
    return build(
        sender=Mailbox("Ente", f"newsletter@{DOMAIN}"),
        to=Mailbox("Niccolò Rossi", "lettore@example.org"),
        subject="Novità della rete",
        body=Body(text, html),
        message_id=message_id(DOMAIN, uuid7()),
        date=datetime.now(UTC).replace(microsecond=0),
        locale="it",
        headers=[
            ("List-Id", f"<newsletter.{DOMAIN}>"),
            ("List-Unsubscribe", f"<https://{DOMAIN}/unsubscribe/{'x' * 64}>"),
            ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ],
    )


def rate(work: Callable[[], object], seconds: float) -> float:
    """By processor time, as `openssl speed` counts."""
    began, times = process_time(), 0
    while (passed := process_time() - began) < seconds:
        for _ in range(AT_ONCE):
            work()
        times += AT_ONCE
    return times / passed


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        dkim.use_keys((new_key(DOMAIN, "bench", "rsa", Path(folder) / "key.pem"),))
    message = newsletter()
    print(rate(lambda: dkim.sign(message, DOMAIN), float(sys.argv[1])))


if __name__ == "__main__":
    main()
