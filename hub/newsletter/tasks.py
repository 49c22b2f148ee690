"""What workers do for newsletters. Rows are the truth: everything here may happen twice, or be killed, and begins by looking."""

import asyncio

from hub.db import network_transaction
from hub.newsletter.delivery import sender
from hub.newsletter.freeze import freeze_on, freeze_what_is_due
from hub.newsletter.people import sync_network_people
from hub.worker import alongside, every_minute


# Before the sending: in a worker that does what is due once, what was frozen is sent at once.
@alongside(once=freeze_what_is_due)
async def freeze(stop: asyncio.Event) -> None:
    await freeze_on(stop)


@alongside(once=sender.send_what_is_due)
async def send(stop: asyncio.Event) -> None:
    await sender.Sender().run(stop)


@every_minute("newsletter.sync_people", at_seconds=frozenset({15}))
async def sync_people() -> None:
    async with network_transaction() as scope:
        await sync_network_people(scope)
