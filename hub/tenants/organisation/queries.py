"""Statements of an organisation about itself: its own row, its closing days, its desks."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from hub.db import NetworkScope, TenantScope
from hub.ids import uuid7
from hub.tenants.organisation.closing import Calendar, DeskSpan, Patron
from hub.tenants.organisation.schemas import Organisation

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


async def organisation(
    scope: TenantScope | NetworkScope, organisation_id: UUID, *, lock: bool = False
) -> Organisation | None:
    row = await scope.fetchrow(
        f"""
        SELECT t.id, t.name, t.kinds, t.host_kind, t.state, t.fiscal_code, t.ipa_code, m.name,
          m.province_code, t.locale, t.time_zone, t.email, t.certified_email, t.phone, t.website,
          t.address, t.postal_code, t.accessibility_url, t.feedback_email, t.patron_province,
          t.patron_month, t.patron_day, t.patron_name, t.lender_category, t.lender_register,
          t.tutor_register, t.logo_id, t.version, t.municipality_code
        FROM tenants t LEFT JOIN municipalities m ON m.istat_code = t.municipality_code
        WHERE t.id = $1 {"FOR NO KEY UPDATE OF t" if lock else ""}
        """,
        organisation_id,
    )
    return Organisation(*row) if row else None


async def save(scope: TenantScope, values: Mapping[str, object]) -> None:
    """`values` by column, of those that an organisation may write; its row is locked."""
    names = list(values)
    columns = ", ".join(f"{name} = ${place}" for place, name in enumerate(names, 2))
    await scope.execute(
        f"UPDATE tenants SET {columns}, version = version + 1 WHERE id = $1",
        scope.tenant_id,
        *values.values(),
    )


async def set_logo(scope: TenantScope, file_id: UUID | None) -> None:
    await scope.execute("UPDATE tenants SET logo_id = $2 WHERE id = $1", scope.tenant_id, file_id)


async def province_names(scope: TenantScope | NetworkScope) -> list[tuple[str, str]]:
    """(sign, name), by name."""
    rows = await scope.fetch("SELECT code, name FROM provinces ORDER BY name")
    return [(row["code"], row["name"]) for row in rows]


async def own_days(scope: TenantScope, from_day: date) -> list[tuple[UUID, date, str]]:
    rows = await scope.fetch(
        "SELECT id, day, label FROM closing_days WHERE tenant_id = $1 AND day >= $2 ORDER BY day",
        scope.tenant_id,
        from_day,
    )
    return [(row[0], row[1], row[2]) for row in rows]


async def add_closing_day(scope: TenantScope, day: date, label: str) -> UUID | None:
    """None where that day is one already."""
    found: UUID | None = await scope.fetchval(
        """
        INSERT INTO closing_days (id, tenant_id, day, label) VALUES ($1, $2, $3, $4)
        ON CONFLICT (tenant_id, day) DO NOTHING RETURNING id
        """,
        uuid7(),
        scope.tenant_id,
        day,
        label,
    )
    return found


async def count_closing_days(scope: TenantScope, from_day: date) -> int:
    count: int = await scope.fetchval(
        "SELECT count(*) FROM closing_days WHERE tenant_id = $1 AND day >= $2",
        scope.tenant_id,
        from_day,
    )
    return count


async def remove_closing_day(scope: TenantScope, closing_day_id: UUID) -> bool:
    return bool(
        await scope.execute(
            "DELETE FROM closing_days WHERE tenant_id = $1 AND id = $2",
            scope.tenant_id,
            closing_day_id,
        )
    )
