"""A request to complete that is still open: nobody evaluates for good, or decides from an older page."""

from __future__ import annotations

import pytest

from hub.clock import day_of, today
from hub.db import tenant_transaction
from hub.tenants.calls.applications import queries
from hub.tenants.calls.applications.complete_application import answer_completion, ask_completion
from hub.tenants.calls.selection.exclude import ApplicationChanged, check_application
from tests.tenants.calls.making import DAY, make_application, make_call, make_ente

pytestmark = pytest.mark.usefixtures("db")


async def test_asking_and_answering_are_seen_by_whoever_decides() -> None:
    ente, admin = await make_ente()
    call_id = await make_call(ente)
    seen = await make_application(ente, call_id)
    async with tenant_transaction(ente.id) as scope:
        completion_id = await ask_completion(
            scope, admin.actor, seen.id, "Manca la firma.", today() + 10 * DAY
        )
        asked = await queries.find(scope, seen.id)
        await answer_completion(scope, seen.id, completion_id, "Eccola.")
        with pytest.raises(ApplicationChanged):
            await check_application(scope, call_id, seen.id, seen.version, "submitted")
        assert asked is not None
        with pytest.raises(ApplicationChanged):
            await check_application(scope, call_id, seen.id, asked.version, "submitted")


async def test_a_term_is_read_as_the_day_that_was_given() -> None:
    ente, admin = await make_ente()
    done = await make_application(ente, await make_call(ente))
    due_on = today() + 10 * DAY
    async with tenant_transaction(ente.id) as scope:
        await ask_completion(scope, admin.actor, done.id, "Manca la firma.", due_on)
        (asked,) = await queries.completions_of(scope, done.id)
    assert day_of(asked.due_at) == due_on
