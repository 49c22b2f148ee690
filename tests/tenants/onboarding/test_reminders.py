"""Reminders of a set-up: at their time, once each, in one letter, to those for whom they still hold."""

from __future__ import annotations

from datetime import date, timedelta

from hub import clock
from hub.db import network_transaction, relay_transaction
from hub.tenants.onboarding import checklist
from hub.tenants.onboarding.abandon import abandon
from hub.tenants.onboarding.remind import order_reminders
from hub.web.formats import format_date
from hub.web.i18n import reading_in
from hub.worker import drain_now
from tests.factories import make_membership
from tests.support.databases import Database
from tests.support.smtp_sink import SmtpSink
from tests.tenants.onboarding.making import Coming, make_coming
from tests.tenants.onboarding.test_deciding import agree, ask

DAY = timedelta(days=1)


async def ordered(days: int) -> list[tuple[str, dict[str, str]]]:
    """What the minute's housekeeping orders that many days from now."""
    async with relay_transaction() as scope:
        await scope.execute("DELETE FROM outbox")
    with clock.moved(days * DAY):
        async with network_transaction() as scope:
            await order_reminders(scope)
    async with relay_transaction() as scope:
        rows = await scope.fetch("SELECT task, args FROM outbox ORDER BY id")
    return [(row["task"], row["args"]) for row in rows]


async def due_in(coming: Coming, code: str) -> int:
    setup = await coming.setup()
    day: date = next(point.due_on for point in setup.points if point.code == code)
    return (day - clock.today()).days


async def keep_only(coming: Coming, code: str) -> int:
    """One open point; days until it is due. The whole is due much later."""
    async with network_transaction() as scope:
        await scope.execute(
            "UPDATE setup_points SET state = 'done' WHERE tenant_id = $1 AND code <> $2",
            coming.organisation.id,
            code,
        )
        await scope.execute(
            "UPDATE setups SET due_on = due_on + 1000 WHERE tenant_id = $1", coming.organisation.id
        )
    return await due_in(coming, code)


async def test_two_weeks_and_three_days_before_and_every_two_weeks_after(
    own_database: Database,
) -> None:
    coming = await make_coming()
    days = await keep_only(coming, "protocol_signed")
    setup = await coming.setup()
    order = [
        (
            "onboarding.mail_due",
            {"organisation_id": str(coming.organisation.id), "reader_id": str(setup.id)},
        )
    ]
    assert await ordered(days - 15) == []
    for when in (-14, -3, 14, 28):
        assert await ordered(days + when) == order
        assert await ordered(days + when) == []
        assert await ordered(days + when + 2) == []
    assert await ordered(days + 41) == []


async def test_a_worker_that_was_away_makes_up_with_one(own_database: Database) -> None:
    coming = await make_coming()
    days = await keep_only(coming, "protocol_signed")
    assert len(await ordered(days + 30)) == 1
    assert await ordered(days + 31) == []


async def test_several_points_are_one_letter(own_database: Database, relay: SmtpSink) -> None:
    coming = await make_coming()
    days = await due_in(coming, "training_completed")
    await drain_now()
    relay.messages.clear()
    found = await ordered(days - 14)
    assert [task for task, _args in found] == ["onboarding.mail_due"]
    with clock.moved((days - 14) * DAY):
        await drain_now()
    (letter,) = relay.messages
    text = letter.text()
    assert "Formazione da completare" in text
    assert "in ritardo dal" in text
    # The contact may have no account: no button leads to the sign-in.
    assert "/organisation" not in text
    assert "chi amministra la tua organizzazione" in text


async def test_who_needs_more_time_reads_whom_to_write_to(
    own_database: Database, relay: SmtpSink
) -> None:
    coming = await make_coming()
    admin = await make_membership(coming.organisation, "admin")
    async with network_transaction() as scope:
        await scope.execute(
            "UPDATE tenants SET email = 'segreteria@example.org' WHERE id = $1", coming.ente.id
        )
    days = await keep_only(coming, "protocol_signed")
    await drain_now()
    relay.messages.clear()
    assert len(await ordered(days - 14)) == 2
    with clock.moved((days - 14) * DAY):
        await drain_now()
    (letter,) = relay.sent_to(admin.account.email)
    assert f"scrivi a {coming.ente.name} (segreteria@example.org)" in letter.text()
    assert "/organisation/setup" in letter.text()


async def test_new_days_are_told_with_their_reason(own_database: Database, relay: SmtpSink) -> None:
    coming = await make_coming()
    admin = await make_membership(coming.organisation, "admin")
    setup = await coming.setup()
    later = setup.due_on + 9 * DAY
    for code in (None, "training_completed"):
        await drain_now()
        relay.messages.clear()
        async with network_transaction() as scope:
            if code:
                await checklist.postpone_point(
                    scope, coming.admin.actor, coming.organisation.id, code, later
                )
            else:
                await checklist.postpone(
                    scope, coming.admin.actor, coming.organisation.id, later, "Elezioni."
                )
        await drain_now()
        told = {one.recipients[0]: one.text() for one in relay.messages}
        assert set(told) == {admin.account.email, setup.contact_email}
        text = told[admin.account.email]
        with reading_in("it"):
            day = format_date(later if code else setup.points[3].due_on + 9 * DAY, "long")
        assert f"Formazione da completare: entro il {day}" in text
        assert ("Elezioni." in text) == (code is None)
        assert ("Operatori da invitare" in text) == (code is None)


async def test_an_agreed_exception_is_not_reminded_of(own_database: Database) -> None:
    coming = await make_coming()
    days = await keep_only(coming, "training_completed")
    await agree(coming, coming.second.actor, await ask(coming))
    assert await ordered(days - 14) == []


async def test_a_later_day_is_reminded_of_anew(own_database: Database) -> None:
    coming = await make_coming()
    days = await keep_only(coming, "protocol_signed")
    assert len(await ordered(days - 14)) == 1
    setup = await coming.setup()
    async with network_transaction() as scope:
        await checklist.postpone_point(
            scope,
            coming.admin.actor,
            coming.organisation.id,
            "protocol_signed",
            setup.points[0].due_on + 30 * DAY,
        )
    assert await ordered(days + 15) == []
    assert len(await ordered(days + 16)) == 1


async def test_its_administrators_are_reminded_too(own_database: Database) -> None:
    coming = await make_coming()
    days = await keep_only(coming, "protocol_signed")
    admin = await make_membership(coming.organisation, "admin")
    found = {args["reader_id"] for _task, args in await ordered(days - 14)}
    assert found == {str(admin.membership_id), str((await coming.setup()).id)}


async def test_the_ente_is_told_once_that_a_set_up_is_late(
    own_database: Database, relay: SmtpSink
) -> None:
    coming = await make_coming()
    days = ((await coming.setup()).due_on - clock.today()).days
    assert all(task != "onboarding.mail_overdue" for task, _args in await ordered(days))
    found = [args for task, args in await ordered(days + 1) if task == "onboarding.mail_overdue"]
    assert {args["reader_id"] for args in found} == {
        str(coming.admin.membership_id),
        str(coming.second.membership_id),
    }
    relay.messages.clear()
    with clock.moved((days + 1) * DAY):
        await drain_now()
    late = [one for one in relay.messages if "è in ritardo" in one.message["subject"]]
    assert len(late) == 2
    assert all(task != "onboarding.mail_overdue" for task, _args in await ordered(days + 2))


async def test_ended_in_the_meantime_nobody_is_written_to(
    own_database: Database, relay: SmtpSink
) -> None:
    coming = await make_coming()
    days = await keep_only(coming, "protocol_signed")
    assert len(await ordered(days - 14)) == 1
    async with network_transaction() as scope:
        await abandon(scope, None, coming.organisation.id, reason="withdrawn")
    relay.messages.clear()
    await drain_now()
    assert relay.messages == []
    assert await ordered(days) == []
