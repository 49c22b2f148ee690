"""What has happened to an application, for whoever submitted it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from hub.tenants.calls.applications.schemas import (
    APPLICATION_STATES,
    EXCLUSION_REASONS,
    Application,
    Completion,
)
from hub.tenants.calls.schemas import Call
from hub.tenants.calls.selection.schemas import Entry
from hub.web.i18n import gettext as _


@dataclass(frozen=True, slots=True)
class Moment:
    """`tone` and `icon` as the style has them."""

    at: datetime
    title: str
    icon: str
    tone: str
    detail: str = ""


def timeline_of(
    application: Application, call: Call, completions: Sequence[Completion], place: Entry | None
) -> list[Moment]:
    """The oldest first."""
    moments = []
    if application.submitted_at:
        protocol = _("Protocol number %(number)s", number=application.protocol)
        moments.append(
            Moment(application.submitted_at, _("Submitted"), "it-upload", "info", protocol)
        )
    for each in completions:
        moments.append(
            Moment(each.asked_at, _("Completion asked for"), "it-help-circle", "warning")
        )
        if each.answered_at:
            moments.append(Moment(each.answered_at, _("Request answered"), "it-check", "info"))
    if call.evaluating_at:
        moments.append(Moment(call.evaluating_at, _("Evaluation begun"), "it-search", "neutral"))
    if place and call.decided_at:
        moments.append(_outcome(place, call.decided_at))
    if place and place.moved_up_at:
        moments.append(
            Moment(
                place.moved_up_at,
                _("Moved up from the reserve"),
                "it-arrow-up",
                "success",
                _("In the place of %(protocol)s, which was withdrawn", protocol=place.replaces),
            )
        )
    if application.withdrawn_at:
        moments.append(Moment(application.withdrawn_at, _("Withdrawn"), "it-close", "neutral"))
    return sorted(moments, key=lambda moment: moment.at)


def _outcome(place: Entry, at: datetime) -> Moment:
    detail = _(EXCLUSION_REASONS[place.reason]) if place.reason in EXCLUSION_REASONS else ""
    icon, tone = {
        "admitted": ("it-check-circle", "success"),
        "reserve": ("it-clock", "warning"),
        "excluded": ("it-close-circle", "danger"),
    }[place.outcome]
    title = _(
        "Ranking published: %(outcome)s", outcome=_(APPLICATION_STATES[place.outcome]).lower()
    )
    return Moment(at, title, icon, tone, detail)
