"""Support: let in by name and for a time, seen while there, ended by a button, and never more than it was let in for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import httpx
import pytest

from hub import clock
from hub.crypto import encrypt
from hub.db import network_transaction, tenant_transaction
from hub.tenants.accounts.second_factor.queries import put_factor
from hub.tenants.people.tasks import end_memberships
from hub.web.formats import format_datetime
from hub.worker import drain_now
from tests.factories import Member, make_account, make_membership, make_tenant
from tests.support.smtp_sink import SmtpSink
from tests.support.web import sign_in, sign_in_as
from tests.tenants.people.making import (
    PEOPLE,
    address_of,
    log_of,
    make_invitation,
    membership,
    memberships,
    new_address,
    post,
    stored,
)
from tests.tenants.people.test_change import as_it_is

SUPPORT = f"{PEOPLE}/support"
NewClient = Callable[[], httpx.AsyncClient]


@pytest.fixture
async def helper(admin: Member) -> Member:
    """Somebody of the Ente, who signs in with a second factor."""
    return await make_membership(await make_tenant("coordinator"), "admin")


async def let_in(admin: Member, helper: Member, client: httpx.AsyncClient) -> dict[str, object]:
    invitation = await make_invitation(
        admin, helper.account.email, role="admin", support=True, membership_hours=4
    )
    await sign_in(client, helper)
    answer = await post(client, address_of(invitation) + "/join")
    assert answer.status_code == 303, answer.text
    (joined,) = await memberships(admin.tenant, helper.account.email)
    return joined


async def test_the_form_invites_by_name_and_for_a_time(
    desk: httpx.AsyncClient, admin: Member, helper: Member, relay: SmtpSink
) -> None:
    answer = await post(desk, SUPPORT, email=helper.account.email, hours="72")
    assert (answer.status_code, answer.headers["location"]) == (303, SUPPORT)
    await drain_now()
    (letter,) = [one for one in relay.messages if one.recipients == (helper.account.email,)]
    assert "3 giorni" in letter.text()
    assert helper.account.email in (await desk.get(SUPPORT)).text
    assert [action for action, _codes in await log_of(admin.tenant)] == ["support.granted"]
    for hours in ("", "1", "100000"):
        assert (await post(desk, SUPPORT, email=new_address(), hours=hours)).status_code == 422


async def test_the_time_begins_with_the_acceptance(
    client: httpx.AsyncClient, new_client: NewClient, admin: Member, helper: Member
) -> None:
    await make_invitation(
        admin, helper.account.email, role="admin", support=True, membership_hours=4
    )
    with clock.moved(timedelta(days=2)):
        async with tenant_transaction(admin.tenant.id) as scope:
            invited = await scope.fetchval("SELECT id FROM invitations")
        await sign_in(client, helper)
        before = clock.now()
        await post(client, address_of(await stored(invited)) + "/join")
        (joined,) = await memberships(admin.tenant, helper.account.email)
        assert timedelta(hours=4) <= joined["expires_at"] - before < timedelta(hours=4, minutes=1)
    assert (joined["role"], joined["support"]) == ("admin", True)
    assert [action for action, _codes in await log_of(admin.tenant)] == [
        "support.granted",
        "invitation.accepted",
    ]


async def test_whoever_is_let_in_reads_what_may_be_done_and_until_when(
    client: httpx.AsyncClient, new_client: NewClient, admin: Member, helper: Member
) -> None:
    expires_at = (await let_in(admin, helper, client))["expires_at"]
    assert isinstance(expires_at, datetime)
    until = format_datetime(expires_at)
    for path in ("/organisation", "/organisation/setup"):
        text = (await client.get(path)).text
        assert f"Sei qui per assistenza fino al {until}" in text
        assert "Non vedi cittadini, pratiche o proposte" in text
        assert "fai parte dell’organizzazione" not in text
    assert "Ruolo: assistenza." in (await client.get("/account")).text
    own = new_client()
    await sign_in(own, admin)
    assert "per assistenza" not in (await own.get("/organisation")).text


async def test_the_organisation_sees_who_is_in_and_ends_it(
    client: httpx.AsyncClient, new_client: NewClient, admin: Member, helper: Member
) -> None:
    joined = await let_in(admin, helper, client)
    assert (await client.get(PEOPLE)).status_code == 200
    browser = new_client()
    await sign_in(browser, admin)
    page = await browser.get(SUPPORT)
    end = f"{SUPPORT}/{joined['id']}/end"
    assert end in page.text
    assert (await post(browser, end)).status_code == 303
    assert (await client.get(PEOPLE)).status_code == 303, "out at once"
    assert (await post(browser, end)).status_code == 303, "twice is one effect"
    assert "Assistenza conclusa" in (await browser.get(SUPPORT)).text
    said = [action for action, _codes in await log_of(admin.tenant)]
    assert said == ["support.granted", "invitation.accepted", "support.ended"]


async def test_without_a_second_factor_support_sets_one_up_before_it_accepts(
    client: httpx.AsyncClient, admin: Member
) -> None:
    operator = await make_membership(await make_tenant("coordinator"), "operator")
    invitation = await make_invitation(
        admin, operator.account.email, role="admin", support=True, membership_hours=4
    )
    await sign_in(client, operator)
    here = address_of(invitation)
    set_up = f"/account/second-factor?next={here}"
    page = await client.get(here)
    assert page.status_code == 200
    assert f'href="{set_up}"' in page.text
    assert f"{here}/join" not in page.text
    answer = await post(client, f"{here}/join")
    assert (answer.status_code, answer.headers["location"]) == (303, set_up)
    assert "amministratore" not in (await client.get(set_up)).text
    assert (await stored(invitation.id)).state == "open"
    assert await memberships(admin.tenant, operator.account.email) == []
    async with network_transaction() as scope:
        await put_factor(scope, operator.account_id, encrypt("A" * 32), 0)
    await sign_in(client, operator)
    assert f"{here}/join" in (await client.get(here)).text
    assert (await post(client, f"{here}/join")).headers["location"] == "/organisation"
    assert "Sei qui per assistenza" in (await client.get("/organisation")).text


async def test_the_form_says_who_alone_can_accept(
    desk: httpx.AsyncClient, admin: Member, relay: SmtpSink
) -> None:
    assert "Solo chi lavora all’Ente può accettare" in (await desk.get(SUPPORT)).text
    page = await post(desk, SUPPORT, email=new_address(), hours="4")
    assert page.status_code == 303, "the form tells nobody who has an account"
    page = await desk.get(SUPPORT)
    assert "Solo chi lavora all’Ente può accettarlo" in page.text
    assert "L’indirizzo è sbagliato?" in page.text


async def test_it_ends_by_itself(client: httpx.AsyncClient, admin: Member, helper: Member) -> None:
    joined = await let_in(admin, helper, client)
    with clock.moved(timedelta(hours=1, minutes=50)):
        assert (await client.get(PEOPLE)).status_code == 200
    with clock.moved(timedelta(hours=4, seconds=1)):
        await sign_in_as(client, helper.account_id, joined["id"])  # type: ignore[arg-type]  # a row's id
        assert (await client.get(PEOPLE)).status_code == 303
        await end_memberships()
    (ended,) = await memberships(admin.tenant, helper.account.email)
    assert ended["state"] == "ended"


async def test_only_somebody_of_the_ente_accepts(
    client: httpx.AsyncClient, new_client: NewClient, admin: Member, db: object
) -> None:
    """A member of another organisation, of none, of the Ente once, support at the Ente, and nobody yet."""
    host = await make_membership(await make_tenant("host"), "admin")
    nobody = await make_account()
    once = await make_membership(await make_tenant("coordinator"), "admin")
    await as_it_is(once, state="ended")
    guest = await make_membership(await make_tenant("coordinator"), "admin")
    await as_it_is(guest, support=True, expires_at=clock.now() + timedelta(days=1))
    for account in (host.account, nobody, once.account, guest.account):
        invitation = await make_invitation(
            admin, account.email, role="admin", support=True, membership_hours=4
        )
        browser = new_client()
        await sign_in_as(browser, account.id, None)
        answer = await post(browser, address_of(invitation) + "/join")
        assert answer.status_code == 403
        assert "Ente" in answer.text
        assert (await stored(invitation.id)).state == "open"
        assert await memberships(admin.tenant, account.email) == []
    unknown = await make_invitation(admin, role="admin", support=True, membership_hours=4)
    assert (await client.get(address_of(unknown))).status_code == 403


async def test_support_lets_in_nobody_and_changes_nobody(
    client: httpx.AsyncClient, admin: Member, helper: Member
) -> None:
    colleague = await make_membership(admin.tenant)
    invitation = await make_invitation(admin)
    joined = await let_in(admin, helper, client)
    here, own = f"{PEOPLE}/{colleague.membership_id}", f"{PEOPLE}/{joined['id']}"
    closed = {
        f"{PEOPLE}/invite": {"email": new_address(), "name": "B", "role": "admin"},
        f"{PEOPLE}/invitations/{invitation.id}/resend": {},
        f"{PEOPLE}/invitations/{invitation.id}/revoke": {},
        SUPPORT: {"email": new_address(), "hours": "168"},
        f"{SUPPORT}/{joined['id']}/end": {},
        f"{here}/role": {"role": "admin"},
        f"{here}/desks": {"limited": "yes"},
        f"{here}/end": {},
        f"{here}/trainings": {},
        f"{here}/second-factor/reset": {},
        f"{own}/role": {"role": "admin"},
        f"{own}/end": {},
    }
    for path, fields in closed.items():
        assert (await post(client, path, **fields)).status_code == 403, path
    assert (await post(client, f"{here}/leave")).status_code == 404
    assert (await client.get(f"{PEOPLE}/invite")).status_code == 403
    page = await client.get(PEOPLE)
    assert invitation.email not in page.text
    assert colleague.account.email not in page.text
    assert f"{PEOPLE}/invite" not in page.text
    assert (await membership(colleague))["state"] == "active"


async def test_support_sees_no_citizens(
    client: httpx.AsyncClient, admin: Member, helper: Member
) -> None:
    await let_in(admin, helper, client)
    for path in ("/cases", "/cases/new", "/search", "/citizens"):
        assert (await client.get(path)).status_code in (403, 404)


async def test_support_may_go_by_itself(
    client: httpx.AsyncClient, admin: Member, helper: Member
) -> None:
    joined = await let_in(admin, helper, client)
    here = f"{PEOPLE}/{joined['id']}/leave"
    assert (await client.get(here)).status_code == 200
    assert (await post(client, here)).status_code == 303
    assert [action for action, _codes in await log_of(admin.tenant)][-1] == "support.ended"


async def test_who_comes_again_as_a_colleague_is_one(
    client: httpx.AsyncClient, admin: Member, helper: Member
) -> None:
    """And is support no more; nor the other way round."""
    joined = await let_in(admin, helper, client)
    assert (await post(client, f"{PEOPLE}/{joined['id']}/leave")).status_code == 303
    invitation = await make_invitation(admin, helper.account.email, role="viewer")
    await sign_in(client, helper)
    assert (await post(client, address_of(invitation) + "/join")).status_code == 303
    (again,) = await memberships(admin.tenant, helper.account.email)
    assert (again["support"], again["role"], again["expires_at"]) == (False, "viewer", None)


async def test_whoever_is_no_administrator_reads_but_ends_nothing(
    client: httpx.AsyncClient, new_client: NewClient, admin: Member, helper: Member
) -> None:
    joined = await let_in(admin, helper, client)
    browser = new_client()
    await sign_in(browser, await make_membership(admin.tenant))
    page = await browser.get(SUPPORT)
    assert page.status_code == 200
    assert helper.account.name in page.text
    assert (await post(browser, f"{SUPPORT}/{joined['id']}/end")).status_code == 403
    assert (await post(browser, SUPPORT, email=new_address(), hours="4")).status_code == 403


async def test_the_button_is_for_support_only(desk: httpx.AsyncClient, admin: Member) -> None:
    colleague = await make_membership(admin.tenant)
    answer = await post(desk, f"{SUPPORT}/{colleague.membership_id}/end")
    assert answer.headers["location"] == f"{PEOPLE}/{colleague.membership_id}/leave"
    assert (await membership(colleague))["state"] == "active"
