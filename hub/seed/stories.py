"""What happened in one case: the conversations, the milestones, the referrals."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random

from hub.seed.chance import id_at
from hub.seed.organisations import Network, Organisation
from hub.seed.paths import Path
from hub.seed.phrases import FIRST_NOTES, HOUSEHOLD_NOTES, LATER_NOTES
from hub.seed.referrals import Plan, Result, refer
from hub.seed.rows import Batch, Case, Citizen, Consultation, Desk, Membership, Milestone

CHANNELS, CHANNEL_WEIGHTS = ("in_person", "phone", "online", "mail"), (70, 15, 10, 5)
# What is talked about at each step.
TOPICS = {
    "informed": ("first_information", "business_idea", "incentives"),
    "opened": ("business_plan", "documents"),
    "referred": ("documents", "loan"),
    "answered": ("loan",),
    "disbursed": ("after_the_loan",),
}
# How often a step is also a conversation.
TALKS = {"informed": 1.0, "opened": 0.7, "referred": 0.4, "answered": 0.3, "disbursed": 0.5}
# Steps by which nobody remembers a case, and what the others are called as milestones.
UNREMARKABLE = {"referred_again"}
MILESTONES = {"answered": "accepted", "answered_again": "accepted", "repaid": "closed"}
# The hub records these by itself, from a referral's events.
BY_THE_HUB = {"referred", "accepted"}


@dataclass(slots=True)
class Story:
    """One case: when each step was taken, at whose desk, by whom."""

    path: Path
    moments: dict[str, datetime]
    desk: Desk
    operator: Membership
    citizen: Citizen
    case: Case

    @property
    def milestones(self) -> dict[str, datetime]:
        """Those reached. An answer is one only if somebody accepted, which in the end was the last who answered."""
        reached = {}
        for step, moment in self.moments.items():
            refused = step == "answered" and self.path.referral != "placed"
            if not refused and step not in UNREMARKABLE:
                reached[MILESTONES.get(step, step)] = moment
        return reached


def tell(luck: Random, batch: Batch, network: Network, story: Story, today: date) -> None:
    batch.add(story.case, *_talks(luck, story), *_milestones(luck, story))
    able = [lender for lender in network.lenders if lender.lends_to(story.case)]
    luck.shuffle(able)
    for receivers, result, sent, settled in _referrals(luck, story, able):
        sent_at = story.moments[sent]
        settled_at = story.moments.get(settled) or _so_far(sent_at, today)
        refer(
            luck,
            batch,
            Plan(story.case, story.citizen, story.operator, receivers, result, sent_at, settled_at),
        )


def _talks(luck: Random, story: Story) -> Iterator[Consultation]:
    for step, moment in story.moments.items():
        if luck.random() < TALKS.get(step, 0):
            topics, notes = TOPICS[step], FIRST_NOTES if step == "informed" else LATER_NOTES
            if step == "informed" and story.case.kind == "social_loan":
                topics, notes = ("first_information", "household_budget"), HOUSEHOLD_NOTES
            yield Consultation(
                id=id_at(luck, moment),
                tenant_id=story.case.tenant_id,
                citizen_id=story.citizen.id,
                case_id=story.case.id,
                desk_id=story.desk.id,
                channel=luck.choices(CHANNELS, CHANNEL_WEIGHTS)[0],
                held_on=moment.date(),
                minutes=luck.randrange(15, 75, 5),
                topics=list(topics[: luck.randint(1, len(topics))]),
                notes=luck.choice(notes),
                recorded_at=moment,
                recorded_by=story.operator.id,
            )


def _milestones(luck: Random, story: Story) -> Iterator[Milestone]:
    for kind, moment in story.milestones.items():
        yield Milestone(
            id=id_at(luck, moment),
            tenant_id=story.case.tenant_id,
            case_id=story.case.id,
            kind=kind,
            reached_on=moment.date(),
            recorded_at=moment,
            recorded_by=None if kind in BY_THE_HUB else story.operator.id,
        )


def _referrals(
    luck: Random, story: Story, able: Sequence[Organisation]
) -> Iterator[tuple[Sequence[Organisation], Result, str, str]]:
    """To whom, with what result, and at which steps it was sent and settled."""
    count = min(luck.choices((1, 2, 3), (1, 6, 3))[0], len(able))
    outcome = story.path.referral
    if outcome == "again":
        # Somebody must be left who was not asked before.
        count = min(count, len(able) - 1)
        yield able[:count], "exhausted", "referred", "answered"
        yield able[count : count + 2], "placed", "referred_again", "answered_again"
    elif outcome == "draft":
        yield able[:count], outcome, "opened", "opened"
    elif outcome != "none":
        yield able[:count], outcome, "referred", "answered"


def _so_far(sent_at: datetime, today: date) -> datetime:
    """Until when the receivers had time for what they did before the demo begins."""
    yesterday = datetime.combine(today - timedelta(days=1), time(18), UTC)
    return max(sent_at + timedelta(hours=1), min(sent_at + timedelta(days=4), yesterday))
