"""Statements on what is there: what a file's rows are compared with, and what an export holds.

All are the network's, and each asks for any number of rows at once.
"""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from hub.db import NetworkScope
from hub.tenants.exchange.places import Place, Places, places_of
from hub.tenants.exchange.schemas import Organisation, Record
from hub.tenants.organisation import hours
from hub.tenants.territory.build_data import fold

_HOST = """t.id, t.name, t.kinds, t.state, t.host_kind, t.fiscal_code, t.ipa_code, t.municipality_code,
    t.address, t.postal_code, t.email, t.certified_email, t.phone, t.website"""
_DESK = """d.id, d.tenant_id, d.setup_id, d.name, d.state, d.municipality_code, d.address, d.postal_code,
    d.phone, d.email, d.hours, d.how_to_reach, d.offers, d.provinces, d.opened_on, d.latitude, d.longitude"""
_SERVICE = """s.id, s.tenant_id, s.service_id, s.kind, s.name, s.description, s.regions,
    s.min_amount_cents, s.max_amount_cents, s.beneficiaries, s.capacity, s.answer_days, s.valid_from,
    s.valid_to"""
_ORGANISATION = "id, name, kinds, state, fiscal_code, ipa_code, locale"


async def places(scope: NetworkScope) -> Places:
    rows = await scope.fetch(
        "SELECT istat_code, name, other_name, province_code, region_code FROM municipalities"
    )
    provinces = await scope.fetch("SELECT code FROM provinces")
    regions = await scope.fetch("SELECT code, name FROM regions ORDER BY code")
    postal_codes = await scope.fetch("SELECT code, municipalities FROM postal_codes ORDER BY code")
    return places_of(
        [Place(*row) for row in rows],
        [row[0] for row in provinces],
        {row[0]: row[1] for row in regions},
        [(row[0], row[1]) for row in postal_codes],
    )


async def organisations(
    scope: NetworkScope, references: Sequence[str]
) -> dict[str, list[Organisation]]:
    """By what a file calls them: fiscal code, IPA code or identifier."""
    wanted = set(references)
    rows = await scope.fetch(
        f"""
        SELECT {_ORGANISATION} FROM tenants
        WHERE NOT sandbox AND (fiscal_code = ANY($1) OR ipa_code = ANY($1) OR id = ANY($2))
        """,
        list(wanted),
        [UUID(one) for one in wanted if len(one) == 36],
    )
    named: dict[str, list[Organisation]] = {}
    for row in rows:
        one = Organisation(row[0], row[1], tuple(row[2]), *row[3:])
        for reference in {one.fiscal_code, one.ipa_code, str(one.id)} & wanted:
            named.setdefault(str(reference), []).append(one)
    return named


async def hosts(
    scope: NetworkScope,
    ids: Sequence[UUID],
    fiscal_codes: Sequence[str],
    ipa_codes: Sequence[str],
    *,
    lock: bool,
) -> list[Record]:
    """With the contact of their last set-up."""
    rows = await scope.fetch(
        f"""
        SELECT {_HOST} FROM tenants t
        WHERE NOT t.sandbox
          AND (t.id = ANY($1) OR t.fiscal_code = ANY($2) OR t.ipa_code = ANY($3))
        ORDER BY t.id {"FOR NO KEY UPDATE" if lock else ""}
        """,
        list(ids),
        list(fiscal_codes),
        list(ipa_codes),
    )
    return await _with_contacts(scope, rows)


async def all_hosts(scope: NetworkScope) -> list[Record]:
    rows = await scope.fetch(
        f"""
        SELECT {_HOST} FROM tenants t
        WHERE NOT t.sandbox AND 'host' = ANY(t.kinds) AND NOT 'coordinator' = ANY(t.kinds)
          AND t.state <> 'closed'
        ORDER BY t.name_search, t.id
        """
    )
    return await _with_contacts(scope, rows)


async def _with_contacts(scope: NetworkScope, rows: Sequence[Any]) -> list[Record]:
    contacts = await scope.fetch(
        """
        SELECT DISTINCT ON (tenant_id) tenant_id, id AS setup_id, contact_name, contact_email,
          contact_phone
        FROM setups WHERE tenant_id = ANY($1) ORDER BY tenant_id, started_at DESC, id DESC
        """,
        [row["id"] for row in rows],
    )
    by_tenant = {row["tenant_id"]: dict(row) for row in contacts}
    nobody = {"setup_id": None, "contact_name": None, "contact_email": None, "contact_phone": None}
    return [
        {**nobody, **by_tenant.get(row["id"], {}), **dict(row), "kinds": tuple(row["kinds"])}
        for row in rows
    ]


async def running_setups(scope: NetworkScope, organisation_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    rows = await scope.fetch(
        "SELECT tenant_id, id FROM setups WHERE tenant_id = ANY($1) AND state = 'running'",
        list(organisation_ids),
    )
    return {row[0]: row[1] for row in rows}


async def desks(
    scope: NetworkScope, wanted: Collection[tuple[UUID, str]], *, lock: bool
) -> dict[tuple[UUID, str], list[Record]]:
    """By organisation and name, as `fold` writes it. One that was closed before it opened has none: nobody knew it."""
    named = await scope.fetch(
        """
        SELECT id, tenant_id, name FROM desks
        WHERE tenant_id = ANY($1) AND (state <> 'closed' OR opened_on IS NOT NULL)
        """,
        list({tenant_id for tenant_id, _name in wanted}),
    )
    rows = await scope.fetch(
        f"""
        SELECT {_DESK} FROM desks d WHERE d.id = ANY($1)
        ORDER BY d.id {"FOR NO KEY UPDATE" if lock else ""}
        """,
        [row[0] for row in named if (row[1], fold(row[2])) in wanted],
    )
    found: dict[tuple[UUID, str], list[Record]] = {}
    for row in rows:
        found.setdefault((row["tenant_id"], fold(row["name"])), []).append(_desk(row))
    return found


async def all_desks(scope: NetworkScope) -> list[tuple[Organisation, Record]]:
    rows = await scope.fetch(
        f"""
        SELECT {_DESK} FROM desks d JOIN tenants t ON t.id = d.tenant_id
        WHERE NOT t.sandbox AND t.state <> 'closed' AND d.state <> 'closed'
        ORDER BY t.name_search, t.id, d.name, d.id
        """
    )
    owners = await _owners(scope, [row["tenant_id"] for row in rows])
    return [(owners[row["tenant_id"]], _desk(row)) for row in rows]


def _desk(row: Any) -> Record:
    return {
        **dict(row),
        "hours": hours.from_json(row["hours"]),
        "offers": tuple(row["offers"]),
        "provinces": tuple(row["provinces"]),
    }


async def _owners(scope: NetworkScope, ids: Sequence[UUID]) -> dict[UUID, Organisation]:
    rows = await scope.fetch(
        f"SELECT {_ORGANISATION} FROM tenants WHERE id = ANY($1)", list(set(ids))
    )
    return {row[0]: Organisation(row[0], row[1], tuple(row[2]), *row[3:]) for row in rows}


async def desk_names(
    scope: NetworkScope, organisation_ids: Sequence[UUID]
) -> list[tuple[UUID, UUID, str]]:
    """(organisation, desk, name) of those that people can be limited to."""
    rows = await scope.fetch(
        "SELECT tenant_id, id, name FROM desks WHERE tenant_id = ANY($1) AND state <> 'closed'",
        list(organisation_ids),
    )
    return [(row[0], row[1], row[2]) for row in rows]


async def members(
    scope: NetworkScope, organisation_ids: Sequence[UUID], emails: Sequence[str]
) -> list[Record]:
    """Who belongs to one of these now, by address; `desk_ids` is None for whoever is not limited to some."""
    rows = await scope.fetch(
        f"""
        SELECT {_MEMBER} FROM memberships m JOIN accounts a ON a.id = m.account_id
        WHERE m.tenant_id = ANY($1) AND a.email = ANY($2)
          AND m.state = 'active' AND (m.expires_at IS NULL OR m.expires_at > $3)
        """,
        list(organisation_ids),
        list(emails),
        scope.now,
    )
    return [_person(row) for row in rows]


_MEMBER = """m.id, m.tenant_id, a.email, m.name, m.role, m.support,
    CASE WHEN m.limited_to_desks THEN ARRAY(
      SELECT x.desk_id FROM membership_desks x
      WHERE x.tenant_id = m.tenant_id AND x.membership_id = m.id ORDER BY x.desk_id) END AS desk_ids"""
_INVITED = """id, tenant_id, email, name, role, support, invited_by, expires_at,
    CASE WHEN limited_to_desks THEN desk_ids END AS desk_ids"""


async def invitations(
    scope: NetworkScope,
    organisation_ids: Sequence[UUID],
    emails: Sequence[str],
    *,
    lock: bool,
) -> list[Record]:
    """Open ones, expired or not."""
    rows = await scope.fetch(
        f"""
        SELECT {_INVITED} FROM invitations
        WHERE tenant_id = ANY($1) AND email = ANY($2) AND state = 'open'
        ORDER BY id {"FOR NO KEY UPDATE" if lock else ""}
        """,
        list(organisation_ids),
        list(emails),
    )
    return [_person(row) for row in rows]


def _person(row: Any) -> Record:
    desk_ids = row["desk_ids"]
    return {**dict(row), "desk_ids": None if desk_ids is None else tuple(sorted(desk_ids))}


async def all_people(scope: NetworkScope) -> list[tuple[Organisation, Record]]:
    """Members, then who is invited. Neither the Ente's own people nor support."""
    chosen = "NOT t.sandbox AND t.state <> 'closed' AND NOT 'coordinator' = ANY(t.kinds)"
    rows = await scope.fetch(
        f"""
        SELECT {_MEMBER} FROM memberships m JOIN accounts a ON a.id = m.account_id
        JOIN tenants t ON t.id = m.tenant_id
        WHERE {chosen} AND m.state = 'active' AND NOT m.support
          AND (m.expires_at IS NULL OR m.expires_at > $1)
        ORDER BY t.name_search, t.id, m.name, m.id
        """,
        scope.now,
    )
    invited = await scope.fetch(
        f"""
        SELECT {_INVITED} FROM invitations
        WHERE state = 'open' AND NOT support AND expires_at > $1
          AND tenant_id IN (SELECT t.id FROM tenants t WHERE {chosen})
          AND NOT EXISTS (SELECT FROM memberships m JOIN accounts a ON a.id = m.account_id
            WHERE m.tenant_id = invitations.tenant_id AND a.email = invitations.email
              AND m.state = 'active' AND (m.expires_at IS NULL OR m.expires_at > $1))
        ORDER BY tenant_id, email
        """,
        scope.now,
    )
    owners = await _owners(scope, [row["tenant_id"] for row in (*rows, *invited)])
    return [(owners[row["tenant_id"]], _person(row)) for row in (*rows, *invited)]


async def services(
    scope: NetworkScope,
    organisation_ids: Sequence[UUID],
    today: date,
    *,
    lock: bool,
) -> list[Record]:
    """Each version that is good today or later, in its order."""
    rows = await scope.fetch(
        f"""
        SELECT {_SERVICE} FROM services_offered s
        WHERE s.tenant_id = ANY($1) AND (s.valid_to IS NULL OR s.valid_to >= $2)
        ORDER BY s.service_id, s.valid_from {"FOR UPDATE" if lock else ""}
        """,
        list(organisation_ids),
        today,
    )
    return [_service(row) for row in rows]


async def all_services(scope: NetworkScope, today: date) -> list[tuple[Organisation, Record]]:
    """Of each service the version of today, or else the next."""
    rows = await scope.fetch(
        f"""
        SELECT DISTINCT ON (t.name_search, t.id, s.service_id) {_SERVICE}
        FROM services_offered s JOIN tenants t ON t.id = s.tenant_id
        WHERE NOT t.sandbox AND t.state <> 'closed' AND (s.valid_to IS NULL OR s.valid_to >= $1)
        ORDER BY t.name_search, t.id, s.service_id, s.valid_from
        """,
        today,
    )
    owners = await _owners(scope, [row["tenant_id"] for row in rows])
    return [(owners[row["tenant_id"]], _service(row)) for row in rows]


def _service(row: Any) -> Record:
    return {
        **dict(row),
        "regions": tuple(row["regions"]),
        "beneficiaries": tuple(row["beneficiaries"]),
    }
