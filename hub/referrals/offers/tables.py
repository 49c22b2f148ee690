"""The sender's rows, and the notice that people get before their data is passed on."""

from piccolo.columns import JSONB, Array, BigInt, Boolean, Date, Integer, Text, Timestamptz
from piccolo.columns import UUID as UUIDColumn
from piccolo.table import Table


class PrivacyNotice(Table, tablename="privacy_notices"):
    id = UUIDColumn(primary_key=True)
    version = Text()
    locale = Text()
    text = Text()
    valid_from = Date()


class Referral(Table, tablename="referrals"):
    id = UUIDColumn(primary_key=True)
    tenant_id = UUIDColumn()
    case_id = UUIDColumn()
    desk_id = UUIDColumn()
    case_number = Text()
    kind = Text()
    amount_cents = BigInt()
    currency = Text()
    region_code = Text()
    mode = Text()
    state = Text()
    purpose = Text()
    basis = Text()
    notice_version = Text()
    fields = Array(base_column=Text())
    created_at = Timestamptz()
    created_by = UUIDColumn()
    sent_at = Timestamptz(null=True)
    sent_by = UUIDColumn(null=True)
    placed_offer_id = UUIDColumn(null=True)
    version = Integer()
    is_test = Boolean()


class Offer(Table, tablename="offers"):
    id = UUIDColumn(primary_key=True)
    tenant_id = UUIDColumn()
    referral_id = UUIDColumn()
    receiver_id = UUIDColumn()
    rank = Integer()
    state = Text()
    disclosure = JSONB()
    answer_days = Integer()
    offered_at = Timestamptz(null=True)
    due_on = Date(null=True)
    opened_at = Timestamptz(null=True)
    answered_at = Timestamptz(null=True)
    decline_reason = Text(null=True)
    decline_note = Text()
    version = Integer()
