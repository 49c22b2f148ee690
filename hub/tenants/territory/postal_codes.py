"""Which postal codes can be a municipality's."""

from collections.abc import Sequence
from dataclasses import dataclass

from hub.web.i18n import N_

ELSEWHERE = N_("This postal code is not of this province: %(place)s has %(codes)s.")
_MOST_TOLD = 5


@dataclass(frozen=True, slots=True)
class PostalCodes:
    """`own` are those that the list has for a municipality, sorted; `beginnings` how any in its province begins.

    Villages have codes that the list knows of a neighbour only, or not at all: what is sure is the first two digits.
    """

    own: Sequence[str]
    beginnings: frozenset[str]

    def can_have(self, code: str) -> bool:
        return not self.own or code in self.own or beginning(code) in self.beginnings

    @property
    def told(self) -> str:
        if len(self.own) <= _MOST_TOLD:
            return ", ".join(self.own)
        return f"{self.own[0]}–{self.own[-1]}"


def beginning(code: str) -> str:
    return code[:2]
