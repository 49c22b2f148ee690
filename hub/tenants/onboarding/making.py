"""Statements that make organisations, desks and set-ups, or change how they stand. All are the network's."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

import msgspec

from hub.db import NetworkScope
from hub.ids import uuid7
from hub.tenants.territory.build_data import fold


class Known(NamedTuple):
    """An organisation of the network, as far as its coming on board goes."""

    id: UUID
    name: str
    kinds: tuple[str, ...]
    state: str


class Details(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of an organisation when it comes on board."""

    name: str
    fiscal_code: str
    ipa_code: str | None = None
    host_kind: str | None = None
    municipality_code: str | None = None
    region_code: str | None = None
    address: str | None = None
    email: str | None = None
    phone: str | None = None
    certified_email: str | None = None
    locale: str = "it"
    lender_category: str | None = None
    lender_register: str | None = None
    tutor_register: str | None = None


class NewDesk(NamedTuple):
    id: UUID
    name: str
    municipality_code: str
    address: str
    opening_hours: str


async def wait_for_identity(scope: NetworkScope, fiscal_code: str) -> None:
    """Whoever makes an organisation with this code waits for each other: the table cannot forbid a second."""
    await scope.execute("SELECT pg_advisory_xact_lock_shared(hashtextextended('organisations', 0))")
    await scope.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('organisation:' || $1, 0))", fiscal_code
    )


async def find_organisation(
    scope: NetworkScope, fiscal_code: str, ipa_code: str | None = None
) -> Known | None:
    """By its fiscal code; by its IPA code only where it has no fiscal code. Of several, the one that lives most."""
    row = await scope.fetchrow(
        """
        SELECT id, name, kinds, state FROM tenants
        WHERE NOT sandbox AND NOT 'coordinator' = ANY(kinds)
          AND (fiscal_code = $1 OR (fiscal_code IS NULL AND ipa_code = $2))
        ORDER BY fiscal_code IS NULL,
          array_position(ARRAY['active', 'suspended', 'waiting', 'closed'], state), created_at, id
        LIMIT 1 FOR NO KEY UPDATE
        """,
        fiscal_code,
        ipa_code,
    )
    return Known(row[0], row[1], tuple(row[2]), row[3]) if row else None


async def lock_organisation(scope: NetworkScope, organisation_id: UUID) -> Known | None:
    """None for the Ente itself and for the sandbox: neither comes on board."""
    row = await scope.fetchrow(
        """
        SELECT id, name, kinds, state FROM tenants
        WHERE id = $1 AND NOT sandbox AND NOT 'coordinator' = ANY(kinds) FOR NO KEY UPDATE
        """,
        organisation_id,
    )
    return Known(row[0], row[1], tuple(row[2]), row[3]) if row else None


async def add_organisation(
    scope: NetworkScope, organisation_id: UUID, kinds: Sequence[str], details: Details
) -> None:
    await scope.execute(
        """
        INSERT INTO tenants (id, kinds, state, created_at, name, name_search, fiscal_code, ipa_code,
          host_kind, municipality_code, region_code, address, email, phone, certified_email, locale,
          lender_category, lender_register, tutor_register)
        VALUES ($1, $2, 'suspended', $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,
          $17, $18)
        """,
        organisation_id,
        list(kinds),
        scope.now,
        *_values(details),
    )


async def bring_back(
    scope: NetworkScope, organisation_id: UUID, kinds: Sequence[str], details: Details
) -> None:
    """An organisation that is not active is set up anew, with what is known now; what nobody states stays."""
    await scope.execute(
        """
        UPDATE tenants SET kinds = $2, state = 'suspended', name = $3, name_search = $4,
          fiscal_code = $5, ipa_code = coalesce($6, ipa_code), host_kind = coalesce($7, host_kind),
          municipality_code = coalesce($8, municipality_code),
          region_code = coalesce($9, region_code), address = coalesce($10, address),
          email = coalesce($11, email), phone = coalesce($12, phone),
          certified_email = coalesce($13, certified_email), locale = $14,
          lender_category = coalesce($15, lender_category),
          lender_register = coalesce($16, lender_register),
          tutor_register = coalesce($17, tutor_register), version = version + 1,
          activated_at = CASE WHEN state = 'closed' THEN NULL ELSE activated_at END
        WHERE id = $1
        """,
        organisation_id,
        list(kinds),
        *_values(details),
    )


def _values(details: Details) -> tuple[object, ...]:
    return (
        details.name,
        fold(details.name),
        details.fiscal_code,
        details.ipa_code,
        details.host_kind,
        details.municipality_code,
        details.region_code,
        details.address,
        details.email,
        details.phone,
        details.certified_email,
        details.locale,
        details.lender_category,
        details.lender_register,
        details.tutor_register,
    )


async def add_kinds(
    scope: NetworkScope, organisation_id: UUID, kinds: Sequence[str], host_kind: str | None
) -> None:
    """To an organisation that keeps its own data. To one that has been active they are coming: not in force yet."""
    await scope.execute(
        """
        UPDATE tenants SET kinds = $2, host_kind = coalesce(host_kind, $3), version = version + 1,
          coming_kinds = CASE WHEN activated_at IS NULL THEN '{}' ELSE array(
            SELECT kind FROM unnest($2::text[]) AS kind
            WHERE kind <> ALL (kinds) OR kind = ANY (coming_kinds)) END
        WHERE id = $1
        """,
        organisation_id,
        list(kinds),
        host_kind,
    )


async def bring_into_force(
    scope: NetworkScope, organisation_id: UUID, kinds: Sequence[str]
) -> None:
    """What was coming is there: its set-up is complete."""
    await scope.execute(
        """
        UPDATE tenants SET coming_kinds = array(
          SELECT kind FROM unnest(coming_kinds) AS kind WHERE kind <> ALL ($2::text[]))
        WHERE id = $1
        """,
        organisation_id,
        list(kinds),
    )


async def take_back_kinds(scope: NetworkScope, organisation_id: UUID) -> None:
    """What was coming does not come."""
    await scope.execute(
        """
        UPDATE tenants SET coming_kinds = '{}', version = version + 1,
          kinds = array(SELECT kind FROM unnest(kinds) AS kind WHERE kind <> ALL (coming_kinds))
        WHERE id = $1 AND coming_kinds <> '{}'
        """,
        organisation_id,
    )


async def end_memberships(scope: NetworkScope, organisation_id: UUID) -> None:
    """Nobody of a closed organisation is there when it begins again: whoever is to be, is invited."""
    await scope.execute(
        """
        UPDATE memberships SET state = 'ended', ended_at = $2
        WHERE tenant_id = $1 AND state = 'active'
        """,
        organisation_id,
        scope.now,
    )


async def reopen(scope: NetworkScope, organisation_id: UUID) -> None:
    """It comes on board anew, as if it had never been active."""
    await scope.execute(
        """
        UPDATE tenants SET state = 'suspended', activated_at = NULL, coming_kinds = '{}', version = version + 1
        WHERE id = $1
        """,
        organisation_id,
    )


async def set_state(scope: NetworkScope, organisation_id: UUID, state: str) -> None:
    """`suspended_at` says since when the Ente stopped it; who is only being set up was never stopped."""
    await scope.execute(
        """
        UPDATE tenants SET state = $2, version = version + 1,
          activated_at = CASE WHEN $2 = 'active' THEN coalesce(activated_at, $3) ELSE activated_at END,
          suspended_at = CASE WHEN $2 = 'active' THEN NULL ELSE suspended_at END
        WHERE id = $1
        """,
        organisation_id,
        state,
        scope.now,
    )


async def is_admitted(scope: NetworkScope, application_id: UUID, first_desk_id: UUID) -> bool:
    """Whether a set-up was made of this application, or its desks joined one that was running."""
    found: bool = await scope.fetchval(
        """
        SELECT EXISTS (SELECT FROM setups WHERE application_id = $1)
          OR EXISTS (SELECT FROM desks WHERE id = $2)
        """,
        application_id,
        first_desk_id,
    )
    return found


async def add_desks(
    scope: NetworkScope, organisation_id: UUID, setup_id: UUID, desks: Sequence[NewDesk]
) -> None:
    await scope.executemany(
        """
        INSERT INTO desks (id, tenant_id, setup_id, name, state, municipality_code, region_code,
          address, opening_hours, latitude, longitude)
        SELECT $1, $2, $3, $4, 'setting_up', istat_code, region_code, $6, $7, latitude, longitude
        FROM municipalities WHERE istat_code = $5
        """,
        [
            (
                desk.id,
                organisation_id,
                setup_id,
                desk.name,
                desk.municipality_code,
                desk.address,
                desk.opening_hours,
            )
            for desk in desks
        ],
    )


async def running_setup(
    scope: NetworkScope, organisation_id: UUID
) -> tuple[UUID, tuple[str, ...]] | None:
    """Id and kinds; nobody else changes it until the transaction ends."""
    row = await scope.fetchrow(
        "SELECT id, kinds FROM setups WHERE tenant_id = $1 AND state = 'running' FOR UPDATE",
        organisation_id,
    )
    return (row[0], tuple(row[1])) if row else None


async def add_setup(
    scope: NetworkScope,
    organisation_id: UUID,
    coordinator_id: UUID,
    kinds: Sequence[str],
    *,
    application_id: UUID | None,
    contact: tuple[str, str, str, str],
    due_on: date,
) -> UUID:
    """`contact` is name, e-mail address, telephone and locale."""
    setup_id = uuid7()
    await scope.execute(
        """
        INSERT INTO setups (id, tenant_id, coordinator_id, application_id, kinds, contact_name,
          contact_email, contact_phone, locale, started_at, due_on)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        """,
        setup_id,
        organisation_id,
        coordinator_id,
        application_id,
        list(kinds),
        *contact,
        scope.now,
        due_on,
    )
    return setup_id


async def widen_setup(
    scope: NetworkScope, setup_id: UUID, kinds: Sequence[str], application_id: UUID | None
) -> None:
    await scope.execute(
        """
        UPDATE setups SET kinds = $2, application_id = coalesce(application_id, $3),
          version = version + 1 WHERE id = $1
        """,
        setup_id,
        list(kinds),
        application_id,
    )


async def add_points(
    scope: NetworkScope,
    organisation_id: UUID,
    setup_id: UUID,
    points: Sequence[tuple[int, str, date]],
) -> None:
    """(position, code, due day); those that are there stay."""
    await scope.executemany(
        """
        INSERT INTO setup_points (id, tenant_id, setup_id, code, position, due_on, changed_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (tenant_id, setup_id, code) DO NOTHING
        """,
        [
            (uuid7(), organisation_id, setup_id, code, position, due_on, scope.now)
            for position, code, due_on in points
        ],
    )


async def end_setup(
    scope: NetworkScope, setup_id: UUID, state: str, by: UUID | None, reason: str = ""
) -> None:
    await scope.execute(
        """
        UPDATE setups SET state = $2, ended_at = $3, ended_by = $4, ended_reason = $5,
          version = version + 1 WHERE id = $1
        """,
        setup_id,
        state,
        scope.now,
        by,
        reason,
    )


async def settle_points(scope: NetworkScope, setup_id: UUID) -> None:
    await scope.execute(
        "UPDATE setup_points SET state = 'open' WHERE setup_id = $1 AND state = 'undone'", setup_id
    )


async def open_desks(scope: NetworkScope, setup_id: UUID, today: date) -> int:
    return await scope.execute(
        """
        UPDATE desks SET state = 'active', opened_on = $2, version = version + 1
        WHERE setup_id = $1 AND state = 'setting_up'
        """,
        setup_id,
        today,
    )


async def close_desks(
    scope: NetworkScope, setup_id: UUID, today: date, only: Sequence[UUID] | None = None
) -> int:
    """Those that were never opened; `only` some of them where a set-up has several applications' desks."""
    return await scope.execute(
        """
        UPDATE desks SET state = 'closed', closed_on = $2, closed_reason = 'abandoned',
          version = version + 1
        WHERE setup_id = $1 AND state = 'setting_up' AND ($3::uuid[] IS NULL OR id = ANY($3))
        """,
        setup_id,
        today,
        list(only) if only is not None else None,
    )


async def take_over_desks(scope: NetworkScope, organisation_id: UUID, setup_id: UUID) -> int:
    """Desks of an abandoned set-up, which never opened, are set up by the new one."""
    return await scope.execute(
        """
        UPDATE desks SET state = 'setting_up', setup_id = $2, closed_on = NULL, closed_reason = NULL,
          version = version + 1
        WHERE tenant_id = $1 AND state = 'closed' AND opened_on IS NULL
          AND closed_reason = 'abandoned'
        """,
        organisation_id,
        setup_id,
    )


async def revoke_invitations(scope: NetworkScope, organisation_id: UUID) -> list[tuple[UUID, str]]:
    """Id and role of those that were open."""
    rows = await scope.fetch(
        """
        UPDATE invitations SET state = 'revoked' WHERE tenant_id = $1 AND state = 'open'
        RETURNING id, role
        """,
        organisation_id,
    )
    return [(row[0], row[1]) for row in rows]


async def is_suspended(scope: NetworkScope, organisation_id: UUID) -> bool:
    """By the Ente: not for being set up."""
    found: bool = await scope.fetchval(
        "SELECT EXISTS (SELECT FROM suspensions WHERE tenant_id = $1 AND lifted_at IS NULL)",
        organisation_id,
    )
    return found


async def was_active(scope: NetworkScope, organisation_id: UUID) -> bool:
    """Since it last came on board."""
    found: bool = await scope.fetchval(
        "SELECT state = 'active' OR activated_at IS NOT NULL FROM tenants WHERE id = $1",
        organisation_id,
    )
    return found


async def setup_of_application(
    scope: NetworkScope, application_id: UUID
) -> tuple[UUID, UUID] | None:
    """(organisation, set-up)."""
    row = await scope.fetchrow(
        "SELECT tenant_id, id FROM setups WHERE application_id = $1", application_id
    )
    return (row[0], row[1]) if row else None


async def setup_of_desk(scope: NetworkScope, desk_id: UUID) -> tuple[UUID, UUID] | None:
    """(organisation, set-up) of a desk that joined one."""
    row = await scope.fetchrow(
        "SELECT tenant_id, setup_id FROM desks WHERE id = $1 AND setup_id IS NOT NULL", desk_id
    )
    return (row[0], row[1]) if row else None
