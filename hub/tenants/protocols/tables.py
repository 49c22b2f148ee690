"""The templates of protocols, and the protocols that are signed."""

from piccolo.columns import JSONB, Bytea, Date, Integer, SmallInt, Text, Timestamptz
from piccolo.columns import UUID as UUIDColumn
from piccolo.table import Table


class ProtocolTemplate(Table, tablename="protocol_templates"):
    id = UUIDColumn(primary_key=True)
    tenant_id = UUIDColumn()
    kind = Text()
    number = Integer()
    title = Text()
    text = Text()
    years = SmallInt()
    created_at = Timestamptz()
    created_by = UUIDColumn(null=True)


class Protocol(Table, tablename="protocols"):
    id = UUIDColumn(primary_key=True)
    tenant_id = UUIDColumn()
    organisation_id = UUIDColumn()
    template_id = UUIDColumn()
    year = Integer()
    serial = Integer()
    state = Text()
    contact_name = Text()
    contact_email = Text()
    link_version = Integer()
    content = JSONB()
    document_id = UUIDColumn(null=True)
    document_sha256 = Bytea(null=True)
    sent_at = Timestamptz(null=True)
    signed_file_id = UUIDColumn(null=True)
    uploaded_at = Timestamptz(null=True)
    checked = Text(null=True)
    checked_by = UUIDColumn(null=True)
    signed_on = Date(null=True)
    expires_on = Date(null=True)
    refused_reason = Text(null=True)
    renews_id = UUIDColumn(null=True)
    reminded_at = Timestamptz(null=True)
    created_at = Timestamptz()
    created_by = UUIDColumn(null=True)
    version = Integer()
