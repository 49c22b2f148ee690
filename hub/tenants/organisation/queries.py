"""Statements of an organisation about itself: its own row, its closing days, its desks."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from hub.db import NetworkScope, TenantScope
from hub.tenants.organisation.closing import Calendar, DeskSpan, Patron

_CALENDAR = """
t.patron_province, t.patron_month, t.patron_day, t.patron_name,
(SELECT jsonb_object_agg(own.day, own.label) FROM closing_days own
 WHERE own.tenant_id = t.id AND own.day >= $2)
"""


async def calendars(
    scope: TenantScope | NetworkScope, desk_ids: Sequence[UUID], from_day: date
) -> dict[UUID, Calendar]:
    """Of each of these desks, from that day on."""
    rows = await scope.fetch(
        f"""
        SELECT d.id, {_CALENDAR},
          (SELECT jsonb_agg(jsonb_build_array(c.starts_on, c.ends_on, c.reason)
                            ORDER BY c.starts_on, c.id)
           FROM desk_closures c
           WHERE c.tenant_id = d.tenant_id AND c.desk_id = d.id AND c.ends_on >= $2)
        FROM desks d JOIN tenants t ON t.id = d.tenant_id WHERE d.id = ANY($1::uuid[])
        """,
        list(desk_ids),
        from_day,
    )
    return {row[0]: _calendar(row[1:]) for row in rows}


async def calendar_of(
    scope: TenantScope | NetworkScope, organisation_id: UUID, from_day: date
) -> Calendar:
    """Of the organisation as a whole, from that day on."""
    row = await scope.fetchrow(
        f"SELECT {_CALENDAR}, NULL FROM tenants t WHERE t.id = $1", organisation_id, from_day
    )
    return _calendar(row[:]) if row else Calendar()


def _calendar(row: Sequence[Any]) -> Calendar:
    province, month, day, name, own_days, closures = row
    has_patron = province is not None or month is not None
    return Calendar(
        patron=Patron(province, month, day, name or "") if has_patron else None,
        own_days={date.fromisoformat(on): label for on, label in (own_days or {}).items()},
        closures=tuple(
            DeskSpan(date.fromisoformat(first), date.fromisoformat(last), reason)
            for first, last, reason in closures or ()
        ),
    )
