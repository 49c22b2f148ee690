"""Organisations that are being set up, by the path an admitted application takes; and all that a checklist asks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from hub import files
from hub.db import network_transaction, tenant_transaction
from hub.ids import uuid7
from hub.outbox import Job
from hub.tenants.calls.applications.schemas import Application
from hub.tenants.onboarding import admission_tasks
from hub.tenants.onboarding.queries import setup_of
from hub.tenants.onboarding.refresh import refresh
from hub.tenants.onboarding.schemas import SetupView
from hub.uploads import PDF
from tests.factories import Member, Tenant, make_membership
from tests.support.databases import Database, connected
from tests.tenants.calls.making import make_application, make_call, make_ente


@dataclass(frozen=True, slots=True)
class Coming:
    """An organisation that is being set up, and the Ente that leads it with two of its admins."""

    ente: Tenant
    admin: Member
    second: Member
    application: Application
    organisation: Tenant

    async def setup(self) -> SetupView:
        async with network_transaction() as scope:
            found = await setup_of(scope, self.organisation.id)
        assert found is not None
        return found

    async def states(self) -> dict[str, str]:
        return {point.code: point.state for point in (await self.setup()).points}

    async def refresh(self) -> dict[str, str]:
        async with network_transaction() as scope:
            await refresh(scope, [self.organisation.id])
        return await self.states()


def job(tenant_id: UUID, task: str) -> Job:
    return Job(uuid7(), tenant_id, task, {}, 1)


async def make_admitted(
    ente: Tenant, *, name: str | None = None, code: str | None = None
) -> Application:
    """As a ranking leaves it, without the ranking."""
    made = await make_application(ente, await make_call(ente), name=name, code=code)
    async with tenant_transaction(ente.id) as scope:
        await scope.execute("UPDATE applications SET state = 'admitted' WHERE id = $1", made.id)
    return made


async def admit(application: Application) -> None:
    await admission_tasks.admit(
        job(application.tenant_id, "onboarding.admit"), application_id=application.id
    )


async def organisation_of(application: Application) -> Tenant:
    assert application.content is not None
    async with network_transaction() as scope:
        row = await scope.fetchrow(
            "SELECT id, name, kinds FROM tenants WHERE fiscal_code = $1",
            application.content.organisation.fiscal_code,
        )
    assert row is not None
    return Tenant(row["id"], row["name"], tuple(row["kinds"]))


async def make_coming() -> Coming:
    ente, admin = await make_ente()
    application = await make_admitted(ente)
    await admit(application)
    second = await make_membership(ente, "admin")
    return Coming(ente, admin, second, application, await organisation_of(application))


async def fulfil(coming: Coming, database: Database) -> None:
    """Everything that the checklist asks, written past the pages; the set-up still runs."""
    tenant = coming.organisation
    await make_membership(tenant, "admin")
    await make_membership(tenant, "operator")
    await sign(coming)
    async with connected(database.superuser_url) as superuser:
        await superuser.execute(
            """
            UPDATE desks SET postal_code = '80100', hours = '[[1, "09:00", "13:00"]]',
              phone = '081', how_to_reach = 'Metro', verified_on = DATE '2026-01-01',
              offers = '{information}', provinces = '{063}' WHERE tenant_id = $1
            """,
            tenant.id,
        )
        started = (await coming.setup()).started_at
        await superuser.execute(
            """
            INSERT INTO network_facts (id, tenant_id, name, moment, updated_at)
            VALUES ($1, $2, 'test_answered', $3, $3)
            """,
            uuid7(),
            tenant.id,
            started + timedelta(seconds=1),
        )
    await make_trained(coming)
    assert set((await coming.refresh()).values()) == {"done"}


async def make_trained(coming: Coming) -> None:
    """Its newest operator."""
    async with tenant_transaction(coming.organisation.id) as scope:
        await scope.execute(
            """
            INSERT INTO trainings (id, tenant_id, membership_id, course, completed_on, certificate_id,
              recorded_at, recorded_by)
            SELECT $1, $2, id, 'Base', $3, $4, $5, id FROM memberships WHERE role = 'operator'
            ORDER BY id DESC LIMIT 1
            """,
            uuid7(),
            coming.organisation.id,
            scope.now.date(),
            await files.store(scope, "attestato.pdf", PDF, b"%PDF-1.7"),
            scope.now,
        )


async def sign(coming: Coming, kind: str = "host", *, days: int = 365) -> UUID:
    """A protocol that is signed, in force for so many days from today; before there is none of that kind."""
    protocol_id, template_id = uuid7(), uuid7()
    async with tenant_transaction(coming.ente.id) as scope:
        today = scope.now.date()
        await scope.execute(
            """
            INSERT INTO protocol_templates (id, tenant_id, kind, number, title, text, years, created_at)
            SELECT $1, $2, $3, coalesce(max(number), 0) + 1, 'T', 'T', 3, $4
            FROM protocol_templates WHERE kind = $3
            """,
            template_id,
            coming.ente.id,
            kind,
            scope.now,
        )
        await scope.execute(
            """
            INSERT INTO protocols (id, tenant_id, organisation_id, template_id, year, serial, state,
              contact_name, contact_email, content, checked, signed_on, expires_on, created_at)
            SELECT $1, $2, $3, $4, 2026, coalesce(max(serial), 0) + 1000, 'signed', 'A', 'a@example.org',
              '{}', 'person', $5, $6, $7 FROM protocols
            """,
            protocol_id,
            coming.ente.id,
            coming.organisation.id,
            template_id,
            today,
            today + timedelta(days=days),
            scope.now,
        )
    return protocol_id
