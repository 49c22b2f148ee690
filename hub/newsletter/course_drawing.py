"""A campaign's course as curves, for `web/charts.html`."""

from collections.abc import Callable, Sequence
from datetime import datetime

from hub.newsletter.progress import moment_in_words
from hub.newsletter.schemas import Campaign, CoursePoint
from hub.web.drawing import Curve, Curves, Tone
from hub.web.formats import format_number
from hub.web.i18n import gettext as _

# Enough rows for somebody who cannot see the drawing to follow it.
MOST_ROWS = 8


def drawn(course: Sequence[CoursePoint], campaign: Campaign) -> Curves | None:
    """None where there is nothing to draw yet."""
    last = course[-1] if course else None
    if last is None or len(course) < 3 or not (last.sent or last.failed or last.in_doubt):
        return None
    since, until = course[0].at, last.at
    if until <= since:  # A clock was set back.
        return None
    total = max(campaign.recipients or 0, last.sent + last.failed + last.in_doubt)

    def curve(label: str, tone: Tone, value: Callable[[CoursePoint], int]) -> Curve:
        points = [
            (
                _between(0, (each.at - since) / (until - since), 1),
                _between(0, value(each) / total, 1),
            )
            for each in course
        ]
        return Curve(label, tone, points, format_number(value(last)))

    curves = [curve(_("Sent"), "success", lambda point: point.sent)]
    if any(point.failed or point.in_doubt for point in course):
        curves.append(curve(_("Refused or in doubt"), "danger", _lost))
    step = -(-(len(course) - 1) // MOST_ROWS)
    return Curves(
        curves=curves,
        most=format_number(total),
        first=moment_in_words(since, since=since, until=until),
        last=moment_in_words(until, since=since, until=until),
        rows=_rows(course[::-1][::step][::-1], since, until, lost_too=len(curves) > 1),
    )


def _rows(
    points: Sequence[CoursePoint], since: datetime, until: datetime, *, lost_too: bool
) -> list[tuple[str, ...]]:
    """Each with a time of its own; of points that not even seconds tell apart, the last."""

    def times(*, exact: bool) -> list[str]:
        return [
            moment_in_words(point.at, since=since, until=until, exact=exact) for point in points
        ]

    found = times(exact=False)
    if len(set(found)) < len(found):
        found = times(exact=True)
    return [
        (
            time,
            format_number(point.sent),
            *([format_number(_lost(point))] if lost_too else []),
        )
        for time, point in dict(zip(found, points, strict=True)).items()
    ]


def _lost(point: CoursePoint) -> int:
    return point.failed + point.in_doubt


def _between(least: float, value: float, most: float) -> float:
    """Workers' clocks may differ a little, so that a step is noted before the one that it followed."""
    return min(max(value, least), most)
