"""The fields of the call's form: those that every call has, and those of each region and of each row."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, cast

import msgspec

from hub.tenants.calls.schemas import HOST_KINDS
from hub.web.fields import Checkbox, Choices, Integer, LocalMoment, Refused, Text, Textarea
from hub.web.forms import Form, Pairs
from hub.web.i18n import N_
from hub.web.i18n import gettext as _

MOST_PLACES = 10_000
FIRST_POINTS = 10

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True)
class Slug(Text):
    max_length: int = 80

    def parse(self, text: str) -> object:
        if not _SLUG.fullmatch(text):
            raise Refused(_("Use small letters, digits and single hyphens between them."))
        return super().parse(text)


class CallFields(msgspec.Struct, kw_only=True):
    """What every call's form asks for; `asked_for` adds the places of each region, and the rows."""

    title: Annotated[str, Text(N_("Title"))]
    slug: Annotated[
        str,
        Slug(N_("Address"), N_("The last part of the public address. Empty: made of the title.")),
    ] = ""
    text: Annotated[str, Textarea(N_("Text of the call"), max_length=20_000)] = ""
    regions: Annotated[list[str], Choices(N_("Regions"))] = []
    host_kinds: Annotated[list[str], Choices(N_("Who may apply"), options=HOST_KINDS)] = []
    minimum_points: Annotated[
        int,
        Integer(
            N_("Fewest points to be admitted"),
            N_("Of 100. Whoever has fewer is excluded."),
            maximum=100,
        ),
    ] = 60
    difference_limit: Annotated[
        int,
        Integer(
            N_("Largest difference between two evaluators"),
            N_("In points of 100. Beyond it a third evaluator is asked."),
            minimum=1,
            maximum=100,
        ),
    ] = 20
    opens_at: Annotated[
        datetime | None, LocalMoment(N_("Opening"), N_("Day and time in Rome."))
    ] = None
    closes_at: Annotated[
        datetime | None,
        LocalMoment(
            N_("Closing"), N_("Day and time in Rome. From this instant on nothing comes in.")
        ),
    ] = None
    version: Annotated[int, Integer()] = 0
    files: Annotated[str, Text(max_length=2000)] = ""
    criteria: Annotated[str, Text(max_length=2000)] = ""
    do: Annotated[str, Text()] = "save"


CallForm = Form[CallFields]


def asked_for(regions: Pairs, codes: Mapping[str, Sequence[str]]) -> type[CallFields]:
    """A struct for these rows; their labels are in the reader's language, since they are numbered."""
    fields: list[Any] = [(place_of(code), _places(name), 0) for code, name in regions]
    for number in range(1, len(codes["file"]) + 1):
        fields += [
            (
                name_of("file", number, "label"),
                _text(_("%(number)s. What it is", number=number)),
                "",
            ),
            (name_of("file", number, "required"), _tick(number), False),
        ]
    for number in range(1, len(codes["criterion"]) + 1):
        fields += [
            (name_of("criterion", number, "name"), _text(f"{number}. {_('Criterion')}"), ""),
            (name_of("criterion", number, "description"), _remark(number), ""),
            (name_of("criterion", number, "max_points"), _most_points(number), FIRST_POINTS),
            (name_of("criterion", number, "weight"), _weight(number), 0),
        ]
    made = msgspec.defstruct("CallForm", fields, bases=(CallFields,), kw_only=True)
    return cast("type[CallFields]", made)


def place_of(region: object) -> str:
    return f"places_{region}"


def _places(region: str) -> Any:
    label = _("Places in %(region)s", region=region)
    return Annotated[int, Integer(label, minimum=1, maximum=MOST_PLACES)]


def _text(label: str) -> Any:
    return Annotated[str, Text(label)]


def _tick(number: int) -> Any:
    return Annotated[bool, Checkbox(_("%(number)s. Must be attached", number=number))]


def _remark(number: int) -> Any:
    label = _("%(number)s. What evaluators look at", number=number)
    return Annotated[str, Textarea(label, max_length=1000)]


def _most_points(number: int) -> Any:
    label = _("%(number)s. Points from 0 to", number=number)
    return Annotated[int, Integer(label, minimum=1, maximum=100)]


def _weight(number: int) -> Any:
    label = _("%(number)s. Weight, of 100", number=number)
    return Annotated[int, Integer(label, minimum=1, maximum=100)]


def name_of(kind: str, number: int, part: str) -> str:
    return f"{kind}_{number}_{part}"
