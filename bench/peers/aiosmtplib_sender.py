"""The campaign as it is usually written with aiosmtplib: an EmailMessage for each reader, 16 connections, uvloop.

It keeps no ledger: nobody would know afterwards who got it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from email.message import EmailMessage
from html import escape
from time import perf_counter

import uvloop
from aiosmtplib import SMTP

from bench.peers.task import PLACEHOLDER, Task, address, the_task

CONNECTIONS = 16


def message_for(task: Task, number: int) -> EmailMessage:
    values = task.values(number)
    message = EmailMessage()
    message["From"] = task.sender
    message["To"] = address(number)
    message["Subject"] = task.subject
    message["Message-ID"] = f"<{number}@hub.example.org>"
    for name, value in task.headers(number).items():
        message[name] = value
    message.set_content(PLACEHOLDER.sub(lambda found: values[found[1]], task.text))
    message.add_alternative(
        PLACEHOLDER.sub(lambda found: escape(values[found[1]]), task.html), subtype="html"
    )
    return message


async def send(client: SMTP, task: Task, numbers: Iterator[int]) -> None:
    for number in numbers:
        await client.send_message(message_for(task, number))


async def main() -> None:
    task = the_task()
    clients = [
        SMTP(hostname="127.0.0.1", port=task.port, start_tls=False) for _ in range(CONNECTIONS)
    ]
    for client in clients:
        await client.connect()
    numbers = iter(range(task.recipients))
    began = perf_counter()
    await asyncio.gather(*(send(client, task, numbers) for client in clients))
    print(task.recipients / (perf_counter() - began))
    for client in clients:
        await client.quit()


if __name__ == "__main__":
    uvloop.run(main())
