"""Territory and organisations: what every role may read without a tenant."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from hub.rls import directory_table, tenant_directory_table
from hub.schema import sql_migration

ID = "2026-11-22T23:00:00:000001"

SQL = """
GRANT USAGE ON SCHEMA public TO hub_app, hub_network, hub_router, hub_relay;

CREATE TABLE regions (
  code text PRIMARY KEY,
  name text NOT NULL,
  area text NOT NULL CHECK (area IN ('south', 'centre-north'))
);
CREATE TABLE provinces (
  code text PRIMARY KEY,
  name text NOT NULL,
  region_code text NOT NULL REFERENCES regions ON DELETE RESTRICT
);
CREATE TABLE municipalities (
  istat_code text PRIMARY KEY,
  name text NOT NULL,
  other_name text,
  name_search text NOT NULL,
  province_code text NOT NULL REFERENCES provinces ON DELETE RESTRICT,
  region_code text NOT NULL REFERENCES regions ON DELETE RESTRICT,
  cadastral_code text,
  latitude double precision,
  longitude double precision,
  approximate boolean NOT NULL DEFAULT false
);
CREATE INDEX municipalities_name_search ON municipalities (name_search text_pattern_ops);

CREATE TABLE tenants (
  id uuid PRIMARY KEY,
  name text NOT NULL,
  name_search text NOT NULL,
  kinds text[] NOT NULL
    CHECK (cardinality(kinds) > 0 AND kinds <@ ARRAY['coordinator', 'host', 'lender', 'tutor']),
  host_kind text CHECK (host_kind IN ('municipality', 'province', 'chamber', 'university', 'other')),
  state text NOT NULL CHECK (state IN ('waiting', 'suspended', 'active', 'closed')),
  fiscal_code text,
  ipa_code text,
  municipality_code text REFERENCES municipalities ON DELETE RESTRICT,
  region_code text REFERENCES regions ON DELETE RESTRICT,
  email text,
  phone text,
  website text,
  locale text NOT NULL DEFAULT 'it',
  time_zone text NOT NULL DEFAULT 'Europe/Rome',
  accessibility_url text,
  feedback_email text,
  created_at timestamptz NOT NULL,
  version integer NOT NULL DEFAULT 1
);
CREATE INDEX tenants_kinds ON tenants USING gin (kinds);

CREATE TABLE desks (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE RESTRICT,
  name text NOT NULL,
  state text NOT NULL CHECK (state IN ('setting_up', 'active', 'closed')),
  municipality_code text NOT NULL REFERENCES municipalities ON DELETE RESTRICT,
  region_code text NOT NULL REFERENCES regions ON DELETE RESTRICT,
  address text NOT NULL,
  latitude double precision,
  longitude double precision,
  phone text,
  email text,
  opening_hours text,
  opened_on date,
  verified_on date,
  version integer NOT NULL DEFAULT 1,
  UNIQUE (tenant_id, id)
);
-- Neither leads with the tenant: the public finds desks by place.
CREATE INDEX desks_municipality ON desks (municipality_code) WHERE state = 'active';
CREATE INDEX desks_region ON desks (region_code) WHERE state = 'active';

CREATE TABLE services_offered (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE RESTRICT,
  kind text NOT NULL CHECK (kind IN ('enterprise_loan', 'social_loan', 'tutoring')),
  name text NOT NULL,
  description text NOT NULL DEFAULT '',
  regions text[] NOT NULL,
  min_amount_cents bigint,
  max_amount_cents bigint,
  currency text NOT NULL DEFAULT 'EUR',
  answer_days integer CHECK (answer_days BETWEEN 1 AND 365),
  valid_from date NOT NULL,
  valid_to date,
  UNIQUE (tenant_id, id)
);
CREATE INDEX services_offered_tenant ON services_offered (tenant_id, kind);
""" + "".join(
    [
        directory_table("regions"),
        directory_table("provinces"),
        directory_table("municipalities"),
        directory_table("tenants", network="insert, update"),
        tenant_directory_table("desks", app="insert, update", network="insert, update"),
        tenant_directory_table("services_offered", app="insert, update", network="insert, update"),
    ]
)


async def forwards() -> MigrationManager:
    return sql_migration(ID, __doc__, SQL)
