"""Memberships that end by themselves, ended within a minute; a week and a day before, work that would be left behind is told."""

from datetime import timedelta

from hub import audit
from hub.db import NetworkScope
from hub.tenants.onboarding.touch import touch
from hub.tenants.people import passages
from hub.tenants.people.telling import tell_leaving, tell_over

BEFORE_THE_END = (timedelta(days=7), timedelta(days=1))
AT_ONCE = 200


async def end_what_is_over(scope: NetworkScope) -> None:
    for over in await passages.end_what_is_over(scope, AT_ONCE):
        await audit.record_for(
            scope,
            over.tenant_id,
            None,
            "support.ended" if over.support else "membership.ended",
            "organisation",
            over.tenant_id,
            member=str(over.id),
            reason="term",
        )
        if not over.support:
            await tell_over(scope, over.tenant_id, over.id)
        await touch(scope, over.tenant_id)


async def order_warnings(scope: NetworkScope) -> None:
    """Called again at once, it orders nothing."""
    found = await passages.about_to_end(scope, BEFORE_THE_END, AT_ONCE)
    for membership_id, tenant_id in found:
        await tell_leaving(scope, tenant_id, membership_id)
