"""Referrals and offers are the sender's; received offers and disclosures the receiver's; events both parties' own."""

from piccolo.columns import JSONB, Array, BigInt, Date, Integer, Text, Timestamptz
from piccolo.columns import UUID as UUIDColumn
from piccolo.table import Table


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


class OfferEvent(Table, tablename="offer_events"):
    id = UUIDColumn(primary_key=True)
    tenant_id = UUIDColumn()
    referral_id = UUIDColumn()
    offer_id = UUIDColumn()
    from_state = Text()
    to_state = Text()
    reason = Text(null=True)
    actor_tenant_id = UUIDColumn(null=True)
    actor_membership_id = UUIDColumn(null=True)
    effective_at = Timestamptz()
    recorded_at = Timestamptz()
    idempotency_key = UUIDColumn(null=True)
