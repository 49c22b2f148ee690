"""What is recorded on a case."""

from piccolo.columns import UUID as UUIDColumn
from piccolo.columns import Array, Date, Integer, Text, Timestamptz
from piccolo.table import Table


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
