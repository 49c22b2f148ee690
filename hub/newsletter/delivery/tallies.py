"""Statements on `delivery_tallies`, the kept sums: however many deliveries there are, nobody counts them for a page."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from hub.db import TenantScope
from hub.newsletter.schemas import DELIVERY_STATES, Counts, CoursePoint, Pace

# How wide a slot is, and how far back the pace is measured.
SLOT, PACE_OVER = timedelta(seconds=10), timedelta(minutes=1)
MOST_POINTS = 120


async def counts_of(scope: TenantScope, campaign_ids: Sequence[UUID]) -> dict[UUID, Counts]:
    sums = ", ".join(f"sum({state}) AS {state}" for state in DELIVERY_STATES)
    rows = await scope.fetch(
        f"SELECT campaign_id, {sums} FROM delivery_tallies WHERE campaign_id = ANY($1) GROUP BY campaign_id",
        campaign_ids,
    )
    found = {campaign_id: Counts() for campaign_id in campaign_ids}
    for row in rows:
        found[row["campaign_id"]] = Counts(
            {state: row[state] for state in DELIVERY_STATES if row[state]}
        )
    return found


async def course_of(scope: TenantScope, campaign_id: UUID) -> list[CoursePoint]:
    """The course over time for drawing: its beginning and at most MOST_POINTS instants, evenly apart, with the sums until then."""
    rows = await scope.fetch(
        """
        WITH slots AS MATERIALIZED (
          SELECT slot, sent, failed, in_doubt FROM delivery_tallies WHERE campaign_id = $1
        ), step AS (
          SELECT min(slot) AS first, make_interval(
            secs => 10 * ceil((1 + extract(epoch FROM max(slot) - min(slot)) / 10) / $2)) AS width
          FROM slots
        )
        SELECT date_bin(step.width, slot, step.first) AS since, step.width AS width,
          sum(sent) AS sent, sum(failed) AS failed, sum(in_doubt) AS in_doubt
        FROM slots, step GROUP BY 1, 2 ORDER BY 1
        """,
        campaign_id,
        MOST_POINTS,
    )
    course = [CoursePoint(row["since"], 0, 0, 0) for row in rows[:1]]
    for row in rows:
        before = course[-1]
        course.append(
            CoursePoint(
                min(row["since"] + row["width"], scope.now),
                before.sent + row["sent"],
                before.failed + row["failed"],
                before.in_doubt + row["in_doubt"],
            )
        )
    return course


async def pace_of(scope: TenantScope, campaign_id: UUID, counts: Counts) -> Pace:
    """By what happened in the last minute, or since the sending began, if that is less."""
    row = await scope.fetchrow(
        """
        SELECT min(slot), coalesce(sum(sent), 0), coalesce(sum(sent + failed + suppressed + in_doubt), 0)
        FROM delivery_tallies
        WHERE campaign_id = $1 AND slot >= $2 AND (sent > 0 OR failed > 0 OR suppressed > 0 OR in_doubt > 0)
        """,
        campaign_id,
        scope.now - PACE_OVER,
    )
    if row is None or row[0] is None:
        return Pace(0, None)
    began, sent, ended = row
    minutes = max(scope.now - began, SLOT) / timedelta(minutes=1)
    waiting = counts.of("queued") + counts.of("sending")
    left = timedelta(minutes=waiting * minutes / ended) if waiting and ended > 0 else None
    return Pace(round(sent / minutes), left)
