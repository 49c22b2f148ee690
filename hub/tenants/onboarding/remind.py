"""Who is reminded of a set-up, and when: ordered here, written by `letters.py`."""

from hub import clock
from hub.db import NetworkScope
from hub.tenants.onboarding import due
from hub.tenants.onboarding.order_letters import order_letters
from hub.tenants.onboarding.readers import leaders_of, readers_of

# So many points, and so many set-ups, in one transaction; the others a minute later.
AT_ONCE = 500


async def order_reminders(scope: NetworkScope) -> None:
    """Whatever is due today. Called again at once, it orders nothing."""
    today = clock.day_of(scope.now)
    for organisation_id in await due.points(scope, today, limit=AT_ONCE):
        readers = await readers_of(scope, organisation_id)
        await order_letters(scope, "onboarding.mail_due", organisation_id, readers)
    for organisation_id in await due.overdue(scope, today, limit=AT_ONCE):
        leaders = await leaders_of(scope, organisation_id)
        await order_letters(scope, "onboarding.mail_overdue", organisation_id, leaders)
