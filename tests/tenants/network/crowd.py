"""A network of any size, written by a few statements: hosts with desks, set-ups, protocols and a log."""

from __future__ import annotations

from uuid import UUID

from tests.factories import CAMPANIA, NAPLES
from tests.support.databases import Database, connected

# Of every ten hosts: one is being set up, one is suspended, one has a desk that has fallen silent, one is not in order.
_CROWD = """
CREATE TEMP TABLE crowd ON COMMIT DROP AS
SELECT gen_random_uuid() AS host, gen_random_uuid() AS setup, gen_random_uuid() AS desk, n,
  '{ente}'::uuid AS ente, '{template}'::uuid AS template, '{place}' AS place_code, '{region}' AS region
FROM generate_series({first}, {last}) n
"""
_ROWS = (
    """
    INSERT INTO tenants (id, name, name_search, kinds, host_kind, state, municipality_code, region_code,
      fiscal_code, email, created_at)
    SELECT host, 'Comune ' || n, 'comune ' || n, ARRAY['host'], 'municipality',
      CASE WHEN n % 10 IN (1, 2) THEN 'suspended' ELSE 'active' END, place_code, region,
      lpad(n::text, 11, '0'), 'ufficio' || n || '@example.org', now()
    FROM crowd
    """,
    """
    INSERT INTO setups (id, tenant_id, coordinator_id, kinds, state, contact_name, contact_email, started_at,
      due_on, ended_at)
    SELECT setup, host, ente, ARRAY['host'], CASE WHEN n % 10 = 1 THEN 'running' ELSE 'active' END, 'Anna Prova',
      'anna' || n || '@example.org', now() - interval '40 days', current_date + n % 90,
      CASE WHEN n % 10 <> 1 THEN now() END
    FROM crowd
    """,
    """
    INSERT INTO desks (id, tenant_id, setup_id, name, state, municipality_code, region_code, address,
      opened_on, last_consultation_on)
    SELECT desk, host, setup, 'Sportello ' || n, CASE WHEN n % 10 = 1 THEN 'setting_up' ELSE 'active' END, place_code, region,
      'Via Roma 1', CASE WHEN n % 10 <> 1 THEN current_date - 400 END,
      CASE WHEN n % 10 = 3 THEN current_date - 100 ELSE current_date - 3 END
    FROM crowd
    """,
    """
    INSERT INTO setup_points (id, tenant_id, setup_id, code, position, state, due_on, changed_at)
    SELECT gen_random_uuid(), host, setup, code, place,
      CASE WHEN n % 10 = 1 AND place > 3 THEN 'open' WHEN n % 10 = 4 AND place = 1 THEN 'undone' ELSE 'done' END,
      current_date + 10, now() - interval '20 days'
    FROM crowd, unnest(ARRAY['protocol_signed', 'administrator_invited', 'operators_invited',
      'training_completed', 'desks_complete']) WITH ORDINALITY AS p (code, place)
    """,
    """
    INSERT INTO protocols (id, tenant_id, organisation_id, template_id, year, serial, state, contact_name,
      contact_email, content, checked, signed_on, expires_on, created_at)
    SELECT gen_random_uuid(), ente, host, template, 2020, 1000 + n, 'signed', 'Anna Prova', 'anna@example.org', '{}',
      'envelope', current_date - 1000, current_date + n % 400, now()
    FROM crowd
    """,
    """
    INSERT INTO invitations (id, tenant_id, email, role, created_at, expires_at)
    SELECT gen_random_uuid(), host, 'invited' || n || '@example.org', 'operator', now(), now() + interval '9 days'
    FROM crowd
    """,
)


async def write_crowd(database: Database, ente_id: UUID, first: int, last: int) -> None:
    """Hosts with the numbers from `first` to `last`."""
    async with connected(database.superuser_url) as superuser, superuser.transaction():
        template = await superuser.fetchval(
            """
            INSERT INTO protocol_templates (id, tenant_id, kind, number, title, text, years, created_at)
            VALUES (gen_random_uuid(), $1, 'host', $2, 'Protocollo', 'Articolo 1', 3, now()) RETURNING id
            """,
            ente_id,
            900 + first,
        )
        named = {"ente": ente_id, "template": template, "place": NAPLES, "region": CAMPANIA}
        await superuser.execute(_CROWD.format(first=first, last=last, **named))
        for sql in _ROWS:
            await superuser.execute(sql)
    async with connected(database.superuser_url) as superuser:
        await superuser.execute("ANALYZE")
