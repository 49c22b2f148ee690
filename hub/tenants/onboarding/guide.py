"""What an organisation is told to do about each point, and where it is done."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from hub.tenants.onboarding import schemas
from hub.tenants.onboarding.schemas import POINTS, PointView
from hub.web.i18n import N_
from hub.web.i18n import gettext as _

# What to do, the words of the link, its address.
_STEPS = {
    schemas.PROTOCOL_SIGNED: (
        N_("Have the document that was sent to you signed, and send it back from its page."),
        N_("To the protocols"),
        "/organisation/protocols",
    ),
    schemas.REGISTER_STATED: (
        N_(
            "State your category, if you lend, and your place in the register or in the national list."
        ),
        N_("To your details"),
        "/organisation/edit",
    ),
    schemas.ADMINISTRATOR_INVITED: (
        N_("Somebody has to run your organisation in the hub: invite them as administrator."),
        N_("To the people"),
        "/organisation/people",
    ),
    schemas.OPERATORS_INVITED: (
        N_("Invite those who will talk to citizens or answer referrals."),
        N_("To the people"),
        "/organisation/people",
    ),
    schemas.TRAINING_COMPLETED: (
        N_("Record for each operator the day of the training, with its certificate."),
        N_("To the people"),
        "/organisation/people",
    ),
    schemas.DESKS_COMPLETE: (
        N_(
            "For each desk: address with postal code, hours, telephone or e-mail, and how to reach it; then say that it"
            " is right."
        ),
        N_("To the desks"),
        "/organisation/desks",
    ),
    schemas.TEST_REFERRAL_ANSWERED: (
        N_("Try a referral out with an invented citizen, as it will be with real ones."),
        "",
        "",
    ),
}
_OF_DESKS = (
    N_("Say for each desk what it does for citizens, and for which provinces."),
    N_("To the desks"),
    "/organisation/desks",
)
_OF_SERVICES = (
    N_("State what you offer, to whom, where and how fast you answer."),
    N_("To the services"),
    "/organisation/services",
)


@dataclass(frozen=True, slots=True)
class Step:
    """A point as its organisation sees it; texts are in the reader's language. `links` are (label, address)."""

    point: PointView
    name: str
    todo: str
    links: tuple[tuple[str, str], ...]
    state: str
    """done, excepted, overdue, undone or open."""


def steps_of(points: Sequence[PointView], kinds: Sequence[str], today: date) -> list[Step]:
    """What to do next first: what is late, then by its day; what is done last."""
    order = sorted(points, key=lambda point: (not point.blocks, point.due_on))
    return [_step(point, kinds, today) for point in order]


def state_of(point: PointView, today: date) -> str:
    if point.state == "done":
        return "done"
    if point.excepted:
        return "excepted"
    if point.state == "undone":
        return "undone"
    return "overdue" if point.due_on < today else "open"


def _step(point: PointView, kinds: Sequence[str], today: date) -> Step:
    found = [_STEPS[point.code]] if point.code in _STEPS else []
    if point.code == schemas.SERVICES_STATED:
        found = [_OF_DESKS] if "host" in kinds else []
        if set(kinds) & {"lender", "tutor"}:
            found.append(_OF_SERVICES)
    return Step(
        point,
        _(POINTS[point.code]),
        " ".join(_(todo) for todo, _label, _url in found),
        tuple((_(label), url) for _todo, label, url in found if url),
        state_of(point, today),
    )


STATES = {
    "done": N_("Done"),
    "excepted": N_("Exception agreed"),
    "overdue": N_("Overdue"),
    "undone": N_("No longer done"),
    "open": N_("Still to do"),
}
TONES = {
    "done": "success",
    "excepted": "neutral",
    "overdue": "danger",
    "undone": "warning",
    "open": "info",
}
