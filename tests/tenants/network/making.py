"""Rows of a network, written as a superuser: what the board looks at stands in tables of many organisations."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from hub import clock
from hub.ids import uuid7
from tests.factories import CAMPANIA, NAPLES, Member, Tenant, make_membership, make_tenant
from tests.support.databases import Connection, Database, connected

LOMBARDY, MILAN = "03", "015146"


@dataclass(frozen=True, slots=True)
class Point:
    """An entry of a checklist; `since` is when it came into its state, `exception` how one for it stands."""

    code: str
    state: str = "open"
    due_on: date | None = None
    since: datetime | None = None
    exception: str | None = None


@dataclass(frozen=True, slots=True)
class Network:
    """The Ente with two of its admins, and a connection that may write everything."""

    ente: Tenant
    admin: Member
    second: Member
    superuser: Connection

    async def setup(
        self,
        tenant: Tenant,
        points: Sequence[Point] = (),
        *,
        state: str = "running",
        due_on: date | None = None,
    ) -> UUID:
        setup_id, now = uuid7(), clock.now()
        due_on = due_on or clock.today() + timedelta(days=30)
        await self.superuser.execute(
            """
            INSERT INTO setups (id, tenant_id, coordinator_id, kinds, state, contact_name, contact_email, started_at,
              due_on)
            VALUES ($1, $2, $3, $4, $5, 'Anna Prova', 'anna@example.org', $6, $7)
            """,
            setup_id,
            tenant.id,
            self.ente.id,
            list(tenant.kinds),
            state,
            now,
            due_on,
        )
        for position, point in enumerate(points, 1):
            await self._point(tenant.id, setup_id, position, point, point.due_on or due_on)
        return setup_id

    async def _point(
        self, tenant_id: UUID, setup_id: UUID, position: int, point: Point, due_on: date
    ) -> None:
        await self.superuser.execute(
            """
            INSERT INTO setup_points (id, tenant_id, setup_id, code, position, state, due_on, changed_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
            """,
            uuid7(),
            tenant_id,
            setup_id,
            point.code,
            position,
            point.state,
            due_on,
            point.since or clock.now(),
        )
        if point.exception:
            decided = point.exception in ("agreed", "refused")
            await self.superuser.execute(
                """
                INSERT INTO setup_exceptions (id, tenant_id, setup_id, code, reason, asked_by, asked_at, state, decided_by,
                  refused_reason)
                VALUES ($1, $2, $3, $4, 'Corso a gennaio.', $5, $6, $7, $8, $9)
                """,
                uuid7(),
                tenant_id,
                setup_id,
                point.code,
                self.admin.membership_id,
                clock.now(),
                point.exception,
                self.second.membership_id if decided else None,
                "Senza corso non si apre." if point.exception == "refused" else None,
            )

    async def desk(
        self,
        tenant: Tenant,
        name: str = "Sportello",
        *,
        state: str = "active",
        opened_on: date | None = None,
        last_on: date | None = None,
        setup_id: UUID | None = None,
        place: str = NAPLES,
        region: str = CAMPANIA,
    ) -> UUID:
        desk_id = uuid7()
        await self.superuser.execute(
            """
            INSERT INTO desks (id, tenant_id, setup_id, name, state, municipality_code, region_code, address,
              opened_on, last_consultation_on)
            VALUES ($1, $2, $3, $4, $5, $6, $7, 'Via Roma 1', $8, $9)
            """,
            desk_id,
            tenant.id,
            setup_id,
            name,
            state,
            place,
            region,
            opened_on,
            last_on,
        )
        return desk_id

    async def asked_to_open(self, tenant: Tenant, desk_id: UUID) -> None:
        """As its log has it."""
        await self.superuser.execute(
            """
            INSERT INTO audit_log (id, tenant_id, at, action, subject_kind, subject_id, codes)
            VALUES ($1, $2, $3, 'desk.opening_asked', 'organisation', $2, $4)
            """,
            uuid7(),
            tenant.id,
            clock.now(),
            f'{{"desk": "{desk_id}"}}',
        )

    async def protocol(
        self,
        tenant: Tenant,
        *,
        state: str = "signed",
        expires_on: date | None = None,
        renews: UUID | None = None,
    ) -> UUID:
        """Each on a template of its own."""
        protocol_id, template_id = uuid7(), uuid7()
        number = await self.superuser.fetchval("SELECT 1 + count(*) FROM protocol_templates")
        await self.superuser.execute(
            """
            INSERT INTO protocol_templates (id, tenant_id, kind, number, title, text, years, created_at)
            VALUES ($1, $2, 'host', $3, 'Protocollo', 'Articolo 1', 3, $4)
            """,
            template_id,
            self.ente.id,
            number,
            clock.now(),
        )
        await self.superuser.execute(
            """
            INSERT INTO protocols (id, tenant_id, organisation_id, template_id, year, serial, state, contact_name,
              contact_email, content, checked, signed_on, expires_on, created_at, renews_id)
            VALUES ($1, $2, $3, $4, 2026, $5, $6, 'Anna Prova', 'anna@example.org', '{}', 'envelope', $7, $8, $9, $10)
            """,
            protocol_id,
            self.ente.id,
            tenant.id,
            template_id,
            number,
            state,
            expires_on and expires_on - timedelta(days=1000),
            expires_on,
            clock.now(),
            renews,
        )
        return protocol_id

    async def set_apart(self, tenant: Tenant) -> None:
        """A sandbox."""
        await self.superuser.execute("UPDATE tenants SET sandbox = true WHERE id = $1", tenant.id)


@asynccontextmanager
async def networked(database: Database) -> AsyncIterator[Network]:
    ente = await make_tenant("coordinator")
    admin, second = await make_membership(ente, "admin"), await make_membership(ente, "admin")
    async with connected(database.superuser_url) as superuser:
        yield Network(ente, admin, second, superuser)
