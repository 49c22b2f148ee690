"""Who is reminded of what, and when: ordered here, written by `tasks.py`."""

from datetime import timedelta

from hub import outbox
from hub.db import TenantScope
from hub.tenants.calls.desk import due, queries
from hub.tenants.calls.desk.service import MOST_REQUESTS, OVERDUE_AFTER

# Before the closing, an applicant who has not submitted; before the end of a term, one who has not answered.
BEFORE_CLOSING = (timedelta(days=7), timedelta(hours=24))
BEFORE_TERM = timedelta(hours=48)
EVALUATORS_EVERY = timedelta(days=7)
NOT_CLOSED_AFTER = timedelta(days=1)
# So many letters are ordered in one transaction; the others a minute later.
AT_ONCE = 500


async def order_reminders(scope: TenantScope) -> None:
    """Whatever is due for this organisation's calls. Called again at once, it orders nothing."""
    for application_id in await due.drafts(scope, BEFORE_CLOSING, limit=AT_ONCE):
        await outbox.enqueue(scope, "calls.remind_draft", application_id=application_id)
    for application_id, completion_id in await due.requests(scope, BEFORE_TERM, limit=AT_ONCE):
        await outbox.enqueue(
            scope,
            "calls.remind_request",
            application_id=application_id,
            completion_id=completion_id,
        )
    await _order_for_evaluators(scope)
    await _order_for_admins(scope)


async def _order_for_evaluators(scope: TenantScope) -> None:
    found = await due.evaluators(scope, every=EVALUATORS_EVERY, overdue_after=OVERDUE_AFTER)
    for call_id, membership_id, overdue in found:
        task = "calls.tell_overdue" if overdue else "selection.remind_evaluator"
        await outbox.enqueue(scope, task, call_id=call_id, membership_id=membership_id)


async def _order_for_admins(scope: TenantScope) -> None:
    told = [("calls.tell_not_closed", one) for one in await due.not_closed(scope, NOT_CLOSED_AFTER)]
    given = await due.all_given(scope)
    if given:
        lacking = await queries.without_evaluator(scope, given)
        asked = await queries.open_requests(scope, given, limit=MOST_REQUESTS)
        running = {one.call_id for one in asked if one.due_at > scope.now}
        for call_id in given:
            whole = call_id not in lacking and call_id not in running
            if whole and await due.mark_told(scope, call_id):
                told.append(("calls.tell_all_given", call_id))
    for task, call_id in told:
        for membership_id in await due.admins(scope):
            await outbox.enqueue(scope, task, call_id=call_id, membership_id=membership_id)
