"""What one worker has in its hands: each delivery has one end, and nothing begins that may not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import cast
from uuid import UUID

import pytest

from hub import clock
from hub.crypto import email_token
from hub.ids import uuid7
from hub.mail.connection import Connection
from hub.mail.headers import BadHeader
from hub.mail.relay import Mailbox, Relay
from hub.mail.replies import CUT_EACH_TIME, UNWRITABLE, Answer, own_answer
from hub.newsletter.delivery import holders
from hub.newsletter.delivery.journal import Journal, read_left_behind
from hub.newsletter.delivery.letter import Letter, compile_bodies
from hub.newsletter.delivery.outbound import (
    CUTS,
    FAILING_SHARE,
    FEWEST,
    Outbound,
    Parcel,
    Running,
)
from hub.newsletter.schemas import Claimed, Outcome, Publisher, Recipient
from tests.newsletter.making import draft

TENANT = UUID(int=1)
SLOTS = 30
SENT = Answer("sent", "", "250 ok")
REFUSED = Answer("failed", "unknown", "550 5.1.1 who?")
LATER = Answer("retry", "busy", "450 later")
POLICY = Answer("retry", "policy", "554 5.7.1 not from you", policy=True)
CUT = own_answer("in_doubt", "connection_lost")
# The relay's own connections; here only who asks matters.
ASKING = cast("Connection", object())


class Hands(Outbound):
    """An Outbound whose bells are counted."""

    def __init__(self, journal: Journal) -> None:
        self.heard: list[str] = []
        super().__init__(
            journal,
            hungry=lambda: self.heard.append("hungry"),
            learnt=lambda: self.heard.append("learnt"),
            closed=lambda _connection, _error: self.heard.append("closed"),
        )


@pytest.fixture
def hands(tmp_path: Path) -> Iterator[Hands]:
    with closing(Journal(tmp_path, uuid7(), SLOTS)) as journal:
        yield Hands(journal)


def campaign() -> Running:
    relay = Relay(
        "127.0.0.1", 25, "", "", False, Mailbox("Hub", "hub@example.org"), "http://hub.test"
    )
    publisher = Publisher(TENANT, "Ente", None, None, "it")
    campaign_id = uuid7()
    letter = Letter(campaign_id, "Novità", compile_bodies(draft(), publisher), publisher, relay)
    return Running(TENANT, campaign_id, letter, stalled=False)


def rows(
    count: int,
    *,
    email: str = "reader{}@example.org",
    tries: int = 0,
    tried: timedelta = timedelta(0),
) -> list[Claimed]:
    emails = [email.format(number) for number in range(count)]
    return [
        Claimed(
            uuid7(), 1, tries, clock.now() - tried, Recipient(each, email_token(each), "Rosa", "it")
        )
        for each in emails
    ]


def take(hands: Hands) -> Parcel:
    mail = hands.next(ASKING)
    assert isinstance(mail, Parcel)
    return mail


def send(hands: Hands, answer: Answer) -> Parcel:
    parcel = take(hands)
    assert hands.begun(parcel)
    hands.ended(parcel, answer)
    return parcel


def record(hands: Hands) -> list[Outcome]:
    """As the ledger would."""
    found = []
    for running, batch in hands.take_known():
        found += [outcome for _, outcome in batch]
        hands.forget(running, batch)
    return found


def test_each_delivery_has_one_end(hands: Hands) -> None:
    running, claimed = campaign(), rows(6)
    hands.add(running, claimed)
    assert (hands.in_hand, len(running.held)) == (6, 6)
    for answer in (SENT, REFUSED, LATER):
        send(hands, answer)
    hands.returned(take(hands))
    hands.give_back(take(hands))
    assert hands.in_hand == 6, "until the ledger has them"
    outcomes = record(hands)
    assert [outcome.id for outcome in outcomes] == [claimed[number].id for number in (0, 1, 2, 3)]
    assert [outcome.state for outcome in outcomes] == ["sent", "failed", "retry", "queued"]
    assert [outcome.cause for outcome in outcomes] == [None, "unknown", "busy", None]
    assert hands.in_hand == 2
    hands.give_back_waiting()
    assert [outcome.state for outcome in record(hands)] == ["queued", "queued"]
    assert (hands.in_hand, running.held, list(hands.waiting)) == (0, set(), [])


def test_what_came_back_goes_first(hands: Hands) -> None:
    running, claimed = campaign(), rows(3)
    hands.add(running, claimed)
    hands.returned(take(hands))
    assert take(hands).row is claimed[0]


def test_slots_are_enough_for_ever(hands: Hands) -> None:
    """There are as many as messages in hand, and each is free again once the ledger has its message."""
    running = campaign()
    for _ in range(5):
        hands.add(running, rows(SLOTS))
        for answer in (SENT, LATER, REFUSED) * (SLOTS // 3):
            send(hands, answer)
        assert len(record(hands)) == SLOTS
        running.start_over()


def test_what_the_database_does_not_take_is_kept(hands: Hands) -> None:
    running = campaign()
    hands.add(running, rows(3))
    first = send(hands, SENT)
    ((_, batch),) = hands.take_known()
    second = send(hands, LATER)
    hands.keep(running, batch)
    assert hands.in_hand == 3
    assert [outcome.id for outcome in record(hands)] == [first.row.id, second.row.id]


def test_the_journal_knows_before_the_wire_does(tmp_path: Path) -> None:
    hands = Hands(Journal(tmp_path, uuid7(), SLOTS))
    running = campaign()
    hands.add(running, rows(4))
    sent = send(hands, SENT)
    on_wire = take(hands)
    assert hands.begun(on_wire)
    take(hands)  # in a connection, and not begun
    hands.journal.close(keep=True)
    (left,) = read_left_behind(tmp_path)
    told = left.by_campaign()[TENANT, running.campaign_id]
    assert {outcome.id: outcome.state for outcome in told} == {
        sent.row.id: "sent",
        on_wire.row.id: "in_doubt",
    }


def test_while_nobody_knows_that_it_lives_nothing_begins(
    hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = campaign()
    hands.add(running, rows(2))
    parcel = take(hands)
    monkeypatch.setattr(holders, "TRUSTED", -1.0)
    assert not hands.begun(parcel), "not even what is in a connection already"
    assert hands.next(ASKING) is None
    hands.returned(parcel)
    assert record(hands) == []
    monkeypatch.undo()
    assert take(hands) is parcel
    assert hands.begun(parcel)


@pytest.mark.parametrize(("passed", "trusted"), [(-0.1, True), (0.1, False)])
def test_time_alone_takes_the_trust(
    hands: Hands, monkeypatch: pytest.MonkeyPatch, passed: float, trusted: bool
) -> None:
    began = hands.beat_at
    monkeypatch.setattr(holders, "steady", lambda: began + holders.TRUSTED + passed)
    assert hands.may_begin == trusted
    hands.beat_at = began + 3
    assert hands.may_begin


def test_while_stopping_nothing_begins(hands: Hands) -> None:
    hands.add(campaign(), rows(2))
    parcel = take(hands)
    hands.stopping = True
    assert hands.next(ASKING) is None
    assert not hands.begun(parcel)
    hands.returned(parcel)
    assert [outcome.state for outcome in record(hands)] == ["queued"]


def test_of_a_halted_campaign_nothing_begins(hands: Hands) -> None:
    halted, going = campaign(), campaign()
    hands.add(halted, rows(2))
    hands.add(going, rows(2))
    in_connection = take(hands)
    halted.halted = True
    assert take(hands).campaign is going
    hands.returned(in_connection)
    assert {outcome.state for outcome in record(hands)} == {"queued"}
    assert not halted.held
    assert len(going.held) == 2


def test_only_what_is_halted_is_given_back(hands: Hands) -> None:
    halted, going = campaign(), campaign()
    hands.add(halted, rows(3))
    hands.add(going, rows(3))
    halted.halted = True
    later = clock.now() + timedelta(minutes=1)
    hands.give_back_waiting(of_halted_only=True, until=later)
    assert [outcome.due_at for outcome in record(hands)] == [later] * 3
    assert len(hands.waiting) == 3


def test_a_refusal_of_us_blames_nobody(hands: Hands) -> None:
    running = campaign()
    hands.add(running, rows(3))
    send(hands, POLICY)
    (outcome,) = record(hands)
    assert (outcome.state, outcome.cause, outcome.reply) == (
        "retry",
        "policy",
        "554 5.7.1 not from you",
    )
    assert outcome.due_at > clock.now(), "the others come first"
    assert (running.why_to_pause, running.refusal) == ("policy", POLICY.reply)
    assert hands.next(ASKING) is None, "the others of that campaign wait"
    running.start_over()
    assert running.why_to_pause is None


@pytest.mark.parametrize(
    ("refused", "taken", "pauses"),
    [
        (FEWEST - 1, 0, False),
        (FEWEST, 0, True),
        (int(200 * FAILING_SHARE), 200 - int(200 * FAILING_SHARE), True),
        (int(200 * FAILING_SHARE) - 1, 201 - int(200 * FAILING_SHARE), False),
    ],
)
def test_a_failing_share(hands: Hands, refused: int, taken: int, pauses: bool) -> None:
    running = campaign()
    for answer in [SENT] * taken + [REFUSED] * refused:
        hands.add(running, rows(1))
        send(hands, answer)
        record(hands)
    assert running.why_to_pause == ("failing_share" if pauses else None)
    running.start_over()
    assert running.why_to_pause is None


def test_as_many_as_are_needed_may_end_with_one_that_was_taken(hands: Hands) -> None:
    running = campaign()
    for answer in [REFUSED] * (FEWEST - 1) + [SENT]:
        assert running.why_to_pause is None
        hands.add(running, rows(1))
        send(hands, answer)
        record(hands)
    assert running.why_to_pause == "failing_share"


def test_a_failing_share_keeps_back_what_waits(hands: Hands) -> None:
    """Those are on the wire that were when it showed; the batch in hand is for whoever resumes the campaign."""
    running, other = campaign(), campaign()
    hands.add(running, rows(FEWEST + 5))
    hands.add(other, rows(1))
    first, second = take(hands), take(hands)
    for _ in range(FEWEST - 1):
        send(hands, REFUSED)
        record(hands)
    assert hands.begun(first)
    hands.ended(first, REFUSED)
    assert take(hands).campaign is other
    assert not hands.begun(second), "its envelope was on the wire, and it was not"
    hands.returned(second)
    assert Counter(outcome.state for outcome in record(hands)) == {"failed": 1, "queued": 5}


def test_what_is_taken_late_does_not_undo_a_pause(hands: Hands) -> None:
    running = campaign()
    for answer in [REFUSED] * 10 + [SENT] * 150 + [REFUSED] * 39:
        hands.add(running, rows(1))
        send(hands, answer)
        record(hands)
    hands.add(running, rows(11))
    on_the_wire = [take(hands) for _ in range(11)]
    for parcel in on_the_wire:
        assert hands.begun(parcel)
    hands.ended(on_the_wire[0], REFUSED)
    for parcel in on_the_wire[1:]:
        hands.ended(parcel, SENT)
    assert sum(running.recent) == 40, "less than a quarter again"
    assert (running.why_to_pause, running.halted) == ("failing_share", True)


def test_what_is_tried_again_is_no_failure(hands: Hands) -> None:
    running = campaign()
    for _ in range(FEWEST * 2):
        hands.add(running, rows(1))
        send(hands, LATER)
        record(hands)
    assert running.why_to_pause is None


@pytest.mark.parametrize(
    ("answers", "pauses"),
    [
        ([CUT] * (CUTS - 1), False),
        ([CUT] * CUTS, True),
        ([own_answer("retry", "connection_lost")] * CUTS, True),
        ([CUT] * (CUTS - 1) + [SENT] + [CUT] * (CUTS - 1), False),
        ([CUT] * (CUTS - 1) + [LATER] + [CUT] * (CUTS - 1), False),
        ([own_answer("in_doubt", "no_answer")] * CUTS, False),
    ],
)
def test_a_connection_that_ends_at_each_message(
    hands: Hands, answers: list[Answer], pauses: bool
) -> None:
    running = campaign()
    for answer in answers:
        assert running.why_to_pause is None
        hands.add(running, rows(1))
        send(hands, answer)
        record(hands)
    assert running.why_to_pause == ("policy" if pauses else None)
    assert running.refusal == (CUT_EACH_TIME if pauses else None)
    running.start_over()
    assert (running.why_to_pause, running.cuts) == (None, 0)


def test_old_refusals_are_forgotten(hands: Hands) -> None:
    running = campaign()
    for answer in [SENT] * 150 + [REFUSED] * (FEWEST - 1) + [SENT] * 200:
        hands.add(running, rows(1))
        send(hands, answer)
        record(hands)
    hands.add(running, rows(1))
    send(hands, REFUSED)
    assert sum(running.recent) == 1
    assert running.why_to_pause is None


def test_later_means_later_each_time_and_ends(hands: Hands) -> None:
    pauses = []
    for tries in (0, 1, 4, 29):
        hands.add(campaign(), rows(1, tries=tries))
        send(hands, LATER)
        (outcome,) = record(hands)
        assert outcome.state == "retry"
        pauses.append(round((outcome.due_at - clock.now()).total_seconds()))
    assert pauses == [60, 120, 960, 7200]
    hands.add(campaign(), rows(1, tries=1, tried=timedelta(hours=47, minutes=59)))
    send(hands, LATER)
    (outcome,) = record(hands)
    assert (outcome.state, outcome.cause) == ("failed", "busy")


def test_an_address_that_no_message_can_carry(hands: Hands) -> None:
    running = campaign()
    hands.add(running, rows(1, email="two words@example.org"))
    parcel = take(hands)
    with pytest.raises(BadHeader):
        parcel.pieces()
    hands.ended(parcel, UNWRITABLE)
    (outcome,) = record(hands)
    assert (outcome.state, outcome.cause) == ("failed", "address")
    assert hands.in_hand == 0


def test_more_is_asked_for_before_there_is_nothing(hands: Hands) -> None:
    hands.add(campaign(), rows(2))
    hands.heard.clear()
    take(hands)
    assert hands.heard == ["hungry"]
    hands.heard.clear()
    take(hands)
    assert hands.next(ASKING) is None
    assert set(hands.heard) == {"hungry"}


class Waiting:
    """A connection that asks again when it is woken."""

    def __init__(self, hands: Hands) -> None:
        self.hands = hands
        self.got: list[object] = []
        self.ask()

    def ask(self) -> None:
        self.got.append(self.hands.next(cast("Connection", self)))

    kick = ask


def test_as_many_are_woken_as_there_is_work_for(hands: Hands) -> None:
    idle = [Waiting(hands) for _ in range(3)]
    hands.add(campaign(), rows(2))
    assert sorted(len(each.got) for each in idle) == [1, 2, 2]
    hands.add(campaign(), rows(5))
    assert sorted(len(each.got) for each in idle) == [2, 2, 2], "who has work is not woken"
    assert len(hands.waiting) == 4


def test_who_has_gone_is_not_woken(hands: Hands) -> None:
    gone = Waiting(hands)
    hands.closed(cast("Connection", gone), None)
    assert hands.heard[-1] == "closed"
    hands.add(campaign(), rows(1))
    assert len(gone.got) == 1
    assert len(hands.waiting) == 1
