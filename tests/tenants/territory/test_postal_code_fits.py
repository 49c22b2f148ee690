"""A postal code beside a municipality: refused only where the list can know better."""

from __future__ import annotations

import pytest

from hub.db import network_transaction
from hub.tenants.exchange import found
from hub.tenants.exchange.cells import BadCell
from hub.tenants.territory.postal_codes import PostalCodes
from hub.tenants.territory.queries import postal_codes_of
from tests.support.databases import Database

NAPLES, L_AQUILA = "063049", "066049"


@pytest.mark.parametrize(
    ("municipality", "code", "fits"),
    [
        (NAPLES, "80133", True),
        (NAPLES, "80100", True),  # The old code of the whole city.
        (NAPLES, "43121", False),
        (NAPLES, "00133", False),
        (L_AQUILA, "67016", True),  # Paganica, a village that the list does not have.
        (L_AQUILA, "02010", False),
    ],
)
async def test_form_and_import_know_the_same(
    db: Database, municipality: str, code: str, fits: bool
) -> None:
    async with network_transaction() as scope:
        known = await postal_codes_of(scope, municipality)
        places = await found.places(scope)
    assert known.can_have(code) is fits
    if fits:
        places.check_postal_code(code, municipality)
    else:
        with pytest.raises(BadCell, match=f"postal_code_elsewhere:[^:]+:{known.told}"):
            places.check_postal_code(code, municipality)


def test_few_are_told_each_and_many_from_first_to_last() -> None:
    few, many = ["43121", "43122"], [str(code) for code in range(80121, 80147)]
    assert PostalCodes(few, frozenset({"43"})).told == "43121, 43122"
    assert PostalCodes(many, frozenset({"80"})).told == "80121–80146"


def test_of_a_place_without_any_nothing_is_known() -> None:
    assert PostalCodes([], frozenset({"80"})).can_have("10121")
