"""The rows of the demo network's calls: what is written of them, what came in, and how it was selected."""

from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

# json columns hold their text, text[] columns a list.


class File(NamedTuple):
    id: UUID
    tenant_id: UUID
    name: str
    media_type: str
    size: int
    sha256: bytes
    created_at: datetime


class FilePart(NamedTuple):
    id: UUID
    tenant_id: UUID
    file_id: UUID
    position: int
    content: bytes


class Call(NamedTuple):
    id: UUID
    tenant_id: UUID
    slug: str
    title: str
    text: str
    regions: list[str]
    host_kinds: list[str]
    required_files: str
    minimum_points: int
    difference_limit: int
    opens_at: datetime
    closes_at: datetime
    state: str
    published_at: datetime
    evaluating_at: datetime | None
    decided_at: datetime | None
    created_at: datetime
    created_by: UUID
    updated_at: datetime


class CallCriterion(NamedTuple):
    id: UUID
    tenant_id: UUID
    call_id: UUID
    position: int
    name: str
    description: str
    max_points: int
    weight: int


class CallQuota(NamedTuple):
    id: UUID
    tenant_id: UUID
    call_id: UUID
    region_code: str
    places: int


class CallDocument(NamedTuple):
    id: UUID
    tenant_id: UUID
    call_id: UUID
    file_id: UUID
    title: str
    added_at: datetime


class CallQuestion(NamedTuple):
    id: UUID
    tenant_id: UUID
    call_id: UUID
    asked_at: datetime
    question: str
    state: str
    answer: str | None
    answered_at: datetime | None
    answered_by: UUID | None


class CallEvaluator(NamedTuple):
    id: UUID
    tenant_id: UUID
    call_id: UUID
    membership_id: UUID
    named_at: datetime
    named_by: UUID
    reminded_at: datetime | None


class Application(NamedTuple):
    id: UUID
    tenant_id: UUID
    call_id: UUID
    email: str
    state: str
    answers: str
    content: str | None
    content_hash: bytes | None
    organisation_name: str | None
    host_kind: str | None
    fiscal_code: str | None
    ipa_code: str | None
    municipality_code: str | None
    region_code: str | None
    legal_basis: str | None
    protocol_year: int | None
    protocol_number: int | None
    submitted_at: datetime | None
    excluded_reason: str | None
    excluded_note: str | None
    withdrawn_at: datetime | None
    withdrawn_reason: str | None
    created_at: datetime
    updated_at: datetime


class ApplicationDesk(NamedTuple):
    id: UUID
    tenant_id: UUID
    application_id: UUID
    position: int
    name: str
    municipality_code: str
    address: str
    opening_hours: str
    staff: int


class ApplicationCompletion(NamedTuple):
    id: UUID
    tenant_id: UUID
    application_id: UUID
    asked_at: datetime
    asked_by: UUID
    request: str
    due_at: datetime


class ApplicationFile(NamedTuple):
    id: UUID
    tenant_id: UUID
    application_id: UUID
    kind: str
    file_id: UUID
    added_at: datetime


class ProtocolCounter(NamedTuple):
    id: UUID
    tenant_id: UUID
    year: int
    last: int


class Evaluation(NamedTuple):
    id: UUID
    tenant_id: UUID
    call_id: UUID
    application_id: UUID
    membership_id: UUID
    ordinal: int
    state: str
    declared_at: datetime | None
    note: str
    total: Decimal | None
    assigned_at: datetime
    submitted_at: datetime | None


class EvaluationScore(NamedTuple):
    id: UUID
    tenant_id: UUID
    evaluation_id: UUID
    criterion_id: UUID
    points: int


class Ranking(NamedTuple):
    id: UUID
    tenant_id: UUID
    call_id: UUID
    number: int
    state: str
    proposed_at: datetime
    proposed_by: UUID
    decided_at: datetime
    decided_by: UUID
    content_hash: bytes


class RankingEntry(NamedTuple):
    id: UUID
    tenant_id: UUID
    ranking_id: UUID
    application_id: UUID
    region_code: str
    region: str
    province: str | None
    municipality: str | None
    position: int | None
    score: Decimal | None
    outcome: str
    reason: str | None


class RankingSuccession(NamedTuple):
    id: UUID
    tenant_id: UUID
    ranking_id: UUID
    withdrawn_id: UUID
    admitted_id: UUID
    at: datetime


class Audit(NamedTuple):
    id: UUID
    tenant_id: UUID
    at: datetime
    account_id: UUID | None
    membership_id: UUID | None
    action: str
    subject_kind: str
    subject_id: UUID
    codes: str


CallRow = (
    File
    | FilePart
    | Call
    | CallCriterion
    | CallQuota
    | CallDocument
    | CallQuestion
    | CallEvaluator
    | Application
    | ApplicationDesk
    | ApplicationCompletion
    | ApplicationFile
    | ProtocolCounter
    | Evaluation
    | EvaluationScore
    | Ranking
    | RankingEntry
    | RankingSuccession
    | Audit
)

# In the order in which foreign keys let them be written.
CALL_TABLES: dict[type[Any], str] = {
    File: "files",
    FilePart: "file_parts",
    Call: "calls",
    CallCriterion: "call_criteria",
    CallQuota: "call_quotas",
    CallDocument: "call_documents",
    CallQuestion: "call_questions",
    CallEvaluator: "call_evaluators",
    Application: "applications",
    ApplicationDesk: "application_desks",
    ApplicationCompletion: "application_completions",
    ApplicationFile: "application_files",
    ProtocolCounter: "protocol_counters",
    Evaluation: "evaluations",
    EvaluationScore: "evaluation_scores",
    Ranking: "rankings",
    RankingEntry: "ranking_entries",
    RankingSuccession: "ranking_successions",
    Audit: "audit_log",
}
# These refuse what comes too late, and what is no draft any more: the past cannot come in through them.
GUARDED = ("applications", "application_files")
