"""A desk's own records: the citizen, the conversations, the case and its milestones."""

from piccolo.columns import UUID as UUIDColumn
from piccolo.columns import Array, BigInt, Bytea, Date, Integer, Text, Timestamptz
from piccolo.table import Table


class PrivacyNotice(Table, tablename="privacy_notices"):
    id = UUIDColumn(primary_key=True)
    version = Text()
    locale = Text()
    text = Text()
    valid_from = Date()


class Citizen(Table, tablename="citizens"):
    id = UUIDColumn(primary_key=True)
    tenant_id = UUIDColumn()
    codice_fiscale = Bytea(null=True)
    codice_fiscale_token = Bytea(null=True)
    given_name = Text()
    family_name = Text()
    name_search = Text()
    birth_date = Date(null=True)
    email = Text(null=True)
    phone = Text(null=True)
    municipality_code = Text(null=True)
    created_at = Timestamptz()
    created_by = UUIDColumn()
    version = Integer()


class Case(Table, tablename="cases"):
    id = UUIDColumn(primary_key=True)
    tenant_id = UUIDColumn()
    number = Text()
    citizen_id = UUIDColumn()
    desk_id = UUIDColumn()
    kind = Text()
    purpose = Text()
    amount_cents = BigInt()
    currency = Text()
    region_code = Text()
    state = Text()
    milestone = Text()
    opened_at = Timestamptz()
    opened_by = UUIDColumn()
    updated_at = Timestamptz()
    closed_at = Timestamptz(null=True)
    version = Integer()


class Consultation(Table, tablename="consultations"):
    id = UUIDColumn(primary_key=True)
    tenant_id = UUIDColumn()
    citizen_id = UUIDColumn()
    case_id = UUIDColumn()
    desk_id = UUIDColumn()
    channel = Text()
    held_on = Date()
    minutes = Integer(null=True)
    topics = Array(base_column=Text())
    notes = Text()
    recorded_at = Timestamptz()
    recorded_by = UUIDColumn()


class Milestone(Table, tablename="milestones"):
    id = UUIDColumn(primary_key=True)
    tenant_id = UUIDColumn()
    case_id = UUIDColumn()
    kind = Text()
    reached_on = Date()
    recorded_at = Timestamptz()
    recorded_by = UUIDColumn(null=True)
