"""What lenders and tutors offer: loans and tutoring, to whom, where, how much and how fast."""

from datetime import date
from typing import NamedTuple
from uuid import UUID

from hub.web.i18n import N_

ENTERPRISE_LOAN, SOCIAL_LOAN, TUTORING = "enterprise_loan", "social_loan", "tutoring"
KINDS = {
    ENTERPRISE_LOAN: N_("Loan for an enterprise"),
    SOCIAL_LOAN: N_("Social loan"),
    TUTORING: N_("Tutoring"),
}
_OF_ORGANISATION = {"lender": (ENTERPRISE_LOAN, SOCIAL_LOAN), "tutor": (TUTORING,)}

# Whom a service is for. None stated means everyone the law lets it serve.
BENEFICIARIES = {
    "unemployed": N_("People out of work"),
    "women": N_("Women"),
    "young": N_("Young people under 35"),
    "over_50": N_("People over 50"),
    "migrants": N_("Migrants"),
    "vulnerable": N_("People in economic or social difficulty"),
    "families": N_("Families"),
    "disabled": N_("People with disabilities"),
    "self_employed": N_("The self-employed and professionals"),
    "sole_traders": N_("Sole traders"),
    "micro_enterprises": N_("Micro-enterprises"),
    "start_ups": N_("New enterprises"),
    "cooperatives": N_("Cooperatives"),
    "social_enterprises": N_("Social enterprises and associations"),
}


class Offered(NamedTuple):
    """One version of a service: what is offered from `valid_from` to `valid_to`, both included."""

    id: UUID
    service_id: UUID
    kind: str
    name: str
    description: str
    regions: tuple[str, ...]
    min_amount_cents: int | None
    max_amount_cents: int | None
    currency: str
    beneficiaries: tuple[str, ...]
    capacity: int | None
    answer_days: int | None
    valid_from: date
    valid_to: date | None
    version: int


def kinds_for(organisation_kinds: tuple[str, ...] | list[str]) -> list[str]:
    """The kinds of service that an organisation with these kinds may offer."""
    may = {kind for one in organisation_kinds for kind in _OF_ORGANISATION.get(one, ())}
    return [kind for kind in KINDS if kind in may]
