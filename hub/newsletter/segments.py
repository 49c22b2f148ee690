"""Whom a campaign is for: a tree of rules, compiled to SQL in which every value is a parameter.

A rule speaks of one subscription, that is, of one reason for which a person is in the network: "operators in
Campania" are operators *of an organisation in Campania*, not people who are operators somewhere and something else in
Campania. Whoever has at least one subscription that fits is in, once.
"""

from collections.abc import Sequence
from typing import Literal

import msgspec

from hub.web.i18n import N_

Audience = Literal[
    "desks", "operators", "administrators", "lenders", "tutors", "public", "microcredit_users"
]
Kind = Literal["coordinator", "host", "lender", "tutor"]

AUDIENCES: dict[Audience, str] = {
    "desks": N_("Desks"),
    "operators": N_("Operators"),
    "administrators": N_("Administrators"),
    "lenders": N_("Lenders"),
    "tutors": N_("Tutoring services"),
    "public": N_("Public"),
    "microcredit_users": N_("Microcredit users"),
}
KINDS: dict[Kind, str] = {
    "host": N_("Host administrations"),
    "lender": N_("Lenders"),
    "tutor": N_("Tutoring services"),
    "coordinator": N_("The Ente"),
}


class InAudience(msgspec.Struct, frozen=True, tag="audience", forbid_unknown_fields=True):
    any_of: tuple[Audience, ...]


class OfKind(msgspec.Struct, frozen=True, tag="kind", forbid_unknown_fields=True):
    """Of an organisation of one of these kinds; someone who stands for no organisation is of none."""

    any_of: tuple[Kind, ...]


class InRegion(msgspec.Struct, frozen=True, tag="region", forbid_unknown_fields=True):
    """ISTAT codes. The region is the desk's, else the seat of the organisation, else where the person lives."""

    any_of: tuple[str, ...]


class AllOf(msgspec.Struct, frozen=True, tag="all", forbid_unknown_fields=True):
    rules: "tuple[Rule, ...]"


Rule = InAudience | OfKind | InRegion | AllOf


class Choices(msgspec.Struct, frozen=True):
    """A segment as the editor's form asks for it: any of these, all three together; an empty one asks nothing."""

    audiences: tuple[Audience, ...] = ()
    kinds: tuple[Kind, ...] = ()
    regions: tuple[str, ...] = ()


def segment_of(choices: Choices) -> AllOf:
    """The audience is always asked: without one a segment is empty, so that forgetting it writes to nobody."""
    rules: list[Rule] = [InAudience(choices.audiences)]
    if choices.kinds:
        rules.append(OfKind(choices.kinds))
    if choices.regions:
        rules.append(InRegion(choices.regions))
    return AllOf(tuple(rules))


def choices_of(segment: AllOf) -> Choices:
    found: dict[type, tuple[str, ...]] = {
        type(rule): rule.any_of for rule in segment.rules if not isinstance(rule, AllOf)
    }
    return msgspec.convert(
        {
            "audiences": found.get(InAudience, ()),
            "kinds": found.get(OfKind, ()),
            "regions": found.get(InRegion, ()),
        },
        Choices,
    )


def compiled(rule: Rule, *, first: int = 1) -> tuple[str, list[object]]:
    """A condition on a subscription `p` and its organisation `o`, with arguments from `$first` on."""
    args: list[object] = []
    return _condition(rule, args, first), args


def _condition(rule: Rule, args: list[object], first: int) -> str:
    match rule:
        case InAudience(any_of):
            return f"p.audience = ANY({_argument(any_of, args, first)}::text[])"
        case OfKind(any_of):
            return f"o.kinds && {_argument(any_of, args, first)}::text[]"
        case InRegion(any_of):
            return f"p.region_code = ANY({_argument(any_of, args, first)}::text[])"
        case AllOf(rules):
            return " AND ".join(f"({_condition(part, args, first)})" for part in rules) or "true"


def _argument(values: Sequence[str], args: list[object], first: int) -> str:
    args.append(list(values))
    return f"${first + len(args) - 1}"
