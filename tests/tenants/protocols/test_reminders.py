"""Ninety, thirty and seven days before the end, and when it has come: each once, by Rome's days."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hub import clock
from hub.db import relay_transaction, tenant_transaction
from hub.tenants.protocols.tasks import order_reminders, remind
from hub.worker import drain_now
from tests.factories import make_membership
from tests.support.databases import Database
from tests.support.smtp_sink import SmtpSink
from tests.tenants.protocols.making import Between

ROME = ZoneInfo("Europe/Rome")
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


async def ordered(between: Between, moment: datetime) -> Counter[str]:
    """What the minute's housekeeping orders then."""
    async with relay_transaction() as scope:
        await scope.execute("DELETE FROM outbox")
    with clock.moved(moment - clock.now()):
        async with tenant_transaction(between.ente.id) as scope:
            await order_reminders(scope)
    async with relay_transaction() as scope:
        rows = await scope.fetch("SELECT task FROM outbox")
    return Counter(row["task"].partition(".")[2] for row in rows)


def midnight(day: date) -> datetime:
    """In Rome."""
    return datetime.combine(day, time(), ROME)


REMINDED = Counter({"mail_ending": 1, "mail_ending_here": 1})
EXPIRED = Counter({"mail_ending": 1, "mail_ending_here": 1, "tell": 1, "refresh": 1})


async def test_each_once_at_its_day(between: Between) -> None:
    protocol_id = await between.signed()
    last = (await between.found(protocol_id)).expires_on
    assert last is not None
    for days in (90, 30, 7):
        begins = midnight(last - days * DAY)
        assert await ordered(between, begins - MINUTE) == Counter()
        assert await ordered(between, begins + MINUTE) == REMINDED
        assert await ordered(between, begins + MINUTE) == Counter()
        assert await ordered(between, begins + DAY) == Counter()
    assert await ordered(between, midnight(last + DAY) - MINUTE) == Counter()
    assert await ordered(between, midnight(last + DAY) + MINUTE) == EXPIRED
    assert await ordered(between, midnight(last + DAY) + MINUTE) == Counter()
    assert await ordered(between, midnight(last + 400 * DAY)) == Counter()


async def test_the_day_is_rome_s(between: Between) -> None:
    """Half past eleven in the evening of the last day, which in Greenwich is earlier still, or the next day begun."""
    protocol_id = await between.signed()
    day = date(clock.today().year + 1, 7, 10)
    await between.end_on(protocol_id, day)
    await ordered(between, midnight(day))
    assert await ordered(between, datetime.combine(day, time(21, 59), UTC)) == Counter()
    assert await ordered(between, datetime.combine(day, time(22, 1), UTC)) == EXPIRED


async def test_a_worker_that_was_away_makes_up_with_one_letter(between: Between) -> None:
    protocol_id = await between.signed()
    last = (await between.found(protocol_id)).expires_on
    assert last is not None
    assert await ordered(between, midnight(last - 5 * DAY)) == REMINDED
    assert await ordered(between, midnight(last - DAY)) == Counter()
    assert await ordered(between, midnight(last + 9 * DAY)) == EXPIRED


async def test_nobody_is_reminded_of_what_is_replaced_or_not_signed(between: Between) -> None:
    old = await between.signed()
    await between.signed()
    await between.sent("tutor")
    await between.end_on(old, clock.today() + 3 * DAY)
    assert await ordered(between, midnight(clock.today() + 2 * DAY)) == Counter()


async def test_contact_and_admins_are_written_to_and_the_story_tells_the_end(
    between: Between, relay: SmtpSink
) -> None:
    second = await make_membership(between.ente, "admin")
    operator = await make_membership(between.ente, "operator")
    protocol_id = await between.signed()
    protocol = await between.found(protocol_id)
    assert protocol.expires_on is not None
    ours = {protocol.contact_email, between.admin.account.email, second.account.email}

    async def written(moment: datetime) -> list[tuple[str, str]]:
        """To whom of ours, and what about; housekeeping and worker look at everybody's."""
        before = len(relay.messages)
        with clock.moved(moment - clock.now()):
            await remind()
            await remind()
            await drain_now()
        told = relay.messages[before:]
        return [
            (to, str(one.message["Subject"]))
            for one in told
            for to in one.recipients
            if to in {*ours, operator.account.email}
        ]

    await drain_now()
    early = await written(midnight(protocol.expires_on - 30 * DAY) + MINUTE)
    assert {to for to, _subject in early} == ours
    assert len(early) == 3
    assert all("Scade tra 30 giorni: " in subject for _to, subject in early)

    late = await written(midnight(protocol.expires_on + DAY) + MINUTE)
    assert {to for to, _subject in late} == ours
    assert len(late) == 3
    assert all("Scaduto" in subject for _to, subject in late)
    assert (await between.story()).count("expired") == 1


async def test_a_letter_that_comes_after_the_new_signature_is_not_sent(
    between: Between, relay: SmtpSink
) -> None:
    protocol_id = await between.signed()
    await drain_now()
    protocol = await between.found(protocol_id)
    assert protocol.expires_on is not None
    near = midnight(protocol.expires_on - 7 * DAY) + MINUTE - clock.now()
    with clock.moved(near):
        async with tenant_transaction(between.ente.id) as scope:
            await order_reminders(scope)
    await between.signed()
    with clock.moved(near):
        await drain_now()
    subjects = [str(one.message["Subject"]) for one in relay.sent_to(protocol.contact_email)]
    assert not [subject for subject in subjects if "scade" in subject.lower()]


async def test_ten_thousand_that_are_not_due_cost_one_statement(
    between: Between, db: Database
) -> None:
    """What is due is found by the index on the last day."""
    protocol_id = await between.signed()
    template_id = (await between.found(protocol_id)).template_id
    async with tenant_transaction(between.ente.id) as scope:
        await scope.execute(
            """
            INSERT INTO protocols (id, tenant_id, organisation_id, template_id, year, serial, state, contact_name,
              contact_email, content, checked, signed_on, expires_on, created_at)
            SELECT gen_random_uuid(), $1, $2, $3, 2020, n, 'signed', 'A', 'a@example.org', '{}', 'envelope',
              $4::date, $4::date + 1000, $5
            FROM generate_series(1, 10000) n
            """,
            between.ente.id,
            between.organisation.id,
            template_id,
            clock.today(),
            scope.now,
        )
        plan = await scope.fetch(
            "EXPLAIN SELECT id FROM protocols WHERE tenant_id = $1 AND state = 'signed' AND expires_on <= $2",
            between.ente.id,
            clock.today() + 90 * DAY,
        )
    assert "protocols_expiry" in str(plan)
    assert await ordered(between, clock.now()) == Counter()
