"""What the rows of an organisation prove of its checklist: pure rules, read by `refresh`."""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec

from hub.tenants.onboarding import schemas

# Which services make a lender one, and which a tutor.
SERVICE_KINDS = {
    "lender": frozenset({"enterprise_loan", "social_loan"}),
    "tutor": frozenset({"tutoring"}),
}


class Progress(NamedTuple):
    have: int
    want: int

    @property
    def done(self) -> bool:
        return self.have >= self.want


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """Of one set-up. People of the Ente who are there as support, and memberships that are over, do not count."""

    setup_id: UUID
    tenant_id: UUID
    setup_state: str
    kinds: tuple[str, ...]
    started_at: datetime
    signed_kinds: tuple[str, ...] = ()
    admins: int = 0
    admins_invited: int = 0
    operators: int = 0
    operators_invited: int = 0
    operators_trained: int = 0
    desks: int = 0
    desks_complete: int = 0
    desks_serving: int = 0
    service_kinds: tuple[str, ...] = ()
    lender_register: bool = False
    tutor_register: bool = False
    test_answered_at: datetime | None = None


def progress_of(code: str, evidence: Evidence) -> Progress:
    """How far one point is. Raises KeyError for a point that does not exist."""
    return _RULES[code](evidence)


def state_after(before: str, progress: Progress) -> str:
    """`undone` is what was done before: it needs somebody's attention more than what was never done."""
    if progress.done:
        return "done"
    return "undone" if before in ("done", "undone") else "open"


def _protocols(evidence: Evidence) -> Progress:
    kinds = set(evidence.kinds)
    return Progress(len(kinds & set(evidence.signed_kinds)), len(kinds))


def _administrators(evidence: Evidence) -> Progress:
    return Progress(min(evidence.admins + evidence.admins_invited, 1), 1)


def _operators(evidence: Evidence) -> Progress:
    """A host needs one for each of its desks."""
    want = max(evidence.desks, 1) if "host" in evidence.kinds else 1
    return Progress(min(evidence.operators + evidence.operators_invited, want), want)


def _training(evidence: Evidence) -> Progress:
    return Progress(evidence.operators_trained, max(evidence.operators, 1))


def _desks(evidence: Evidence) -> Progress:
    return Progress(evidence.desks_complete, max(evidence.desks, 1))


def _services(evidence: Evidence) -> Progress:
    have = want = 0
    if "host" in evidence.kinds:
        have, want = evidence.desks_serving, max(evidence.desks, 1)
    for kind, services in SERVICE_KINDS.items():
        if kind in evidence.kinds:
            have, want = have + bool(services & set(evidence.service_kinds)), want + 1
    return Progress(have, want)


def _registers(evidence: Evidence) -> Progress:
    stated = {"lender": evidence.lender_register, "tutor": evidence.tutor_register}
    asked = [stated[kind] for kind in stated if kind in evidence.kinds]
    return Progress(sum(asked), len(asked))


def _test_referral(evidence: Evidence) -> Progress:
    answered = evidence.test_answered_at
    return Progress(int(answered is not None and answered >= evidence.started_at), 1)


_RULES: dict[str, Callable[[Evidence], Progress]] = {
    schemas.PROTOCOL_SIGNED: _protocols,
    schemas.REGISTER_STATED: _registers,
    schemas.ADMINISTRATOR_INVITED: _administrators,
    schemas.OPERATORS_INVITED: _operators,
    schemas.TRAINING_COMPLETED: _training,
    schemas.DESKS_COMPLETE: _desks,
    schemas.SERVICES_STATED: _services,
    schemas.TEST_REFERRAL_ANSWERED: _test_referral,
}
