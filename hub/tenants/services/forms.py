"""From the forms to what is stated, and back."""

from collections.abc import Collection, Mapping
from datetime import date

from hub.tenants.services.schemas import (
    LOANS,
    ChangeService,
    NewService,
    Offered,
    Stated,
)
from hub.tenants.services.standing import Service
from hub.web.forms import Form, Pairs, blank
from hub.web.i18n import gettext as _


def blank_new(kinds: Pairs, regions: Pairs, today: date, chosen: str = "") -> Form[NewService]:
    """`chosen` is a kind; where there is only one, it is that."""
    codes = [str(code) for code, _label in kinds]
    kind = chosen if chosen in codes else (codes[0] if len(codes) == 1 else None)
    choices = {"kind": kinds, "regions": regions}
    return blank(NewService, choices=choices, prefix="service", kind=kind, valid_from=today)


def filled_in(service: Service, regions: Pairs) -> Form[ChangeService]:
    """The form of a change, with what holds on the first day that can be changed."""
    day = service.earliest_change
    at = service.on(day) or service.shown
    return blank(
        ChangeService,
        choices={"regions": regions},
        prefix="service",
        valid_from=day,
        version=service.version,
        **_values(at, [str(code) for code, _name in regions]),
    )


def _values(at: Offered, all_regions: Collection[str]) -> dict[str, object]:
    everywhere = set(at.regions) >= set(all_regions)
    return {
        "name": at.name,
        "description": at.description,
        "everywhere": everywhere,
        "regions": [] if everywhere else at.regions,
        "min_amount": at.min_amount_cents,
        "max_amount": at.max_amount_cents,
        "beneficiaries": at.beneficiaries,
        "capacity": at.capacity,
        "answer_days": at.answer_days,
    }


def stated_in(
    form: Form[NewService] | Form[ChangeService], kind: str | None, regions: Mapping[str, str]
) -> Stated | None:
    """None where something is wrong; the form then says all of it at once. `kind`: None where it was not chosen."""
    _check(form, kind)
    data = form.data
    if data is None or kind is None:
        return None
    # In the order of the codes, so that the same choice is the same text.
    chosen = sorted(regions) if data.everywhere else sorted(set(data.regions))
    return Stated(
        kind=kind,
        name=data.name,
        description=data.description,
        regions=tuple(chosen),
        min_amount_cents=data.min_amount,
        max_amount_cents=data.max_amount,
        beneficiaries=tuple(sorted(set(data.beneficiaries))),
        capacity=data.capacity,
        answer_days=data.answer_days,
    )


def _check(form: Form[NewService] | Form[ChangeService], kind: str | None) -> None:
    typed = form.parsed
    least, most = typed.get("min_amount"), typed.get("max_amount")
    if not typed.get("everywhere") and not typed.get("regions"):
        form.refuse("regions", _("Tick at least one region, or all of Italy."))
    if kind not in (None, *LOANS) and (least is not None or most is not None):
        form.refuse("min_amount", _("Tutoring has no amounts: leave them empty."))
    elif least and most and least > most:
        form.refuse("max_amount", _("The largest amount is smaller than the smallest."))
    begins, ends = typed.get("valid_from"), typed.get("valid_to")
    if begins and ends and ends < begins:
        form.refuse("valid_to", _("It would end before it begins."))
