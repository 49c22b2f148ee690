"""An organisation at work that is set up for a further kind: nobody relies on it before, and nothing is left if it fails."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from hub.db import network_transaction, tenant_transaction
from hub.ids import uuid7
from hub.referrals.members.standing import Suspended, standing
from hub.referrals.offers.queries import services_of_lenders
from hub.tenants.accounts.queries import memberships_of
from hub.tenants.directory.queries import figures
from hub.tenants.onboarding.abandon import abandon
from hub.tenants.onboarding.activate import activate
from hub.tenants.onboarding.begin import Contact
from hub.tenants.onboarding.enlist import begin_again, enlist
from hub.tenants.onboarding.organisations import Details
from hub.tenants.onboarding.queries import setup_of
from hub.tenants.onboarding.suspend import resume, suspend
from hub.tenants.services.queries import public_services
from tests.factories import Tenant, make_desk, make_membership, make_tenant
from tests.support.databases import Database, connected
from tests.tenants.calls.making import fiscal_code, make_ente
from tests.tenants.onboarding.conftest import Browse
from tests.tenants.onboarding.making import (
    Coming,
    admit,
    fulfil,
    make_admitted,
    make_coming,
    organisation_of,
    sign,
)
from tests.tenants.onboarding.test_admission import (
    desks_of,
    leave,
    row_of,
    run_ordered,
    run_withdrawal,
)
from tests.tenants.onboarding.test_deciding import activate_it

CONTACT = Contact(name="Marta Neri", email="marta@example.org")


async def become_lender(coming: Coming) -> None:
    """Its set-up begins, and its first service is written down."""
    async with network_transaction() as scope:
        await begin_again(
            scope, coming.admin.actor, coming.organisation.id, ["lender"], None, CONTACT
        )
    async with tenant_transaction(coming.organisation.id) as scope:
        await scope.execute(
            """
            INSERT INTO services_offered (id, service_id, tenant_id, kind, name, regions, valid_from)
            VALUES ($1, $1, $2, 'enterprise_loan', 'Microcredito', '{15}', '2020-01-01')
            """,
            uuid7(),
            coming.organisation.id,
        )


async def is_offered(organisation: Tenant) -> list[bool]:
    """To desks, and to the public."""
    async with network_transaction() as scope:
        today = scope.now.date()
        public = await public_services(
            scope, today, kind=None, region_code=None, after=None, limit=1_000
        )
    asking = await make_membership(await make_tenant("host"))
    async with tenant_transaction(asking.tenant.id) as scope:
        offered = await services_of_lenders(scope, today)
    return [
        organisation.id in {one.lender_id for one in offered},
        organisation.id in {one.organisation_id for one in public},
    ]


@pytest.fixture
async def active(db: Database) -> Coming:
    coming = await make_coming()
    await fulfil(coming, db)
    await activate_it(coming)
    return coming


async def test_until_it_is_activated_nobody_relies_on_it(active: Coming) -> None:
    async with network_transaction() as scope:
        before = await figures(scope)
    await become_lender(active)
    row = await row_of(active.organisation.id)
    assert (row["kinds"], row["coming_kinds"]) == (["host", "lender"], ["lender"])
    assert await is_offered(active.organisation) == [False, False]
    async with network_transaction() as scope:
        assert (await figures(scope)).lenders == before.lenders
    member = await make_membership(active.organisation, "operator")
    async with tenant_transaction(active.organisation.id) as scope:
        with pytest.raises(Suspended):
            (await standing(scope, member.actor, "lender")).refuse_real()
        (await standing(scope, member.actor, "host")).refuse_real()


async def test_a_page_of_the_coming_kind_opens_as_one_of_a_suspended_organisation_would(
    active: Coming, browse: Browse
) -> None:
    await become_lender(active)
    member = await make_membership(active.organisation, "operator")
    client = await browse(member)
    assert "/cases" in (await client.get("/cases")).text
    inbox = await client.get("/inbox")
    assert inbox.status_code == 200
    assert "non è attiva" in inbox.text
    assert "non è attiva" not in (await client.get("/cases")).text


async def test_activated_it_is_offered(active: Coming, db: Database) -> None:
    await become_lender(active)
    await sign(active, "lender")
    setup = await active.setup()
    async with connected(db.superuser_url) as superuser:
        await superuser.execute(
            "UPDATE network_facts SET moment = $2 WHERE tenant_id = $1 AND name = 'test_answered'",
            active.organisation.id,
            setup.started_at + timedelta(seconds=1),
        )
        await superuser.execute(
            "UPDATE tenants SET lender_category = 'bank', lender_register = '1' WHERE id = $1",
            active.organisation.id,
        )
    async with network_transaction() as scope:
        await activate(scope, active.admin.actor, active.organisation.id, setup.id)
    row = await row_of(active.organisation.id)
    assert (row["kinds"], row["coming_kinds"]) == (["host", "lender"], [])
    assert await is_offered(active.organisation) == [True, True]


async def test_abandoned_it_is_what_it_was(active: Coming) -> None:
    operator = await make_membership(active.organisation, "operator")
    await become_lender(active)
    async with network_transaction() as scope:
        await abandon(scope, active.admin.actor, active.organisation.id, reason="Rinuncia.")
    row = await row_of(active.organisation.id)
    assert (row["kinds"], row["coming_kinds"], row["state"]) == (["host"], [], "active")
    assert await is_offered(active.organisation) == [False, False]
    async with network_transaction() as scope:
        assert len(await memberships_of(scope, operator.account_id)) == 1


async def test_nobody_of_an_abandoned_organisation_comes_back_by_beginning_again(
    db: Database,
) -> None:
    coming = await make_coming()
    earlier = await make_membership(coming.organisation, "admin")
    async with network_transaction() as scope:
        await abandon(scope, coming.admin.actor, coming.organisation.id, reason="Rinuncia.")
    async with network_transaction() as scope:
        await begin_again(
            scope, coming.admin.actor, coming.organisation.id, ["host"], None, CONTACT
        )
    async with network_transaction() as scope:
        assert not await memberships_of(scope, earlier.account_id)


async def test_a_desk_whose_name_is_taken_by_now_does_not_come_along(active: Coming) -> None:
    """Whoever lacks it adds it under another; no two of one organisation are called alike."""
    host = active.organisation
    free = await make_desk(host, name="Sportello nord", state="closed")
    earlier = await make_desk(host, name="Sportello Libertà", state="closed")
    later = await make_desk(host, name="SPORTELLO  LIBERTA", state="closed")
    taken = await make_desk(host, name="Sportello sud", state="closed")
    async with network_transaction() as scope:
        for desk, day in ((free, 1), (earlier, 1), (later, 2), (taken, 1)):
            await scope.execute(
                """
                UPDATE desks SET opened_on = NULL, closed_on = $2, closed_reason = 'abandoned'
                WHERE id = $1
                """,
                desk.id,
                date(2026, 1, day),
            )
    await make_desk(host, name="sportello sud")
    async with network_transaction() as scope:
        await begin_again(scope, active.admin.actor, host.id, ["host"], None, CONTACT)
        rows = await scope.fetch(
            "SELECT id FROM desks WHERE tenant_id = $1 AND state = 'setting_up'", host.id
        )
    assert {row[0] for row in rows} == {free.id, later.id}


async def with_code(tenant: Tenant) -> str:
    code = fiscal_code(uuid7().int % 10**10)
    async with network_transaction() as scope:
        await scope.execute("UPDATE tenants SET fiscal_code = $2 WHERE id = $1", tenant.id, code)
    return code


async def kinds_of(tenant: Tenant) -> tuple[object, object, object]:
    row = await row_of(tenant.id)
    return row["kinds"], row["coming_kinds"], row["state"]


async def test_one_that_was_active_before_activations_were_written_down(db: Database) -> None:
    lender = await make_tenant("lender")
    code = await with_code(lender)
    ente, _ = await make_ente()
    application = await make_admitted(ente, code=code)
    await admit(application)
    assert await kinds_of(lender) == (["host", "lender"], ["host"], "active")
    await leave(application)
    await run_withdrawal(application)
    assert await kinds_of(lender) == (["lender"], [], "active")


async def test_one_that_is_stopped_keeps_what_it_says_of_itself(db: Database) -> None:
    ente, admin = await make_ente()
    lender = await make_tenant("lender")
    code = await with_code(lender)
    async with network_transaction() as scope:
        await scope.execute(
            "UPDATE tenants SET activated_at = $2 WHERE id = $1", lender.id, scope.now
        )
        await suspend(scope, admin.actor, lender.id, "other", "Prova.")
    await admit(await make_admitted(ente, code=code))
    assert await kinds_of(lender) == (["host", "lender"], ["host"], "suspended")
    assert (await row_of(lender.id))["name"] == lender.name
    async with network_transaction() as scope:
        await resume(scope, admin.actor, lender.id)
    assert await kinds_of(lender) == (["host", "lender"], ["host"], "active")


async def test_an_application_that_joins_the_entes_set_up_takes_only_its_own_away(
    db: Database,
) -> None:
    ente, admin = await make_ente()
    code = fiscal_code(uuid7().int % 10**10)
    lender_id = uuid7()
    async with network_transaction() as scope:
        details = Details(name="Banca di Prova", fiscal_code=code)
        await enlist(scope, admin.actor, lender_id, ["lender"], details, CONTACT)
    lender = Tenant(lender_id, "Banca di Prova", ("lender",))
    async with network_transaction() as scope:
        before = await setup_of(scope, lender_id)
    application = await make_admitted(ente, code=code)
    await admit(application)
    assert await kinds_of(lender) == (["host", "lender"], [], "suspended")
    await leave(application)
    for _ in range(2):
        await run_withdrawal(application)
    assert await kinds_of(lender) == (["lender"], [], "suspended")
    async with network_transaction() as scope:
        after = await setup_of(scope, lender_id)
    assert before is not None
    assert after is not None
    assert (after.id, after.state, after.kinds) == (before.id, "running", ("lender",))
    assert [point.code for point in after.points] == [point.code for point in before.points]
    await run_ordered("onboarding.issue")
    await run_ordered("onboarding.cancel_protocols")
    async with network_transaction() as scope:
        states = await scope.fetch(
            "SELECT t.kind, p.state FROM protocols p JOIN protocol_templates t ON t.id = p.template_id"
            " WHERE p.organisation_id = $1",
            lender_id,
        )
    assert {row["kind"] for row in states if row["state"] != "cancelled"} == {"lender"}


async def test_whoever_applied_first_withdraws_and_the_others_desks_stay(db: Database) -> None:
    ente, _ = await make_ente()
    code = fiscal_code(uuid7().int % 10**10)
    first, second = await make_admitted(ente, code=code), await make_admitted(ente, code=code)
    await admit(first)
    await admit(second)
    host = await organisation_of(first)
    await leave(first)
    await run_withdrawal(first)
    assert sorted(state for _, state in await desks_of(host.id)) == ["closed", "setting_up"]
    assert await kinds_of(host) == (["host"], [], "suspended")
    await leave(second)
    await run_withdrawal(second)
    assert [state for _, state in await desks_of(host.id)] == ["closed", "closed"]
    assert await kinds_of(host) == (["host"], [], "closed")
