"""Who takes part: known sign-ins of the demo network, and citizens it does not know yet."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from hub import clock
from hub.seed.people import Person, invent

OPERATOR = "operatore@comune-napoli.example.org"
HOST_ADMIN = "responsabile@comune-napoli.example.org"
LENDER = "istruttoria@microfinanza-mediterranea.example.org"
LENDER_NAME = "Microfinanza Mediterranea"
OTHER_LENDER_NAME = "Confidi Impresa Sud"
EDITOR = "editor@ente.example.org"
ENTE_ADMIN = "admin@ente.example.org"
ENTE_SECOND_ADMIN = "approvazione@ente.example.org"
ENTE_OPERATOR = "bandi@ente.example.org"
# The second has work to do in the demo network's call that is being evaluated.
EVALUATORS = ("commissione1@ente.example.org", "commissione3@ente.example.org")
TWO_ORGANISATIONS = "consulente@camera-bari.example.org"

NAPLES = "F839"
# Far above those whom the demo network has.
_numbers: Iterator[int] = itertools.count(90_000_001)


def somebody() -> Person:
    """Another citizen each time."""
    return invent(next(_numbers), clock.today().year, (NAPLES,))
