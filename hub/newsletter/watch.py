"""`hub campaign list` and `hub campaign watch`: how campaigns go, in a terminal or as lines.

The relay's role finds whose a campaign is; all else is read in that tenant's own scope.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from rich.console import Console
from rich.live import Live

from hub import clock
from hub.config import Settings
from hub.db import close_pool, open_pool, relay_transaction, tenant_transaction
from hub.errors import Unavailable
from hub.logins import check_login
from hub.newsletter import course, progress, queries
from hub.newsletter.schemas import Campaign
from hub.newsletter.watch_drawing import Seen, line, picture, table
from hub.roles import LOGIN_ROLES, WORKER_LOGIN
from hub.web import i18n
from hub.web.formats import ROME

EACH_SECONDS = 1.0
MOST_LISTED = 20


class CannotWatch(Exception):
    """There is no such campaign, or not exactly one to choose; the message says so."""


async def show_list(settings: Settings, console: Console) -> None:
    """Raises Unavailable."""
    with i18n.reading_in("en"):
        async with _connected(settings):
            await _print_list(console)


async def watch(settings: Settings, campaign_id: UUID | None, console: Console) -> bool:
    """Until the campaign has ended; False where it was cancelled. Raises CannotWatch, Unavailable."""
    with i18n.reading_in("en"):
        async with _connected(settings):
            tenant_id, campaign_id = await _whose(campaign_id, console)
            follow = _in_place if console.is_terminal else _in_lines
            last = await follow(tenant_id, campaign_id, console)
    return last.state == "sent"


@asynccontextmanager
async def _connected(settings: Settings) -> AsyncIterator[None]:
    await check_login(settings.worker_database_url, LOGIN_ROLES[WORKER_LOGIN])
    await open_pool(settings.worker_database_url, 2)
    try:
        yield
    finally:
        await close_pool()


async def _whose(campaign_id: UUID | None, console: Console) -> tuple[UUID, UUID]:
    if campaign_id is not None:
        async with relay_transaction() as scope:
            tenant_id = await course.tenant_of(scope, campaign_id)
        if tenant_id is None:
            raise CannotWatch("no campaign that was started has this ID: see `hub campaign list`")
        return tenant_id, campaign_id
    async with relay_transaction() as scope:
        started = await course.started_campaigns(scope, MOST_LISTED)
    running = [(tenant_id, found_id) for tenant_id, found_id, runs in started if runs]
    if len(running) == 1:
        return running[0]
    if not started:
        raise CannotWatch("no campaign was started yet")
    await _print_list(console)
    raise CannotWatch(
        "several campaigns are under way: say which"
        if running
        else "no campaign is under way: give the ID of one that has ended"
    )


async def _print_list(console: Console) -> None:
    async with relay_transaction() as scope:
        found = await course.started_campaigns(scope, MOST_LISTED)
    seen = [await _look(tenant_id, campaign_id) for tenant_id, campaign_id, _runs in found]
    if not console.is_terminal:  # A file or a program gets the lines whole.
        console.width = 200
    console.print(table([each for each in seen if each is not None]))


async def _look(tenant_id: UUID, campaign_id: UUID) -> Seen | None:
    async with tenant_transaction(tenant_id) as scope:
        found = await progress.look_at(scope, campaign_id)
        publisher = await queries.publisher(scope)
    return Seen(publisher.name, found) if found else None


async def _looks(tenant_id: UUID, campaign_id: UUID) -> AsyncIterator[Seen | None]:
    """Look again and again, until the campaign has ended; None where the database does not answer."""
    while True:
        try:
            seen = await _look(tenant_id, campaign_id)
        except Unavailable:
            yield None
        else:
            if seen is None:
                raise CannotWatch("the campaign is gone")
            yield seen
            if not seen.progress.campaign.is_running:
                return
        await asyncio.sleep(EACH_SECONDS)


async def _in_place(tenant_id: UUID, campaign_id: UUID, console: Console) -> Campaign:
    last: Seen | None = None
    with Live(console=console, auto_refresh=False) as live:
        async for seen in _looks(tenant_id, campaign_id):
            last = seen or last
            if last is not None:
                live.update(picture(last, away=seen is None), refresh=True)
    return _ended(last)


async def _in_lines(tenant_id: UUID, campaign_id: UUID, console: Console) -> Campaign:
    last: Seen | None = None
    said = ""
    async for seen in _looks(tenant_id, campaign_id):
        last = seen or last
        words = line(seen.progress) if seen else "the database does not answer; waiting"
        if words != said:
            said = words
            now = clock.now().astimezone(ROME)
            console.print(
                f"{now:%Y-%m-%d %H:%M:%S}  {words}", soft_wrap=True, markup=False, highlight=False
            )
    return _ended(last)


def _ended(last: Seen | None) -> Campaign:
    if last is None:
        raise CannotWatch("the campaign is gone")
    return last.progress.campaign
