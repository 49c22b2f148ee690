"""What stands in an audit log, as sentences: each action in words, with what its codes say, and what it is about."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import NamedTuple
from uuid import UUID

from hub.tenants.calls.applications.schemas import EXCLUSION_REASONS
from hub.tenants.calls.selection.schemas import OWN_ADMINISTRATION, RECUSED_BY_THE_HUB
from hub.tenants.exchange.schemas import KINDS as EXCHANGED
from hub.tenants.network.changed import Codes, changed_data
from hub.tenants.network.schemas import Entry
from hub.tenants.network.subjects import Names, as_id
from hub.tenants.onboarding.schemas import POINTS, SUSPENSION_REASONS
from hub.tenants.organisation.desks.schemas import CLOSED_BECAUSE
from hub.tenants.protocols.schemas import KINDS as PROTOCOLS
from hub.web.drawing import Tone
from hub.web.formats import format_date
from hub.web.i18n import N_
from hub.web.i18n import gettext as _


class Told(NamedTuple):
    """How an action is told. `area` is what the log can be narrowed to."""

    area: str
    words: str
    tone: Tone = "neutral"
    icon: str = "it-info-circle"


AREAS = {
    "onboarding": N_("Coming on board"),
    "people": N_("People"),
    "organisation": N_("Organisation and desks"),
    "cases": N_("Cases and referrals"),
    "newsletter": N_("Newsletters"),
    "selection": N_("Calls and selections"),
}

STORIES: dict[str, Told] = {
    "organisation.admitted": Told(
        "onboarding", N_("Admitted by the call; set-up begins"), "success", "it-flag"
    ),
    "organisation.invited": Told(
        "onboarding", N_("Invited to the network; set-up begins"), "info", "it-flag"
    ),
    "organisation.activated": Told("onboarding", N_("Activated"), "success", "it-check-circle"),
    "organisation.suspended": Told("onboarding", N_("Suspended"), "danger", "it-locked"),
    "organisation.resumed": Told("onboarding", N_("Suspension lifted"), "success", "it-unlocked"),
    "organisation.changed": Told(
        "onboarding", N_("The Ente changed the organisation's data"), "info", "it-pencil"
    ),
    "setup.abandoned": Told("onboarding", N_("Set-up abandoned"), "danger", "it-close-circle"),
    "setup.postponed": Told("onboarding", N_("Set-up postponed"), "warning", "it-clock"),
    "protocol.issued": Told("onboarding", N_("Protocol drawn up"), "info", "it-file"),
    "protocol.sent": Told("onboarding", N_("Protocol sent to be signed"), "info", "it-mail"),
    "protocol.uploaded": Told("onboarding", N_("Signed protocol received"), "info", "it-upload"),
    "protocol.refused": Told(
        "onboarding", N_("Signed protocol sent back"), "warning", "it-close-circle"
    ),
    "protocol.signed": Told(
        "onboarding", N_("Protocol signed and checked"), "success", "it-check-circle"
    ),
    "protocol.cancelled": Told(
        "onboarding", N_("Protocol cancelled"), "warning", "it-close-circle"
    ),
    "protocol.expired": Told("onboarding", N_("Protocol expired"), "danger", "it-clock"),
    "protocol.replaced": Told(
        "onboarding", N_("Protocol replaced by a new one"), "info", "it-file"
    ),
    "protocol.countersigned": Told(
        "onboarding", N_("Protocol countersigned by the Ente"), "success", "it-check-circle"
    ),
    "protocol.restored": Told(
        "onboarding", N_("Earlier protocol in force again"), "info", "it-file"
    ),
    "protocol.renewal_asked": Told(
        "onboarding", N_("Renewal of the protocol asked for"), "info", "it-file"
    ),
    "point.done": Told("onboarding", N_("Point completed: %(point)s"), "success", "it-check"),
    "point.undone": Told("onboarding", N_("No longer done: %(point)s"), "warning", "it-warning"),
    "point.postponed": Told("onboarding", N_("Postponed: %(point)s"), "warning", "it-clock"),
    "exception.asked": Told(
        "onboarding", N_("Exception asked for: %(point)s"), "warning", "it-help-circle"
    ),
    "exception.agreed": Told(
        "onboarding", N_("Exception agreed by a second person: %(point)s"), "success", "it-check"
    ),
    "exception.refused": Told(
        "onboarding", N_("Exception refused: %(point)s"), "danger", "it-close-circle"
    ),
    "exception.withdrawn": Told("onboarding", N_("Exception withdrawn: %(point)s")),
    "test_referral.sent": Told("onboarding", N_("Test referral sent"), "info", "it-arrow-right"),
    "test_referral.answered": Told(
        "onboarding", N_("Test referral answered"), "success", "it-check"
    ),
    "invitation.sent": Told("people", N_("Invited: %(role)s"), "info", "it-mail"),
    "invitation.renewed": Told("people", N_("Invitation sent again: %(role)s"), "info", "it-mail"),
    "invitation.changed": Told("people", N_("Invitation changed: %(role)s"), "info", "it-mail"),
    "invitation.revoked": Told("people", N_("Invitation revoked: %(role)s"), "warning", "it-close"),
    "invitation.accepted": Told(
        "people", N_("Invitation accepted: %(role)s"), "success", "it-user"
    ),
    "membership.role_changed": Told("people", N_("Role changed: %(role)s"), "info", "it-user"),
    "membership.renamed": Told("people", N_("Name of a person changed"), "info", "it-user"),
    "membership.limited": Told("people", N_("Desks of a person changed"), "info", "it-user"),
    "membership.term_changed": Told(
        "people", N_("Last day of a person changed"), "info", "it-user"
    ),
    "membership.ended": Told("people", N_("Membership ended"), "warning", "it-logout"),
    "work.handed_over": Told(
        "people", N_("Open work handed over: %(count)s"), "info", "it-arrow-right"
    ),
    "training.recorded": Told("people", N_("Training recorded"), "success", "it-certified"),
    "training.removed": Told("people", N_("Training removed"), "warning", "it-close"),
    "second_factor.reset": Told("people", N_("Second factor of a colleague reset"), "warning"),
    "second_factor.enabled": Told("people", N_("Second factor set up"), "success"),
    "second_factor.replaced": Told("people", N_("Second factor moved to another device"), "info"),
    "second_factor.disabled": Told("people", N_("Second factor switched off"), "warning"),
    "recovery_code.used": Told("people", N_("Signed in with a recovery code"), "warning"),
    "recovery_codes.renewed": Told("people", N_("New recovery codes made"), "info"),
    "account.signed_in": Told("people", N_("Signed in"), "neutral", "it-user"),
    "account.signed_out": Told("people", N_("Signed out"), "neutral", "it-logout"),
    "account.changed": Told("people", N_("Own name or language changed"), "info", "it-user"),
    "account.password_changed": Told("people", N_("Own password changed"), "info", "it-locked"),
    "account.password_replaced": Told(
        "people", N_("Forgotten password replaced"), "warning", "it-locked"
    ),
    "session.revoked": Told("people", N_("Ended a session of one's own"), "info", "it-logout"),
    "support.granted": Told(
        "people", N_("Support invited for a time"), "warning", "it-help-circle"
    ),
    "support.ended": Told("people", N_("Support ended"), "info", "it-help-circle"),
    "desk.added": Told("organisation", N_("Desk added"), "info", "it-pin"),
    "desk.changed": Told("organisation", N_("Desk changed"), "info", "it-pin"),
    "desk.closed": Told("organisation", N_("Desk closed"), "warning", "it-pin"),
    "desk.closing_announced": Told(
        "organisation", N_("Closing of a silent desk announced"), "warning", "it-pin"
    ),
    "desk.closing_withdrawn": Told("organisation", N_("Closing of a desk taken back"), "info"),
    "desk.closing_lapsed": Told(
        "organisation", N_("Closing of a desk dropped: it is in use again"), "success", "it-pin"
    ),
    "desk.closing_failed": Told(
        "organisation", N_("Desk not closed: work is open there"), "warning", "it-pin"
    ),
    "desk.opening_asked": Told("organisation", N_("Opening of a desk asked for"), "info", "it-pin"),
    "desk.opened": Told("organisation", N_("Desk opened"), "success", "it-pin"),
    "desk.verified": Told("organisation", N_("Desk's entry verified"), "success", "it-check"),
    "desk.closure_added": Told("organisation", N_("Closure of a desk announced"), "info"),
    "desk.closure_removed": Told("organisation", N_("Closure of a desk withdrawn"), "info"),
    "settings.changed": Told("organisation", N_("Details changed"), "info", "it-settings"),
    "logo.changed": Told("organisation", N_("Logo changed"), "info", "it-settings"),
    "logo.removed": Told("organisation", N_("Logo removed"), "info", "it-settings"),
    "closing_day.added": Told("organisation", N_("Closing day added"), "info", "it-calendar"),
    "closing_day.removed": Told("organisation", N_("Closing day removed"), "info", "it-calendar"),
    "service.added": Told("organisation", N_("Service offered"), "success", "it-box"),
    "service.changed": Told("organisation", N_("Service changed"), "info", "it-box"),
    "service.ended": Told("organisation", N_("Service no longer offered"), "warning", "it-box"),
    "import.uploaded": Told(
        "organisation", N_("File for an import uploaded"), "neutral", "it-upload"
    ),
    "import.read_again": Told("organisation", N_("Import read again"), "neutral", "it-upload"),
    "import.discarded": Told("organisation", N_("Import discarded"), "neutral", "it-upload"),
    "protocol_template.saved": Told(
        "organisation", N_("New version of a protocol's text"), "info", "it-file"
    ),
    "import.applied": Told("organisation", N_("Import carried out"), "info", "it-upload"),
    "export.made": Told("organisation", N_("Data exported"), "info", "it-download"),
    "case.opened": Told("cases", N_("Case opened"), "success", "it-folder"),
    "case.read": Told("cases", N_("Case read"), "neutral", "it-password-visible"),
    "case.closed": Told("cases", N_("Case closed"), "neutral", "it-folder"),
    "case.reopened": Told("cases", N_("Case opened again"), "info", "it-folder"),
    "case.assigned": Told("cases", N_("Case given to a colleague"), "info", "it-user"),
    "case.moved": Told("cases", N_("Case moved to another desk"), "info", "it-arrow-right"),
    "citizen.sought": Told("cases", N_("Citizen searched for"), "neutral", "it-search"),
    "citizen.opened": Told("cases", N_("Citizen recorded"), "neutral", "it-user"),
    "citizen.completed": Told("cases", N_("Citizen's data completed"), "neutral", "it-user"),
    "codice_fiscale.shown": Told(
        "cases", N_("Codice fiscale shown"), "warning", "it-password-visible"
    ),
    "consultation.recorded": Told("cases", N_("Consultation recorded"), "info", "it-comment"),
    "milestone.recorded": Told("cases", N_("Milestone recorded"), "info", "it-flag"),
    "referral.drafted": Told("cases", N_("Referral drafted"), "neutral", "it-pencil"),
    "referral.discarded": Told("cases", N_("Referral's draft discarded"), "neutral", "it-close"),
    "referral.sent": Told("cases", N_("Referral sent"), "info", "it-arrow-right"),
    "offer.opened": Told("cases", N_("Offer opened"), "info", "it-mail-open"),
    "offer.read": Told("cases", N_("Offer read"), "neutral", "it-password-visible"),
    "offer.accepted": Told("cases", N_("Offer accepted"), "success", "it-check-circle"),
    "offer.declined": Told("cases", N_("Offer declined"), "warning", "it-close-circle"),
    "campaign.created": Told("newsletter", N_("Campaign drafted"), "neutral", "it-mail"),
    "campaign.saved": Told("newsletter", N_("Campaign changed"), "neutral", "it-mail"),
    "campaign.deleted": Told("newsletter", N_("Campaign's draft deleted"), "neutral", "it-mail"),
    "campaign.started": Told("newsletter", N_("Campaign started"), "info", "it-mail"),
    "campaign.paused": Told("newsletter", N_("Campaign paused"), "warning", "it-mail"),
    "campaign.resumed": Told("newsletter", N_("Campaign resumed"), "info", "it-mail"),
    "campaign.hurried": Told("newsletter", N_("Campaign tried again at once"), "info", "it-mail"),
    "campaign.resent": Told("newsletter", N_("Deliveries sent again"), "info", "it-mail"),
    "campaign.cancelled": Told("newsletter", N_("Campaign cancelled"), "warning", "it-mail"),
    "campaign.doubts_left": Told(
        "newsletter", N_("Deliveries in doubt left as they are"), "neutral", "it-mail"
    ),
    "subscriber.unsubscribed": Told(
        "newsletter", N_("A reader unsubscribed"), "neutral", "it-mail"
    ),
    "call.created": Told("selection", N_("Call drafted"), "neutral", "it-files"),
    "call.saved": Told("selection", N_("Call changed"), "neutral", "it-files"),
    "call.deleted": Told("selection", N_("Call's draft deleted"), "neutral", "it-files"),
    "call.published": Told("selection", N_("Call published"), "info", "it-files"),
    "call.extended": Told("selection", N_("Call extended"), "info", "it-files"),
    "call.closed": Told("selection", N_("Call closed"), "info", "it-files"),
    "call.document_added": Told("selection", N_("Document added to a call"), "info", "it-files"),
    "call.document_removed": Told(
        "selection", N_("Document removed from a call"), "info", "it-files"
    ),
    "question.asked": Told("selection", N_("Question asked on a call"), "neutral", "it-comment"),
    "question.answered": Told("selection", N_("Question answered"), "info", "it-comment"),
    "question.set_aside": Told("selection", N_("Question set aside"), "neutral", "it-comment"),
    "application.submitted": Told("selection", N_("Application submitted"), "info", "it-upload"),
    "application.completion_asked": Told(
        "selection", N_("Completion of an application asked for"), "warning", "it-help-circle"
    ),
    "application.completed": Told("selection", N_("Application completed"), "info", "it-upload"),
    "application.withdrawn": Told("selection", N_("Application withdrawn"), "warning", "it-close"),
    "application.excluded": Told("selection", N_("Application excluded"), "danger", "it-close"),
    "application.readmitted": Told("selection", N_("Exclusion taken back"), "info", "it-refresh"),
    "application.moved_up": Told(
        "selection", N_("Moved up from the reserve: admitted"), "success", "it-arrow-up"
    ),
    "evaluator.named": Told("selection", N_("Evaluator named"), "info", "it-user"),
    "evaluator.removed": Told("selection", N_("Evaluator removed"), "info", "it-user"),
    "evaluator.reminded": Told("selection", N_("Evaluator reminded"), "neutral", "it-mail"),
    "evaluation.assigned": Told("selection", N_("Evaluations given out"), "info", "it-user"),
    "evaluation.declared": Told("selection", N_("No conflict of interest declared"), "neutral"),
    "evaluation.recused": Told("selection", N_("Evaluator stood aside"), "warning", "it-user"),
    "evaluation.submitted": Told("selection", N_("Points given"), "info", "it-check"),
    "evaluation.third_asked": Told("selection", N_("Third evaluator called in"), "warning"),
    "ranking.proposed": Told("selection", N_("Ranking proposed"), "info", "it-list"),
    "ranking.approved": Told(
        "selection", N_("Ranking approved and published"), "success", "it-list"
    ),
    "ranking.rejected": Told("selection", N_("Ranking sent back"), "warning", "it-list"),
}

# Reasons that are codes, by action; those in free words stand where they were given.
_TERM = {"term": N_("The last day had come")}
REASONS: dict[str, Mapping[str, str]] = {
    "organisation.suspended": SUSPENSION_REASONS,
    "desk.closed": CLOSED_BECAUSE,
    "membership.ended": _TERM,
    "support.ended": _TERM,
    "application.excluded": EXCLUSION_REASONS,
    "evaluation.recused": {
        "conflict": N_("Conflict of interest"),
        "own_administration": RECUSED_BY_THE_HUB[OWN_ADMINISTRATION],
    },
}


def add_reasons(action: str, reasons: Mapping[str, str]) -> None:
    """Those of another domain, which says them once, when the application is put together: msgids by their codes."""
    REASONS[action] = reasons


# Who did what nobody did who was signed in; all else of that kind the hub did.
NOBODY = {
    "protocol.uploaded": N_("the contact, by the link"),
    "application.submitted": N_("the applicant"),
    "application.completed": N_("the applicant"),
    "application.withdrawn": N_("the applicant"),
    "question.asked": N_("a visitor"),
    "subscriber.unsubscribed": N_("the reader"),
}

# What a point is done by: where both stand together, they are one entry.
CAUSES = {
    "protocol_signed": "protocol.signed",
    "administrator_invited": "invitation.sent",
    "operators_invited": "invitation.sent",
    "training_completed": "training.recorded",
    "register_stated": "settings.changed",
    "services_stated": "service.added",
    "test_referral_answered": "test_referral.answered",
}

# Those who had it and have it now stand beside the sentence.
_HANDS = {"work.handed_over", "case.assigned", "case.moved"}
# The codes that say what an entry of a story is about: the first that it has.
_ABOUT = ("member", "membership", "invitation", "service_id", "desk")
# Days that say until when, or of when it is.
_DAYS = ("due", "until", "on", "day", "completed_on")
_KINDS = {
    "export.made": EXCHANGED,
    "import.uploaded": EXCHANGED,
    "import.read_again": EXCHANGED,
    "import.discarded": EXCHANGED,
    "import.applied": EXCHANGED,
    "protocol_template.saved": PROTOCOLS,
    "protocol.issued": PROTOCOLS,
}
_ROLES = {
    "admin": N_("administrator"),
    "operator": N_("operator"),
    "editor": N_("editor"),
    "viewer": N_("viewer"),
}


def told(action: str) -> Told:
    """An action without words of its own is told by its code: nothing is left out of a log."""
    return STORIES.get(action) or Told("organisation", action.replace("%", "%%"))


def sentence(action: str, codes: Codes) -> str:
    """In the reader's language."""
    known = {name: str(value) for name, value in codes.items() if value is not None}
    point, role = known.get("point"), known.get("role")
    return _(
        told(action).words,
        point=_(POINTS.get(point, point)) if point else "–",
        role=_(_ROLES.get(role, role)) if role else "–",
        count=known.get("count", "–"),
    )


def title(entry: Entry, names: Names) -> str:
    """The sentence, and what it is about, where that has a name for this reader."""
    action = entry.action
    if action == "invitation.accepted" and entry.support:
        # Who comes in as support does so with the role of an administrator, and is none.
        return _("Support has come in")
    said, about = sentence(action, entry.codes), _about(entry, names)
    if not about:
        return said
    return f"{said} – {about}" if "%(" in told(action).words else f"{said}: {about}"


def _about(entry: Entry, names: Names) -> str | None:
    if kind := _KINDS.get(entry.action, {}).get(str(entry.codes.get("kind"))):
        if found := _named(entry.subject_id, names):
            return f"{found}, {_(kind)}"
        return _(kind)
    if entry.action in _HANDS:
        return _named(entry.subject_id, names)
    for code in _ABOUT:
        if code in entry.codes:
            return _named(entry.codes[code], names)
    return _named(entry.subject_id, names)


def _named(what: object, names: Names) -> str | None:
    found = what if isinstance(what, UUID) else as_id(what)
    return names.get(found) if found else None


def detail(action: str, codes: Codes, names: Names | None = None) -> str:
    """What a person may want to know beside the sentence: numbers as they are, and reasons where they have words."""
    return " · ".join(_details(action, codes, names or {}))


def _details(action: str, codes: Codes, names: Names) -> Iterator[str]:
    if (number := codes.get("number")) is not None:
        yield _("No. %(number)s", number=number)
    if words := REASONS.get(action, {}).get(str(codes.get("reason"))):
        yield _(words)
    for code in _DAYS:
        if day := _day(codes.get(code)):
            yield day
    if changed := changed_data(action, codes):
        yield changed
    if action in _HANDS:
        giver = _named(codes.get("giver") or codes.get("before"), names)
        taker = _named(codes.get("taker") or codes.get("to") or codes.get("desk"), names)
        if giver and taker:
            yield _("From %(giver)s to %(taker)s", giver=giver, taker=taker)
        elif taker:
            yield _("To %(taker)s", taker=taker)
    elif action == "membership.role_changed" and (before := _ROLES.get(str(codes.get("before")))):
        yield _("Before: %(outcome)s", outcome=_(before))


def _day(value: object) -> str:
    try:
        return format_date(date.fromisoformat(str(value)), "long")
    except ValueError:
        return ""


def completes(codes: Codes) -> str:
    """Of a point, beside what it is done by."""
    point = str(codes.get("point"))
    return _("This completes the point “%(point)s”", point=_(POINTS.get(point, point)))


def actions_in(area: str) -> list[str]:
    return [action for action, how in STORIES.items() if how.area == area]
