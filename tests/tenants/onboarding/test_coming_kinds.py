"""An organisation at work that is set up for a further kind: nobody relies on it before, and nothing is left if it fails."""

from __future__ import annotations

from datetime import timedelta

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
from hub.tenants.onboarding.enlist import begin_again
from hub.tenants.services.queries import public_services
from tests.factories import Tenant, make_membership, make_tenant
from tests.support.databases import Database, connected
from tests.tenants.onboarding.conftest import Browse
from tests.tenants.onboarding.making import Coming, fulfil, make_coming, sign
from tests.tenants.onboarding.test_admission import row_of
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
