"""Nobody gets more than was given to them: not by inviting oneself, not by limits, not from the Ente."""

from __future__ import annotations

import pytest

from hub.db import network_transaction, tenant_transaction
from hub.tenants.people.accept import OnlyAsSupport, join
from hub.tenants.people.change import change_role
from hub.tenants.people.holding import NoLongerAdministrator
from hub.tenants.people.invite import invite
from hub.tenants.people.leave import leave
from hub.tenants.people.links import Link
from hub.tenants.people.schemas import Invite
from tests.factories import Member, make_account, make_desk, make_membership, make_tenant
from tests.tenants.people.making import make_invitation, new_address, stored


@pytest.fixture
async def limited(admin: Member) -> Member:
    """An administrator of one desk only, beside one of the whole organisation."""
    return await make_membership(admin.tenant, "admin", desks=(await make_desk(admin.tenant),))


async def test_a_limited_administrator_lets_nobody_in(limited: Member) -> None:
    asked = Invite(email=new_address(), name="Bruno Nuovo", role="admin")
    with pytest.raises(NoLongerAdministrator):
        async with tenant_transaction(limited.tenant.id) as scope:
            await invite(scope, limited.tenant.id, limited.actor, asked)


async def test_a_limited_administrator_changes_nobody(admin: Member, limited: Member) -> None:
    for change in (change_role, leave):
        with pytest.raises(NoLongerAdministrator):
            async with tenant_transaction(limited.tenant.id) as scope:
                await change(
                    scope,
                    limited.actor,
                    admin.membership_id,
                    "viewer" if change is change_role else None,  # type: ignore[arg-type]  # the two differ in it
                )


async def test_what_somebody_sent_goes_with_them(admin: Member) -> None:
    leaving, demoted = [await make_membership(admin.tenant, "admin") for _ in range(2)]
    theirs = [await make_invitation(one) for one in (leaving, demoted)]
    kept = await make_invitation(admin)
    async with tenant_transaction(admin.tenant.id) as scope:
        await leave(scope, admin.actor, leaving.membership_id, None)
    async with tenant_transaction(admin.tenant.id) as scope:
        await change_role(scope, admin.actor, demoted.membership_id, "viewer")
    assert [(await stored(one.id)).state for one in theirs] == ["revoked", "revoked"]
    assert (await stored(kept.id)).state == "open"


async def test_the_ente_lets_none_of_its_own_in(db: object) -> None:
    ente, host = await make_tenant("coordinator"), await make_tenant("host")
    account = await make_account()
    await make_membership(ente, "admin", account=account)
    asked = Invite(email=account.email, name=account.name, role="admin")
    async with network_transaction() as scope:
        invitation_id = await invite(scope, host.id, None, asked)
    with pytest.raises(OnlyAsSupport):
        async with network_transaction() as scope:
            await join(scope, Link(invitation_id, 1), account.id)
    assert (await stored(invitation_id)).state == "open"
