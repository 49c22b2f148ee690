"""When an organisation and its desks are closed, for a time or for good."""

from piccolo.columns import UUID as UUIDColumn
from piccolo.columns import Date, Text, Timestamptz
from piccolo.table import Table


class DeskClosure(Table, tablename="desk_closures"):
    id = UUIDColumn(primary_key=True)
    tenant_id = UUIDColumn()
    desk_id = UUIDColumn()
    starts_on = Date()
    ends_on = Date()
    reason = Text()
    created_at = Timestamptz()


class AnnouncedClosing(Table, tablename="announced_closings"):
    id = UUIDColumn(primary_key=True)
    tenant_id = UUIDColumn()
    desk_id = UUIDColumn()
    announced_at = Timestamptz()
    closes_on = Date()
    note = Text()
    taker_id = UUIDColumn(null=True)


class ClosingDay(Table, tablename="closing_days"):
    id = UUIDColumn(primary_key=True)
    tenant_id = UUIDColumn()
    day = Date()
    label = Text()
