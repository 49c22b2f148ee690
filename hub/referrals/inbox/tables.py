"""The receiver's rows."""

from piccolo.columns import JSONB, BigInt, Boolean, Date, Integer, Text, Timestamptz
from piccolo.columns import UUID as UUIDColumn
from piccolo.table import Table


class ReceivedOffer(Table, tablename="received_offers"):
    id = UUIDColumn(primary_key=True)
    tenant_id = UUIDColumn()
    sender_id = UUIDColumn()
    referral_id = UUIDColumn()
    case_number = Text()
    kind = Text()
    amount_cents = BigInt()
    currency = Text()
    region_code = Text()
    state = Text()
    offered_at = Timestamptz()
    due_on = Date()
    opened_at = Timestamptz(null=True)
    opened_by = UUIDColumn(null=True)
    answered_at = Timestamptz(null=True)
    answered_by = UUIDColumn(null=True)
    decline_reason = Text(null=True)
    decline_note = Text()
    version = Integer()
    is_test = Boolean()


class Disclosure(Table, tablename="disclosures"):
    id = UUIDColumn(primary_key=True)
    tenant_id = UUIDColumn()
    received_offer_id = UUIDColumn()
    sender_id = UUIDColumn()
    payload = JSONB()
    purpose = Text()
    basis = Text()
    notice_version = Text()
    disclosed_at = Timestamptz()
    disclosed_by = UUIDColumn()
