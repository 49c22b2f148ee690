"""Roles, desks and last days: at once, by administrators, and never without an administrator who stays."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, timedelta
from uuid import UUID, uuid4

import httpx
import pytest

from hub import clock
from hub.db import network_transaction, tenant_transaction
from hub.errors import HubError, NotFound
from hub.tenants.people.change import (
    change_role,
    end_of,
    last_day_of,
    limit_to_desks,
    set_last_day,
)
from hub.tenants.people.holding import (
    LastAdministrator,
    NoLongerAdministrator,
    NotActive,
    OwnLimits,
    SupportStays,
)
from hub.tenants.people.invite import renew, revoke
from hub.tenants.people.leave import leave
from hub.tenants.people.training import remove_training
from hub.worker import drain_now
from tests.factories import Member, make_desk, make_membership, make_tenant
from tests.support.smtp_sink import SmtpSink
from tests.support.web import sign_in
from tests.tenants.people.making import (
    PEOPLE,
    log_of,
    make_invitation,
    membership,
    memberships,
    ordered,
    post,
)

FRIDAY = timedelta(days=3)


async def role(by: Member, of: Member, name: str) -> None:
    async with tenant_transaction(by.tenant.id) as scope:
        await change_role(scope, by.actor, of.membership_id, name)


async def desks(by: Member, of: Member, ids: Sequence[UUID] | None) -> None:
    async with tenant_transaction(by.tenant.id) as scope:
        await limit_to_desks(scope, by.actor, of.membership_id, ids)


async def last_day(by: Member, of: Member, day: date | None) -> None:
    async with tenant_transaction(by.tenant.id) as scope:
        await set_last_day(scope, by.actor, of.membership_id, day)


async def go(by: Member, of: Member) -> None:
    async with tenant_transaction(by.tenant.id) as scope:
        await leave(scope, by.actor, of.membership_id, None)


async def as_it_is(member: Member, **columns: object) -> None:
    names = ", ".join(f"{name} = ${number}" for number, name in enumerate(columns, 2))
    async with network_transaction() as scope:
        await scope.execute(
            f"UPDATE memberships SET {names} WHERE id = $1",
            member.membership_id,
            *columns.values(),
        )


async def lasting_admins(member: Member) -> list[UUID]:
    return [
        row["id"]
        for row in await memberships(member.tenant)
        if row["role"] == "admin"
        and row["state"] == "active"
        and not row["expires_at"]
        and not row["limited_to_desks"]
        and not row["support"]
    ]


async def test_a_new_role_holds_from_the_next_click(
    client: httpx.AsyncClient, admin: Member
) -> None:
    colleague = await make_membership(admin.tenant, "admin")
    await sign_in(client, colleague)
    assert (await client.get(f"{PEOPLE}/invite")).status_code == 200
    await role(admin, colleague, "viewer")
    assert (await client.get(f"{PEOPLE}/invite")).status_code == 403
    await role(admin, colleague, "admin")
    assert (await client.get(f"{PEOPLE}/invite")).status_code == 200
    assert await ordered("onboarding.refresh") != []
    changed = [codes for action, codes in await log_of(admin.tenant)]
    assert [(one["before"], one["role"]) for one in changed] == [
        ("admin", "viewer"),
        ("viewer", "admin"),
    ]


async def test_the_same_role_again_is_nothing(admin: Member) -> None:
    colleague = await make_membership(admin.tenant)
    await role(admin, colleague, "operator")
    assert await log_of(admin.tenant) == []


async def test_a_role_that_the_organisation_does_not_have(admin: Member) -> None:
    colleague = await make_membership(admin.tenant)
    for name in ("editor", "owner"):
        with pytest.raises(NotFound):
            await role(admin, colleague, name)


async def test_desks(admin: Member) -> None:
    first, second = await make_desk(admin.tenant), await make_desk(admin.tenant)
    elsewhere = await make_desk(await make_tenant())
    colleague = await make_membership(admin.tenant)
    await desks(admin, colleague, [first.id])
    await desks(admin, colleague, [second.id])
    async with tenant_transaction(admin.tenant.id) as scope:
        kept = await scope.fetch("SELECT desk_id FROM membership_desks")
    assert [row[0] for row in kept] == [second.id]
    with pytest.raises(NotFound):
        await desks(admin, colleague, [elsewhere.id])
    await desks(admin, colleague, [])
    assert (await membership(colleague))["limited_to_desks"] is True
    await desks(admin, colleague, None)
    assert (await membership(colleague))["limited_to_desks"] is False


async def test_none_chosen_means_none(client: httpx.AsyncClient, admin: Member) -> None:
    """The session says so, too."""
    await make_desk(admin.tenant)
    colleague = await make_membership(admin.tenant)
    await sign_in(client, admin)
    here = f"{PEOPLE}/{colleague.membership_id}"
    assert (await post(client, f"{here}/desks", limited="yes")).status_code == 303
    assert "nessuno sportello" in (await client.get(here)).text


async def test_a_last_day_ends_with_its_day_in_italy() -> None:
    for day in (date(2027, 1, 31), date(2027, 3, 27), date(2027, 10, 30)):
        moment = end_of(day)
        assert moment is not None
        local = moment.astimezone(clock.ROME)
        assert (local.date(), local.hour) == (day + timedelta(days=1), 0)
        assert last_day_of(moment) == day
    assert end_of(None) is None


async def test_after_the_last_day_nobody_is_in(client: httpx.AsyncClient, admin: Member) -> None:
    colleague = await make_membership(admin.tenant)
    await last_day(admin, colleague, clock.today() + FRIDAY)
    await sign_in(client, colleague)
    assert (await client.get(PEOPLE)).status_code == 200
    await as_it_is(colleague, expires_at=clock.now() - timedelta(seconds=1))
    assert (await client.get(PEOPLE)).status_code == 303
    await last_day(admin, await make_membership(admin.tenant), None)


# The last administrator.


@pytest.mark.parametrize("what", ["demoted", "limited", "given an end", "removed"])
async def test_the_last_administrator_stays(admin: Member, what: str) -> None:
    """By him- or herself, or by one who is leaving; one who is limited decides about nobody."""
    leaving = await make_membership(admin.tenant, "admin")
    await as_it_is(leaving, expires_at=clock.now() + FRIDAY)
    desk = await make_desk(admin.tenant)
    limited = await make_membership(admin.tenant, "admin", desks=(desk,))
    steps: dict[str, Callable[[Member, Member], Awaitable[None]]] = {
        "demoted": lambda by, of: role(by, of, "operator"),
        "limited": lambda by, of: desks(by, of, []),
        "given an end": lambda by, of: last_day(by, of, clock.today() + FRIDAY),
        "removed": go,
    }
    for by in (admin, leaving):
        with pytest.raises(LastAdministrator):
            await steps[what](by, admin)
    with pytest.raises(NoLongerAdministrator):
        await steps[what](limited, admin)
    assert await lasting_admins(admin) == [admin.membership_id]
    await make_membership(admin.tenant, "admin")
    await steps[what](leaving, admin)
    assert admin.membership_id not in await lasting_admins(admin)


async def test_the_last_of_those_who_leave_stays_too(admin: Member) -> None:
    await as_it_is(admin, expires_at=clock.now() + FRIDAY)
    with pytest.raises(LastAdministrator):
        await go(admin, admin)


async def test_support_is_no_administrator_to_count_on(admin: Member) -> None:
    support = await make_membership(admin.tenant, "admin")
    await as_it_is(support, support=True, expires_at=clock.now() + FRIDAY)
    with pytest.raises(LastAdministrator):
        await go(admin, admin)


@pytest.mark.parametrize("round_", range(4))
async def test_two_who_remove_each_other_at_once(admin: Member, round_: int) -> None:
    other = await make_membership(admin.tenant, "admin")
    ended = await asyncio.gather(go(admin, other), go(other, admin), return_exceptions=True)
    refused = [one for one in ended if one is not None]
    assert len(refused) == 1, round_
    assert isinstance(refused[0], NoLongerAdministrator)
    assert len(await lasting_admins(admin)) == 1


async def test_two_who_demote_each_other_at_once(admin: Member) -> None:
    other = await make_membership(admin.tenant, "admin")
    ended = await asyncio.gather(
        role(admin, other, "operator"), role(other, admin, "operator"), return_exceptions=True
    )
    assert len([one for one in ended if isinstance(one, HubError)]) == 1
    assert len(await lasting_admins(admin)) == 1


async def test_two_who_go_at_once(admin: Member) -> None:
    other = await make_membership(admin.tenant, "admin")
    ended = await asyncio.gather(go(admin, admin), go(other, other), return_exceptions=True)
    assert [type(one) for one in ended if one is not None] == [LastAdministrator]
    assert len(await lasting_admins(admin)) == 1


async def test_one_goes_while_the_other_is_given_an_end(admin: Member) -> None:
    other = await make_membership(admin.tenant, "admin")
    third = await make_membership(admin.tenant, "admin")
    await as_it_is(third, expires_at=clock.now() + FRIDAY)
    ended = await asyncio.gather(
        go(admin, admin),
        last_day(third, other, clock.today() + FRIDAY),
        return_exceptions=True,
    )
    assert [type(one) for one in ended if one is not None] == [LastAdministrator]
    assert len(await lasting_admins(admin)) == 1


# Who may.


async def test_whoever_is_no_administrator_any_more_changes_nothing(admin: Member) -> None:
    """The session was looked at before the other administrator was faster."""
    other = await make_membership(admin.tenant, "admin")
    colleague = await make_membership(admin.tenant)
    invitation = await make_invitation(admin)
    for columns in (
        {"role": "operator"},
        {"role": "admin", "state": "ended"},
        {"state": "active", "expires_at": clock.now() - FRIDAY},
        {"expires_at": clock.now() + FRIDAY, "support": True},
    ):
        await as_it_is(other, **columns)
        with pytest.raises(NoLongerAdministrator):
            await role(other, colleague, "admin")
        with pytest.raises(NoLongerAdministrator):
            await go(other, colleague)
        with pytest.raises(NoLongerAdministrator):
            await make_invitation(other)
        async with tenant_transaction(admin.tenant.id) as scope:
            for step in (renew, revoke):
                with pytest.raises(NoLongerAdministrator):
                    await step(scope, other.actor, invitation.id)
            with pytest.raises(NoLongerAdministrator):
                await remove_training(scope, other.actor, colleague.membership_id, uuid4())


async def test_ones_own_limits_are_somebody_elses_to_lift(admin: Member) -> None:
    other = await make_membership(admin.tenant, "admin")
    await as_it_is(other, expires_at=clock.now() + FRIDAY)
    with pytest.raises(OwnLimits):
        await last_day(other, other, None)
    with pytest.raises(OwnLimits):
        await desks(other, other, None)
    await last_day(admin, other, None)


async def test_who_has_left_and_who_is_support_are_not_changed(admin: Member) -> None:
    gone, support = await make_membership(admin.tenant), await make_membership(admin.tenant)
    await as_it_is(gone, state="ended")
    await as_it_is(support, support=True, expires_at=clock.now() + FRIDAY)
    steps: list[Callable[[Member], Awaitable[None]]] = [
        lambda of: role(admin, of, "admin"),
        lambda of: desks(admin, of, None),
        lambda of: last_day(admin, of, None),
    ]
    for step in steps:
        with pytest.raises(NotActive):
            await step(gone)
        with pytest.raises(SupportStays):
            await step(support)


async def test_somebody_elses_people(admin: Member) -> None:
    theirs = await make_membership(await make_tenant())
    with pytest.raises(NotFound):
        await role(admin, theirs, "viewer")
    async with tenant_transaction(admin.tenant.id) as scope:
        with pytest.raises(NotFound):
            await leave(scope, admin.actor, uuid4(), None)


async def test_the_forms(desk: httpx.AsyncClient, admin: Member) -> None:
    colleague = await make_membership(admin.tenant)
    await make_desk(admin.tenant)
    here = f"{PEOPLE}/{colleague.membership_id}"
    page = await desk.get(here)
    assert colleague.account.email in page.text
    tomorrow = (clock.today() + timedelta(days=1)).isoformat()
    assert (await post(desk, f"{here}/role", role="viewer")).status_code == 303
    assert (await post(desk, f"{here}/end", until=tomorrow)).status_code == 303
    assert (await post(desk, f"{here}/end")).status_code == 303
    assert (await post(desk, f"{here}/end", until="2020-01-01")).status_code == 422
    assert (await post(desk, f"{here}/role", role="editor")).status_code == 422
    assert (await post(desk, f"{here}/desks", desk_ids=str(uuid4()))).status_code == 422
    assert (await post(desk, f"{here}/desks")).status_code == 303


async def test_the_last_administrator_is_told_why(desk: httpx.AsyncClient, admin: Member) -> None:
    here = f"{PEOPLE}/{admin.membership_id}"
    answer = await post(desk, f"{here}/role", role="operator")
    assert answer.status_code == 409
    assert "nessun amministratore lavora a tutti gli sportelli" in answer.text
    assert (await desk.get(f"{PEOPLE}/invite")).status_code == 200


async def test_whose_role_somebody_else_changes_is_told_the_new_one(
    admin: Member, relay: SmtpSink
) -> None:
    operator = await make_membership(admin.tenant)
    await role(admin, operator, "viewer")
    await role(admin, operator, "admin")
    await role(admin, operator, "admin")
    await role(admin, admin, "admin")
    await drain_now()
    (letter,) = relay.messages
    assert letter.recipients == (operator.account.email,)
    text = " ".join(letter.text().split())
    assert "con il ruolo di amministratore" in text
    assert "secondo fattore" in text
    await role(operator, operator, "operator")
    await drain_now()
    assert relay.messages == [letter], "it was the person’s own doing"
