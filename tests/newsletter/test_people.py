"""Subscribers follow memberships and desks; who left the newsletter stays away."""

from __future__ import annotations

import pytest

from hub.crypto import email_token
from hub.db import network_transaction, tenant_transaction
from hub.newsletter import consents, queries
from hub.newsletter.people import sync_network_people
from hub.newsletter.tasks import sync_people
from hub.tenants.onboarding.sandbox import ensure_sandbox
from tests.factories import (
    Member,
    Tenant,
    make_account,
    make_desk,
    make_membership,
    make_tenant,
)
from tests.newsletter.making import EVERYONE, make_subscriber
from tests.support.databases import Database


@pytest.fixture
async def ente(own_database: Database) -> Tenant:
    """The sync looks across tenants, so this database is the test's own."""
    return await make_tenant("coordinator")


async def sync() -> None:
    async with network_transaction() as scope:
        await sync_network_people(scope)


async def subscriptions(ente: Tenant) -> set[tuple[str, str, str]]:
    """(address, audience, source)"""
    async with tenant_transaction(ente.id) as scope:
        rows = await scope.fetch(
            """
            SELECT s.email, p.audience, p.source
            FROM subscriptions p JOIN subscribers s ON s.id = p.subscriber_id
            """
        )
    return {(row[0], row[1], row[2]) for row in rows}


async def addresses(ente: Tenant) -> dict[str, tuple[str, str, bytes]]:
    async with tenant_transaction(ente.id) as scope:
        rows = await scope.fetch("SELECT email, name, state, email_token FROM subscribers")
    return {row["email"]: (row["name"], row["state"], row["email_token"]) for row in rows}


async def end_membership(member: Member) -> None:
    async with network_transaction() as scope:
        await scope.execute(
            "UPDATE memberships SET state = 'ended', ended_at = $2 WHERE id = $1",
            member.membership_id,
            scope.now,
        )


async def test_each_kind_and_role_has_its_audience(ente: Tenant) -> None:
    host, lender = await make_tenant("host"), await make_tenant("lender")
    both = await make_tenant("host", "tutor")
    operator = await make_membership(host, "operator")
    admin = await make_membership(host, "admin")
    await make_membership(host, "viewer")
    at_lender = await make_membership(lender, "viewer")
    at_both = await make_membership(both, "operator")
    await make_membership(ente, "editor")
    await make_membership(await make_tenant("host", state="waiting"), "operator")
    desk = await make_desk(host)
    async with tenant_transaction(host.id) as scope:
        await scope.execute(
            "UPDATE desks SET email = 'Sportello@Example.ORG ' WHERE id = $1", desk.id
        )
    await sync()
    assert await subscriptions(ente) == {
        (operator.account.email, "operators", "membership"),
        (admin.account.email, "administrators", "membership"),
        (at_lender.account.email, "lenders", "membership"),
        (at_both.account.email, "operators", "membership"),
        (at_both.account.email, "tutors", "membership"),
        ("sportello@example.org", "desks", "desk"),
    }
    found = await addresses(ente)
    assert found["sportello@example.org"] == (
        desk.name,
        "active",
        email_token("sportello@example.org"),
    )


async def test_doing_it_again_changes_nothing(ente: Tenant) -> None:
    await make_membership(await make_tenant("host"))
    await sync()
    before = await addresses(ente), await subscriptions(ente)
    async with tenant_transaction(ente.id) as scope:
        versions = await scope.fetch("SELECT id, version FROM subscribers")
    await sync_people()
    assert (await addresses(ente), await subscriptions(ente)) == before
    async with tenant_transaction(ente.id) as scope:
        assert await scope.fetch("SELECT id, version FROM subscribers") == versions


async def test_who_leaves_the_network_is_forgotten(ente: Tenant) -> None:
    member = await make_membership(await make_tenant("host"))
    staying = await make_membership(await make_tenant("lender"), account=member.account)
    gone = await make_membership(await make_tenant("tutor"))
    await sync()
    await end_membership(member)
    await end_membership(gone)
    await sync()
    assert await subscriptions(ente) == {(staying.account.email, "lenders", "membership")}
    assert list(await addresses(ente)) == [staying.account.email]


async def test_who_signed_up_by_hand_stays(ente: Tenant) -> None:
    member = await make_membership(await make_tenant("host"))
    await make_subscriber(ente, email=member.account.email)
    await sync()
    await end_membership(member)
    await sync()
    assert await subscriptions(ente) == {(member.account.email, "public", "import")}


async def test_a_new_name_is_taken_over(ente: Tenant) -> None:
    member = await make_membership(await make_tenant("host"))
    await sync()
    async with network_transaction() as scope:
        await scope.execute(
            "UPDATE accounts SET name = 'Anna Nuova', locale = 'en' WHERE id = $1",
            member.account_id,
        )
    await sync()
    assert (await addresses(ente))[member.account.email][0] == "Anna Nuova"


async def test_leaving_the_newsletter_outlives_leaving_the_network(ente: Tenant) -> None:
    tenant = await make_tenant("host")
    member = await make_membership(tenant)
    await sync()
    async with tenant_transaction(ente.id) as scope:
        token = email_token(member.account.email)
        await consents.suppress(scope, token, "unsubscribed", None)
        await consents.mark_unsubscribed(scope, token)
    await sync()
    assert (await addresses(ente))[member.account.email][1] == "unsubscribed"
    await end_membership(member)
    await sync()
    assert await addresses(ente) == {}
    await make_membership(await make_tenant("host"), account=member.account)
    await sync()
    assert list(await addresses(ente)) == [member.account.email]
    async with tenant_transaction(ente.id) as scope:
        assert await queries.count_recipients(scope, EVERYONE) == 0


async def test_every_coordinator_has_its_own(ente: Tenant) -> None:
    second = await make_tenant("coordinator")
    closed = await make_tenant("coordinator", state="closed")
    member = await make_membership(await make_tenant("host"))
    await sync()
    for tenant, expected in ((ente, 1), (second, 1), (closed, 0)):
        assert len(await addresses(tenant)) == expected
    async with tenant_transaction(second.id) as scope:
        await consents.suppress(scope, email_token(member.account.email), "unsubscribed", None)
        assert await queries.count_recipients(scope, EVERYONE) == 0
    async with tenant_transaction(ente.id) as scope:
        assert await queries.count_recipients(scope, EVERYONE) == 1


async def test_a_persons_name_stands_before_the_desks(ente: Tenant) -> None:
    host = await make_tenant("host")
    account = await make_account(name="Anna Rossi")
    await make_membership(host, account=account)
    desk = await make_desk(host)
    async with tenant_transaction(host.id) as scope:
        await scope.execute("UPDATE desks SET email = $1 WHERE id = $2", account.email, desk.id)
    await sync()
    assert (await addresses(ente))[account.email][0] == "Anna Rossi"
    assert {audience for _, audience, _ in await subscriptions(ente)} == {"desks", "operators"}


@pytest.mark.parametrize("state", ["waiting", "suspended", "closed"])
async def test_an_organisation_that_is_not_active_is_in_no_audience(
    ente: Tenant, state: str
) -> None:
    """Its people come back as soon as it is active again."""
    host = await make_tenant("host", "lender")
    member = await make_membership(host)
    desk = await make_desk(host)
    async with tenant_transaction(host.id) as scope:
        await scope.execute("UPDATE desks SET email = 'qui@example.org' WHERE id = $1", desk.id)
    await sync()
    before = await subscriptions(ente)
    assert {email for email, _, _ in before} == {member.account.email, "qui@example.org"}
    await change_tenant(host, f"state = '{state}'")
    await sync()
    assert await subscriptions(ente) == set()
    await change_tenant(host, "state = 'active'")
    await sync()
    assert await subscriptions(ente) == before


async def change_tenant(tenant: Tenant, change: str) -> None:
    async with network_transaction() as scope:
        await scope.execute(f"UPDATE tenants SET {change} WHERE id = $1", tenant.id)


@pytest.mark.parametrize("state", ["setting_up", "closed"])
async def test_a_desk_that_is_not_open_is_in_no_audience(ente: Tenant, state: str) -> None:
    host = await make_tenant("host")
    desk = await make_desk(host, state=state)
    async with tenant_transaction(host.id) as scope:
        await scope.execute("UPDATE desks SET email = 'qui@example.org' WHERE id = $1", desk.id)
    await sync()
    assert await subscriptions(ente) == set()


@pytest.mark.parametrize(
    "change",
    [
        "expires_at = '2026-01-01'",
        "support = true, expires_at = '2099-01-01'",
        "state = 'ended'",
    ],
)
async def test_support_and_memberships_that_are_over_are_in_no_audience(
    ente: Tenant, change: str
) -> None:
    member = await make_membership(await make_tenant("host"))
    substitute = await make_membership(member.tenant)
    async with network_transaction() as scope:
        await scope.execute(f"UPDATE memberships SET {change} WHERE id = $1", member.membership_id)
        await scope.execute(
            "UPDATE memberships SET expires_at = '2099-01-01' WHERE id = $1",
            substitute.membership_id,
        )
    await sync()
    assert await subscriptions(ente) == {(substitute.account.email, "operators", "membership")}


async def test_nobody_writes_to_the_sandbox(ente: Tenant) -> None:
    """Its account is disabled, and it would be left out even so."""
    async with network_transaction() as scope:
        sandbox = await ensure_sandbox(scope)
        await scope.execute(
            "UPDATE accounts SET state = 'active' WHERE id = $1", sandbox.account_id
        )
        await scope.execute(
            "UPDATE desks SET state = 'active', email = 'qui@example.org' WHERE id = $1",
            sandbox.desk_id,
        )
    await sync()
    assert await subscriptions(ente) == set()
