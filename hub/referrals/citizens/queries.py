"""Statements of citizens."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from hub.db import TenantScope
from hub.ids import uuid7
from hub.referrals.desks import Desks, within


@dataclass(frozen=True, slots=True)
class KnownCitizen:
    """`visible` where one of the citizen's cases is within the reader's desks."""

    id: UUID
    family_name: str
    given_name: str
    birth_date: date | None
    visible: bool


@dataclass(frozen=True, slots=True)
class Person:
    """A citizen to be. `codice_fiscale` is ciphertext, `token` what it is found by."""

    given_name: str
    family_name: str
    name_search: str
    codice_fiscale: bytes | None
    token: bytes | None
    birth_date: date | None
    email: str | None
    phone: str | None
    municipality_code: str | None


async def known_citizen(scope: TenantScope, desks: Desks, citizen_id: UUID) -> KnownCitizen | None:
    """One of the organisation's citizens, also where `desks` has no case of theirs: see `visible`."""
    found = await _known(scope, desks, "z.id = $1", citizen_id)
    return found[0] if found else None


async def citizen_by_token(scope: TenantScope, desks: Desks, token: bytes) -> KnownCitizen | None:
    found = await _known(scope, desks, "z.codice_fiscale_token = $1", token)
    return found[0] if found else None


async def namesakes(
    scope: TenantScope,
    desks: Desks,
    folded: str,
    birth_date: date | None,
    *,
    without_code: bool,
) -> list[KnownCitizen]:
    """Citizens of that very name, born that day where both days are known, whom the reader may see.

    `without_code` looks only at those whose codice fiscale is not known: the others are surely someone else.
    """
    condition = "z.name_search = $1" + (" AND z.codice_fiscale IS NULL" if without_code else "")
    return [
        one
        for one in await _known(scope, desks, condition, folded)
        if one.visible and (birth_date is None or one.birth_date in (None, birth_date))
    ]


async def _known(
    scope: TenantScope, desks: Desks, condition: str, value: object
) -> list[KnownCitizen]:
    """Real people only: the invented ones of test cases are nobody to recognise."""
    args: list[object] = [value]
    rows = await scope.fetch(
        f"""
        SELECT z.id, z.family_name, z.given_name, z.birth_date,
               EXISTS (SELECT FROM cases c WHERE c.tenant_id = z.tenant_id AND c.citizen_id = z.id
                       AND {within(desks, "c.desk_id", args)})
        FROM citizens z WHERE {condition} AND NOT EXISTS (
          SELECT FROM cases t WHERE t.tenant_id = z.tenant_id AND t.citizen_id = z.id AND t.is_test)
        ORDER BY z.created_at LIMIT 5
        """,
        *args,
    )
    return [KnownCitizen(*row) for row in rows]


async def add_citizen(scope: TenantScope, person: Person, created_by: UUID) -> UUID | None:
    """None where someone has just added the same codice fiscale."""
    added: UUID | None = await scope.fetchval(
        """
        INSERT INTO citizens
          (id, tenant_id, given_name, family_name, name_search, codice_fiscale,
           codice_fiscale_token, birth_date, email, phone, municipality_code, created_at, created_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        ON CONFLICT (tenant_id, codice_fiscale_token) DO NOTHING RETURNING id
        """,
        uuid7(),
        scope.tenant_id,
        person.given_name,
        person.family_name,
        person.name_search,
        person.codice_fiscale,
        person.token,
        person.birth_date,
        person.email,
        person.phone,
        person.municipality_code,
        scope.now,
        created_by,
    )
    return added


async def add_invented(
    scope: TenantScope, given_name: str, family_name: str, created_by: UUID
) -> UUID:
    """Nobody: for a test case. Without a name to be found by, so that no search and no recognition meets it."""
    citizen_id = uuid7()
    await scope.execute(
        """
        INSERT INTO citizens
          (id, tenant_id, given_name, family_name, name_search, created_at, created_by)
        VALUES ($1, $2, $3, $4, '', $5, $6)
        """,
        citizen_id,
        scope.tenant_id,
        given_name,
        family_name,
        scope.now,
        created_by,
    )
    return citizen_id


async def complete_citizen(scope: TenantScope, citizen_id: UUID, person: Person) -> bool:
    """Fill in what was not known of a citizen; nothing that is known is replaced. True where something was new."""
    return (
        await scope.execute(
            """
            UPDATE citizens SET
              codice_fiscale = CASE WHEN codice_fiscale_token IS NULL THEN $2 ELSE codice_fiscale END,
              codice_fiscale_token = coalesce(codice_fiscale_token, $3),
              birth_date = coalesce(birth_date, $4), email = coalesce(email, $5),
              phone = coalesce(phone, $6), municipality_code = coalesce(municipality_code, $7),
              version = version + 1
            WHERE id = $1 AND (
              (codice_fiscale_token IS NULL AND $3::bytea IS NOT NULL)
              OR (birth_date IS NULL AND $4::date IS NOT NULL) OR (email IS NULL AND $5::text IS NOT NULL)
              OR (phone IS NULL AND $6::text IS NOT NULL)
              OR (municipality_code IS NULL AND $7::text IS NOT NULL))
            """,
            citizen_id,
            person.codice_fiscale,
            person.token,
            person.birth_date,
            person.email,
            person.phone,
            person.municipality_code,
        )
        > 0
    )
