"""Subscribers, campaigns and the delivery ledger."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from hub.rls import tenant_table
from hub.schema import sql_migration

ID = "2026-11-22T23:00:00:000004"

SQL = """
CREATE TABLE subscribers (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE RESTRICT,
  email text NOT NULL CHECK (email = lower(email)),
  email_token bytea NOT NULL,
  name text NOT NULL DEFAULT '',
  locale text NOT NULL DEFAULT 'it',
  state text NOT NULL CHECK (state IN ('active', 'unsubscribed')),
  created_at timestamptz NOT NULL,
  version integer NOT NULL DEFAULT 1,
  UNIQUE (tenant_id, id),
  UNIQUE (tenant_id, email),
  UNIQUE (tenant_id, email_token)
);

-- Why a subscriber belongs to an audience: a membership, an organisation's address, or the person's own wish.
CREATE TABLE subscriptions (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE RESTRICT,
  subscriber_id uuid NOT NULL,
  audience text NOT NULL CHECK (audience IN ('desks', 'operators', 'administrators', 'lenders',
    'tutors', 'public', 'microcredit_users')),
  source text NOT NULL CHECK (source IN ('membership', 'desk', 'signup', 'import')),
  organisation_id uuid REFERENCES tenants ON DELETE RESTRICT,
  membership_id uuid,
  region_code text REFERENCES regions ON DELETE RESTRICT,
  created_at timestamptz NOT NULL,
  UNIQUE NULLS NOT DISTINCT (tenant_id, subscriber_id, audience, organisation_id),
  FOREIGN KEY (tenant_id, subscriber_id) REFERENCES subscribers (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX subscriptions_audience ON subscriptions (tenant_id, audience, region_code);

CREATE TABLE consents (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE RESTRICT,
  -- The fingerprint, not the subscriber: the proof outlives the row.
  email_token bytea NOT NULL,
  event text NOT NULL CHECK (event IN ('given', 'withdrawn')),
  text_version text NOT NULL,
  channel text NOT NULL,
  at timestamptz NOT NULL
);
CREATE INDEX consents_token ON consents (tenant_id, email_token, at);

CREATE TABLE suppressions (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE RESTRICT,
  email_token bytea NOT NULL,
  reason text NOT NULL CHECK (reason IN ('unsubscribed', 'bounced', 'complained', 'by_hand')),
  campaign_id uuid,
  created_at timestamptz NOT NULL,
  UNIQUE (tenant_id, email_token)
);

CREATE TABLE campaigns (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE RESTRICT,
  subject text NOT NULL,
  preheader text NOT NULL DEFAULT '',
  -- The language it is written in; the fixed words around it are in each reader's own.
  locale text NOT NULL DEFAULT 'it',
  blocks jsonb NOT NULL,
  segment jsonb NOT NULL,
  state text NOT NULL CHECK (state IN ('draft', 'freezing', 'sending', 'sent')),
  -- Text and HTML for each locale, compiled once when the campaign starts; what was sent stays what it was.
  bodies jsonb,
  recipients integer,
  created_at timestamptz NOT NULL,
  created_by uuid NOT NULL,
  updated_at timestamptz NOT NULL,
  started_at timestamptz,
  started_by uuid,
  finished_at timestamptz,
  -- While the relay does not take mail: since when, what it said, and when it is asked again.
  stalled_at timestamptz,
  stalled_reply text,
  next_try_at timestamptz,
  version integer NOT NULL DEFAULT 1,
  UNIQUE (tenant_id, id),
  FOREIGN KEY (tenant_id, created_by) REFERENCES memberships (tenant_id, id) ON DELETE RESTRICT,
  FOREIGN KEY (tenant_id, started_by) REFERENCES memberships (tenant_id, id) ON DELETE RESTRICT
);
CREATE INDEX campaigns_recent ON campaigns (tenant_id, updated_at DESC);
-- Not led by the tenant: the relay asks whose turn it is.
CREATE INDEX campaigns_running ON campaigns (started_at) WHERE state IN ('freezing', 'sending');

CREATE TABLE deliveries (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE RESTRICT,
  campaign_id uuid NOT NULL,
  email text NOT NULL,
  email_token bytea NOT NULL,
  name text NOT NULL,
  locale text NOT NULL,
  state text NOT NULL
    CHECK (state IN ('queued', 'sending', 'sent', 'retry', 'suppressed', 'failed', 'in_doubt')),
  -- Counts the leases too: a result is recorded only by the worker whose attempt it was.
  attempts integer NOT NULL DEFAULT 0,
  -- When a worker may take the row: its turn, its next try, or the end of the lease of the worker that has it.
  due_at timestamptz NOT NULL,
  reply text,
  updated_at timestamptz NOT NULL,
  UNIQUE (tenant_id, id),
  UNIQUE (tenant_id, campaign_id, email),
  FOREIGN KEY (tenant_id, campaign_id) REFERENCES campaigns (tenant_id, id) ON DELETE RESTRICT
);
CREATE INDEX deliveries_queue ON deliveries (tenant_id, campaign_id, due_at)
  WHERE state IN ('queued', 'retry', 'sending');
""" + "".join(
    [
        tenant_table(
            "subscribers",
            app="select, insert, update, delete",
            network="select, insert, update, delete",
        ),
        tenant_table(
            "subscriptions",
            app="select, insert, update, delete",
            network="select, insert, update, delete",
        ),
        tenant_table("consents", app="select, insert"),
        tenant_table("suppressions", app="select, insert"),
        tenant_table(
            "campaigns",
            app="select, insert, update, delete",
            relay="select (id, tenant_id, state, started_at)",
        ),
        tenant_table("deliveries", app="select, insert, update, delete"),
    ]
)


async def forwards() -> MigrationManager:
    return sql_migration(ID, __doc__, SQL)
