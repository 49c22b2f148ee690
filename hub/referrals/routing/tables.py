"""What happened to an offer: one row for each party."""

from piccolo.columns import UUID as UUIDColumn
from piccolo.columns import Text, Timestamptz
from piccolo.table import Table


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
