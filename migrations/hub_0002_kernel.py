"""Accounts and sessions, and the kernel's own tables: outbox, audit, facts, idempotency keys."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from hub.rls import network_table, tenant_table
from hub.schema import sql_migration

ID = "2026-11-22T23:00:00:000002"

SQL = """
CREATE TABLE accounts (
  id uuid PRIMARY KEY,
  email text NOT NULL UNIQUE CHECK (email = lower(email)),
  password_hash text NOT NULL,
  name text NOT NULL,
  locale text NOT NULL DEFAULT 'it',
  state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'disabled')),
  created_at timestamptz NOT NULL,
  version integer NOT NULL DEFAULT 1
);

CREATE TABLE memberships (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE RESTRICT,
  account_id uuid NOT NULL REFERENCES accounts ON DELETE RESTRICT,
  role text NOT NULL CHECK (role IN ('admin', 'operator', 'editor', 'viewer')),
  -- The name under which colleagues know the person; the account itself is out of a tenant's reach.
  name text NOT NULL,
  state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'ended')),
  -- Whether `membership_desks` limits it: said here, so that losing its last desk leaves a person none and not all.
  limited_to_desks boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL,
  ended_at timestamptz,
  UNIQUE (tenant_id, id),
  UNIQUE (tenant_id, account_id)
);
CREATE INDEX memberships_account ON memberships (account_id);

CREATE TABLE membership_desks (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL,
  membership_id uuid NOT NULL,
  desk_id uuid NOT NULL,
  UNIQUE (tenant_id, membership_id, desk_id),
  FOREIGN KEY (tenant_id, membership_id) REFERENCES memberships (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, desk_id) REFERENCES desks (tenant_id, id) ON DELETE CASCADE
);

CREATE TABLE sessions (
  id uuid PRIMARY KEY,
  secret_hash bytea NOT NULL UNIQUE,
  account_id uuid NOT NULL REFERENCES accounts ON DELETE CASCADE,
  membership_id uuid REFERENCES memberships ON DELETE CASCADE,
  created_at timestamptz NOT NULL,
  last_seen_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL
);
CREATE INDEX sessions_account ON sessions (account_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);

CREATE TABLE sign_in_attempts (
  id uuid PRIMARY KEY,
  subject bytea NOT NULL,
  attempted_at timestamptz NOT NULL
);
CREATE INDEX sign_in_attempts_subject ON sign_in_attempts (subject, attempted_at);
CREATE INDEX sign_in_attempts_age ON sign_in_attempts (attempted_at);

CREATE TABLE outbox (
  id uuid PRIMARY KEY,
  tenant_id uuid REFERENCES tenants ON DELETE RESTRICT,
  task text NOT NULL,
  args jsonb NOT NULL,
  created_at timestamptz NOT NULL,
  due_at timestamptz NOT NULL,
  attempts integer NOT NULL DEFAULT 0,
  lease_until timestamptz,
  done_at timestamptz,
  dead_at timestamptz,
  error text
);
CREATE INDEX outbox_due ON outbox (due_at) WHERE done_at IS NULL AND dead_at IS NULL;
CREATE INDEX outbox_done ON outbox (done_at) WHERE done_at IS NOT NULL;

CREATE TABLE audit_log (
  id uuid PRIMARY KEY,
  tenant_id uuid REFERENCES tenants ON DELETE RESTRICT,
  at timestamptz NOT NULL,
  account_id uuid,
  membership_id uuid,
  action text NOT NULL,
  subject_kind text NOT NULL,
  subject_id uuid,
  codes jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX audit_log_subject ON audit_log (tenant_id, subject_id, at);

CREATE TABLE network_facts (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE RESTRICT,
  name text NOT NULL,
  number bigint,
  moment timestamptz,
  updated_at timestamptz NOT NULL,
  UNIQUE (tenant_id, name)
);

CREATE TABLE idempotency_keys (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE RESTRICT,
  operation text NOT NULL,
  key uuid NOT NULL,
  result_id uuid NOT NULL,
  -- A keyed fingerprint of what was asked for: the same key with other content is told apart.
  content bytea,
  created_at timestamptz NOT NULL,
  UNIQUE (tenant_id, operation, key)
);
""" + "".join(
    [
        network_table("accounts", network="select, insert, update"),
        network_table("sessions", network="select, insert, update, delete"),
        network_table("sign_in_attempts", network="select, insert, delete"),
        tenant_table("memberships", app="select", network="select, insert, update"),
        tenant_table("membership_desks", app="select", network="select, insert, delete"),
        tenant_table(
            "outbox",
            app="insert",
            network="insert",
            router="insert",
            relay="select, update, delete",
        ),
        tenant_table("audit_log", app="select, insert", network="insert", router="insert"),
        tenant_table("network_facts", app="select, insert, update", network="select"),
        tenant_table("idempotency_keys", app="select, insert", router="select, insert"),
    ]
)


async def forwards() -> MigrationManager:
    return sql_migration(ID, __doc__, SQL)
