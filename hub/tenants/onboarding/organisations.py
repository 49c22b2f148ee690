"""Statements that make organisations and change what they are. All are the network's."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

import msgspec

from hub.db import NetworkScope
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
    """One that was never active, or was closed, is set up anew, with what is known now; what nobody states stays."""
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
          activated_at = NULL, coming_kinds = '{}'
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
          coming_kinds = CASE WHEN state <> 'active' AND activated_at IS NULL THEN '{}'
          ELSE array(
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


async def drop_kind(scope: NetworkScope, organisation_id: UUID, kind: str) -> None:
    """Unless it was in force once."""
    await scope.execute(
        """
        UPDATE tenants SET kinds = array_remove(kinds, $2), version = version + 1,
          coming_kinds = array_remove(coming_kinds, $2)
        WHERE id = $1 AND ($2 = ANY (coming_kinds) OR state <> 'active' AND activated_at IS NULL)
        """,
        organisation_id,
        kind,
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
