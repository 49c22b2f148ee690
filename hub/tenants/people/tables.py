"""Invitations to an organisation, and the training of its people."""

from piccolo.columns import UUID as UUIDColumn
from piccolo.columns import Array, Boolean, Bytea, Date, Integer, Text, Timestamptz
from piccolo.table import Table


class Invitation(Table, tablename="invitations"):
    id = UUIDColumn(primary_key=True)
    tenant_id = UUIDColumn()
    email = Text()
    name = Text()
    role = Text()
    support = Boolean()
    limited_to_desks = Boolean()
    desk_ids = Array(base_column=UUIDColumn())
    membership_hours = Integer(null=True)
    membership_until = Timestamptz(null=True)
    locale = Text()
    state = Text()
    link_version = Integer()
    created_at = Timestamptz()
    invited_by = UUIDColumn(null=True)
    sent_at = Timestamptz(null=True)
    expires_at = Timestamptz()
    accepted_at = Timestamptz(null=True)
    membership_id = UUIDColumn(null=True)
    code_hash = Bytea(null=True)
    code_sent_at = Timestamptz(null=True)
    code_attempts = Integer()
    codes_sent = Integer()
    asked_again_at = Timestamptz(null=True)


class Training(Table, tablename="trainings"):
    id = UUIDColumn(primary_key=True)
    tenant_id = UUIDColumn()
    membership_id = UUIDColumn()
    course = Text()
    completed_on = Date()
    certificate_id = UUIDColumn()
    recorded_at = Timestamptz()
    recorded_by = UUIDColumn()
