"""Calls, their criteria and quotas, and what is published with them."""

from piccolo.columns import JSONB, Array, Integer, SmallInt, Text, Timestamptz
from piccolo.columns import UUID as UUIDColumn
from piccolo.table import Table


class Call(Table, tablename="calls"):
    id = UUIDColumn(primary_key=True)
    tenant_id = UUIDColumn()
    slug = Text()
    title = Text()
    text = Text()
    regions = Array(base_column=Text())
    host_kinds = Array(base_column=Text())
    required_files = JSONB()
    minimum_points = SmallInt()
    difference_limit = SmallInt()
    opens_at = Timestamptz(null=True)
    closes_at = Timestamptz(null=True)
    state = Text()
    published_at = Timestamptz(null=True)
    evaluating_at = Timestamptz(null=True)
    decided_at = Timestamptz(null=True)
    reminded_at = Timestamptz(null=True)
    created_at = Timestamptz()
    created_by = UUIDColumn(null=True)
    updated_at = Timestamptz()
    version = Integer()


class CallCriterion(Table, tablename="call_criteria"):
    id = UUIDColumn(primary_key=True)
    tenant_id = UUIDColumn()
    call_id = UUIDColumn()
    position = SmallInt()
    name = Text()
    description = Text()
    max_points = SmallInt()
    weight = SmallInt()


class CallQuota(Table, tablename="call_quotas"):
    id = UUIDColumn(primary_key=True)
    tenant_id = UUIDColumn()
    call_id = UUIDColumn()
    region_code = Text()
    places = Integer()


class CallExtension(Table, tablename="call_extensions"):
    id = UUIDColumn(primary_key=True)
    tenant_id = UUIDColumn()
    call_id = UUIDColumn()
    closed_before = Timestamptz()
    closes_at = Timestamptz()
    reason = Text()
    extended_at = Timestamptz()
    extended_by = UUIDColumn()


class CallDocument(Table, tablename="call_documents"):
    id = UUIDColumn(primary_key=True)
    tenant_id = UUIDColumn()
    call_id = UUIDColumn()
    file_id = UUIDColumn()
    title = Text()
    added_at = Timestamptz()


class CallQuestion(Table, tablename="call_questions"):
    id = UUIDColumn(primary_key=True)
    tenant_id = UUIDColumn()
    call_id = UUIDColumn()
    asked_at = Timestamptz()
    email = Text(null=True)
    locale = Text()
    question = Text()
    state = Text()
    answer = Text(null=True)
    answered_at = Timestamptz(null=True)
    answered_by = UUIDColumn(null=True)
