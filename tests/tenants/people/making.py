"""Invitations and what tests read of them."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import httpx

from hub.db import network_transaction, relay_transaction, tenant_transaction
from hub.tenants.people import queries
from hub.tenants.people.invite import invite
from hub.tenants.people.links import token_of
from hub.tenants.people.schemas import Invitation, Invite
from hub.worker import drain_now
from tests.factories import Member, Tenant, unique
from tests.support.smtp_sink import SmtpSink

KEY = {"form_key": str(UUID(int=8))}
PASSWORD = "una frase lunga da ricordare"
PEOPLE = "/organisation/people"


def new_address() -> str:
    return f"{unique('invited')}@example.org"


async def make_invitation(inviter: Member, email: str | None = None, **asked: Any) -> Invitation:
    """By an administrator of the organisation."""
    given = {"email": email or new_address(), "name": "Bruno Nuovo", "role": "operator"} | asked
    async with network_transaction() as scope:
        invitation_id = await invite(scope, inviter.tenant.id, inviter.actor, Invite(**given))
    return await stored(invitation_id)


async def stored(invitation_id: UUID) -> Invitation:
    async with network_transaction() as scope:
        found = await queries.invitation(scope, invitation_id)
    assert found is not None
    return found


def address_of(invitation: Invitation) -> str:
    return f"/invitations/{token_of(invitation)}"


async def change(invitation: Invitation, **columns: object) -> Invitation:
    """As if it had become so."""
    names = ", ".join(f"{name} = ${number}" for number, name in enumerate(columns, 2))
    async with network_transaction() as scope:
        await scope.execute(
            f"UPDATE invitations SET {names} WHERE id = $1", invitation.id, *columns.values()
        )
    return await stored(invitation.id)


async def post(client: httpx.AsyncClient, path: str, **fields: object) -> httpx.Response:
    return await client.post(path, data={**KEY, **fields})


async def code_for(client: httpx.AsyncClient, invitation: Invitation, relay: SmtpSink) -> str:
    """The newest code that was mailed to the invited address."""
    answer = await post(client, address_of(invitation) + "/code")
    assert answer.status_code == 303, answer.text
    await drain_now()
    texts = [one.text() for one in relay.messages if one.recipients == (invitation.email,)]
    found = [found for text in texts if (found := re.search(r"\b([0-9]{6})\b", text))]
    assert found
    return found[-1].group(1)


async def accept_as_new(
    client: httpx.AsyncClient, invitation: Invitation, code: str, **fields: str
) -> httpx.Response:
    given = {"name": "Bruno Nuovo", "password": PASSWORD, "repeated": PASSWORD, **fields}
    return await post(client, address_of(invitation) + "/account", code=code, **given)


async def memberships(tenant: Tenant, email: str | None = None) -> list[dict[str, Any]]:
    async with network_transaction() as scope:
        rows = await scope.fetch(
            """
            SELECT m.*, a.email FROM memberships m JOIN accounts a ON a.id = m.account_id
            WHERE m.tenant_id = $1 AND ($2::text IS NULL OR a.email = $2) ORDER BY m.id
            """,
            tenant.id,
            email,
        )
    return [dict(row) for row in rows]


async def membership(member: Member) -> dict[str, Any]:
    found = await memberships(member.tenant, member.account.email)
    return found[0]


async def log_of(tenant: Tenant) -> list[tuple[str, dict[str, Any]]]:
    """Action and codes of what stands in the organisation's story."""
    async with tenant_transaction(tenant.id) as scope:
        rows = await scope.fetch(
            "SELECT action, codes FROM audit_log WHERE subject_kind = 'organisation' ORDER BY at, id"
        )
    return [(row[0], row[1]) for row in rows]


async def ordered(task: str) -> list[dict[str, str]]:
    async with relay_transaction() as scope:
        rows = await scope.fetch(
            "SELECT args FROM outbox WHERE task = $1 AND done_at IS NULL ORDER BY id", task
        )
    return [row[0] for row in rows]
