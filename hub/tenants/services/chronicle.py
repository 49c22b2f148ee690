"""The history of a service as moments of a timeline, the latest first."""

from collections.abc import Mapping

from hub.tenants.services.standing import Service
from hub.tenants.services.wording import Difference, differences
from hub.web.drawing import Moment
from hub.web.i18n import gettext as _


def chronicle(service: Service, regions: Mapping[str, str]) -> list[Moment]:
    """What is planned is among them."""
    moments = []
    for version in service.versions:
        planned = version.valid_from > service.today
        before = service.follows(version)
        if before is None:
            title = _("Will be offered") if planned else _("Offered for the first time")
            moments.append(Moment(version.valid_from, title, tone="success", icon="it-plus-circle"))
            continue
        told = "; ".join(_told(one) for one in differences(before, version, regions))
        title = _("Will change") if planned else _("Changed")
        moments.append(
            Moment(version.valid_from, title, detail=told, tone="info", icon="it-refresh")
        )
    if service.ends is not None:
        over = service.ends < service.today
        title = _("Last day on which it was offered") if over else _("Last day")
        moments.append(Moment(service.ends, title, tone="warning", icon="it-close-circle"))
    return moments[::-1]


def _told(difference: Difference) -> str:
    if not difference.before:
        return _("%(label)s: %(after)s", label=difference.label, after=difference.after)
    if not difference.after:
        return _(
            "%(label)s: no longer stated, before %(before)s",
            label=difference.label,
            before=difference.before,
        )
    return _(
        "%(label)s: %(after)s, before %(before)s",
        label=difference.label,
        after=difference.after,
        before=difference.before,
    )
