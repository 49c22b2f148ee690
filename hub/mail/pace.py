"""How much may be sent: by the relay as a whole and by each tenant, over all workers together.

A pace is so many messages a minute. Each has a bucket in the database that fills steadily and holds ten seconds' worth;
whoever wants to send takes from it first. Where no pace is set nobody asks.
"""

from dataclasses import dataclass
from uuid import UUID

from hub.db import RelayScope

_BUCKET_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Pace:
    """Messages a minute; 0 where there is no limit."""

    relay: int = 0
    tenant: int = 0

    def __bool__(self) -> bool:
        return bool(self.relay or self.tenant)

    def buckets(self, tenant_id: UUID) -> list[tuple[str, str, int]]:
        """(kind, name, messages a minute) of those that limit this tenant."""
        found = [("tenant", f"tenant:{tenant_id}", self.tenant), ("relay", "relay", self.relay)]
        return [each for each in found if each[2]]


UNLIMITED = Pace()


@dataclass(frozen=True, slots=True)
class Allowance:
    count: int
    limited_by: str
    """`tenant` or `relay` where less is granted than was wanted, otherwise empty."""


async def take(scope: RelayScope, pace: Pace, tenant_id: UUID, wanted: int) -> Allowance:
    """As many messages as every bucket has, at most `wanted`."""
    granted, limited_by = wanted, ""
    for kind, name, each_minute in pace.buckets(tenant_id):
        left = await _fill(scope, name, each_minute)
        if left < granted:
            granted, limited_by = left, kind
    await give_back(scope, pace, tenant_id, -granted)
    return Allowance(granted, limited_by)


async def give_back(scope: RelayScope, pace: Pace, tenant_id: UUID, count: int) -> None:
    """What was taken and not needed."""
    if not count:
        return
    # One after the other, in the order of `take`: two who lock them in different orders would wait for each other.
    for _, name, _ in pace.buckets(tenant_id):
        await scope.execute(
            "UPDATE mail_pace SET tokens = tokens + $2 WHERE name = $1", name, float(count)
        )


async def _fill(scope: RelayScope, name: str, each_minute: int) -> int:
    """Whole messages in the bucket now. It stays locked until the transaction ends.

    The latest clock of all workers counts: one that is behind adds nothing. One that is far behind was set back, or the
    others were: it counts from there on.
    """
    rate = each_minute / 60
    tokens: float = await scope.fetchval(
        """
        INSERT INTO mail_pace AS p (name, tokens, filled_at) VALUES ($1, $2, $4)
        ON CONFLICT (name) DO UPDATE SET
          tokens = least($2, p.tokens + $3 * greatest(0, extract(epoch FROM $4 - p.filled_at))),
          filled_at = CASE WHEN p.filled_at > $4 + interval '5 minutes' THEN $4
            ELSE greatest(p.filled_at, $4) END
        RETURNING tokens
        """,
        name,
        max(rate * _BUCKET_SECONDS, 1.0),
        rate,
        scope.now,
    )
    return max(int(tokens), 0)
