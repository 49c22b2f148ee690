"""How a campaign stands: what its page and `hub campaign watch` both tell, in the same words."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from uuid import UUID

from hub.db import TenantScope
from hub.mail.replies import CAUSES
from hub.newsletter import queries, unsent
from hub.newsletter.delivery import ledger, tallies
from hub.newsletter.schemas import UNSENT_STATES, Campaign, Cause, Counts, Pace
from hub.web.formats import ROME, format_date, format_datetime, format_number
from hub.web.i18n import N_, ngettext
from hub.web.i18n import gettext as _

# A wait of up to so many seconds is told in seconds.
COUNTED_DOWN = 120
# A row that lost its worker has no answer of a server to its name.
_OURS = {ledger.LOST_WORKER: N_("The hub's own process was lost while sending")}


@dataclass(frozen=True, slots=True)
class Progress:
    campaign: Campaign
    at: datetime
    """When it stood like this."""
    counts: Counts
    pace: Pace
    next_try: datetime | None
    """When the next message is tried again; None while others still wait for their first turn."""
    causes: list[Cause]
    cut_off: list[Cause]
    """Of a cancelled campaign: why those who were to be tried again had not got it until then."""

    @property
    def asks_about_doubts(self) -> bool:
        """Somebody has to say what becomes of messages whose answer never came."""
        campaign = self.campaign
        return (
            campaign.on_doubt == "ask"
            and campaign.state in ("sending", "sent")
            and self.counts.of("in_doubt") > 0
        )

    @property
    def standing(self) -> str:
        """Changes with what the page around the numbers offers: its buttons and its notices."""
        parts = [
            self.campaign.state,
            self.campaign.paused_why or "" if self.campaign.is_paused else "",
            "doubts" if self.asks_about_doubts else "",
        ]
        return "-".join(part for part in parts if part)

    @property
    def unsent(self) -> int:
        """How many are listed under "who did not get it"."""
        counts = self.counts
        listed = sum(counts.of(state) for state in UNSENT_STATES)
        return listed + (counts.of("queued") if self.campaign.state == "cancelled" else 0)


async def look_at(scope: TenantScope, campaign_id: UUID) -> Progress | None:
    campaign = await queries.campaign(scope, campaign_id)
    if campaign is None:
        return None
    counts = (await tallies.counts_of(scope, [campaign_id]))[campaign_id]
    moves = campaign.state == "sending" and not campaign.is_paused and not campaign.stalled_at
    waits = moves and counts.of("retry") > 0 and counts.of("queued") == 0
    causes = counted(await unsent.by_cause(scope, campaign_id), counts)
    cut_off = []
    if campaign.state == "cancelled":
        # Nothing is tried again then: these are told apart by what had kept them until the cancellation.
        cut_off = [cause for cause in causes if cause.state == "retry"]
        causes = [cause for cause in causes if cause.state != "retry"]
    return Progress(
        campaign,
        scope.now,
        counts,
        await tallies.pace_of(scope, campaign_id, counts) if moves else Pace(0, None),
        await ledger.next_due(scope, campaign_id) if waits else None,
        causes,
        cut_off,
    )


def counted(causes: list[Cause], counts: Counts) -> list[Cause]:
    """Where only one reason of a state was not counted to its end, it is all the others' remainder."""
    found = []
    for cause in causes:
        alike = [other for other in causes if other.state == cause.state]
        if cause.more and sum(other.more for other in alike) == 1:
            others = sum(other.count for other in alike if other is not cause)
            rest = counts.of(cause.state) - others
            found.append(Cause(cause.state, cause.code, max(rest, cause.count)))
        else:
            found.append(cause)
    return sorted(found, key=lambda cause: -cause.count)


def how_many(cause: Cause) -> str:
    number = format_number(cause.count)
    return _("more than %(number)s", number=number) if cause.more else number


def cause_in_words(code: str | None) -> str:
    """A code that nobody named is shown as it is."""
    label = CAUSES.get(code or "") or _OURS.get(code or "")
    return _(label) if label else code or "–"


def pace_in_words(pace: Pace) -> str:
    return ngettext(
        "%(number)s message a minute",
        "%(number)s messages a minute",
        pace.each_minute,
        number=format_number(pace.each_minute),
    )


def left_in_words(left: timedelta) -> str:
    minutes = round(left / timedelta(minutes=1))
    if minutes < 1:
        return _("less than a minute left")
    if minutes < 90:
        return ngettext("about %(num)s minute left", "about %(num)s minutes left", minutes)
    hours = round(left / timedelta(hours=1))
    return ngettext("about %(num)s hour left", "about %(num)s hours left", hours)


def next_try_in_words(moment: datetime, now: datetime) -> str:
    """In seconds, where one may wait for it."""
    seconds = ceil((moment - now) / timedelta(seconds=1))
    if seconds <= 0:
        return _("The next try is under way.")
    if seconds <= COUNTED_DOWN:
        return ngettext("Next try in %(num)s second", "Next try in %(num)s seconds", seconds)
    return _("Next try: %(when)s", when=format_datetime(moment, "short"))


def moment_in_words(
    moment: datetime, *, since: datetime, until: datetime, exact: bool = False
) -> str:
    """As exact as the span in which it lies asks for, or to the second."""
    local = moment.astimezone(ROME)
    exact = exact or until - since < timedelta(minutes=10)
    time = f"{local:%H:%M:%S}" if exact else f"{local:%H:%M}"
    if since.astimezone(ROME).date() != until.astimezone(ROME).date():
        return f"{format_date(moment, 'short')}, {time}"
    return time
