"""A citizen's wish for a microcredit, as a desk follows it."""

from piccolo.columns import UUID as UUIDColumn
from piccolo.columns import BigInt, Boolean, Integer, Text, Timestamptz
from piccolo.table import Table


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
    assigned_to = UUIDColumn()
    is_test = Boolean()
