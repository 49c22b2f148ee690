"""Coming on board: set-ups with their checklists, exceptions and suspensions."""

from piccolo.columns import UUID as UUIDColumn
from piccolo.columns import Array, Date, Integer, SmallInt, Text, Timestamptz
from piccolo.table import Table


class Setup(Table, tablename="setups"):
    id = UUIDColumn(primary_key=True)
    tenant_id = UUIDColumn()
    coordinator_id = UUIDColumn()
    application_id = UUIDColumn(null=True)
    kinds = Array(base_column=Text())
    state = Text()
    contact_name = Text()
    contact_email = Text()
    contact_phone = Text()
    locale = Text()
    started_at = Timestamptz()
    due_on = Date()
    due_reason = Text()
    ended_reason = Text()
    overdue_told_at = Timestamptz(null=True)
    ended_at = Timestamptz(null=True)
    ended_by = UUIDColumn(null=True)
    version = Integer()


class SetupPoint(Table, tablename="setup_points"):
    id = UUIDColumn(primary_key=True)
    tenant_id = UUIDColumn()
    setup_id = UUIDColumn()
    code = Text()
    position = SmallInt()
    state = Text()
    due_on = Date()
    changed_at = Timestamptz()
    have = Integer()
    want = Integer()
    reminded_at = Timestamptz(null=True)


class SetupException(Table, tablename="setup_exceptions"):
    id = UUIDColumn(primary_key=True)
    tenant_id = UUIDColumn()
    setup_id = UUIDColumn()
    code = Text()
    reason = Text()
    asked_by = UUIDColumn()
    asked_at = Timestamptz()
    state = Text()
    decided_by = UUIDColumn(null=True)
    decided_at = Timestamptz(null=True)
    refused_reason = Text(null=True)


class Suspension(Table, tablename="suspensions"):
    id = UUIDColumn(primary_key=True)
    tenant_id = UUIDColumn()
    reason = Text()
    note = Text()
    suspended_at = Timestamptz()
    suspended_by = UUIDColumn()
    lifted_at = Timestamptz(null=True)
    lifted_by = UUIDColumn(null=True)
