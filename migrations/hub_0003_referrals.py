"""Citizens, consultations and cases at a desk; referrals, offers and what each receiver was shown."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from hub.referrals.routing.edges import (
    OFFER_EDGES,
    REFERRAL_EDGES,
    only_drafts_are_deleted,
    transition_trigger,
)
from hub.rls import directory_table, tenant_table
from hub.schema import sql_migration

ID = "2026-11-22T23:00:00:000003"

# What people are told before their data is passed on; the Ente replaces it by a later version, never in place.
FIRST_NOTICE = """
INSERT INTO privacy_notices (id, version, locale, valid_from, text) VALUES
('019ab000-0000-7000-8000-000000000001', '2026-1', 'it', '2026-01-01',
'Lo sportello tratta i Suoi dati per accompagnarLa nella richiesta di un microcredito (art. 6, par. 1, lett. e, del '
'regolamento (UE) 2016/679 e art. 2-ter del d.lgs. 196/2003). Comunica ai soggetti erogatori che ha scelto con Lei '
'soltanto i dati elencati nell''invio, per la finalità indicata. Di ogni comunicazione restano registrati i dati, il '
'destinatario, la base giuridica, l''operatore e il momento. Quando un soggetto erogatore accetta, gli altri non vedono '
'più i Suoi dati. Può chiedere in ogni momento chi ha visto i Suoi dati, farli correggere, opporsi al trattamento o '
'ritirare la richiesta: si rivolga allo sportello. Può presentare reclamo al Garante per la protezione dei dati '
'personali.'),
('019ab000-0000-7000-8000-000000000002', '2026-1', 'en', '2026-01-01',
'The desk uses your data to help you apply for a microcredit (art. 6(1)(e) of Regulation (EU) 2016/679 and art. 2-ter '
'of Legislative Decree 196/2003). To the lenders chosen together with you it passes on only the data listed in the '
'referral, for the purpose stated there. The data, the receiver, the legal basis, the operator and the moment of every '
'disclosure are kept. Once one lender accepts, the others no longer see your data. At any time you can ask who has seen '
'your data, have it corrected, object to its use or withdraw your request: please turn to the desk. You can lodge a '
'complaint with the Italian data protection authority.');
"""

SQL = (
    """
CREATE TABLE privacy_notices (
  id uuid PRIMARY KEY,
  version text NOT NULL,
  locale text NOT NULL,
  text text NOT NULL,
  valid_from date NOT NULL,
  UNIQUE (version, locale)
);

CREATE TABLE citizens (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE RESTRICT,
  codice_fiscale bytea,
  codice_fiscale_token bytea,
  given_name text NOT NULL,
  family_name text NOT NULL,
  -- Lower case, accents folded, family name first: row security makes lower() and ILIKE lose their index.
  name_search text NOT NULL,
  birth_date date,
  email text,
  phone text,
  municipality_code text REFERENCES municipalities ON DELETE RESTRICT,
  created_at timestamptz NOT NULL,
  created_by uuid NOT NULL,
  version integer NOT NULL DEFAULT 1,
  CHECK ((codice_fiscale IS NULL) = (codice_fiscale_token IS NULL)),
  UNIQUE (tenant_id, id),
  UNIQUE (tenant_id, codice_fiscale_token),
  FOREIGN KEY (tenant_id, created_by) REFERENCES memberships (tenant_id, id) ON DELETE RESTRICT
);
CREATE INDEX citizens_name ON citizens (tenant_id, name_search text_pattern_ops);

-- Short numbers are drawn from one sequence, so that a number means one case in the whole network.
CREATE SEQUENCE case_numbers START 10000;

CREATE TABLE cases (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE RESTRICT,
  number text NOT NULL,
  citizen_id uuid NOT NULL,
  desk_id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('enterprise_loan', 'social_loan')),
  purpose text NOT NULL,
  amount_cents bigint NOT NULL CHECK (amount_cents > 0),
  currency text NOT NULL DEFAULT 'EUR',
  region_code text NOT NULL REFERENCES regions ON DELETE RESTRICT,
  state text NOT NULL CHECK (state IN ('open', 'closed')),
  -- The furthest milestone reached so far; `milestones` keeps when each was reached first.
  milestone text NOT NULL,
  opened_at timestamptz NOT NULL,
  opened_by uuid NOT NULL,
  updated_at timestamptz NOT NULL,
  closed_at timestamptz,
  version integer NOT NULL DEFAULT 1,
  UNIQUE (tenant_id, id),
  UNIQUE (tenant_id, number),
  FOREIGN KEY (tenant_id, citizen_id) REFERENCES citizens (tenant_id, id) ON DELETE RESTRICT,
  FOREIGN KEY (tenant_id, desk_id) REFERENCES desks (tenant_id, id) ON DELETE RESTRICT,
  FOREIGN KEY (tenant_id, opened_by) REFERENCES memberships (tenant_id, id) ON DELETE RESTRICT
);
-- The list is newest first, whole or filtered; each filter of its own keeps a rare value quick among many cases.
CREATE INDEX cases_recent ON cases (tenant_id, updated_at DESC, id DESC);
CREATE INDEX cases_milestone ON cases (tenant_id, milestone, updated_at DESC, id DESC);
CREATE INDEX cases_desk ON cases (tenant_id, desk_id, updated_at DESC, id DESC);
CREATE INDEX cases_citizen ON cases (tenant_id, citizen_id);

CREATE TABLE consultations (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE RESTRICT,
  citizen_id uuid NOT NULL,
  case_id uuid NOT NULL,
  desk_id uuid NOT NULL,
  channel text NOT NULL CHECK (channel IN ('in_person', 'phone', 'online', 'mail')),
  held_on date NOT NULL,
  minutes integer CHECK (minutes BETWEEN 1 AND 600),
  topics text[] NOT NULL DEFAULT '{}',
  notes text NOT NULL DEFAULT '',
  recorded_at timestamptz NOT NULL,
  recorded_by uuid NOT NULL,
  FOREIGN KEY (tenant_id, citizen_id) REFERENCES citizens (tenant_id, id) ON DELETE RESTRICT,
  FOREIGN KEY (tenant_id, case_id) REFERENCES cases (tenant_id, id) ON DELETE RESTRICT,
  FOREIGN KEY (tenant_id, desk_id) REFERENCES desks (tenant_id, id) ON DELETE RESTRICT,
  FOREIGN KEY (tenant_id, recorded_by) REFERENCES memberships (tenant_id, id) ON DELETE RESTRICT
);
CREATE INDEX consultations_case ON consultations (tenant_id, case_id, held_on);

CREATE TABLE milestones (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE RESTRICT,
  case_id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN
    ('informed', 'opened', 'referred', 'accepted', 'approved', 'disbursed', 'closed')),
  reached_on date NOT NULL,
  recorded_at timestamptz NOT NULL,
  -- Null where the hub itself recorded it from a referral's event.
  recorded_by uuid,
  UNIQUE (tenant_id, case_id, kind),
  FOREIGN KEY (tenant_id, case_id) REFERENCES cases (tenant_id, id) ON DELETE RESTRICT,
  FOREIGN KEY (tenant_id, recorded_by) REFERENCES memberships (tenant_id, id) ON DELETE RESTRICT
);

CREATE TABLE referrals (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE RESTRICT,
  case_id uuid NOT NULL,
  -- What the router needs of the case, which is out of its reach: whose desk it is, and what every receiver is told.
  desk_id uuid NOT NULL,
  case_number text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('enterprise_loan', 'social_loan')),
  amount_cents bigint NOT NULL,
  currency text NOT NULL DEFAULT 'EUR',
  region_code text NOT NULL REFERENCES regions ON DELETE RESTRICT,
  mode text NOT NULL CHECK (mode IN ('pooled', 'ranked')),
  state text NOT NULL
    CHECK (state IN ('draft', 'open', 'placed', 'completed', 'exhausted', 'withdrawn')),
  purpose text NOT NULL CHECK (purpose IN ('assessment', 'first_check')),
  basis text NOT NULL CHECK (basis IN ('request', 'public_task')),
  notice_version text NOT NULL,
  fields text[] NOT NULL,
  created_at timestamptz NOT NULL,
  created_by uuid NOT NULL,
  sent_at timestamptz,
  sent_by uuid,
  placed_offer_id uuid,
  version integer NOT NULL DEFAULT 1,
  UNIQUE (tenant_id, id),
  FOREIGN KEY (tenant_id, case_id) REFERENCES cases (tenant_id, id) ON DELETE RESTRICT,
  FOREIGN KEY (tenant_id, desk_id) REFERENCES desks (tenant_id, id) ON DELETE RESTRICT,
  FOREIGN KEY (tenant_id, created_by) REFERENCES memberships (tenant_id, id) ON DELETE RESTRICT,
  FOREIGN KEY (tenant_id, sent_by) REFERENCES memberships (tenant_id, id) ON DELETE RESTRICT
);
CREATE INDEX referrals_case ON referrals (tenant_id, case_id);
-- Two referrals of one case at once could be accepted by two lenders.
CREATE UNIQUE INDEX referrals_one_running ON referrals (tenant_id, case_id)
  WHERE state IN ('draft', 'open');

CREATE TABLE offers (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE RESTRICT,
  referral_id uuid NOT NULL,
  receiver_id uuid NOT NULL REFERENCES tenants ON DELETE RESTRICT,
  rank integer NOT NULL,
  state text NOT NULL,
  -- What the receiver will be shown, as the operator previewed it; sending copies exactly this.
  disclosure jsonb NOT NULL,
  -- Working days the receiver has, from the service it offers; sending turns them into due_on.
  answer_days integer NOT NULL DEFAULT 10 CHECK (answer_days BETWEEN 1 AND 365),
  offered_at timestamptz,
  due_on date,
  opened_at timestamptz,
  answered_at timestamptz,
  decline_reason text,
  decline_note text NOT NULL DEFAULT '',
  version integer NOT NULL DEFAULT 1,
  -- With the receiver, so that its row of the offer cannot be another organisation's.
  UNIQUE (tenant_id, id, receiver_id),
  UNIQUE (tenant_id, referral_id, receiver_id),
  -- A draft takes its offers with it; one that was sent cannot be deleted, see below.
  FOREIGN KEY (tenant_id, referral_id) REFERENCES referrals (tenant_id, id) ON DELETE CASCADE
);

CREATE TABLE received_offers (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE RESTRICT,
  sender_id uuid NOT NULL REFERENCES tenants ON DELETE RESTRICT,
  referral_id uuid NOT NULL,
  case_number text NOT NULL,
  kind text NOT NULL,
  amount_cents bigint NOT NULL,
  currency text NOT NULL,
  region_code text NOT NULL REFERENCES regions ON DELETE RESTRICT,
  state text NOT NULL,
  offered_at timestamptz NOT NULL,
  due_on date NOT NULL,
  opened_at timestamptz,
  opened_by uuid,
  answered_at timestamptz,
  answered_by uuid,
  decline_reason text,
  decline_note text NOT NULL DEFAULT '',
  version integer NOT NULL DEFAULT 1,
  UNIQUE (tenant_id, id),
  FOREIGN KEY (sender_id, id, tenant_id)
    REFERENCES offers (tenant_id, id, receiver_id) ON DELETE RESTRICT,
  FOREIGN KEY (sender_id, referral_id) REFERENCES referrals (tenant_id, id) ON DELETE RESTRICT,
  FOREIGN KEY (tenant_id, opened_by) REFERENCES memberships (tenant_id, id) ON DELETE RESTRICT,
  FOREIGN KEY (tenant_id, answered_by) REFERENCES memberships (tenant_id, id) ON DELETE RESTRICT
);
CREATE INDEX received_offers_inbox ON received_offers (tenant_id, offered_at DESC, id DESC);
CREATE INDEX received_offers_state ON received_offers (tenant_id, state, offered_at DESC, id DESC);
CREATE INDEX received_offers_to_answer ON received_offers (tenant_id, due_on, id)
  WHERE state IN ('offered', 'received');
CREATE INDEX received_offers_referral ON received_offers (sender_id, referral_id);

CREATE TABLE disclosures (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE RESTRICT,
  received_offer_id uuid NOT NULL,
  sender_id uuid NOT NULL REFERENCES tenants ON DELETE RESTRICT,
  payload jsonb NOT NULL,
  purpose text NOT NULL,
  basis text NOT NULL,
  notice_version text NOT NULL,
  disclosed_at timestamptz NOT NULL,
  -- The sender's operator; a membership of another tenant, so no key can point to it.
  disclosed_by uuid NOT NULL,
  UNIQUE (tenant_id, received_offer_id),
  FOREIGN KEY (tenant_id, received_offer_id)
    REFERENCES received_offers (tenant_id, id) ON DELETE CASCADE
);

-- One row for each party of the offer: what happened to it, seen from both sides.
CREATE TABLE offer_events (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE RESTRICT,
  referral_id uuid NOT NULL,
  offer_id uuid NOT NULL,
  from_state text NOT NULL,
  to_state text NOT NULL,
  reason text,
  actor_tenant_id uuid REFERENCES tenants ON DELETE RESTRICT,
  actor_membership_id uuid,
  effective_at timestamptz NOT NULL,
  recorded_at timestamptz NOT NULL,
  idempotency_key uuid
);
CREATE INDEX offer_events_referral ON offer_events (tenant_id, referral_id, recorded_at);
"""
    + transition_trigger("offers", OFFER_EDGES)
    + transition_trigger("received_offers", OFFER_EDGES)
    + transition_trigger("referrals", REFERRAL_EDGES)
    + only_drafts_are_deleted("offers")
    + only_drafts_are_deleted("referrals")
    + FIRST_NOTICE
    + "".join(
        [
            "GRANT USAGE ON SEQUENCE case_numbers TO hub_app;\n",
            directory_table("privacy_notices"),
            tenant_table("citizens", app="select, insert, update, delete"),
            tenant_table("cases", app="select, insert, update, delete"),
            tenant_table("consultations", app="select, insert, update, delete"),
            tenant_table("milestones", app="select, insert, update, delete"),
            tenant_table(
                "referrals",
                app="select, insert, delete",
                router="select, update (state, sent_at, sent_by, placed_offer_id, version)",
            ),
            tenant_table(
                "offers",
                app="select, insert",
                router="select, update (state, offered_at, due_on, opened_at, answered_at,"
                " decline_reason, decline_note, version)",
            ),
            tenant_table(
                "received_offers",
                app="select",
                router="select, insert, update (state, opened_at, opened_by, answered_at,"
                " answered_by, decline_reason, decline_note, version)",
            ),
            tenant_table(
                "disclosures",
                app="select",
                router="select (id, tenant_id, received_offer_id), insert, delete",
            ),
            tenant_table("offer_events", app="select", router="insert"),
        ]
    )
)


async def forwards() -> MigrationManager:
    return sql_migration(ID, __doc__, SQL)
