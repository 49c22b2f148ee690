"""The sandbox: a host that sends test referrals and a lender that answers them, for organisations that try the hub out.

They are organisations like others, so that a test goes the way of a real referral; `tenants.sandbox` keeps them out of
every list, figure and audience, and real cases from them. Their one account is disabled: nobody signs in there.
"""

from dataclasses import dataclass
from uuid import NAMESPACE_URL, UUID, uuid5

from hub.db import NetworkScope
from hub.tenants.accounts.actor import OPERATOR, Actor
from hub.tenants.territory.build_data import fold

HOST_NAME = "Ambiente di prova – sportello"
LENDER_NAME = "Ambiente di prova – soggetto erogatore"
PERSON_NAME = "Ambiente di prova"
# A domain that no mail ever reaches (RFC 2606 §2).
EMAIL = "ambiente-di-prova@hub.invalid"
# Where the sandbox is said to be: Rome.
MUNICIPALITY, REGION = "058091", "12"


def _fixed(name: str) -> UUID:
    """The same in every database, so that two who make the sandbox at once make the same one."""
    return uuid5(NAMESPACE_URL, f"urn:microwork-hub:sandbox:{name}")


HOST_ID, LENDER_ID = _fixed("host"), _fixed("lender")
DESK_ID, ACCOUNT_ID = _fixed("desk"), _fixed("account")
HOST_MEMBERSHIP_ID, LENDER_MEMBERSHIP_ID = _fixed("host-membership"), _fixed("lender-membership")


@dataclass(frozen=True, slots=True)
class Sandbox:
    """`membership_id` is the host's, who sends; `lender_membership_id` the lender's, who answers."""

    host_id: UUID
    desk_id: UUID
    membership_id: UUID
    account_id: UUID
    lender_id: UUID
    lender_membership_id: UUID

    @property
    def sender(self) -> Actor:
        return _actor(self.host_id, self.membership_id, HOST_NAME, "host")

    @property
    def answerer(self) -> Actor:
        return _actor(self.lender_id, self.lender_membership_id, LENDER_NAME, "lender")


SANDBOX = Sandbox(HOST_ID, DESK_ID, HOST_MEMBERSHIP_ID, ACCOUNT_ID, LENDER_ID, LENDER_MEMBERSHIP_ID)


def _actor(tenant_id: UUID, membership_id: UUID, name: str, kind: str) -> Actor:
    return Actor(ACCOUNT_ID, membership_id, tenant_id, name, (kind,), OPERATOR, PERSON_NAME, "it")


async def ensure_sandbox(scope: NetworkScope) -> Sandbox:
    """Make what is missing of it. Of two at once the second waits for the first, and finds everything there."""
    for tenant_id, name, kind in (
        (HOST_ID, HOST_NAME, "host"),
        (LENDER_ID, LENDER_NAME, "lender"),
    ):
        await _add_tenant(scope, tenant_id, name, kind)
    await _add_desk(scope)
    await _add_people(scope)
    await _add_services(scope)
    return SANDBOX


async def _add_tenant(scope: NetworkScope, tenant_id: UUID, name: str, kind: str) -> None:
    await scope.execute(
        """
        INSERT INTO tenants (id, name, name_search, kinds, host_kind, state, sandbox,
          municipality_code, region_code, created_at, activated_at)
        VALUES ($1, $2, $3, $4, $5, 'active', true, $6, $7, $8, $8)
        ON CONFLICT (id) DO NOTHING
        """,
        tenant_id,
        name,
        fold(name),
        [kind],
        "other" if kind == "host" else None,
        MUNICIPALITY,
        REGION,
        scope.now,
    )


async def _add_desk(scope: NetworkScope) -> None:
    """For ever in set-up: the public directory shows active desks only."""
    await scope.execute(
        """
        INSERT INTO desks (id, tenant_id, name, state, municipality_code, region_code, address)
        VALUES ($1, $2, $3, 'setting_up', $4, $5, '') ON CONFLICT (id) DO NOTHING
        """,
        DESK_ID,
        HOST_ID,
        HOST_NAME,
        MUNICIPALITY,
        REGION,
    )


async def _add_people(scope: NetworkScope) -> None:
    await scope.execute(
        """
        INSERT INTO accounts (id, email, password_hash, name, state, created_at)
        VALUES ($1, $2, '!', $3, 'disabled', $4) ON CONFLICT DO NOTHING
        """,
        ACCOUNT_ID,
        EMAIL,
        PERSON_NAME,
        scope.now,
    )
    for membership_id, tenant_id in (
        (HOST_MEMBERSHIP_ID, HOST_ID),
        (LENDER_MEMBERSHIP_ID, LENDER_ID),
    ):
        await scope.execute(
            """
            INSERT INTO memberships (id, tenant_id, account_id, role, name, created_at)
            VALUES ($1, $2, $3, 'operator', $4, $5) ON CONFLICT DO NOTHING
            """,
            membership_id,
            tenant_id,
            ACCOUNT_ID,
            PERSON_NAME,
            scope.now,
        )


async def _add_services(scope: NetworkScope) -> None:
    """Both kinds of loan, everywhere, of any amount, answered within a working day."""
    for kind in ("enterprise_loan", "social_loan"):
        service_id = _fixed(kind)
        await scope.execute(
            """
            INSERT INTO services_offered
              (id, service_id, tenant_id, kind, name, regions, answer_days, valid_from, recorded_at)
            SELECT $1, $1, $2, $3, $4, array_agg(code ORDER BY code), 1, $5, $6 FROM regions
            ON CONFLICT (id) DO NOTHING
            """,
            service_id,
            LENDER_ID,
            kind,
            "Microcredito di prova",
            scope.now.date(),
            scope.now,
        )
