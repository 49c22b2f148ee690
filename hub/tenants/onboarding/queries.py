"""Statements on set-ups and their checklists. What many organisations ask is asked in one statement."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import msgspec

from hub import clock
from hub.db import NetworkScope, TenantScope
from hub.tenants.onboarding.evidence import Evidence
from hub.tenants.onboarding.schemas import (
    DeskLine,
    ExceptionView,
    OrganisationView,
    Party,
    People,
    PointView,
    SetupView,
)

_SETUP = """id, tenant_id, coordinator_id, application_id, kinds, state, contact_name, contact_email,
    contact_phone, locale, started_at, due_on, due_reason, ended_at, ended_by, ended_reason"""

# $1 the organisations, $2 the present day, $3 the present instant. Each part is grouped for all of them at once, so
# that ten thousand organisations cost one pass through each table.
_EVIDENCE = """
    SELECT s.id AS setup_id, s.tenant_id, s.state AS setup_state, s.kinds, s.started_at,
      coalesce(p.kinds, '{}') AS signed_kinds,
      coalesce(m.admins, 0) AS admins, coalesce(m.operators, 0) AS operators,
      coalesce(m.trained, 0) AS operators_trained,
      coalesce(i.admins, 0) AS admins_invited, coalesce(i.operators, 0) AS operators_invited,
      coalesce(d.desks, 0) AS desks, coalesce(d.complete, 0) AS desks_complete,
      coalesce(d.serving, 0) AS desks_serving,
      coalesce(o.kinds, '{}') AS service_kinds,
      t.lender_category IS NOT NULL AND coalesce(t.lender_register, '') <> '' AS lender_register,
      coalesce(t.tutor_register, '') <> '' AS tutor_register,
      f.moment AS test_answered_at
    FROM setups s
    JOIN tenants t ON t.id = s.tenant_id
    LEFT JOIN (
      SELECT p.organisation_id, array_agg(DISTINCT m.kind) AS kinds FROM protocols p
      JOIN protocol_templates m ON m.tenant_id = p.tenant_id AND m.id = p.template_id
      WHERE p.organisation_id = ANY($1) AND p.state = 'signed' AND p.expires_on >= $2
      GROUP BY p.organisation_id
    ) p ON p.organisation_id = s.tenant_id
    LEFT JOIN (
      SELECT m.tenant_id, count(*) FILTER (WHERE m.role = 'admin') AS admins,
        count(*) FILTER (WHERE m.role = 'operator') AS operators,
        count(*) FILTER (WHERE m.role = 'operator' AND r.membership_id IS NOT NULL) AS trained
      FROM memberships m
      LEFT JOIN (
        SELECT DISTINCT tenant_id, membership_id FROM trainings WHERE tenant_id = ANY($1)
      ) r ON r.tenant_id = m.tenant_id AND r.membership_id = m.id
      WHERE m.tenant_id = ANY($1) AND m.state = 'active' AND NOT m.support
        AND (m.expires_at IS NULL OR m.expires_at > $3)
      GROUP BY m.tenant_id
    ) m ON m.tenant_id = s.tenant_id
    LEFT JOIN (
      SELECT tenant_id, count(*) FILTER (WHERE role = 'admin') AS admins,
        count(*) FILTER (WHERE role = 'operator') AS operators
      FROM invitations
      WHERE tenant_id = ANY($1) AND state = 'open' AND NOT support AND expires_at > $3
      GROUP BY tenant_id
    ) i ON i.tenant_id = s.tenant_id
    LEFT JOIN (
      SELECT setup_id, count(*) AS desks,
        count(*) FILTER (WHERE address <> '' AND postal_code IS NOT NULL AND hours <> '[]'
          AND (coalesce(phone, '') <> '' OR coalesce(email, '') <> '')
          AND how_to_reach <> '' AND verified_on IS NOT NULL) AS complete,
        count(*) FILTER (WHERE cardinality(offers) > 0 AND cardinality(provinces) > 0) AS serving
      FROM desks WHERE tenant_id = ANY($1) AND setup_id IS NOT NULL AND state <> 'closed'
      GROUP BY setup_id
    ) d ON d.setup_id = s.id
    LEFT JOIN (
      SELECT tenant_id, array_agg(DISTINCT kind) AS kinds FROM services_offered
      WHERE tenant_id = ANY($1) AND valid_from <= $2 AND (valid_to IS NULL OR valid_to >= $2)
      GROUP BY tenant_id
    ) o ON o.tenant_id = s.tenant_id
    LEFT JOIN network_facts f ON f.tenant_id = s.tenant_id AND f.name = 'test_answered'
    WHERE s.tenant_id = ANY($1) AND s.state IN ('running', 'active')
"""


async def lock_setups(scope: NetworkScope, organisation_ids: Sequence[UUID]) -> None:
    """Whoever looks at the same checklists waits, in the same order everywhere."""
    await scope.execute(
        """
        SELECT FROM setups WHERE tenant_id = ANY($1) AND state IN ('running', 'active')
        ORDER BY id FOR NO KEY UPDATE
        """,
        list(organisation_ids),
    )


async def evidence_of(
    scope: NetworkScope, organisation_ids: Sequence[UUID], today: date
) -> list[Evidence]:
    """Of every set-up of these organisations that is running or led to an activation."""
    rows = await scope.fetch(_EVIDENCE, list(organisation_ids), today, scope.now)
    return [msgspec.convert(dict(row), Evidence) for row in rows]


async def stored_points(
    scope: NetworkScope, organisation_ids: Sequence[UUID]
) -> list[tuple[UUID, UUID, str, str, int, int]]:
    """(id, set-up, code, state, have, want) of those that `evidence_of` speaks of."""
    rows = await scope.fetch(
        """
        SELECT p.id, p.setup_id, p.code, p.state, p.have, p.want FROM setup_points p
        JOIN setups s ON s.tenant_id = p.tenant_id AND s.id = p.setup_id
        WHERE s.tenant_id = ANY($1) AND s.state IN ('running', 'active')
        ORDER BY p.setup_id, p.position
        """,
        list(organisation_ids),
    )
    return [tuple(row) for row in rows]


async def store_points(scope: NetworkScope, changed: Sequence[tuple[UUID, str, int, int]]) -> None:
    """(id, state, have, want) of those that differ. One that changes its state has changed now."""
    await scope.execute(
        """
        UPDATE setup_points p SET state = n.state, have = n.have, want = n.want,
          changed_at = CASE WHEN p.state = n.state THEN p.changed_at ELSE $5 END,
          reminded_at = CASE WHEN p.state = n.state THEN p.reminded_at END
        FROM unnest($1::uuid[], $2::text[], $3::int[], $4::int[]) AS n (id, state, have, want)
        WHERE p.id = n.id
        """,
        *([list(column) for column in zip(*changed, strict=True)] if changed else [[], [], [], []]),
        scope.now,
    )


async def setup_of(scope: NetworkScope | TenantScope, organisation_id: UUID) -> SetupView | None:
    """The running one, else the last; with its points and their exceptions."""
    row = await scope.fetchrow(
        f"""
        SELECT {_SETUP} FROM setups WHERE tenant_id = $1
        ORDER BY state = 'running' DESC, started_at DESC, id DESC LIMIT 1
        """,
        organisation_id,
    )
    return await _whole(scope, dict(row)) if row else None


async def setup_by_id(
    scope: NetworkScope, organisation_id: UUID, setup_id: UUID
) -> SetupView | None:
    row = await scope.fetchrow(
        f"SELECT {_SETUP} FROM setups WHERE tenant_id = $1 AND id = $2", organisation_id, setup_id
    )
    return await _whole(scope, dict(row)) if row else None


async def _whole(scope: NetworkScope | TenantScope, row: dict[str, Any]) -> SetupView:
    points = await scope.fetch(
        """
        SELECT id, code, state, due_on, changed_at, have, want FROM setup_points
        WHERE tenant_id = $1 AND setup_id = $2 ORDER BY position
        """,
        row["tenant_id"],
        row["id"],
    )
    exceptions = {
        one.code: one for one in await exceptions_of(scope, row["tenant_id"], row["id"], live=True)
    }
    views = [
        msgspec.convert({**point, "exception": exceptions.get(point["code"])}, PointView)
        for point in points
    ]
    return msgspec.convert({**row, "points": views}, SetupView)


async def exceptions_of(
    scope: NetworkScope | TenantScope, organisation_id: UUID, setup_id: UUID, *, live: bool = False
) -> list[ExceptionView]:
    """Newest first; `live` are those that are asked for or agreed."""
    rows = await scope.fetch(
        """
        SELECT id, code, reason, state, asked_by, asked_at, decided_by, decided_at, refused_reason
        FROM setup_exceptions
        WHERE tenant_id = $1 AND setup_id = $2 AND (NOT $3 OR state IN ('asked', 'agreed'))
        ORDER BY asked_at DESC, id DESC
        """,
        organisation_id,
        setup_id,
        live,
    )
    return [msgspec.convert(dict(row), ExceptionView) for row in rows]


async def exception_by_id(
    scope: NetworkScope, organisation_id: UUID, exception_id: UUID
) -> ExceptionView | None:
    row = await scope.fetchrow(
        """
        SELECT id, code, reason, state, asked_by, asked_at, decided_by, decided_at, refused_reason
        FROM setup_exceptions WHERE tenant_id = $1 AND id = $2
        """,
        organisation_id,
        exception_id,
    )
    return msgspec.convert(dict(row), ExceptionView) if row else None


async def party_of(scope: NetworkScope, organisation_id: UUID) -> Party | None:
    """Of its running set-up: who is to sign, for which kinds nobody has signed yet, and the Ente's contact there."""
    row = await scope.fetchrow(
        """
        SELECT t.id AS organisation_id, t.name, coalesce(t.fiscal_code, '') AS fiscal_code,
          concat_ws(', ', t.address, concat_ws(' ', t.postal_code, m.name)) AS address,
          s.contact_name, s.contact_email, s.locale, s.application_id,
          array(SELECT d.name || ', ' || d.address || ', ' || w.name FROM desks d
            JOIN municipalities w ON w.istat_code = d.municipality_code
            WHERE d.tenant_id = t.id AND d.state <> 'closed' ORDER BY d.name, d.id) AS desks,
          array(SELECT kind FROM unnest(s.kinds) AS kind WHERE NOT EXISTS (
            SELECT FROM protocols p
            JOIN protocol_templates l ON l.tenant_id = p.tenant_id AND l.id = p.template_id
            WHERE p.organisation_id = t.id AND l.kind = kind AND p.state = 'signed'
              AND p.expires_on >= $2)) AS kinds
        FROM setups s JOIN tenants t ON t.id = s.tenant_id
        LEFT JOIN municipalities m ON m.istat_code = t.municipality_code
        WHERE s.tenant_id = $1 AND s.state = 'running'
        """,
        organisation_id,
        clock.day_of(scope.now),
    )
    return msgspec.convert(dict(row), Party) if row else None


async def names_of(scope: NetworkScope, membership_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Of people of the Ente, for who asked, agreed and activated."""
    rows = await scope.fetch(
        "SELECT id, name FROM memberships WHERE id = ANY($1)", list(membership_ids)
    )
    return {row[0]: row[1] for row in rows}


async def undone_points(scope: NetworkScope, organisation_id: UUID) -> list[str]:
    """Codes of what was done when the organisation became active, and is not any more."""
    rows = await scope.fetch(
        """
        SELECT p.code FROM setup_points p
        JOIN setups s ON s.tenant_id = p.tenant_id AND s.id = p.setup_id AND s.state = 'active'
        WHERE p.tenant_id = $1 AND p.state = 'undone'
        GROUP BY p.code, p.position ORDER BY p.position
        """,
        organisation_id,
    )
    return [row[0] for row in rows]


async def became_ready(
    scope: NetworkScope, setup_ids: Sequence[UUID], codes: Sequence[str]
) -> list[UUID]:
    """Organisations whose running set-up nothing blocks any more, now that these points of theirs are done.

    One that an agreed exception had let pass before changes nothing by being done.
    """
    rows = await scope.fetch(
        """
        WITH excepted AS (
          SELECT setup_id, code FROM setup_exceptions WHERE setup_id = ANY($1) AND state = 'agreed'
        )
        SELECT s.tenant_id FROM setups s
        WHERE s.id = ANY($1) AND s.state = 'running'
          AND EXISTS (SELECT FROM unnest($1::uuid[], $2::text[]) AS n (setup_id, code)
            WHERE n.setup_id = s.id AND (n.setup_id, n.code) NOT IN (SELECT * FROM excepted))
          AND NOT EXISTS (SELECT FROM setup_points p
            WHERE p.setup_id = s.id AND p.state <> 'done'
              AND (p.setup_id, p.code) NOT IN (SELECT * FROM excepted))
        ORDER BY s.id
        """,
        list(setup_ids),
        list(codes),
    )
    return [row[0] for row in rows]


async def name_of(scope: NetworkScope, organisation_id: UUID) -> str:
    name: str | None = await scope.fetchval(
        "SELECT name FROM tenants WHERE id = $1", organisation_id
    )
    return name or ""


async def organisation(scope: NetworkScope, organisation_id: UUID) -> OrganisationView | None:
    """None for the Ente itself and for the sandbox."""
    row = await scope.fetchrow(
        """
        SELECT t.id, t.name, t.kinds, t.host_kind, t.state, t.fiscal_code, t.ipa_code,
          CASE WHEN m.name IS NOT NULL THEN m.name || ' (' || m.province_code || ')' END AS place,
          r.name AS region, t.address, t.email, t.phone, t.certified_email, t.website,
          t.lender_category, t.lender_register, t.tutor_register, t.activated_at
        FROM tenants t
        LEFT JOIN municipalities m ON m.istat_code = t.municipality_code
        LEFT JOIN regions r ON r.code = t.region_code
        WHERE t.id = $1 AND NOT t.sandbox AND NOT 'coordinator' = ANY(t.kinds)
        """,
        organisation_id,
    )
    return msgspec.convert(dict(row), OrganisationView) if row else None


async def desks_of(
    scope: NetworkScope, organisation_id: UUID, setup_id: UUID | None
) -> list[DeskLine]:
    """Those that are open or being set up, and those that `setup_id` was about."""
    rows = await scope.fetch(
        """
        SELECT d.id, d.name, d.state, m.name || ' (' || m.province_code || ')', d.address
        FROM desks d JOIN municipalities m ON m.istat_code = d.municipality_code
        WHERE d.tenant_id = $1 AND (d.state <> 'closed' OR d.setup_id = $2)
        ORDER BY d.state = 'closed', d.name, d.id
        """,
        organisation_id,
        setup_id,
    )
    return [DeskLine(*row) for row in rows]


async def people_of(scope: NetworkScope, organisation_id: UUID) -> list[People]:
    rows = await scope.fetch(
        """
        SELECT role, sum(active)::int, sum(invited)::int FROM (
          SELECT role, 1 AS active, 0 AS invited FROM memberships
          WHERE tenant_id = $1 AND state = 'active' AND NOT support
            AND (expires_at IS NULL OR expires_at > $2)
          UNION ALL
          SELECT role, 0, 1 FROM invitations
          WHERE tenant_id = $1 AND state = 'open' AND NOT support AND expires_at > $2
        ) people GROUP BY role ORDER BY array_position(ARRAY['admin', 'operator', 'editor', 'viewer'], role)
        """,
        organisation_id,
        scope.now,
    )
    return [People(*row) for row in rows]


async def waits_for_test(scope: TenantScope) -> bool:
    """Whether a lender has a test referral that it has not answered."""
    found: bool = await scope.fetchval(
        """
        SELECT EXISTS (SELECT FROM received_offers WHERE tenant_id = $1 AND is_test
          AND answered_at IS NULL AND state IN ('offered', 'received'))
        """,
        scope.tenant_id,
    )
    return found
