"""Who applies in the demo network, and what they write: real kinds of administration, invented people and codes."""

import json
from collections.abc import Sequence
from functools import cache
from random import Random
from typing import NamedTuple

import msgspec

from hub.seed.call_texts import REQUIRED_FILES
from hub.seed.codes import fiscal_code_of
from hub.seed.desk_texts import OPENING_HOURS, STREETS
from hub.seed.hosts import HostPlan, plan_of
from hub.seed.papers import sheet
from hub.seed.people import invent
from hub.seed.places import birthplaces, towns
from hub.tenants.calls.applications.asking import BASES_OF_KIND
from hub.tenants.calls.applications.schemas import (
    DECLARATIONS,
    Contacts,
    Content,
    Organisation,
    ProposedDesk,
)
from hub.tenants.territory.build_data import Municipality

# Invented people's numbers from here on are nobody else's: see `organisations.PEOPLE`.
FIRST_PERSON = 2600
ROLES = ("dirigente", "segretario generale", "responsabile dei servizi per il lavoro")
_IPA_PREFIX = {"province": "p_", "chamber": "cciaa_", "university": "univ_"}


class Applicant(NamedTuple):
    """An administration with the desks it proposes, and the person who signs for it."""

    plan: HostPlan
    content: Content

    @property
    def email(self) -> str:
        return f"bandi@{self.plan.slug}.example.org"


def in_capital(kind: str, province: str) -> HostPlan:
    """An administration in the largest town of a province."""
    return plan_of(kind, _largest(province))


def in_towns(region: str, taken: set[str]) -> list[HostPlan]:
    """Municipalities of a region, the largest first, besides those of these slugs."""
    plans = [plan_of("municipality", town) for town in towns()[region][:80]]
    return [plan for plan in plans if plan.slug not in taken]


def apply_as(plan: HostPlan, number: int, year: int, desk: ProposedDesk | None = None) -> Applicant:
    """The `number`th applicant of all. `desk` is the one it has already, if it has one."""
    luck = Random(f"applicant {number}")  # noqa: S311 - not for secrets; it must repeat itself
    person = invent(FIRST_PERSON + number, year, birthplaces(plan.town))
    town = plan.town
    street = f"{luck.choice(STREETS)}, {luck.randrange(1, 120)}"
    content = Content(
        organisation=Organisation(
            name=plan.name,
            kind=plan.kind,
            fiscal_code=fiscal_code_of(plan.slug),
            ipa_code=_ipa_code(plan),
            municipality_code=town.istat_code,
            region_code=town.region_code,
            address=street,
            legal_basis=BASES_OF_KIND[plan.kind][0],
        ),
        desks=(desk or _desk(luck, town, street),),
        contacts=Contacts(
            person_name=person.name,
            person_role=luck.choice(ROLES),
            # No Italian number begins with 000: nobody is ever called by mistake.
            phone=f"+39000{luck.randrange(10**7):07}",
            email=f"{person.handle}@{plan.slug}.example.org",
            certified_email=f"protocollo@pec.{plan.slug}.example.org",
        ),
        declarations=tuple(DECLARATIONS),
    )
    return Applicant(plan, content)


def answers_of(content: Content, steps: Sequence[str]) -> str:
    """What was typed in these steps, as the forms keep it."""
    places = _places()

    def placed(fields: dict[str, object], suffix: str = "") -> dict[str, list[str]]:
        town = places[str(fields["municipality_code"])]
        fields = fields | {"municipality": f"{town.name} ({town.province_code})"}
        return {f"{name}{suffix}": [str(value)] for name, value in fields.items()}

    organisation = msgspec.structs.asdict(content.organisation)
    del organisation["region_code"]
    typed = {
        "organisation": placed(organisation),
        "desks": {"_count": [str(len(content.desks))]},
        "contacts": {
            name: [value] for name, value in msgspec.structs.asdict(content.contacts).items()
        },
        "declarations": {"declarations": list(content.declarations)},
    }
    for number, desk in enumerate(content.desks, 1):
        typed["desks"] |= placed(msgspec.structs.asdict(desk), f"_{number}")
    return json.dumps({step: typed[step] for step in steps})


def candidacy(applicant: Applicant) -> bytes:
    contacts = applicant.content.contacts
    return sheet(
        REQUIRED_FILES[0][1],
        (
            f"{applicant.plan.name} si candida a ospitare uno sportello della rete MICRO-WORK.",
            f"Referente: {contacts.person_name}, {contacts.person_role}.",
        ),
    )


def _desk(luck: Random, town: Municipality, street: str) -> ProposedDesk:
    return ProposedDesk(
        name=f"Sportello di {town.name}",
        municipality_code=town.istat_code,
        address=street,
        opening_hours=luck.choice(OPENING_HOURS),
        staff=luck.randint(1, 3),
    )


@cache
def _places() -> dict[str, Municipality]:
    return {town.istat_code: town for rows in towns().values() for town in rows}


def _largest(province: str) -> Municipality:
    found = [
        town for rows in towns().values() for town in rows[:200] if town.province_code == province
    ]
    return found[0]


def _ipa_code(plan: HostPlan) -> str:
    if plan.kind in _IPA_PREFIX:
        return _IPA_PREFIX[plan.kind] + plan.town.province_code.lower()
    prefix = "c_" if plan.kind == "municipality" else "unione_"
    return prefix + plan.town.cadastral_code.lower()
