"""Two transactions side by side, one of which is held open until the other waits for it."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from hub.db import TenantScope, tenant_transaction
from hub.referrals.cases.open_work import OPEN_CASES
from tests.support.databases import Database, connected

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


def ends(membership_id: UUID, taker: UUID) -> Work:
    """A leaving, in the order of locks of hub/tenants/people: memberships first, then the cases."""

    async def work(scope: TenantScope) -> int:
        await scope.fetch(
            "SELECT FROM memberships WHERE id = ANY($1) ORDER BY id FOR UPDATE",
            [membership_id, taker],
        )
        given = await OPEN_CASES.give_to_member(scope, membership_id, taker)
        await scope.execute(
            "UPDATE memberships SET state = 'ended', ended_at = $2 WHERE id = $1",
            membership_id,
            scope.now,
        )
        return given

    return work


def closes(desk_id: UUID, taker: UUID) -> Work:
    """A closing, in the order of locks of hub/tenants/organisation: desks first, then the cases."""

    async def work(scope: TenantScope) -> int:
        await scope.fetch(
            "SELECT FROM desks WHERE tenant_id = $1 AND id = ANY($2) ORDER BY id FOR UPDATE",
            scope.tenant_id,
            [desk_id, taker],
        )
        moved = await OPEN_CASES.move_to_desk(scope, desk_id, taker)
        await scope.execute(
            "UPDATE desks SET state = 'closed', closed_on = $2 WHERE id = $1",
            desk_id,
            scope.now.date(),
        )
        return moved

    return work
