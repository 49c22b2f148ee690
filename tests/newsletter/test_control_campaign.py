"""Pause, resume, cancel, send again: each once, however often it is pressed, and only where it can be."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest

from hub import clock, outbox
from hub.db import TenantScope, relay_transaction, tenant_transaction
from hub.errors import Conflict, NotFound
from hub.idempotency import KeyReused
from hub.ids import uuid7
from hub.newsletter import control_campaign, course, unsent
from hub.newsletter.control_campaign import (
    NothingToSend,
    NotUnderWay,
    cancel_campaign,
    hurry_campaign,
    leave_doubts,
    pause_campaign,
    resend,
    resume_campaign,
)
from hub.newsletter.delivery import ledger, tallies
from hub.newsletter.progress import how_many, look_at
from hub.newsletter.schemas import Cause, Counts
from hub.worker import load_tasks, run_row
from tests.factories import Member, make_membership, make_tenant
from tests.newsletter.delivery.ledger_rows import add_rows, end_campaign, end_rows, make_ledger
from tests.newsletter.making import load, make_campaign, states

Step = Callable[[TenantScope, Any, UUID], Awaitable[None]]


async def do(editor: Member, step: Step, campaign_id: UUID) -> None:
    async with tenant_transaction(editor.tenant.id) as scope:
        await step(scope, editor.actor, campaign_id)


def again(state: str, code: str | None = None, key: UUID | None = None) -> Step:
    return partial(resend, state=state, code=code, key=key or uuid7())


async def run_tasks() -> None:
    """The outbox alone: no mail is sent here."""
    load_tasks()
    while True:
        async with relay_transaction() as scope:
            rows = await outbox.due(scope)
        if not rows:
            return
        for _task, row_id, _attempt in rows:
            await run_row(row_id)


async def audited(editor: Member, campaign_id: UUID) -> list[str]:
    async with tenant_transaction(editor.tenant.id) as scope:
        rows = await scope.fetch(
            "SELECT action FROM audit_log WHERE subject_id = $1 ORDER BY id", campaign_id
        )
    return [row["action"] for row in rows]


async def test_pause_and_resume_each_once(editor: Member) -> None:
    campaign_id = await make_ledger(editor, (3, "queued", None))
    for _ in range(2):
        await do(editor, pause_campaign, campaign_id)
    paused = await load(editor, campaign_id)
    assert paused.is_paused
    assert (paused.state, paused.paused_why) == ("sending", "by_hand")
    with clock.moved(timedelta(minutes=5)):
        for _ in range(2):
            await do(editor, resume_campaign, campaign_id)
    going = await load(editor, campaign_id)
    assert not going.is_paused
    assert (going.paused_at, going.paused_why) == (None, None)
    assert paused.due_at
    assert going.due_at
    assert going.due_at > paused.due_at, "workers look at it at once"
    assert await audited(editor, campaign_id) == ["campaign.paused", "campaign.resumed"]


async def test_hurry_what_waits_for_the_relay(editor: Member) -> None:
    campaign_id = await make_ledger(editor, (3, "queued", None))
    await do(editor, hurry_campaign, campaign_id)
    assert await audited(editor, campaign_id) == [], "it does not wait"
    minute = timedelta(minutes=1)
    async with tenant_transaction(editor.tenant.id) as scope:
        await course.mark_stalled(scope, campaign_id, "away", shortest=minute, longest=minute)
        await ledger.look_again(scope, campaign_id, minute)
        assert not await course.is_to_be_tried(scope, campaign_id)
    stalled = await load(editor, campaign_id)
    for _ in range(2):
        await do(editor, hurry_campaign, campaign_id)
    hurried = await load(editor, campaign_id)
    assert stalled.next_try_at
    assert stalled.due_at
    assert hurried.next_try_at
    assert hurried.due_at == hurried.next_try_at < min(stalled.due_at, stalled.next_try_at)
    assert hurried.stalled_at == stalled.stalled_at, "it has not moved yet"
    async with tenant_transaction(editor.tenant.id) as scope:
        assert await course.is_to_be_tried(scope, campaign_id)
    await do(editor, pause_campaign, campaign_id)
    await do(editor, hurry_campaign, campaign_id)
    assert (await load(editor, campaign_id)).due_at == hurried.due_at, "a pause holds"


async def test_the_hub_pauses_once_and_does_not_overrule_a_person(editor: Member) -> None:
    campaign_id = await make_ledger(editor, (3, "queued", None))
    async with tenant_transaction(editor.tenant.id) as scope:
        assert await course.pause_automatically(scope, campaign_id, "policy", "550 5.7.1 spam")
        assert not await course.pause_automatically(scope, campaign_id, "failing_share", None)
    campaign = await load(editor, campaign_id)
    assert (campaign.paused_why, campaign.paused_reply) == ("policy", "550 5.7.1 spam")
    await do(editor, pause_campaign, campaign_id)
    assert (await load(editor, campaign_id)).paused_why == "policy", "it is paused already"
    assert await audited(editor, campaign_id) == ["campaign.paused"]


async def test_cancel_leaves_the_rows_and_ends_the_campaign(editor: Member) -> None:
    campaign_id = await make_ledger(editor, (3, "queued", None), (1, "sent", None))
    await do(editor, pause_campaign, campaign_id)
    for _ in range(2):
        await do(editor, cancel_campaign, campaign_id)
    campaign = await load(editor, campaign_id)
    assert campaign.state == "cancelled"
    assert campaign.finished_at
    assert campaign.paused_at is None
    assert await states(editor, campaign_id) == {"queued": 3, "sent": 1}
    assert await audited(editor, campaign_id) == ["campaign.paused", "campaign.cancelled"]
    assert not await end_campaign(editor, campaign_id)


async def test_a_freeze_that_is_cancelled_writes_no_further_rows(editor: Member) -> None:
    campaign_id = await make_ledger(editor, state="freezing")
    await do(editor, cancel_campaign, campaign_id)
    async with tenant_transaction(editor.tenant.id) as scope:
        assert await course.lock_freezing(scope, campaign_id) is None


@pytest.mark.parametrize("state", ["draft", "sent", "cancelled"])
@pytest.mark.parametrize("name", ["pause", "resume", "cancel"])
async def test_what_is_not_under_way_cannot_be_stopped(
    editor: Member, name: str, state: str
) -> None:
    campaign_id = (
        await make_campaign(editor)
        if state == "draft"
        else await make_ledger(editor, (1, "sent", None), state=state)
    )
    steps: dict[str, Step] = {
        "pause": pause_campaign,
        "resume": resume_campaign,
        "cancel": cancel_campaign,
    }
    if (name, state) == ("cancel", "cancelled"):
        await do(editor, cancel_campaign, campaign_id)
    else:
        with pytest.raises(NotUnderWay):
            await do(editor, steps[name], campaign_id)
    assert (await load(editor, campaign_id)).state == state
    assert await audited(editor, campaign_id) == []


@pytest.mark.parametrize(
    "step", [pause_campaign, resume_campaign, cancel_campaign, leave_doubts, again("failed")]
)
async def test_a_stranger_finds_nothing(editor: Member, step: Step) -> None:
    campaign_id = await make_ledger(editor, (1, "failed", "unknown"), (1, "queued", None))
    stranger = await make_membership(await make_tenant("coordinator"), "editor")
    with pytest.raises(NotFound):
        await do(stranger, step, campaign_id)
    assert await states(editor, campaign_id) == {"failed": 1, "queued": 1}
    assert not (await load(editor, campaign_id)).is_paused


async def test_send_again_by_cause_takes_a_campaign_up_again(editor: Member) -> None:
    campaign_id = await make_ledger(
        editor, (2, "failed", "mailbox_full"), (3, "failed", "unknown"), (5, "sent", None),
        state="sent",
    )  # fmt: skip
    key = uuid7()
    for _ in range(2):
        await do(editor, again("failed", "mailbox_full", key), campaign_id)
    assert await states(editor, campaign_id) == {"queued": 2, "failed": 3, "sent": 5}
    campaign = await load(editor, campaign_id)
    assert (campaign.state, campaign.finished_at) == ("sending", None)
    assert campaign.due_at
    with pytest.raises(KeyReused):
        await do(editor, again("failed", "unknown", key), campaign_id)
    with pytest.raises(NothingToSend):
        await do(editor, again("failed", "mailbox_full"), campaign_id)
    assert await audited(editor, campaign_id) == ["campaign.resent"]
    assert not await end_campaign(editor, campaign_id), "two are open"
    await end_rows(editor, campaign_id, "queued", "sent")
    assert await end_campaign(editor, campaign_id)


async def test_a_large_resend_goes_on_in_tasks(
    editor: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control_campaign, "CHUNK", 4)
    campaign_id = await make_ledger(
        editor, (11, "failed", "unknown"), (5, "failed", "mailbox_full"), state="sent"
    )
    await do(editor, again("failed"), campaign_id)
    assert (await states(editor, campaign_id))["queued"] == 8, "the first of each at once"
    await run_tasks()
    assert await states(editor, campaign_id) == {"queued": 16}


async def test_a_resend_ends_though_everything_fails_again(
    editor: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control_campaign, "CHUNK", 4)
    campaign_id = await make_ledger(editor, (10, "failed", "unknown"), state="sent")
    await do(editor, again("failed", "unknown"), campaign_id)
    async with tenant_transaction(editor.tenant.id) as scope:
        await scope.execute(
            "UPDATE deliveries SET state = 'failed', cause = 'unknown' WHERE state = 'queued'"
        )
    await run_tasks()
    assert await states(editor, campaign_id) == {"failed": 4, "queued": 6}


async def test_a_cancelled_campaign_stays_so_though_a_resend_is_under_way(
    editor: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control_campaign, "CHUNK", 4)
    campaign_id = await make_ledger(editor, (10, "failed", "unknown"), state="sent")
    await do(editor, again("failed", "unknown"), campaign_id)
    await do(editor, cancel_campaign, campaign_id)
    await run_tasks()
    assert await states(editor, campaign_id) == {"failed": 6, "queued": 4}
    with pytest.raises(Conflict):
        await do(editor, again("failed", "unknown"), campaign_id)


@pytest.mark.parametrize("state", ["suppressed", "retry", "sent", "queued", "sending", "x"])
async def test_nobody_else_is_written_to_again(editor: Member, state: str) -> None:
    campaign_id = await make_ledger(editor, (1, "suppressed", None), (1, "retry", "busy"))
    with pytest.raises(Conflict):
        await do(editor, again(state), campaign_id)
    assert await states(editor, campaign_id) == {"suppressed": 1, "retry": 1}


async def test_doubts_are_left_or_sent_again(editor: Member) -> None:
    campaign_id = await make_ledger(editor, (2, "in_doubt", "cut_off"), state="sent")
    for _ in range(2):
        await do(editor, leave_doubts, campaign_id)
    assert (await load(editor, campaign_id)).on_doubt == "leave"
    await do(editor, again("in_doubt"), campaign_id)
    assert await states(editor, campaign_id) == {"queued": 2}
    assert await audited(editor, campaign_id) == ["campaign.doubts_left", "campaign.resent"]
    with pytest.raises(Conflict):
        await do(editor, leave_doubts, await make_campaign(editor))


@pytest.mark.parametrize(
    ("on_doubt", "doubts", "ends"),
    [("ask", 1, True), ("leave", 1, True), ("resend", 2, False), ("resend", 3, True)],
)
async def test_when_a_campaign_with_doubts_ends(
    editor: Member, on_doubt: str, doubts: int, ends: bool
) -> None:
    campaign_id = await make_ledger(
        editor, (1, "in_doubt", "cut_off"), (1, "sent", None), on_doubt=on_doubt
    )
    async with tenant_transaction(editor.tenant.id) as scope:
        await scope.execute("UPDATE deliveries SET doubts = $1 WHERE state = 'in_doubt'", doubts)
    assert await end_campaign(editor, campaign_id) is ends


@pytest.mark.parametrize("state", ["queued", "retry", "sending"])
async def test_a_campaign_with_an_open_row_does_not_end(editor: Member, state: str) -> None:
    campaign_id = await make_ledger(editor, (1, state, None), (1, "sent", None))
    assert not await end_campaign(editor, campaign_id)


async def test_a_paused_campaign_with_nothing_open_ends(editor: Member) -> None:
    campaign_id = await make_ledger(editor, (1, "sent", None))
    await do(editor, pause_campaign, campaign_id)
    assert await end_campaign(editor, campaign_id)
    assert (await load(editor, campaign_id)).paused_at is None


async def test_course_and_pace_come_from_the_kept_sums(editor: Member) -> None:
    campaign_id = await make_ledger(editor, (100, "queued", None))
    async with tenant_transaction(editor.tenant.id) as scope:
        assert (await tallies.pace_of(scope, campaign_id, Counts({"queued": 100}))).left is None
    into_slot = timedelta(seconds=clock.now().timestamp() % 10)
    for minute in range(1, 4):
        with clock.moved(timedelta(minutes=minute) - into_slot):
            await add_rows(editor, campaign_id, 10, "sent")
    await add_rows(editor, campaign_id, 2, "failed", "unknown")
    with clock.moved(timedelta(minutes=3, seconds=5) - into_slot):
        async with tenant_transaction(editor.tenant.id) as scope:
            course = await tallies.course_of(scope, campaign_id)
            counts = (await tallies.counts_of(scope, [campaign_id]))[campaign_id]
            pace = await tallies.pace_of(scope, campaign_id, counts)
    assert (course[-1].sent, course[-1].failed) == (30, 2)
    assert [point.sent for point in course] == sorted(point.sent for point in course)
    assert counts.by_state == {"queued": 100, "sent": 30, "failed": 2}
    assert pace.each_minute == 60, "10 in the slot of ten seconds in which it began"
    assert pace.left == timedelta(minutes=100 / 60)


async def test_a_long_course_is_thinned(editor: Member) -> None:
    campaign_id = await make_ledger(editor, (1, "sent", None))
    async with tenant_transaction(editor.tenant.id) as scope:
        await scope.execute(
            """
            INSERT INTO delivery_tallies (tenant_id, campaign_id, slot, backend, queued, sending, retry,
              sent, suppressed, failed, in_doubt)
            SELECT $1, $2, date_bin('10 seconds', $3, 'epoch') - n * interval '10 seconds', 0, 0, 0, 0, 1, 0, 0, 0
            FROM generate_series(1, 999) n
            """,
            editor.tenant.id,
            campaign_id,
            scope.now,
        )
        course = await tallies.course_of(scope, campaign_id)
    assert len(course) <= 1 + tallies.MOST_POINTS
    assert (course[0].sent, course[0].failed) == (0, 0)
    assert course[-1].sent == 1000
    steps = {later.at - earlier.at for earlier, later in pairwise(course[:-1])}
    assert len(steps) == 1


async def test_by_cause(editor: Member) -> None:
    campaign_id = await make_ledger(
        editor, (2, "failed", "unknown"), (3, "retry", "busy"), (1, "failed", None), (4, "sent", None)
    )  # fmt: skip
    async with tenant_transaction(editor.tenant.id) as scope:
        assert await unsent.by_cause(scope, campaign_id) == [
            Cause("retry", "busy", 3),
            Cause("failed", "unknown", 2),
            Cause("failed", None, 1),
        ]


async def test_a_reason_with_very_many_is_not_counted_to_its_end(
    editor: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unsent, "MOST_COUNTED", 3)
    campaign_id = await make_ledger(
        editor, (9, "failed", "unknown"), (2, "failed", "mailbox_full"),
        (5, "retry", "busy"), (4, "retry", "slowed"), (1, "retry", "no_answer"),
    )  # fmt: skip
    async with tenant_transaction(editor.tenant.id) as scope:
        found = await look_at(scope, campaign_id)
    assert found
    assert found.causes == [
        Cause("failed", "unknown", 9),
        Cause("retry", "busy", 3, more=True),
        Cause("retry", "slowed", 3, more=True),
        Cause("failed", "mailbox_full", 2),
        Cause("retry", "no_answer", 1),
    ]
    assert [how_many(cause) for cause in found.causes] == ["9", "più di 3", "più di 3", "2", "1"]
