"""Reminders: at their time, once each, to those for whom they still hold, in their language, without names in the outbox."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from hub import clock, outbox
from hub.db import TenantScope, relay_transaction, tenant_transaction
from hub.tenants.calls.applications import queries as applications
from hub.tenants.calls.applications.complete_application import answer_completion, ask_completion
from hub.tenants.calls.applications.withdraw_application import withdraw
from hub.tenants.calls.desk.remind import order_reminders
from hub.tenants.calls.desk.tasks import remind
from hub.tenants.calls.selection import panel
from hub.tenants.calls.selection.commission import remind as remind_by_hand
from hub.worker import drain_now, load_tasks
from tests.factories import Tenant, make_membership
from tests.support.databases import Database
from tests.support.smtp_sink import SmtpSink
from tests.tenants.calls.making import make_application, make_call, make_draft, make_ente
from tests.tenants.calls.selection.making import (
    Commission,
    evaluations_of,
    give,
    make_commission,
    set_state,
)

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


async def ordered(ente: Tenant, after: timedelta) -> list[tuple[str, dict[str, str]]]:
    """What is ordered if the minute's housekeeping runs that long from now."""
    async with relay_transaction() as scope:
        await scope.execute("DELETE FROM outbox")
    with clock.moved(after):
        async with tenant_transaction(ente.id) as scope:
            await order_reminders(scope)
    async with relay_transaction() as scope:
        rows = await scope.fetch("SELECT task, args FROM outbox ORDER BY id")
    return [(row["task"], row["args"]) for row in rows]


async def call_closing_in(ente: Tenant, span: timedelta) -> UUID:
    return await make_call(ente, closes_at=datetime.now(UTC) + span)


async def test_a_draft_is_reminded_a_week_and_a_day_before_the_closing(db: Database) -> None:
    ente, _ = await make_ente()
    draft = await make_draft(ente, await call_closing_in(ente, 10 * DAY))
    order = [("calls.remind_draft", {"application_id": str(draft.id)})]

    assert await ordered(ente, 3 * DAY - HOUR) == []
    assert await ordered(ente, 3 * DAY + MINUTE) == order
    assert await ordered(ente, 3 * DAY + MINUTE) == []
    assert await ordered(ente, 9 * DAY - HOUR) == []
    assert await ordered(ente, 9 * DAY + MINUTE) == order
    assert await ordered(ente, 9 * DAY + 23 * HOUR) == []
    assert await ordered(ente, 10 * DAY + HOUR) == []


async def test_an_address_that_was_only_typed_gets_no_reminders(db: Database) -> None:
    """Nobody has opened the link, perhaps because somebody else asked for it."""
    ente, _ = await make_ente()
    draft = await make_draft(ente, await call_closing_in(ente, 10 * DAY), with_file=False)

    assert await ordered(ente, 3 * DAY + MINUTE) == []
    async with tenant_transaction(ente.id) as scope:
        await applications.save_answers(
            scope, draft.id, "contacts", {"phone": ["081"]}, draft.version
        )
    assert len(await ordered(ente, 3 * DAY + MINUTE)) == 1


async def test_one_letter_makes_up_for_a_worker_that_was_away(db: Database) -> None:
    ente, _ = await make_ente()
    await make_draft(ente, await call_closing_in(ente, 10 * DAY))

    assert len(await ordered(ente, 9 * DAY + 12 * HOUR)) == 1
    assert await ordered(ente, 9 * DAY + 13 * HOUR) == []


async def test_who_begins_in_the_last_week_is_reminded_on_the_last_day_only(db: Database) -> None:
    ente, _ = await make_ente()
    await make_draft(ente, await call_closing_in(ente, 5 * DAY))

    assert await ordered(ente, MINUTE) == []
    assert len(await ordered(ente, 4 * DAY + MINUTE)) == 1


async def test_an_extension_makes_a_reminder_due_again(db: Database) -> None:
    ente, _ = await make_ente()
    call_id = await call_closing_in(ente, 10 * DAY)
    await make_draft(ente, call_id)
    assert len(await ordered(ente, 9 * DAY + HOUR)) == 1

    async with tenant_transaction(ente.id) as scope:
        await scope.execute(
            "UPDATE calls SET closes_at = $2 WHERE id = $1", call_id, scope.now + 30 * DAY
        )

    assert await ordered(ente, 22 * DAY) == []
    assert len(await ordered(ente, 23 * DAY + HOUR)) == 1


async def test_a_submitted_application_and_a_call_to_come_are_left_alone(db: Database) -> None:
    ente, _ = await make_ente()
    await make_application(ente, await call_closing_in(ente, 2 * DAY))

    assert await ordered(ente, DAY + HOUR) == []


async def test_a_draft_s_letter_brings_its_link(db: Database, relay: SmtpSink) -> None:
    ente, _ = await make_ente()
    draft = await make_draft(ente, await call_closing_in(ente, 2 * DAY))
    with clock.moved(DAY + HOUR):
        await remind()
        await remind()
        await drain_now()

    (letter,) = [one for one in relay.messages if one.recipients == (draft.email,)]
    assert "non è ancora stata presentata" in str(letter.message["Subject"])
    assert "/applications/open/" in letter.text()


async def test_nothing_is_sent_where_it_was_submitted_in_between(
    db: Database, relay: SmtpSink
) -> None:
    ente, _ = await make_ente()
    application = await make_application(ente, await call_closing_in(ente, 2 * DAY))
    await _enqueue(ente, "calls.remind_draft", application_id=application.id)
    await drain_now()

    assert [one for one in relay.messages if "presentata" in str(one.message["Subject"])] == []


async def test_who_must_complete_is_reminded_two_days_before_the_term(
    db: Database, relay: SmtpSink
) -> None:
    ente, admin = await make_ente()
    application = await make_application(ente, await call_closing_in(ente, 60 * DAY))
    async with tenant_transaction(ente.id) as scope:
        completion_id = await ask_completion(
            scope, admin.actor, application.id, "Manca la planimetria.", clock.today() + 10 * DAY
        )
        (asked,) = await applications.completions_of(scope, application.id)
    left = asked.due_at - clock.now()
    order = [
        (
            "calls.remind_request",
            {"application_id": str(application.id), "completion_id": str(completion_id)},
        )
    ]

    assert await ordered(ente, left - 49 * HOUR) == []
    assert await ordered(ente, left - 47 * HOUR) == order
    assert await ordered(ente, left - 46 * HOUR) == []
    assert await ordered(ente, left + HOUR) == []
    with clock.moved(left - 47 * HOUR):
        await _enqueue(
            ente,
            "calls.remind_request",
            application_id=application.id,
            completion_id=completion_id,
        )
        await drain_now()
    (letter,) = [one for one in relay.messages if "Sta per scadere" in str(one.message["Subject"])]
    assert letter.recipients == (application.email,)
    assert "Manca la planimetria." in letter.text()


@pytest.mark.parametrize("end", ["answered", "withdrawn"])
async def test_a_request_that_is_settled_is_not_reminded(db: Database, end: str) -> None:
    ente, admin = await make_ente()
    application = await make_application(ente, await call_closing_in(ente, 60 * DAY))
    async with tenant_transaction(ente.id) as scope:
        completion_id = await ask_completion(
            scope, admin.actor, application.id, "Manca la planimetria.", clock.today() + 5 * DAY
        )
    async with tenant_transaction(ente.id) as scope:
        if end == "answered":
            await answer_completion(scope, application.id, completion_id, "Eccola.")
        else:
            await withdraw(scope, application.id, "")

    assert await ordered(ente, 5 * DAY) == []


async def test_evaluators_are_reminded_weekly_and_when_they_are_overdue(
    db: Database, relay: SmtpSink
) -> None:
    commission, _ = await make_commission(2, applications=1)
    ente = commission.ente

    def tasks(found: list[tuple[str, dict[str, str]]]) -> list[str]:
        assert len({args["membership_id"] for _, args in found}) == len(found)
        return sorted(task for task, _ in found)

    assert tasks(await ordered(ente, 7 * DAY - HOUR)) == []
    assert tasks(await ordered(ente, 7 * DAY + HOUR)) == ["selection.remind_evaluator"] * 2
    assert tasks(await ordered(ente, 8 * DAY)) == []
    assert tasks(await ordered(ente, 14 * DAY + 2 * HOUR)) == ["selection.remind_evaluator"] * 2
    assert tasks(await ordered(ente, 20 * DAY - HOUR)) == []
    assert tasks(await ordered(ente, 20 * DAY + HOUR)) == ["calls.tell_overdue"] * 2
    # A week after the last letter, not a day.
    assert tasks(await ordered(ente, 21 * DAY + 3 * HOUR)) == []
    found = await ordered(ente, 27 * DAY + 2 * HOUR)
    assert tasks(found) == ["calls.tell_overdue"] * 2

    with clock.moved(28 * DAY):
        await drain_now()
    late = [one for one in relay.messages if "in ritardo" in str(one.message["Subject"])]
    assert len({one.recipients for one in late}) == 2
    assert "più di 20 giorni" in late[0].text()


async def test_who_was_reminded_by_hand_gets_the_next_letter_a_week_later(db: Database) -> None:
    commission, _ = await make_commission(2, applications=1)
    ente, call_id = commission.ente, commission.call_id
    async with tenant_transaction(ente.id) as scope:
        by_hand, other = await panel.evaluators(scope, call_id)
    with clock.moved(5 * DAY):
        async with tenant_transaction(ente.id) as scope:
            await remind_by_hand(scope, commission.admin.actor, call_id, by_hand.id)

    assert [args["membership_id"] for _, args in await ordered(ente, 7 * DAY + HOUR)] == [
        str(other.membership_id)
    ]
    assert await ordered(ente, 12 * DAY - HOUR) == []
    assert [args["membership_id"] for _, args in await ordered(ente, 12 * DAY + HOUR)] == [
        str(by_hand.membership_id)
    ]


async def test_who_has_given_everything_is_left_alone(db: Database, relay: SmtpSink) -> None:
    commission, (application,) = await make_commission(2, applications=1)
    found = await evaluations_of(commission.ente, application.id)
    evaluation_id, membership_id, _ = found[1]
    (who,) = [one for one in commission.evaluators if one.membership_id == membership_id]
    await give(commission, evaluation_id, who, (20, 10))

    orders = await ordered(commission.ente, 8 * DAY)

    assert [args["membership_id"] for _, args in orders] == [str(found[2][1])]
    await _enqueue(
        commission.ente,
        "calls.tell_overdue",
        call_id=commission.call_id,
        membership_id=membership_id,
    )
    with clock.moved(8 * DAY):
        await drain_now()
    other = next(one for one in commission.evaluators if one.membership_id == found[2][1])
    assert [one.recipients for one in relay.messages] == [(other.account.email,)]


async def test_admins_are_told_of_a_call_that_nobody_closed(db: Database, relay: SmtpSink) -> None:
    ente, admin = await make_ente()
    second = await make_membership(ente, "admin")
    await make_membership(ente, "operator")
    call_id = await call_closing_in(ente, 2 * DAY)
    told = {
        ("calls.tell_not_closed", str(call_id), str(one.membership_id)) for one in (admin, second)
    }

    assert await ordered(ente, 2 * DAY + 23 * HOUR) == []
    found = await ordered(ente, 3 * DAY + HOUR)
    assert {(task, args["call_id"], args["membership_id"]) for task, args in found} == told
    assert await ordered(ente, 9 * DAY) == []
    with clock.moved(3 * DAY + HOUR):
        await _enqueue(
            ente, "calls.tell_not_closed", call_id=call_id, membership_id=admin.membership_id
        )
        await drain_now()
    (letter,) = [one for one in relay.messages if "non è ancora chiuso" in one.message["Subject"]]
    assert letter.recipients == (admin.account.email,)
    assert f"/selections/{call_id}/close" in letter.text()


async def test_admins_are_told_when_all_evaluations_are_in(db: Database, relay: SmtpSink) -> None:
    commission, made = await make_commission(2, applications=2)
    ente = commission.ente
    await _give_all(commission, [one.id for one in made][:1])
    assert await ordered(ente, MINUTE) == []
    await _give_all(commission, [one.id for one in made][1:])

    found = await ordered(ente, MINUTE)

    assert {args["membership_id"] for _, args in found} == {
        str(commission.admin.membership_id),
        str(commission.second.membership_id),
    }
    assert {task for task, _ in found} == {"calls.tell_all_given"}
    assert await ordered(ente, 2 * MINUTE) == []
    await _enqueue(
        ente,
        "calls.tell_all_given",
        call_id=commission.call_id,
        membership_id=commission.second.membership_id,
    )
    await drain_now()
    (letter,) = [one for one in relay.messages if "Tutte le" in str(one.message["Subject"])]
    assert letter.recipients == (commission.second.account.email,)


@pytest.mark.parametrize("lacks", ["third", "completion", "decided"])
async def test_nobody_is_told_while_something_is_lacking(db: Database, lacks: str) -> None:
    commission, (application,) = await make_commission(2, applications=1)
    ente = commission.ente
    # Too far apart for two, and there is no third person.
    await _give_all(commission, [application.id], apart=lacks == "third")
    if lacks == "completion":
        async with tenant_transaction(ente.id) as scope:
            await ask_completion(
                scope, commission.admin.actor, application.id, "Manca.", clock.today() + 20 * DAY
            )
    if lacks == "decided":
        async with tenant_transaction(ente.id) as scope:
            await set_state(scope, commission.call_id, "decided")

    assert await ordered(ente, MINUTE) == []


async def test_two_workers_at_once_order_one_letter(db: Database) -> None:
    ente, _ = await make_ente()
    await make_draft(ente, await call_closing_in(ente, 2 * DAY))
    with clock.moved(DAY + HOUR):
        async with tenant_transaction(ente.id) as scope:
            await order_reminders(scope)
            first = await _orders(scope)
        async with tenant_transaction(ente.id) as scope:
            await order_reminders(scope)
    async with relay_transaction() as relay_scope:
        count = await relay_scope.fetchval(
            "SELECT count(*) FROM outbox WHERE task = 'calls.remind_draft'"
        )
    assert count == first == 1


async def test_every_order_names_ids_only(db: Database) -> None:
    known = load_tasks()
    assert {
        "calls.remind_draft",
        "calls.remind_request",
        "calls.tell_overdue",
        "calls.tell_not_closed",
        "calls.tell_all_given",
    } <= set(known)
    ente, _ = await make_ente()
    await make_draft(ente, await call_closing_in(ente, 2 * DAY))
    for _task, args in await ordered(ente, DAY + HOUR):
        assert all(UUID(value) for value in args.values())


async def _orders(scope: TenantScope) -> int:
    """How many drafts of this organisation were reminded so far."""
    count: int = await scope.fetchval(
        "SELECT count(*) FROM applications WHERE reminded_at IS NOT NULL"
    )
    return count


async def _enqueue(ente: Tenant, task: str, **ids: Any) -> None:
    async with tenant_transaction(ente.id) as scope:
        await outbox.enqueue(scope, task, **ids)


async def _give_all(commission: Commission, ids: list[UUID], *, apart: bool = False) -> None:
    people = {one.membership_id: one for one in commission.evaluators}
    for application_id in ids:
        found = await evaluations_of(commission.ente, application_id)
        for ordinal, points in ((1, (20, 10)), (2, (2, 1) if apart else (19, 10))):
            evaluation_id, membership_id, _ = found[ordinal]
            await give(commission, evaluation_id, people[membership_id], points)
