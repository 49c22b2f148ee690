"""The demo network before any database: complete, the same every time, and free of contradictions."""

import hashlib
import json
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, time
from itertools import pairwise
from typing import TypeVar

import pytest
from codicefiscale import codicefiscale

from hub import clock
from hub.referrals import labels
from hub.referrals.cases.number import read_case_number
from hub.referrals.routing.edges import OFFER_EDGES, may_step
from hub.seed.generate import generate
from hub.seed.rows import (
    TABLES,
    Account,
    Case,
    Citizen,
    Consent,
    Consultation,
    Desk,
    Disclosure,
    Membership,
    Milestone,
    NetworkFact,
    Offer,
    OfferEvent,
    ReceivedOffer,
    Referral,
    Row,
    SecondFactor,
    ServiceOffered,
    Subscriber,
    Subscription,
    Suppression,
    Tenant,
)
from hub.seed.sign_ins import SIGN_INS
from hub.tenants.territory.data import read_municipalities

TODAY = date(2026, 11, 23)
MIDNIGHT = datetime.combine(TODAY, time(), UTC)
R = TypeVar("R")


class Demo:
    """All rows of a scale together, by table."""

    def __init__(self, today: date = TODAY, scale: int = 1) -> None:
        self._parts = list(generate(today, scale))

    def of(self, kind: type[R]) -> list[R]:
        return [row for part in self._parts for row in part.batch.of(kind)]

    def digest(self) -> str:
        rows = [self.of(kind) for kind in TABLES]
        return hashlib.sha256(repr(rows).encode()).hexdigest()

    @property
    def citizens_told(self) -> int:
        return sum(part.citizens for part in self._parts)


@pytest.fixture(scope="module")
def demo() -> Demo:
    return Demo()


@pytest.fixture(scope="module")
def double() -> Demo:
    return Demo(scale=2)


def test_it_is_the_same_every_time(demo: Demo) -> None:
    assert Demo().digest() == demo.digest()


def test_another_day_moves_it(demo: Demo) -> None:
    assert Demo(date(2026, 11, 24)).digest() != demo.digest()


def test_it_has_the_size_of_the_first_project(demo: Demo) -> None:
    tenants = {tenant.id: tenant for tenant in demo.of(Tenant)}
    active = Counter(kind for t in tenants.values() if t.state == "active" for kind in t.kinds)
    assert active == {"coordinator": 1, "host": 95, "lender": 12, "tutor": 20}
    waiting = [tenant for tenant in tenants.values() if tenant.state == "waiting"]
    assert [tenant.kinds for tenant in waiting] == [["host"]] * 4
    joining = [tenant for tenant in tenants.values() if tenant.state == "suspended"]
    assert [tenant.kinds for tenant in joining] == [["host"]] * 6
    assert {tenant.region_code for tenant in waiting}.isdisjoint({"15", "16", "18", "19"})
    desks = [desk for desk in demo.of(Desk) if desk.state == "active"]
    assert len({desk.tenant_id for desk in desks}) == 95
    # Some hosts opened a further one since.
    assert len(desks) == 100
    assert {desk.region_code for desk in desks} == {"15", "16", "18", "19"}
    operators = [
        member.account_id
        for member in demo.of(Membership)
        if member.role == "operator"
        and "host" in tenants[member.tenant_id].kinds
        and tenants[member.tenant_id].state == "active"
    ]
    assert len(set(operators)) == len(operators) == 120
    assert len(demo.of(Citizen)) == demo.citizens_told == 1000
    assert len(demo.of(Case)) == 1060
    assert {case.citizen_id for case in demo.of(Case)} == {c.id for c in demo.of(Citizen)}


def test_every_host_has_an_admin_and_citizens(demo: Demo) -> None:
    hosts = {desk.tenant_id for desk in demo.of(Desk) if desk.state == "active"}
    assert hosts == {citizen.tenant_id for citizen in demo.of(Citizen)}
    assert hosts <= {member.tenant_id for member in demo.of(Membership) if member.role == "admin"}


@pytest.mark.parametrize(
    ("email", "expected"),
    [
        (SIGN_INS[0][1], [("admin", ["coordinator"])]),
        (SIGN_INS[1][1], [("editor", ["coordinator"])]),
        (SIGN_INS[2][1], [("operator", ["host"])]),
        (SIGN_INS[3][1], [("admin", ["host"])]),
        (SIGN_INS[4][1], [("operator", ["lender"])]),
        (SIGN_INS[5][1], [("operator", ["tutor"])]),
        (SIGN_INS[6][1], [("operator", ["host", "tutor"]), ("operator", ["tutor"])]),
        (SIGN_INS[7][1], [("admin", ["coordinator"])]),
        (SIGN_INS[8][1], [("operator", ["coordinator"])]),
        (SIGN_INS[9][1], [("viewer", ["coordinator"])]),
        (SIGN_INS[10][1], [("viewer", ["coordinator"])]),
    ],
)
def test_a_known_sign_in_is_who_it_says(
    demo: Demo, email: str, expected: list[tuple[str, list[str]]]
) -> None:
    kinds = {tenant.id: tenant.kinds for tenant in demo.of(Tenant)}
    account = next(account for account in demo.of(Account) if account.email == email)
    mine = [member for member in demo.of(Membership) if member.account_id == account.id]
    assert sorted((m.role, kinds[m.tenant_id]) for m in mine) == expected


def test_no_two_people_are_the_same(double: Demo) -> None:
    citizens = double.of(Citizen)
    codes = [citizen.codice_fiscale for citizen in citizens if citizen.codice_fiscale]
    assert len(set(codes)) == len(codes) > 1500
    people = {(c.given_name, c.family_name, c.birth_date) for c in citizens}
    assert len(people) == len(citizens) == 2000
    emails = [account.email for account in double.of(Account)]
    assert len(set(emails)) == len(emails)


def test_codici_fiscali_are_valid_and_the_persons_own(demo: Demo) -> None:
    for citizen in demo.of(Citizen)[::4]:
        if citizen.codice_fiscale:
            decoded = codicefiscale.decode(citizen.codice_fiscale)
            assert decoded["birthdate"].date() == citizen.birth_date


def test_places_exist(demo: Demo) -> None:
    codes = {town.istat_code: town.region_code for town in read_municipalities()}
    for tenant in demo.of(Tenant):
        assert codes[str(tenant.municipality_code)] == tenant.region_code
    for desk in demo.of(Desk):
        assert codes[desk.municipality_code] == desk.region_code
    assert {citizen.municipality_code for citizen in demo.of(Citizen)} <= set(codes)


def test_addresses_are_nobodys(demo: Demo) -> None:
    emails = [account.email for account in demo.of(Account)]
    emails += [reader.email for reader in demo.of(Subscriber)]
    emails += [citizen.email for citizen in demo.of(Citizen) if citizen.email]
    assert all(email.endswith(".example.org") and email == email.lower() for email in emails)
    assert all((c.phone or "+39 000 ").startswith("+39 000 ") for c in demo.of(Citizen))


def test_nothing_is_dated_today_or_later(demo: Demo) -> None:
    for kind in TABLES:
        for row in demo.of(kind):
            moments = {
                name: value for name, value in row._asdict().items() if isinstance(value, datetime)
            }
            # A term that still runs: of a call, of a request to complete an application, of an invitation.
            terms = {"closes_at", "due_at", "expires_at"}
            assert all(at < MIDNIGHT for name, at in moments.items() if name not in terms), row


def test_ids_sort_by_time(demo: Demo) -> None:
    ids = [row.id for kind in TABLES for row in demo.of(kind)]
    # A received offer bears the id of its offer, and a second factor that of its account.
    shared = len(demo.of(ReceivedOffer)) + len(demo.of(SecondFactor))
    assert len(ids) - len(set(ids)) == shared
    assert {row_id.version for row_id in ids} == {7}
    cases = sorted(demo.of(Case), key=lambda case: case.id)
    assert all(a.opened_at <= b.opened_at for a, b in pairwise(cases))


def test_cases_are_at_every_stage(demo: Demo) -> None:
    stages = Counter(case.milestone for case in demo.of(Case))
    # Nobody is only informed: the form for a new case records both.
    assert set(stages) == set(labels.MILESTONES) - {"informed"}
    assert {case.kind for case in demo.of(Case)} == set(labels.KINDS)
    topics = {topic for talk in demo.of(Consultation) for topic in talk.topics}
    assert topics == set(labels.TOPICS)
    assert {talk.channel for talk in demo.of(Consultation)} == set(labels.CHANNELS)
    states = {state for edge in OFFER_EDGES for state in (edge.before, edge.after)}
    assert {offer.state for offer in demo.of(Offer)} == states
    assert {offer.state for offer in demo.of(ReceivedOffer)} == states - {"draft"}
    assert {r.state for r in demo.of(Referral)} == {"draft", "open", "placed", "exhausted"}


def test_the_funnel_narrows_as_it_did(demo: Demo) -> None:
    reached = Counter(milestone.kind for milestone in demo.of(Milestone))
    assert reached["informed"] == reached["opened"] == 1060
    assert reached["opened"] > reached["referred"] > reached["accepted"]
    assert reached["accepted"] > reached["approved"] > reached["disbursed"] == 215
    waiting = sum(referral.state == "open" for referral in demo.of(Referral))
    assert 0.44 < reached["disbursed"] / (reached["referred"] - waiting) < 0.48


def test_case_numbers_can_be_read_back(demo: Demo) -> None:
    numbers = [case.number for case in demo.of(Case)]
    assert len(set(numbers)) == len(numbers)
    assert all(read_case_number(number) == number for number in numbers)


def test_a_case_agrees_with_its_milestones(demo: Demo) -> None:
    reached: dict[object, list[Milestone]] = defaultdict(list)
    for milestone in demo.of(Milestone):
        reached[milestone.case_id].append(milestone)
    talks = Counter(talk.case_id for talk in demo.of(Consultation))
    for case in demo.of(Case):
        mine = sorted(reached[case.id], key=lambda milestone: labels.rank(milestone.kind))
        assert mine[-1].kind == case.milestone
        assert [m.recorded_at for m in mine] == sorted(m.recorded_at for m in mine)
        assert (case.state == "closed") == (case.closed_at is not None)
        assert (case.state == "closed") == (case.milestone == "closed")
        assert talks[case.id] >= 1


def test_a_referral_agrees_with_its_case_and_offers(demo: Demo) -> None:
    cases = {case.id: case for case in demo.of(Case)}
    milestones = {(row.case_id, row.kind) for row in demo.of(Milestone)}
    offers: dict[object, list[Offer]] = defaultdict(list)
    for offer in demo.of(Offer):
        offers[offer.referral_id].append(offer)
    running = Counter[object]()
    for referral in demo.of(Referral):
        case, states = cases[referral.case_id], Counter(o.state for o in offers[referral.id])
        assert (referral.case_number, referral.kind, referral.amount_cents) == (
            case.number,
            case.kind,
            case.amount_cents,
        )
        running[case.id] += referral.state in ("draft", "open")
        placed = [offer.id for offer in offers[referral.id] if offer.state == "accepted"]
        assert placed == ([referral.placed_offer_id] if referral.state == "placed" else [])
        assert ((case.id, "referred") in milestones) == (referral.state != "draft")
        assert ((case.id, "accepted") in milestones) or not placed
        match referral.state:
            case "draft":
                assert set(states) == {"draft"}
            case "open":
                assert states["offered"] + states["received"] >= 1
                assert states["superseded"] == 0
            case "exhausted":
                assert set(states) == {"declined"}
            case "placed":
                assert set(states) <= {"accepted", "declined", "superseded"}
    assert max(running.values()) == 1


def test_lenders_are_asked_only_for_what_they_lend(demo: Demo) -> None:
    services = {(s.tenant_id, s.kind): s for s in demo.of(ServiceOffered)}
    referrals = {referral.id: referral for referral in demo.of(Referral)}
    for offer in demo.of(Offer):
        referral = referrals[offer.referral_id]
        service = services[offer.receiver_id, referral.kind]
        assert referral.region_code in service.regions
        assert (service.min_amount_cents or 0) <= referral.amount_cents
        assert referral.amount_cents <= (service.max_amount_cents or 0)
        assert offer.answer_days == service.answer_days


def test_both_parties_see_the_same_offer(demo: Demo) -> None:
    received = {row.id: row for row in demo.of(ReceivedOffer)}
    for offer in demo.of(Offer):
        if offer.state == "draft":
            assert offer.id not in received
            continue
        row = received.pop(offer.id)
        assert (row.tenant_id, row.sender_id) == (offer.receiver_id, offer.tenant_id)
        for name in (
            "state",
            "offered_at",
            "due_on",
            "opened_at",
            "answered_at",
            "decline_reason",
            "decline_note",
        ):
            assert getattr(row, name) == getattr(offer, name)
        assert (offer.state == "declined") == (offer.decline_reason is not None)
        # Nothing is overdue: no clock has run in the demo network.
        assert offer.state not in ("offered", "received") or row.due_on > TODAY
    assert not received


def test_who_declined_or_came_too_late_sees_nothing(demo: Demo) -> None:
    disclosed = {row.received_offer_id: row for row in demo.of(Disclosure)}
    for row in demo.of(ReceivedOffer):
        assert (row.id in disclosed) == (row.state in ("offered", "received", "accepted"))
    offers = {offer.id: offer for offer in demo.of(Offer)}
    for offer_id, disclosure in disclosed.items():
        assert json.loads(disclosure.payload) == json.loads(offers[offer_id].disclosure)


def test_events_are_a_legal_course_and_each_party_has_them(demo: Demo) -> None:
    courses: dict[tuple[object, object], list[OfferEvent]] = defaultdict(list)
    for event in demo.of(OfferEvent):
        courses[event.offer_id, event.tenant_id].append(event)
    sent = [offer for offer in demo.of(Offer) if offer.state != "draft"]
    assert len(courses) == 2 * len(sent)
    for offer in sent:
        course = courses[offer.id, offer.tenant_id]
        theirs = courses[offer.id, offer.receiver_id]
        assert [event[4:] for event in course] == [event[4:] for event in theirs]
        assert course[0].from_state == "draft"
        assert course[-1].to_state == offer.state
        assert offer.version == 1 + len(course)
        assert all(may_step(OFFER_EDGES, e.from_state, e.to_state) for e in course)
        assert all(
            before.to_state == after.from_state and before.effective_at < after.effective_at
            for before, after in pairwise(course)
        )


def test_facts_count_what_is_there(demo: Demo) -> None:
    open_cases = Counter(case.tenant_id for case in demo.of(Case) if case.state == "open")
    facts = {(fact.tenant_id, fact.name): fact for fact in demo.of(NetworkFact)}
    for desk in demo.of(Desk):
        # Nobody has been at a desk that a host opened since.
        if desk.state != "active" or desk.setup_id is None:
            continue
        assert facts[desk.tenant_id, "open_cases"].number == open_cases[desk.tenant_id]
        held = max(talk.held_on for talk in demo.of(Consultation) if talk.desk_id == desk.id)
        moment = facts[desk.tenant_id, "last_consultation"].moment
        assert moment == datetime.combine(held, time(12), clock.ROME)


def test_newsletter_readers_are_of_every_audience(demo: Demo) -> None:
    readers = {reader.id: reader for reader in demo.of(Subscriber)}
    subscriptions = demo.of(Subscription)
    audiences = Counter(row.audience for row in subscriptions)
    assert set(audiences) == {
        "desks",
        "operators",
        "administrators",
        "lenders",
        "tutors",
        "public",
        "microcredit_users",
    }
    assert audiences["desks"] == 95
    assert audiences["operators"] == 120
    assert {row.subscriber_id for row in subscriptions} == set(readers)
    accounts = {account.email for account in demo.of(Account)}
    assert 100 < sum(reader.email in accounts for reader in readers.values()) < len(readers)
    ente = next(tenant.id for tenant in demo.of(Tenant) if tenant.kinds == ["coordinator"])
    assert {reader.tenant_id for reader in readers.values()} == {ente}


def test_who_left_the_newsletter_stays_out(demo: Demo) -> None:
    gone = {reader.email for reader in demo.of(Subscriber) if reader.state == "unsubscribed"}
    left = {row.email for row in demo.of(Suppression) if row.reason == "unsubscribed"}
    withdrawn = {row.email for row in demo.of(Consent) if row.event == "withdrawn"}
    given = {row.email for row in demo.of(Consent) if row.event == "given"}
    assert gone == left == withdrawn
    assert withdrawn < given


def test_a_larger_scale_is_more_of_the_same(demo: Demo, double: Demo) -> None:
    kinds: tuple[type[Row], ...] = (Citizen, Case, Milestone)
    for kind in kinds:
        once, twice = demo.of(kind), double.of(kind)
        assert len(twice) == 2 * len(once)
        assert twice[: len(once)] == once
        assert len(set(twice)) == len(twice)
    assert len(double.of(Tenant)) == 2 * len(demo.of(Tenant)) - 1
    names = [tenant.name for tenant in double.of(Tenant)]
    assert len(set(names)) == len(names)
    assert "Comune di Napoli (2)" in names
