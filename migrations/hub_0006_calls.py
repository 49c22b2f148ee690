"""Calls by which administrations apply to host a desk, their applications, and the selection; files."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from hub.rls import tenant_table
from hub.schema import sql_migration

ID = "2026-11-23T06:00:00:000006"

SQL = """
-- What was uploaded or made, in parts, so that no statement carries a whole file. A file is never changed.
CREATE TABLE files (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE RESTRICT,
  name text NOT NULL,
  media_type text NOT NULL CHECK (media_type IN ('application/pdf', 'application/pkcs7-mime')),
  size bigint NOT NULL CHECK (size > 0),
  sha256 bytea NOT NULL,
  created_at timestamptz NOT NULL,
  UNIQUE (tenant_id, id)
);
CREATE TABLE file_parts (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL,
  file_id uuid NOT NULL,
  position integer NOT NULL,
  content bytea NOT NULL,
  UNIQUE (tenant_id, file_id, position),
  FOREIGN KEY (tenant_id, file_id) REFERENCES files (tenant_id, id) ON DELETE CASCADE
);

CREATE TABLE calls (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE RESTRICT,
  -- Its public address.
  slug text NOT NULL,
  title text NOT NULL,
  text text NOT NULL DEFAULT '',
  regions text[] NOT NULL DEFAULT '{}',
  host_kinds text[] NOT NULL DEFAULT '{}'
    CHECK (host_kinds <@ ARRAY['municipality', 'province', 'chamber', 'university', 'other']),
  -- What must or may be attached: [{"code", "label", "required"}].
  required_files jsonb NOT NULL DEFAULT '[]',
  -- Of 100 points: below the minimum an application is excluded; two evaluators farther apart need a third.
  minimum_points smallint NOT NULL DEFAULT 60 CHECK (minimum_points BETWEEN 0 AND 100),
  difference_limit smallint NOT NULL DEFAULT 20 CHECK (difference_limit BETWEEN 1 AND 100),
  opens_at timestamptz,
  closes_at timestamptz,
  state text NOT NULL DEFAULT 'draft'
    CHECK (state IN ('draft', 'published', 'evaluating', 'proposed', 'decided')),
  published_at timestamptz,
  evaluating_at timestamptz,
  decided_at timestamptz,
  -- When its administrators were last reminded of what is to be done; so below, of others.
  reminded_at timestamptz,
  created_at timestamptz NOT NULL,
  created_by uuid,
  updated_at timestamptz NOT NULL,
  version integer NOT NULL DEFAULT 1,
  UNIQUE (tenant_id, id),
  UNIQUE (tenant_id, slug),
  CHECK (opens_at < closes_at),
  CHECK (state = 'draft' OR (opens_at IS NOT NULL AND closes_at IS NOT NULL AND published_at IS NOT NULL)),
  FOREIGN KEY (tenant_id, created_by) REFERENCES memberships (tenant_id, id) ON DELETE RESTRICT
);

CREATE TABLE call_criteria (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL,
  call_id uuid NOT NULL,
  -- Their order also resolves ties.
  position smallint NOT NULL,
  name text NOT NULL,
  description text NOT NULL DEFAULT '',
  max_points smallint NOT NULL CHECK (max_points BETWEEN 1 AND 100),
  -- The weights of a call make 100.
  weight smallint NOT NULL CHECK (weight BETWEEN 1 AND 100),
  UNIQUE (tenant_id, id),
  UNIQUE (tenant_id, call_id, position),
  FOREIGN KEY (tenant_id, call_id) REFERENCES calls (tenant_id, id) ON DELETE CASCADE
);

CREATE TABLE call_quotas (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL,
  call_id uuid NOT NULL,
  region_code text NOT NULL REFERENCES regions ON DELETE RESTRICT,
  -- Administrations admitted at most.
  places integer NOT NULL CHECK (places BETWEEN 1 AND 10000),
  UNIQUE (tenant_id, call_id, region_code),
  FOREIGN KEY (tenant_id, call_id) REFERENCES calls (tenant_id, id) ON DELETE CASCADE
);

CREATE TABLE call_extensions (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL,
  call_id uuid NOT NULL,
  closed_before timestamptz NOT NULL,
  closes_at timestamptz NOT NULL,
  reason text NOT NULL,
  extended_at timestamptz NOT NULL,
  extended_by uuid NOT NULL,
  CHECK (closes_at > closed_before),
  FOREIGN KEY (tenant_id, call_id) REFERENCES calls (tenant_id, id) ON DELETE RESTRICT,
  FOREIGN KEY (tenant_id, extended_by) REFERENCES memberships (tenant_id, id) ON DELETE RESTRICT
);
CREATE INDEX call_extensions_call ON call_extensions (tenant_id, call_id);

CREATE TABLE call_documents (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL,
  call_id uuid NOT NULL,
  file_id uuid NOT NULL,
  title text NOT NULL,
  added_at timestamptz NOT NULL,
  FOREIGN KEY (tenant_id, call_id) REFERENCES calls (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, file_id) REFERENCES files (tenant_id, id) ON DELETE RESTRICT
);
CREATE INDEX call_documents_call ON call_documents (tenant_id, call_id);

CREATE TABLE call_questions (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL,
  call_id uuid NOT NULL,
  asked_at timestamptz NOT NULL,
  -- Told when it is answered, then forgotten.
  email text,
  locale text NOT NULL DEFAULT 'it',
  question text NOT NULL,
  state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'published', 'set_aside')),
  answer text,
  answered_at timestamptz,
  answered_by uuid,
  CHECK (state <> 'published' OR (answer IS NOT NULL AND answered_at IS NOT NULL)),
  FOREIGN KEY (tenant_id, call_id) REFERENCES calls (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, answered_by) REFERENCES memberships (tenant_id, id) ON DELETE RESTRICT
);
CREATE INDEX call_questions_call ON call_questions (tenant_id, call_id, asked_at);

CREATE TABLE call_evaluators (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL,
  call_id uuid NOT NULL,
  membership_id uuid NOT NULL,
  named_at timestamptz NOT NULL,
  named_by uuid NOT NULL,
  removed_at timestamptz,
  reminded_at timestamptz,
  UNIQUE (tenant_id, call_id, membership_id),
  FOREIGN KEY (tenant_id, call_id) REFERENCES calls (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, membership_id) REFERENCES memberships (tenant_id, id) ON DELETE RESTRICT,
  FOREIGN KEY (tenant_id, named_by) REFERENCES memberships (tenant_id, id) ON DELETE RESTRICT
);

CREATE TABLE applications (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE RESTRICT,
  call_id uuid NOT NULL,
  -- Where its link is mailed to; a link of an older version opens nothing.
  email text NOT NULL,
  link_version integer NOT NULL DEFAULT 1,
  locale text NOT NULL DEFAULT 'it',
  state text NOT NULL DEFAULT 'draft'
    CHECK (state IN ('draft', 'submitted', 'admitted', 'reserve', 'excluded', 'withdrawn')),
  -- What was typed, right or wrong: {step: {field: [text]}}.
  answers jsonb NOT NULL DEFAULT '{}',
  -- What was submitted, and the SHA-256 of it: never changed afterwards.
  content jsonb,
  content_hash bytea,
  organisation_name text,
  host_kind text CHECK (host_kind IN ('municipality', 'province', 'chamber', 'university', 'other')),
  fiscal_code text,
  ipa_code text,
  municipality_code text REFERENCES municipalities ON DELETE RESTRICT,
  region_code text REFERENCES regions ON DELETE RESTRICT,
  legal_basis text CHECK (legal_basis IN ('art_6', 'public_employment_service')),
  protocol_year integer,
  protocol_number integer,
  submitted_at timestamptz,
  receipt_id uuid,
  -- Why it is excluded: a code, and words.
  excluded_reason text,
  excluded_note text,
  withdrawn_at timestamptz,
  withdrawn_reason text,
  reminded_at timestamptz,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  version integer NOT NULL DEFAULT 1,
  UNIQUE (tenant_id, id),
  UNIQUE (tenant_id, protocol_year, protocol_number),
  CHECK (state = 'draft' OR (content IS NOT NULL AND content_hash IS NOT NULL AND submitted_at IS NOT NULL
    AND protocol_year IS NOT NULL AND protocol_number IS NOT NULL AND organisation_name IS NOT NULL
    AND fiscal_code IS NOT NULL AND region_code IS NOT NULL AND host_kind IS NOT NULL)),
  CHECK (state <> 'excluded' OR excluded_reason IS NOT NULL),
  FOREIGN KEY (tenant_id, call_id) REFERENCES calls (tenant_id, id) ON DELETE RESTRICT,
  FOREIGN KEY (tenant_id, receipt_id) REFERENCES files (tenant_id, id) ON DELETE RESTRICT
);
CREATE INDEX applications_call ON applications (tenant_id, call_id, state, region_code);
-- An address prepares one application at a time for a call: asking again brings back the same.
CREATE UNIQUE INDEX applications_address ON applications (tenant_id, call_id, email)
  WHERE state <> 'withdrawn';
-- One organisation applies once; after a withdrawal it may again.
CREATE UNIQUE INDEX applications_once ON applications (tenant_id, call_id, fiscal_code)
  WHERE state NOT IN ('draft', 'withdrawn');

CREATE TABLE application_desks (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL,
  application_id uuid NOT NULL,
  position smallint NOT NULL,
  name text NOT NULL,
  municipality_code text NOT NULL REFERENCES municipalities ON DELETE RESTRICT,
  address text NOT NULL,
  opening_hours text NOT NULL,
  staff integer NOT NULL,
  UNIQUE (tenant_id, application_id, position),
  FOREIGN KEY (tenant_id, application_id) REFERENCES applications (tenant_id, id) ON DELETE CASCADE
);

CREATE TABLE application_completions (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL,
  application_id uuid NOT NULL,
  asked_at timestamptz NOT NULL,
  asked_by uuid NOT NULL,
  request text NOT NULL,
  due_at timestamptz NOT NULL,
  answered_at timestamptz,
  answer text,
  reminded_at timestamptz,
  UNIQUE (tenant_id, id),
  CHECK (due_at > asked_at),
  CHECK ((answered_at IS NULL) = (answer IS NULL)),
  FOREIGN KEY (tenant_id, application_id) REFERENCES applications (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, asked_by) REFERENCES memberships (tenant_id, id) ON DELETE RESTRICT
);
CREATE UNIQUE INDEX application_completions_open ON application_completions (tenant_id, application_id)
  WHERE answered_at IS NULL;

CREATE TABLE application_files (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL,
  application_id uuid NOT NULL,
  completion_id uuid,
  -- What it is, by the codes of the call's `required_files`; `completion` in an answer to a request.
  kind text NOT NULL,
  file_id uuid NOT NULL,
  added_at timestamptz NOT NULL,
  FOREIGN KEY (tenant_id, application_id) REFERENCES applications (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, completion_id) REFERENCES application_completions (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, file_id) REFERENCES files (tenant_id, id) ON DELETE RESTRICT
);
CREATE INDEX application_files_application ON application_files (tenant_id, application_id, kind);

-- The last protocol number of each year. Taken in the transaction that uses it, so that none is ever missing.
CREATE TABLE protocol_counters (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE RESTRICT,
  year integer NOT NULL,
  last integer NOT NULL,
  UNIQUE (tenant_id, year)
);

-- The instant at which the database began the transaction: waiting for another's row costs an applicant nothing.
CREATE FUNCTION received_at() RETURNS timestamptz LANGUAGE sql STABLE
  AS $$ SELECT transaction_timestamp() $$;

-- Whether something may still come in, by the database's clock.
CREATE FUNCTION refuse_out_of_time(call uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE announced calls%ROWTYPE;
BEGIN
  SELECT * INTO announced FROM calls WHERE id = call;
  IF NOT FOUND THEN
    RETURN;  -- Another tenant's: row security and the key have the last word.
  ELSIF announced.state <> 'published' OR received_at() >= announced.closes_at THEN
    RAISE EXCEPTION 'the call is closed' USING ERRCODE = 'HB001';
  ELSIF received_at() < announced.opens_at THEN
    RAISE EXCEPTION 'the call is not open yet' USING ERRCODE = 'HB002';
  END IF;
END $$;

CREATE FUNCTION applications_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.state <> 'draft' THEN
      RAISE EXCEPTION 'an application begins as a draft' USING ERRCODE = 'check_violation';
    END IF;
    PERFORM refuse_out_of_time(NEW.call_id);
    RETURN NEW;
  END IF;
  IF OLD.state = 'draft' THEN
    IF NEW.state = 'submitted' OR NEW.answers IS DISTINCT FROM OLD.answers THEN
      PERFORM refuse_out_of_time(NEW.call_id);
    END IF;
    IF NEW.state = 'submitted' THEN
      NEW.submitted_at := received_at();
    ELSIF NEW.state <> 'draft' THEN
      RAISE EXCEPTION 'a draft cannot become %', NEW.state USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
  END IF;
  IF (OLD.call_id, OLD.content, OLD.content_hash, OLD.answers, OLD.organisation_name, OLD.host_kind, OLD.fiscal_code, OLD.ipa_code,
      OLD.municipality_code, OLD.region_code, OLD.legal_basis, OLD.protocol_year, OLD.protocol_number, OLD.submitted_at)
    IS DISTINCT FROM
     (NEW.call_id, NEW.content, NEW.content_hash, NEW.answers, NEW.organisation_name, NEW.host_kind, NEW.fiscal_code, NEW.ipa_code,
      NEW.municipality_code, NEW.region_code, NEW.legal_basis, NEW.protocol_year, NEW.protocol_number, NEW.submitted_at) THEN
    RAISE EXCEPTION 'what was submitted is not changed' USING ERRCODE = 'check_violation';
  END IF;
  IF OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN (
      ('submitted', 'admitted'), ('submitted', 'reserve'), ('submitted', 'excluded'), ('excluded', 'submitted'),
      ('reserve', 'admitted'), ('submitted', 'withdrawn'), ('admitted', 'withdrawn'), ('reserve', 'withdrawn')) THEN
    RAISE EXCEPTION 'an application cannot go from % to %', OLD.state, NEW.state USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER applications_step BEFORE INSERT OR UPDATE ON applications
  FOR EACH ROW EXECUTE FUNCTION applications_step();

CREATE FUNCTION application_files_in_time() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE found record;
BEGIN
  IF NEW.completion_id IS NOT NULL THEN
    SELECT due_at, answered_at INTO found FROM application_completions WHERE id = NEW.completion_id;
    IF received_at() >= found.due_at OR found.answered_at IS NOT NULL THEN
      RAISE EXCEPTION 'the term is over' USING ERRCODE = 'HB001';
    END IF;
    RETURN NEW;
  END IF;
  SELECT state, call_id INTO found FROM applications WHERE id = NEW.application_id;
  IF found.state <> 'draft' THEN
    RAISE EXCEPTION 'it is submitted already' USING ERRCODE = 'check_violation';
  END IF;
  PERFORM refuse_out_of_time(found.call_id);
  RETURN NEW;
END $$;
CREATE TRIGGER application_files_in_time BEFORE INSERT ON application_files
  FOR EACH ROW EXECUTE FUNCTION application_files_in_time();

CREATE FUNCTION application_completions_in_time() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.answered_at IS NOT NULL THEN
    RAISE EXCEPTION 'it is answered already' USING ERRCODE = 'check_violation';
  END IF;
  IF NEW.answered_at IS NOT NULL THEN
    IF received_at() >= OLD.due_at THEN
      RAISE EXCEPTION 'the term is over' USING ERRCODE = 'HB001';
    END IF;
    NEW.answered_at := received_at();
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER application_completions_in_time BEFORE UPDATE ON application_completions
  FOR EACH ROW EXECUTE FUNCTION application_completions_in_time();

CREATE TABLE evaluations (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL,
  call_id uuid NOT NULL,
  application_id uuid NOT NULL,
  membership_id uuid NOT NULL,
  -- The first two are always there; the third where these differ too much.
  ordinal smallint NOT NULL CHECK (ordinal BETWEEN 1 AND 3),
  state text NOT NULL DEFAULT 'assigned' CHECK (state IN ('assigned', 'recused', 'submitted')),
  -- When the evaluator declared to have no conflict of interest with this applicant.
  declared_at timestamptz,
  recused_reason text,
  -- Points as far as given, by criterion; what counts stands in `evaluation_scores`.
  draft jsonb NOT NULL DEFAULT '{}',
  note text NOT NULL DEFAULT '',
  -- Of 100.
  total numeric,
  assigned_at timestamptz NOT NULL,
  submitted_at timestamptz,
  version integer NOT NULL DEFAULT 1,
  UNIQUE (tenant_id, id),
  UNIQUE (tenant_id, application_id, membership_id),
  CHECK ((state = 'submitted') = (total IS NOT NULL)),
  CHECK (state <> 'submitted' OR (declared_at IS NOT NULL AND submitted_at IS NOT NULL)),
  FOREIGN KEY (tenant_id, call_id) REFERENCES calls (tenant_id, id) ON DELETE RESTRICT,
  FOREIGN KEY (tenant_id, application_id) REFERENCES applications (tenant_id, id) ON DELETE RESTRICT,
  FOREIGN KEY (tenant_id, membership_id) REFERENCES memberships (tenant_id, id) ON DELETE RESTRICT
);
CREATE UNIQUE INDEX evaluations_ordinal ON evaluations (tenant_id, application_id, ordinal)
  WHERE state <> 'recused';
CREATE INDEX evaluations_evaluator ON evaluations (tenant_id, membership_id, call_id, state);
CREATE INDEX evaluations_call ON evaluations (tenant_id, call_id, state);

CREATE FUNCTION evaluations_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.state <> 'assigned' THEN
    RAISE EXCEPTION 'an evaluation that was given is not changed' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER evaluations_step BEFORE UPDATE ON evaluations
  FOR EACH ROW EXECUTE FUNCTION evaluations_step();

CREATE TABLE evaluation_scores (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL,
  evaluation_id uuid NOT NULL,
  criterion_id uuid NOT NULL,
  points smallint NOT NULL CHECK (points >= 0),
  UNIQUE (tenant_id, evaluation_id, criterion_id),
  FOREIGN KEY (tenant_id, evaluation_id) REFERENCES evaluations (tenant_id, id) ON DELETE RESTRICT,
  FOREIGN KEY (tenant_id, criterion_id) REFERENCES call_criteria (tenant_id, id) ON DELETE RESTRICT
);

CREATE TABLE rankings (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL,
  call_id uuid NOT NULL,
  number integer NOT NULL,
  state text NOT NULL DEFAULT 'proposed' CHECK (state IN ('proposed', 'approved', 'rejected')),
  proposed_at timestamptz NOT NULL,
  proposed_by uuid NOT NULL,
  -- By a second person; approved, it is frozen and public.
  decided_at timestamptz,
  decided_by uuid,
  decision_note text NOT NULL DEFAULT '',
  -- SHA-256 of its entries as published.
  content_hash bytea,
  UNIQUE (tenant_id, id),
  UNIQUE (tenant_id, call_id, number),
  CHECK (decided_by <> proposed_by),
  CHECK ((state = 'proposed') = (decided_at IS NULL)),
  FOREIGN KEY (tenant_id, call_id) REFERENCES calls (tenant_id, id) ON DELETE RESTRICT,
  FOREIGN KEY (tenant_id, proposed_by) REFERENCES memberships (tenant_id, id) ON DELETE RESTRICT,
  FOREIGN KEY (tenant_id, decided_by) REFERENCES memberships (tenant_id, id) ON DELETE RESTRICT
);
CREATE UNIQUE INDEX rankings_one ON rankings (tenant_id, call_id) WHERE state <> 'rejected';

CREATE FUNCTION rankings_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.state <> 'proposed' THEN
    RAISE EXCEPTION 'a ranking that was decided is not changed' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER rankings_step BEFORE UPDATE ON rankings
  FOR EACH ROW EXECUTE FUNCTION rankings_step();

-- Written once, with its ranking: nobody may change or delete one.
CREATE TABLE ranking_entries (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  tenant_id uuid NOT NULL,
  ranking_id uuid NOT NULL,
  application_id uuid NOT NULL,
  region_code text NOT NULL REFERENCES regions ON DELETE RESTRICT,
  -- The places as they were called then: what is published, and its hash, stays when ISTAT renames one.
  region text NOT NULL,
  province text,
  municipality text,
  -- Within its region; none for what was excluded before it was evaluated.
  position integer,
  score numeric,
  outcome text NOT NULL CHECK (outcome IN ('admitted', 'reserve', 'excluded')),
  reason text,
  UNIQUE (tenant_id, ranking_id, application_id),
  CHECK (outcome = 'excluded' OR (position IS NOT NULL AND score IS NOT NULL)),
  CHECK (outcome <> 'excluded' OR reason IS NOT NULL),
  FOREIGN KEY (tenant_id, ranking_id) REFERENCES rankings (tenant_id, id) ON DELETE RESTRICT,
  FOREIGN KEY (tenant_id, application_id) REFERENCES applications (tenant_id, id) ON DELETE RESTRICT
);
CREATE INDEX ranking_entries_place ON ranking_entries (tenant_id, ranking_id, region_code, position);

-- Who moved up, in whose place.
CREATE TABLE ranking_successions (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL,
  ranking_id uuid NOT NULL,
  withdrawn_id uuid NOT NULL,
  admitted_id uuid NOT NULL,
  at timestamptz NOT NULL,
  UNIQUE (tenant_id, withdrawn_id),
  UNIQUE (tenant_id, admitted_id),
  FOREIGN KEY (tenant_id, ranking_id) REFERENCES rankings (tenant_id, id) ON DELETE RESTRICT,
  FOREIGN KEY (tenant_id, withdrawn_id) REFERENCES applications (tenant_id, id) ON DELETE RESTRICT,
  FOREIGN KEY (tenant_id, admitted_id) REFERENCES applications (tenant_id, id) ON DELETE RESTRICT
);
""" + "".join(
    [
        tenant_table("files", app="select, insert, delete"),
        tenant_table("file_parts", app="select, insert, delete"),
        # Everybody may find a call; the rest of it is read in the space of the Ente that made it.
        tenant_table("calls", app="select, insert, update, delete", network="select"),
        tenant_table("call_criteria", app="select, insert, delete"),
        tenant_table("call_quotas", app="select, insert, delete"),
        # What was extended, until when and why stands in the list of calls and in their feed too; by whom does not.
        tenant_table(
            "call_extensions",
            app="select, insert",
            network="select (tenant_id, call_id, closed_before, closes_at, reason, extended_at)",
        ),
        tenant_table("call_documents", app="select, insert, delete"),
        tenant_table("call_questions", app="select, insert, update"),
        tenant_table("call_evaluators", app="select, insert, update"),
        tenant_table("applications", app="select, insert, update, delete"),
        tenant_table("application_desks", app="select, insert"),
        tenant_table("application_completions", app="select, insert, update"),
        tenant_table("application_files", app="select, insert, delete"),
        tenant_table("protocol_counters", app="select, insert, update"),
        tenant_table("evaluations", app="select, insert, update"),
        tenant_table("evaluation_scores", app="select, insert"),
        tenant_table("rankings", app="select, insert, update"),
        tenant_table("ranking_entries", app="select, insert"),
        tenant_table("ranking_successions", app="select, insert"),
    ]
)


async def forwards() -> MigrationManager:
    return sql_migration(ID, __doc__, SQL)
