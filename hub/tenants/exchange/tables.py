"""Files that the Ente brings in, and the fate of each of their rows."""

from piccolo.columns import JSONB, Integer, Text, Timestamptz
from piccolo.columns import UUID as UUIDColumn
from piccolo.table import Table


class Import(Table, tablename="imports"):
    id = UUIDColumn(primary_key=True)
    tenant_id = UUIDColumn()
    kind = Text()
    file_id = UUIDColumn(null=True)
    file_name = Text()
    state = Text()
    rows_total = Integer()
    rows_done = Integer()
    creates = Integer()
    updates = Integer()
    unchanged = Integer()
    errors = Integer()
    failure = Text(null=True)
    notes = JSONB()
    created_at = Timestamptz()
    created_by = UUIDColumn()
    applied_at = Timestamptz(null=True)
    applied_by = UUIDColumn(null=True)
    ended_at = Timestamptz(null=True)
    version = Integer()


class ImportRow(Table, tablename="import_rows"):
    id = UUIDColumn(primary_key=True)
    tenant_id = UUIDColumn()
    import_id = UUIDColumn()
    position = Integer()
    fate = Text()
    errors = JSONB()
    content = JSONB()
    target_id = UUIDColumn(null=True)
