"""Inviting: who can be invited, what the letter brings, and taking an invitation back."""

from __future__ import annotations

import asyncio
import re
from contextlib import nullcontext
from contextvars import Context
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import httpx
import pytest

from hub import clock
from hub.db import network_transaction, tenant_transaction
from hub.errors import NotFound
from hub.idempotency import KeyReused
from hub.tenants.people import queries
from hub.tenants.people.invite import (
    AlreadyInvited,
    AlreadyMember,
    NotOpen,
    invite,
    renew,
    revoke,
)
from hub.tenants.people.links import Link, read_link
from hub.tenants.people.schemas import Invite
from hub.worker import drain_now
from tests.factories import Member, make_desk, make_membership, make_tenant
from tests.support.databases import Database
from tests.support.smtp_sink import Received, SmtpSink
from tests.support.web import sign_in
from tests.tenants.calls.selection.test_succeed import until_one_waits
from tests.tenants.people.making import (
    PEOPLE,
    change,
    log_of,
    make_invitation,
    new_address,
    ordered,
    post,
    stored,
)


def link_in(letter: Received) -> Link | None:
    """Not compared as a text: a link says until when it holds, by the second in which it was made."""
    found = re.search(r"http://hub\.localhost:8000/invitations/(\S+)", letter.text())
    return read_link(found[1]) if found else None


async def test_the_letter_brings_the_link(admin: Member, relay: SmtpSink) -> None:
    invitation = await make_invitation(admin)
    await drain_now()
    (letter,) = [one for one in relay.messages if one.recipients == (invitation.email,)]
    assert admin.tenant.name in str(letter.message["Subject"])
    assert link_in(letter) == Link(invitation.id, invitation.link_version)
    assert (await stored(invitation.id)).sent_at is not None


async def test_the_outbox_and_the_log_hold_no_address_and_no_link(
    admin: Member, db: object
) -> None:
    invitation = await make_invitation(admin)
    assert await ordered("people.send_invitation") == [{"invitation_id": str(invitation.id)}]
    assert await ordered("onboarding.refresh") == [{"organisation_id": str(admin.tenant.id)}]
    assert await log_of(admin.tenant) == [
        ("invitation.sent", {"invitation": str(invitation.id), "role": "operator"})
    ]


async def test_a_revoked_invitation_is_not_sent(admin: Member, relay: SmtpSink) -> None:
    invitation = await make_invitation(admin)
    async with tenant_transaction(admin.tenant.id) as scope:
        await revoke(scope, admin.actor, invitation.id)
    await drain_now()
    assert [one for one in relay.messages if one.recipients == (invitation.email,)] == []


async def test_one_open_invitation_for_each_address(admin: Member) -> None:
    invitation = await make_invitation(admin)
    with pytest.raises(AlreadyInvited):
        await make_invitation(admin, invitation.email.upper())
    await make_invitation(await make_membership(await make_tenant(), "admin"), invitation.email)


async def test_an_expired_one_makes_room(admin: Member) -> None:
    old = await make_invitation(admin)
    await change(old, expires_at=clock.now() - timedelta(minutes=1))
    new = await make_invitation(admin, old.email)
    assert (await stored(old.id)).state == "revoked"
    assert new.state == "open"


async def test_a_member_is_not_invited(admin: Member) -> None:
    colleague = await make_membership(admin.tenant)
    with pytest.raises(AlreadyMember):
        await make_invitation(admin, colleague.account.email)


async def test_only_desks_of_the_organisation(admin: Member) -> None:
    elsewhere = await make_desk(await make_tenant("host"))
    closed = await make_desk(admin.tenant, state="closed")
    for desk in (elsewhere, closed):
        with pytest.raises(NotFound):
            await make_invitation(admin, limited_to_desks=True, desk_ids=(desk.id,))


async def test_the_ente_invites_without_an_inviter(admin: Member) -> None:
    email = new_address()
    async with network_transaction() as scope:
        found = await invite(scope, admin.tenant.id, None, Invite(email=email, role="admin"))
    assert (await stored(found)).invited_by is None


async def test_somebody_of_the_ente_acts_under_their_own_membership(admin: Member) -> None:
    ente = await make_membership(await make_tenant("coordinator"), "admin")
    async with network_transaction() as scope:
        found = await invite(
            scope, admin.tenant.id, ente.actor, Invite(email=new_address(), role="admin")
        )
    assert (await stored(found)).invited_by is None


async def test_within_its_own_scope_a_tenant_invites_too(admin: Member) -> None:
    asked = Invite(email=new_address(), role="viewer")
    async with tenant_transaction(admin.tenant.id) as scope:
        found = await invite(scope, admin.tenant.id, admin.actor, asked)
    assert (await stored(found)).invited_by == admin.membership_id


async def test_sending_again_makes_a_new_link_and_a_new_term(
    admin: Member, relay: SmtpSink
) -> None:
    invitation = await change(
        await make_invitation(admin), expires_at=clock.now() - timedelta(days=1)
    )
    async with tenant_transaction(admin.tenant.id) as scope:
        await renew(scope, admin.actor, invitation.id)
    await drain_now()
    renewed = await stored(invitation.id)
    assert renewed.link_version == invitation.link_version + 1
    assert renewed.expires_at > clock.now() + timedelta(days=13)
    assert link_in(relay.messages[-1]) == Link(renewed.id, renewed.link_version)


async def test_a_double_click_on_send_again_is_one_letter(admin: Member) -> None:
    invitation = await make_invitation(admin)
    for _ in range(2):
        async with tenant_transaction(admin.tenant.id) as scope:
            await renew(scope, admin.actor, invitation.id)
    assert (await stored(invitation.id)).link_version == 2
    assert len(await ordered("people.send_invitation")) == 2, "the first, and one more"
    with clock.moved(timedelta(minutes=2)):
        async with tenant_transaction(admin.tenant.id) as scope:
            await renew(scope, admin.actor, invitation.id)
    assert (await stored(invitation.id)).link_version == 3


async def test_what_is_closed_is_neither_sent_again_nor_revoked(admin: Member) -> None:
    invitation = await change(await make_invitation(admin), state="revoked")
    for step in (renew, revoke):
        with pytest.raises(NotOpen):
            async with tenant_transaction(admin.tenant.id) as scope:
                await step(scope, admin.actor, invitation.id)


async def test_the_form(desk: httpx.AsyncClient, admin: Member) -> None:
    place = await make_desk(admin.tenant)
    email = new_address()
    page = await desk.get(f"{PEOPLE}/invite")
    assert place.name in page.text
    assert "redattore" not in page.text.lower(), "who edits newsletters is at the Ente"
    answer = await post(
        desk,
        f"{PEOPLE}/invite",
        email=email.upper(),
        name="Bruno Nuovo",
        role="operator",
        desk_ids=str(place.id),
        until=(clock.today() + timedelta(days=30)).isoformat(),
    )
    assert (answer.status_code, answer.headers["location"]) == (303, PEOPLE)
    listed = await desk.get(PEOPLE)
    assert email in listed.text


@pytest.mark.parametrize("nothing", [{}, {"desk_ids": ""}])
async def test_a_tick_without_a_desk_is_refused(
    desk: httpx.AsyncClient, admin: Member, nothing: dict[str, str]
) -> None:
    await make_desk(admin.tenant)
    email = new_address()
    answer = await post(
        desk,
        f"{PEOPLE}/invite",
        email=email,
        name="Bruno",
        role="operator",
        limited="yes",
        **nothing,
    )
    assert answer.status_code == 422
    assert "scegli almeno uno sportello" in answer.text
    async with network_transaction() as scope:
        assert not await scope.fetchval(
            "SELECT EXISTS (SELECT FROM invitations WHERE email = $1)", email
        )


async def test_the_same_form_twice_at_once_is_one_invitation(
    desk: httpx.AsyncClient, admin: Member
) -> None:
    fields = {"email": new_address(), "name": "Bruno", "role": "operator"}
    all_at_once = (post(desk, f"{PEOPLE}/invite", **fields) for _ in range(6))
    answers = await asyncio.gather(*all_at_once)
    assert [answer.status_code for answer in answers] == [303] * 6
    assert len(await ordered("people.send_invitation")) == 1
    other = await post(desk, f"{PEOPLE}/invite", **fields | {"email": new_address()})
    assert other.status_code == 409, "filled in anew after the back button"
    assert len(await ordered("people.send_invitation")) == 1


async def test_the_same_form_at_the_same_moment_waits_for_the_first(
    admin: Member, db: Database
) -> None:
    asked, key = Invite(email=new_address(), role="operator"), uuid4()

    async def once_more() -> UUID:
        async with network_transaction() as network:
            return await invite(network, admin.tenant.id, admin.actor, asked, key)

    async with network_transaction() as scope:
        first = await invite(scope, admin.tenant.id, admin.actor, asked, key)
        # In a context of its own: this one has a scope already.
        second = asyncio.create_task(once_more(), context=Context())
        await until_one_waits(db)
    assert await second == first
    assert len(await ordered("people.send_invitation")) == 1


@pytest.mark.parametrize("corrected", ["limited", "until", "name"])
async def test_a_form_that_is_corrected_after_the_back_button_is_not_dropped(
    desk: httpx.AsyncClient, admin: Member, corrected: str
) -> None:
    place = await make_desk(admin.tenant)
    fields = {"email": new_address(), "name": "Bruno", "role": "operator"}
    assert (await post(desk, f"{PEOPLE}/invite", **fields)).status_code == 303
    more = {
        "limited": {"limited": "yes", "desk_ids": str(place.id)},
        "until": {"until": (clock.today() + timedelta(days=30)).isoformat()},
        "name": {"name": "Bruna"},
    }[corrected]
    answer = await post(desk, f"{PEOPLE}/invite", **fields | more)
    assert answer.status_code == 409
    assert "alert-danger" in answer.text


async def test_a_form_for_supports_hours_is_not_dropped_either(admin: Member) -> None:
    asked = Invite(email=new_address(), role="admin", support=True, membership_hours=4)
    key = uuid4()
    for hours, outcome in ((4, nullcontext()), (48, pytest.raises(KeyReused))):
        with outcome:
            async with network_transaction() as scope:
                more = replace(asked, membership_hours=hours)
                await invite(scope, admin.tenant.id, admin.actor, more, key)


@pytest.mark.parametrize("how", ["revoked", "expired"])
async def test_a_form_whose_invitation_is_over_does_not_say_that_it_is_on_its_way(
    desk: httpx.AsyncClient, admin: Member, how: str
) -> None:
    fields = {"email": new_address(), "name": "Bruno", "role": "operator"}
    assert (await post(desk, f"{PEOPLE}/invite", **fields)).status_code == 303
    async with tenant_transaction(admin.tenant.id) as scope:
        (made,) = await queries.open_invitations(scope)
        if how == "revoked":
            await revoke(scope, admin.actor, made.id)
    if how == "expired":
        await change(made, expires_at=clock.now() - timedelta(minutes=1))
    assert (await post(desk, f"{PEOPLE}/invite", **fields)).status_code == 409
    again = await post(desk, f"{PEOPLE}/invite", **fields, form_key=str(uuid4()))
    assert again.status_code == 303, "a page that was loaded anew"


async def test_open_invitations_say_to_which_desks(desk: httpx.AsyncClient, admin: Member) -> None:
    place = await make_desk(admin.tenant, name="Sportello del porto")
    await make_invitation(admin, limited_to_desks=True, desk_ids=(place.id,))
    listed = await desk.get(PEOPLE)
    assert "Sportello del porto" in listed.text.partition('id="invitations"')[2]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"email": "bruno"}, "name@example.org"),
        ({"role": "editor"}, "role"),
        ({"until": "2020-01-01"}, "until"),
        ({"until": "2999-01-01"}, "until"),
        ({"name": "x" * 121}, "name"),
    ],
)
async def test_what_the_form_refuses(
    desk: httpx.AsyncClient, admin: Member, fields: dict[str, str], said: str
) -> None:
    given = {"email": new_address(), "name": "Bruno", "role": "operator", **fields}
    answer = await post(desk, f"{PEOPLE}/invite", **given)
    assert answer.status_code == 422
    assert "alert-danger" in answer.text
    assert await ordered("people.send_invitation") == [], said


async def test_a_member_is_refused_with_a_sentence(desk: httpx.AsyncClient, admin: Member) -> None:
    answer = await post(
        desk, f"{PEOPLE}/invite", email=admin.account.email, name="Anna", role="viewer"
    )
    assert answer.status_code == 409
    assert "fa già parte" in answer.text


async def test_the_first_administrator_has_no_last_day(
    client: httpx.AsyncClient, admin: Member
) -> None:
    """A substitute who is alone must not make another who leaves, too."""
    async with network_transaction() as scope:
        await scope.execute(
            "UPDATE memberships SET expires_at = $2 WHERE id = $1",
            admin.membership_id,
            scope.now + timedelta(days=3),
        )
    await sign_in(client, admin)
    until = (clock.today() + timedelta(days=30)).isoformat()
    given = {"email": new_address(), "name": "Bruno", "role": "admin"}
    refused = await post(client, f"{PEOPLE}/invite", **given, until=until)
    taken = await post(client, f"{PEOPLE}/invite", **given)
    assert (refused.status_code, taken.status_code) == (422, 303)


@pytest.mark.parametrize("role", ["operator", "editor", "viewer"])
async def test_who_is_no_administrator_invites_nobody(
    client: httpx.AsyncClient, admin: Member, role: str
) -> None:
    await sign_in(client, await make_membership(admin.tenant, role))
    assert (await client.get(f"{PEOPLE}/invite")).status_code == 403
    answer = await post(client, f"{PEOPLE}/invite", email=new_address(), name="B", role="admin")
    assert answer.status_code == 403


async def test_the_buttons(desk: httpx.AsyncClient, admin: Member) -> None:
    invitation = await make_invitation(admin)
    here = f"{PEOPLE}/invitations/{invitation.id}"
    assert (await post(desk, f"{here}/resend")).status_code == 303
    assert (await post(desk, f"{here}/revoke")).status_code == 303
    assert (await post(desk, f"{here}/revoke")).status_code == 409
    assert invitation.email not in (await desk.get(PEOPLE)).text
    said = [action for action, _codes in await log_of(admin.tenant)]
    assert said == ["invitation.sent", "invitation.renewed", "invitation.revoked"]
