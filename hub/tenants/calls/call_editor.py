"""The call's form with the rows that the page holds, and what its buttons do.

`files` names the rows of what is to be attached, `criteria` those of the criteria; `file_1_label` and its like are
what is in them. Adding, moving and removing are submit buttons: they give the same form back, rearranged, and save
nothing.
"""

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from litestar import Request

from hub.tenants.calls.call_fields import (
    FIRST_POINTS,
    CallFields,
    CallForm,
    asked_for,
    name_of,
    place_of,
)
from hub.tenants.calls.schemas import Call, CallDraft, CriterionDraft, RequiredFile
from hub.web.forms import Form, Pairs, blank, pairs_in, read_form
from hub.web.i18n import gettext as _

PREFIX = "call"
MOST_ROWS = 30
BUTTONS = ("save", "preview")

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
            Row(f"{kind}_{number}", number, [name_of(kind, number, part) for part in _PARTS[kind]])
            for number in range(1, len(self.codes[kind]) + 1)
        ]

    @property
    def weights(self) -> int:
        """What they make so far, also while one of them is not valid yet."""
        return sum_of_weights(
            self.form.value(name_of("criterion", number, "weight"))
            for number in range(1, len(self.codes["criterion"]) + 1)
        )


def sum_of_weights(typed: Any) -> int:
    return sum(int(text) for text in typed if re.fullmatch("[0-9]{1,3}", text))


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
            values |= {name_of(kind, number, part): getattr(row, part) for part in _PARTS[kind]}
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
        name, weight = (name_of("criterion", number, part) for part in ("name", "weight"))
        if form.value(name) and not form.value(weight):
            form.refuse(weight, _("Say how much of 100 it counts."))
        elif form.value(name_of("criterion", number, "description")) and not form.value(name):
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
            kept[name_of(kind, new, part)] = values.get(name_of(kind, old, part), [])
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
        return {name_of(kind, number, "required"): ["yes"]}
    rest = max(100 - editing.weights, 0)
    return {
        name_of(kind, number, "max_points"): [str(FIRST_POINTS)],
        name_of(kind, number, "weight"): [str(rest)] if rest else [],
    }


def draft_of(data: CallFields, editing: Editing) -> CallDraft:
    """What a form without errors says. Rows without a name are left out."""

    def of(kind: str, number: int) -> dict[str, Any]:
        return {part: getattr(data, name_of(kind, number, part)) for part in _PARTS[kind]}

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
