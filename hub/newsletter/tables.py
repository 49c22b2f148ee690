"""Who receives newsletters and why, what is sent, and what became of each copy."""

from piccolo.columns import JSONB, Bytea, Integer, SmallInt, Text, Timestamptz
from piccolo.columns import UUID as UUIDColumn
from piccolo.table import Table


class Subscriber(Table, tablename="subscribers"):
    id = UUIDColumn(primary_key=True)
    tenant_id = UUIDColumn()
    email = Text()
    email_token = Bytea()
    name = Text()
    locale = Text()
    state = Text()
    created_at = Timestamptz()
    version = Integer()


class Subscription(Table, tablename="subscriptions"):
    id = UUIDColumn(primary_key=True)
    tenant_id = UUIDColumn()
    subscriber_id = UUIDColumn()
    audience = Text()
    source = Text()
    organisation_id = UUIDColumn(null=True)
    membership_id = UUIDColumn(null=True)
    region_code = Text(null=True)
    created_at = Timestamptz()


class Consent(Table, tablename="consents"):
    id = UUIDColumn(primary_key=True)
    tenant_id = UUIDColumn()
    email_token = Bytea()
    event = Text()
    text_version = Text()
    channel = Text()
    at = Timestamptz()


class Suppression(Table, tablename="suppressions"):
    id = UUIDColumn(primary_key=True)
    tenant_id = UUIDColumn()
    email_token = Bytea()
    reason = Text()
    campaign_id = UUIDColumn(null=True)
    created_at = Timestamptz()


class Campaign(Table, tablename="campaigns"):
    id = UUIDColumn(primary_key=True)
    tenant_id = UUIDColumn()
    subject = Text()
    preheader = Text()
    locale = Text()
    blocks = JSONB()
    segment = JSONB()
    state = Text()
    bodies = JSONB(null=True)
    recipients = Integer(null=True)
    created_at = Timestamptz()
    created_by = UUIDColumn()
    updated_at = Timestamptz()
    started_at = Timestamptz(null=True)
    started_by = UUIDColumn(null=True)
    finished_at = Timestamptz(null=True)
    stalled_at = Timestamptz(null=True)
    stalled_reply = Text(null=True)
    next_try_at = Timestamptz(null=True)
    version = Integer()
    expected = Integer(null=True)
    on_doubt = Text()
    frozen_to = UUIDColumn(null=True)
    paused_at = Timestamptz(null=True)
    paused_by = UUIDColumn(null=True)
    paused_why = Text(null=True)
    paused_reply = Text(null=True)
    due_at = Timestamptz(null=True)


class Delivery(Table, tablename="deliveries"):
    id = UUIDColumn(primary_key=True)
    tenant_id = UUIDColumn()
    campaign_id = UUIDColumn()
    email = Text()
    email_token = Bytea()
    name = Text()
    locale = Text()
    state = Text()
    attempts = Integer()
    due_at = Timestamptz()
    reply = Text(null=True)
    updated_at = Timestamptz()
    holder = UUIDColumn(null=True)
    cause = Text(null=True)
    tried_since = Timestamptz(null=True)
    tries = Integer()
    doubts = SmallInt()


class DeliveryTally(Table, tablename="delivery_tallies"):
    id = UUIDColumn(primary_key=True)
    tenant_id = UUIDColumn()
    campaign_id = UUIDColumn()
    slot = Timestamptz()
    backend = Integer()
    queued = Integer()
    sending = Integer()
    retry = Integer()
    sent = Integer()
    suppressed = Integer()
    failed = Integer()
    in_doubt = Integer()
