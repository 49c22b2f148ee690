"""How a call stands at an instant, in words for everybody. Instants are shown in Rome's time, with its offset."""

from datetime import datetime, timedelta
from typing import Literal, Protocol

from hub.web.formats import ROME, format_date
from hub.web.i18n import N_, ngettext
from hub.web.i18n import gettext as _

Standing = Literal["draft", "soon", "open", "closed", "evaluating", "decided"]

STANDINGS: dict[Standing, str] = {
    "draft": N_("Draft"),
    "soon": N_("Opens soon"),
    "open": N_("Open for applications"),
    "closed": N_("Term over"),
    "evaluating": N_("In evaluation"),
    "decided": N_("Ranking published"),
}
TONES: dict[Standing, str] = {
    "draft": "neutral",
    "soon": "info",
    "open": "success",
    "closed": "warning",
    "evaluating": "warning",
    "decided": "info",
}


class Timed(Protocol):
    """A call, as far as its term and its state go."""

    @property
    def state(self) -> str: ...
    @property
    def opens_at(self) -> datetime | None: ...
    @property
    def closes_at(self) -> datetime | None: ...


def standing_of(call: Timed, now: datetime) -> Standing:
    """A ranking that is only proposed is still evaluation, for who is not the Ente."""
    if call.state == "draft" or call.opens_at is None or call.closes_at is None:
        return "draft"
    if call.state != "published":
        return "decided" if call.state == "decided" else "evaluating"
    if now < call.opens_at:
        return "soon"
    return "open" if now < call.closes_at else "closed"


def moment(instant: datetime | None) -> str:
    """28 February 2027, 12:00 (Rome time, UTC+01:00)."""
    if instant is None:
        return ""
    local = instant.astimezone(ROME)
    return _(
        "%(day)s, %(time)s (Rome time, UTC%(offset)s)",
        day=format_date(local, "long"),
        time=f"{local:%H:%M}",
        offset=local.isoformat()[-6:],
    )


def time_left(span: timedelta) -> str:
    """Rounded down, so that nobody counts on a minute that is not there: 3 days; 1 day and 5 hours; 12 minutes."""
    minutes = max(int(span.total_seconds() // 60), 0)
    days, hours = divmod(minutes // 60, 24)
    if days >= 3:
        return _days(days)
    if days:
        return _both(_days(days), _hours(hours)) if hours else _days(days)
    if hours:
        return _both(_hours(hours), _minutes(minutes % 60)) if minutes % 60 else _hours(hours)
    return _minutes(minutes) if minutes > 0 else _("less than a minute")


def _both(more: str, less: str) -> str:
    return _("%(more)s and %(less)s", more=more, less=less)


def _days(count: int) -> str:
    return ngettext("%(num)s day", "%(num)s days", count)


def _hours(count: int) -> str:
    return ngettext("%(num)s hour", "%(num)s hours", count)


def _minutes(count: int) -> str:
    return ngettext("%(num)s minute", "%(num)s minutes", count)
