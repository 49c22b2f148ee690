"""An offer's course, as its receiver may know it."""

from collections.abc import Iterable, Mapping

from asyncpg import Record

from hub.referrals.inbox.queries import ReceivedOffer
from hub.referrals.routing.reasons import REASONS
from hub.web.drawing import Moment, Tone
from hub.web.i18n import N_
from hub.web.i18n import gettext as _

_STEPS: Mapping[str, tuple[str, Tone, str]] = {
    "offered": (N_("Offered by %(sender)s"), "info", "it-inbox"),
    "received": (N_("Opened"), "info", "it-mail-open"),
    "accepted": (N_("Accepted"), "success", "it-check-circle"),
    "declined": (N_("Declined"), "warning", "it-close-circle"),
    "superseded": (N_("Another lender has accepted"), "neutral", "it-restore"),
}


def moments(offer: ReceivedOffer, events: Iterable[Record]) -> list[Moment]:
    """Events come the latest first. The sender's people have no names here, and need none."""
    drawn = []
    for event in events:
        if event["to_state"] not in _STEPS:
            continue
        title, tone, icon = _STEPS[event["to_state"]]
        reason = REASONS.get(event["reason"] or "")
        details = [_(reason.label) if reason else "", offer.decline_note if reason else ""]
        drawn.append(
            Moment(
                event["effective_at"],
                _(title, sender=offer.sender_name),
                " · ".join(part for part in details if part),
                event["colleague"] or "",
                tone,
                icon,
            )
        )
    return drawn
