"""What entries of an audit log are about, by name.

A log keeps ids only. Their names are looked up when it is read, in one statement, under the reader's own row security; what
is not there any more, or not for this reader, has none.
"""

from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID

from hub.db import NetworkScope, TenantScope
from hub.tenants.network.schemas import Entry

Names = Mapping[UUID, str]

# Both for the organisation whose log it is ($1), of these ids ($2).
_PLACES = """
SELECT id, name FROM desks WHERE tenant_id = $1 AND id = ANY($2)
UNION ALL
(SELECT DISTINCT ON (service_id) service_id, name FROM services_offered
  WHERE tenant_id = $1 AND service_id = ANY($2) ORDER BY service_id, valid_from DESC)
"""
# Whose name nobody gave is told by a masked address, as where an invitation is opened; support ($3 is false) sees none.
_PEOPLE = """
SELECT id, name FROM memberships WHERE tenant_id = $1 AND id = ANY($2)
UNION ALL
SELECT account_id, name FROM memberships WHERE tenant_id = $1 AND account_id = ANY($2)
UNION ALL
SELECT i.id, coalesce(m.name, nullif(i.name, ''),
  CASE WHEN $3 THEN left(i.email, 1) || '…@' || split_part(i.email, '@', 2) END)
FROM invitations i
LEFT JOIN memberships m ON m.tenant_id = i.tenant_id AND m.id = i.membership_id
WHERE i.tenant_id = $1 AND i.id = ANY($2)
"""
# Of a case its number; support sees neither cases nor offers.
_CASES = """
SELECT id, number FROM cases WHERE $3 AND tenant_id = $1 AND id = ANY($2)
UNION ALL
SELECT k.id, c.number FROM consultations k
JOIN cases c ON c.tenant_id = k.tenant_id AND c.id = k.case_id
WHERE $3 AND k.tenant_id = $1 AND k.id = ANY($2)
UNION ALL
SELECT id, case_number FROM referrals WHERE $3 AND tenant_id = $1 AND id = ANY($2)
UNION ALL
SELECT id, case_number FROM received_offers WHERE $3 AND tenant_id = $1 AND id = ANY($2)
"""
_WORK = """
SELECT id, subject FROM campaigns WHERE tenant_id = $1 AND id = ANY($2)
UNION ALL
SELECT id, title FROM calls WHERE tenant_id = $1 AND id = ANY($2)
UNION ALL
SELECT q.id, c.title FROM call_questions q
JOIN calls c ON c.tenant_id = q.tenant_id AND c.id = q.call_id
WHERE q.tenant_id = $1 AND q.id = ANY($2)
UNION ALL
SELECT r.id, c.title FROM rankings r
JOIN calls c ON c.tenant_id = r.tenant_id AND c.id = r.call_id
WHERE r.tenant_id = $1 AND r.id = ANY($2)
UNION ALL
SELECT id, organisation_name FROM applications WHERE tenant_id = $1 AND id = ANY($2)
UNION ALL
SELECT e.id, a.organisation_name FROM evaluations e
JOIN applications a ON a.tenant_id = e.tenant_id AND a.id = e.application_id
WHERE e.tenant_id = $1 AND e.id = ANY($2)
UNION ALL
SELECT p.id, o.name FROM protocols p JOIN tenants o ON o.id = p.organisation_id
WHERE p.tenant_id = $1 AND p.id = ANY($2)
"""


async def names_in(scope: TenantScope, entries: Sequence[Entry], *, support: bool) -> Names:
    """For the organisation's own people, of whom support sees less."""
    everything = " UNION ALL ".join((_PLACES, _PEOPLE, _CASES, _WORK))
    rows = await scope.fetch(everything, scope.tenant_id, list(_ids(entries)), not support)
    return {row[0]: row[1] for row in rows if row[1]}


async def names_in_story(
    scope: NetworkScope, organisation_id: UUID, entries: Sequence[Entry]
) -> Names:
    """For the Ente: what the public is shown, and nobody's name."""
    rows = await scope.fetch(_PLACES, organisation_id, list(_ids(entries)))
    return {row[0]: row[1] for row in rows}


def _ids(entries: Sequence[Entry]) -> Iterator[UUID]:
    for entry in entries:
        if entry.subject_id:
            yield entry.subject_id
        for value in entry.codes.values():
            if found := as_id(value):
                yield found


def as_id(value: object) -> UUID | None:
    if not isinstance(value, str) or len(value) != 36:
        return None
    try:
        return UUID(value)
    except ValueError:
        return None
