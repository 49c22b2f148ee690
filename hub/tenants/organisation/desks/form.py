"""A desk's form: its choices, what is known already, and what no field can tell alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hub.db import TenantScope
from hub.tenants.organisation import hours
from hub.tenants.organisation.desks import queries
from hub.tenants.organisation.desks.schemas import (
    DAY_FIELDS,
    Desk,
    SaveDesk,
    kilometres,
    position_of,
)
from hub.tenants.organisation.desks.service import Entry
from hub.tenants.organisation.hours import Hours
from hub.tenants.organisation.postal_code import check_postal_code
from hub.tenants.territory import naming
from hub.tenants.territory.queries import FoundMunicipality
from hub.web.fields import Refused
from hub.web.formats import format_number
from hub.web.forms import Form, Pairs
from hub.web.i18n import gettext as _

# From the middle of a municipality to the far end of the widest one, Rome, with something to spare.
NEAR_KM = 40.0

Regions = Sequence[tuple[str, list[tuple[str, str]]]]


@dataclass(frozen=True, slots=True)
class Choices:
    regions: Regions

    @property
    def pairs(self) -> dict[str, Pairs]:
        return {"provinces": [pair for _region, pairs in self.regions for pair in pairs]}


async def choices(scope: TenantScope) -> Choices:
    return Choices(await queries.provinces_by_region(scope))


def known_of(desk: Desk) -> dict[str, Any]:
    """The form's fields as they are stored."""
    week = hours.from_json(desk.hours)
    position = None
    if desk.latitude is not None and desk.longitude is not None:
        position = f"{desk.latitude:.6f}".rstrip("0") + ", " + f"{desk.longitude:.6f}".rstrip("0")
    return {
        "version": desk.version,
        "name": desk.name,
        "municipality": f"{desk.municipality} ({desk.province_code})",
        "address": desk.address,
        "postal_code": desk.postal_code,
        "position": position,
        "phone": desk.phone,
        "email": desk.email,
        "hours_note": desk.hours_note,
        "how_to_reach": desk.how_to_reach,
        "offers": desk.offers,
        "provinces": desk.provinces,
        **{
            name: hours.typed_day(week, day)
            for name, day in zip(DAY_FIELDS, hours.WEEKDAYS, strict=True)
        },
    }


async def entry_of(
    scope: TenantScope, form: Form[SaveDesk], stored: Desk | None = None
) -> tuple[Entry | None, Sequence[FoundMunicipality]]:
    """The entry, if nothing is wrong with it; else perhaps the municipalities that its name may mean."""
    week = _week(form)
    place, candidates = await _place(scope, form)
    asked = form.data
    if place is not None:
        before = (stored.postal_code, stored.municipality_code) if stored else (None, None)
        await check_postal_code(scope, form, place.istat_code, place.name, before)
    if asked is None or place is None:
        return None, candidates
    _check_position(form, asked, place)
    if form.failed:
        return None, ()
    # Whoever names no province serves the one in which the desk stands.
    provinces = tuple(asked.provinces) or (place.province_code,)
    return Entry(asked, place, week, provinces), ()


async def _place(
    scope: TenantScope, form: Form[SaveDesk]
) -> tuple[FoundMunicipality | None, Sequence[FoundMunicipality]]:
    """Read from what was typed, whatever else is wrong: the municipality, or those that may be meant."""
    if "municipality" in form.errors:
        return None, ()
    typed = form.value("municipality")[:120]
    resolved = await naming.resolve(scope, typed, form.value("municipality_code"))
    if resolved.one is None:
        several = _("Several municipalities begin like this: choose one of them.")
        none = _("No municipality begins like this. Please check the name.")
        form.refuse("municipality", several if resolved.candidates else none)
        return None, resolved.candidates
    # Should the form come back for another reason, this need not be asked again.
    form.values["municipality"] = [naming.label_of(resolved.one)]
    return resolved.one, ()


def _week(form: Form[SaveDesk]) -> Hours:
    """Read from what was typed, so that every day is told at once."""
    spans: list[hours.Span] = []
    for name, day in zip(DAY_FIELDS, hours.WEEKDAYS, strict=True):
        try:
            spans += hours.parse_day(day, form.value(name))
        except Refused as refusal:
            form.refuse(name, str(refusal))
    return tuple(spans)


def _check_position(form: Form[SaveDesk], asked: SaveDesk, place: FoundMunicipality) -> None:
    if not asked.position:
        return
    away = kilometres(position_of(asked.position), (place.latitude, place.longitude))
    if away > NEAR_KM:
        form.refuse(
            "position",
            _(
                "This point is %(km)s km away from %(place)s. Check it, or leave it empty.",
                km=format_number(round(away)),
                place=place.name,
            ),
        )
