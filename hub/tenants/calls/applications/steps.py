"""The steps of an application: what was typed in each, what is still missing, and the whole once nothing is.

What was typed is kept as it was typed, right or wrong, in `applications.answers`; here it is read anew each time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import msgspec

from hub.tenants.calls.applications.asking import (
    BASES_OF_KIND,
    MOST_DESKS,
    Declare,
    DescribeDesk,
    DescribeOrganisation,
    GiveContacts,
    desks,
)
from hub.tenants.calls.applications.schemas import (
    DECLARATIONS,
    LEGAL_BASES,
    Attached,
    Contacts,
    Content,
    Organisation,
    ProposedDesk,
)
from hub.tenants.calls.schemas import HOST_KINDS, Call
from hub.tenants.territory import naming
from hub.tenants.territory.queries import FoundMunicipality
from hub.web.forms import Form, Pairs, filled
from hub.web.i18n import N_
from hub.web.i18n import gettext as _

STEPS = {
    "organisation": N_("Organisation"),
    "desks": N_("Proposed desks"),
    "contacts": N_("Contacts"),
    "attachments": N_("Attachments"),
    "declarations": N_("Declarations"),
    "summary": N_("Summary"),
}
FORM_STEPS = ("organisation", "desks", "contacts", "declarations")
# Kept beside what was typed: how many desks are proposed, and which window wrote it.
COUNT, WRITER = "_count", "_by"

Typed = dict[str, list[str]]
Places = Mapping[str, FoundMunicipality]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something to complete; `anchor` is the HTML id of where."""

    step: str
    anchor: str
    label: str
    message: str


@dataclass(frozen=True, slots=True)
class StepState:
    """`state` is complete, begun or empty."""

    name: str
    title: str
    state: str


@dataclass
class Prepared:
    """All that is prepared so far. `places` are the municipalities by the codes in it."""

    call: Call
    answers: Mapping[str, Typed]
    files: Sequence[Attached]
    places: Places
    forms: dict[str, Form[Any]] = field(init=False)

    def __post_init__(self) -> None:
        self.forms = {
            step: read(step, self.call, self.answers.get(step, {}), self.places)
            for step in FORM_STEPS
        }

    @property
    def desk_count(self) -> int:
        return desk_count(self.answers.get("desks", {}))

    def file_of(self, kind: str) -> Attached | None:
        found = (file for file in self.files if file.kind == kind and file.completion_id is None)
        return next(found, None)

    def problems(self, step: str | None = None) -> list[Problem]:
        """Of a step, or of all in their order."""
        if step is None:
            return [problem for each in STEPS for problem in self.problems(each)]
        if step == "attachments":
            return [
                Problem(step, f"file-{asked.code}", asked.label, _("Attach this file."))
                for asked in self.call.required_files
                if asked.required and self.file_of(asked.code) is None
            ]
        return problems_in(step, self.forms[step]) if step in self.forms else []

    def states(self) -> list[StepState]:
        complete = {step: not self.problems(step) for step in STEPS}
        complete["summary"] = False
        begun = {*self.answers} | ({"attachments"} if self.files else set())
        return [
            StepState(
                step,
                _(title),
                "complete" if complete[step] else "begun" if step in begun else "empty",
            )
            for step, title in STEPS.items()
        ]

    def first_to_complete(self) -> str:
        return next((state.name for state in self.states() if state.state != "complete"), "summary")

    def content(self) -> Content | None:
        """What would be submitted, without its files; None while something is to be completed."""
        if self.problems():
            return None
        asked = cast("DescribeOrganisation", self.forms["organisation"].data)
        proposed = tuple(
            ProposedDesk(
                name=desk.name,
                municipality_code=desk.municipality_code or "",
                address=desk.address,
                opening_hours=desk.opening_hours,
                staff=desk.staff,
            )
            for desk in self._desks()
        )
        contacts = cast("GiveContacts", self.forms["contacts"].data)
        return Content(
            organisation=Organisation(
                name=asked.name,
                kind=asked.kind,
                fiscal_code=asked.fiscal_code,
                ipa_code=asked.ipa_code,
                municipality_code=asked.municipality_code or "",
                region_code=self._region(asked.municipality_code or "", proposed),
                address=asked.address,
                legal_basis=asked.legal_basis,
            ),
            desks=proposed,
            contacts=Contacts(
                person_name=contacts.person_name,
                person_role=contacts.person_role,
                phone=contacts.phone,
                email=contacts.email,
                certified_email=contacts.certified_email or "",
            ),
            declarations=tuple(DECLARATIONS),
        )

    def _desks(self) -> list[DescribeDesk]:
        data = msgspec.structs.asdict(cast("msgspec.Struct", self.forms["desks"].data))
        names = [info.name for info in msgspec.structs.fields(DescribeDesk)]
        return [
            DescribeDesk(**{name: data[f"{name}_{number}"] for name in names})
            for number in range(1, self.desk_count + 1)
        ]

    def _region(self, seat: str, proposed: Sequence[ProposedDesk]) -> str:
        """In whose ranking it comes: its seat's, where the call is for that; otherwise its first desk's."""
        regions = [self.places[code].region_code for code in (seat, proposed[0].municipality_code)]
        return next((region for region in regions if region in self.call.regions), regions[0])


def read(step: str, call: Call, typed: Typed, places: Places) -> Form[Any]:
    """A step's form with what was typed, and all that is wrong with it."""
    if step == "organisation":
        form: Form[Any] = filled(
            DescribeOrganisation, typed, choices=_organisation_choices(call, typed)
        )
        _check_basis(form)
    elif step == "desks":
        form = filled(desks(desk_count(typed)), typed)
    elif step == "contacts":
        form = filled(GiveContacts, typed)
    else:
        form = filled(Declare, typed)
        _check_declarations(form)
    for suffix in place_suffixes(step, typed):
        _check_place(form, suffix, places, call.regions if step == "desks" else ())
    return form


def desk_count(typed: Typed) -> int:
    """As many as the form showed, between one and MOST_DESKS."""
    count = (typed.get(COUNT) or ["1"])[0]
    return min(max(int(count), 1), MOST_DESKS) if count.isascii() and count.isdigit() else 1


def place_suffixes(step: str, typed: Typed) -> list[str]:
    """What ends the names of a step's municipality fields, one for each."""
    if step == "organisation":
        return [""]
    return [f"_{number}" for number in range(1, desk_count(typed) + 1)] if step == "desks" else []


def problems_in(step: str, form: Form[Any]) -> list[Problem]:
    return [
        Problem(step, form.id(name), _label(step, name, label), message)
        for name, label, message in form.error_list
    ] + [Problem(step, "content", _(STEPS[step]), text) for text in form.problems]


def without_empty(form: Form[Any]) -> None:
    """Say nothing yet of what is not filled in: the person has only just come here."""
    form.errors = {
        name: message for name, message in form.errors.items() if any(form.values.get(name, []))
    }


def _label(step: str, name: str, label: str) -> str:
    if step != "desks":
        return label
    return _("Desk %(number)s, %(label)s", number=name.rpartition("_")[2], label=label.lower())


def _organisation_choices(call: Call, typed: Typed) -> dict[str, Pairs]:
    kind = (typed.get("kind") or [""])[0]
    bases = BASES_OF_KIND.get(kind, tuple(LEGAL_BASES))
    return {
        "kind": [(kind, _(label)) for kind, label in HOST_KINDS.items() if kind in call.host_kinds],
        "legal_basis": [(basis, _(LEGAL_BASES[basis])) for basis in bases],
    }


def _check_basis(form: Form[Any]) -> None:
    basis = form.value("legal_basis")
    if basis in LEGAL_BASES and "legal_basis" in form.errors:
        form.errors["legal_basis"] = _("This is not the ground of administrations of this kind.")


def _check_declarations(form: Form[Any]) -> None:
    if form.data is not None and set(form.data.declarations) != set(DECLARATIONS):
        form.refuse("declarations", _("All of these declarations are needed."))


def _check_place(form: Form[Any], suffix: str, places: Places, regions: Sequence[str]) -> None:
    name = f"municipality{suffix}"
    if name in form.errors:
        return
    place = places.get(form.value(f"municipality_code{suffix}"))
    if place is None:
        form.refuse(name, _("Choose which municipality is meant: its name and province."))
        return
    form.values[name] = [naming.label_of(place)]
    if regions and place.region_code not in regions:
        form.refuse(name, _("This municipality is not in the regions of the call."))
