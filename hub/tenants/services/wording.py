"""What is offered, in the reader's words: the same on every page, and what changed from one version to the next."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from hub.tenants.services.schemas import (
    BENEFICIARIES,
    ENTERPRISE_LOAN,
    SOCIAL_LOAN,
    Offered,
    Stated,
)
from hub.web.formats import format_money, format_number
from hub.web.i18n import gettext as _
from hub.web.i18n import ngettext

# Art. 111 of the Consolidated Banking Act with DM 176/2014, as DM 211/2023 left it; in cents.
MOST_OF_ENTERPRISE = 75_000_00
MOST_OF_COMPANY = 100_000_00
MOST_OF_SOCIAL = 10_000_00


class Fact(NamedTuple):
    label: str
    text: str


class Difference(NamedTuple):
    """Either text is empty where nothing was said."""

    label: str
    before: str
    after: str


def facts_of(offered: Offered | Stated, regions: Mapping[str, str]) -> list[Fact]:
    """What is said of a service, except its name and kind. `regions` are all there are, by code."""
    facts = [
        Fact(_("Description"), offered.description),
        Fact(_("Territory"), territory(offered.regions, regions)),
        Fact(_("Amount"), amounts(offered.min_amount_cents, offered.max_amount_cents)),
        Fact(_("Who it is for"), for_whom(offered.beneficiaries)),
        Fact(_("Capacity"), capacity(offered.capacity)),
        Fact(_("Answer time"), answer_time(offered.answer_days)),
    ]
    return [fact for fact in facts if fact.text]


def differences(before: Offered, after: Offered, regions: Mapping[str, str]) -> list[Difference]:
    """In the order of the facts; empty where the two say the same."""
    old = dict([Fact(_("Name"), before.name), *facts_of(before, regions)])
    new = dict([Fact(_("Name"), after.name), *facts_of(after, regions)])
    labels = [*new, *(label for label in old if label not in new)]
    return [
        Difference(label, old.get(label, ""), new.get(label, ""))
        for label in labels
        if old.get(label) != new.get(label)
    ]


def territory(codes: Iterable[str], regions: Mapping[str, str]) -> str:
    wanted = set(codes)
    if wanted >= set(regions):
        return _("All of Italy")
    return ", ".join(sorted(name for code, name in regions.items() if code in wanted))


def amounts(smallest: int | None, largest: int | None) -> str:
    if smallest is None and largest is None:
        return ""
    if smallest is None:
        return _("up to %(most)s", most=format_money(largest))
    if largest is None:
        return _("from %(least)s", least=format_money(smallest))
    return _("from %(least)s to %(most)s", least=format_money(smallest), most=format_money(largest))


def for_whom(codes: Iterable[str]) -> str:
    wanted = set(codes)
    return ", ".join(_(label) for code, label in BENEFICIARIES.items() if code in wanted)


def capacity(cases: int | None) -> str:
    if cases is None:
        return ""
    number = format_number(cases)
    return ngettext(
        "%(number)s new case a month", "%(number)s new cases a month", cases, number=number
    )


def answer_time(days: int | None) -> str:
    if days is None:
        return ""
    return ngettext("within one working day", "within %(num)s working days", days)


def beyond_the_law(kind: str, largest: int | None) -> str:
    """A warning where a loan is larger than microcredit may be; empty where it is not. It forbids nothing."""
    if largest is None:
        return ""
    if kind == SOCIAL_LOAN and largest > MOST_OF_SOCIAL:
        return _(
            "Social microcredit ends at %(most)s (art. 111 of the Consolidated Banking Act, DM 176/2014): beyond it, this is an ordinary loan.",
            most=format_money(MOST_OF_SOCIAL),
        )
    if kind == ENTERPRISE_LOAN and largest > MOST_OF_COMPANY:
        return _(
            "Microcredit for a business ends at %(most)s, for limited companies at %(company)s (DM 176/2014 with DM 211/2023): beyond it, this is an ordinary loan.",
            most=format_money(MOST_OF_ENTERPRISE),
            company=format_money(MOST_OF_COMPANY),
        )
    if kind == ENTERPRISE_LOAN and largest > MOST_OF_ENTERPRISE:
        return _(
            "More than %(most)s is microcredit for limited companies only (DM 176/2014 with DM 211/2023).",
            most=format_money(MOST_OF_ENTERPRISE),
        )
    return ""
