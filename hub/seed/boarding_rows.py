"""The rows of the demo network's coming on board: set-ups with their points, protocols, invitations, trainings."""

from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

# json columns hold their text, text[] columns a list.


class Setup(NamedTuple):
    id: UUID
    tenant_id: UUID
    coordinator_id: UUID
    kinds: list[str]
    state: str
    contact_name: str
    contact_email: str
    contact_phone: str
    started_at: datetime
    due_on: date
    ended_at: datetime | None
    ended_by: UUID | None


class SetupPoint(NamedTuple):
    id: UUID
    tenant_id: UUID
    setup_id: UUID
    code: str
    position: int
    state: str
    due_on: date
    changed_at: datetime
    have: int
    want: int


class SetupException(NamedTuple):
    id: UUID
    tenant_id: UUID
    setup_id: UUID
    code: str
    reason: str
    asked_by: UUID
    asked_at: datetime
    state: str


class ProtocolTemplate(NamedTuple):
    id: UUID
    tenant_id: UUID
    kind: str
    number: int
    title: str
    text: str
    years: int
    created_at: datetime
    created_by: UUID


class Protocol(NamedTuple):
    id: UUID
    tenant_id: UUID
    organisation_id: UUID
    template_id: UUID
    year: int
    serial: int
    state: str
    contact_name: str
    contact_email: str
    content: str
    document_id: UUID
    document_sha256: bytes
    sent_at: datetime
    signed_file_id: UUID | None
    uploaded_at: datetime | None
    checked: str | None
    checked_by: UUID | None
    signed_on: date | None
    expires_on: date | None
    created_at: datetime
    created_by: UUID


class Invitation(NamedTuple):
    id: UUID
    tenant_id: UUID
    email: str
    name: str
    role: str
    state: str
    created_at: datetime
    sent_at: datetime
    expires_at: datetime
    accepted_at: datetime | None
    membership_id: UUID | None


class Training(NamedTuple):
    id: UUID
    tenant_id: UUID
    membership_id: UUID
    course: str
    completed_on: date
    certificate_id: UUID
    recorded_at: datetime
    recorded_by: UUID


BoardingRow = (
    Setup | SetupPoint | SetupException | ProtocolTemplate | Protocol | Invitation | Training
)

# Desks refer to set-ups; what comes later refers to people and files.
SETUP_TABLES: dict[type[Any], str] = {
    Setup: "setups",
    SetupPoint: "setup_points",
    SetupException: "setup_exceptions",
}
PAPER_TABLES: dict[type[Any], str] = {
    ProtocolTemplate: "protocol_templates",
    Protocol: "protocols",
    Invitation: "invitations",
    Training: "trainings",
}
