"""The network's people as subscribers of each coordinator: kept in step with memberships and desks (design §7).

Someone who joins is subscribed within a minute, someone who leaves is forgotten. Leaving the newsletter is another
matter: neither a subscriber's state nor a suppression is ever touched here, so that it outlives every re-import.
"""

from uuid import UUID

from hub.crypto import email_token
from hub.db import NetworkScope
from hub.newsletter.queries import UUID7


async def sync_network_people(scope: NetworkScope) -> None:
    """Statements over whole tables that touch only what differs. The seed calls it too."""
    if emails := await _unknown_people(scope):
        await _add_people(scope, emails, [email_token(email) for email in emails])
    await _rename_people(scope)
    await _subscribe_people(scope)
    if gone := await _end_what_is_gone(scope):
        await _forget_unconnected(scope, gone)


# The network's people at the instant $1, one row for each reason to write to one: `email, name, locale, audience,
# source, organisation_id, membership_id, region_code`. Whoever is being set up, was suspended or is the sandbox is in no
# audience, nor is support, which belongs to the Ente.
_PEOPLE = """
    SELECT DISTINCT ON (email, audience, organisation_id) * FROM (
      SELECT a.email, a.name, a.locale, v.audience, 'membership' AS source,
        m.tenant_id AS organisation_id, m.id AS membership_id, t.region_code
      FROM memberships m
      JOIN accounts a ON a.id = m.account_id
      JOIN tenants t ON t.id = m.tenant_id
      JOIN (VALUES ('host', 'operator', 'operators'), ('host', 'admin', 'administrators'),
                   ('lender', NULL, 'lenders'), ('tutor', NULL, 'tutors')) v (kind, role, audience)
        ON v.kind = ANY(t.kinds) AND v.kind <> ALL(t.coming_kinds) AND (v.role IS NULL OR v.role = m.role)
      WHERE m.state = 'active' AND a.state = 'active' AND t.state = 'active' AND NOT t.sandbox
        AND NOT m.support AND (m.expires_at IS NULL OR m.expires_at > $1)
      UNION ALL
      SELECT lower(trim(d.email)), d.name, t.locale, 'desks', 'desk',
        d.tenant_id, NULL, d.region_code
      FROM desks d JOIN tenants t ON t.id = d.tenant_id
      WHERE d.state = 'active' AND t.state = 'active' AND NOT t.sandbox AND d.email LIKE '_%@_%'
    ) every_reason
    ORDER BY email, audience, organisation_id, membership_id, name
"""
_COORDINATORS = (
    "SELECT id AS tenant_id FROM tenants WHERE 'coordinator' = ANY(kinds) AND state = 'active'"
)
# One name for each address: a person's own before a desk's.
_ADDRESSES = f"""
    SELECT DISTINCT ON (email) email, name, locale FROM ({_PEOPLE}) people
    ORDER BY email, source DESC, name
"""


async def _unknown_people(scope: NetworkScope) -> list[str]:
    """Addresses of the network that some coordinator does not have as a subscriber yet."""
    rows = await scope.fetch(
        f"""
        SELECT a.email FROM ({_ADDRESSES}) a
        WHERE EXISTS (SELECT FROM ({_COORDINATORS}) c WHERE NOT EXISTS (
          SELECT FROM subscribers s WHERE s.tenant_id = c.tenant_id AND s.email = a.email))
        """,
        scope.now,
    )
    return [row["email"] for row in rows]


async def _add_people(scope: NetworkScope, emails: list[str], tokens: list[bytes]) -> None:
    await scope.execute(
        f"""
        INSERT INTO subscribers
          (id, tenant_id, email, email_token, name, locale, state, created_at)
        SELECT {UUID7.format("$1")}, c.tenant_id, a.email, known.token, a.name, a.locale, 'active', $1
        FROM ({_ADDRESSES}) a
        JOIN unnest($2::text[], $3::bytea[]) known (email, token) USING (email)
        CROSS JOIN ({_COORDINATORS}) c
        ON CONFLICT DO NOTHING
        """,
        scope.now,
        emails,
        tokens,
    )


async def _rename_people(scope: NetworkScope) -> None:
    """Take over what people call themselves now."""
    await scope.execute(
        f"""
        UPDATE subscribers s SET name = a.name, locale = a.locale, version = s.version + 1
        FROM ({_ADDRESSES}) a, ({_COORDINATORS}) c
        WHERE s.tenant_id = c.tenant_id AND s.email = a.email
          AND (s.name, s.locale) IS DISTINCT FROM (a.name, a.locale)
        """,
        scope.now,
    )


async def _subscribe_people(scope: NetworkScope) -> None:
    await scope.execute(
        f"""
        INSERT INTO subscriptions (id, tenant_id, subscriber_id, audience, source, organisation_id,
          membership_id, region_code, created_at)
        SELECT {UUID7.format("$1")}, s.tenant_id, s.id, p.audience, p.source, p.organisation_id,
          p.membership_id, p.region_code, $1
        FROM ({_PEOPLE}) p
        JOIN subscribers s ON s.email = p.email
        JOIN ({_COORDINATORS}) c ON c.tenant_id = s.tenant_id
        ON CONFLICT (tenant_id, subscriber_id, audience, organisation_id) DO UPDATE
        SET source = excluded.source, membership_id = excluded.membership_id,
          region_code = excluded.region_code
        WHERE (subscriptions.source, subscriptions.membership_id, subscriptions.region_code)
          IS DISTINCT FROM (excluded.source, excluded.membership_id, excluded.region_code)
        """,
        scope.now,
    )


async def _end_what_is_gone(scope: NetworkScope) -> list[UUID]:
    """End what no membership and no desk stands for any more; returns the subscribers concerned."""
    rows = await scope.fetch(
        f"""
        DELETE FROM subscriptions g USING subscribers s
        WHERE g.source IN ('membership', 'desk')
          AND s.tenant_id = g.tenant_id AND s.id = g.subscriber_id
          AND NOT EXISTS (
            SELECT FROM ({_PEOPLE}) p
            WHERE p.email = s.email AND p.audience = g.audience
              AND p.organisation_id = g.organisation_id)
        RETURNING g.subscriber_id
        """,
        scope.now,
    )
    return [row["subscriber_id"] for row in rows]


async def _forget_unconnected(scope: NetworkScope, subscriber_ids: list[UUID]) -> None:
    """Delete those of them whom nothing connects to the network; a suppression outlives its subscriber."""
    await scope.execute(
        """
        DELETE FROM subscribers s WHERE s.id = ANY($1) AND NOT EXISTS (
          SELECT FROM subscriptions p WHERE p.tenant_id = s.tenant_id AND p.subscriber_id = s.id)
        """,
        subscriber_ids,
    )
