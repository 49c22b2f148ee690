"""Network facts: the only case-derived data that segments and monitoring read; numbers and dates, never a person.

Their owner keeps them up to date in its own transactions (design §4).
"""

from datetime import datetime

from piccolo.columns import UUID as UUIDColumn
from piccolo.columns import BigInt, Text, Timestamptz
from piccolo.table import Table

from hub.db import TenantScope
from hub.ids import uuid7

OPEN_CASES = "open_cases"
LAST_CONSULTATION = "last_consultation"
# When a test referral was last answered: to a host by the sandbox, or by a lender.
TEST_ANSWERED = "test_answered"


class NetworkFact(Table, tablename="network_facts"):
    id = UUIDColumn(primary_key=True)
    tenant_id = UUIDColumn()
    name = Text()
    number = BigInt(null=True)
    moment = Timestamptz(null=True)
    updated_at = Timestamptz()


async def add_to(scope: TenantScope, name: str, change: int) -> None:
    """Move a counter; it begins at 0."""
    await scope.execute(
        """
        INSERT INTO network_facts AS f (id, tenant_id, name, number, updated_at)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (tenant_id, name)
        DO UPDATE SET number = f.number + excluded.number, updated_at = excluded.updated_at
        """,
        uuid7(),
        scope.tenant_id,
        name,
        change,
        scope.now,
    )


async def advance(scope: TenantScope, name: str, moment: datetime) -> None:
    """Move a date forward, never back."""
    await scope.execute(
        """
        INSERT INTO network_facts AS f (id, tenant_id, name, moment, updated_at)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (tenant_id, name) DO UPDATE
        SET moment = greatest(f.moment, excluded.moment), updated_at = excluded.updated_at
        """,
        uuid7(),
        scope.tenant_id,
        name,
        moment,
        scope.now,
    )
