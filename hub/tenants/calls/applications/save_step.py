"""Keeping what was typed in a step: right or wrong, and never over what another window has written meanwhile."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import msgspec

from hub.db import TenantScope
from hub.errors import Conflict
from hub.tenants.calls.applications import queries
from hub.tenants.calls.applications.room import Room
from hub.tenants.calls.applications.steps import (
    COUNT,
    WRITER,
    Typed,
    desk_count,
    place_suffixes,
    read,
)
from hub.tenants.calls.terms import in_time
from hub.tenants.territory import naming
from hub.tenants.territory.queries import FoundMunicipality
from hub.web.fields import Refused, single_line
from hub.web.forms import Form
from hub.web.i18n import gettext as _


@dataclass
class Saved:
    """`candidates` are what an ambiguous name may mean, by field. With a `conflict` nothing was kept."""

    form: Form[Any]
    count: int
    candidates: dict[str, Sequence[FoundMunicipality]] = field(default_factory=dict)
    places: dict[str, FoundMunicipality] = field(default_factory=dict)
    conflict: bool = False


async def save_step(
    scope: TenantScope, room: Room, step: str, sent: Typed, *, window: UUID, seen: str, quiet: bool
) -> Saved:
    """The application is locked and a draft. `window` names the page that was typed in, `seen` who had written before it.

    `quiet`: the page saved by itself. What it sends so may arrive after the button was pressed, and is no longer taken.
    Raises TermOver and NotOpenYet.
    """
    application = room.application
    stored = application.answers.get(step, {})
    saved = await settle(scope, room, step, sent)
    kept = _to_keep(saved)
    is_known = kept == {name: texts for name, texts in stored.items() if name != WRITER}
    is_over_others = writer_of(stored) not in (seen, str(window))
    if is_known and (quiet or is_over_others or not room.is_open):
        return saved
    if is_over_others:
        saved.conflict = True
        return saved
    kept[WRITER] = [str(window if quiet else uuid4())]
    async with in_time():
        version = await queries.save_answers(scope, application.id, step, kept, application.version)
    if version is None:  # Not while it is locked.
        raise Conflict
    answers = {**application.answers, step: kept}
    room.take(msgspec.structs.replace(application, answers=answers, version=version), saved.places)
    return saved


async def settle(scope: TenantScope, room: Room, step: str, sent: Typed) -> Saved:
    """The step's form, with the code of each municipality whose name says which one is meant."""
    typed, stored = dict(sent), room.application.answers.get(step, {})
    found: dict[str, Sequence[FoundMunicipality]] = {}
    places: dict[str, FoundMunicipality] = {}
    for suffix in place_suffixes(step, typed):
        name, code = _line(sent, f"municipality{suffix}"), f"municipality_code{suffix}"
        if not name:
            typed.pop(code, None)
            continue
        # What is stored under the name that was typed need not be looked for.
        place = room.prepared.places.get("".join(stored.get(code, [])))
        if place is None or naming.label_of(place) != name:
            resolved = await naming.resolve(scope, name, "".join(sent.get(code, [])))
            near = [one for one in resolved.candidates if one.region_code in room.call.regions]
            place, found[f"municipality{suffix}"] = resolved.one, near or resolved.candidates
        typed[code] = [place.istat_code] if place else []
        if place:
            places[place.istat_code] = place
    saved = Saved(read(step, room.call, typed, places), desk_count(typed), places=places)
    for name, candidates in found.items():
        if not typed[name.replace("municipality", "municipality_code")]:
            _explain(saved, name, candidates)
    return saved


def _explain(saved: Saved, name: str, candidates: Sequence[FoundMunicipality]) -> None:
    several = _("Several municipalities begin like this: choose one of them.")
    none = _("No municipality begins like this. Please check the name.")
    saved.form.errors[name] = several if candidates else none
    saved.candidates[name] = candidates


def writer_of(typed: Typed) -> str:
    """Who wrote a step last: a window that saves by itself, or one press of a button; or nothing."""
    return (typed.get(WRITER) or [""])[0]


def _to_keep(saved: Saved) -> Typed:
    kept = {name: texts for name, texts in saved.form.values.items() if any(texts)}
    return kept | ({COUNT: [str(saved.count)]} if saved.count > 1 else {})


def _line(typed: Typed, name: str) -> str:
    """As a text field would read it; nothing where it would refuse it."""
    try:
        return single_line((typed.get(name) or [""])[0])[:120]
    except Refused:
        return ""
