"""The whole desk at an instant, read in a fixed number of statements."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from hub.db import TenantScope
from hub.tenants.accounts.actor import Actor
from hub.tenants.calls.applications.schemas import APPLICATION_STATES
from hub.tenants.calls.desk import queries
from hub.tenants.calls.desk.drawing import Coverage, draw
from hub.tenants.calls.desk.schemas import (
    CallView,
    DeskCall,
    Province,
    RegionRow,
    Tally,
    Todo,
    Waiting,
)
from hub.tenants.calls.desk.todo import todos_of
from hub.tenants.calls.standing import standing_of
from hub.tenants.territory.queries import region_names

# The Ente has a few calls at a time; what it has beyond these is not shown.
MOST_RUNNING = 50
EACH_PAGE = 20
# Of all calls together; those whose terms end first.
MOST_REQUESTS = 200
# An evaluation that nobody has given so long after it was assigned.
OVERDUE_AFTER = timedelta(days=20)


@dataclass(frozen=True, slots=True)
class DeskView:
    """`more` is the last decided call of this page, if others follow; `now` when it was read.

    `evaluates`: the reader is an evaluator of one of these calls.
    """

    running: Sequence[CallView]
    decided: Sequence[CallView]
    more: UUID | None
    evaluates: bool
    coverage: Coverage
    provinces: Sequence[Province]
    now: datetime


async def look_at(scope: TenantScope, actor: Actor, after: UUID | None) -> DeskView:
    running = await queries.running(scope, limit=MOST_RUNNING)
    decided = await queries.decided(scope, after=after, limit=EACH_PAGE + 1)
    more = decided[EACH_PAGE - 1].id if len(decided) > EACH_PAGE else None
    views = await _views(scope, actor, [*running, *decided[:EACH_PAGE]])
    provinces = await queries.provinces(scope)
    open_regions = {
        region
        for call in running
        if standing_of(call, scope.now) in ("soon", "open")
        for region in call.regions
    }
    return DeskView(
        views[: len(running)],
        views[len(running) :],
        more,
        any(
            one.membership_id == actor.membership_id
            for view in views
            for one in view.waiting.evaluators
        ),
        draw(provinces, open_regions),
        provinces,
        scope.now,
    )


async def _views(scope: TenantScope, actor: Actor, calls: Sequence[DeskCall]) -> list[CallView]:
    ids = [call.id for call in calls]
    regions = await region_names(scope)
    tallies: dict[UUID, list[Tally]] = defaultdict(list)
    for tally in await queries.tallies(scope, ids):
        tallies[tally.call_id].append(tally)
    people = await queries.progress(scope, ids, overdue_before=scope.now - OVERDUE_AFTER)
    requests = await queries.open_requests(scope, ids, limit=MOST_REQUESTS)
    unassigned = await queries.without_evaluator(scope, ids)
    views = []
    for call in calls:
        here = tallies[call.id]
        waiting = Waiting(
            [one for one in people if one.call_id == call.id],
            [one for one in requests if one.call_id == call.id],
            unassigned.get(call.id, 0),
            sum(tally.number for tally in here if tally.state == "submitted"),
        )
        todos = todos_of(call, waiting, actor, scope.now)
        views.append(_view(call, here, regions, waiting, todos))
    return views


def _view(
    call: DeskCall,
    tallies: Sequence[Tally],
    regions: Mapping[str, str],
    waiting: Waiting,
    todos: Sequence[Todo],
) -> CallView:
    by_state = {
        state: sum(tally.number for tally in tallies if tally.state == state)
        for state in APPLICATION_STATES
    }
    # An application may lie in a region that a later version of the call's text no longer names.
    codes = dict.fromkeys([*call.regions, *(t.region_code for t in tallies if t.region_code)])
    rows = [
        RegionRow(
            regions[code],
            call.quotas.get(code),
            {tally.state: tally.number for tally in tallies if tally.region_code == code},
        )
        for code in codes
    ]
    states = [state for state, count in by_state.items() if count and state != "draft"]
    return CallView(
        call,
        states,
        sorted(rows, key=lambda row: row.name),
        {state: count for state, count in by_state.items() if count},
        waiting,
        todos,
    )
