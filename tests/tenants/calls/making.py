"""Makers of calls and applications; each commits. And the database's own clock, which only its owner moves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hub.db import tenant_transaction
from hub.ids import uuid7
from hub.tenants.calls.applications import queries
from hub.tenants.calls.applications.attach_file import attach
from hub.tenants.calls.applications.schemas import (
    DECLARATIONS,
    Application,
    Contacts,
    Content,
    Organisation,
    ProposedDesk,
)
from hub.tenants.calls.applications.submit_application import submit
from hub.tenants.calls.terms import in_time
from hub.uploads import PDF, CheckedFile
from tests.factories import CAMPANIA, NAPLES, Member, Tenant, make_membership, make_tenant, unique
from tests.support import papers
from tests.support.databases import Database, connected

DAY = timedelta(days=1)
REQUIRED = [
    {"code": "statute", "label": "Atto di candidatura", "required": True},
    {"code": "plan", "label": "Planimetria", "required": False},
]
CRITERIA = (("Esperienza", 20, 60), ("Orari", 10, 40))


async def make_ente() -> tuple[Tenant, Member]:
    """The Ente with one of its admins."""
    ente = await make_tenant("coordinator")
    return ente, await make_membership(ente, "admin")


async def make_call(
    ente: Tenant,
    *,
    state: str = "published",
    opens_at: datetime | None = None,
    closes_at: datetime | None = None,
    regions: tuple[str, ...] = (CAMPANIA,),
    places: int | None = 2,
    minimum_points: int = 60,
    difference_limit: int = 20,
) -> UUID:
    """Open from yesterday to tomorrow, unless other instants are given; `places` for each region."""
    call_id = uuid7()
    async with tenant_transaction(ente.id) as scope:
        opens_at = opens_at or scope.now - DAY
        await scope.execute(
            """
            INSERT INTO calls (id, tenant_id, slug, title, text, regions, host_kinds, required_files,
              minimum_points, difference_limit, opens_at, closes_at, state, published_at, created_at, updated_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $15)
            """,
            call_id,
            ente.id,
            unique("bando"),
            "Manifestazione di interesse",
            "Per le amministrazioni.",
            list(regions),
            ["municipality", "province", "chamber", "university"],
            REQUIRED,
            minimum_points,
            difference_limit,
            opens_at,
            closes_at or scope.now + DAY,
            state,
            None if state == "draft" else opens_at,
            scope.now,
        )
        await scope.executemany(
            """
            INSERT INTO call_criteria (id, tenant_id, call_id, position, name, max_points, weight)
            VALUES ($1, $2, $3, $4, $5, $6, $7)
            """,
            [
                (uuid7(), ente.id, call_id, position, name, most, weight)
                for position, (name, most, weight) in enumerate(CRITERIA, 1)
            ],
        )
        if places:
            await scope.executemany(
                """
                INSERT INTO call_quotas (id, tenant_id, call_id, region_code, places)
                VALUES ($1, $2, $3, $4, $5)
                """,
                [(uuid7(), ente.id, call_id, region, places) for region in regions],
            )
    return call_id


def fiscal_code(number: int) -> str:
    """Eleven digits, the last of which checks the others (the sum of d.m. 23 dicembre 1976)."""
    digits = [int(digit) for digit in f"{number:010d}"]
    doubled = [2 * digit - 9 * (digit > 4) for digit in digits[1::2]]
    return f"{number:010d}{-(sum(digits[::2]) + sum(doubled)) % 10}"


def content(*, name: str | None = None, code: str | None = None, region: str = CAMPANIA) -> Content:
    return Content(
        organisation=Organisation(
            name=name or unique("Comune"),
            kind="municipality",
            fiscal_code=code or fiscal_code(uuid7().int % 10**10),
            ipa_code="c_f839",
            municipality_code=NAPLES,
            region_code=region,
            address="Piazza Municipio 1",
            legal_basis="art_6",
        ),
        desks=(ProposedDesk("Sportello", NAPLES, "Via Toledo 1", "lun-ven 9-12", 2),),
        contacts=Contacts("Anna Prova", "dirigente", "0811234567", "ufficio@example.org"),
        declarations=tuple(DECLARATIONS),
    )


async def make_draft(ente: Tenant, call_id: UUID, *, with_file: bool = True) -> Application:
    async with tenant_transaction(ente.id) as scope:
        async with in_time():
            application_id = await queries.add(
                scope, call_id, f"{unique('ufficio')}@example.org", "it"
            )
        assert application_id is not None
        if with_file:
            await attach(scope, application_id, "statute", CheckedFile("atto.pdf", PDF), papers.PDF)
        found = await queries.find(scope, application_id)
    assert found is not None
    return found


async def make_application(
    ente: Tenant,
    call_id: UUID,
    *,
    name: str | None = None,
    code: str | None = None,
    region: str = CAMPANIA,
) -> Application:
    """Submitted, with one file."""
    draft = await make_draft(ente, call_id)
    async with tenant_transaction(ente.id) as scope:
        return await submit(scope, draft, content(name=name, code=code, region=region))


async def stop_database_clock(database: Database, at: datetime) -> None:
    """From now on every transaction begins at just that instant. For `own_database` only."""
    await _redefine(database, f"timestamptz '{at.isoformat()}'")


async def set_database_clock(database: Database, at: datetime) -> None:
    """The same, but the clock goes on."""
    seconds = (at - datetime.now(UTC)).total_seconds()
    await _redefine(database, f"transaction_timestamp() + interval '{seconds} seconds'")


async def _redefine(database: Database, instant: str) -> None:
    async with connected(database.superuser_url) as superuser:
        await superuser.execute(
            "CREATE OR REPLACE FUNCTION received_at() RETURNS timestamptz LANGUAGE sql STABLE"
            f" AS $$ SELECT {instant} $$"
        )
