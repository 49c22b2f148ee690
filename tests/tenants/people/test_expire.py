"""Memberships that end by themselves, and the letters before that."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from hub import clock
from hub.referrals.cases.open_work import OPEN_CASES
from hub.tenants.open_work import register
from hub.tenants.people.tasks import end_memberships
from hub.web.formats import format_date
from hub.worker import drain_now
from tests.factories import Member, make_case, make_membership
from tests.support.smtp_sink import SmtpSink
from tests.tenants.people.making import log_of, membership, ordered
from tests.tenants.people.test_change import as_it_is

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
ENDED = re.compile("Non fai più parte di|L’ultimo giorno di una persona")


@pytest.fixture(autouse=True)
def _work() -> None:
    register(OPEN_CASES)


async def substitute(admin: Member, *, days: int = 10, work: bool = True) -> Member:
    member = await make_membership(admin.tenant)
    if work:
        await make_case(member)
    await as_it_is(member, expires_at=clock.now() + timedelta(days=days))
    return member


async def told(relay: SmtpSink) -> list[tuple[str, ...]]:
    await drain_now()
    return [
        one.recipients
        for one in relay.messages
        if "sta per lasciare" in str(one.message["Subject"])
    ]


async def test_what_is_over_ends_and_is_logged(admin: Member) -> None:
    member = await substitute(admin)
    await end_memberships()
    assert (await membership(member))["state"] == "active"
    with clock.moved(10 * DAY + MINUTE):
        await end_memberships()
        await end_memberships()
    ended = await membership(member)
    assert (ended["state"], ended["ended_at"]) == ("ended", ended["expires_at"])
    assert await log_of(admin.tenant) == [
        ("membership.ended", {"member": str(member.membership_id), "reason": "term"})
    ]
    touched = await ordered("onboarding.refresh")
    assert touched.count({"organisation_id": str(admin.tenant.id)}) == 1


async def test_support_that_is_over_is_logged_as_such(admin: Member) -> None:
    member = await make_membership(admin.tenant, "admin")
    await as_it_is(member, support=True, expires_at=clock.now() - MINUTE)
    await end_memberships()
    assert [action for action, _codes in await log_of(admin.tenant)] == ["support.ended"]
    assert (await membership(member))["state"] == "ended"


async def test_the_last_administrator_does_not_expire(admin: Member) -> None:
    await as_it_is(admin, expires_at=clock.now() - MINUTE)
    await end_memberships()
    kept = await membership(admin)
    assert (kept["state"], kept["expires_at"]) == ("active", None)


async def test_administrators_are_told_a_week_and_a_day_before(
    admin: Member, relay: SmtpSink
) -> None:
    member = await substitute(admin)
    counts = []
    for passed in (
        3 * DAY - MINUTE,
        3 * DAY + MINUTE,
        4 * DAY,
        9 * DAY + MINUTE,
        9 * DAY + 2 * MINUTE,
    ):
        with clock.moved(passed):
            await end_memberships()
            counts.append(len(await told(relay)))
    assert counts == [0, 1, 1, 2, 2]
    letter = relay.messages[-1]
    assert letter.recipients == (admin.account.email,)
    assert f"/organisation/people/{member.membership_id}/leave" in letter.text()


async def test_without_open_work_nobody_is_told(admin: Member, relay: SmtpSink) -> None:
    await substitute(admin, days=3, work=False)
    await end_memberships()
    assert await told(relay) == []


async def test_who_is_over_and_the_administrators_are_told_once(
    admin: Member, relay: SmtpSink
) -> None:
    member = await substitute(admin, days=10)
    left_behind = member.membership_id
    with clock.moved(10 * DAY + MINUTE):
        await end_memberships()
        await end_memberships()
        own, theirs = await letters_of_an_end(relay, member, admin)
    day = format_date(clock.day_of(clock.now() + 10 * DAY - MINUTE))
    for words in ("Il tuo ultimo giorno", admin.tenant.name, "un nuovo invito"):
        assert words in own, words
    assert f"/organisation/people/{left_behind}/leave" in theirs
    for words in (day, "ancora 1 attività aperta", "un nuovo invito"):
        assert words in theirs, words
    with clock.moved(11 * DAY):
        await end_memberships()
        assert await letters_of_an_end(relay, member, admin) == (own, theirs)


async def test_without_open_work_the_administrators_are_led_to_the_people(
    admin: Member, relay: SmtpSink
) -> None:
    member = await substitute(admin, days=1, work=False)
    with clock.moved(DAY + MINUTE):
        await end_memberships()
        _own, theirs = await letters_of_an_end(relay, member, admin)
    assert "/leave" not in theirs
    assert "/organisation/people" in theirs


async def test_nobody_is_told_of_an_end_that_is_not_one_any_more(
    admin: Member, relay: SmtpSink
) -> None:
    member = await substitute(admin, days=1)
    with clock.moved(DAY + MINUTE):
        await end_memberships()
    await as_it_is(member, state="active", ended_at=None, expires_at=None)
    assert [await told_of_an_end(relay, one) for one in (member, admin)] == [[], []]


async def test_support_whose_hours_are_over_gets_no_letter(admin: Member, relay: SmtpSink) -> None:
    member = await make_membership(admin.tenant, "admin")
    await as_it_is(member, support=True, expires_at=clock.now() - MINUTE)
    await end_memberships()
    assert (await membership(member))["state"] == "ended"
    assert [await told_of_an_end(relay, one) for one in (member, admin)] == [[], []]


async def letters_of_an_end(relay: SmtpSink, member: Member, admin: Member) -> tuple[str, str]:
    """The member's and the administrator's, of which there are no more."""
    (own,) = await told_of_an_end(relay, member)
    (theirs,) = await told_of_an_end(relay, admin)
    return own, theirs


async def told_of_an_end(relay: SmtpSink, reader: Member) -> list[str]:
    """Other tests' members end with it."""
    await drain_now()
    return [
        one.text()
        for one in relay.messages
        if one.recipients == (reader.account.email,) and ENDED.search(str(one.message["Subject"]))
    ]


async def test_a_later_end_is_told_anew(admin: Member, relay: SmtpSink) -> None:
    member = await substitute(admin, days=3)
    await end_memberships()
    assert len(await told(relay)) == 1
    await as_it_is(member, expires_at=clock.now() + 40 * DAY)
    with clock.moved(20 * DAY):
        await end_memberships()
        assert len(await told(relay)) == 1
    with clock.moved(34 * DAY):
        await end_memberships()
        assert len(await told(relay)) == 2


async def test_only_who_is_an_administrator_by_then_is_told(admin: Member, relay: SmtpSink) -> None:
    member = await substitute(admin, days=3)
    other = await make_membership(admin.tenant, "admin")
    await end_memberships()
    told_of = [one["membership_id"] for one in await ordered("people.tell_leaving")]
    assert told_of.count(str(member.membership_id)) == 2
    await as_it_is(other, state="ended")
    assert await told(relay) == [(admin.account.email,)]


async def test_letters_hold_no_name_before_they_are_written(admin: Member) -> None:
    member = await substitute(admin, days=3)
    await end_memberships()
    told_of = await ordered("people.tell_leaving")
    assert [one for one in told_of if one["membership_id"] == str(member.membership_id)] == [
        {"membership_id": str(member.membership_id), "reader_id": str(admin.membership_id)}
    ]
