"""The whole demo network as rows, without a database: the same for the same day, whatever the scale.

A scale of N is N copies of the network under one Ente, which holds its calls once; copy 0 is always the same. Copies come one after the other and
in parts, so that memory does not grow with N.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import date
from random import Random
from typing import NamedTuple

from hub.seed.boarding import Boarding
from hub.seed.calls import hold_calls
from hub.seed.chance import chance
from hub.seed.desks import Desks
from hub.seed.newsletter import Readers
from hub.seed.organisations import CITIZENS, PEOPLE, Founder, Network
from hub.seed.paths import PATHS, SECOND_PATHS, Path, shuffled
from hub.seed.rows import Batch

CASES = CITIZENS + sum(path.count for path in SECOND_PATHS)
FIRST_SERIAL = 10_000
# Desks whose citizens make one part.
DESKS_AT_ONCE = 10
# The first desk has a known sign-in, so there should be something to see.
CITIZENS_OF_FIRST_DESK = 60


class Part(NamedTuple):
    """Rows to be written together, what they are, and how many citizens are among them."""

    label: str
    batch: Batch
    citizens: int


def generate(today: date, scale: int = 1, first_serial: int = FIRST_SERIAL) -> Iterator[Part]:
    """Nothing is dated later than the day before `today`, besides terms that still run. Cases are numbered from `first_serial` on."""
    ente_founder = Founder(0, today)
    ente = ente_founder.found_ente()
    boarding = Boarding(ente_founder.batch, ente, today, chance("boarding"))
    boarding.write_templates()
    for copy in range(scale):
        founder = ente_founder if copy == 0 else Founder(copy, today)
        boarding.batch = founder.batch
        network = founder.found_network(boarding)
        if copy == 0:
            founder.hire_commission(ente)
        yield Part("organisations", founder.batch, 0)
        if copy == 0:
            yield Part("calls", hold_calls(ente, network, today), 0)
        readers = Readers(ente.tenant.id, today, chance("readers", copy))
        readers.add_network(network)
        readers.add_public(copy * PEOPLE + 2 * CITIZENS)
        yield Part("subscribers", readers.batch, 0)
        yield from _citizens(network, copy, today, first_serial + copy * CASES)


def _citizens(network: Network, copy: int, today: date, serial: int) -> Iterator[Part]:
    luck = chance("citizens", copy)
    paths = shuffled(luck, PATHS)
    desks = Desks(network, today, luck, shuffled(luck, SECOND_PATHS), serial)
    shares = _share_out(luck, len(network.desks))
    person = copy * PEOPLE
    for start in range(0, len(shares), DESKS_AT_ONCE):
        before = person
        for number, share in enumerate(shares[start : start + DESKS_AT_ONCE], start):
            mine: list[Path] = [paths.pop() for _ in range(share)]
            desks.write(network.hosts[number], network.desks[number], person, mine)
            person += share
        yield Part("citizens", desks.take(), person - before)


def _share_out(luck: Random, desks: int) -> list[int]:
    """How many citizens each desk has: at least two, some many."""
    weights = [luck.randint(2, 12) for _ in range(desks - 1)]
    rest = CITIZENS - CITIZENS_OF_FIRST_DESK - 2 * (desks - 1)
    drawn = Counter(luck.choices(range(desks - 1), weights, k=rest))
    return [CITIZENS_OF_FIRST_DESK, *(2 + drawn[number] for number in range(desks - 1))]
