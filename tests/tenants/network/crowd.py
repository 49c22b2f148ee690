"""A network of any size, written by a few statements: organisations with all that the Ente lists of them."""

from __future__ import annotations

from uuid import UUID

from tests.factories import CAMPANIA, NAPLES, Member
from tests.support.databases import Database, connected

# Of every ten hosts: one is being set up, one is suspended, one has a desk that has fallen silent, one is not in order,
# one lends, too. `few` are those of which there is one for each of the first twenty, and for a hundredth of the others.
_CROWD = """
CREATE TEMP TABLE crowd ON COMMIT DROP AS
SELECT gen_random_uuid() AS host, gen_random_uuid() AS setup, gen_random_uuid() AS desk, gen_random_uuid() AS account,
  n, n <= 20 OR n % 100 = 0 AS few, '{ente}'::uuid AS ente, '{template}'::uuid AS template, '{admin}'::uuid AS admin,
  '{account}'::uuid AS admin_account, '{place}' AS place_code, '{region}' AS region
FROM generate_series({first}, {last}) n
"""
_ORGANISATIONS = (
    """
    INSERT INTO tenants (id, name, name_search, kinds, host_kind, state, municipality_code, region_code,
      fiscal_code, email, created_at)
    SELECT host, 'Comune ' || n, 'comune ' || n, CASE WHEN n % 10 = 5 THEN ARRAY['host', 'lender'] ELSE ARRAY['host'] END,
      'municipality', CASE WHEN n % 10 IN (1, 2) THEN 'suspended' ELSE 'active' END, place_code, region,
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
    INSERT INTO setup_exceptions (id, tenant_id, setup_id, code, reason, asked_by, asked_at)
    SELECT gen_random_uuid(), host, setup, 'training_completed', 'Corso a gennaio.', admin, now()
    FROM crowd WHERE n % 10 = 1
    """,
    """
    INSERT INTO invitations (id, tenant_id, email, role, created_at, expires_at)
    SELECT gen_random_uuid(), host, 'invited' || n || '@example.org', 'operator', now(), now() + interval '9 days'
    FROM crowd
    """,
    """
    INSERT INTO accounts (id, email, password_hash, name, created_at)
    SELECT account, 'operator' || n || '@example.org', '!', 'Anna Prova', now() FROM crowd
    """,
    """
    INSERT INTO memberships (id, tenant_id, account_id, role, name, created_at)
    SELECT gen_random_uuid(), host, account, 'operator', 'Anna Prova', now() FROM crowd
    """,
    """
    INSERT INTO services_offered (id, tenant_id, service_id, kind, name, regions, valid_from)
    SELECT desk, host, desk, 'enterprise_loan', 'Microcredito', ARRAY[region], current_date - 400
    FROM crowd WHERE n % 10 = 5
    """,
    """
    INSERT INTO audit_log (id, tenant_id, at, action, subject_kind, subject_id)
    SELECT gen_random_uuid(), host, now(), 'setup.postponed', 'organisation', host FROM crowd
    """,
)
_ENTE = (
    """
    INSERT INTO protocols (id, tenant_id, organisation_id, template_id, year, serial, state, contact_name,
      contact_email, content, checked, signed_on, expires_on, created_at)
    SELECT gen_random_uuid(), ente, host, template, 2020, 1000 + n, 'signed', 'Anna Prova', 'anna@example.org',
      jsonb_build_object('ente', 'Ente', 'organisation', 'Comune ' || n, 'fiscal_code', lpad(n::text, 11, '0'),
        'address', 'Via Roma 1', 'desks', jsonb_build_array('Sportello ' || n), 'years', 3, 'issued_on', '2020-01-01',
        'locale', 'it'),
      'envelope', current_date - 1000, current_date + n % 400, now()
    FROM crowd
    """,
    """
    INSERT INTO protocol_templates (id, tenant_id, kind, number, title, text, years, created_at)
    SELECT gen_random_uuid(), ente, 'tutor', 900 + n, 'Protocollo', E'# Art. 1\\n\\n{organisation}', 3, now()
    FROM crowd WHERE few
    """,
    """
    INSERT INTO imports (id, tenant_id, kind, file_name, state, rows_total, rows_done, errors, creates, created_at, created_by)
    SELECT gen_random_uuid(), ente, 'hosts', n || '.csv', 'ready', 9, 9, 1, 8, now() - n * interval '1 minute', admin
    FROM crowd WHERE few
    """,
    """
    INSERT INTO import_rows (id, tenant_id, import_id, position, fate, errors, content)
    SELECT gen_random_uuid(), ente, i.id, n, f.fate, f.errors,
      jsonb_build_object('key', n::text, 'cells', jsonb_build_object('name', 'Comune ' || n))
    FROM crowd
    JOIN imports i ON i.tenant_id = ente AND i.file_name = '1.csv',
    LATERAL (SELECT CASE WHEN n % 2 = 0 THEN 'error' ELSE 'create' END,
      CASE WHEN n % 2 = 0 THEN '[["name", "missing"]]'::jsonb ELSE '[]' END) AS f (fate, errors)
    """,
    """
    INSERT INTO calls (id, tenant_id, slug, title, regions, opens_at, closes_at, state, published_at, evaluating_at,
      decided_at, created_at, updated_at)
    SELECT gen_random_uuid(), ente, 'bando-' || n, 'Bando ' || n, ARRAY[region], now() - interval '90 days',
      now() - interval '40 days', CASE n WHEN 1 THEN 'evaluating' ELSE 'decided' END, now() - interval '90 days',
      now() - interval '40 days', CASE WHEN n > 1 THEN now() - n * interval '1 minute' END, now(), now()
    FROM crowd WHERE few
    """,
    """
    INSERT INTO call_evaluators (id, tenant_id, call_id, membership_id, named_at, named_by)
    SELECT gen_random_uuid(), ente, c.id, admin, now(), admin
    FROM crowd JOIN calls c ON c.tenant_id = ente AND c.slug = 'bando-' || n
    """,
    """
    INSERT INTO applications (id, tenant_id, call_id, email, state, content, content_hash, organisation_name,
      host_kind, fiscal_code, municipality_code, region_code, protocol_year, protocol_number, submitted_at,
      created_at, updated_at)
    SELECT desk, ente, c.id, n || '@example.org', 'submitted', '{}', '', 'Comune ' || n, 'municipality',
      lpad(n::text, 11, '0'), place_code, region, 2020, n, now() - interval '60 days', now(), now()
    FROM crowd JOIN calls c ON c.tenant_id = ente AND c.slug = 'bando-1'
    """,
    """
    INSERT INTO evaluations (id, tenant_id, call_id, application_id, membership_id, ordinal, assigned_at)
    SELECT gen_random_uuid(), ente, c.id, desk, admin, 1, now()
    FROM crowd JOIN calls c ON c.tenant_id = ente AND c.slug = 'bando-1'
    """,
    """
    INSERT INTO call_questions (id, tenant_id, call_id, asked_at, question)
    SELECT gen_random_uuid(), ente, c.id, now() - n * interval '1 minute', 'Quando?'
    FROM crowd JOIN calls c ON c.tenant_id = ente AND c.slug = 'bando-1'
    """,
    """
    INSERT INTO campaigns (id, tenant_id, subject, blocks, segment, state, created_at, created_by, updated_at)
    SELECT gen_random_uuid(), ente, 'Notizie ' || n, '[]', '{"type": "all", "rules": []}', 'draft', now(), admin,
      now() - n * interval '1 minute'
    FROM crowd WHERE few
    """,
    """
    INSERT INTO audit_log (id, tenant_id, at, account_id, membership_id, action, subject_kind)
    SELECT gen_random_uuid(), ente, now() - n * interval '1 minute', admin_account, admin, 'export.made', 'export'
    FROM crowd
    """,
)


async def write_crowd(database: Database, admin: Member, first: int, last: int) -> None:
    """Organisations with the numbers from `first` to `last`; `admin` is of the Ente."""
    async with connected(database.superuser_url) as superuser, superuser.transaction():
        template = await superuser.fetchval(
            """
            INSERT INTO protocol_templates (id, tenant_id, kind, number, title, text, years, created_at)
            VALUES (gen_random_uuid(), $1, 'host', $2, 'Protocollo', E'# Art. 1\\n\\n{organisation}', 3, now())
            RETURNING id
            """,
            admin.tenant.id,
            900 + first,
        )
        named = {
            "ente": admin.tenant.id,
            "template": template,
            "admin": admin.membership_id,
            "account": admin.account_id,
            "place": NAPLES,
            "region": CAMPANIA,
        }
        await superuser.execute(_CROWD.format(first=first, last=last, **named))
        for sql in _ORGANISATIONS:
            await superuser.execute(sql)
        # Past the triggers: no application begins as a submitted one.
        await superuser.execute("SET LOCAL session_replication_role = replica")
        for sql in _ENTE:
            await superuser.execute(sql)
    async with connected(database.superuser_url) as superuser:
        await superuser.execute("ANALYZE")


# By the name that the routes have for them: of the first of each.
_FIRST = {
    "organisation_id": "SELECT id FROM tenants WHERE name = 'Comune 1'",
    "protocol_id": "SELECT id FROM protocols WHERE serial = 1001",
    "template_id": "SELECT id FROM protocol_templates WHERE kind = 'host' AND number = 901",
    "import_id": "SELECT id FROM imports WHERE file_name = '1.csv'",
    "call_id": "SELECT id FROM calls WHERE slug = 'bando-1'",
}


async def first_ids(database: Database) -> dict[str, UUID]:
    async with connected(database.superuser_url) as superuser:
        return {name: await superuser.fetchval(sql) for name, sql in _FIRST.items()}
