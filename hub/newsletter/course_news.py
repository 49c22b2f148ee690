"""What a campaign's page says aloud to those who do not see it: where something has changed, not at each number."""

from dataclasses import dataclass

from hub.newsletter.progress import Progress
from hub.newsletter.schemas import PausedWhy
from hub.web.formats import format_number, format_percent
from hub.web.i18n import N_, ngettext
from hub.web.i18n import gettext as _

# A campaign under way is told of at each such step.
STEP_PERCENT = 10

_PAUSED: dict[PausedWhy, str] = {
    "by_hand": N_("The campaign is paused."),
    "policy": N_("The hub has paused this campaign: the mail server refuses it"),
    "failing_share": N_("The hub has paused this campaign: too many addresses are refused"),
}


@dataclass(frozen=True, slots=True)
class News:
    """`key` tells one from another, and stands in an address; whoever was told it is not told again."""

    key: str
    words: str


def news_of(progress: Progress) -> News:
    news = _of_campaign(progress)
    if not progress.asks_about_doubts:
        return news
    return News(f"{news.key}-doubts", f"{news.words} {_('Some messages are in doubt')}")


def _of_campaign(progress: Progress) -> News:
    campaign = progress.campaign
    if campaign.is_paused:
        why = campaign.paused_why or "by_hand"
        return News(why, _(_PAUSED[why]))
    match campaign.state:
        case "freezing":
            return News("freezing", _("The campaign is being prepared."))
        case "sending" if campaign.stalled_at:
            return News("stalled", _("The mail server does not take mail at the moment."))
        case "sending":
            return _on_its_way(progress)
        case "sent":
            return News("sent", _sent(progress.unsent))
        case "cancelled":
            return News("cancelled", _("The campaign is cancelled."))
    return News("", "")


def _on_its_way(progress: Progress) -> News:
    counts = progress.counts
    reached = counts.final * 100 // max(counts.total, 1) // STEP_PERCENT * STEP_PERCENT
    if not reached:
        return News("sending", _("The campaign is being sent."))
    share = format_percent(reached / 100)
    return News(f"sending-{reached}", _("%(share)s of the addresses are done.", share=share))


def _sent(unsent: int) -> str:
    if not unsent:
        return _("The campaign is sent. The mail server took it for everyone.")
    return ngettext(
        "The campaign is sent. %(number)s address did not get it.",
        "The campaign is sent. %(number)s addresses did not get it.",
        unsent,
        number=format_number(unsent),
    )
