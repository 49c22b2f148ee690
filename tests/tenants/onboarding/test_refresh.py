"""Checklists looked at again: what comes undone is told once, and ten thousand cost as many statements as one."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from uuid import UUID

import pytest

from hub import clock
from hub.db import network_transaction, relay_transaction, tenant_transaction
from hub.ids import uuid7
from hub.tenants.onboarding import queries
from hub.tenants.onboarding.refresh import refresh, refresh_what_differs
from hub.tenants.onboarding.schemas import points_of
from hub.tenants.onboarding.tasks import look_at_all
from hub.worker import drain_now
from tests.factories import make_membership
from tests.support.databases import Database, connected
from tests.support.smtp_sink import SmtpSink
from tests.support.statements import counted
from tests.tenants.onboarding.making import fulfil, make_coming, make_trained, sign
from tests.tenants.onboarding.test_deciding import activate_it, agree, ask, forget_training, story

DAY = timedelta(days=1)


async def letters(task: str) -> int:
    async with relay_transaction() as scope:
        found: int = await scope.fetchval("SELECT count(*) FROM outbox WHERE task = $1", task)
    return found


async def test_what_comes_undone_after_the_activation_is_told_once(
    db: Database, relay: SmtpSink
) -> None:
    coming = await make_coming()
    await fulfil(coming, db)
    await activate_it(coming)
    await drain_now()
    relay.messages.clear()
    await forget_training(coming)
    states = await coming.refresh()
    assert states["training_completed"] == "undone"
    await coming.refresh()
    assert (await story(coming))[-1] == "point.undone"
    assert (await story(coming)).count("point.undone") == 1
    await drain_now()
    # The organisation's administrator and contact, and both of the Ente's administrators.
    to = Counter(address for one in relay.messages for address in one.recipients)
    assert len(to) == 4
    assert set(to.values()) == {1}
    assert {coming.admin.account.email, coming.second.account.email} <= set(to)
    async with network_transaction() as scope:
        assert await queries.undone_points(scope, coming.organisation.id) == ["training_completed"]


async def test_in_order_again_before_the_letter_nobody_is_written_to(
    db: Database, relay: SmtpSink
) -> None:
    coming = await make_coming()
    await fulfil(coming, db)
    await activate_it(coming)
    await drain_now()
    relay.messages.clear()
    async with tenant_transaction(coming.organisation.id) as scope:
        await scope.execute("UPDATE desks SET how_to_reach = ''")
    assert (await coming.refresh())["desks_complete"] == "undone"
    async with tenant_transaction(coming.organisation.id) as scope:
        await scope.execute("UPDATE desks SET how_to_reach = 'Metro'")
    assert (await coming.refresh())["desks_complete"] == "done"
    await drain_now()
    assert relay.messages == []


async def test_once_nothing_is_open_the_ente_is_told_once(db: Database, relay: SmtpSink) -> None:
    coming = await make_coming()
    await drain_now()
    relay.messages.clear()
    await fulfil(coming, db)
    await coming.refresh()
    await drain_now()
    to = Counter(address for one in relay.messages for address in one.recipients)
    assert to == {coming.admin.account.email: 1, coming.second.account.email: 1}
    assert all("può essere attivata" in str(one.message["Subject"]) for one in relay.messages)


async def test_nothing_is_said_of_what_came_undone_before_the_letter(
    db: Database, relay: SmtpSink
) -> None:
    coming = await make_coming()
    await drain_now()
    relay.messages.clear()
    await fulfil(coming, db)
    await forget_training(coming)
    await coming.refresh()
    await drain_now()
    assert relay.messages == []


async def test_a_point_that_was_excepted_is_no_news_once_it_is_done(db: Database) -> None:
    coming = await make_coming()
    await fulfil(coming, db)
    await forget_training(coming)
    await coming.refresh()
    await agree(coming, coming.second.actor, await ask(coming))
    told = await letters("onboarding.mail_ready")
    await make_trained(coming)
    assert (await coming.refresh())["training_completed"] == "done"
    assert await letters("onboarding.mail_ready") == told


async def test_during_the_set_up_nobody_is_alarmed(db: Database) -> None:
    coming = await make_coming()
    await fulfil(coming, db)
    await forget_training(coming)
    assert (await coming.refresh())["training_completed"] == "undone"
    assert await letters("onboarding.mail_undone") == 0


async def test_the_last_operator_leaves(db: Database) -> None:
    coming = await make_coming()
    await fulfil(coming, db)
    await activate_it(coming)
    async with tenant_transaction(coming.organisation.id) as scope:
        await scope.execute(
            "UPDATE memberships SET state = 'ended', ended_at = $1 WHERE role = 'operator'",
            scope.now,
        )
    states = await coming.refresh()
    assert (states["operators_invited"], states["training_completed"]) == ("undone", "undone")


async def test_what_time_alone_changes_is_noticed(db: Database) -> None:
    """The protocol ends, and the invitation of the administrator."""
    coming = await make_coming()
    await sign(coming, days=30)
    assert (await coming.refresh())["protocol_signed"] == "done"
    with clock.moved(20 * DAY):
        async with network_transaction() as scope:
            await refresh_what_differs(scope, [coming.organisation.id])
        states = await coming.states()
        assert (states["protocol_signed"], states["administrator_invited"]) == ("done", "undone")
    with clock.moved(31 * DAY):
        async with network_transaction() as scope:
            await refresh_what_differs(scope, [coming.organisation.id])
        assert (await coming.states())["protocol_signed"] == "undone"


async def test_support_and_those_whose_time_is_over_do_not_count(db: Database) -> None:
    coming = await make_coming()
    admin = await make_membership(coming.organisation, "admin")
    async with network_transaction() as scope:
        await scope.execute("UPDATE invitations SET state = 'revoked'")
        await scope.execute(
            "UPDATE memberships SET support = true, expires_at = $2 WHERE id = $1",
            admin.membership_id,
            scope.now + DAY,
        )
    assert (await coming.refresh())["administrator_invited"] == "undone"


async def test_since_when_it_is_open_does_not_move_with_how_far_it_is(db: Database) -> None:
    coming = await make_coming()
    before = {point.code: point.changed_at for point in (await coming.setup()).points}
    await make_membership(coming.organisation, "operator")
    await make_membership(coming.organisation, "operator")
    await coming.refresh()
    after = {point.code: point for point in (await coming.setup()).points}
    training = after["training_completed"]
    assert (training.have, training.want, training.state) == (0, 2, "open")
    assert training.changed_at == before["training_completed"]
    assert after["operators_invited"].changed_at > before["operators_invited"]


async def pour(database: Database, coordinator_id: UUID, count: int) -> list[UUID]:
    """So many organisations that are being set up, past row security."""
    codes = points_of(["host"])
    now, today = clock.now(), clock.today()
    tenants = [uuid7() for _ in range(count)]
    setups = [uuid7() for _ in range(count)]
    async with connected(database.superuser_url) as superuser:
        await superuser.execute(
            """
            INSERT INTO tenants (id, name, name_search, kinds, state, created_at)
            SELECT id, 'Comune', 'comune', '{host}', 'suspended', $2 FROM unnest($1::uuid[]) AS id
            """,
            tenants,
            now,
        )
        await superuser.execute(
            """
            INSERT INTO setups (id, tenant_id, coordinator_id, kinds, contact_name, contact_email, started_at, due_on)
            SELECT s, t, $3, '{host}', 'A', 'a@example.org', $4, $5
            FROM unnest($1::uuid[], $2::uuid[]) AS made (s, t)
            """,
            setups,
            tenants,
            coordinator_id,
            now,
            today,
        )
        await superuser.execute(
            """
            INSERT INTO setup_points (id, tenant_id, setup_id, code, position, due_on, changed_at)
            SELECT gen_random_uuid(), t, s, code, position, $4, $5
            FROM unnest($1::uuid[], $2::uuid[]) AS made (s, t),
              unnest($3::text[]) WITH ORDINALITY AS points (code, position)
            """,
            setups,
            tenants,
            codes,
            today,
            now,
        )
        await superuser.execute("ANALYZE tenants, setups, setup_points")
    return tenants


async def test_ten_thousand_are_looked_at_in_one_statement(
    own_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    coming = await make_coming()
    poured = await pour(own_database, coming.ente.id, 10_000)
    async with tenant_transaction(poured[4321]) as scope:
        now = scope.now
    async with connected(own_database.superuser_url) as superuser:
        await superuser.execute(
            """
            INSERT INTO invitations (id, tenant_id, email, role, created_at, expires_at)
            VALUES ($1, $2, 'x@example.org', 'admin', $3, $4)
            """,
            uuid7(),
            poured[4321],
            now,
            now + DAY,
        )
    with counted(monkeypatch) as statements:
        async with network_transaction() as scope:
            await refresh(scope, [*poured, coming.organisation.id])
    # Beside the line in the log of the one whose point is done now; the last asks whether it is ready.
    assert len([sql for sql in statements.ran if "audit_log" not in sql]) == 5
    assert sum(sql.startswith("SELECT s.id AS setup_id") for sql in statements.ran) == 1
    async with network_transaction() as scope:
        done = await scope.fetch(
            "SELECT tenant_id, code FROM setup_points WHERE state = 'done' AND tenant_id = ANY($1)",
            poured,
        )
        view = await queries.setup_of(scope, poured[17])
    assert [(row[0], row[1]) for row in done] == [(poured[4321], "administrator_invited")]
    assert view is not None
    assert [(point.have, point.want) for point in view.points] == [(0, 1)] * 7


async def test_all_of_the_network_are_looked_at_in_parts(
    own_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.tenants.onboarding.tasks.CHUNK", 2)
    coming = await make_coming()
    await pour(own_database, coming.ente.id, 5)
    await sign(coming)
    assert (await coming.states())["protocol_signed"] == "open"
    await look_at_all()
    assert (await coming.states())["protocol_signed"] == "done"
