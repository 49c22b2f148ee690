"""Which lenders a case fits, and why: every rule has passed, failed, warns, or cannot be told.

The hub does not recommend (credit mediation is reserved, art. 128-sexies of the Consolidated Banking Act): the citizen
chooses, and the order of the lenders is drawn by lot for each case.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal
from uuid import UUID

Outcome = Literal["passed", "failed", "warned", "unknown"]
# How many cases a lender has taken on this month, or may still: by lender and kind of service.
Taken = Mapping[tuple[UUID, str], int]
# How long an answer may take where the service does not say: working days.
USUAL_ANSWER_DAYS = 10
# The groups "young" and "over_50" of `hub/tenants/services/schemas.py`.
YOUNG_UNTIL, OLDER_THAN = 35, 50


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
    beneficiaries: tuple[str, ...] = ()
    """For whom it is; for everyone where it names nobody."""
    capacity: int | None = None
    """New cases a month. A lender's services of one kind share the sum of theirs: a case does not say by which it comes."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for, as far as lenders differ in it. `age` is None where the date of birth is not recorded."""

    kind: str
    amount_cents: int
    region_code: str
    age: int | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule: `kind`, `region`, `smallest` or `largest` amount, `beneficiaries`, `capacity`; limits are the lender's own."""

    rule: str
    outcome: Outcome
    limit_cents: int | None = None
    groups: tuple[str, ...] = ()
    a_month: int | None = None


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

    @property
    def warnings(self) -> int:
        return sum(finding.outcome == "warned" for finding in self.findings)


def judge(
    request: Request, services: Iterable[Service], lot: UUID, taken: Taken | None = None
) -> list[Verdict]:
    """A verdict for each lender: those who fit first, within that in an order drawn from `lot`."""
    by_lender: dict[UUID, list[Service]] = defaultdict(list)
    for service in services:
        by_lender[service.lender_id].append(service)
    verdicts = [_closest(request, offered, taken or {}) for offered in by_lender.values()]
    return sorted(verdicts, key=lambda one: (not one.fits, _drawn(lot, one.lender_id)))


def _closest(request: Request, offered: list[Service], taken: Taken) -> Verdict:
    verdicts = [
        _verdict(request, service, _capacity(service, offered, taken)) for service in offered
    ]
    return min(verdicts, key=lambda one: (one.failures, one.warnings))


def _verdict(request: Request, service: Service, capacity: Finding) -> Verdict:
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
            _beneficiaries(request, service),
            capacity,
        ),
    )


def _told(passed: bool) -> Outcome:  # noqa: FBT001 - the one thing it is about
    return "passed" if passed else "failed"


def _amount(rule: str, limit: int | None, holds: Callable[[int], bool]) -> Finding:
    return Finding(rule, "unknown") if limit is None else Finding(rule, _told(holds(limit)), limit)


def _beneficiaries(request: Request, service: Service) -> Finding:
    """Of the groups that a lender may name, a case knows those by age; the others the desk asks the citizen about."""
    groups = service.beneficiaries
    if not groups:
        return Finding("beneficiaries", "passed")
    holds = [_belongs(request, group) for group in groups]
    if True in holds:
        return Finding("beneficiaries", "passed", groups=groups)
    return Finding("beneficiaries", "unknown" if None in holds else "failed", groups=groups)


def _belongs(request: Request, group: str) -> bool | None:
    """None where the case does not know."""
    if request.age is None or group not in ("young", "over_50"):
        return None
    return request.age < YOUNG_UNTIL if group == "young" else request.age > OLDER_THAN


def _capacity(service: Service, offered: list[Service], taken: Taken) -> Finding:
    """A warning only: the lender may still say yes, and which cases it declines is not known yet."""
    a_month = 0
    for one in offered:
        if one.kind == service.kind:
            if one.capacity is None:
                return Finding("capacity", "unknown")
            a_month += one.capacity
    full = taken.get((service.lender_id, service.kind), 0) >= a_month
    return Finding("capacity", "warned" if full else "passed", a_month=a_month)


def age_on(day: date, born_on: date) -> int:
    """In completed years."""
    return day.year - born_on.year - ((day.month, day.day) < (born_on.month, born_on.day))


def _drawn(lot: UUID, lender_id: UUID) -> bytes:
    return hashlib.sha256(lot.bytes + lender_id.bytes).digest()
