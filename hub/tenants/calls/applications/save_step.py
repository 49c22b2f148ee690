"""Keeping what was typed in a step: right or wrong, and never over what another window has written meanwhile."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from hub.db import TenantScope
from hub.tenants.calls.applications import queries
from hub.tenants.calls.applications.schemas import Application
from hub.tenants.calls.applications.steps import (
    COUNT,
    WRITER,
    Typed,
    desk_count,
    place_suffixes,
    read,
)
from hub.tenants.calls.schemas import Call
from hub.tenants.calls.terms import in_time
from hub.tenants.territory import naming
from hub.tenants.territory.queries import FoundMunicipality, municipalities_by_code
from hub.web.fields import Refused, single_line
from hub.web.forms import Form
from hub.web.i18n import gettext as _


@dataclass
class Saved:
    """`candidates` are what an ambiguous name may mean, by field. With a `conflict` nothing was kept."""

    form: Form[Any]
    count: int
    candidates: dict[str, Sequence[FoundMunicipality]] = field(default_factory=dict)
    conflict: bool = False


async def save_step(
    scope: TenantScope,
    application: Application,
    call: Call,
    step: str,
    sent: Typed,
    *,
    window: UUID,
    seen: str,
) -> Saved:
    """`application` is locked and a draft. `window` names the page that was typed in, `seen` who had written before it.

    Raises TermOver and NotOpenYet.
    """
    stored = application.answers.get(step, {})
    saved = await settle(scope, call, step, sent, stored)
    kept = _to_keep(saved)
    writer = (stored.get(WRITER) or [""])[0]
    if kept == {name: texts for name, texts in stored.items() if name != WRITER}:
        return saved
    if writer not in (seen, str(window)):
        saved.conflict = True
        return saved
    async with in_time():
        await queries.save_answers(
            scope, application.id, step, kept | {WRITER: [str(window)]}, application.version
        )
    return saved


async def settle(scope: TenantScope, call: Call, step: str, sent: Typed, stored: Typed) -> Saved:
    """The step's form, with the code of each municipality whose name says which one is meant."""
    typed = dict(sent)
    found: dict[str, Sequence[FoundMunicipality]] = {}
    places: dict[str, FoundMunicipality] = {}
    known = await municipalities_by_code(
        scope, {code for suffix in place_suffixes(step, typed) for code in _code(stored, suffix)}
    )
    for suffix in place_suffixes(step, typed):
        name = _line(sent, f"municipality{suffix}")
        if not name:
            typed.pop(f"municipality_code{suffix}", None)
            continue
        place = next((known[code] for code in _code(stored, suffix) if code in known), None)
        if place is None or naming.label_of(place) != name:
            resolved = await naming.resolve(scope, name, "".join(_code(sent, suffix)))
            place, found[suffix] = resolved.one, resolved.candidates
        typed[f"municipality_code{suffix}"] = [place.istat_code] if place else []
        if place:
            places[place.istat_code] = place
    saved = Saved(read(step, call, typed, places), desk_count(typed))
    for suffix, candidates in found.items():
        _explain(saved, f"municipality{suffix}", typed[f"municipality_code{suffix}"], candidates)
    return saved


def _explain(
    saved: Saved, name: str, code: list[str], candidates: Sequence[FoundMunicipality]
) -> None:
    if code or name not in saved.form.errors:
        return
    several = _("Several municipalities begin like this: choose one of them.")
    none = _("No municipality begins like this. Please check the name.")
    saved.form.errors[name] = several if candidates else none
    saved.candidates[name] = candidates


def _to_keep(saved: Saved) -> Typed:
    kept = {name: texts for name, texts in saved.form.values.items() if any(texts)}
    return kept | ({COUNT: [str(saved.count)]} if saved.count > 1 else {})


def _code(typed: Typed, suffix: str) -> list[str]:
    return [text for text in typed.get(f"municipality_code{suffix}", [])[:1] if text]


def _line(typed: Typed, name: str) -> str:
    """As a text field would read it; nothing where it would refuse it."""
    try:
        return single_line((typed.get(name) or [""])[0])[:120]
    except Refused:
        return ""
