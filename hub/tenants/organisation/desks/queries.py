"""Statements on an organisation's own desks."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from hub.db import NetworkScope, TenantScope
from hub.ids import uuid7
from hub.tenants.organisation.desks import closings
from hub.tenants.organisation.desks.schemas import Closure, Desk

_DESK = """
SELECT d.id, d.name, d.state, d.municipality_code, m.name, m.province_code, d.region_code,
  m.latitude, m.longitude, d.address, d.postal_code, d.latitude, d.longitude, d.phone, d.email,
  d.hours, d.opening_hours, d.how_to_reach, d.offers, d.provinces, d.opened_on, d.verified_on,
  d.closed_on, d.closed_reason, d.setup_id, d.version, d.last_consultation_on,
  c.closes_on, c.note, c.taker_id, c.announced_at
FROM desks d JOIN municipalities m ON m.istat_code = d.municipality_code
LEFT JOIN announced_closings c ON c.tenant_id = d.tenant_id AND c.desk_id = d.id
"""


async def desks(scope: TenantScope) -> list[Desk]:
    """Open ones first, by name."""
    rows = await scope.fetch(
        f"{_DESK} WHERE d.tenant_id = $1 ORDER BY d.state = 'closed', d.name, d.id", scope.tenant_id
    )
    return [Desk(*row) for row in rows]


async def desk(scope: TenantScope, desk_id: UUID) -> Desk | None:
    row = await scope.fetchrow(
        f"{_DESK} WHERE d.tenant_id = $1 AND d.id = $2", scope.tenant_id, desk_id
    )
    return Desk(*row) if row else None


async def lock(scope: TenantScope, desk_ids: Sequence[UUID]) -> None:
    """In one order. Waits for whoever writes on a case of these desks, and makes them wait."""
    await scope.fetch(
        "SELECT FROM desks WHERE tenant_id = $1 AND id = ANY($2::uuid[]) ORDER BY id FOR UPDATE",
        scope.tenant_id,
        list(desk_ids),
    )


async def lock_invitations(scope: TenantScope, desk_id: UUID) -> None:
    """Open ones to this desk, in one order."""
    await scope.fetch(
        """
        SELECT FROM invitations WHERE tenant_id = $1 AND state = 'open' AND $2::uuid = ANY(desk_ids)
        ORDER BY id FOR UPDATE
        """,
        scope.tenant_id,
        desk_id,
    )


async def add(scope: TenantScope, desk_id: UUID, values: Mapping[str, object]) -> None:
    """Being set up: within the set-up that is running, if one is."""
    names = ["id", "tenant_id", "setup_id", *values]
    places = ", ".join(f"${place}" for place in range(3, len(values) + 3))
    await scope.execute(
        f"""
        INSERT INTO desks ({", ".join(names)}, state) SELECT $1, $2,
          (SELECT id FROM setups WHERE tenant_id = $2 AND state = 'running'), {places}, 'setting_up'
        """,
        desk_id,
        scope.tenant_id,
        *values.values(),
    )


async def save(scope: TenantScope, desk_id: UUID, values: Mapping[str, object]) -> None:
    columns = ", ".join(f"{name} = ${place}" for place, name in enumerate(values, 3))
    await scope.execute(
        f"UPDATE desks SET {columns}, version = version + 1 WHERE tenant_id = $1 AND id = $2",
        scope.tenant_id,
        desk_id,
        *values.values(),
    )


async def verify(scope: TenantScope, desk_id: UUID, day: date) -> None:
    """No new version: whoever has the form open changes nothing of what this says."""
    await scope.execute(
        "UPDATE desks SET verified_on = $3 WHERE tenant_id = $1 AND id = $2",
        scope.tenant_id,
        desk_id,
        day,
    )


async def mark_closed(scope: TenantScope, desk_id: UUID, day: date, reason: str) -> None:
    await closings.forget_closing(scope, scope.tenant_id, desk_id)
    await scope.execute(
        """
        UPDATE desks SET state = 'closed', closed_on = $3, closed_reason = $4, version = version + 1
        WHERE tenant_id = $1 AND id = $2
        """,
        scope.tenant_id,
        desk_id,
        day,
        reason,
    )


async def closures(scope: TenantScope, desk_id: UUID, from_day: date) -> list[Closure]:
    rows = await scope.fetch(
        """
        SELECT id, starts_on, ends_on, reason FROM desk_closures
        WHERE tenant_id = $1 AND desk_id = $2 AND ends_on >= $3 ORDER BY starts_on, id
        """,
        scope.tenant_id,
        desk_id,
        from_day,
    )
    return [Closure(*row) for row in rows]


async def add_closure(
    scope: TenantScope, desk_id: UUID, starts_on: date, ends_on: date, reason: str
) -> None:
    await scope.execute(
        """
        INSERT INTO desk_closures (id, tenant_id, desk_id, starts_on, ends_on, reason, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        """,
        uuid7(),
        scope.tenant_id,
        desk_id,
        starts_on,
        ends_on,
        reason,
        scope.now,
    )


async def remove_closure(scope: TenantScope, desk_id: UUID, closure_id: UUID) -> bool:
    return bool(
        await scope.execute(
            "DELETE FROM desk_closures WHERE tenant_id = $1 AND desk_id = $2 AND id = $3",
            scope.tenant_id,
            desk_id,
            closure_id,
        )
    )


async def limited_to(scope: TenantScope, desk_id: UUID) -> list[str]:
    """Names of the people who work at some desks only, this one among them."""
    rows = await scope.fetch(
        """
        SELECT m.name FROM memberships m
        JOIN membership_desks d ON d.tenant_id = m.tenant_id AND d.membership_id = m.id
        WHERE m.tenant_id = $1 AND d.desk_id = $2 AND m.limited_to_desks AND m.state = 'active'
        ORDER BY m.name, m.id
        """,
        scope.tenant_id,
        desk_id,
    )
    return [row["name"] for row in rows]


async def give_people(scope: TenantScope, giver: UUID, taker: UUID) -> list[UUID]:
    """Whoever is limited to the one desk works at the other, too; so will those who are invited. The memberships."""
    rows = await scope.fetch(
        """
        SELECT m.id FROM memberships m
        JOIN membership_desks d ON d.tenant_id = m.tenant_id AND d.membership_id = m.id
        WHERE m.tenant_id = $1 AND d.desk_id = $2 AND m.limited_to_desks AND m.state = 'active'
          AND NOT EXISTS (SELECT FROM membership_desks has
            WHERE has.tenant_id = m.tenant_id AND has.membership_id = m.id AND has.desk_id = $3)
        ORDER BY m.id
        """,
        scope.tenant_id,
        giver,
        taker,
    )
    await scope.executemany(
        "INSERT INTO membership_desks (id, tenant_id, membership_id, desk_id) VALUES ($1, $2, $3, $4)",
        [(uuid7(), scope.tenant_id, row["id"], taker) for row in rows],
    )
    await scope.execute(
        """
        UPDATE invitations SET desk_ids = array_append(array_remove(desk_ids, $3::uuid), $3::uuid)
        WHERE tenant_id = $1 AND state = 'open' AND $2::uuid = ANY(desk_ids)
        """,
        scope.tenant_id,
        giver,
        taker,
    )
    return [row["id"] for row in rows]


async def provinces_by_region(
    scope: TenantScope,
) -> list[tuple[str, list[tuple[str, str]]]]:
    """(region, its provinces as (sign, name)), from north to south."""
    rows = await scope.fetch(
        """
        SELECT r.name AS region, array_agg(p.code ORDER BY p.name) AS codes,
          array_agg(p.name ORDER BY p.name) AS names
        FROM regions r JOIN provinces p ON p.region_code = r.code
        GROUP BY r.code, r.name ORDER BY r.code
        """
    )
    return [(row["region"], list(zip(row["codes"], row["names"], strict=True))) for row in rows]


async def admins(scope: TenantScope) -> list[UUID]:
    """Of the organisation's own people: support is the Ente's."""
    rows = await scope.fetch(
        """
        SELECT id FROM memberships WHERE tenant_id = $1 AND role = 'admin' AND state = 'active'
          AND NOT support AND (expires_at IS NULL OR expires_at > $2) ORDER BY id
        """,
        scope.tenant_id,
        scope.now,
    )
    return [row["id"] for row in rows]


async def is_active(scope: TenantScope | NetworkScope, organisation_id: UUID) -> bool:
    """And not being set up once more, which opens desks itself."""
    found: bool = await scope.fetchval(
        """
        SELECT EXISTS (SELECT FROM tenants t WHERE t.id = $1 AND t.state = 'active' AND NOT EXISTS (
          SELECT FROM setups s WHERE s.tenant_id = t.id AND s.state = 'running'))
        """,
        organisation_id,
    )
    return found


async def asked_since(scope: TenantScope, desk_id: UUID, since: datetime) -> bool:
    found: bool = await scope.fetchval(
        """
        SELECT EXISTS (SELECT FROM audit_log WHERE tenant_id = $1 AND at >= $2
          AND action = 'desk.opening_asked' AND codes ->> 'desk' = $3)
        """,
        scope.tenant_id,
        since,
        str(desk_id),
    )
    return found


async def desks_of(scope: NetworkScope, organisation_id: UUID) -> list[Desk]:
    """Those in preparation first, closed ones left out."""
    rows = await scope.fetch(
        f"""{_DESK} WHERE d.tenant_id = $1 AND d.state <> 'closed'
        ORDER BY d.state <> 'setting_up', d.name, d.id""",
        organisation_id,
    )
    return [Desk(*row) for row in rows]


async def lock_desk_of(
    scope: NetworkScope, organisation_id: UUID, desk_id: UUID, *others: UUID
) -> Desk | None:
    """The desk, locked together with the others, in the order of `lock`; read once that is done."""
    await scope.fetch(
        """
        SELECT FROM desks WHERE tenant_id = $1 AND id = ANY($2::uuid[]) ORDER BY id
        FOR NO KEY UPDATE
        """,
        organisation_id,
        [desk_id, *others],
    )
    row = await scope.fetchrow(
        f"{_DESK} WHERE d.tenant_id = $1 AND d.id = $2", organisation_id, desk_id
    )
    return Desk(*row) if row else None


async def desks_among(scope: NetworkScope, desk_ids: Sequence[UUID]) -> dict[UUID, Desk]:
    rows = await scope.fetch(f"{_DESK} WHERE d.id = ANY($1::uuid[])", list(desk_ids))
    return {row["id"]: Desk(*row) for row in rows}


async def open_desk(scope: NetworkScope, desk_id: UUID, day: date) -> None:
    await scope.execute(
        "UPDATE desks SET state = 'active', opened_on = $2, version = version + 1 WHERE id = $1",
        desk_id,
        day,
    )


async def asked_desk(scope: NetworkScope, desk_id: UUID) -> tuple[str, UUID, str] | None:
    """(its name, its host, the host's name) of a desk in preparation."""
    row = await scope.fetchrow(
        """
        SELECT d.name, t.id, t.name FROM desks d JOIN tenants t ON t.id = d.tenant_id
        WHERE d.id = $1 AND d.state = 'setting_up'
        """,
        desk_id,
    )
    return (row[0], row[1], row[2]) if row else None


async def admins_of_ente(scope: NetworkScope) -> list[UUID]:
    rows = await scope.fetch(
        """
        SELECT m.id FROM memberships m JOIN tenants t ON t.id = m.tenant_id
        WHERE 'coordinator' = ANY(t.kinds) AND t.state = 'active' AND m.role = 'admin'
          AND m.state = 'active' AND (m.expires_at IS NULL OR m.expires_at > $1) ORDER BY m.id
        """,
        scope.now,
    )
    return [row["id"] for row in rows]


async def desk_name(scope: NetworkScope, desk_id: UUID) -> tuple[str, UUID, str] | None:
    """(its name, its host, the host's name)."""
    row = await scope.fetchrow(
        "SELECT d.name, t.id, t.name FROM desks d JOIN tenants t ON t.id = d.tenant_id WHERE d.id = $1",
        desk_id,
    )
    return (row[0], row[1], row[2]) if row else None
