"""How the demo network's applications were evaluated, ranked and decided."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from uuid import UUID

from hub.seed import call_rows as rows
from hub.seed.points import Judged, Placed, judge, rank
from hub.seed.register import MINIMUM, Filed, Held, Register
from hub.seed.rows import Membership
from hub.tenants.calls.selection.publish import HEADER, published_line
from hub.tenants.calls.selection.schemas import Entry
from hub.tenants.calls.selection.spreadsheet import line

# Two evaluators so far apart that a third was asked, who agreed with the kinder one.
APART = ((50, 56), (80, 86), (82, 90))
# How far two evaluators of one application are from each other at most.
NEAR = 8
NOTES = (
    "Proposta solida e ben documentata.",
    "Esperienza adeguata; orari di apertura da ampliare.",
    "Buoni accordi con il territorio, personale da formare.",
    "Locali adatti; il progetto è chiaro.",
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an application is worth: the bounds of its totals, one pair for each evaluator."""

    bounds: tuple[tuple[int, int], ...]


def verdict(register: Register, least: int, most: int) -> Verdict:
    """Two evaluators who nearly agree, somewhere between `least` and `most`."""
    floor = register.luck.randint(least, max(least, most - NEAR))
    return Verdict(((floor, min(floor + NEAR, most)),) * 2)


def evaluate(
    register: Register,
    held: Held,
    verdicts: Mapping[UUID, Verdict],
    until: datetime,
    *,
    left_open: Sequence[tuple[int, int]] = (),
) -> list[Judged]:
    """By all evaluators in turns. `left_open` are (application, ordinal), counted from 0 and from 1."""
    judged = []
    filed = {one.id: one for one in register.filed if one.id in verdicts}
    for number, (application_id, worth) in enumerate(verdicts.items()):
        one = filed[application_id]
        region = one.applicant.content.organisation.region_code
        judging = Judged(application_id, region, one.protocol)
        assigned = given_at = held.row.evaluating_at or held.row.closes_at
        for ordinal, bounds in enumerate(worth.bounds, 1):
            who = register.evaluators[(number + ordinal - 1) % len(register.evaluators)]
            if ordinal == 3:
                register.tell(assigned, None, "evaluation.third_asked", "application", one.id)
            row = _assign(register, held, application_id, ordinal, who.id, assigned)
            if (number, ordinal) in left_open:
                register.batch.add(row)
                continue
            # The second evaluates after the first, so that the third is asked after both.
            given_at += (until - given_at) * register.luck.uniform(0.05, 0.5)
            judging.given.append(_give(register, held, row, who, given_at, bounds))
            assigned = assigned if ordinal == 1 else given_at
        judged.append(judging)
    return judged


def _assign(
    register: Register,
    held: Held,
    application_id: UUID,
    ordinal: int,
    membership_id: UUID,
    assigned: datetime,
) -> rows.Evaluation:
    return rows.Evaluation(
        id=register.new_id(assigned),
        tenant_id=register.ente_id,
        call_id=held.row.id,
        application_id=application_id,
        membership_id=membership_id,
        ordinal=ordinal,
        state="assigned",
        declared_at=None,
        note="",
        total=None,
        assigned_at=assigned,
        submitted_at=None,
    )


def _give(
    register: Register,
    held: Held,
    row: rows.Evaluation,
    who: Membership,
    at: datetime,
    bounds: tuple[int, int],
) -> tuple[dict[UUID, int], Decimal]:
    points, total = judge(register.luck, held.criteria, *bounds)
    declared = at - timedelta(minutes=40)
    register.batch.add(
        row._replace(
            state="submitted",
            declared_at=declared,
            note=register.luck.choice(NOTES),
            total=total,
            submitted_at=at,
        )
    )
    register.tell(declared, who, "evaluation.declared", "evaluation", row.id)
    register.tell(at, who, "evaluation.submitted", "evaluation", row.id)
    for criterion, number in points.items():
        score = register.new_id(at)
        register.batch.add(rows.EvaluationScore(score, register.ente_id, row.id, criterion, number))
    return points, total


def decide(
    register: Register,
    held: Held,
    judged: Sequence[Judged],
    proposed: datetime,
    approved: datetime,
) -> UUID:
    """Rank, approve by the second admin, and give each application its outcome. Returns the ranking's id."""
    filed = {one.id: one for one in register.filed if one.call is held.row}
    placed = rank(judged, held.text.places, MINIMUM)
    entries = [_entry(filed[one.judged.application_id], one) for one in placed]
    # Those excluded before they were evaluated come last in their region.
    entries += [_entry(one, None) for one in filed.values() if one.excluded]
    entries.sort(key=lambda one: (one.region_code, one.position or 10**9, one.protocol_number))
    digest = sha256(line(HEADER) + b"".join(map(published_line, entries))).digest()
    ranking = rows.Ranking(
        id=register.new_id(proposed),
        tenant_id=register.ente_id,
        call_id=held.row.id,
        number=1,
        state="approved",
        proposed_at=proposed,
        proposed_by=register.runner.id,
        decided_at=approved,
        decided_by=register.second.id,
        content_hash=digest,
    )
    register.batch.add(ranking)
    for entry in entries:
        _write(register, ranking, entry)
        one = filed[entry.application_id]
        one.state, one.changed_at = entry.outcome, approved
        if entry.reason and not one.excluded:
            one.excluded = (entry.reason, None)
    register.tell(
        proposed,
        register.runner,
        "ranking.proposed",
        "ranking",
        ranking.id,
        entries=len(entries),
    )
    register.tell(
        approved, register.second, "ranking.approved", "ranking", ranking.id, sha256=digest.hex()
    )
    return ranking.id


def succeed(
    register: Register, ranking_id: UUID, left: Filed, successor: Filed, at: datetime
) -> None:
    """One that was admitted withdraws, and the first of the reserve takes its place."""
    left.state, left.changed_at = "withdrawn", at
    left.withdrawn = (at, "La sede non è più disponibile.")
    successor.state, successor.changed_at = "admitted", at
    register.batch.add(
        rows.RankingSuccession(
            register.new_id(at), register.ente_id, ranking_id, left.id, successor.id, at
        )
    )
    register.tell(at, None, "application.withdrawn", "application", left.id)
    register.tell(at, None, "application.moved_up", "application", successor.id)


def _entry(filed: Filed, placed: Placed | None) -> Entry:
    """As the ranking shows it on the day it is approved."""
    town, organisation = filed.applicant.plan.town, filed.applicant.content.organisation
    year, number = filed.protocol
    return Entry(
        application_id=filed.id,
        protocol_year=year,
        protocol_number=number,
        organisation_name=organisation.name,
        municipality=town.name,
        province=town.province_name,
        region_code=town.region_code,
        region=town.region_name,
        position=placed.position if placed else None,
        score=placed.judged.score if placed else None,
        outcome=placed.outcome if placed else "excluded",  # type: ignore[arg-type]  # of the three that `rank` knows
        reason=placed.reason if placed else filed.excluded and filed.excluded[0],
        state="submitted",
        replaces_year=None,
        replaces_number=None,
        moved_up_at=None,
    )


def _write(register: Register, ranking: rows.Ranking, entry: Entry) -> None:
    register.batch.add(
        rows.RankingEntry(
            id=register.new_id(ranking.proposed_at),
            tenant_id=register.ente_id,
            ranking_id=ranking.id,
            application_id=entry.application_id,
            region_code=entry.region_code,
            region=entry.region,
            province=entry.province,
            municipality=entry.municipality,
            position=entry.position,
            score=entry.score,
            outcome=entry.outcome,
            reason=entry.reason,
        )
    )
