"""Makers of what a test needs. Each commits: row security keeps one test's tenants from another's.

Every maker invents what it is not given, so that a test says only what matters to it.
"""

from __future__ import annotations

import itertools
import secrets
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from hub.crypto import encrypt, lookup_token
from hub.db import network_transaction, tenant_transaction
from hub.ids import uuid7
from hub.tenants.accounts.actor import Actor
from hub.tenants.accounts.passwords import hashed
from hub.tenants.territory.build_data import fold

NAPLES = "063049"
CAMPANIA = "15"

_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Tenant:
    id: UUID
    name: str
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Desk:
    id: UUID
    tenant: Tenant
    name: str


@dataclass(frozen=True, slots=True)
class Account:
    id: UUID
    email: str
    name: str


@dataclass(frozen=True, slots=True)
class Member:
    """A person in an organisation: an account with its membership."""

    account: Account
    tenant: Tenant
    membership_id: UUID
    role: str
    desk_ids: frozenset[UUID] | None = None

    @property
    def account_id(self) -> UUID:
        return self.account.id

    @property
    def actor(self) -> Actor:
        return Actor(
            account_id=self.account.id,
            membership_id=self.membership_id,
            tenant_id=self.tenant.id,
            tenant_name=self.tenant.name,
            kinds=self.tenant.kinds,
            role=self.role,
            name=self.account.name,
            locale="it",
            desk_ids=self.desk_ids,
        )


@dataclass(frozen=True, slots=True)
class Citizen:
    id: UUID
    tenant: Tenant
    given_name: str
    family_name: str


@dataclass(frozen=True, slots=True)
class Case:
    id: UUID
    number: str
    citizen: Citizen
    desk: Desk
    operator: Member


def unique(word: str) -> str:
    """A word that no other test of this database has used."""
    return f"{word}-{next(_numbers)}-{secrets.token_hex(3)}"


async def make_tenant(
    *kinds: str, name: str | None = None, region_code: str = CAMPANIA, state: str = "active"
) -> Tenant:
    tenant = Tenant(uuid7(), name or unique("Organisation"), kinds or ("host",))
    async with network_transaction() as scope:
        await scope.execute(
            """
            INSERT INTO tenants (id, name, name_search, kinds, host_kind, state,
              municipality_code, region_code, email, created_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
            """,
            tenant.id,
            tenant.name,
            fold(tenant.name),
            list(tenant.kinds),
            "municipality" if "host" in tenant.kinds else None,
            state,
            NAPLES,
            region_code,
            f"{unique('office')}@example.org",
            scope.now,
        )
    return tenant


async def make_desk(tenant: Tenant, *, name: str | None = None, state: str = "active") -> Desk:
    desk = Desk(uuid7(), tenant, name or unique("Desk"))
    async with tenant_transaction(tenant.id) as scope:
        await scope.execute(
            """
            INSERT INTO desks (id, tenant_id, name, state, municipality_code, region_code,
              address, latitude, longitude, opened_on)
            VALUES ($1, $2, $3, $4, $5, $6, 'Via Toledo 1', 40.84, 14.25, $7)
            """,
            desk.id,
            tenant.id,
            desk.name,
            state,
            NAPLES,
            CAMPANIA,
            scope.now.date(),
        )
    return desk


async def make_account(
    *, email: str | None = None, name: str = "Anna Prova", password: str | None = None
) -> Account:
    """Without a password nobody can sign in by the form; `sign_in` of the fixtures needs none."""
    account = Account(uuid7(), (email or f"{unique('person')}@example.org").lower(), name)
    password_hash = await hashed(password) if password else "!"
    async with network_transaction() as scope:
        await scope.execute(
            "INSERT INTO accounts (id, email, password_hash, name, created_at)"
            " VALUES ($1, $2, $3, $4, $5)",
            account.id,
            account.email,
            password_hash,
            account.name,
            scope.now,
        )
    return account


async def make_membership(
    tenant: Tenant,
    role: str = "operator",
    *,
    account: Account | None = None,
    desks: tuple[Desk, ...] = (),
) -> Member:
    """`desks` limits the membership to them."""
    account = account or await make_account()
    desk_ids = frozenset(desk.id for desk in desks) or None
    member = Member(account, tenant, uuid7(), role, desk_ids)
    async with network_transaction() as scope:
        await scope.execute(
            "INSERT INTO memberships"
            " (id, tenant_id, account_id, role, name, created_at, limited_to_desks)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7)",
            member.membership_id,
            tenant.id,
            account.id,
            role,
            account.name,
            scope.now,
            bool(desks),
        )
        await scope.executemany(
            "INSERT INTO membership_desks (id, tenant_id, membership_id, desk_id)"
            " VALUES ($1, $2, $3, $4)",
            [(uuid7(), tenant.id, member.membership_id, desk.id) for desk in desks],
        )
    return member


async def make_citizen(
    operator: Member,
    *,
    given_name: str = "Lucia",
    family_name: str = "Esposito",
    codice_fiscale: str | None = None,
    email: str | None = None,
) -> Citizen:
    """Of the operator's organisation. `codice_fiscale` is clear text; the row holds ciphertext and token."""
    tenant = operator.tenant
    citizen = Citizen(uuid7(), tenant, given_name, family_name)
    async with tenant_transaction(tenant.id) as scope:
        await scope.execute(
            """
            INSERT INTO citizens (id, tenant_id, codice_fiscale, codice_fiscale_token, given_name,
              family_name, name_search, birth_date, email, municipality_code, created_at, created_by)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
            """,
            citizen.id,
            tenant.id,
            encrypt(codice_fiscale) if codice_fiscale else None,
            lookup_token(tenant.id, codice_fiscale) if codice_fiscale else None,
            given_name,
            family_name,
            fold(f"{family_name} {given_name}"),
            date(1985, 5, 17),
            email,
            NAPLES,
            scope.now,
            operator.membership_id,
        )
    return citizen


async def make_case(
    operator: Member,
    *,
    citizen: Citizen | None = None,
    desk: Desk | None = None,
    kind: str = "enterprise_loan",
    amount_cents: int = 2_500_000,
) -> Case:
    citizen = citizen or await make_citizen(operator)
    desk = desk or await make_desk(operator.tenant)
    case_id = uuid7()
    async with tenant_transaction(operator.tenant.id) as scope:
        number = str(await scope.fetchval("SELECT nextval('case_numbers')"))
        await scope.execute(
            """
            INSERT INTO cases (id, tenant_id, number, citizen_id, desk_id, kind, purpose,
              amount_cents, region_code, state, milestone, opened_at, opened_by, assigned_to, updated_at)
            VALUES ($1, $2, $3, $4, $5, $6, 'a bakery', $7, $8, 'open', 'opened', $9, $10, $10, $9)
            """,
            case_id,
            operator.tenant.id,
            number,
            citizen.id,
            desk.id,
            kind,
            amount_cents,
            CAMPANIA,
            scope.now,
            operator.membership_id,
        )
    return Case(case_id, number, citizen, desk, operator)
