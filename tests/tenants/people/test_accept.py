"""Accepting an invitation: by whom, once, in time, and by nobody to whom the link was merely forwarded."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest

from hub import clock, tokens
from hub.db import network_transaction, tenant_transaction
from hub.errors import HubError
from hub.tenants.people.accept import join, masked
from hub.tenants.people.invite import renew, revoke
from hub.tenants.people.links import read_link, token_of
from hub.tenants.people.schemas import Invitation
from hub.worker import drain_now
from tests.factories import Member, make_account, make_desk, make_membership, make_tenant
from tests.support.smtp_sink import SmtpSink
from tests.support.web import sign_in, sign_in_as
from tests.tenants.people.making import (
    PASSWORD,
    accept_as_new,
    address_of,
    change,
    code_for,
    log_of,
    make_invitation,
    memberships,
    ordered,
    post,
    stored,
)

NewClient = Callable[[], httpx.AsyncClient]


async def accepted(invitation: Invitation) -> bool:
    return (await stored(invitation.id)).state == "accepted"


async def test_nobody_yet_gets_a_code_an_account_and_a_session(
    client: httpx.AsyncClient, admin: Member, relay: SmtpSink
) -> None:
    place = await make_desk(admin.tenant)
    until = clock.now() + timedelta(days=30)
    invitation = await make_invitation(
        admin, limited_to_desks=True, desk_ids=(place.id,), membership_until=until
    )
    page = await client.get(address_of(invitation))
    assert page.status_code == 200
    assert admin.tenant.name in page.text
    assert invitation.email not in page.text, "the link may have been forwarded"
    assert 'name="password"' not in page.text
    code = await code_for(client, invitation, relay)
    assert 'name="password"' in (await client.get(address_of(invitation))).text

    answer = await accept_as_new(client, invitation, code[:3] + " " + code[3:])

    assert answer.status_code == 303, answer.text
    assert (await client.get("/cases")).status_code == 200, "signed in, and at the desk's cases"
    (joined,) = await memberships(admin.tenant, invitation.email)
    assert (joined["role"], joined["state"], joined["limited_to_desks"]) == (
        "operator",
        "active",
        True,
    )
    assert joined["expires_at"] == until
    async with tenant_transaction(admin.tenant.id) as scope:
        desks = await scope.fetchval(
            "SELECT array_agg(desk_id) FROM membership_desks WHERE membership_id = $1",
            joined["id"],
        )
    assert desks == [place.id]
    assert ("invitation.accepted", "operator") in [
        (action, codes.get("role")) for action, codes in await log_of(admin.tenant)
    ]


async def test_the_new_password_signs_in(
    client: httpx.AsyncClient, new_client: NewClient, admin: Member, relay: SmtpSink
) -> None:
    invitation = await make_invitation(admin)
    await accept_as_new(client, invitation, await code_for(client, invitation, relay))
    answer = await post(new_client(), "/sign-in", email=invitation.email, password=PASSWORD)
    assert (answer.status_code, answer.headers["location"]) == (303, "/cases")


async def test_a_new_administrator_sets_up_a_second_factor_first(
    client: httpx.AsyncClient, admin: Member, relay: SmtpSink
) -> None:
    invitation = await make_invitation(admin, role="admin")
    answer = await accept_as_new(client, invitation, await code_for(client, invitation, relay))
    assert answer.headers["location"].startswith("/account/second-factor")


async def test_whoever_invited_is_told(
    client: httpx.AsyncClient, admin: Member, relay: SmtpSink
) -> None:
    other = await make_membership(admin.tenant, "admin")
    invitation = await make_invitation(admin)
    await accept_as_new(client, invitation, await code_for(client, invitation, relay))
    await drain_now()
    told = [one for one in relay.messages if "accettato" in str(one.message["Subject"])]
    assert [one.recipients for one in told] == [(admin.account.email,)]
    assert "Bruno Nuovo" in told[0].text()
    assert other.account.email not in str(told[0].recipients)


async def test_where_the_ente_invited_the_administrators_are_told(
    client: httpx.AsyncClient, admin: Member, relay: SmtpSink
) -> None:
    invitation = await change(await make_invitation(admin, role="admin"), invited_by=None)
    await accept_as_new(client, invitation, await code_for(client, invitation, relay))
    await drain_now()
    told = [one for one in relay.messages if "accettato" in str(one.message["Subject"])]
    assert [one.recipients for one in told] == [(admin.account.email,)]


# The code.


async def test_without_a_code_a_forwarded_link_is_worth_nothing(
    client: httpx.AsyncClient, admin: Member, db: object
) -> None:
    invitation = await make_invitation(admin)
    for code in ("", "000000"):
        answer = await accept_as_new(client, invitation, code)
        assert answer.status_code == 422
    assert not await accepted(invitation)
    assert await memberships(admin.tenant, invitation.email) == []


async def test_five_tries_and_the_right_code_is_worth_nothing(
    client: httpx.AsyncClient, admin: Member, relay: SmtpSink
) -> None:
    invitation = await make_invitation(admin)
    code = await code_for(client, invitation, relay)
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    for _ in range(5):
        assert (await accept_as_new(client, invitation, wrong)).status_code == 422
    refused = await accept_as_new(client, invitation, code)
    assert refused.status_code == 422
    assert not await accepted(invitation)
    with clock.moved(timedelta(minutes=1)):
        fresh = await code_for(client, invitation, relay)
        assert (await accept_as_new(client, invitation, fresh)).status_code == 303


async def test_a_code_is_good_for_a_quarter_of_an_hour(
    client: httpx.AsyncClient, admin: Member, relay: SmtpSink
) -> None:
    invitation = await make_invitation(admin)
    code = await code_for(client, invitation, relay)
    with clock.moved(timedelta(minutes=15, seconds=1)):
        assert (await accept_as_new(client, invitation, code)).status_code == 422
    with clock.moved(timedelta(minutes=14)):
        assert (await accept_as_new(client, invitation, code)).status_code == 303


async def test_an_older_code_gives_way_to_the_newer(
    client: httpx.AsyncClient, admin: Member, relay: SmtpSink
) -> None:
    invitation = await make_invitation(admin)
    old = await code_for(client, invitation, relay)
    with clock.moved(timedelta(minutes=1)):
        new = await code_for(client, invitation, relay)
        assert old != new
        assert (await accept_as_new(client, invitation, old)).status_code == 422
        assert (await accept_as_new(client, invitation, new)).status_code == 303


async def test_a_code_of_another_invitation_opens_nothing(
    client: httpx.AsyncClient, admin: Member, relay: SmtpSink
) -> None:
    first, second = await make_invitation(admin), await make_invitation(admin)
    code = await code_for(client, first, relay)
    other = await code_for(client, second, relay)
    assert code != other
    assert (await accept_as_new(client, second, code)).status_code == 422


async def test_a_double_click_sends_one_code(client: httpx.AsyncClient, admin: Member) -> None:
    invitation = await make_invitation(admin)
    for _ in range(2):
        assert (await post(client, address_of(invitation) + "/code")).status_code == 303
    assert len(await ordered("people.send_code")) == 1


async def test_five_codes_an_hour(client: httpx.AsyncClient, admin: Member) -> None:
    invitation = await make_invitation(admin)
    statuses = []
    for minutes in (0, 10, 20, 30, 40, 50, 59):
        with clock.moved(timedelta(minutes=minutes)):
            answer = await post(client, address_of(invitation) + "/code")
            statuses.append(answer.status_code)
    assert statuses == [303, 303, 303, 303, 303, 429, 429]
    assert len(await ordered("people.send_code")) == 5
    with clock.moved(timedelta(minutes=101)):
        assert (await post(client, address_of(invitation) + "/code")).status_code == 303


async def test_the_row_and_the_outbox_hold_no_code(
    client: httpx.AsyncClient, admin: Member, relay: SmtpSink
) -> None:
    invitation = await make_invitation(admin)
    await post(client, address_of(invitation) + "/code")
    assert await ordered("people.send_code") == [{"invitation_id": str(invitation.id)}]
    with clock.moved(timedelta(minutes=1)):
        code = await code_for(client, invitation, relay)
    kept = (await stored(invitation.id)).code_hash
    assert kept is not None
    assert code.encode() not in kept
    assert len(kept) == 32


@pytest.mark.parametrize(
    "fields",
    [{"password": "kurz", "repeated": "kurz"}, {"repeated": "una frase diversa"}, {"name": ""}],
)
async def test_what_the_form_refuses_costs_no_try(
    client: httpx.AsyncClient, admin: Member, relay: SmtpSink, fields: dict[str, str]
) -> None:
    invitation = await make_invitation(admin)
    code = await code_for(client, invitation, relay)
    assert (await accept_as_new(client, invitation, code, **fields)).status_code == 422
    assert (await stored(invitation.id)).code_attempts == 0
    assert not await accepted(invitation)


# With an account.


async def test_who_has_an_account_signs_in_with_it_and_joins_by_one_button(
    client: httpx.AsyncClient, new_client: NewClient, admin: Member
) -> None:
    account = await make_account()
    invitation = await make_invitation(admin, account.email)
    here = address_of(invitation)
    page = await client.get(here)
    assert f"/sign-in?next={here}" in page.text
    assert 'name="password"' not in page.text
    visitor = await accept_as_new(client, invitation, "123456")
    assert visitor.status_code == 200
    assert not await accepted(invitation)

    browser = new_client()
    await sign_in_as(browser, account.id, None)
    assert f"{here}/join" in (await browser.get(here)).text
    answer = await post(browser, f"{here}/join")
    assert (answer.status_code, answer.headers["location"]) == (303, "/cases")
    assert (await browser.get("/cases")).status_code == 200
    again = await post(browser, f"{here}/join")
    assert again.status_code == 303, "a double click is one effect"
    assert len(await memberships(admin.tenant, account.email)) == 1


async def test_joining_asks_for_a_session(client: httpx.AsyncClient, admin: Member) -> None:
    invitation = await make_invitation(admin, (await make_account()).email)
    answer = await post(client, address_of(invitation) + "/join")
    assert answer.headers["location"].startswith("/sign-in")
    assert not await accepted(invitation)


async def test_under_another_address_it_is_refused_and_stays_good(
    client: httpx.AsyncClient, new_client: NewClient, admin: Member
) -> None:
    invited, stranger = await make_account(), await make_membership(await make_tenant())
    invitation = await make_invitation(admin, invited.email)
    await sign_in(client, stranger)
    page = await client.get(address_of(invitation))
    assert page.status_code == 403
    assert masked(invited.email) in page.text
    assert invited.email not in page.text
    for step in ("/join", "/account"):
        answer = await post(client, address_of(invitation) + step)
        assert answer.status_code == 403
    assert not await accepted(invitation)
    assert await memberships(admin.tenant, stranger.account.email) == []

    browser = new_client()
    await sign_in_as(browser, invited.id, None)
    assert (await post(browser, address_of(invitation) + "/join")).status_code == 303


async def test_a_closed_account_is_told_so(client: httpx.AsyncClient, admin: Member) -> None:
    account = await make_account()
    async with network_transaction() as scope:
        await scope.execute("UPDATE accounts SET state = 'disabled' WHERE id = $1", account.id)
    invitation = await make_invitation(admin, account.email)
    page = await client.get(address_of(invitation))
    assert page.status_code == 403
    assert "chiuso" in page.text


async def test_who_came_back_has_the_old_membership_again(
    client: httpx.AsyncClient, admin: Member
) -> None:
    place = await make_desk(admin.tenant)
    colleague = await make_membership(admin.tenant, "viewer", desks=(place,))
    async with network_transaction() as scope:
        await scope.execute(
            "UPDATE memberships SET state = 'ended', ended_at = $2 WHERE id = $1",
            colleague.membership_id,
            scope.now,
        )
    invitation = await make_invitation(admin, colleague.account.email)
    await sign_in_as(client, colleague.account_id, None)
    assert (await post(client, address_of(invitation) + "/join")).status_code == 303
    (joined,) = await memberships(admin.tenant, colleague.account.email)
    assert joined["id"] == colleague.membership_id
    assert (joined["role"], joined["state"], joined["ended_at"]) == ("operator", "active", None)
    assert joined["limited_to_desks"] is False


async def test_who_is_a_member_by_now_keeps_the_membership(
    client: httpx.AsyncClient, admin: Member
) -> None:
    account = await make_account()
    invitation = await make_invitation(admin, account.email, role="viewer")
    await make_membership(admin.tenant, "admin", account=account)
    await sign_in_as(client, account.id, None)
    answer = await post(client, address_of(invitation) + "/join")
    assert answer.status_code in (303, 409)
    (joined,) = await memberships(admin.tenant, account.email)
    assert joined["role"] == "admin"


# Links that are no longer good.


async def test_a_replayed_one(client: httpx.AsyncClient, admin: Member, relay: SmtpSink) -> None:
    invitation = await make_invitation(admin)
    await accept_as_new(client, invitation, await code_for(client, invitation, relay))
    client.cookies.delete("hub_session")
    page = await client.get(address_of(invitation))
    assert page.status_code == 410
    assert "già stato accettato" in page.text
    answer = await accept_as_new(client, invitation, "123456")
    assert answer.status_code == 410
    assert len(await memberships(admin.tenant, invitation.email)) == 1


async def test_an_expired_one_asks_for_another_once_a_day(
    client: httpx.AsyncClient, admin: Member, relay: SmtpSink
) -> None:
    invitation = await make_invitation(admin)
    await drain_now()
    with clock.moved(timedelta(days=14, minutes=1)):
        here = address_of(invitation)
        page = await client.get(here)
        assert page.status_code == 410
        assert "scaduto" in page.text
        assert (await post(client, f"{here}/code")).status_code == 410
        for _ in range(2):
            assert (await post(client, f"{here}/ask")).status_code == 303
        await drain_now()
    asked = [one for one in relay.messages if "nuovo invito" in str(one.message["Subject"])]
    assert [one.recipients for one in asked] == [(admin.account.email,)]
    with clock.moved(timedelta(days=15, hours=1)):
        assert (await post(client, f"{here}/ask")).status_code == 303
        assert len(await ordered("people.tell_asked_again")) == 1


async def test_a_valid_one_asks_for_no_other(client: httpx.AsyncClient, admin: Member) -> None:
    invitation = await make_invitation(admin)
    assert (await post(client, address_of(invitation) + "/ask")).status_code == 200
    assert await ordered("people.tell_asked_again") == []


async def test_a_revoked_one(client: httpx.AsyncClient, admin: Member) -> None:
    invitation = await make_invitation(admin)
    async with tenant_transaction(admin.tenant.id) as scope:
        await revoke(scope, admin.actor, invitation.id)
    page = await client.get(address_of(invitation))
    assert page.status_code == 410
    assert "revocato" in page.text
    assert (await post(client, address_of(invitation) + "/code")).status_code == 410


async def test_a_superseded_one(client: httpx.AsyncClient, admin: Member, relay: SmtpSink) -> None:
    invitation = await make_invitation(admin)
    code = await code_for(client, invitation, relay)
    async with tenant_transaction(admin.tenant.id) as scope:
        await renew(scope, admin.actor, invitation.id)
    page = await client.get(address_of(invitation))
    assert page.status_code == 410
    assert "più recente" in page.text
    assert (await accept_as_new(client, invitation, code)).status_code == 410
    renewed = await stored(invitation.id)
    assert (await client.get(address_of(renewed))).status_code == 200
    assert (await accept_as_new(client, renewed, code)).status_code == 422, "nor is its code"


async def test_of_an_organisation_that_was_closed(client: httpx.AsyncClient, admin: Member) -> None:
    invitation = await make_invitation(admin)
    async with network_transaction() as scope:
        await scope.execute("UPDATE tenants SET state = 'closed' WHERE id = $1", admin.tenant.id)
    assert (await client.get(address_of(invitation))).status_code == 410


async def test_a_substitute_who_accepts_too_late(client: httpx.AsyncClient, admin: Member) -> None:
    account = await make_account()
    invitation = await make_invitation(
        admin, account.email, membership_until=clock.now() - timedelta(minutes=1)
    )
    await sign_in_as(client, account.id, None)
    await post(client, address_of(invitation) + "/join")
    assert await memberships(admin.tenant, account.email) == []


@pytest.mark.parametrize("cut", [1, 5, 20, 60])
async def test_garbage(client: httpx.AsyncClient, admin: Member, cut: int) -> None:
    token = token_of(await make_invitation(admin))
    for nonsense in (token[:-cut], token[cut:], token[:30] + "x" + token[31:], "x"):
        for path in ("", "/join", "/account", "/code", "/ask"):
            address = f"/invitations/{nonsense}{path}"
            answer = await (post(client, address) if path else client.get(address))
            assert answer.status_code == 404


async def test_an_application_s_link_is_none_of_an_invitation(db: object) -> None:
    assert read_link(tokens.sign("application", b"x" * 20)) is None
    assert read_link(tokens.sign("invitation", b"x" * 3)) is None


# At the same moment.


async def test_of_two_acceptances_at_once_one_counts(admin: Member) -> None:
    account = await make_account()
    invitation = await make_invitation(admin, account.email)
    link = read_link(token_of(invitation))
    assert link is not None

    async def accept() -> object:
        async with network_transaction() as scope:
            return await join(scope, link, account.id)

    first, second = await asyncio.gather(accept(), accept())
    assert first == second
    assert len(await memberships(admin.tenant, account.email)) == 1
    said = [action for action, _codes in await log_of(admin.tenant)]
    assert said.count("invitation.accepted") == 1


async def test_of_two_new_accounts_at_once_one_counts(
    new_client: NewClient, admin: Member, relay: SmtpSink
) -> None:
    invitation = await make_invitation(admin)
    first, second = new_client(), new_client()
    code = await code_for(first, invitation, relay)
    answers = await asyncio.gather(
        accept_as_new(first, invitation, code), accept_as_new(second, invitation, code)
    )
    assert sorted(one.status_code for one in answers) == [303, 410]
    assert len(await memberships(admin.tenant, invitation.email)) == 1


async def test_accepting_and_revoking_at_once(admin: Member) -> None:
    account = await make_account()
    invitation = await make_invitation(admin, account.email)
    link = read_link(token_of(invitation))
    assert link is not None

    async def accept() -> None:
        async with network_transaction() as scope:
            await join(scope, link, account.id)

    async def take_back() -> None:
        async with tenant_transaction(admin.tenant.id) as scope:
            await revoke(scope, admin.actor, invitation.id)

    ended = await asyncio.gather(accept(), take_back(), return_exceptions=True)
    assert len([one for one in ended if isinstance(one, HubError)]) == 1
    joined = await memberships(admin.tenant, account.email)
    assert bool(joined) == await accepted(invitation)


async def test_neither_token_nor_address_is_logged(
    client: httpx.AsyncClient,
    admin: Member,
    relay: SmtpSink,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG, logger="hub")
    invitation = await make_invitation(admin)
    token = token_of(invitation)
    code = await code_for(client, invitation, relay)
    await accept_as_new(client, invitation, "1")
    await accept_as_new(client, invitation, code)
    await client.get(address_of(invitation))
    ours = "\n".join(one.getMessage() for one in caplog.records if one.name.startswith("hub"))
    for secret in (token, code, invitation.email):
        assert secret not in ours
