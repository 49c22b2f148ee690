"""Which lenders a case fits, and why: every rule has passed, failed, or cannot be told.

The hub does not recommend (credit mediation is reserved, art. 128-sexies of the Consolidated Banking Act): the citizen
chooses, and the order of the lenders is drawn by lot for each case.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

Outcome = Literal["passed", "failed", "unknown"]
# How long an answer may take where the service does not say: working days.
USUAL_ANSWER_DAYS = 10


@dataclass(frozen=True, slots=True)
class Service:
    """What a lender offers today."""

    lender_id: UUID
    lender_name: str
    kind: str
    name: str
    regions: frozenset[str]
    min_amount_cents: int | None
    max_amount_cents: int | None
    answer_days: int | None


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for, as far as lenders differ in it."""

    kind: str
    amount_cents: int
    region_code: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule: `kind`, `region`, `smallest` or `largest` amount. `limit_cents` is the lender's own."""

    rule: str
    outcome: Outcome
    limit_cents: int | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """One lender, by the service that comes closest."""

    lender_id: UUID
    lender_name: str
    service_name: str
    answer_days: int
    findings: tuple[Finding, ...]

    @property
    def fits(self) -> bool:
        return not self.failures

    @property
    def failures(self) -> int:
        return sum(finding.outcome == "failed" for finding in self.findings)


def judge(request: Request, services: Iterable[Service], lot: UUID) -> list[Verdict]:
    """A verdict for each lender: those who fit first, within that in an order drawn from `lot`."""
    by_lender: dict[UUID, list[Service]] = defaultdict(list)
    for service in services:
        by_lender[service.lender_id].append(service)
    verdicts = [_closest(request, offered) for offered in by_lender.values()]
    return sorted(verdicts, key=lambda one: (not one.fits, _drawn(lot, one.lender_id)))


def _closest(request: Request, offered: list[Service]) -> Verdict:
    verdicts = [_verdict(request, service) for service in offered]
    return min(verdicts, key=lambda one: one.failures)


def _verdict(request: Request, service: Service) -> Verdict:
    return Verdict(
        service.lender_id,
        service.lender_name,
        service.name,
        service.answer_days or USUAL_ANSWER_DAYS,
        (
            Finding("kind", _told(service.kind == request.kind)),
            Finding("region", _told(request.region_code in service.regions)),
            _amount(
                "smallest", service.min_amount_cents, lambda least: request.amount_cents >= least
            ),
            _amount("largest", service.max_amount_cents, lambda most: request.amount_cents <= most),
        ),
    )


def _told(passed: bool) -> Outcome:  # noqa: FBT001 - the one thing it is about
    return "passed" if passed else "failed"


def _amount(rule: str, limit: int | None, holds: Callable[[int], bool]) -> Finding:
    return Finding(rule, "unknown") if limit is None else Finding(rule, _told(holds(limit)), limit)


def _drawn(lot: UUID, lender_id: UUID) -> bytes:
    return hashlib.sha256(lot.bytes + lender_id.bytes).digest()
