"""Statements over what is offered. A row is a version; the versions of a service never overlap.

Every organisation may read every row, so each statement names whose rows it means.
"""

from datetime import date
from typing import NamedTuple
from uuid import UUID

from asyncpg import Record

from hub.db import NetworkScope, TenantScope
from hub.tenants.services.schemas import Offered, Stated

_COLUMNS = """
s.id, s.service_id, s.kind, s.name, s.description, s.regions, s.min_amount_cents,
s.max_amount_cents, s.currency, s.beneficiaries, s.capacity, s.answer_days, s.valid_from,
s.valid_to, s.version
"""
_STATED = """
name = $3, description = $4, regions = $5, min_amount_cents = $6, max_amount_cents = $7,
beneficiaries = $8, capacity = $9, answer_days = $10, recorded_at = $11
"""
# Its set-up for this kind of organisation is complete.
_KIND = "CASE WHEN s.kind = 'tutoring' THEN 'tutor' ELSE 'lender' END"
_IN_FORCE = f"{_KIND} = ANY (t.kinds) AND {_KIND} <> ALL (t.coming_kinds)"


class Public(NamedTuple):
    """A version with who offers it."""

    offered: Offered
    organisation_id: UUID
    organisation: str
    website: str | None


def offered(row: Record) -> Offered:
    return Offered(*row)._replace(
        regions=tuple(row["regions"]), beneficiaries=tuple(row["beneficiaries"])
    )


async def offered_on(
    scope: TenantScope | NetworkScope, tenant_id: UUID, day: date
) -> list[Offered]:
    """What the organisation offered, or will offer, on that day."""
    rows = await scope.fetch(
        f"""
        SELECT {_COLUMNS} FROM services_offered s
        WHERE s.tenant_id = $1 AND s.valid_from <= $2 AND (s.valid_to IS NULL OR s.valid_to >= $2)
        ORDER BY s.kind, s.name, s.service_id
        """,
        tenant_id,
        day,
    )
    return [offered(row) for row in rows]


async def all_versions(scope: TenantScope | NetworkScope, tenant_id: UUID) -> list[Offered]:
    """Of every service of the organisation: each one's together, in the order of time."""
    rows = await scope.fetch(
        f"""
        SELECT {_COLUMNS} FROM services_offered s
        WHERE s.tenant_id = $1 ORDER BY s.kind, s.service_id, s.valid_from
        """,
        tenant_id,
    )
    return [offered(row) for row in rows]


async def versions_of(
    scope: TenantScope | NetworkScope, tenant_id: UUID, service_id: UUID
) -> list[Offered]:
    """In the order of time; none for a service that is not this organisation's."""
    rows = await scope.fetch(
        f"""
        SELECT {_COLUMNS} FROM services_offered s
        WHERE s.tenant_id = $1 AND s.service_id = $2 ORDER BY s.valid_from
        """,
        tenant_id,
        service_id,
    )
    return [offered(row) for row in rows]


async def public_services(
    scope: NetworkScope,
    day: date,
    *,
    kind: str | None,
    region_code: str | None,
    after: UUID | None,
    limit: int,
) -> list[Public]:
    """What active organisations offer on that day, by service id from behind `after` on."""
    rows = await scope.fetch(
        f"""
        SELECT {_COLUMNS}, t.id AS organisation_id, t.name AS organisation, t.website
        FROM services_offered s
        JOIN tenants t ON t.id = s.tenant_id AND t.state = 'active' AND NOT t.sandbox AND {_IN_FORCE}
        WHERE s.valid_from <= $1 AND (s.valid_to IS NULL OR s.valid_to >= $1)
          AND ($2::text IS NULL OR s.kind = $2)
          AND ($3::text IS NULL OR $3 = ANY(s.regions))
          AND ($4::uuid IS NULL OR s.service_id > $4)
        ORDER BY s.service_id LIMIT $5
        """,
        day,
        kind,
        region_code,
        after,
        limit,
    )
    return [_public(row) for row in rows]


async def services_by_name(
    scope: NetworkScope,
    day: date,
    *,
    kind: str | None,
    region_code: str | None,
    offset: int,
    limit: int,
) -> list[Public]:
    """The same for readers, by organisation: some hundreds at most, so that an offset does."""
    rows = await scope.fetch(
        f"""
        SELECT {_COLUMNS}, t.id AS organisation_id, t.name AS organisation, t.website
        FROM services_offered s
        JOIN tenants t ON t.id = s.tenant_id AND t.state = 'active' AND NOT t.sandbox AND {_IN_FORCE}
        WHERE s.valid_from <= $1 AND (s.valid_to IS NULL OR s.valid_to >= $1)
          AND ($2::text IS NULL OR s.kind = $2)
          AND ($3::text IS NULL OR $3 = ANY(s.regions))
        ORDER BY t.name_search, s.kind, s.name, s.service_id LIMIT $4 OFFSET $5
        """,
        day,
        kind,
        region_code,
        limit,
        offset,
    )
    return [_public(row) for row in rows]


def _public(row: Record) -> Public:
    *version, organisation_id, organisation, website = row
    made = Offered(*version)._replace(
        regions=tuple(row["regions"]), beneficiaries=tuple(row["beneficiaries"])
    )
    return Public(made, organisation_id, organisation, website)


async def lock(scope: TenantScope, service_id: UUID) -> int | None:
    """Wait for whoever changes this service. Its version, kept in its first row; None where there is no such service."""
    version: int | None = await scope.fetchval(
        """
        SELECT version FROM services_offered
        WHERE tenant_id = $1 AND service_id = $2 ORDER BY valid_from LIMIT 1 FOR UPDATE
        """,
        scope.tenant_id,
        service_id,
    )
    return version


async def count_change(scope: TenantScope, first_id: UUID) -> None:
    await scope.execute(
        "UPDATE services_offered SET version = version + 1 WHERE tenant_id = $1 AND id = $2",
        scope.tenant_id,
        first_id,
    )


async def insert_version(
    scope: TenantScope,
    version_id: UUID,
    service_id: UUID,
    stated: Stated,
    valid_from: date,
    valid_to: date | None,
) -> None:
    await scope.execute(
        """
        INSERT INTO services_offered (id, tenant_id, service_id, kind, name, description, regions,
          min_amount_cents, max_amount_cents, beneficiaries, capacity, answer_days, recorded_at,
          valid_from, valid_to)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
        """,
        version_id,
        scope.tenant_id,
        service_id,
        stated.kind,
        *_values(stated),
        scope.now,
        valid_from,
        valid_to,
    )


async def rewrite_version(scope: TenantScope, version_id: UUID, stated: Stated) -> None:
    await scope.execute(
        f"UPDATE services_offered SET {_STATED} WHERE tenant_id = $1 AND id = $2",
        scope.tenant_id,
        version_id,
        *_values(stated),
        scope.now,
    )


def _values(stated: Stated) -> tuple[object, ...]:
    return (
        stated.name,
        stated.description,
        list(stated.regions),
        stated.min_amount_cents,
        stated.max_amount_cents,
        list(stated.beneficiaries),
        stated.capacity,
        stated.answer_days,
    )


async def set_end(scope: TenantScope, version_id: UUID, valid_to: date | None) -> None:
    await scope.execute(
        "UPDATE services_offered SET valid_to = $3 WHERE tenant_id = $1 AND id = $2",
        scope.tenant_id,
        version_id,
        valid_to,
    )


async def delete_versions_after(scope: TenantScope, service_id: UUID, day: date) -> None:
    """Those that begin behind that day, which must not be before today."""
    await scope.execute(
        "DELETE FROM services_offered WHERE tenant_id = $1 AND service_id = $2 AND valid_from > $3",
        scope.tenant_id,
        service_id,
        day,
    )


async def delete_version(scope: TenantScope, version_id: UUID) -> None:
    await scope.execute(
        "DELETE FROM services_offered WHERE tenant_id = $1 AND id = $2",
        scope.tenant_id,
        version_id,
    )
