"""Who is reminded to verify a desk's entry, and when: twice a year, ordered here and written by `tasks.py`."""

from datetime import date, timedelta

from hub import clock, outbox
from hub.db import NetworkScope, TenantScope
from hub.tenants.organisation.desks import queries, verification

# An entry stays verified for so long; whoever was reminded is not reminded again before as long has passed.
VERIFIED_FOR = timedelta(days=180)


def is_overdue(verified_on: date | None, today: date) -> bool:
    return verified_on is not None and verified_on < today - VERIFIED_FOR


def verified_before(scope: NetworkScope | TenantScope) -> date:
    return clock.day_of(scope.now) - VERIFIED_FOR


async def order_reminders(scope: TenantScope) -> None:
    """Whatever is due in this organisation: a letter to each of its admins, or else to its office.

    Called again at once, it orders nothing.
    """
    reminded_before = scope.now - VERIFIED_FOR
    if not await verification.mark_reminded(scope, verified_before(scope), reminded_before):
        return
    admins = await queries.admins(scope)
    for membership_id in admins:
        await outbox.enqueue(scope, "desks.remind_verification", membership_id=membership_id)
    if not admins:
        await outbox.enqueue(scope, "desks.remind_office", organisation_id=scope.tenant_id)
