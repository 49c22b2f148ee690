"""The local mailbox of `hub up`: an SMTP server that keeps what arrives, and the page to read it.

`python -m hub.embedded.mailbox --smtp-port 1025 --page-port 8025 --file mailbox.sqlite3`

It delivers nothing anywhere. Whoever wants to see what happens while mail is down stops the process.
"""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from signal import SIGINT, SIGTERM

import click
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.embed import Server

from hub import logs
from hub.embedded.mailbox_page import create_page
from hub.embedded.mailbox_smtp import conversation
from hub.embedded.mailbox_store import MailStore
from hub.embedded.ports import HOST


async def serve(store: MailStore, smtp_port: int, page_port: int, *, demo: bool) -> None:
    """Until SIGTERM or SIGINT. Raises OSError if a port is taken."""
    loop = asyncio.get_running_loop()
    smtp = await loop.create_server(lambda: conversation(store.keep), HOST, smtp_port)
    page = Server(
        create_page(store, page_port, demo=demo),
        address=HOST,
        port=page_port,
        interface=Interfaces.ASGI,
        # It warns at every start that this way of serving is new.
        log_level=LogLevels.error,
    )
    stopping = asyncio.Event()
    for number in (SIGTERM, SIGINT):
        loop.add_signal_handler(number, stopping.set)
    serving = asyncio.create_task(page.serve())
    waiting = asyncio.create_task(stopping.wait())
    await asyncio.wait({serving, waiting}, return_when=asyncio.FIRST_COMPLETED)
    smtp.close()
    waiting.cancel()
    page.stop()  # type: ignore[no-untyped-call]  # granian leaves it untyped
    await serving


@click.command()
@click.option("--smtp-port", type=int, required=True)
@click.option("--page-port", type=int, required=True)
@click.option("--file", type=click.Path(dir_okay=False, path_type=Path), required=True)
@click.option("--demo", is_flag=True)
def main(smtp_port: int, page_port: int, file: Path, *, demo: bool) -> None:
    """Keep every mail that arrives, and show it."""
    logs.configure("WARNING")
    # It warns of clients that go away, by their address.
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)
    store = MailStore(file)
    try:
        asyncio.run(serve(store, smtp_port, page_port, demo=demo))
    finally:
        store.close()


if __name__ == "__main__":
    main()
