"""One row of every tenant table for an organisation, so that another can be shown not to reach it.

Rows are written past row security, as a superuser: a table that a tenant itself cannot write has one too.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID

from hub import clock
from hub.ids import uuid7
from tests.factories import CAMPANIA, NAPLES, Tenant, unique
from tests.support.databases import Connection

Values = dict[str, object]

# All of them, so that no page is closed to the organisation for its kind.
KINDS = ("coordinator", "host", "lender", "tutor")


@dataclass(frozen=True, slots=True)
class Organisation:
    """`rows` has the id of its row in each table."""

    id: UUID
    rows: dict[str, UUID] = field(default_factory=dict)

    @property
    def tenant(self) -> Tenant:
        return Tenant(self.id, "", KINDS)


async def make_organisation(superuser: Connection) -> Organisation:
    organisation = Organisation(uuid7())
    for table in ("tenants", "accounts", *TENANT_ROWS):
        values = new_row(table, organisation)
        organisation.rows[table] = UUID(str(values["id"]))
        await superuser.execute(*insertion(table, values))
    return organisation


def new_row(table: str, of: Organisation) -> Values:
    """Values for one more row, which points to the rows that the organisation already has."""
    if table in TENANT_ROWS:
        return {"id": uuid7(), "tenant_id": of.id} | TENANT_ROWS[table](of.rows)
    return _tenant(of) if table == "tenants" else _account()


def insertion(table: str, values: Values) -> tuple[str, *tuple[object, ...]]:
    """The statement and its arguments."""
    columns = ", ".join(values)
    places = ", ".join(f"${number}" for number in range(1, len(values) + 1))
    return (f"INSERT INTO {table} ({columns}) VALUES ({places})", *values.values())


def _tenant(of: Organisation) -> Values:
    name = unique("Organisation")
    return {"id": of.id, "name": name, "name_search": name.lower(), "kinds": list(KINDS)} | {
        "state": "active",
        "created_at": clock.now(),
    }


def _account() -> Values:
    email = f"{unique('person')}@example.org"
    named = {"id": uuid7(), "email": email, "name": "Anna Prova"}
    return named | {"password_hash": "!", "created_at": clock.now()}


Rows = dict[str, UUID]
MONEY: Values = {"kind": "enterprise_loan", "amount_cents": 100_000, "region_code": CAMPANIA}
TERMS: Values = {"purpose": "assessment", "basis": "request", "notice_version": "2026-1"}


def _service(first_version: UUID) -> Values:
    """A service has the id of its first version, as the hub gives it."""
    return {
        "id": first_version,
        "service_id": first_version,
        "kind": "tutoring",
        "name": "Tutoring",
        "regions": [CAMPANIA],
        "valid_from": date(2026, 1, 1),
    }


def _referral(rows: Rows) -> Values:
    return {
        **MONEY,
        **TERMS,
        "case_id": rows["cases"],
        "desk_id": rows["desks"],
        "case_number": "10000",
        "mode": "pooled",
        "state": "open",
        "sent_at": clock.now(),
        "fields": ["name"],
        "created_at": clock.now(),
        "created_by": rows["memberships"],
    }


def _received_offer(rows: Rows) -> Values:
    """Its own organisation sent it: who sent and who received is not what isolation is about."""
    return {
        **MONEY,
        "id": rows["offers"],
        "sender_id": rows["tenants"],
        "referral_id": rows["referrals"],
        "case_number": "10000",
        "currency": "EUR",
        "state": "offered",
        "offered_at": clock.now(),
        "due_on": date(2030, 1, 1),
        "opened_by": rows["memberships"],
        "answered_by": rows["memberships"],
    }


def _disclosure(rows: Rows) -> Values:
    return {
        **TERMS,
        "received_offer_id": rows["received_offers"],
        "sender_id": rows["tenants"],
        "payload": "{}",
        "disclosed_at": clock.now(),
        "disclosed_by": rows["memberships"],
    }


def _offer_event(rows: Rows) -> Values:
    return {
        "referral_id": rows["referrals"],
        "offer_id": rows["offers"],
        "from_state": "draft",
        "to_state": "offered",
        "effective_at": clock.now(),
        "recorded_at": clock.now(),
    }


def _consultation(rows: Rows) -> Values:
    return {
        "citizen_id": rows["citizens"],
        "case_id": rows["cases"],
        "desk_id": rows["desks"],
        "channel": "phone",
        "held_on": date(2026, 1, 1),
        "recorded_at": clock.now(),
        "recorded_by": rows["memberships"],
    }


def _case(rows: Rows) -> Values:
    return {
        **MONEY,
        "number": unique("number"),
        "citizen_id": rows["citizens"],
        "desk_id": rows["desks"],
        "purpose": "a bakery",
        "state": "open",
        "milestone": "opened",
        "opened_at": clock.now(),
        "opened_by": rows["memberships"],
        "assigned_to": rows["memberships"],
        "updated_at": clock.now(),
    }


def _campaign(rows: Rows) -> Values:
    return {
        "subject": "News",
        "blocks": "[]",
        "segment": '{"type": "all", "rules": []}',
        "state": "sent",
        "bodies": '{"it": {"html": "<p>News</p>", "text": "News"}, "en": {"html": "<p>News</p>", "text": "News"}}',
        "created_at": clock.now(),
        "created_by": rows["memberships"],
        "started_by": rows["memberships"],
        "updated_at": clock.now(),
    }


def _delivery(rows: Rows) -> Values:
    return {
        "campaign_id": rows["campaigns"],
        "email": f"{unique('reader')}@example.org",
        "email_token": secrets.token_bytes(32),
        "name": "",
        "locale": "it",
        "state": "queued",
        "due_at": clock.now(),
        "updated_at": clock.now(),
    }


def _call(rows: Rows) -> Values:
    day = timedelta(days=1)
    return {
        "slug": unique("call"),
        "title": "A call",
        "state": "published",
        "opens_at": clock.now() - day,
        "closes_at": clock.now() + day,
        "published_at": clock.now() - day,
        "created_at": clock.now(),
        "created_by": rows["memberships"],
        "updated_at": clock.now(),
    }


def _application(rows: Rows) -> Values:
    return {
        "call_id": rows["calls"],
        "email": "ufficio@example.org",
        "created_at": clock.now(),
        "updated_at": clock.now(),
    }


def _evaluation(rows: Rows) -> Values:
    return {
        "call_id": rows["calls"],
        "application_id": rows["applications"],
        "membership_id": rows["memberships"],
        "ordinal": 1,
        "assigned_at": clock.now(),
    }


# A sample and one more of the same must both fit.
CALL_ROWS: dict[str, Callable[[Rows], Values]] = {
    "files": lambda _: {
        "name": "statute.pdf",
        "media_type": "application/pdf",
        "size": 4,
        "sha256": secrets.token_bytes(32),
        "created_at": clock.now(),
    },
    "file_parts": lambda rows: {
        "file_id": rows["files"],
        "position": secrets.randbelow(1_000_000),
        "content": b"%PDF",
    },
    "calls": _call,
    "call_criteria": lambda rows: {
        "call_id": rows["calls"],
        "position": secrets.randbelow(30_000),
        "name": "Experience",
        "max_points": 10,
        "weight": 100,
    },
    "call_quotas": lambda rows: {
        "call_id": rows["calls"],
        "region_code": CAMPANIA,
        "places": 3,
    },
    "call_extensions": lambda rows: {
        "call_id": rows["calls"],
        "closed_before": clock.now(),
        "closes_at": clock.now() + timedelta(days=9),
        "reason": "holidays",
        "extended_at": clock.now(),
        "extended_by": rows["memberships"],
    },
    "call_documents": lambda rows: {
        "call_id": rows["calls"],
        "file_id": rows["files"],
        "title": "Notice",
        "added_at": clock.now(),
    },
    "call_questions": lambda rows: {
        "call_id": rows["calls"],
        "asked_at": clock.now(),
        "question": "Who may apply?",
    },
    "call_evaluators": lambda rows: {
        "call_id": rows["calls"],
        "membership_id": rows["memberships"],
        "named_at": clock.now(),
        "named_by": rows["memberships"],
    },
    "applications": _application,
    "application_desks": lambda rows: {
        "application_id": rows["applications"],
        "position": secrets.randbelow(30_000),
        "name": "Desk",
        "municipality_code": NAPLES,
        "address": "Via Toledo 1",
        "opening_hours": "9-12",
        "staff": 1,
    },
    "application_completions": lambda rows: {
        "application_id": rows["applications"],
        "asked_at": clock.now(),
        "asked_by": rows["memberships"],
        "request": "Please add the statute.",
        "due_at": clock.now() + timedelta(days=10),
    },
    "application_files": lambda rows: {
        "application_id": rows["applications"],
        "kind": "statute",
        "file_id": rows["files"],
        "added_at": clock.now(),
    },
    "protocol_counters": lambda _: {"year": secrets.randbelow(1_000_000), "last": 1},
    "evaluations": _evaluation,
    "evaluation_scores": lambda rows: {
        "evaluation_id": rows["evaluations"],
        "criterion_id": rows["call_criteria"],
        "points": 5,
    },
    "rankings": lambda rows: {
        "call_id": rows["calls"],
        "number": 1,
        "proposed_at": clock.now(),
        "proposed_by": rows["memberships"],
    },
    "ranking_entries": lambda rows: {
        "ranking_id": rows["rankings"],
        "application_id": rows["applications"],
        "region_code": CAMPANIA,
        "region": "Campania",
        "position": 1,
        "score": 80,
        "outcome": "admitted",
    },
    "ranking_successions": lambda rows: {
        "ranking_id": rows["rankings"],
        "withdrawn_id": rows["applications"],
        "admitted_id": rows["applications"],
        "at": clock.now(),
    },
}

ONBOARDING_ROWS: dict[str, Callable[[Rows], Values]] = {
    "desk_closures": lambda rows: {
        "desk_id": rows["desks"],
        "starts_on": date(2026, 8, 10),
        "ends_on": date(2026, 8, 21),
        "created_at": clock.now(),
    },
    "announced_closings": lambda rows: {
        "desk_id": rows["desks"],
        "announced_at": clock.now(),
        "closes_on": date(2026, 8, 21),
        "note": "Silent",
    },
    "closing_days": lambda _: {"day": date.fromordinal(700_000 + secrets.randbelow(30_000))},
    "invitations": lambda rows: {
        "email": f"{unique('invited')}@example.org",
        "role": "operator",
        "invited_by": rows["memberships"],
        "created_at": clock.now(),
        "expires_at": clock.now() + timedelta(days=14),
    },
    "trainings": lambda rows: {
        "membership_id": rows["memberships"],
        "course": "Microcredit",
        "completed_on": date(2026, 1, 1),
        "certificate_id": rows["files"],
        "recorded_at": clock.now(),
        "recorded_by": rows["memberships"],
    },
    "protocol_templates": lambda rows: {
        "kind": "host",
        "number": 1 + secrets.randbelow(1_000_000),
        "title": "Protocol",
        "text": "Article 1",
        "years": 3,
        "created_at": clock.now(),
        "created_by": rows["memberships"],
    },
    "protocols": lambda rows: {
        "organisation_id": rows["tenants"],
        "template_id": rows["protocol_templates"],
        "year": 2026,
        "serial": 1 + secrets.randbelow(1_000_000),
        "state": "cancelled",
        "contact_name": "Anna Prova",
        "contact_email": "ufficio@example.org",
        "content": (
            '{"ente": "A", "organisation": "B", "fiscal_code": "", "address": "", "desks": [], "years": 3,'
            ' "issued_on": "2026-01-01", "locale": "it"}'
        ),
        "document_id": rows["files"],
        "signed_file_id": rows["files"],
        "created_at": clock.now(),
    },
    "setups": lambda rows: {
        "coordinator_id": rows["tenants"],
        "kinds": ["host"],
        "state": "active",
        "contact_name": "Anna Prova",
        "contact_email": "ufficio@example.org",
        "started_at": clock.now(),
        "due_on": date(2030, 1, 1),
    },
    "setup_points": lambda rows: {
        "setup_id": rows["setups"],
        "code": unique("point"),
        "position": 1,
        "due_on": date(2030, 1, 1),
        "changed_at": clock.now(),
    },
    "setup_exceptions": lambda rows: {
        "setup_id": rows["setups"],
        "code": "protocol_signed",
        "reason": "sent by post",
        "asked_by": rows["memberships"],
        "asked_at": clock.now(),
        "state": "withdrawn",
    },
    "suspensions": lambda rows: {
        "reason": "requested",
        "suspended_at": clock.now(),
        "suspended_by": rows["memberships"],
        "lifted_at": clock.now(),
    },
    "imports": lambda rows: {
        "kind": "hosts",
        "created_at": clock.now(),
        "created_by": rows["memberships"],
    },
    "import_rows": lambda rows: {
        "import_id": rows["imports"],
        "position": secrets.randbelow(1_000_000),
        "fate": "create",
        "content": "{}",
    },
}

TALLIED = ("queued", "sending", "retry", "sent", "suppressed", "failed", "in_doubt")

# In the order in which their keys allow them to be written.
TENANT_ROWS: dict[str, Callable[[Rows], Values]] = {
    "desks": lambda _: {
        "name": unique("Desk"),
        "state": "active",
        "municipality_code": NAPLES,
        "region_code": CAMPANIA,
        "address": "Via Toledo 1",
    },
    "services_offered": lambda _: _service(uuid7()),
    "memberships": lambda rows: {
        "account_id": rows["accounts"],
        "role": "admin",
        "name": "Anna Prova",
        "created_at": clock.now(),
    },
    "membership_desks": lambda rows: {
        "membership_id": rows["memberships"],
        "desk_id": rows["desks"],
    },
    "outbox": lambda _: {
        "task": "nothing.to_do",
        "args": "{}",
        "created_at": clock.now(),
        "due_at": clock.now(),
        "done_at": clock.now(),
    },
    "audit_log": lambda _: {"at": clock.now(), "action": "x.done", "subject_kind": "x"},
    "network_facts": lambda _: {"name": unique("fact"), "updated_at": clock.now()},
    "idempotency_keys": lambda _: {
        "operation": "x.do",
        "key": uuid7(),
        "result_id": uuid7(),
        "created_at": clock.now(),
    },
    "citizens": lambda rows: {
        "given_name": "Lucia",
        "family_name": "Esposito",
        "name_search": "esposito lucia",
        "created_at": clock.now(),
        "created_by": rows["memberships"],
    },
    "cases": _case,
    "consultations": _consultation,
    "milestones": lambda rows: {
        "case_id": rows["cases"],
        "kind": "opened",
        "reached_on": date(2026, 1, 1),
        "recorded_at": clock.now(),
        "recorded_by": rows["memberships"],
    },
    "referrals": _referral,
    "offers": lambda rows: {
        "referral_id": rows["referrals"],
        "receiver_id": rows["tenants"],
        "rank": 1,
        "state": "offered",
        "disclosure": "{}",
    },
    "received_offers": _received_offer,
    "disclosures": _disclosure,
    "offer_events": _offer_event,
    "subscribers": lambda _: {
        "email": f"{unique('reader')}@example.org",
        "email_token": secrets.token_bytes(32),
        "state": "active",
        "created_at": clock.now(),
    },
    "subscriptions": lambda rows: {
        "subscriber_id": rows["subscribers"],
        "audience": "public",
        "source": "signup",
        "created_at": clock.now(),
    },
    "consents": lambda _: {
        "email_token": secrets.token_bytes(32),
        "event": "given",
        "text_version": "2026-1",
        "channel": "signup",
        "at": clock.now(),
    },
    "suppressions": lambda _: {
        "email_token": secrets.token_bytes(32),
        "reason": "unsubscribed",
        "created_at": clock.now(),
    },
    "campaigns": _campaign,
    "deliveries": _delivery,
    "delivery_tallies": lambda rows: {
        "campaign_id": rows["campaigns"],
        "slot": clock.now(),
        "backend": 1,
        **dict.fromkeys(TALLIED, 0),
    },
    **CALL_ROWS,
    **ONBOARDING_ROWS,
}
