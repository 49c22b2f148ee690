"""`hub campaign list` and `hub campaign watch`: how campaigns go, in a terminal or as lines.

The relay's role finds whose a campaign is; all else is read in that tenant's own scope.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from hub import clock
from hub.config import Settings
from hub.db import close_pool, open_pool, relay_transaction, tenant_transaction
from hub.errors import Unavailable
from hub.logins import check_login
from hub.mail.replies import in_words
from hub.newsletter import course, progress, queries
from hub.newsletter.progress import Progress
from hub.newsletter.schemas import (
    CAMPAIGN_STATES,
    DELIVERY_STATES,
    NOT_SENT,
    NOT_SENT_LABEL,
    Campaign,
)
from hub.roles import LOGIN_ROLES, WORKER_LOGIN
from hub.web import i18n
from hub.web.formats import ROME, format_number, format_percent
from hub.web.i18n import gettext as _

EACH_SECONDS = 1.0
MOST_LISTED, MOST_CAUSES = 20, 8
COLOURS = {
    "sent": "green",
    "suppressed": "bright_black",
    "in_doubt": "magenta",
    "failed": "red",
    "retry": "yellow",
    "sending": "blue",
    "queued": "white",
    NOT_SENT: "white",
}
LABELS = {**DELIVERY_STATES, NOT_SENT: NOT_SENT_LABEL}


class CannotWatch(Exception):
    """There is no such campaign, or not exactly one to choose; the message says so."""


@dataclass(frozen=True, slots=True)
class Seen:
    publisher: str
    progress: Progress


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
    console.print(_table([each for each in seen if each is not None]))


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


def line(found: Progress) -> str:
    """All that changes, in one line: for logs."""
    campaign, counts = found.campaign, found.counts
    if campaign.state == "freezing":
        parts = [_standing(campaign), f"{counts.total}/{campaign.expected or '?'} written down"]
    else:
        parts = [
            _standing(campaign),
            f"{format_percent(counts.share)} {counts.final}/{counts.total}",
            *(f"{state}={number}" for state, number in _numbers(found).items()),
            *_pace(found),
        ]
    notice = _notice(found)
    return "  ".join([*parts, *([notice] if notice else [])])


def picture(seen: Seen, *, away: bool = False) -> RenderableType:
    """What a terminal shows in place. `away`: the database does not answer, so this is how it was."""
    found = seen.progress
    campaign, counts = found.campaign, found.counts
    freezing = campaign.state == "freezing"
    done, total = (
        (counts.total, campaign.expected or counts.total)
        if freezing
        else (counts.final, counts.total)
    )
    bar = Table.grid(padding=(0, 1))
    bar.add_row(
        ProgressBar(total=max(total, 1), completed=done, width=40),
        Text(f"{done * 100 // max(total, 1)}%", style="bold"),
        Text(
            f"{format_number(done)} of {format_number(total)} {'written down' if freezing else 'addresses'}"
        ),
    )
    parts: list[RenderableType] = [
        Text.assemble((campaign.subject, "bold"), "  ", (seen.publisher, "bright_black")),
        Text.assemble((_standing(campaign), "bold cyan"), "  ", "  ".join(_pace(found))),
        bar,
    ]
    if not freezing:
        parts.append(_states(found))
        if found.causes or found.cut_off:
            parts.append(_causes(found))
    if notice := _notice(found):
        parts.append(Text(notice, style="yellow"))
    if away:
        parts.append(Text("The database does not answer; waiting.", style="red"))
    return Group(*parts)


def _numbers(found: Progress) -> dict[str, int]:
    """How many are in each state, where any is; whoever still waited when it was cancelled is one group."""
    numbers = {state: found.counts.of(state) for state in DELIVERY_STATES}
    if found.campaign.state == "cancelled":
        numbers[NOT_SENT] = numbers.pop("queued") + numbers.pop("retry")
    return {state: number for state, number in numbers.items() if number}


def _states(found: Progress) -> RenderableType:
    numbers = _numbers(found)
    return Columns(
        [
            Text.assemble(
                ("■ ", colour),
                f"{_(LABELS[state])} ",
                (format_number(numbers[state]), "bold"),
            )
            for state, colour in COLOURS.items()
            if state in numbers
        ],
        padding=(0, 2),
    )


def _causes(found: Progress) -> RenderableType:
    table = Table.grid(padding=(0, 2))
    causes = [(cause.state, cause) for cause in found.causes]
    causes += [(NOT_SENT, cause) for cause in found.cut_off]
    for state, cause in causes[:MOST_CAUSES]:
        table.add_row(
            Text(progress.how_many(cause), justify="right"),
            Text(_(LABELS[state]), style=COLOURS[state]),
            Text(progress.cause_in_words(cause.code)),
        )
    return table


def _standing(campaign: Campaign) -> str:
    if campaign.is_paused:
        return _("Paused")
    return _(CAMPAIGN_STATES[campaign.state])


def _pace(found: Progress) -> Sequence[str]:
    parts = []
    if found.pace.each_minute:
        parts.append(progress.pace_in_words(found.pace))
    if found.pace.left is not None:
        parts.append(progress.left_in_words(found.pace.left))
    if found.next_try is not None:
        parts.append(f"next try at {found.next_try.astimezone(ROME):%H:%M:%S}")
    return parts


def _notice(found: Progress) -> str:
    """Why nothing moves, or what a person should decide."""
    campaign = found.campaign
    reply = campaign.paused_reply if campaign.is_paused else campaign.stalled_reply
    said = f": {in_words(reply)}" if reply else ""
    if campaign.is_paused:
        why = {
            "by_hand": "paused by hand",
            "policy": "paused: the mail server refuses the sender or the content",
            "failing_share": "paused: too many addresses are refused",
        }
        return f"{why[campaign.paused_why or 'by_hand']}{said}"
    if campaign.stalled_at:
        since = campaign.stalled_at.astimezone(ROME)
        return f"the mail server has not taken mail since {since:%H:%M:%S}{said}"
    if found.asks_about_doubts:
        return (
            f"{found.counts.of('in_doubt')} in doubt: somebody should decide on the campaign's page"
        )
    return ""


def _table(seen: Sequence[Seen]) -> RenderableType:
    sizes = [
        format_number(each.progress.campaign.recipients or each.progress.counts.total)
        for each in seen
    ]
    table = Table(box=None, pad_edge=False, expand=True, header_style="bright_black")
    table.add_column("ID", min_width=36)
    table.add_column("State", min_width=10)
    table.add_column("Done", justify="right", min_width=4)
    table.add_column("Of", justify="right", min_width=len(max(sizes, key=len, default="")))
    table.add_column("Newsletter", no_wrap=True, overflow="ellipsis", ratio=1)
    for each, size in zip(seen, sizes, strict=True):
        campaign, counts = each.progress.campaign, each.progress.counts
        table.add_row(
            str(campaign.id),
            _standing(campaign),
            "–" if campaign.state == "freezing" else format_percent(counts.share),
            size,
            Text.assemble(campaign.subject, (f" · {each.publisher}", "bright_black")),
        )
    return table if seen else Text("No campaign was started yet.")
