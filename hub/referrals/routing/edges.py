"""The legal steps of offers and referrals (design §6): one table, from which the database's trigger is written.

Each edge says who takes it. The trigger refuses any other step, whatever code asks for it; the service checks who.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

Actor = Literal["desk", "receiver", "system"]


class Edge(NamedTuple):
    before: str
    after: str
    by: Actor


OFFER_EDGES = (
    Edge("draft", "offered", "desk"),
    Edge("offered", "received", "receiver"),
    Edge("offered", "accepted", "receiver"),
    Edge("received", "accepted", "receiver"),
    Edge("offered", "declined", "receiver"),
    Edge("received", "declined", "receiver"),
    Edge("offered", "superseded", "system"),
    Edge("received", "superseded", "system"),
)

# An offer in these states can still be answered.
WAITING = ("offered", "received")

# The referral's own state follows from its offers.
REFERRAL_EDGES = (
    Edge("draft", "open", "desk"),
    Edge("open", "placed", "system"),
    Edge("open", "exhausted", "system"),
)

# A case has one referral at a time that is in one of these states.
RUNNING = ("draft", "open")


def may_step(edges: Sequence[Edge], before: str, after: str) -> bool:
    return any(edge.before == before and edge.after == after for edge in edges)


def diagram(edges: Sequence[Edge], first: str) -> str:
    """The edges as a Mermaid state diagram, for the documentation."""
    ends = sorted({edge.after for edge in edges} - {edge.before for edge in edges})
    steps = [f"    {edge.before} --> {edge.after}: {edge.by}" for edge in edges]
    return "\n".join(
        [
            "stateDiagram-v2",
            f"    [*] --> {first}",
            *steps,
            *(f"    {end} --> [*]" for end in ends),
        ]
    )


def transition_trigger(table: str, edges: Sequence[Edge]) -> str:
    """SQL that makes `table.state` move along `edges` only; a step in place is no step."""
    pairs = ", ".join(f"('{edge.before}', '{edge.after}')" for edge in edges)
    return f"""
CREATE FUNCTION {table}_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (OLD.state, NEW.state) NOT IN ({pairs}) THEN
    RAISE EXCEPTION 'a row of {table} cannot go from % to %', OLD.state, NEW.state
      USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER {table}_step BEFORE UPDATE OF state ON {table}
  FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION {table}_step();
"""


def only_drafts_are_deleted(table: str) -> str:
    """SQL that lets an unsent draft be thrown away, and nothing that anyone has been shown."""
    return f"""
CREATE FUNCTION {table}_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'only a draft of {table} can be deleted' USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER {table}_delete BEFORE DELETE ON {table}
  FOR EACH ROW WHEN (OLD.state <> 'draft') EXECUTE FUNCTION {table}_delete();
"""
