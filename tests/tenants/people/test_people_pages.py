"""The list and a person's page: who reads what, in a fixed number of statements."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from hub import db
from tests.factories import Member, make_case, make_desk, make_membership
from tests.support.web import sign_in
from tests.tenants.people.making import PEOPLE, make_invitation
from tests.tenants.people.test_change import as_it_is

NewClient = Callable[[], httpx.AsyncClient]


async def test_everybody_reads_names_and_administrators_addresses(
    client: httpx.AsyncClient, desk: httpx.AsyncClient, new_client: NewClient, admin: Member
) -> None:
    colleague = await make_membership(admin.tenant)
    invitation = await make_invitation(admin)
    for role in ("operator", "viewer"):
        browser = new_client()
        await sign_in(browser, await make_membership(admin.tenant, role))
        page = await browser.get(PEOPLE)
        assert page.status_code == 200
        assert colleague.account.name in page.text
        for address in (colleague.account.email, invitation.email):
            assert address not in page.text
        assert "/resend" not in page.text
        person = await browser.get(f"{PEOPLE}/{colleague.membership_id}")
        assert person.status_code == 200
        assert colleague.account.email not in person.text
        assert "/second-factor/reset" not in person.text
    assert colleague.account.email in (await desk.get(PEOPLE)).text


async def test_ones_own_page_shows_ones_address(client: httpx.AsyncClient, admin: Member) -> None:
    colleague = await make_membership(admin.tenant)
    await sign_in(client, colleague)
    page = await client.get(f"{PEOPLE}/{colleague.membership_id}")
    assert colleague.account.email in page.text
    assert f"{PEOPLE}/{colleague.membership_id}/leave" in page.text


async def test_former_people_are_folded_away(desk: httpx.AsyncClient, admin: Member) -> None:
    gone = await make_membership(admin.tenant)
    await as_it_is(gone, state="ended", name="Zaira Uscita")
    text = (await desk.get(PEOPLE)).text
    assert text.index("<details") < text.index("Zaira Uscita")


async def test_a_suspended_organisation_manages_its_people(
    client: httpx.AsyncClient, admin: Member
) -> None:
    async with db.network_transaction() as scope:
        await scope.execute("UPDATE tenants SET state = 'suspended' WHERE id = $1", admin.tenant.id)
    await sign_in(client, admin)
    for path in (PEOPLE, f"{PEOPLE}/invite", f"{PEOPLE}/support"):
        assert (await client.get(path)).status_code == 200


async def test_as_many_statements_for_many_people_as_for_few(
    desk: httpx.AsyncClient, admin: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = await make_desk(admin.tenant)
    asked: list[str] = []
    for name in ("fetch", "fetchrow", "fetchval", "execute"):
        _count(monkeypatch, name, asked)

    async def statements() -> int:
        asked.clear()
        assert (await desk.get(PEOPLE)).status_code == 200
        return len(asked)

    first = await make_membership(admin.tenant, desks=(place,))
    await make_case(first, desk=place)
    await as_it_is(first, state="ended")
    await make_invitation(admin)
    few = await statements()
    for _ in range(12):
        member = await make_membership(admin.tenant, desks=(place,))
        await make_case(member, desk=place)
        await as_it_is(member, state="ended")
        await make_membership(admin.tenant, desks=(place,))
        await make_invitation(admin)
    assert await statements() == few


def _count(monkeypatch: pytest.MonkeyPatch, name: str, asked: list[str]) -> None:
    original = getattr(db._Scope, name)

    async def counted(self: object, sql: str, *args: object) -> object:
        asked.append(sql)
        return await original(self, sql, *args)

    monkeypatch.setattr(db._Scope, name, counted)


async def test_a_second_factor_is_reset_only_where_there_is_one(
    desk: httpx.AsyncClient, new_client: NewClient, admin: Member
) -> None:
    without, with_one = (
        await make_membership(admin.tenant),
        await make_membership(admin.tenant, "admin"),
    )
    await sign_in(new_client(), with_one)
    for person, offered in ((without, False), (with_one, True)):
        page = await desk.get(f"{PEOPLE}/{person.membership_id}")
        assert ("/second-factor/reset" in page.text) == offered
