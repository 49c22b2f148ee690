"""Statements over what is offered. A row is a version; the versions of a service never overlap."""

from datetime import date
from uuid import UUID

from asyncpg import Record

from hub.db import NetworkScope, TenantScope
from hub.tenants.services.schemas import Offered

_COLUMNS = """
s.id, s.service_id, s.kind, s.name, s.description, s.regions, s.min_amount_cents,
s.max_amount_cents, s.currency, s.beneficiaries, s.capacity, s.answer_days, s.valid_from,
s.valid_to, s.version
"""


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
