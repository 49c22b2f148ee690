"""An admin resets the second factor of a colleague who lost the phone; for who works elsewhere, too, the Ente does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import httpx
import pytest

from hub import mail
from hub.config import Settings
from hub.db import network_transaction, tenant_transaction
from hub.errors import Conflict, Forbidden, NotFound
from hub.tenants.accounts.actor import Actor
from hub.tenants.accounts.second_factor import queries
from hub.tenants.accounts.second_factor.service import reset_second_factor
from hub.worker import drain_now
from tests.factories import Member, Tenant, make_account, make_membership, make_tenant
from tests.support.smtp_sink import SmtpSink
from tests.tenants.accounts.making import PAGE, PASSWORD, give_password, protect, sign_in_with_code

NewClient = Callable[[], httpx.AsyncClient]


@pytest.fixture
async def host(db: object) -> Tenant:
    return await make_tenant("host")


@pytest.fixture
async def colleague(host: Tenant) -> Member:
    account = await make_account(password=PASSWORD)
    await protect(account)
    return await make_membership(host, "admin", account=account)


async def reset(actor: Actor, member: Member) -> None:
    async with network_transaction() as scope:
        await reset_second_factor(scope, actor, member.account_id)


async def has_factor(member: Member) -> bool:
    async with network_transaction() as scope:
        return member.account_id in await queries.accounts_with_factor(scope, [member.account_id])


async def test_the_next_sign_in_sets_up_a_new_one(
    new_client: NewClient, host: Tenant, colleague: Member, settings: Settings, smtp_sink: SmtpSink
) -> None:
    mail.use_relay(replace(settings, smtp_url=smtp_sink.url))
    signed_in = new_client()
    await sign_in_with_code(signed_in, colleague.account)
    admin = await make_membership(host, "admin")
    await reset(admin.actor, colleague)
    assert (await signed_in.get("/cases")).headers["location"] == "/sign-in?next=/cases"
    assert not await has_factor(colleague)
    answer = await give_password(new_client(), colleague.account)
    assert answer.headers["location"] == f"{PAGE}?next=/"
    async with network_transaction() as scope:
        assert await queries.recovery_codes_left(scope, colleague.account_id) == 0
    async with tenant_transaction(host.id) as tenant:
        told = await tenant.fetch("SELECT account_id, subject_id, codes FROM audit_log")
    assert [tuple(row) for row in told] == [(admin.account_id, colleague.account_id, {})]
    await drain_now()
    assert smtp_sink.messages[-1].recipients == (colleague.account.email,)
    assert "azzerato" in smtp_sink.messages[-1].message["subject"]


@pytest.mark.parametrize("role", ["operator", "editor", "viewer"])
async def test_only_admins_reset(host: Tenant, colleague: Member, role: str) -> None:
    actor = (await make_membership(host, role)).actor
    with pytest.raises(Forbidden):
        await reset(actor, colleague)
    assert await has_factor(colleague)


async def test_support_does_not_reset(host: Tenant, colleague: Member) -> None:
    actor = (await make_membership(host, "admin")).actor
    with pytest.raises(Forbidden):
        await reset(replace(actor, support=True), colleague)
    assert await has_factor(colleague)


async def test_a_phone_lost_during_the_set_up_is_no_end_of_it(
    host: Tenant, colleague: Member
) -> None:
    actor = (await make_membership(host, "admin")).actor
    await reset(replace(actor, suspended=True), colleague)
    assert not await has_factor(colleague)


async def test_nobody_resets_their_own(colleague: Member) -> None:
    with pytest.raises(Forbidden):
        await reset(colleague.actor, colleague)
    assert await has_factor(colleague)


async def test_somebody_of_another_organisation_is_not_to_be_found(colleague: Member) -> None:
    stranger = await make_membership(await make_tenant("host"), "admin")
    with pytest.raises(NotFound):
        await reset(stranger.actor, colleague)
    assert await has_factor(colleague)


async def test_who_works_elsewhere_too_is_the_entes_to_reset(
    host: Tenant, colleague: Member
) -> None:
    await make_membership(await make_tenant("lender"), account=colleague.account)
    admin = await make_membership(host, "admin")
    with pytest.raises(Forbidden):
        await reset(admin.actor, colleague)
    assert await has_factor(colleague)
    ente = await make_membership(await make_tenant("coordinator"), "admin")
    await reset(ente.actor, colleague)
    assert not await has_factor(colleague)


async def test_who_worked_elsewhere_once_is_reset_at_home(host: Tenant, colleague: Member) -> None:
    before = await make_membership(await make_tenant("lender"), account=colleague.account)
    async with network_transaction() as scope:
        await scope.execute(
            "UPDATE memberships SET state = 'ended' WHERE id = $1", before.membership_id
        )
    await reset((await make_membership(host, "admin")).actor, colleague)
    assert not await has_factor(colleague)


async def test_who_left_is_not_to_be_found(host: Tenant, colleague: Member) -> None:
    async with network_transaction() as scope:
        await scope.execute(
            "UPDATE memberships SET state = 'ended' WHERE id = $1", colleague.membership_id
        )
    with pytest.raises(NotFound):
        await reset((await make_membership(host, "admin")).actor, colleague)
    with pytest.raises(NotFound):
        await reset(
            (await make_membership(await make_tenant("coordinator"), "admin")).actor, colleague
        )


async def test_where_there_is_none_nothing_happens(host: Tenant) -> None:
    admin, operator = await make_membership(host, "admin"), await make_membership(host)
    with pytest.raises(Conflict):
        await reset(admin.actor, operator)
