"""Who receives the Ente's newsletters: the network's people, kept in step with memberships, and the public."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from random import Random
from uuid import UUID

from hub.seed.chance import id_at, in_office
from hub.seed.hosts import WAITING_REGIONS
from hub.seed.organisations import Network, Organisation
from hub.seed.people import invent
from hub.seed.places import HOST_REGIONS, birthplaces, towns
from hub.seed.rows import (
    Batch,
    Consent,
    Membership,
    Subscriber,
    Subscription,
    Suppression,
)

CONSENT_TEXT = "2026-1"
# People without an account, by audience.
SIGNED_UP = (("public", 300), ("microcredit_users", 120))
LOCALES, LOCALE_WEIGHTS = ("it", "en", "de"), (94, 4, 2)
# One in so many of them has left again; of the desks' addresses, one in so many bounced.
ONE_LEFT_IN, ONE_BOUNCED_IN = 30, 40


class Readers:
    """Collects the subscribers of one copy of the network."""

    def __init__(self, ente_id: UUID, today: date, luck: Random) -> None:
        self.batch = Batch()
        self._ente_id = ente_id
        self._today = today
        self._luck = luck
        self._known: dict[str, Subscriber] = {}

    def add_network(self, network: Network) -> None:
        for host, desk in zip(network.hosts, network.desks, strict=True):
            row = self._subscribe(desk.email, desk.name, host.tenant.created_at)
            self._join(row, "desks", "desk", host)
        listed = {id(org): org for org in (*network.hosts, *network.lenders, *network.tutors)}
        for organisation in listed.values():
            for member in organisation.staff:
                account = network.accounts[member.account_id]
                row = self._subscribe(account.email, account.name, member.created_at)
                for audience in _audiences(organisation, member):
                    self._join(row, audience, "membership", organisation, member)
        for organisation in network.waiting:
            tenant = organisation.tenant
            row = self._subscribe(tenant.email, tenant.name, tenant.created_at)
            self._join(row, "administrators", "import", organisation)
        for number, desk in enumerate(network.desks):
            if number % ONE_BOUNCED_IN == ONE_BOUNCED_IN - 1:
                self._suppress(desk.email, "bounced", self._days_ago(1, 300))

    def add_public(self, first_person: int) -> None:
        """People who signed up: the invented people from `first_person` on."""
        person_number = first_person
        for audience, count in SIGNED_UP:
            for _ in range(count):
                self._sign_up(audience, person_number)
                person_number += 1

    def _sign_up(self, audience: str, number: int) -> None:
        luck = self._luck
        region = luck.choice(HOST_REGIONS if luck.random() < 0.8 else WAITING_REGIONS)
        person = invent(number, self._today.year, birthplaces(towns()[region][0]))
        email = f"{person.handle}{number}@lettori.example.org"
        since = self._days_ago(90, 700)
        left = number % ONE_LEFT_IN == 0
        locale = luck.choices(LOCALES, LOCALE_WEIGHTS)[0]
        row = self._subscribe(email, person.name, since, locale=locale, left=left)
        self._join(row, audience, "signup", region_code=region)
        self._consent(email, "given", since)
        if left:
            gone = self._days_ago(1, 80)
            self._consent(email, "withdrawn", gone)
            self._suppress(email, "unsubscribed", gone)

    def _subscribe(
        self, email: str, name: str, since: datetime, *, locale: str = "it", left: bool = False
    ) -> Subscriber:
        """One row an address, however many audiences it belongs to."""
        if email not in self._known:
            self._known[email] = row = Subscriber(
                id=id_at(self._luck, since),
                tenant_id=self._ente_id,
                email=email,
                name=name,
                locale=locale,
                state="unsubscribed" if left else "active",
                created_at=since,
            )
            self.batch.add(row)
        return self._known[email]

    def _join(
        self,
        subscriber: Subscriber,
        audience: str,
        source: str,
        organisation: Organisation | None = None,
        member: Membership | None = None,
        region_code: str | None = None,
    ) -> None:
        self.batch.add(
            Subscription(
                id=id_at(self._luck, subscriber.created_at),
                tenant_id=self._ente_id,
                subscriber_id=subscriber.id,
                audience=audience,
                source=source,
                organisation_id=organisation.tenant.id if organisation else None,
                membership_id=member.id if member else None,
                region_code=organisation.tenant.region_code if organisation else region_code,
                created_at=subscriber.created_at,
            )
        )

    def _consent(self, email: str, event: str, at: datetime) -> None:
        row_id = id_at(self._luck, at)
        self.batch.add(Consent(row_id, self._ente_id, email, event, CONSENT_TEXT, "web", at))

    def _suppress(self, email: str, reason: str, at: datetime) -> None:
        self.batch.add(Suppression(id_at(self._luck, at), self._ente_id, email, reason, at))

    def _days_ago(self, least: int, most: int) -> datetime:
        return in_office(self._luck, self._today - timedelta(days=self._luck.randint(least, most)))


def _audiences(organisation: Organisation, member: Membership) -> Iterator[str]:
    kinds = organisation.tenant.kinds
    if "host" in kinds:
        yield "administrators" if member.role == "admin" else "operators"
    if "lender" in kinds:
        yield "lenders"
    if "tutor" in kinds:
        yield "tutors"
