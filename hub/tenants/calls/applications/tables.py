"""What administrations send in, and the numbers it gets."""

from piccolo.columns import JSONB, Bytea, Integer, SmallInt, Text, Timestamptz
from piccolo.columns import UUID as UUIDColumn
from piccolo.table import Table


class Application(Table, tablename="applications"):
    id = UUIDColumn(primary_key=True)
    tenant_id = UUIDColumn()
    call_id = UUIDColumn()
    email = Text()
    link_version = Integer()
    locale = Text()
    state = Text()
    answers = JSONB()
    content = JSONB(null=True)
    content_hash = Bytea(null=True)
    organisation_name = Text(null=True)
    host_kind = Text(null=True)
    fiscal_code = Text(null=True)
    ipa_code = Text(null=True)
    municipality_code = Text(null=True)
    region_code = Text(null=True)
    legal_basis = Text(null=True)
    protocol_year = Integer(null=True)
    protocol_number = Integer(null=True)
    submitted_at = Timestamptz(null=True)
    receipt_id = UUIDColumn(null=True)
    excluded_reason = Text(null=True)
    excluded_note = Text(null=True)
    withdrawn_at = Timestamptz(null=True)
    withdrawn_reason = Text(null=True)
    reminded_at = Timestamptz(null=True)
    created_at = Timestamptz()
    updated_at = Timestamptz()
    version = Integer()


class ApplicationDesk(Table, tablename="application_desks"):
    id = UUIDColumn(primary_key=True)
    tenant_id = UUIDColumn()
    application_id = UUIDColumn()
    position = SmallInt()
    name = Text()
    municipality_code = Text()
    address = Text()
    opening_hours = Text()
    staff = Integer()


class ApplicationCompletion(Table, tablename="application_completions"):
    id = UUIDColumn(primary_key=True)
    tenant_id = UUIDColumn()
    application_id = UUIDColumn()
    asked_at = Timestamptz()
    asked_by = UUIDColumn()
    request = Text()
    due_at = Timestamptz()
    answered_at = Timestamptz(null=True)
    answer = Text(null=True)
    reminded_at = Timestamptz(null=True)


class ApplicationFile(Table, tablename="application_files"):
    id = UUIDColumn(primary_key=True)
    tenant_id = UUIDColumn()
    application_id = UUIDColumn()
    completion_id = UUIDColumn(null=True)
    kind = Text()
    file_id = UUIDColumn()
    added_at = Timestamptz()


class ProtocolCounter(Table, tablename="protocol_counters"):
    id = UUIDColumn(primary_key=True)
    tenant_id = UUIDColumn()
    year = Integer()
    last = Integer()
