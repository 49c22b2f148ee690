"""A desk's hours of a week: typed by people, kept as JSON, asked for a moment, shown in a few lines.

Weekdays are ISO's, 1 for Monday to 7 for Sunday; a span holds its opening and not its closing.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, time
from itertools import groupby, pairwise
from zoneinfo import ZoneInfo

from babel import dates

from hub.clock import ROME
from hub.web import i18n
from hub.web.fields import Refused
from hub.web.i18n import gettext as _

Span = tuple[int, time, time]
# Sorted, and no two spans of a day touch.
Hours = tuple[Span, ...]

WEEKDAYS = range(1, 8)
MOST_SPANS = 2
LONGEST_TYPED = 60

_TIME = r"([0-9]{1,2})(?:[.:h]([0-9]{2}))?"
_SPAN = re.compile(rf"(?:dalle|from)?\s*{_TIME}\s*(?:[-\u2010-\u2015]|alle|to|/)\s*{_TIME}")
_BETWEEN = re.compile(r"[\s,;&+]*(?:\b(?:e|and)\b[\s,;&+]*)?")


def parse_day(weekday: int, typed: str) -> Hours:
    """The spans of one day, such as "9:00-13:00, 15-17.30"; nothing for a day that is closed. Raises Refused."""
    text = typed.strip().lower()
    if not text:
        return ()
    spans = []
    position = 0
    while position < len(text):
        found = _SPAN.match(text, position)
        if found is None:
            raise Refused(_("Write the times like this: 9:00–13:00, 15:00–17:30."))
        hours = found.groups()
        opens, closes = _time(hours[0], hours[1]), _time(hours[2], hours[3])
        if closes <= opens:
            raise Refused(_("The closing must come after the opening, on the same day."))
        spans.append((weekday, opens, closes))
        position = _after(text, found.end())
    whole = normalised(spans)
    if len(whole) > MOST_SPANS:
        raise Refused(_("Give at most two spans for a day."))
    return whole


def parse(typed: Sequence[str]) -> Hours:
    """A week of seven texts, Monday first. Raises Refused for the first that cannot be read."""
    return tuple(
        span for day, text in zip(WEEKDAYS, typed, strict=True) for span in parse_day(day, text)
    )


def normalised(spans: Iterable[Span]) -> Hours:
    """Sorted; spans that touch are one. Raises Refused where they overlap."""
    whole: list[Span] = []
    for day, opens, closes in sorted(spans):
        if whole and whole[-1][0] == day and opens <= whole[-1][2]:
            if opens < whole[-1][2]:
                raise Refused(_("These times overlap."))
            whole[-1] = (day, whole[-1][1], closes)
        else:
            whole.append((day, opens, closes))
    return tuple(whole)


def to_json(hours: Hours) -> list[list[object]]:
    return [[day, f"{opens:%H:%M}", f"{closes:%H:%M}"] for day, opens, closes in hours]


def from_json(rows: object) -> Hours:
    """Raises ValueError for what `to_json` would not write."""
    hours = tuple(_span(row) for row in rows) if isinstance(rows, list) else None
    if hours is None:
        raise ValueError("hours are a list")
    if any(first >= second or _touch(first, second) for first, second in pairwise(hours)):
        raise ValueError("hours are sorted and without overlaps")
    return hours


def open_at(hours: Hours, moment: datetime, zone: ZoneInfo = ROME) -> bool:
    """Whether the week's hours hold at that instant; closings are the calendar's to know."""
    local = moment.astimezone(zone)
    day, now = local.isoweekday(), local.time()
    return any(weekday == day and opens <= now < closes for weekday, opens, closes in hours)


def weekdays(hours: Hours) -> frozenset[int]:
    """Those with hours."""
    return frozenset(day for day, _opens, _closes in hours)


def lines(hours: Hours) -> list[tuple[str, str]]:
    """Days and their times in the reader's language, days with equal times together: ("lun–ven", "9.00–13.00")."""
    alike: dict[tuple[tuple[time, time], ...], list[int]] = {}
    for day, spans in groupby(hours, key=lambda span: span[0]):
        alike.setdefault(tuple((opens, closes) for _day, opens, closes in spans), []).append(day)
    return [
        (_days(days), ", ".join(shown(opens, closes) for opens, closes in spans))
        for spans, days in alike.items()
    ]


def days_without(hours: Hours) -> str:
    """The days of the week that have no hours, as `lines` writes days."""
    return _days([day for day in WEEKDAYS if day not in weekdays(hours)])


def typed_day(hours: Hours, weekday: int) -> str:
    """As it would have been typed."""
    return ", ".join(shown(opens, closes) for day, opens, closes in hours if day == weekday)


def shown(opens: time, closes: time) -> str:
    """Italian offices write 9.00, others 9:00."""
    mark = "." if i18n.locale() == "it" else ":"
    return "–".join(f"{part.hour}{mark}{part.minute:02}" for part in (opens, closes))


def _days(days: list[int]) -> str:
    """Three days or more in a row become a span."""
    names = dates.get_day_names("abbreviated", locale=i18n.locale())
    parts = []
    for _offset, run in groupby(enumerate(days), key=lambda pair: pair[1] - pair[0]):
        row = [names[day - 1] for _index, day in run]
        parts.append(f"{row[0]}–{row[-1]}" if len(row) > 2 else ", ".join(row))
    return ", ".join(parts)


def _time(hour: str, minute: str | None) -> time:
    try:
        return time(int(hour), int(minute or 0))
    except ValueError:
        raise Refused(_("This time does not exist: enter one from 00:00 to 23:59.")) from None


def _after(text: str, end: int) -> int:
    """Where the next span begins; something has to stand between two."""
    found = _BETWEEN.match(text, end)
    start = found.end() if found else end
    if start == end and end < len(text):
        raise Refused(_("Write the times like this: 9:00–13:00, 15:00–17:30."))
    return start


def _span(row: object) -> Span:
    match row:
        case [int(day), str(opens), str(closes)] if day in WEEKDAYS:
            span = (day, _exact(opens), _exact(closes))
            if span[1] < span[2]:
                return span
    raise ValueError("a span is a weekday, its opening and its closing")


def _exact(text: str) -> time:
    if not re.fullmatch(r"[0-9]{2}:[0-9]{2}", text):
        raise ValueError("a time is HH:MM")
    return time.fromisoformat(text)


def _touch(first: Span, second: Span) -> bool:
    return first[0] == second[0] and second[1] <= first[2]
