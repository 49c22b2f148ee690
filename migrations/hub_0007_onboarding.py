"""Organisations coming on board and their daily life: set-up, protocols, people, desks, services, imports."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from hub.rls import (
    OWN_ROW,
    network_table,
    policy,
    self_directory_table,
    tenant_directory_table,
    tenant_table,
)
from hub.schema import sql_migration

ID = "2026-11-23T09:00:00:000007"

# What an organisation may write of itself; its name, kinds and state are the Ente's to change.
OWN_COLUMNS = (
    "email, phone, website, certified_email, address, postal_code, locale, time_zone,"
    " accessibility_url, feedback_email, logo_id, patron_province, patron_month, patron_day,"
    " patron_name, lender_category, lender_register, tutor_register, version"
)

SQL = (
    """
ALTER TABLE tenants
  -- One that answers, or sends, test referrals only.
  ADD COLUMN sandbox boolean NOT NULL DEFAULT false,
  ADD COLUMN certified_email text,
  ADD COLUMN address text,
  ADD COLUMN postal_code text CHECK (postal_code ~ '^[0-9]{5}$'),
  ADD COLUMN logo_id uuid,
  -- The patron saint's day: of a province's main town, by its code, or a day of the organisation's own.
  ADD COLUMN patron_province text REFERENCES provinces ON DELETE RESTRICT,
  ADD COLUMN patron_month smallint CHECK (patron_month BETWEEN 1 AND 12),
  ADD COLUMN patron_day smallint CHECK (patron_day BETWEEN 1 AND 31),
  ADD COLUMN patron_name text,
  ADD COLUMN lender_category text CHECK (lender_category IN ('bank', 'art_106', 'art_111')),
  -- Its place in the register of its category, kept by the Bank of Italy.
  ADD COLUMN lender_register text,
  -- Its place in the national list of tutoring services, kept by the Ente.
  ADD COLUMN tutor_register text,
  -- Those of an active organisation's kinds whose set-up still runs: nobody relies on them yet.
  ADD COLUMN coming_kinds text[] NOT NULL DEFAULT '{}',
  ADD COLUMN activated_at timestamptz,
  ADD COLUMN suspended_at timestamptz,
  ADD CONSTRAINT tenants_logo FOREIGN KEY (id, logo_id)
    REFERENCES files (tenant_id, id) ON DELETE RESTRICT,
  ADD CHECK ((patron_month IS NULL) = (patron_day IS NULL)),
  ADD CHECK (patron_province IS NULL OR patron_month IS NULL);
CREATE INDEX tenants_name ON tenants (name_search text_pattern_ops, id);
CREATE INDEX tenants_fiscal_code ON tenants (fiscal_code) WHERE fiscal_code IS NOT NULL;

ALTER TABLE desks
  ADD COLUMN setup_id uuid,
  ADD COLUMN postal_code text CHECK (postal_code ~ '^[0-9]{5}$'),
  -- [[1, "09:00", "13:00"], …]: ISO weekday, opening, closing; sorted, without overlaps.
  ADD COLUMN hours jsonb NOT NULL DEFAULT '[]',
  ADD COLUMN how_to_reach text NOT NULL DEFAULT '',
  -- Codes of what it does for citizens, and the provinces it does it for.
  ADD COLUMN offers text[] NOT NULL DEFAULT '{}',
  ADD COLUMN provinces text[] NOT NULL DEFAULT '{}',
  ADD COLUMN closed_on date,
  ADD COLUMN closed_reason text,
  -- Kept by the referrals: of the desk, never of a person.
  ADD COLUMN last_consultation_on date,
  ADD COLUMN verification_reminded_at timestamptz;
CREATE INDEX desks_postal_code ON desks (postal_code) WHERE state = 'active';
CREATE INDEX desks_setting_up ON desks (tenant_id) WHERE state = 'setting_up';

CREATE TABLE desk_closures (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL,
  desk_id uuid NOT NULL,
  starts_on date NOT NULL,
  ends_on date NOT NULL,
  -- For everyone to read.
  reason text NOT NULL DEFAULT '',
  created_at timestamptz NOT NULL,
  CHECK (ends_on >= starts_on),
  FOREIGN KEY (tenant_id, desk_id) REFERENCES desks (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX desk_closures_desk ON desk_closures (tenant_id, desk_id, ends_on);

-- By the Ente, of a silent desk: on that day the hub closes it, and what is open goes to the other. Gone once it is
-- over. Not of the directory, as desks are: what the Ente writes to a host is for these two.
CREATE TABLE announced_closings (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL,
  desk_id uuid NOT NULL,
  announced_at timestamptz NOT NULL,
  closes_on date NOT NULL,
  note text NOT NULL,
  taker_id uuid,
  UNIQUE (tenant_id, desk_id),
  FOREIGN KEY (tenant_id, desk_id) REFERENCES desks (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, taker_id) REFERENCES desks (tenant_id, id) ON DELETE RESTRICT
);

CREATE TABLE closing_days (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE RESTRICT,
  day date NOT NULL,
  label text NOT NULL DEFAULT '',
  UNIQUE (tenant_id, day)
);

-- Which municipalities a postal code serves; loaded with the other reference data.
CREATE TABLE postal_codes (
  code text PRIMARY KEY CHECK (code ~ '^[0-9]{5}$'),
  municipalities text[] NOT NULL
);

-- A row is a version: what is offered from `valid_from` to `valid_to`, both included. A change closes one and adds one.
ALTER TABLE services_offered
  ADD COLUMN service_id uuid,
  ADD COLUMN beneficiaries text[] NOT NULL DEFAULT '{}',
  -- New cases a month, as the organisation states it.
  ADD COLUMN capacity integer CHECK (capacity BETWEEN 1 AND 100000),
  ADD COLUMN recorded_at timestamptz,
  ADD COLUMN version integer NOT NULL DEFAULT 1,
  ADD CHECK (valid_to IS NULL OR valid_to >= valid_from);
ALTER TABLE services_offered NO FORCE ROW LEVEL SECURITY;
UPDATE services_offered SET service_id = id;
ALTER TABLE services_offered FORCE ROW LEVEL SECURITY;
ALTER TABLE services_offered ALTER COLUMN service_id SET NOT NULL,
  ADD UNIQUE (tenant_id, service_id, valid_from);

CREATE TABLE second_factors (
  id uuid PRIMARY KEY,
  account_id uuid NOT NULL UNIQUE REFERENCES accounts ON DELETE CASCADE,
  -- Ciphertext of the shared secret (RFC 6238).
  secret bytea NOT NULL,
  created_at timestamptz NOT NULL,
  -- Null until the person has shown a code of it.
  confirmed_at timestamptz,
  -- The time step of the last code taken: none is taken twice.
  last_step bigint
);
CREATE TABLE recovery_codes (
  id uuid PRIMARY KEY,
  account_id uuid NOT NULL REFERENCES accounts ON DELETE CASCADE,
  code_hash bytea NOT NULL,
  created_at timestamptz NOT NULL,
  used_at timestamptz,
  UNIQUE (account_id, code_hash)
);
ALTER TABLE sessions
  ADD COLUMN second_factor_at timestamptz,
  -- The browser and system in words, such as "Firefox, Windows": enough to know one's own again.
  ADD COLUMN agent text NOT NULL DEFAULT '';

ALTER TABLE memberships
  ADD COLUMN expires_at timestamptz,
  -- When the administrators were last told that it is about to end.
  ADD COLUMN expiry_told_at timestamptz,
  -- A person of the Ente whom the organisation let in for a time; never sees citizens.
  ADD COLUMN support boolean NOT NULL DEFAULT false,
  ADD CHECK (NOT support OR expires_at IS NOT NULL);
CREATE INDEX memberships_expiry ON memberships (expires_at)
  WHERE expires_at IS NOT NULL AND state = 'active';

CREATE TABLE invitations (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE RESTRICT,
  email text NOT NULL CHECK (email = lower(email)),
  name text NOT NULL DEFAULT '',
  role text NOT NULL CHECK (role IN ('admin', 'operator', 'editor', 'viewer')),
  support boolean NOT NULL DEFAULT false,
  limited_to_desks boolean NOT NULL DEFAULT false,
  desk_ids uuid[] NOT NULL DEFAULT '{}',
  -- How long the membership lasts from its beginning, for support; until when, for a substitute.
  membership_hours integer CHECK (membership_hours > 0),
  membership_until timestamptz,
  locale text NOT NULL DEFAULT 'it',
  state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'accepted', 'revoked')),
  link_version integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  -- Of the organisation, or null where the Ente invited.
  invited_by uuid,
  sent_at timestamptz,
  expires_at timestamptz NOT NULL,
  accepted_at timestamptz,
  membership_id uuid,
  -- Sent to the invited address when somebody opens the link without an account: a forwarded link is not enough.
  code_hash bytea,
  code_sent_at timestamptz,
  code_attempts integer NOT NULL DEFAULT 0,
  codes_sent integer NOT NULL DEFAULT 0,
  -- When somebody last asked, by a link that had expired, for another.
  asked_again_at timestamptz,
  CHECK (NOT support OR membership_hours IS NOT NULL),
  UNIQUE (tenant_id, id),
  FOREIGN KEY (tenant_id, invited_by) REFERENCES memberships (tenant_id, id) ON DELETE RESTRICT,
  FOREIGN KEY (tenant_id, membership_id) REFERENCES memberships (tenant_id, id) ON DELETE RESTRICT
);
CREATE UNIQUE INDEX invitations_open ON invitations (tenant_id, email) WHERE state = 'open';

CREATE TABLE trainings (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL,
  membership_id uuid NOT NULL,
  course text NOT NULL,
  completed_on date NOT NULL,
  certificate_id uuid NOT NULL,
  recorded_at timestamptz NOT NULL,
  recorded_by uuid NOT NULL,
  FOREIGN KEY (tenant_id, membership_id) REFERENCES memberships (tenant_id, id) ON DELETE RESTRICT,
  FOREIGN KEY (tenant_id, recorded_by) REFERENCES memberships (tenant_id, id) ON DELETE RESTRICT,
  FOREIGN KEY (tenant_id, certificate_id) REFERENCES files (tenant_id, id) ON DELETE RESTRICT
);
CREATE INDEX trainings_membership ON trainings (tenant_id, membership_id);

-- The Ente's: what hosts, lenders and tutors sign, in numbered versions that never change.
CREATE TABLE protocol_templates (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE RESTRICT,
  kind text NOT NULL CHECK (kind IN ('host', 'lender', 'tutor')),
  number integer NOT NULL CHECK (number > 0),
  title text NOT NULL,
  text text NOT NULL,
  years smallint NOT NULL CHECK (years BETWEEN 1 AND 20),
  created_at timestamptz NOT NULL,
  created_by uuid,
  UNIQUE (tenant_id, id),
  UNIQUE (tenant_id, kind, number),
  FOREIGN KEY (tenant_id, created_by) REFERENCES memberships (tenant_id, id) ON DELETE RESTRICT
);

-- The Ente's, one for each document sent to be signed.
CREATE TABLE protocols (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE RESTRICT,
  organisation_id uuid NOT NULL REFERENCES tenants ON DELETE RESTRICT,
  template_id uuid NOT NULL,
  year integer NOT NULL,
  serial integer NOT NULL,
  state text NOT NULL CHECK (state IN ('preparing', 'sent', 'to_check', 'signed', 'replaced', 'cancelled')),
  -- Whom it is sent to.
  contact_name text NOT NULL,
  contact_email text NOT NULL,
  link_version integer NOT NULL DEFAULT 1,
  -- What the template was filled with, so that the same document can be made again.
  content jsonb NOT NULL,
  document_id uuid,
  document_sha256 bytea,
  sent_at timestamptz,
  signed_file_id uuid,
  uploaded_at timestamptz,
  -- How it was found to be the document that was sent: in a signed envelope, with signatures appended, by a person.
  checked text CHECK (checked IN ('envelope', 'appended', 'person')),
  checked_by uuid,
  signed_on date,
  expires_on date,
  refused_reason text,
  renews_id uuid,
  reminded_at timestamptz,
  created_at timestamptz NOT NULL,
  created_by uuid,
  version integer NOT NULL DEFAULT 1,
  CHECK (state <> 'signed' OR (signed_on IS NOT NULL AND expires_on IS NOT NULL AND checked IS NOT NULL)),
  UNIQUE (tenant_id, id),
  UNIQUE (tenant_id, year, serial),
  FOREIGN KEY (tenant_id, template_id) REFERENCES protocol_templates (tenant_id, id) ON DELETE RESTRICT,
  FOREIGN KEY (tenant_id, document_id) REFERENCES files (tenant_id, id) ON DELETE RESTRICT,
  FOREIGN KEY (tenant_id, signed_file_id) REFERENCES files (tenant_id, id) ON DELETE RESTRICT,
  FOREIGN KEY (tenant_id, renews_id) REFERENCES protocols (tenant_id, id) ON DELETE RESTRICT,
  FOREIGN KEY (tenant_id, checked_by) REFERENCES memberships (tenant_id, id) ON DELETE RESTRICT,
  FOREIGN KEY (tenant_id, created_by) REFERENCES memberships (tenant_id, id) ON DELETE RESTRICT
);
CREATE INDEX protocols_organisation ON protocols (organisation_id, created_at);
CREATE INDEX protocols_expiry ON protocols (tenant_id, expires_on) WHERE state = 'signed';

-- The organisation's own, led by the Ente: from its admission or invitation to its activation.
CREATE TABLE setups (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE RESTRICT,
  -- The Ente that leads it.
  coordinator_id uuid NOT NULL REFERENCES tenants ON DELETE RESTRICT,
  -- The Ente's row, so no key can point to it.
  application_id uuid,
  kinds text[] NOT NULL CHECK (cardinality(kinds) > 0),
  state text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'active', 'abandoned')),
  contact_name text NOT NULL,
  contact_email text NOT NULL,
  contact_phone text NOT NULL DEFAULT '',
  locale text NOT NULL DEFAULT 'it',
  started_at timestamptz NOT NULL,
  due_on date NOT NULL,
  -- Why it was last put off, and why it was abandoned.
  due_reason text NOT NULL DEFAULT '',
  ended_reason text NOT NULL DEFAULT '',
  -- When the Ente was told that it is late.
  overdue_told_at timestamptz,
  ended_at timestamptz,
  -- A membership of the Ente.
  ended_by uuid,
  version integer NOT NULL DEFAULT 1,
  UNIQUE (tenant_id, id)
);
CREATE UNIQUE INDEX setups_running ON setups (tenant_id) WHERE state = 'running';
CREATE UNIQUE INDEX setups_application ON setups (tenant_id, application_id);
CREATE INDEX setups_state ON setups (state, started_at);
ALTER TABLE desks ADD FOREIGN KEY (tenant_id, setup_id)
  REFERENCES setups (tenant_id, id) ON DELETE RESTRICT;

CREATE TABLE setup_points (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL,
  setup_id uuid NOT NULL,
  code text NOT NULL,
  position smallint NOT NULL,
  -- `undone`: it was done before.
  state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'done', 'undone')),
  due_on date NOT NULL,
  changed_at timestamptz NOT NULL,
  -- How far it is: {"have": 1, "want": 2}.
  have integer NOT NULL DEFAULT 0,
  want integer NOT NULL DEFAULT 1,
  reminded_at timestamptz,
  UNIQUE (tenant_id, setup_id, code),
  FOREIGN KEY (tenant_id, setup_id) REFERENCES setups (tenant_id, id) ON DELETE RESTRICT
);

CREATE TABLE setup_exceptions (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL,
  setup_id uuid NOT NULL,
  code text NOT NULL,
  reason text NOT NULL,
  -- Memberships of the Ente.
  asked_by uuid NOT NULL,
  asked_at timestamptz NOT NULL,
  state text NOT NULL DEFAULT 'asked' CHECK (state IN ('asked', 'agreed', 'refused', 'withdrawn')),
  decided_by uuid,
  decided_at timestamptz,
  refused_reason text CHECK (length(refused_reason) BETWEEN 1 AND 1000),
  CHECK (state NOT IN ('agreed', 'refused') OR decided_by <> asked_by),
  CHECK ((state = 'refused') = (refused_reason IS NOT NULL)),
  FOREIGN KEY (tenant_id, setup_id) REFERENCES setups (tenant_id, id) ON DELETE RESTRICT
);
CREATE UNIQUE INDEX setup_exceptions_one ON setup_exceptions (tenant_id, setup_id, code)
  WHERE state IN ('asked', 'agreed');

CREATE TABLE suspensions (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE RESTRICT,
  reason text NOT NULL,
  note text NOT NULL DEFAULT '',
  suspended_at timestamptz NOT NULL,
  -- Memberships of the Ente.
  suspended_by uuid NOT NULL,
  lifted_at timestamptz,
  lifted_by uuid
);
CREATE UNIQUE INDEX suspensions_one ON suspensions (tenant_id) WHERE lifted_at IS NULL;

-- Logos and spreadsheets, too.
ALTER TABLE files DROP CONSTRAINT files_media_type_check,
  ADD CONSTRAINT files_media_type_check CHECK (media_type IN (
    'application/pdf', 'application/pkcs7-mime', 'image/png', 'image/jpeg', 'image/webp', 'text/csv',
    'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'));

CREATE TABLE imports (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE RESTRICT,
  kind text NOT NULL CHECK (kind IN ('hosts', 'desks', 'operators', 'services')),
  file_id uuid,
  -- Stays when the file is gone.
  file_name text NOT NULL DEFAULT '',
  state text NOT NULL DEFAULT 'reading'
    CHECK (state IN ('reading', 'ready', 'applying', 'done', 'failed', 'discarded')),
  rows_total integer NOT NULL DEFAULT 0,
  rows_done integer NOT NULL DEFAULT 0,
  creates integer NOT NULL DEFAULT 0,
  updates integer NOT NULL DEFAULT 0,
  unchanged integer NOT NULL DEFAULT 0,
  errors integer NOT NULL DEFAULT 0,
  -- A code.
  failure text,
  -- Of the file's first line: {"unknown": ["…"], "columns": ["name", …]}.
  notes jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL,
  created_by uuid NOT NULL,
  applied_at timestamptz,
  applied_by uuid,
  -- From here on its rows and its file are kept for 30 days.
  ended_at timestamptz,
  version integer NOT NULL DEFAULT 1,
  UNIQUE (tenant_id, id),
  FOREIGN KEY (tenant_id, file_id) REFERENCES files (tenant_id, id) ON DELETE RESTRICT,
  FOREIGN KEY (tenant_id, created_by) REFERENCES memberships (tenant_id, id) ON DELETE RESTRICT,
  FOREIGN KEY (tenant_id, applied_by) REFERENCES memberships (tenant_id, id) ON DELETE RESTRICT
);
CREATE TABLE import_rows (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL,
  import_id uuid NOT NULL,
  -- The line in the file.
  position integer NOT NULL,
  fate text NOT NULL CHECK (fate IN ('create', 'update', 'unchanged', 'error')),
  -- [["column", "code"], …]
  errors jsonb NOT NULL DEFAULT '[]',
  content jsonb NOT NULL,
  target_id uuid,
  UNIQUE (tenant_id, import_id, position),
  FOREIGN KEY (tenant_id, import_id) REFERENCES imports (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX import_rows_fate ON import_rows (tenant_id, import_id, fate, position);

ALTER TABLE cases
  ADD COLUMN assigned_to uuid,
  -- Of an invented citizen, for the set-up's test referral; counted nowhere.
  ADD COLUMN is_test boolean NOT NULL DEFAULT false;
ALTER TABLE cases NO FORCE ROW LEVEL SECURITY;
UPDATE cases SET assigned_to = opened_by;
ALTER TABLE cases FORCE ROW LEVEL SECURITY;
ALTER TABLE cases ALTER COLUMN assigned_to SET NOT NULL,
  ADD FOREIGN KEY (tenant_id, assigned_to) REFERENCES memberships (tenant_id, id) ON DELETE RESTRICT;
CREATE INDEX cases_assigned ON cases (tenant_id, assigned_to, updated_at DESC, id DESC);
-- A handful among all the others.
CREATE INDEX cases_tests ON cases (tenant_id, updated_at DESC, id DESC) WHERE is_test;
ALTER TABLE referrals ADD COLUMN is_test boolean NOT NULL DEFAULT false;
ALTER TABLE received_offers ADD COLUMN is_test boolean NOT NULL DEFAULT false;

-- A desk that closes hands its cases over, with their referrals.
GRANT UPDATE (desk_id) ON referrals TO hub_app;
-- Whoever moves an offer still belongs to the organisation, and is still allowed to: the router asks, by these alone.
GRANT SELECT (id, tenant_id, role, state, limited_to_desks, expires_at, support)
  ON memberships TO hub_router;
GRANT SELECT (tenant_id, membership_id, desk_id) ON membership_desks TO hub_router;

CREATE INDEX audit_log_recent ON audit_log (tenant_id, at DESC, id DESC);

-- An organisation manages its own people; whoever takes an invitation is not in it yet, so the network adds them.
GRANT UPDATE (role, name, state, limited_to_desks, ended_at, expires_at) ON memberships TO hub_app;
GRANT INSERT, DELETE ON membership_desks TO hub_app;

-- A version that has not begun yet may be withdrawn.
GRANT DELETE ON services_offered TO hub_app;

-- The Ente reads the story of an organisation's coming on board, and nothing else of its audit log.
GRANT SELECT ON audit_log TO hub_network;
DROP POLICY audit_log_hub_network ON audit_log;
"""
    + policy("services_offered", "hub_app", OWN_ROW, command="delete")
    + policy("memberships", "hub_router", "true", command="select")
    + policy("membership_desks", "hub_router", "true", command="select")
    + policy("audit_log", "hub_network", "true", command="insert")
    + policy("audit_log", "hub_network", "subject_kind = 'organisation'", command="select")
    + "".join(
        [
            self_directory_table("tenants", app=f"update ({OWN_COLUMNS})"),
            tenant_directory_table("desk_closures", app="insert, update, delete"),
            tenant_directory_table("closing_days", app="insert, delete"),
            tenant_table(
                "announced_closings", app="select, delete", network="select, insert, delete"
            ),
            "GRANT SELECT ON postal_codes TO hub_app, hub_network, hub_router, hub_relay;\n",
            network_table("second_factors", network="select, insert, update, delete"),
            network_table("recovery_codes", network="select, insert, update, delete"),
            tenant_table(
                "invitations", app="select, insert, update", network="select, insert, update"
            ),
            tenant_table("trainings", app="select, insert, delete", network="select"),
            tenant_table("protocol_templates", app="select, insert", network="select"),
            tenant_table("protocols", app="select, insert, update", network="select"),
            tenant_table("setups", app="select", network="select, insert, update"),
            tenant_table("setup_points", app="select", network="select, insert, update, delete"),
            tenant_table("setup_exceptions", app="select", network="select, insert, update"),
            tenant_table("suspensions", app="select", network="select, insert, update"),
            tenant_table("imports", app="select, insert, update, delete", network="select, update"),
            tenant_table("import_rows", app="select, insert, delete", network="select"),
        ]
    )
)


async def forwards() -> MigrationManager:
    return sql_migration(ID, __doc__, SQL)
