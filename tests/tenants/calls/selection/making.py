"""Applications and evaluations in any number, written past the steps: for what a selection makes of them."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

import msgspec

from hub.db import tenant_transaction
from hub.ids import uuid7
from hub.tenants.calls.applications.schemas import Application
from hub.tenants.calls.schemas import Criterion
from hub.tenants.calls.selection import evaluate, evaluations, queries
from hub.tenants.calls.selection.assign import administrations_of, assign
from hub.tenants.calls.selection.commission import name_evaluator
from hub.tenants.calls.selection.evaluate import Points
from hub.tenants.calls.selection.points import total_of
from tests.factories import CAMPANIA, Member, Tenant, make_membership
from tests.support.databases import Connection
from tests.tenants.calls.making import content, make_application, make_call, make_ente

_numbers = itertools.count(1)
YEAR = 2026


@dataclass(frozen=True, slots=True)
class Sample:
    """An application that came in, and the points that each of its evaluators gave in the criteria's order."""

    number: int
    region: str = CAMPANIA
    points: tuple[tuple[int, ...], ...] = ()
    excluded: str | None = None
    id: UUID = field(default_factory=uuid7)


@dataclass(frozen=True, slots=True)
class Commission:
    """A call that is being evaluated, with its Ente."""

    ente: Tenant
    admin: Member
    second: Member
    evaluators: tuple[Member, ...]
    call_id: UUID

    async def criteria(self) -> list[Criterion]:
        async with tenant_transaction(self.ente.id) as scope:
            return await queries.criteria(scope, self.call_id)


async def make_commission(
    evaluators: int = 3,
    *,
    applications: int = 0,
    places: int | None = 2,
    regions: tuple[str, ...] = (CAMPANIA,),
) -> tuple[Commission, list[Application]]:
    """Applications came in, the call was closed, and everything is given out."""
    ente, admin = await make_ente()
    call_id = await make_call(ente, places=places, regions=regions)
    made = [await make_application(ente, call_id) for _ in range(applications)]
    people = tuple([await make_membership(ente, "viewer") for _ in range(evaluators)])
    commission = Commission(ente, admin, await make_membership(ente, "admin"), people, call_id)
    administrations = await administrations_of(ente.id)
    async with tenant_transaction(ente.id) as scope:
        for person in people:
            await name_evaluator(scope, admin.actor, call_id, person.membership_id, administrations)
        await set_state(scope, call_id, "evaluating")
        await assign(scope, call_id, administrations)
    return commission, made


async def set_state(scope: object, call_id: UUID, state: str) -> None:
    await scope.execute("UPDATE calls SET state = $2 WHERE id = $1", call_id, state)  # type: ignore[attr-defined]  # any scope


async def evaluations_of(ente: Tenant, application_id: UUID) -> dict[int, tuple[UUID, UUID, str]]:
    """By ordinal: the evaluation, its evaluator, its state. Recused ones are left out."""
    async with tenant_transaction(ente.id) as scope:
        rows = await scope.fetch(
            "SELECT ordinal, id, membership_id, state FROM evaluations"
            " WHERE application_id = $1 AND state <> 'recused' ORDER BY ordinal",
            application_id,
        )
    return {row[0]: (row[1], row[2], row[3]) for row in rows}


async def give(
    commission: Commission,
    evaluation_id: UUID,
    who: Member,
    points: Sequence[int],
    note: str = "Bene.",
) -> bool:
    """Declare, fill in, submit: each in a transaction of its own, as the pages do."""
    criteria = await commission.criteria()
    given = {one.id: number for one, number in zip(criteria, points, strict=True)}
    administrations = await administrations_of(commission.ente.id)
    async with tenant_transaction(commission.ente.id) as scope:
        if not await evaluate.declare_no_conflict(scope, who.actor, evaluation_id, administrations):
            return False
    async with tenant_transaction(commission.ente.id) as scope:
        mine = await evaluations.evaluation(scope, evaluation_id, who.membership_id)
        assert mine is not None
        await evaluate.save_draft(
            scope, who.actor, evaluation_id, Points(given, note), mine.version, administrations
        )
    async with tenant_transaction(commission.ente.id) as scope:
        return await evaluate.submit(
            scope, who.actor, evaluation_id, mine.version + 1, administrations
        )


async def give_all(commission: Commission, points: Mapping[UUID, Sequence[Sequence[int]]]) -> None:
    """For each application what its first, second and, where asked for, third evaluator give."""
    people = {one.membership_id: one for one in commission.evaluators}
    for application_id, given in points.items():
        for ordinal, one in enumerate(given, 1):
            found = await evaluations_of(commission.ente, application_id)
            evaluation_id, membership_id, state = found[ordinal]
            assert state == "assigned"
            assert await give(commission, evaluation_id, people[membership_id], one)


async def pour(
    superuser: Connection,
    ente: Tenant,
    call_id: UUID,
    evaluators: Sequence[UUID],
    criteria: Sequence[Criterion],
    samples: Sequence[Sample],
) -> None:
    """Everything at once, past row security, triggers and keys."""
    whole = msgspec.to_builtins(content())
    applications, evaluations, scores = [], [], []
    for sample in samples:
        applications.append(
            (
                sample.id,
                ente.id,
                call_id,
                "excluded" if sample.excluded else "submitted",
                msgspec.json.encode(whole).decode(),
                f"Comune {sample.number}",
                f"{next(_numbers):011d}",
                sample.region,
                YEAR,
                sample.number,
                sample.excluded,
            )
        )
        for ordinal, (given, who) in enumerate(zip(sample.points, evaluators, strict=False), 1):
            evaluation_id = uuid7()
            by_id = {one.id: number for one, number in zip(criteria, given, strict=True)}
            evaluations.append(
                (
                    evaluation_id,
                    ente.id,
                    call_id,
                    sample.id,
                    who,
                    ordinal,
                    total_of(by_id, criteria),
                )
            )
            scores += [(uuid7(), ente.id, evaluation_id, one, p) for one, p in by_id.items()]
    async with superuser.transaction():
        await superuser.execute("SET LOCAL session_replication_role = replica")
        await superuser.executemany(
            """
            INSERT INTO applications (id, tenant_id, call_id, email, state, content, content_hash,
              organisation_name, host_kind, fiscal_code, municipality_code, region_code, protocol_year,
              protocol_number, submitted_at, excluded_reason, created_at, updated_at)
            VALUES ($1, $2, $3, $7 || '@example.org', $4, $5::jsonb, '', $6, 'municipality', $7, '063049', $8, $9, $10,
              now(), $11, now(), now())
            """,
            applications,
        )
        await superuser.executemany(
            """
            INSERT INTO evaluations (id, tenant_id, call_id, application_id, membership_id, ordinal, state,
              declared_at, total, assigned_at, submitted_at)
            VALUES ($1, $2, $3, $4, $5, $6, 'submitted', now(), $7, now(), now())
            """,
            evaluations,
        )
        await superuser.executemany(
            """
            INSERT INTO evaluation_scores (id, tenant_id, evaluation_id, criterion_id, points)
            VALUES ($1, $2, $3, $4, $5)
            """,
            scores,
        )


def total(criteria: Sequence[Criterion], points: Sequence[int]) -> Decimal:
    return total_of(
        {one.id: number for one, number in zip(criteria, points, strict=True)}, criteria
    )
