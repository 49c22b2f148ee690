"""Two transactions side by side, one of which is held open until the other waits for it."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from hub import clock
from hub.db import TenantScope, tenant_transaction
from hub.referrals.cases.open_work import OPEN_CASES
from hub.tenants.open_work import kinds
from hub.tenants.organisation.desks.close import close_desk
from hub.tenants.organisation.desks.schemas import CloseDesk
from hub.tenants.people.leave import leave
from tests.factories import Desk, Member, make_membership
from tests.support.databases import Database, connected

# What is handed over and moved below.
assert OPEN_CASES in kinds()

Work = Callable[[TenantScope], Awaitable[object]]
WAITING = (
    "SELECT EXISTS (SELECT FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock')"
)


@asynccontextmanager
async def held(database: Database, tenant_id: UUID, work: Work) -> AsyncIterator[Rival]:
    """Do the work, and keep its transaction open until the rival waits or is done; commit at the end of the block."""
    rival = Rival(database)
    async with tenant_transaction(tenant_id) as scope:
        await work(scope)
        yield rival
        await rival.until_waiting()


class Rival:
    """What runs beside a transaction that is held."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._task: asyncio.Task[Any] | None = None
        self.waited = False

    def start(self, work: Callable[[], Awaitable[Any]]) -> asyncio.Task[Any]:
        async def run() -> Any:
            return await work()

        # In a context of its own: scopes do not nest.
        self._task = asyncio.create_task(run(), context=contextvars.Context())
        return self._task

    async def until_waiting(self) -> None:
        assert self._task is not None
        async with connected(self._database.superuser_url) as superuser, asyncio.timeout(10):
            while not self._task.done():
                if await superuser.fetchval(WAITING):
                    self.waited = True
                    return
                await asyncio.sleep(0.01)


def ends(leaver: Member, taker: Member) -> Work:
    """The leaver goes, and the taker gets the open work."""

    async def work(scope: TenantScope) -> None:
        await leave(scope, leaver.actor, leaver.membership_id, taker.membership_id)

    return work


async def closes(desk: Desk, taker: Desk) -> Work:
    """An administrator closes it, who is there for that."""
    closer = (await make_membership(desk.tenant, "admin")).actor

    async def work(scope: TenantScope) -> None:
        asked = CloseDesk("inactivity", clock.today(), taker.id)
        await close_desk(scope, closer, desk.id, asked)

    return work
