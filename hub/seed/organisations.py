"""The organisations of the demo network, with their desks, services and the people who sign in."""

import json
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID
from zlib import crc32

from hub.seed.boarding import DESK_COMPLETED, STAGES, WHOLE, Boarding, Stage
from hub.seed.chance import chance, id_at, in_office
from hub.seed.codes import fiscal_code_of
from hub.seed.desk_texts import OPENING_HOURS, STREETS, WAYS, WEEKS
from hub.seed.hosts import HostPlan, plan_hosts, plan_waiting
from hub.seed.lenders import LENDERS, TUTORS, LenderPlan, Product, TutorPlan, register_of
from hub.seed.people import invent
from hub.seed.places import birthplaces, postal_code_of, towns
from hub.seed.rows import (
    Account,
    Batch,
    Case,
    Desk,
    Membership,
    MembershipDesk,
    SecondFactor,
    ServiceOffered,
    Tenant,
)
from hub.seed.sign_ins import COMMISSION, HANDLES, TWO_MEMBERSHIPS
from hub.tenants.territory.build_data import Municipality, fold

OPERATORS = 120
CITIZENS = 1000
# Numbers of invented people that one copy of the network may use: its citizens first, then everybody else.
PEOPLE = 3000

TUTORING = Product("tutoring", "Tutoring d’impresa", 0, 0, 5)
OFFERED = ("information", "loan_application", "business_plan", "household_budget")
# Universities of the first copy opened a further desk so many days ago, with nobody there yet: after two months such
# a desk is silent.
FURTHER_DESKS = (24, 52, 96, 150, 290)
# Every so many organisations signed an early version, which ends first.
EARLY_ONE_IN = 13


class Organisation(NamedTuple):
    """`products` are what a lender lends, `regions` where."""

    slug: str
    tenant: Tenant
    town: Municipality
    staff: list[Membership]
    products: Sequence[Product] = ()
    regions: Sequence[str] = ()

    def members(self, role: str) -> list[Membership]:
        return [member for member in self.staff if member.role == role]

    def lends_to(self, case: Case) -> bool:
        return case.region_code in self.regions and any(
            product.kind == case.kind
            and product.lowest * 100 <= case.amount_cents <= product.highest * 100
            for product in self.products
        )


class Network(NamedTuple):
    """One copy of the network. `desks` are in step with `hosts`; `joining` are those that are being set up."""

    hosts: list[Organisation]
    desks: list[Desk]
    lenders: list[Organisation]
    tutors: list[Organisation]
    waiting: list[Organisation]
    joining: list[Organisation]
    accounts: dict[UUID, Account]


class Founder:
    """Makes the organisations of one copy of the network, and collects their rows."""

    def __init__(self, copy: int, today: date) -> None:
        self.batch = Batch()
        self.accounts: dict[UUID, Account] = {}
        self._copy = copy
        self._today = today
        self._luck = chance("organisations", copy)
        self._person = copy * PEOPLE + CITIZENS
        self._handles = dict(HANDLES) if copy == 0 else {}

    def found_ente(self) -> Organisation:
        rome = towns()["12"][0]
        name = "Ente Nazionale per il Microcredito"
        ente = self._found("ente", name, ["coordinator"], rome)
        for role in ("admin", "editor", "viewer"):
            self._hire(ente, role)
        return ente

    def hire_commission(self, ente: Organisation) -> None:
        """Who examines, evaluates and approves beside the Ente's first admin."""
        for handle, role in COMMISSION:
            self._hire(ente, role, handle=handle)

    def found_network(self, boarding: Boarding) -> Network:
        self._boarding = boarding
        plans = plan_hosts()
        hosts = [self._found_host(plan) for plan in plans]
        desks = [self._open_desk(host) for host in hosts]
        self._hire_second_operators(hosts, desks)
        tutors = [self._found_tutor(plan) for plan in TUTORS]
        self._share_a_person(hosts, tutors)
        lenders = [self._found_lender(plan) for plan in LENDERS]
        for number, one in enumerate([*hosts, *lenders, *tutors]):
            boarding.finish(
                one, one.tenant.kinds, WHOLE, active=True, early=number % EARLY_ONE_IN == 0
            )
        self._open_further(hosts, desks)
        applied = plan_waiting()
        # The first copy only: what is under way is looked at, not counted.
        coming = len(STAGES) if not self._copy else 0
        return Network(
            hosts=hosts,
            desks=desks,
            lenders=lenders,
            tutors=tutors + [host for host, plan in zip(hosts, plans, strict=True) if plan.tutors],
            waiting=[self._found_waiting(plan) for plan in applied[coming:]],
            joining=[
                self._found_joining(plan, stage)
                for plan, stage in zip(applied[:coming], STAGES, strict=False)
            ],
            accounts=self.accounts,
        )

    def _found_joining(self, plan: HostPlan, stage: Stage) -> Organisation:
        """An administration that is being set up, as far as it has come."""
        host = self._found(
            plan.slug,
            plan.name,
            ["host"],
            plan.town,
            host_kind=plan.kind,
            state="suspended",
            since=self._today - timedelta(days=stage.days),
        )
        for role, how in (("admin", stage.admin), ("operator", stage.operator)):
            if how == "here":
                self._hire(host, role)
        self._open_desk(host, stage)
        self._boarding.finish(host, ["host"], stage, active=False)
        return host

    def _found_host(self, plan: HostPlan) -> Organisation:
        kinds = ["host", "tutor"] if plan.tutors else ["host"]
        host = self._found(plan.slug, plan.name, kinds, plan.town, host_kind=plan.kind)
        self._hire(host, "admin")
        self._hire(host, "operator")
        if plan.tutors:
            self._offer(host, TUTORING, [plan.town.region_code])
        return host

    def _found_waiting(self, plan: HostPlan) -> Organisation:
        return self._found(
            plan.slug, plan.name, ["host"], plan.town, host_kind=plan.kind, state="waiting"
        )

    def _found_lender(self, plan: LenderPlan) -> Organisation:
        town = towns()[plan.regions[0]][0]
        lender = self._found(plan.slug, plan.name, ["lender"], town, register=register_of(plan))
        self._boarding.begin(lender, ["lender"], WHOLE, active=True)
        for role in ("admin", "operator", "operator"):
            self._hire(lender, role)
        for product in plan.products:
            self._offer(lender, product, plan.regions)
        return lender._replace(products=plan.products, regions=plan.regions)

    def _found_tutor(self, plan: TutorPlan) -> Organisation:
        tutor = self._found(plan.slug, plan.name, ["tutor"], towns()[plan.regions[0]][1])
        self._boarding.begin(tutor, ["tutor"], WHOLE, active=True)
        for role in ("admin", "operator"):
            self._hire(tutor, role)
        self._offer(tutor, TUTORING, plan.regions)
        return tutor

    def _found(
        self,
        slug: str,
        name: str,
        kinds: list[str],
        town: Municipality,
        *,
        host_kind: str | None = None,
        state: str = "active",
        since: date | None = None,
        register: str | None = None,
    ) -> Organisation:
        if self._copy:
            slug, name = f"{slug}-{self._copy + 1}", f"{name} ({self._copy + 1})"
        created = self._days_ago(*((20, 70) if state == "waiting" else (900, 1100)))
        if since:
            created = in_office(self._luck, since)
        tenant = Tenant(
            id=id_at(self._luck, created),
            name=name,
            name_search=fold(name),
            kinds=kinds,
            host_kind=host_kind,
            state=state,
            municipality_code=town.istat_code,
            region_code=town.region_code,
            email=f"info@{slug}.example.org",
            phone=self._phone(),
            website=f"https://www.{slug}.example.org",
            created_at=created,
            fiscal_code=fiscal_code_of(slug),
            address=f"{STREETS[len(slug) % len(STREETS)]}, {1 + len(name) % 90}",
            postal_code=postal_code_of(town.istat_code),
            certified_email=f"protocollo@pec.{slug}.example.org",
            lender_category=register and register.partition(":")[0] if "lender" in kinds else None,
            lender_register=register and register.partition(":")[2] if "lender" in kinds else None,
            tutor_register=f"T-{crc32(slug.encode()) % 900 + 100}" if "tutor" in kinds else None,
            activated_at=created + timedelta(days=70) if state == "active" else None,
            suspended_at=created if state == "suspended" else None,
        )
        self.batch.add(tenant)
        return Organisation(slug, tenant, town, [])

    def _open_desk(self, host: Organisation, stage: Stage = WHOLE) -> Desk:
        active = host.tenant.state == "active"
        opened = host.tenant.created_at.date() + timedelta(days=self._luck.randrange(20, 120))
        setup = self._boarding.begin(host, host.tenant.kinds, stage, active=active)
        desk = Desk(
            id=id_at(self._luck, host.tenant.created_at),
            tenant_id=host.tenant.id,
            name=f"Sportello di {host.town.name}",
            state="active" if active else "setting_up",
            municipality_code=host.town.istat_code,
            region_code=host.town.region_code,
            address=f"{self._luck.choice(STREETS)}, {self._luck.randrange(1, 120)}",
            # Within walking distance of the town's middle, so that desks of one town do not hide each other.
            latitude=round(host.town.latitude + self._luck.uniform(-0.006, 0.006), 5),
            longitude=round(host.town.longitude + self._luck.uniform(-0.006, 0.006), 5),
            phone=self._phone(),
            email=f"sportello@{host.slug}.example.org",
            opening_hours=self._luck.choice(OPENING_HOURS),
            opened_on=opened if active else None,
            verified_on=self._days_ago(5, 180).date(),
            setup_id=setup,
            postal_code=postal_code_of(host.town.istat_code),
            hours="[]",
            how_to_reach="",
            offers=list(OFFERED) if stage.serving else [],
            provinces=[host.town.province_code] if stage.serving else [],
        )
        hours, note = WEEKS[desk.opening_hours]
        if stage.desk:
            way = WAYS[len(desk.address) % len(WAYS)]
            desk = desk._replace(opening_hours=note, hours=json.dumps(hours), how_to_reach=way)
            if not active:
                completed = host.tenant.created_at + DESK_COMPLETED
                desk = desk._replace(verified_on=completed.date())
        else:
            # What the application said, and nobody has looked at since.
            desk = desk._replace(verified_on=None)
        self.batch.add(desk)
        return desk

    def _open_further(self, hosts: list[Organisation], desks: list[Desk]) -> None:
        """Since they are active: by no set-up, and on their own request. A chance of their own leaves all else as it is."""
        luck = chance("further desks", self._copy)
        universities = [
            (host, desk)
            for host, desk in zip(hosts, desks, strict=True)
            if host.tenant.host_kind == "university" and not self._copy
        ]
        for (host, desk), days in zip(universities, FURTHER_DESKS, strict=False):
            opened = in_office(luck, self._today - timedelta(days=days))
            further = desk._replace(
                id=id_at(luck, opened),
                name=f"Sportello del campus di {host.town.name}",
                address=f"{luck.choice(STREETS)}, {luck.randrange(1, 120)}",
                # Reached by telephone: no further reader of the newsletter.
                email="",
                latitude=round(host.town.latitude + luck.uniform(-0.006, 0.006), 5),
                longitude=round(host.town.longitude + luck.uniform(-0.006, 0.006), 5),
                opened_on=opened.date(),
                verified_on=max(opened.date(), self._today - timedelta(days=100)),
                setup_id=None,
            )
            self.batch.add(further)
            self._boarding.opened(host, further.id, opened)

    def _offer(self, at: Organisation, product: Product, regions: Sequence[str]) -> None:
        service_id = id_at(self._luck, at.tenant.created_at)
        self.batch.add(
            ServiceOffered(
                id=service_id,
                service_id=service_id,
                tenant_id=at.tenant.id,
                kind=product.kind,
                name=product.name,
                description="",
                regions=list(regions),
                min_amount_cents=product.lowest * 100 or None,
                max_amount_cents=product.highest * 100 or None,
                answer_days=product.days,
                valid_from=at.tenant.created_at.date(),
            )
        )

    def _hire(
        self,
        at: Organisation,
        role: str,
        account: Account | None = None,
        *,
        handle: str = "",
        limited_to_desks: bool = False,
    ) -> Membership:
        """Someone new, or someone who has an account already."""
        since = in_office(self._luck, at.tenant.created_at.date() + timedelta(days=10))
        account = account or self._open_account(at, role, since, handle)
        member = Membership(
            id=id_at(self._luck, since),
            tenant_id=at.tenant.id,
            account_id=account.id,
            role=role,
            name=account.name,
            created_at=since,
            limited_to_desks=limited_to_desks,
        )
        self.batch.add(member)
        at.staff.append(member)
        return member

    def _open_account(
        self, at: Organisation, role: str, since: datetime, handle: str = ""
    ) -> Account:
        person = invent(self._person, self._today.year, birthplaces(at.town))
        self._person += 1
        # A number in the address spares remembering which are taken.
        anybody = f"{person.handle}{self._person % PEOPLE}"
        handle = handle or self._handles.pop((at.slug, role), anybody)
        account = Account(
            id=id_at(self._luck, since),
            email=f"{handle}@{at.slug}.example.org",
            name=person.name,
            locale="it",
            created_at=since,
        )
        self.batch.add(account)
        if role == "admin":
            self.batch.add(SecondFactor(account.id, account.id, since, since))
        self.accounts[account.id] = account
        return account

    def _hire_second_operators(self, hosts: list[Organisation], desks: list[Desk]) -> None:
        """At the largest towns' desks. Their membership is limited to the desk."""
        largest = sorted(range(len(hosts)), key=lambda n: (-hosts[n].town.population, n))
        for number in largest[: OPERATORS - len(hosts)]:
            second = self._hire(hosts[number], "operator", limited_to_desks=True)
            limit = id_at(self._luck, second.created_at)
            self.batch.add(MembershipDesk(limit, second.tenant_id, second.id, desks[number].id))

    def _share_a_person(self, hosts: list[Organisation], tutors: list[Organisation]) -> None:
        at, also_at = TWO_MEMBERSHIPS
        suffix = f"-{self._copy + 1}" if self._copy else ""
        host = next(host for host in hosts if host.slug == at + suffix)
        tutor = next(tutor for tutor in tutors if tutor.slug == also_at + suffix)
        account = self.accounts[host.members("operator")[0].account_id]
        self._hire(tutor, "operator", account)

    def _days_ago(self, least: int, most: int) -> datetime:
        return in_office(self._luck, self._today - timedelta(days=self._luck.randint(least, most)))

    def _phone(self) -> str:
        # No Italian number begins with 000: nobody is ever called by mistake.
        return f"+39 000 {self._luck.randrange(10**7):07}"
