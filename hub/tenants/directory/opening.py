"""Whether a desk is open at a moment, and when it opens next: its hours with the days on which it is closed."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hub.tenants.organisation.closing import Calendar
from hub.tenants.organisation.hours import Hours
from hub.web import i18n
from hub.web.formats import format_date
from hub.web.i18n import gettext as _

# A desk that does not open within so many days says nothing of it.
LOOK_AHEAD = 120


@dataclass(frozen=True, slots=True)
class Opening:
    """In the reader's words. `why` is the reason for which it is closed on a day with hours."""

    open: bool
    text: str
    why: str = ""


def opening_at(
    hours: Hours, calendar: Calendar, moment: datetime, zone_name: str
) -> Opening | None:
    """None for a desk that has not stated its hours. Times are those of the desk's own wall clock."""
    if not hours:
        return None
    local = moment.astimezone(ZoneInfo(zone_name))
    today, now = local.date(), local.time()
    closed = calendar.closed_on(today)
    if closed is None:
        for opens, closes in _spans(hours, today):
            if opens <= now < closes:
                return Opening(True, _("Open now until %(time)s", time=_shown(closes)))  # noqa: FBT003 - the one thing it is about
    why = ""
    if closed is not None and _spans(hours, today):
        why = _("Closed today: %(reason)s", reason=closed) if closed else _("Closed today")
    return Opening(False, _next(hours, calendar, today, now), why)  # noqa: FBT003 - see above


def _next(hours: Hours, calendar: Calendar, today: date, now: time) -> str:
    for ahead in range(LOOK_AHEAD):
        day = today + timedelta(days=ahead)
        if calendar.closed_on(day) is not None:
            continue
        for opens, _closes in _spans(hours, day):
            if ahead or opens > now:
                return _opens(day, opens, ahead)
    return _("Closed for the time being")


def _opens(day: date, opens: time, ahead: int) -> str:
    at = _shown(opens)
    if ahead == 0:
        return _("Opens today at %(time)s", time=at)
    if ahead == 1:
        return _("Opens tomorrow at %(time)s", time=at)
    # Without the year: it is never further away than LOOK_AHEAD.
    shown = format_date(day, "full").removesuffix(f" {day.year}")
    return _("Opens on %(day)s at %(time)s", day=shown, time=at)


def _spans(hours: Hours, day: date) -> list[tuple[time, time]]:
    return [(opens, closes) for weekday, opens, closes in hours if weekday == day.isoweekday()]


def _shown(moment: time) -> str:
    """Italian offices write 9.00, others 9:00."""
    mark = "." if i18n.locale() == "it" else ":"
    return f"{moment.hour}{mark}{moment.minute:02}"
