"""A place of the ranking that becomes free goes to the first reserve of its region."""

from uuid import UUID

from hub import audit, outbox
from hub.db import TenantScope
from hub.tenants.calls.selection import ranked


async def succeed(scope: TenantScope, withdrawn_application_id: UUID) -> UUID | None:
    """Called in the transaction that withdraws, after the application is locked and withdrawn; twice is one effect.

    Returns who moved up: None where the one that withdrew had no place, or nobody is in reserve. Successions of one
    ranking wait for each other; whoever only holds a reserve's application is never waited for with that lock the
    other way round, since a reserve that withdraws needs none.
    """
    place = await ranked.place_of(scope, withdrawn_application_id)
    if place is None:
        return None
    ranking_id, region_code = place
    await ranked.lock_ranking(scope, ranking_id)
    if await ranked.has_successor(scope, withdrawn_application_id):
        return None
    admitted_id = await ranked.admit_first_reserve(scope, ranking_id, region_code)
    if admitted_id is None:
        return None
    await ranked.record_succession(scope, ranking_id, withdrawn_application_id, admitted_id)
    await audit.record(scope, None, "application.moved_up", "application", admitted_id)
    for task in ("selection.tell_moved_up", "onboarding.admit"):
        await outbox.enqueue(scope, task, application_id=admitted_id)
    return admitted_id
