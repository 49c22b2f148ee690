"""A case's course, drawn: its milestones in a row, and everything that happened, the latest first."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from operator import itemgetter
from uuid import UUID

from asyncpg import Record

from hub.clock import ROME, day_of
from hub.referrals.cases.queries import CaseDetails
from hub.referrals.labels import CHANNELS, MILESTONES, TOPICS, rank
from hub.referrals.offers.queries import Offer, Referral
from hub.referrals.routing.reasons import REASONS
from hub.web.drawing import Moment, Step, Tone
from hub.web.i18n import N_, ngettext
from hub.web.i18n import gettext as _

# What an offer's step is called on the desk's timeline.
OFFER_STEPS: Mapping[str, tuple[str, Tone, str]] = {
    "received": (N_("%(lender)s has opened the offer"), "info", "it-mail-open"),
    "accepted": (N_("%(lender)s has accepted the case"), "success", "it-check-circle"),
    "declined": (N_("%(lender)s has declined"), "warning", "it-close-circle"),
    "superseded": (N_("Offer to %(lender)s taken back"), "neutral", "it-restore"),
}
_REPORTED: Mapping[str, tuple[Tone, str]] = {
    "approved": ("success", "it-check-circle"),
    "disbursed": ("success", "it-card"),
    "closed": ("neutral", "it-lock"),
}


def steps(
    milestones: Iterable[Record], referrals: Iterable[Referral], offers: Iterable[Offer]
) -> list[Step]:
    """The next one to reach is the current one; those that were passed by without being reached are missed."""
    reached: dict[str, date] = {row["kind"]: row["reached_on"] for row in milestones}
    # A worker records these a moment after the fact; whoever looks in that moment should not wonder.
    for referral in referrals:
        if referral.sent_at:
            reached.setdefault("referred", day_of(referral.sent_at))
    for offer in offers:
        if offer.state == "accepted" and offer.answered_at:
            reached.setdefault("accepted", day_of(offer.answered_at))
    furthest = max((rank(kind) for kind in reached), default=-1)
    drawn = []
    for place, (kind, label) in enumerate(MILESTONES.items()):
        if kind in reached:
            drawn.append(Step(_(label), "reached", reached[kind]))
        elif place < furthest:
            drawn.append(Step(_(label), "missed"))
        else:
            drawn.append(Step(_(label), "current" if place == furthest + 1 else "ahead"))
    return drawn


def moments(
    case: CaseDetails,
    *,
    consultations: Iterable[Record],
    milestones: Iterable[Record],
    referrals: Sequence[Referral],
    offers: Iterable[Offer],
    events: Iterable[Record],
    hands: Iterable[Record],
) -> list[Moment]:
    opening = Moment(
        case.opened_at, _("Case opened"), _("At %(desk)s", desk=case.desk_name), case.opened_by,
        icon="it-folder",
    )  # fmt: skip
    everything = [
        (case.opened_at, opening),
        *_conversations(consultations),
        *_reports(milestones),
        *_sendings(referrals, offers, events),
        *_hands(hands),
    ]
    everything.sort(key=itemgetter(0), reverse=True)
    return [moment for _at, moment in everything]


def _hour_on(day: date, recorded_at: datetime) -> datetime:
    """Where a day without an hour stands: when it was recorded, if on that day, else at its noon."""
    if day_of(recorded_at) == day:
        return recorded_at
    return datetime.combine(day, time(12), ROME)


def _conversations(consultations: Iterable[Record]) -> Iterator[tuple[datetime, Moment]]:
    for row in consultations:
        about = ", ".join(_(TOPICS[topic]) for topic in row["topics"] if topic in TOPICS)
        lasted = ""
        if row["minutes"]:
            lasted = ngettext("%(num)s minute", "%(num)s minutes", row["minutes"])
        how = CHANNELS[row["channel"]]
        held = " · ".join(part for part in (_(how), lasted, about) if part)
        moment = Moment(
            row["held_on"],
            _("Consultation"),
            f"{held}\n{row['notes']}".rstrip(),
            row["recorded_by"],
            icon="it-comment",
        )
        yield _hour_on(row["held_on"], row["recorded_at"]), moment


def _reports(milestones: Iterable[Record]) -> Iterator[tuple[datetime, Moment]]:
    """Those that people reported; the others show in what they follow from."""
    for row in milestones:
        if row["kind"] in _REPORTED:
            tone, icon = _REPORTED[row["kind"]]
            title = MILESTONES[row["kind"]]
            moment = Moment(row["reached_on"], _(title), "", row["recorded_by"] or "", tone, icon)
            yield _hour_on(row["reached_on"], row["recorded_at"]), moment


def _hands(hands: Iterable[Record]) -> Iterator[tuple[datetime, Moment]]:
    """Into whose, from whose. Without a person who did it, the hub did: it closes silent desks."""
    for row in hands:
        moved = row["action"] == "case.moved"
        title = N_("Moved to %(taker)s") if moved else N_("Given to %(taker)s")
        moment = Moment(
            row["at"],
            _(title, taker=row["taker"] or "–"),
            _("Before: %(giver)s", giver=row["giver"]) if row["giver"] else "",
            row["by"] or _("the hub"),
            "info",
            "it-arrow-right" if moved else "it-user",
        )
        yield row["at"], moment


def _sendings(
    referrals: Sequence[Referral], offers: Iterable[Offer], events: Iterable[Record]
) -> Iterator[tuple[datetime, Moment]]:
    by_id: dict[UUID, Offer] = {offer.id: offer for offer in offers}
    senders: dict[UUID, str] = {}
    for event in events:
        if event["to_state"] == "offered":
            senders[event["referral_id"]] = event["colleague"] or ""
        elif event["to_state"] in OFFER_STEPS:
            yield event["effective_at"], _step(event, by_id[event["offer_id"]])
    for referral in referrals:
        if referral.sent_at:
            receivers = [o.receiver_name for o in by_id.values() if o.referral_id == referral.id]
            moment = Moment(
                referral.sent_at,
                ngettext("Sent to %(num)s lender", "Sent to %(num)s lenders", len(receivers)),
                ", ".join(receivers),
                senders.get(referral.id, ""),
                "info",
                "it-share",
            )
            yield referral.sent_at, moment


def _step(event: Record, offer: Offer) -> Moment:
    title, tone, icon = OFFER_STEPS[event["to_state"]]
    detail = ""
    if event["to_state"] == "declined":
        reason = REASONS.get(event["reason"] or "")
        detail = " · ".join(
            part for part in (_(reason.label) if reason else "", offer.decline_note) if part
        )
    elif event["to_state"] == "superseded":
        detail = _("Another lender has accepted; what this one was shown has been deleted.")
    return Moment(
        event["effective_at"], _(title, lender=offer.receiver_name), detail, "", tone, icon
    )
