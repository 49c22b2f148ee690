"""The call's form: a struct made for the regions that there are, and for the rows that the page holds.

`files` names the rows of what is to be attached, `criteria` those of the criteria; `file_1_label` and its like are
what is in them. Adding, moving and removing are submit buttons: they give the same form back, rearranged, and save
nothing.
"""

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, cast

import msgspec
from litestar import Request

from hub.tenants.calls.schemas import (
    HOST_KINDS,
    Call,
    CallDraft,
    CriterionDraft,
    RequiredFile,
)
from hub.web.fields import Checkbox, Choices, Integer, LocalMoment, Refused, Text, Textarea
from hub.web.forms import Form, Pairs, blank, pairs_in, read_form
from hub.web.i18n import N_
from hub.web.i18n import gettext as _

PREFIX = "call"
MOST_ROWS = 30
MOST_PLACES = 10_000
FIRST_POINTS = 10
BUTTONS = ("save", "preview")

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_CODE = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_ARRANGE = re.compile(r"(?:(add):(file|criterion)|(up|down|remove):(file|criterion)_([0-9]{1,2}))")
# What an answer to a request for completion is filed under.
_TAKEN_CODES = {"completion"}
_PARTS = {
    "file": ("label", "required"),
    "criterion": ("name", "description", "max_points", "weight"),
}
_FIRST_CRITERION = {"criterion_1_max_points": FIRST_POINTS}
_AS_THEY_STAND = (
    "title",
    "slug",
    "text",
    "regions",
    "host_kinds",
    "minimum_points",
    "difference_limit",
    "opens_at",
    "closes_at",
    "version",
)
_ROWS_FIELD = {"file": "files", "criterion": "criteria"}


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


@dataclass(frozen=True)
class Row:
    """Something to attach, or a criterion, on the page."""

    id: str
    number: int
    names: Sequence[str]


@dataclass(frozen=True)
class Editing:
    """The form with what a page needs beside it. `codes` are of its rows, by their kind."""

    form: CallForm
    regions: Pairs
    codes: Mapping[str, Sequence[str]]
    do: str = "save"
    focus: str = ""
    """The row that an action leads to."""

    def rows(self, kind: str) -> list[Row]:
        return [
            Row(f"{kind}_{number}", number, [_name(kind, number, part) for part in _PARTS[kind]])
            for number in range(1, len(self.codes[kind]) + 1)
        ]

    @property
    def weights(self) -> int:
        """What they make so far, also while one of them is not valid yet."""
        return sum_of_weights(
            self.form.value(_name("criterion", number, "weight"))
            for number in range(1, len(self.codes["criterion"]) + 1)
        )


def sum_of_weights(typed: Any) -> int:
    return sum(int(text) for text in typed if re.fullmatch("[0-9]{1,3}", text))


def asked_for(regions: Pairs, codes: Mapping[str, Sequence[str]]) -> type[CallFields]:
    """A struct for these rows; their labels are in the reader's language, since they are numbered."""
    fields: list[Any] = [(place_of(code), _places(name), 0) for code, name in regions]
    for number in range(1, len(codes["file"]) + 1):
        fields += [
            (_name("file", number, "label"), _text(_("%(number)s. What it is", number=number)), ""),
            (_name("file", number, "required"), _tick(number), False),
        ]
    for number in range(1, len(codes["criterion"]) + 1):
        fields += [
            (_name("criterion", number, "name"), _text(f"{number}. {_('Criterion')}"), ""),
            (_name("criterion", number, "description"), _remark(number), ""),
            (_name("criterion", number, "max_points"), _most_points(number), FIRST_POINTS),
            (_name("criterion", number, "weight"), _weight(number), 0),
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


def _name(kind: str, number: int, part: str) -> str:
    return f"{kind}_{number}_{part}"


def new_editing(regions: Pairs) -> Editing:
    codes = {"file": (), "criterion": ("1",)}
    values = {"minimum_points": 60, "difference_limit": 20, "version": 0}
    form = _blank(regions, codes, {**values, **_FIRST_CRITERION})
    return Editing(form, regions, codes)


def editing_of(call: Call, regions: Pairs) -> Editing:
    codes = {
        "file": tuple(one.code for one in call.required_files),
        "criterion": tuple(str(number) for number in range(1, max(len(call.criteria), 1) + 1)),
    }
    values: dict[str, object] = {name: getattr(call, name) for name in _AS_THEY_STAND}
    if not call.criteria:
        values |= _FIRST_CRITERION
    values |= {place_of(region): places for region, places in call.quotas.items()}
    for kind, rows in (("file", call.required_files), ("criterion", call.criteria)):
        for number, row in enumerate(rows, 1):
            values |= {_name(kind, number, part): getattr(row, part) for part in _PARTS[kind]}
    return Editing(_blank(regions, codes, values), regions, codes)


def _blank(
    regions: Pairs, codes: Mapping[str, Sequence[str]], values: Mapping[str, object]
) -> CallForm:
    form = blank(
        asked_for(regions, codes),
        choices={"regions": regions},
        prefix=PREFIX,
        files=",".join(codes["file"]),
        criteria=",".join(codes["criterion"]),
        **values,
    )
    return _as_draft(form)


def _as_draft(form: CallForm) -> CallForm:
    """The page says once that a draft may be incomplete; its fields need not say so again."""
    form.is_filter = True
    return form


async def read_editing(request: Request[Any, Any, Any], regions: Pairs) -> Editing:
    """The form as it was sent, with the button that sent it done: `do` is save, preview or arranged."""
    try:
        sent = pairs_in(await request.body())
    except ValueError:  # read_form says what is wrong
        sent = {}
    found = {kind: _codes_in(sent.get(name, [""])[0]) for kind, name in _ROWS_FIELD.items()}
    codes = {kind: those or () for kind, those in found.items()}
    form: CallForm = await read_form(
        request,
        asked_for(regions, codes),
        choices={"regions": regions},
        prefix=PREFIX,
        once=True,
    )
    _as_draft(form)
    do = sent.get("do", ["save"])[0]
    arrangement = _ARRANGE.fullmatch(do)
    if None in found.values() or not (arrangement or do in BUTTONS):
        form.refuse(None, _("The form has changed in the meantime. Please load the page again."))
        return Editing(form, regions, codes)
    if arrangement:
        add, added, verb, kind, number = arrangement.groups()
        return _arranged(
            Editing(form, regions, codes), added or kind, add or verb, int(number or 0)
        )
    _check(form, regions, codes)
    return Editing(form, regions, codes, do)


def _codes_in(text: str) -> tuple[str, ...] | None:
    codes = tuple(text.split(",")) if text else ()
    good = len(codes) <= MOST_ROWS and len(set(codes)) == len(codes)
    known = all(
        (_CODE.fullmatch(code) and code not in _TAKEN_CODES) or re.fullmatch("[0-9]{1,3}", code)
        for code in codes
    )
    return codes if good and known else None


def _check(form: CallForm, regions: Pairs, codes: Mapping[str, Sequence[str]]) -> None:
    """What one field cannot know alone. A draft may lack anything, but not contradict itself."""
    chosen = form.values.get("regions", [])
    for code, _region in regions:
        if form.value(place_of(code)) and str(code) not in chosen:
            form.refuse(
                place_of(code), _("Tick this region too, or leave its number of places empty.")
            )
    for number in range(1, len(codes["criterion"]) + 1):
        name, weight = (_name("criterion", number, part) for part in ("name", "weight"))
        if form.value(name) and not form.value(weight):
            form.refuse(weight, _("Say how much of 100 it counts."))
        elif form.value(_name("criterion", number, "description")) and not form.value(name):
            form.refuse(name, _("Give the criterion a name, or remove it."))
    data = form.data
    if data and data.opens_at and data.closes_at and data.closes_at <= data.opens_at:
        form.refuse("closes_at", _("It must close after it opens."))


def _arranged(editing: Editing, kind: str, verb: str, number: int) -> Editing:
    """The same texts in another order. Nothing is checked: people arrange while they write."""
    form, before = editing.form, editing.codes[kind]
    order = list(range(1, len(before) + 1))
    codes = dict(enumerate(before, 1))
    focus = 0
    values = dict(form.values)
    if verb == "add" and len(order) < MOST_ROWS:
        focus = len(order) + 1
        codes[focus] = _new_code(kind, before)
        order.append(focus)
        values |= _first_values(kind, focus, editing)
    elif number in order:
        place = order.index(number)
        order.pop(place)
        if verb != "remove":
            place = max(place - 1, 0) if verb == "up" else min(place + 1, len(order))
            order.insert(place, number)
        focus = min(place + 1, len(order))
    kept = {name: typed for name, typed in values.items() if not name.startswith(f"{kind}_")}
    for new, old in enumerate(order, 1):
        for part in _PARTS[kind]:
            kept[_name(kind, new, part)] = values.get(_name(kind, old, part), [])
    after = {**editing.codes, kind: tuple(codes[old] for old in order)}
    kept[_ROWS_FIELD[kind]] = [",".join(after[kind])]
    arranged: CallForm = Form(
        asked_for(editing.regions, after), form.choices, kept, key=form.key, prefix=form.prefix
    )
    return Editing(
        _as_draft(arranged), editing.regions, after, "arranged", f"{kind}_{focus}" if focus else ""
    )


def _new_code(kind: str, before: Sequence[str]) -> str:
    """Of something to attach, once and for all; of a criterion, to count by."""
    if kind == "file":
        return f"d{secrets.token_hex(4)}"
    return next(str(n) for n in range(1, MOST_ROWS + 2) if str(n) not in before)


def _first_values(kind: str, number: int, editing: Editing) -> dict[str, list[str]]:
    if kind == "file":
        return {_name(kind, number, "required"): ["yes"]}
    rest = max(100 - editing.weights, 0)
    return {
        _name(kind, number, "max_points"): [str(FIRST_POINTS)],
        _name(kind, number, "weight"): [str(rest)] if rest else [],
    }


def draft_of(data: CallFields, editing: Editing) -> CallDraft:
    """What a form without errors says. Rows without a name are left out."""

    def of(kind: str, number: int) -> dict[str, Any]:
        return {part: getattr(data, _name(kind, number, part)) for part in _PARTS[kind]}

    files = [(code, of("file", number)) for number, code in enumerate(editing.codes["file"], 1)]
    criteria = [of("criterion", n) for n in range(1, len(editing.codes["criterion"]) + 1)]
    places = {str(code): getattr(data, place_of(code)) for code, _region in editing.regions}
    return CallDraft(
        title=data.title,
        slug=data.slug,
        text=data.text,
        regions=tuple(data.regions),
        host_kinds=tuple(data.host_kinds),
        required_files=tuple(RequiredFile(code, **row) for code, row in files if row["label"]),
        criteria=tuple(CriterionDraft(**row) for row in criteria if row["name"]),
        quotas={code: number for code, number in places.items() if number},
        minimum_points=data.minimum_points,
        difference_limit=data.difference_limit,
        opens_at=data.opens_at,
        closes_at=data.closes_at,
    )
