"""What is still open at an organisation, as parts of statements: points of a set-up (`p`) and desks (`d`)."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from hub import clock
from hub.tenants.network.schemas import Blocked

# An open point that no second person has agreed to leave open.
BLOCKS = """
p.state <> 'done' AND NOT EXISTS (
  SELECT FROM setup_exceptions x
  WHERE x.tenant_id = p.tenant_id AND x.setup_id = p.setup_id AND x.code = p.code AND x.state = 'agreed')
"""
# The open points of a set-up, each with how it stands, in the order of the checklist.
OPEN_POINTS = """
coalesce(jsonb_agg(jsonb_build_array(p.code, p.changed_at, p.due_on, (
    SELECT x.state FROM setup_exceptions x WHERE x.tenant_id = p.tenant_id
      AND x.setup_id = p.setup_id AND x.code = p.code AND x.state IN ('asked', 'agreed')))
  ORDER BY p.position) FILTER (WHERE p.state <> 'done'), '[]')
"""
# A desk that an active organisation adds by itself: no set-up will open it.
FURTHER = """
d.state = 'setting_up'
AND NOT EXISTS (SELECT FROM setups u WHERE u.id = d.setup_id AND u.state = 'running')
"""
# A further desk of an active host that has asked the Ente to open it: a set-up opens its own.
ASKED_TO_OPEN = """
d.state = 'setting_up'
AND NOT EXISTS (SELECT FROM setups u WHERE u.tenant_id = d.tenant_id AND u.state = 'running')
AND EXISTS (SELECT FROM audit_log l
  WHERE l.tenant_id = d.tenant_id AND l.subject_id = d.tenant_id AND l.subject_kind = 'organisation'
    AND l.action = 'desk.opening_asked' AND l.codes ->> 'desk' = d.id::text)
"""


def blocked(open_points: Sequence[Any], today: date) -> tuple[Blocked, ...]:
    """What `OPEN_POINTS` reads."""
    found = []
    for code, changed_at, due, exception in open_points:
        due_day = date.fromisoformat(due)
        # As JSON has it: an instant in whatever zone the session is in.
        days = (today - clock.day_of(datetime.fromisoformat(changed_at))).days
        found.append(Blocked(code, max(days, 0), due_day, due_day < today, exception))
    return tuple(found)
