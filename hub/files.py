"""Files in the database, in parts."""

from piccolo.columns import UUID as UUIDColumn
from piccolo.columns import BigInt, Bytea, Integer, Text, Timestamptz
from piccolo.table import Table


class File(Table, tablename="files"):
    id = UUIDColumn(primary_key=True)
    tenant_id = UUIDColumn()
    name = Text()
    media_type = Text()
    size = BigInt()
    sha256 = Bytea()
    created_at = Timestamptz()


class FilePart(Table, tablename="file_parts"):
    id = UUIDColumn(primary_key=True)
    tenant_id = UUIDColumn()
    file_id = UUIDColumn()
    position = Integer()
    content = Bytea()
