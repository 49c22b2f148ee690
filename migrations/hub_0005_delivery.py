"""Delivering: who holds a row, why it ended as it did, pauses, and counts that are kept instead of counted."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from hub.rls import relay_table, tenant_table
from hub.schema import sql_migration

ID = "2026-11-23T03:00:00:000005"

STATES = ("queued", "sending", "retry", "sent", "suppressed", "failed", "in_doubt")


ARRIVED = "SELECT tenant_id, campaign_id, state, updated_at, 1 AS n FROM now_rows"
LEFT = "SELECT tenant_id, campaign_id, state, NULL, -1 FROM then_rows"


def tally(changes: str) -> str:
    """Add what `changes` says: a row (tenant_id, campaign_id, state, updated_at, n) for each step into or out of a state."""
    sums = ", ".join(f"coalesce(sum(n) FILTER (WHERE state = '{state}'), 0)" for state in STATES)
    added = ", ".join(f"{state} = t.{state} + excluded.{state}" for state in STATES)
    return f"""
    INSERT INTO delivery_tallies AS t (tenant_id, campaign_id, slot, backend, {", ".join(STATES)})
    SELECT tenant_id, campaign_id, date_bin('10 seconds', max(updated_at), 'epoch'), pg_backend_pid(), {sums}
    FROM ({changes}) changes GROUP BY tenant_id, campaign_id
    ON CONFLICT (tenant_id, campaign_id, slot, backend) DO UPDATE SET {added};"""


SQL = f"""
-- A worker's life, seen by the others: one that is alive raises its beat. No clock is compared with another.
CREATE TABLE mail_workers (
  id uuid PRIMARY KEY,
  host text NOT NULL,
  beat bigint NOT NULL DEFAULT 0,
  started_at timestamptz NOT NULL,
  ended_at timestamptz,
  -- Whether its deliveries have been seen to since it ended.
  settled boolean NOT NULL DEFAULT false
);
CREATE INDEX mail_workers_open ON mail_workers (id) WHERE NOT settled;

-- Token buckets: what a relay and each tenant may still send now.
CREATE TABLE mail_pace (
  name text PRIMARY KEY,
  tokens double precision NOT NULL,
  filled_at timestamptz NOT NULL
);

ALTER TABLE campaigns
  DROP CONSTRAINT campaigns_state_check,
  ADD CONSTRAINT campaigns_state_check
    CHECK (state IN ('draft', 'freezing', 'sending', 'sent', 'cancelled')),
  -- How many recipients were confirmed when it was started: what the freeze is measured by.
  ADD COLUMN expected integer,
  -- The last subscriber that was frozen: a freeze that was interrupted goes on from there.
  ADD COLUMN frozen_to uuid,
  -- What becomes of messages whose answer never came.
  ADD COLUMN on_doubt text NOT NULL DEFAULT 'ask' CHECK (on_doubt IN ('ask', 'resend', 'leave')),
  -- A pause stands beside the state: while it lasts, no message begins.
  ADD COLUMN paused_at timestamptz,
  ADD COLUMN paused_by uuid,
  ADD COLUMN paused_why text CHECK (paused_why IN ('by_hand', 'policy', 'failing_share')),
  ADD COLUMN paused_reply text,
  -- When a worker should look for deliveries again.
  ADD COLUMN due_at timestamptz,
  ADD CONSTRAINT campaigns_paused CHECK ((paused_at IS NULL) = (paused_why IS NULL)),
  ADD FOREIGN KEY (tenant_id, paused_by) REFERENCES memberships (tenant_id, id) ON DELETE RESTRICT;
-- Forced row security would hide every row from the owner too.
ALTER TABLE campaigns NO FORCE ROW LEVEL SECURITY;
ALTER TABLE deliveries NO FORCE ROW LEVEL SECURITY;
UPDATE campaigns SET due_at = started_at, expected = recipients WHERE started_at IS NOT NULL;

ALTER TABLE deliveries
  -- Nothing refers to a delivery, and every index is written twice a message.
  DROP CONSTRAINT deliveries_tenant_id_id_key,
  -- The worker that claimed it. A result is recorded only under the holder and the attempt it belongs to.
  ADD COLUMN holder uuid,
  -- Why it is where it is, as `hub/mail/replies.py` names it.
  ADD COLUMN cause text,
  -- When its first attempt began: from then on it is tried for two days.
  ADD COLUMN tried_since timestamptz,
  -- How often it was really tried; `attempts` also counts claims that were given back.
  ADD COLUMN tries integer NOT NULL DEFAULT 0,
  -- How often it was in doubt.
  ADD COLUMN doubts smallint NOT NULL DEFAULT 0;
-- Those whose worker went away with the version before this one.
UPDATE deliveries SET state = 'in_doubt', cause = 'worker_lost', doubts = 1 WHERE state = 'sending';
DROP INDEX deliveries_queue;
CREATE INDEX deliveries_queue ON deliveries (tenant_id, campaign_id, due_at)
  WHERE state IN ('queued', 'retry');
CREATE INDEX deliveries_held ON deliveries (tenant_id, campaign_id, holder)
  WHERE state = 'sending';
CREATE INDEX deliveries_unsent ON deliveries (tenant_id, campaign_id, state, cause, id)
  WHERE state IN ('retry', 'failed', 'in_doubt', 'suppressed');

-- Changes of state in slots of ten seconds. Their sum over a campaign is how many deliveries are in each state, exactly;
-- one slot is what happened in it. A row for each database connection, so that workers never wait for each other.
CREATE TABLE delivery_tallies (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE RESTRICT,
  campaign_id uuid NOT NULL,
  slot timestamptz NOT NULL,
  backend integer NOT NULL,
  {" ".join(f"{state} integer NOT NULL," for state in STATES)}
  UNIQUE (tenant_id, campaign_id, slot, backend),
  FOREIGN KEY (tenant_id, campaign_id) REFERENCES campaigns (tenant_id, id) ON DELETE CASCADE
);

CREATE FUNCTION tally_deliveries() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    {tally(ARRIVED)}
  ELSE
    {tally(f"{ARRIVED} UNION ALL {LEFT}")}
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER deliveries_tally_insert AFTER INSERT ON deliveries
  REFERENCING NEW TABLE AS now_rows FOR EACH STATEMENT EXECUTE FUNCTION tally_deliveries();
CREATE TRIGGER deliveries_tally_update AFTER UPDATE ON deliveries
  REFERENCING NEW TABLE AS now_rows OLD TABLE AS then_rows
  FOR EACH STATEMENT EXECUTE FUNCTION tally_deliveries();
{tally(ARRIVED.replace("now_rows", "deliveries"))}

ALTER TABLE campaigns FORCE ROW LEVEL SECURITY;
ALTER TABLE deliveries FORCE ROW LEVEL SECURITY;

-- Deliveries end in a state; nobody deletes one, or the counts would no longer be true.
REVOKE DELETE ON deliveries FROM hub_app;
GRANT SELECT (paused_at, due_at, finished_at) ON campaigns TO hub_relay;
""" + "".join(
    [
        tenant_table("delivery_tallies", app="select, insert, update"),
        relay_table("mail_workers", relay="select, insert, update, delete"),
        relay_table("mail_pace", relay="select, insert, update"),
    ]
)


async def forwards() -> MigrationManager:
    return sql_migration(ID, __doc__, SQL)
