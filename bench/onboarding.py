"""`onboarding.rank`: ten thousand applications ranked by the product's own step, and by its one statement alone.

The product locks the call, looks whether every evaluation is in, writes the ranking under row security, moves the call
on and records who did it; a superuser's bare statement writes the same entries past row security, and nothing else.
"""

from __future__ import annotations

import io
import resource
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, redirect_stdout
from dataclasses import dataclass
from time import perf_counter
from typing import TypeAlias
from uuid import UUID

import asyncpg

from bench.harness import Figure, figure, take_turns
from hub.db import close_pool, open_pool, tenant_transaction
from hub.embedded.ephemeral import EphemeralPostgres
from hub.ids import uuid7
from hub.schema import migrate
from hub.tenants.calls.selection import rank
from hub.tenants.calls.selection.ranked import RANK
from tests.factories import Member, make_membership, make_tenant
from tests.tenants.calls.making import make_call

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

APPLICATIONS, REGIONS, EVALUATORS, CRITERIA, PLACES = 10_000, 12, 12, 5, 400

APPLICATIONS_SQL = """
INSERT INTO applications (id, tenant_id, call_id, email, state, content, content_hash, organisation_name,
  host_kind, fiscal_code, region_code, protocol_year, protocol_number, submitted_at, created_at, updated_at)
SELECT uuidv7(), $1, $2, n || '@example.org', 'submitted', '{}', '', 'Comune ' || n, 'municipality', n::text,
  'b' || 1 + n % $4::int, 2026, n, now(), now(), now()
FROM generate_series(1, $3::int) n
"""
# Two evaluations of each, and a third of every fourth, whose first two lie more than 20 of 100 points apart. Points are
# few and repeat themselves, so that ties are many.
EVALUATIONS_SQL = """
INSERT INTO evaluations (id, tenant_id, call_id, application_id, membership_id, ordinal, state, declared_at,
  total, assigned_at, submitted_at)
SELECT uuidv7(), $1, $2, a.id, ($3::uuid[])[1 + (a.protocol_number + o) % cardinality($3)], o, 'submitted', now(),
  CASE WHEN a.protocol_number % 4 = 0 THEN CASE o WHEN 1 THEN 40 ELSE 75 END
    ELSE 50 + a.protocol_number % 9 * 5 + o END, now(), now()
FROM applications a CROSS JOIN generate_series(1, 3) o
WHERE a.call_id = $2 AND (o < 3 OR a.protocol_number % 4 = 0)
"""
SCORES_SQL = """
INSERT INTO evaluation_scores (id, tenant_id, evaluation_id, criterion_id, points)
SELECT uuidv7(), $1, e.id, c.id, (a.protocol_number * c.position + e.ordinal) % 11
FROM evaluations e JOIN applications a ON a.id = e.application_id JOIN call_criteria c ON c.call_id = e.call_id
WHERE e.call_id = $2
"""


@dataclass(frozen=True, slots=True)
class Stand:
    superuser: Connection
    admin: Member
    call_id: UUID

    @property
    def tenant_id(self) -> UUID:
        return self.admin.tenant.id

    async def clear(self) -> None:
        """No ranking is left of those before, and the server is at rest."""
        await self.superuser.execute(
            "TRUNCATE ranking_entries, ranking_successions, rankings CASCADE"
        )
        await self.superuser.execute("UPDATE calls SET state = 'evaluating'")
        await self.superuser.execute("CHECKPOINT")

    async def by_the_product(self) -> float:
        await self.clear()
        began = perf_counter()
        async with tenant_transaction(self.tenant_id) as scope:
            await rank.propose(scope, self.admin.actor, self.call_id)
        seconds = perf_counter() - began
        await self.check()
        return seconds

    async def bare(self) -> float:
        await self.clear()
        ranking_id = uuid7()
        await self.superuser.execute(
            "INSERT INTO rankings (id, tenant_id, call_id, number, proposed_at, proposed_by)"
            " VALUES ($1, $2, $3, 1, now(), $4)",
            ranking_id,
            self.tenant_id,
            self.call_id,
            self.admin.membership_id,
        )
        began = perf_counter()
        await self.superuser.execute(RANK, ranking_id, self.call_id, 60, 20, self.tenant_id)
        seconds = perf_counter() - began
        await self.check()
        return seconds

    async def check(self) -> None:
        rows = await self.superuser.fetch(
            "SELECT outcome, count(*) FROM ranking_entries GROUP BY outcome"
        )
        counts = {row[0]: row[1] for row in rows}
        if sum(counts.values()) != APPLICATIONS or counts["admitted"] != REGIONS * PLACES:
            raise RuntimeError(f"not the ranking that was asked for: {counts}")


async def rank_applications(rounds: int) -> list[Figure]:
    async with _stand() as stand:
        memory: list[float] = []

        async def product() -> float:
            seconds = await stand.by_the_product()
            memory.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000)
            return seconds

        results = await take_turns({"product": product, "bare": stand.bare}, rounds)
    pairs = zip(results["bare"], results["product"], strict=True)
    return [
        figure(
            "onboarding.rank",
            "ms",
            [seconds * 1000 for seconds in results["product"]],
            against={"sql": [bare / own for bare, own in pairs]},
            aims={"sql": 0.67},
        ),
        figure("onboarding.rank_memory", "MB", memory),
    ]


@asynccontextmanager
async def _stand() -> AsyncIterator[Stand]:
    async with AsyncExitStack() as stack:
        postgres = stack.enter_context(EphemeralPostgres(hasty=False))
        postgres.prepare()
        with redirect_stdout(io.StringIO()):  # Piccolo reports each migration
            await migrate(postgres.url("hub_owner"))
        await open_pool(postgres.url("hub_web"), size=1)
        stack.push_async_callback(close_pool)
        superuser = await asyncpg.connect(postgres.url("postgres"))
        stack.push_async_callback(superuser.close)
        ente = await make_tenant("coordinator")
        admin = await make_membership(ente, "admin")
        people = [(await make_membership(ente, "viewer")).membership_id for _ in range(EVALUATORS)]
        call_id = await make_call(ente, state="evaluating", places=None)
        stand = Stand(superuser, admin, call_id)
        await _fill(stand, people)
        yield stand


async def _fill(stand: Stand, people: list[UUID]) -> None:
    """Past triggers and keys: the rows are what the steps of the product would have left."""
    superuser, tenant_id, call_id = stand.superuser, stand.tenant_id, stand.call_id
    await superuser.execute("SET session_replication_role = replica")
    await superuser.execute(
        "INSERT INTO regions (code, name, area) SELECT 'b' || n, 'Regione ' || n, 'centre-north'"
        " FROM generate_series(1, $1::int) n",
        REGIONS,
    )
    await superuser.execute("DELETE FROM call_criteria")
    await superuser.execute(
        "INSERT INTO call_criteria (id, tenant_id, call_id, position, name, max_points, weight)"
        " SELECT uuidv7(), $1, $2, n, 'Criterio ' || n, 10, 100 / $3::int FROM generate_series(1, $3::int) n",
        tenant_id,
        call_id,
        CRITERIA,
    )
    await superuser.execute(
        "INSERT INTO call_quotas (id, tenant_id, call_id, region_code, places)"
        " SELECT uuidv7(), $1, $2, 'b' || n, $4 FROM generate_series(1, $3::int) n",
        tenant_id,
        call_id,
        REGIONS,
        PLACES,
    )
    await superuser.execute(APPLICATIONS_SQL, tenant_id, call_id, APPLICATIONS, REGIONS)
    await superuser.execute(EVALUATIONS_SQL, tenant_id, call_id, people)
    await superuser.execute(SCORES_SQL, tenant_id, call_id)
    await superuser.execute("SET session_replication_role = origin")
    await superuser.execute("VACUUM ANALYZE")
