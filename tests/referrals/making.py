"""Makers of what tests of referrals need; each commits. A whole network is one desk, its operator and some lenders."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import httpx
from asyncpg import Record

from hub.db import (
    RoutingScope,
    TenantScope,
    network_transaction,
    routing_transaction,
    tenant_transaction,
)
from hub.ids import uuid7
from hub.referrals.cases.number import case_number
from hub.referrals.offers import queries
from hub.referrals.offers.draft import draft_referral, prospect
from hub.referrals.offers.schemas import DraftReferral
from hub.referrals.routing.send_referral import send_referral
from tests.factories import (
    CAMPANIA,
    Case,
    Citizen,
    Desk,
    Member,
    make_case,
    make_citizen,
    make_desk,
    make_membership,
    make_tenant,
    unique,
)

CODE = "RSSMRA85E17F839B"
BORN = date(1985, 5, 17)


@dataclass(frozen=True, slots=True)
class Network:
    operator: Member
    desk: Desk
    citizen: Citizen
    case: Case
    lenders: Sequence[Member]


@dataclass(frozen=True, slots=True)
class Sent:
    """A referral on its way: the offers stand in the order of the network's lenders."""

    network: Network
    referral_id: UUID
    offers: Sequence[UUID]


async def make_lender(
    *,
    name: str | None = None,
    kind: str = "enterprise_loan",
    regions: Sequence[str] = (CAMPANIA,),
    least: int | None = 500_000,
    most: int | None = 7_500_000,
    answer_days: int | None = 10,
    valid_to: date | None = None,
) -> Member:
    lender = await make_tenant("lender", name=name or unique("Lender"))
    async with network_transaction() as scope:
        await scope.execute(
            """
            INSERT INTO services_offered (id, service_id, tenant_id, kind, name, regions, min_amount_cents,
              max_amount_cents, answer_days, valid_from, valid_to)
            VALUES ($1, $1, $2, $3, 'Microcredit', $4, $5, $6, $7, '2020-01-01', $8)
            """,
            uuid7(),
            lender.id,
            kind,
            list(regions),
            least,
            most,
            answer_days,
            valid_to,
        )
    return await make_membership(lender)


async def make_network(lenders: int = 2, **citizen: Any) -> Network:
    host = await make_tenant("host")
    desk = await make_desk(host)
    operator = await make_membership(host)
    person = await make_citizen(operator, **({"email": "lucia@example.org"} | citizen))
    case = await make_numbered_case(operator, citizen=person, desk=desk)
    return Network(operator, desk, person, case, [await make_lender() for _ in range(lenders)])


async def make_numbered_case(operator: Member, **given: Any) -> Case:
    """With a number as the hub gives it."""
    case = await make_case(operator, **given)
    async with tenant_transaction(operator.tenant.id) as scope:
        number = case_number(await scope.fetchval("SELECT nextval('case_numbers')"))
        await scope.execute("UPDATE cases SET number = $2 WHERE id = $1", case.id, number)
    return Case(case.id, number, case.citizen, case.desk, case.operator)


async def draft(network: Network, fields: Sequence[str] = ("name", "purpose", "email")) -> UUID:
    """A draft to all of the network's lenders."""
    asked = DraftReferral(
        receivers=[lender.tenant.id for lender in network.lenders],
        fields=list(fields),
        purpose="assessment",
        basis="request",
        notice_version="2026-1",
        notice_given=True,
    )
    actor = network.operator.actor
    async with tenant_transaction(actor.tenant_id) as scope:
        prepared = await prospect(scope, actor, network.case.id)
        return await draft_referral(scope, actor, prepared, asked, uuid4())


async def send(network: Network, fields: Sequence[str] = ("name", "purpose", "email")) -> Sent:
    referral_id = await draft(network, fields)
    actor = network.operator.actor
    async with routing_transaction(actor.tenant_id) as scope:
        await send_referral(scope, actor, referral_id, uuid4())
    async with tenant_transaction(actor.tenant_id) as scope:
        offers = await queries.offers_of(scope, [referral_id])
    by_receiver = {offer.receiver_id: offer.id for offer in offers}
    return Sent(network, referral_id, [by_receiver[one.tenant.id] for one in network.lenders])


async def rows(tenant: UUID, sql: str, *args: object) -> list[Record]:
    """What a tenant's own people see."""
    async with tenant_transaction(tenant) as scope:
        return await scope.fetch(sql, *args)


async def value(tenant: UUID, sql: str, *args: object) -> Any:
    async with tenant_transaction(tenant) as scope:
        return await scope.fetchval(sql, *args)


async def routed(sql: str, *args: object, scope_of: UUID) -> list[Record]:
    """What the router sees, which is both parties' rows."""
    async with routing_transaction(scope_of) as scope:
        return await scope.fetch(sql, *args)


def form_key(html: str) -> str:
    """The key of the page's first form."""
    found = re.search(r'name="form_key" value="([0-9a-f-]{36})"', html)
    assert found, "the page has no form"
    return found.group(1)


async def fresh_key(client: httpx.AsyncClient, path: str) -> str:
    answer = await client.get(path)
    assert answer.status_code == 200, answer.text[:500]
    return form_key(answer.text)


Scope = TenantScope | RoutingScope
