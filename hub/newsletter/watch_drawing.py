"""What `hub campaign list` and `hub campaign watch` show: a table, a picture that stays in place, or lines."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from hub.mail.replies import in_words
from hub.newsletter import progress
from hub.newsletter.progress import Progress
from hub.newsletter.schemas import (
    CAMPAIGN_STATES,
    DELIVERY_STATES,
    NOT_SENT,
    NOT_SENT_LABEL,
    Campaign,
)
from hub.web.formats import ROME, format_number, format_percent
from hub.web.i18n import gettext as _

MOST_CAUSES = 8
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


@dataclass(frozen=True, slots=True)
class Seen:
    publisher: str
    progress: Progress


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


def table(seen: Sequence[Seen]) -> RenderableType:
    sizes = [
        format_number(each.progress.campaign.recipients or each.progress.counts.total)
        for each in seen
    ]
    drawn = Table(box=None, pad_edge=False, expand=True, header_style="bright_black")
    drawn.add_column("ID", min_width=36)
    drawn.add_column("State", min_width=10)
    drawn.add_column("Done", justify="right", min_width=4)
    drawn.add_column("Of", justify="right", min_width=len(max(sizes, key=len, default="")))
    drawn.add_column("Newsletter", no_wrap=True, overflow="ellipsis", ratio=1)
    for each, size in zip(seen, sizes, strict=True):
        campaign, counts = each.progress.campaign, each.progress.counts
        drawn.add_row(
            str(campaign.id),
            _standing(campaign),
            "–" if campaign.state == "freezing" else format_percent(counts.share),
            size,
            Text.assemble(campaign.subject, (f" · {each.publisher}", "bright_black")),
        )
    return drawn if seen else Text("No campaign was started yet.")
