"""The demo network's checklists are what the hub itself finds in the demo network."""

from __future__ import annotations

from datetime import date, timedelta

from hub import clock
from hub.db import network_transaction
from hub.ids import uuid7
from hub.seed.load import seed
from hub.tenants.network import queries
from hub.tenants.network.organisations import counts_by_standing
from hub.tenants.network.schemas import Narrow
from hub.tenants.network.service import last_months
from hub.tenants.onboarding.evidence import progress_of
from hub.tenants.onboarding.queries import evidence_of
from tests.support.databases import Database


async def test_points_are_as_the_rows_prove(own_database: Database) -> None:
    await seed(own_database.owner_url, 1)
    today = clock.today()
    async with network_transaction() as scope:
        rows = await scope.fetch("SELECT tenant_id, code, state FROM setup_points")
        organisations = list({row["tenant_id"] for row in rows})
        found = {one.tenant_id: one for one in await evidence_of(scope, organisations, today)}
    wrong = [
        (row["tenant_id"], row["code"], row["state"])
        for row in rows
        if progress_of(row["code"], found[row["tenant_id"]]).done != (row["state"] == "done")
    ]
    assert wrong == []


async def test_the_days_of_a_set_up_do_not_contradict_each_other(own_database: Database) -> None:
    await seed(own_database.owner_url, 1)
    async with network_transaction() as scope:
        early = await scope.fetchval(
            """
            SELECT count(*) FROM invitations i JOIN memberships m ON m.id = i.membership_id
            WHERE i.accepted_at <> m.created_at OR i.created_at >= m.created_at
              OR i.accepted_at > i.expires_at
            """
        )
        came = await scope.fetchval("SELECT count(*) FROM invitations WHERE state = 'accepted'")
        points = await scope.fetch(
            """
            SELECT p.code, p.changed_at, proven.at FROM setup_points p
            JOIN setups s ON s.id = p.setup_id AND s.state = 'running'
            CROSS JOIN LATERAL (SELECT CASE p.code
              WHEN 'protocol_signed' THEN
                (SELECT max(uploaded_at) FROM protocols WHERE organisation_id = p.tenant_id)
              WHEN 'administrator_invited' THEN
                (SELECT min(created_at) FROM invitations WHERE tenant_id = p.tenant_id AND role = 'admin')
              WHEN 'operators_invited' THEN
                (SELECT min(created_at) FROM invitations
                 WHERE tenant_id = p.tenant_id AND role = 'operator')
              WHEN 'training_completed' THEN
                (SELECT max(recorded_at) FROM trainings WHERE tenant_id = p.tenant_id)
              WHEN 'test_referral_answered' THEN
                (SELECT max(at) FROM audit_log
                 WHERE tenant_id = p.tenant_id AND action = 'test_referral.answered')
              END AS at) AS proven
            WHERE p.state = 'done' AND proven.at IS NOT NULL
            """
        )
        untold = await scope.fetchval(
            """
            SELECT count(*) FROM setup_exceptions e WHERE NOT EXISTS (SELECT FROM audit_log l
              WHERE l.tenant_id = e.tenant_id AND l.action = 'exception.asked' AND l.at = e.asked_at)
            """
        )
    assert (early, untold) == (0, 0)
    assert came
    assert {row["code"] for row in points} == {
        "protocol_signed",
        "administrator_invited",
        "operators_invited",
        "training_completed",
        "test_referral_answered",
    }
    assert [row["code"] for row in points if row["changed_at"] != row["at"]] == []


async def test_the_board_has_something_to_show(own_database: Database) -> None:
    await seed(own_database.owner_url, 1)
    today: date = clock.today()
    async with network_transaction() as scope:
        figures = await queries.figures(scope, today)
        setups = await queries.running_setups(scope, today, limit=10)
        counts = await counts_by_standing(scope, Narrow("", None, None, None, today, uuid7()))
        ente = await scope.fetchval("SELECT id FROM tenants WHERE 'coordinator' = ANY(kinds)")
        ending = await queries.ending_protocols(scope, ente, today, limit=50)
        silent = await queries.silent_desks(scope, today, after=None, limit=200)
        opened = await queries.activations(scope, last_months(today)[0])
    assert (figures.desks, figures.desks_in_setup, figures.hosts) == (100, 6, 95)
    assert (figures.setups, figures.ready, figures.overdue, figures.undone) == (6, 1, 1, 0)
    assert len(setups) == counts["setup"] == 6
    assert counts["active"] == 95 + 12 + 16
    assert 1 <= len(ending) <= 15
    # Further desks, which have met nobody yet; all others met somebody within two months.
    assert [(one.days, one.last_on) for one in silent] == [(290, None), (150, None), (96, None)]
    assert figures.silent == 3
    assert sum(opened.values()) == 5
    later = today + timedelta(days=45)
    async with network_transaction() as scope:
        silent = await queries.silent_desks(scope, later, after=None, limit=200)
        assert len(silent) == (await queries.figures(scope, later)).silent > 3
