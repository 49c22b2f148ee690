"""Looking again at checklists: what the rows prove now is written into their points."""

from collections.abc import Sequence
from uuid import UUID

from hub import audit, clock
from hub.db import NetworkScope
from hub.tenants.onboarding import queries
from hub.tenants.onboarding.evidence import progress_of, state_after
from hub.tenants.onboarding.order_letters import order_letters
from hub.tenants.onboarding.readers import leaders_of, readers_of


async def refresh(scope: NetworkScope, organisation_ids: Sequence[UUID]) -> None:
    """A fixed number of statements for any number of organisations, but for what is told of those that changed.

    A point that comes undone after the activation is told to the Ente and to the organisation, and that nothing
    blocks a set-up any more to the Ente, once for each time.
    """
    await queries.lock_setups(scope, organisation_ids)
    found = {
        one.setup_id: one
        for one in await queries.evidence_of(scope, organisation_ids, clock.day_of(scope.now))
    }
    changed: list[tuple[UUID, str, int, int]] = []
    # (organisation, action, code): two set-ups of one organisation tell the same point once.
    told: dict[tuple[UUID, str, str], None] = {}
    undone: dict[UUID, None] = {}
    done: list[tuple[UUID, str]] = []
    for point_id, setup_id, code, before, have, want in await queries.stored_points(
        scope, organisation_ids
    ):
        evidence = found[setup_id]
        progress = progress_of(code, evidence)
        after = state_after(before, progress)
        if (after, progress.have, progress.want) != (before, have, want):
            changed.append((point_id, after, progress.have, progress.want))
        if after != before and after != "open":
            told[(evidence.tenant_id, f"point.{after}", code)] = None
            if after == "undone" and evidence.setup_state == "active":
                undone[evidence.tenant_id] = None
            if after == "done" and evidence.setup_state == "running":
                done.append((setup_id, code))
    if not changed:
        return
    await queries.store_points(scope, changed)
    for organisation_id, action, code in told:
        await audit.record_for(
            scope, organisation_id, None, action, "organisation", organisation_id, point=code
        )
    for organisation_id in undone:
        readers = await readers_of(scope, organisation_id)
        leaders = await leaders_of(scope, organisation_id)
        await order_letters(scope, "onboarding.mail_undone", organisation_id, [*readers, *leaders])
    await _tell_ready(scope, done)


async def _tell_ready(scope: NetworkScope, done: Sequence[tuple[UUID, str]]) -> None:
    if not done:
        return
    setup_ids, codes = zip(*done, strict=True)
    for organisation_id in await queries.became_ready(scope, setup_ids, codes):
        leaders = await leaders_of(scope, organisation_id)
        await order_letters(scope, "onboarding.mail_ready", organisation_id, leaders)


async def refresh_what_differs(scope: NetworkScope, organisation_ids: Sequence[UUID]) -> None:
    """The same for what time alone changes, such as an invitation that expires; most of them are left alone."""
    today = clock.day_of(scope.now)
    found = {one.setup_id: one for one in await queries.evidence_of(scope, organisation_ids, today)}
    differing: dict[UUID, None] = {}
    for _id, setup_id, code, _before, have, want in await queries.stored_points(
        scope, organisation_ids
    ):
        if progress_of(code, found[setup_id]) != (have, want):
            differing[found[setup_id].tenant_id] = None
    if differing:
        await refresh(scope, list(differing))
