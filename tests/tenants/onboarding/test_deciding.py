"""What the Ente decides: activation, exceptions, days, suspension, abandonment; and two who do so at once."""

from __future__ import annotations

import asyncio
import contextvars
from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest

from hub.db import network_transaction, relay_transaction, tenant_transaction
from hub.errors import NotFound
from hub.ids import uuid7
from hub.tenants.accounts.actor import Actor
from hub.tenants.onboarding import checklist, deciding
from hub.tenants.onboarding.abandon import NoSetup, abandon
from hub.tenants.onboarding.activate import AlreadyEnded, PointsOpen, StillSuspended, activate
from hub.tenants.onboarding.readers import leaders_of, reader, readers_of
from hub.tenants.onboarding.schemas import SetupView
from hub.tenants.onboarding.suspend import (
    AlreadySuspended,
    NotSuspended,
    NotToSuspend,
    resume,
    suspend,
)
from hub.worker import drain_now
from tests.factories import Member, make_tenant
from tests.support.databases import Database
from tests.support.smtp_sink import SmtpSink
from tests.tenants.calls.selection.test_succeed import until_one_waits
from tests.tenants.onboarding.making import Coming, fulfil, make_coming
from tests.tenants.onboarding.test_admission import desks_of, row_of, run_ordered

TRAINING = "training_completed"


async def activate_it(coming: Coming, actor: Actor | None = None) -> None:
    setup = await coming.setup()
    async with network_transaction() as scope:
        await activate(scope, actor or coming.admin.actor, coming.organisation.id, setup.id)


async def story(coming: Coming) -> list[str]:
    async with network_transaction() as scope:
        rows = await scope.fetch(
            "SELECT action FROM audit_log WHERE tenant_id = $1 AND subject_kind = 'organisation' ORDER BY id",
            coming.organisation.id,
        )
    return [row[0] for row in rows]


async def forget_training(coming: Coming) -> None:
    async with tenant_transaction(coming.organisation.id) as scope:
        await scope.execute("DELETE FROM trainings")


async def exception_id(setup: SetupView, code: str = TRAINING) -> UUID:
    found = next(point.exception for point in setup.points if point.code == code)
    assert found is not None
    return found.id


async def ask(coming: Coming, code: str = TRAINING) -> UUID:
    async with network_transaction() as scope:
        await checklist.ask_exception(
            scope, coming.admin.actor, coming.organisation.id, code, "Corso a gennaio."
        )
    return await exception_id(await coming.setup(), code)


async def agree(coming: Coming, actor: Actor, exception: UUID) -> None:
    async with network_transaction() as scope:
        await checklist.agree_exception(scope, actor, coming.organisation.id, exception)


async def refuse(coming: Coming, actor: Actor, exception: UUID) -> None:
    async with network_transaction() as scope:
        await checklist.refuse_exception(
            scope, actor, coming.organisation.id, exception, "Senza corso non si apre."
        )


async def test_with_every_point_it_becomes_active_and_its_desks_open(
    db: Database, relay: SmtpSink
) -> None:
    coming = await make_coming()
    await fulfil(coming, db)
    await activate_it(coming)
    row = await row_of(coming.organisation.id)
    assert row["state"] == "active"
    assert row["activated_at"] is not None
    assert await desks_of(coming.organisation.id) == [("Sportello", "active")]
    async with network_transaction() as scope:
        opened = await scope.fetchval(
            "SELECT opened_on FROM desks WHERE tenant_id = $1", coming.organisation.id
        )
    assert opened == (await coming.setup()).ended_at.date()  # type: ignore[union-attr]  # it has ended
    assert (await story(coming))[-1] == "organisation.activated"
    await drain_now()
    told = [one for one in relay.messages if "attiva" in one.text() and "sportelli" in one.text()]
    # Its administrator, and the contact, who is another person.
    assert len({address for one in told for address in one.recipients}) == 2


async def test_letters_about_an_exception_go_to_who_decides_and_to_who_asked(
    db: Database, relay: SmtpSink
) -> None:
    coming = await make_coming()
    await drain_now()
    relay.messages.clear()
    asked = await ask(coming)
    await drain_now()
    (letter,) = relay.messages
    assert letter.recipients == await addresses(coming.second)
    for words in ("attende una seconda persona", "formazione completata", "Corso a gennaio."):
        assert words in letter.text(), words
    relay.messages.clear()
    await refuse(coming, coming.second.actor, asked)
    await drain_now()
    (letter,) = relay.messages
    assert letter.recipients == await addresses(coming.admin)
    assert "ha respinto la deroga" in letter.text()
    assert "Motivo: Senza corso non si apre." in letter.text()


async def test_an_exception_that_was_withdrawn_is_asked_of_nobody(
    db: Database, relay: SmtpSink
) -> None:
    coming = await make_coming()
    await drain_now()
    relay.messages.clear()
    asked = await ask(coming)
    async with network_transaction() as scope:
        await checklist.withdraw_exception(scope, coming.admin.actor, coming.organisation.id, asked)
    await drain_now()
    assert relay.messages == []


async def addresses(member: Member) -> tuple[str, ...]:
    async with network_transaction() as scope:
        found = await reader(scope, member.membership_id)
    assert found is not None
    return (found.email,)


async def test_with_an_open_point_it_does_not(db: Database) -> None:
    coming = await make_coming()
    with pytest.raises(PointsOpen):
        await activate_it(coming)
    assert (await row_of(coming.organisation.id))["state"] == "suspended"


async def test_it_looks_again_before(db: Database) -> None:
    """The checklist was whole when the page was shown, and is not any more."""
    coming = await make_coming()
    await fulfil(coming, db)
    await forget_training(coming)
    assert (await coming.states())[TRAINING] == "done"
    with pytest.raises(PointsOpen):
        await activate_it(coming)


async def test_of_two_at_once_the_second_is_told_who_was_faster(db: Database) -> None:
    coming = await make_coming()
    await fulfil(coming, db)
    setup = await coming.setup()

    async def second() -> AlreadyEnded:
        with pytest.raises(AlreadyEnded) as refused:
            await activate_it(coming, coming.second.actor)
        return refused.value

    async with network_transaction() as scope:
        await activate(scope, coming.admin.actor, coming.organisation.id, setup.id)
        # In a context of its own: this one has a scope already.
        other = asyncio.create_task(second(), context=contextvars.Context())
        await until_one_waits(db)
    refused = await other
    ended = await coming.setup()
    assert (refused.state, refused.by, refused.at) == (
        "active",
        coming.admin.membership_id,
        ended.ended_at,
    )
    assert (await story(coming)).count("organisation.activated") == 1


async def test_activating_while_another_abandons(db: Database) -> None:
    coming = await make_coming()
    await fulfil(coming, db)

    async def second() -> str:
        with pytest.raises(AlreadyEnded) as refused:
            await activate_it(coming, coming.second.actor)
        return refused.value.state

    async with network_transaction() as scope:
        await abandon(scope, coming.admin.actor, coming.organisation.id, reason="Rinuncia.")
        other = asyncio.create_task(second(), context=contextvars.Context())
        await until_one_waits(db)
    assert await other == "abandoned"
    assert (await row_of(coming.organisation.id))["state"] == "closed"


async def test_an_exception_needs_a_second_person(db: Database) -> None:
    coming = await make_coming()
    await fulfil(coming, db)
    await forget_training(coming)
    await coming.refresh()
    exception = await ask(coming)
    with pytest.raises(checklist.SamePerson):
        await agree(coming, coming.admin.actor, exception)
    with pytest.raises(PointsOpen):
        await activate_it(coming)
    await agree(coming, coming.second.actor, exception)
    assert (await coming.setup()).ready
    await activate_it(coming)
    # Nothing has come undone since: it was left out.
    assert (await coming.refresh())[TRAINING] == "open"
    assert (await story(coming))[-3:] == [
        "exception.asked",
        "exception.agreed",
        "organisation.activated",
    ]


async def test_the_table_itself_refuses_the_same_person(db: Database) -> None:
    coming = await make_coming()
    exception = await ask(coming)
    with pytest.raises(asyncpg.CheckViolationError):
        async with network_transaction() as scope:
            await deciding.decide(scope, exception, "agreed", coming.admin.membership_id)


async def test_the_table_itself_refuses_a_refusal_without_a_reason(db: Database) -> None:
    coming = await make_coming()
    exception = await ask(coming)
    for state, reason in (("refused", None), ("refused", ""), ("agreed", "Perché?")):
        with pytest.raises(asyncpg.CheckViolationError):
            async with network_transaction() as scope:
                await deciding.decide(scope, exception, state, coming.second.membership_id, reason)


async def test_an_exception_is_asked_for_once_and_not_for_what_is_done(db: Database) -> None:
    coming = await make_coming()
    await ask(coming)
    with pytest.raises(checklist.AlreadyAsked):
        await ask(coming)
    with pytest.raises(checklist.AlreadyDone):
        await ask(coming, "administrator_invited")
    with pytest.raises(NotFound):
        await ask(coming, "register_stated")


async def test_a_refused_or_withdrawn_exception_can_be_asked_for_again(db: Database) -> None:
    coming = await make_coming()
    first = await ask(coming)
    await refuse(coming, coming.second.actor, first)
    with pytest.raises(checklist.Decided):
        await agree(coming, coming.second.actor, first)
    second = await ask(coming)
    await agree(coming, coming.second.actor, second)
    async with network_transaction() as scope:
        await checklist.withdraw_exception(
            scope, coming.admin.actor, coming.organisation.id, second
        )
    assert (await coming.setup()).points[3].exception is None
    await ask(coming)


async def test_an_exception_of_another_organisation_is_not_found(db: Database) -> None:
    coming, other = await make_coming(), await make_coming()
    exception = await ask(other)
    with pytest.raises(NotFound):
        await agree(coming, coming.second.actor, exception)


async def test_the_whole_takes_its_open_points_along(db: Database) -> None:
    coming = await make_coming()
    before = await coming.setup()
    later = before.due_on + timedelta(days=30)
    async with network_transaction() as scope:
        await checklist.postpone(
            scope, coming.admin.actor, coming.organisation.id, later, "Elezioni comunali."
        )
    after = await coming.setup()
    assert (after.due_on, after.due_reason) == (later, "Elezioni comunali.")
    for one, two in zip(before.points, after.points, strict=True):
        assert (two.due_on - one.due_on).days == (0 if one.state == "done" else 30)


async def test_the_same_form_sent_twice_postpones_once(db: Database) -> None:
    coming = await make_coming()
    before = await coming.setup()
    later = before.due_on + timedelta(days=30)

    async def postpone(reason: str) -> tuple[int, int]:
        """How many entries of the story, and how many letters there are in the end."""
        async with network_transaction() as scope:
            await checklist.postpone(
                scope, coming.admin.actor, coming.organisation.id, later, reason
            )
        async with relay_transaction() as scope:
            letters: int = await scope.fetchval(
                "SELECT count(*) FROM outbox WHERE task = 'onboarding.mail_postponed'"
            )
        return (await story(coming)).count("setup.postponed"), letters

    first = await postpone("Elezioni comunali.")
    assert first[0] == 1
    async with network_transaction() as scope:
        await scope.execute(
            "UPDATE setups SET overdue_told_at = started_at WHERE id = $1", before.id
        )
        await scope.execute(
            "UPDATE setup_points SET reminded_at = changed_at WHERE setup_id = $1", before.id
        )
    assert await postpone("Elezioni comunali.") == first
    assert (await postpone("Elezioni regionali."))[0] == 2
    after = await coming.setup()
    assert (after.due_on, after.due_reason) == (later, "Elezioni regionali.")
    async with network_transaction() as scope:
        reminded = await scope.fetchval(
            """
            SELECT bool_and(p.reminded_at IS NOT NULL AND s.overdue_told_at IS NOT NULL)
            FROM setup_points p JOIN setups s ON s.id = p.setup_id WHERE s.id = $1
            """,
            before.id,
        )
    assert reminded


async def test_a_later_point_moves_the_whole(db: Database) -> None:
    coming = await make_coming()
    later = (await coming.setup()).due_on + timedelta(days=10)
    async with network_transaction() as scope:
        await checklist.postpone_point(
            scope, coming.admin.actor, coming.organisation.id, TRAINING, later
        )
    setup = await coming.setup()
    assert (setup.due_on, setup.points[3].due_on) == (later, later)
    assert (await story(coming))[-1] == "point.postponed"


async def test_suspended_and_resumed(db: Database, relay: SmtpSink) -> None:
    coming = await make_coming()
    await fulfil(coming, db)
    await activate_it(coming)
    await drain_now()
    relay.messages.clear()
    async with network_transaction() as scope:
        await suspend(scope, coming.admin.actor, coming.organisation.id, "breach", "Verifica.")
    row = await row_of(coming.organisation.id)
    assert (row["state"], row["suspended_at"] is None) == ("suspended", False)
    with pytest.raises(AlreadySuspended):
        async with network_transaction() as scope:
            await suspend(scope, coming.second.actor, coming.organisation.id, "other", "")
    await drain_now()
    assert relay.messages
    assert all("Verifica." in one.text() for one in relay.messages)
    async with network_transaction() as scope:
        await resume(scope, coming.second.actor, coming.organisation.id)
    row = await row_of(coming.organisation.id)
    assert (row["state"], row["suspended_at"]) == ("active", None)
    with pytest.raises(NotSuspended):
        async with network_transaction() as scope:
            await resume(scope, coming.second.actor, coming.organisation.id)


async def test_one_that_is_being_set_up_is_so_again_after_a_suspension(db: Database) -> None:
    coming = await make_coming()
    await fulfil(coming, db)
    async with network_transaction() as scope:
        await suspend(scope, coming.admin.actor, coming.organisation.id, "other", "")
    with pytest.raises(StillSuspended):
        await activate_it(coming)
    async with network_transaction() as scope:
        await resume(scope, coming.admin.actor, coming.organisation.id)
    assert (await row_of(coming.organisation.id))["state"] == "suspended"
    await activate_it(coming)


async def test_neither_the_ente_nor_the_closed_are_suspended(db: Database) -> None:
    coming = await make_coming()
    with pytest.raises(NotFound):
        async with network_transaction() as scope:
            await suspend(scope, coming.admin.actor, coming.ente.id, "other", "")
    closed = await make_tenant("host", state="closed")
    with pytest.raises(NotToSuspend):
        async with network_transaction() as scope:
            await suspend(scope, coming.admin.actor, closed.id, "other", "")


async def test_abandoned_its_contact_is_told_why(db: Database, relay: SmtpSink) -> None:
    coming = await make_coming()
    await drain_now()
    relay.messages.clear()
    async with network_transaction() as scope:
        await abandon(scope, coming.admin.actor, coming.organisation.id, reason="Rinuncia.")
    with pytest.raises(NoSetup):
        async with network_transaction() as scope:
            await abandon(scope, coming.admin.actor, coming.organisation.id, reason="Ancora.")
    await run_ordered("onboarding.mail_abandoned")
    (letter,) = relay.messages
    assert "Rinuncia." in letter.text()
    assert (await story(coming))[-1] == "setup.abandoned"


async def test_two_readers_one_of_whom_is_the_contact_get_one_letter_each(db: Database) -> None:
    coming = await make_coming()
    async with network_transaction() as scope:
        readers = await readers_of(scope, coming.organisation.id)
        leaders = await leaders_of(scope, coming.organisation.id)
        assert await reader(scope, uuid7()) is None
    assert readers == [(await coming.setup()).id]
    assert set(leaders) == {coming.admin.membership_id, coming.second.membership_id}
