"""Who is in a segment, and that asking it never becomes SQL."""

from __future__ import annotations

import itertools

import msgspec
import pytest

from hub.crypto import email_token
from hub.db import tenant_transaction
from hub.newsletter import consents, queries
from hub.newsletter.segments import (
    AllOf,
    Choices,
    InAudience,
    InRegion,
    OfKind,
    Rule,
    choices_of,
    compiled,
    segment_of,
)
from tests.factories import CAMPANIA, Member, make_tenant
from tests.newsletter.making import EVERYONE, make_subscriber, subscribe

PUGLIA = "16"


async def count(editor: Member, segment: AllOf) -> int:
    async with tenant_transaction(editor.tenant.id) as scope:
        return await queries.count_recipients(scope, segment)


def asked(
    audiences: tuple[str, ...] = (), kinds: tuple[str, ...] = (), regions: tuple[str, ...] = ()
) -> AllOf:
    wanted = {"audiences": audiences, "kinds": kinds, "regions": regions}
    return segment_of(msgspec.convert(wanted, Choices))


def test_values_are_arguments_and_never_sql() -> None:
    evil = "'); DROP TABLE citizens; --"
    rule = AllOf((InAudience(("operators", "public")), OfKind(("host",)), InRegion((evil,))))
    condition, args = compiled(rule, first=3)
    assert args == [["operators", "public"], ["host"], [evil]]
    assert evil not in condition
    assert [f"${number}" in condition for number in (2, 3, 4, 5, 6)] == [
        False,
        True,
        True,
        True,
        False,
    ]


def test_rules_nest() -> None:
    inner = AllOf((InRegion((CAMPANIA,)), OfKind(("lender",))))
    condition, args = compiled(AllOf((InAudience(("lenders",)), inner)))
    assert args == [["lenders"], [CAMPANIA], ["lender"]]
    assert condition.count("(") == condition.count(")")
    assert compiled(AllOf(())) == ("true", [])


def test_a_segment_is_stored_and_read_back() -> None:
    rule: Rule = AllOf((InAudience(("operators",)), AllOf((InRegion(("15",)), OfKind(("host",))))))
    assert msgspec.convert(msgspec.json.decode(msgspec.json.encode(rule)), Rule) == rule
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"type": "audience", "any_of": ["everybody"]}, InAudience)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"type": "sql", "text": "true"}, AllOf)


@pytest.mark.parametrize(
    "wanted",
    [
        Choices(),
        Choices(audiences=("public",)),
        Choices(("desks", "lenders"), ("host",), ("15", "16")),
        Choices(("tutors",), (), ("19",)),
    ],
)
def test_the_forms_ticks_survive_the_way_there_and_back(wanted: Choices) -> None:
    assert choices_of(segment_of(wanted)) == wanted


async def test_any_of_inside_and_all_of_between(editor: Member) -> None:
    """Every combination of ticks against the same question asked of a Python list."""
    host, lender, both = (
        await make_tenant("host"),
        await make_tenant("lender"),
        await make_tenant("host", "tutor"),
    )
    people = [
        ("operators", host, CAMPANIA),
        ("operators", host, PUGLIA),
        ("administrators", host, CAMPANIA),
        ("lenders", lender, PUGLIA),
        ("tutors", both, CAMPANIA),
        ("public", None, CAMPANIA),
        ("public", None, None),
    ]
    for audience, organisation, region in people:
        await make_subscriber(
            editor.tenant,
            audience,  # type: ignore[arg-type]  # the words above are audiences
            organisation=organisation,
            region_code=region,
        )
    for audiences, kinds, regions in itertools.product(
        [("operators",), ("operators", "public"), ("operators", "lenders", "tutors")],
        [(), ("host",), ("lender", "tutor")],
        [(), (CAMPANIA,), (CAMPANIA, PUGLIA)],
    ):
        expected = sum(
            audience in audiences
            and (not kinds or bool(organisation and set(organisation.kinds) & set(kinds)))
            and (not regions or region in regions)
            for audience, organisation, region in people
        )
        assert await count(editor, asked(audiences, kinds, regions)) == expected


async def test_the_rules_speak_of_one_and_the_same_subscription(editor: Member) -> None:
    """An operator in Puglia who also has a desk's address in Campania is no operator in Campania."""
    host = await make_tenant("host")
    email = await make_subscriber(editor.tenant, "operators", organisation=host, region_code=PUGLIA)
    await subscribe(editor.tenant, email, "desks", organisation=host, region_code=CAMPANIA)
    assert await count(editor, asked(("operators",), regions=(CAMPANIA,))) == 0
    assert await count(editor, asked(("operators",), regions=(PUGLIA,))) == 1
    assert await count(editor, asked(("operators", "desks"))) == 1, "an address counts once"


async def test_nobody_is_asked_for_by_forgetting_the_audience(editor: Member) -> None:
    await make_subscriber(editor.tenant)
    assert await count(editor, asked()) == 0
    assert await count(editor, asked(regions=(CAMPANIA,))) == 0


async def test_who_left_is_out_for_ever(editor: Member) -> None:
    await make_subscriber(editor.tenant, state="unsubscribed")
    suppressed = await make_subscriber(editor.tenant)
    async with tenant_transaction(editor.tenant.id) as scope:
        await consents.suppress(scope, email_token(suppressed), "by_hand", None)
    assert await count(editor, EVERYONE) == 0


async def test_another_publishers_subscribers_are_not_ours(editor: Member) -> None:
    other = await make_tenant("coordinator")
    email = await make_subscriber(other)
    assert await count(editor, EVERYONE) == 0
    await make_subscriber(editor.tenant, email=email)
    async with tenant_transaction(other.id) as scope:
        await consents.suppress(scope, email_token(email), "unsubscribed", None)
    assert await count(editor, EVERYONE) == 1, "they left the other one's newsletter"
