"""Statements that write what an import brings: each takes any number of rows, all are the network's.

Rows go as one JSON array, which `jsonb_to_recordset` types: a statement for a thousand rows instead of a thousand.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from hub import audit
from hub.db import NetworkScope
from hub.ids import uuid7
from hub.tenants.exchange.schemas import Record
from hub.tenants.organisation import hours

# One import is applied at a time: two would judge by what the other is about to change.
_ONE_AT_A_TIME = "imports.apply"


async def take_turn(scope: NetworkScope) -> bool:
    """Until the transaction ends. False while another import has it."""
    found: bool = await scope.fetchval(
        "SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0))", _ONE_AT_A_TIME
    )
    return found


async def hold_organisations(scope: NetworkScope) -> None:
    """Nobody makes an organisation until the import is through: see `onboarding.organisations.wait_for_identity`."""
    await scope.execute("SELECT pg_advisory_xact_lock(hashtextextended('organisations', 0))")


async def update_hosts(scope: NetworkScope, rows: Sequence[Record]) -> None:
    await _many(
        scope,
        """
        UPDATE tenants t SET name = n.name, name_search = n.name_search, host_kind = n.host_kind,
          fiscal_code = n.fiscal_code, ipa_code = n.ipa_code,
          municipality_code = n.municipality_code, region_code = n.region_code,
          address = n.address, postal_code = n.postal_code, email = n.email,
          certified_email = n.certified_email, phone = n.phone, website = n.website,
          version = t.version + 1
        FROM jsonb_to_recordset($1) AS n (id uuid, name text, name_search text, host_kind text,
          fiscal_code text, ipa_code text, municipality_code text, region_code text, address text,
          postal_code text, email text, certified_email text, phone text, website text)
        WHERE t.id = n.id
        """,
        rows,
    )


async def update_contacts(scope: NetworkScope, rows: Iterable[Record]) -> None:
    """Of set-ups, where they differ. What a set-up must have is not emptied."""
    await _many(
        scope,
        """
        UPDATE setups s SET contact_name = coalesce(n.contact_name, s.contact_name),
          contact_email = coalesce(n.contact_email, s.contact_email),
          contact_phone = coalesce(n.contact_phone, ''), version = s.version + 1
        FROM jsonb_to_recordset($1) AS n (setup_id uuid, contact_name text, contact_email text,
          contact_phone text)
        WHERE s.id = n.setup_id AND (s.contact_name, s.contact_email, s.contact_phone)
          IS DISTINCT FROM (coalesce(n.contact_name, s.contact_name),
            coalesce(n.contact_email, s.contact_email), coalesce(n.contact_phone, ''))
        """,
        [
            {
                name: row[name]
                for name in ("setup_id", "contact_name", "contact_email", "contact_phone")
            }
            for row in rows
        ],
    )


_DESK = """id uuid, tenant_id uuid, setup_id uuid, name text, municipality_code text,
    region_code text, address text, postal_code text, phone text, email text, hours jsonb,
    how_to_reach text, offers text[], provinces text[], opened_on date"""


async def add_desks(scope: NetworkScope, rows: Sequence[Record]) -> None:
    """In set-up, in the middle of their municipality until somebody says better."""
    await _many(
        scope,
        f"""
        INSERT INTO desks (id, tenant_id, setup_id, name, state, municipality_code, region_code,
          address, postal_code, phone, email, hours, how_to_reach, offers, provinces, opened_on,
          latitude, longitude)
        SELECT n.id, n.tenant_id, n.setup_id, n.name, 'setting_up', n.municipality_code,
          n.region_code, n.address, n.postal_code, n.phone, n.email, n.hours, n.how_to_reach,
          n.offers, n.provinces, n.opened_on, m.latitude, m.longitude
        FROM jsonb_to_recordset($1) AS n ({_DESK})
        JOIN municipalities m ON m.istat_code = n.municipality_code
        """,
        [_desk(row) for row in rows],
    )


async def update_desks(scope: NetworkScope, rows: Sequence[Record]) -> None:
    """One that moves to another municipality lies in its middle again."""
    await _many(
        scope,
        f"""
        UPDATE desks d SET name = n.name, municipality_code = n.municipality_code,
          region_code = n.region_code, address = n.address, postal_code = n.postal_code,
          phone = n.phone, email = n.email, hours = n.hours, how_to_reach = n.how_to_reach,
          offers = n.offers, provinces = n.provinces, opened_on = n.opened_on,
          latitude = CASE WHEN d.municipality_code = n.municipality_code THEN d.latitude ELSE m.latitude END,
          longitude = CASE WHEN d.municipality_code = n.municipality_code THEN d.longitude ELSE m.longitude END,
          version = d.version + 1
        FROM jsonb_to_recordset($1) AS n ({_DESK})
        JOIN municipalities m ON m.istat_code = n.municipality_code
        WHERE d.tenant_id = n.tenant_id AND d.id = n.id
        """,
        [_desk(row) for row in rows],
    )


def _desk(row: Record) -> Record:
    return {**row, "hours": hours.to_json(row["hours"])}


async def rename_members(scope: NetworkScope, rows: Sequence[Record]) -> None:
    await _many(
        scope,
        """
        UPDATE memberships m SET name = n.name
        FROM jsonb_to_recordset($1) AS n (id uuid, tenant_id uuid, name text)
        WHERE m.tenant_id = n.tenant_id AND m.id = n.id
        """,
        [{name: row[name] for name in ("id", "tenant_id", "name")} for row in rows],
    )


_INVITED = """id uuid, tenant_id uuid, email text, name text, role text, limited_to_desks boolean,
    desk_ids uuid[], locale text"""


async def update_invitations(scope: NetworkScope, rows: Sequence[Record]) -> None:
    await _many(
        scope,
        f"""
        UPDATE invitations i SET name = n.name, role = n.role,
          limited_to_desks = n.limited_to_desks, desk_ids = n.desk_ids
        FROM jsonb_to_recordset($1) AS n ({_INVITED})
        WHERE i.tenant_id = n.tenant_id AND i.id = n.id AND i.state = 'open'
        """,
        [_invited(row) for row in rows],
    )


async def add_invitations(
    scope: NetworkScope, rows: Sequence[Record], expires_at: datetime
) -> None:
    """By the Ente. Whoever's invitation ran out is invited anew."""
    if not rows:
        return
    await _many(
        scope,
        f"""
        UPDATE invitations i SET state = 'revoked' FROM jsonb_to_recordset($1) AS n ({_INVITED})
        WHERE i.tenant_id = n.tenant_id AND i.email = n.email AND i.state = 'open'
          AND i.expires_at <= $2
        """,
        [_invited(row) for row in rows],
        scope.now,
    )
    await _many(
        scope,
        f"""
        INSERT INTO invitations (id, tenant_id, email, name, role, limited_to_desks, desk_ids,
          locale, created_at, expires_at)
        SELECT n.id, n.tenant_id, n.email, n.name, n.role, n.limited_to_desks, n.desk_ids, n.locale,
          $2, $3
        FROM jsonb_to_recordset($1) AS n ({_INVITED})
        """,
        [_invited(row) for row in rows],
        scope.now,
        expires_at,
    )


def _invited(row: Record) -> Record:
    desks = row["desk_ids"]
    return {
        **{name: row[name] for name in ("id", "tenant_id", "email", "name", "role")},
        "limited_to_desks": desks is not None,
        "desk_ids": desks or (),
        "locale": row.get("locale", "it"),
    }


_SERVICE = """id uuid, tenant_id uuid, service_id uuid, kind text, name text, description text,
    regions text[], min_amount_cents bigint, max_amount_cents bigint, beneficiaries text[],
    capacity integer, answer_days integer, valid_from date, valid_to date"""


async def add_services(scope: NetworkScope, rows: Sequence[Record]) -> None:
    await _many(
        scope,
        f"""
        INSERT INTO services_offered (id, tenant_id, service_id, kind, name, description, regions,
          min_amount_cents, max_amount_cents, beneficiaries, capacity, answer_days, valid_from,
          valid_to, recorded_at)
        SELECT n.id, n.tenant_id, n.service_id, n.kind, n.name, n.description, n.regions,
          n.min_amount_cents, n.max_amount_cents, n.beneficiaries, n.capacity, n.answer_days,
          n.valid_from, n.valid_to, $2
        FROM jsonb_to_recordset($1) AS n ({_SERVICE})
        """,
        rows,
        scope.now,
    )


async def rewrite_services(scope: NetworkScope, rows: Sequence[Record]) -> None:
    """Versions that begin today or later, or whose last day alone changes."""
    await _many(
        scope,
        f"""
        UPDATE services_offered s SET name = n.name, description = n.description,
          regions = n.regions, min_amount_cents = n.min_amount_cents,
          max_amount_cents = n.max_amount_cents, beneficiaries = n.beneficiaries,
          capacity = n.capacity, answer_days = n.answer_days, valid_from = n.valid_from,
          valid_to = n.valid_to, recorded_at = $2
        FROM jsonb_to_recordset($1) AS n ({_SERVICE})
        WHERE s.tenant_id = n.tenant_id AND s.id = n.id
        """,
        rows,
        scope.now,
    )
    await _count_changes(scope, rows)


async def end_services(scope: NetworkScope, rows: Sequence[Record]) -> None:
    """Versions that make way for the next."""
    await _many(
        scope,
        """
        UPDATE services_offered s SET valid_to = n.valid_to
        FROM jsonb_to_recordset($1) AS n (id uuid, tenant_id uuid, valid_to date)
        WHERE s.tenant_id = n.tenant_id AND s.id = n.id
        """,
        [{name: row[name] for name in ("id", "tenant_id", "valid_to")} for row in rows],
    )
    await _count_changes(scope, rows)


async def _count_changes(scope: NetworkScope, rows: Sequence[Record]) -> None:
    """A service's version is kept in its first row."""
    await _many(
        scope,
        """
        UPDATE services_offered s SET version = s.version + 1
        FROM jsonb_to_recordset($1) AS n (tenant_id uuid, service_id uuid)
        WHERE s.tenant_id = n.tenant_id AND s.service_id = n.service_id
          AND NOT EXISTS (SELECT FROM services_offered e WHERE e.tenant_id = s.tenant_id
            AND e.service_id = s.service_id AND e.valid_from < s.valid_from)
        """,
        [{name: row[name] for name in ("tenant_id", "service_id")} for row in rows],
    )


async def _many(scope: NetworkScope, sql: str, rows: Sequence[Record], *args: object) -> None:
    if rows:
        await scope.execute(sql, [dict(row) for row in rows], *args)


# The kernel's tables, for many rows at once.


async def tell(
    scope: NetworkScope,
    actor: audit.Actor,
    told: Sequence[tuple[UUID, str, Mapping[str, Any]]],
) -> None:
    """(organisation, action, codes), each in the organisation's own log, as part of its story."""
    await _many(
        scope,
        """
        INSERT INTO audit_log
          (id, tenant_id, at, account_id, membership_id, action, subject_kind, subject_id, codes)
        SELECT n.id, n.tenant_id, $2, $3, $4, n.action, 'organisation', n.tenant_id, n.codes
        FROM jsonb_to_recordset($1) AS n (id uuid, tenant_id uuid, action text, codes jsonb)
        """,
        [
            {"id": uuid7(), "tenant_id": owner, "action": action, "codes": codes}
            for owner, action, codes in told
        ],
        scope.now,
        actor.account_id,
        actor.membership_id,
    )


async def touch_all(scope: NetworkScope, organisation_ids: Collection[UUID]) -> None:
    await order_all(
        scope,
        "onboarding.refresh",
        [(None, {"organisation_id": str(one)}) for one in sorted(organisation_ids)],
    )


async def order_all(
    scope: NetworkScope, task: str, orders: Sequence[tuple[UUID | None, Mapping[str, str]]]
) -> None:
    """As `outbox.enqueue` does for one, without its bell: the sweeper finds them, some hundreds at a time."""
    await _many(
        scope,
        """
        INSERT INTO outbox (id, tenant_id, task, args, created_at, due_at)
        SELECT n.id, n.tenant_id, $2, n.args, $3, $3
        FROM jsonb_to_recordset($1) AS n (id uuid, tenant_id uuid, args jsonb)
        """,
        [{"id": uuid7(), "tenant_id": owner, "args": args} for owner, args in orders],
        task,
        scope.now,
    )
