"""What a desk does for citizens, by code: `desks.offers` holds codes, pages show their names."""

from collections.abc import Iterable

from hub.web.i18n import N_

OFFERS = {
    "information": N_("Information on microcredit"),
    "loan_application": N_("Help with applying for a loan"),
    "business_plan": N_("Help with the business plan"),
    "household_budget": N_("Help with the household budget"),
    "training": N_("Training courses"),
    "tutoring": N_("Tutoring of new businesses"),
    "guarantees": N_("Help with the Guarantee Fund"),
    "debt_advice": N_("Advice on debts"),
}


def in_order(codes: Iterable[str]) -> list[str]:
    """Those that are known, in the order in which they are named."""
    wanted = set(codes)
    return [code for code in OFFERS if code in wanted]
