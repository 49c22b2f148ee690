"""Organisations and their desks: directory data that every role may read."""

from piccolo.columns import (
    JSONB,
    Array,
    BigInt,
    Boolean,
    Date,
    DoublePrecision,
    Integer,
    SmallInt,
    Text,
    Timestamptz,
)
from piccolo.columns import UUID as UUIDColumn
from piccolo.table import Table


class Tenant(Table, tablename="tenants"):
    id = UUIDColumn(primary_key=True)
    name = Text()
    name_search = Text()
    kinds = Array(base_column=Text())
    host_kind = Text(null=True)
    state = Text()
    fiscal_code = Text(null=True)
    ipa_code = Text(null=True)
    municipality_code = Text(null=True)
    region_code = Text(null=True)
    email = Text(null=True)
    phone = Text(null=True)
    website = Text(null=True)
    locale = Text()
    time_zone = Text()
    accessibility_url = Text(null=True)
    feedback_email = Text(null=True)
    created_at = Timestamptz()
    version = Integer()
    sandbox = Boolean()
    certified_email = Text(null=True)
    address = Text(null=True)
    postal_code = Text(null=True)
    logo_id = UUIDColumn(null=True)
    patron_province = Text(null=True)
    patron_month = SmallInt(null=True)
    patron_day = SmallInt(null=True)
    patron_name = Text(null=True)
    lender_category = Text(null=True)
    lender_register = Text(null=True)
    tutor_register = Text(null=True)
    coming_kinds = Array(base_column=Text())
    activated_at = Timestamptz(null=True)
    suspended_at = Timestamptz(null=True)


class Desk(Table, tablename="desks"):
    id = UUIDColumn(primary_key=True)
    tenant_id = UUIDColumn()
    name = Text()
    state = Text()
    municipality_code = Text()
    region_code = Text()
    address = Text()
    latitude = DoublePrecision(null=True)
    longitude = DoublePrecision(null=True)
    phone = Text(null=True)
    email = Text(null=True)
    opening_hours = Text(null=True)
    opened_on = Date(null=True)
    verified_on = Date(null=True)
    version = Integer()
    setup_id = UUIDColumn(null=True)
    postal_code = Text(null=True)
    hours = JSONB()
    how_to_reach = Text()
    offers = Array(base_column=Text())
    provinces = Array(base_column=Text())
    closed_on = Date(null=True)
    closed_reason = Text(null=True)
    last_consultation_on = Date(null=True)
    verification_reminded_at = Timestamptz(null=True)


class ServiceOffered(Table, tablename="services_offered"):
    id = UUIDColumn(primary_key=True)
    tenant_id = UUIDColumn()
    kind = Text()
    name = Text()
    description = Text()
    regions = Array(base_column=Text())
    min_amount_cents = BigInt(null=True)
    max_amount_cents = BigInt(null=True)
    currency = Text()
    answer_days = Integer(null=True)
    valid_from = Date()
    valid_to = Date(null=True)
    service_id = UUIDColumn()
    beneficiaries = Array(base_column=Text())
    capacity = Integer(null=True)
    recorded_at = Timestamptz(null=True)
    version = Integer()
