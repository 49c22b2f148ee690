"""What tests of an organisation's pages need beside the factories."""

from __future__ import annotations

import io
from datetime import date
from typing import Any
from uuid import UUID

from PIL import Image

from hub.db import relay_transaction, tenant_transaction
from tests.factories import Desk, Tenant

DETAILS = {"locale": "it", "time_zone": "Europe/Rome"}
DESK = {
    "version": "0",
    "name": "Sportello del municipio",
    "municipality": "Napoli (NA)",
    "address": "Piazza Municipio 1",
    "postal_code": "80133",
    "phone": "081 1234567",
    "monday": "9-13, 15:00–17:30",
    "friday": "9.00-12.30",
    "how_to_reach": "Autobus 151, piano terra.",
    "offers": ["information", "tutoring"],
}
# The columns of a desk that lacks nothing but to be verified.
WRITTEN = {
    "postal_code": "80133",
    "phone": "0811234567",
    "hours": [[1, "09:00", "13:00"]],
    "how_to_reach": "Autobus 151.",
    "offers": ["information"],
    "provinces": ["NA"],
}


def picture(
    size: tuple[int, int] = (800, 200), kind: str = "PNG", mode: str = "RGB", **options: Any
) -> bytes:
    target = io.BytesIO()
    Image.new(mode, size, "navy" if mode in ("RGB", "RGBA") else 0).save(target, kind, **options)
    return target.getvalue()


async def stored(tenant: Tenant) -> dict[str, Any]:
    async with tenant_transaction(tenant.id) as scope:
        row = await scope.fetchrow("SELECT * FROM tenants WHERE id = $1", tenant.id)
    assert row
    return dict(row)


async def desk_row(tenant: Tenant, desk_id: UUID) -> dict[str, Any]:
    async with tenant_transaction(tenant.id) as scope:
        row = await scope.fetchrow("SELECT * FROM desks WHERE id = $1", desk_id)
    assert row
    return dict(row)


async def actions(tenant: Tenant) -> list[str]:
    """What the organisation's log tells of its coming on board, in order."""
    async with tenant_transaction(tenant.id) as scope:
        rows = await scope.fetch(
            "SELECT action FROM audit_log WHERE subject_kind = 'organisation' AND subject_id = $1"
            " ORDER BY id",
            tenant.id,
        )
    return [row["action"] for row in rows]


async def touched(tenant: Tenant) -> int:
    """How often the checklist was told to look again."""
    async with relay_transaction() as scope:
        count: int = await scope.fetchval(
            "SELECT count(*) FROM outbox WHERE task = 'onboarding.refresh' AND tenant_id = $1",
            tenant.id,
        )
    return count


async def set_desk(desk: Desk, **columns: Any) -> None:
    async with tenant_transaction(desk.tenant.id) as scope:
        for name, value in columns.items():
            await scope.execute(f"UPDATE desks SET {name} = $2 WHERE id = $1", desk.id, value)


async def set_tenant(tenant: Tenant, **columns: Any) -> None:
    async with tenant_transaction(tenant.id) as scope:
        for name, value in columns.items():
            await scope.execute(f"UPDATE tenants SET {name} = $2 WHERE id = $1", tenant.id, value)


def iso(day: date) -> str:
    return day.isoformat()
