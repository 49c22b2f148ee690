"""What a call is: read from its rows, and the words for its parts."""

from datetime import datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

import msgspec

from hub.web.i18n import N_

CallState = Literal["draft", "published", "evaluating", "proposed", "decided"]

# The kinds of host, as `tenants.host_kind` has them too.
HOST_KINDS = {
    "municipality": N_("Municipality or union of municipalities"),
    "province": N_("Province or metropolitan city, for its job centres"),
    "chamber": N_("Chamber of commerce"),
    "university": N_("University"),
    "other": N_("Other public administration"),
}
CALL_STATES = {
    "draft": N_("Draft"),
    "published": N_("Published"),
    "evaluating": N_("In evaluation"),
    "proposed": N_("Ranking proposed"),
    "decided": N_("Ranking published"),
}


class RequiredFile(msgspec.Struct, frozen=True):
    """Something to attach. `code` never changes once the call is published."""

    code: str
    label: str
    required: bool = True


class CriterionDraft(msgspec.Struct, frozen=True):
    name: str
    description: str
    max_points: int
    weight: int


class CallDraft(msgspec.Struct, frozen=True, kw_only=True):
    """What the Ente has written of a call so far. Without a `slug` one is made of the title."""

    title: str
    slug: str = ""
    text: str = ""
    regions: tuple[str, ...] = ()
    host_kinds: tuple[str, ...] = ()
    required_files: tuple[RequiredFile, ...] = ()
    criteria: tuple[CriterionDraft, ...] = ()
    quotas: dict[str, int] = {}
    minimum_points: int = 60
    difference_limit: int = 20
    opens_at: datetime | None = None
    closes_at: datetime | None = None


class Criterion(msgspec.Struct, frozen=True):
    """Evaluators give 0 to `max_points`; the weights of a call make 100."""

    id: UUID
    position: int
    name: str
    description: str
    max_points: int
    weight: int


class Extension(msgspec.Struct, frozen=True):
    closed_before: datetime
    closes_at: datetime
    reason: str
    extended_at: datetime


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """`quotas` is how many administrations are admitted at most, by region code."""

    id: UUID
    tenant_id: UUID
    slug: str
    title: str
    text: str
    regions: tuple[str, ...]
    host_kinds: tuple[str, ...]
    required_files: tuple[RequiredFile, ...]
    minimum_points: int
    difference_limit: int
    opens_at: datetime | None
    closes_at: datetime | None
    state: CallState
    published_at: datetime | None
    evaluating_at: datetime | None
    decided_at: datetime | None
    updated_at: datetime
    version: int
    criteria: tuple[Criterion, ...] = ()
    quotas: dict[str, int] = {}
    extensions: tuple[Extension, ...] = ()

    def is_open(self, now: datetime) -> bool:
        """As far as this process's clock knows; the database has the last word."""
        return (
            self.state == "published"
            and self.opens_at is not None
            and self.closes_at is not None
            and self.opens_at <= now < self.closes_at
        )


def weighted(points: Decimal | int, criterion: Criterion) -> Decimal:
    """What a criterion's points add to a total of 100."""
    return Decimal(points) * criterion.weight / criterion.max_points
