"""What was done, in words: each action of the audit log that a selection knows."""

from collections.abc import Sequence

from hub.tenants.calls.applications.schemas import EXCLUSION_REASONS
from hub.tenants.calls.selection.schemas import Deed
from hub.web.drawing import Moment, Tone
from hub.web.i18n import N_
from hub.web.i18n import gettext as _

# Action → words, colour, icon.
DEEDS: dict[str, tuple[str, Tone, str]] = {
    "call.created": (N_("Call drafted"), "neutral", "it-pencil"),
    "call.saved": (N_("Draft of the call changed"), "neutral", "it-pencil"),
    "call.document_added": (N_("Document added to the call"), "neutral", "it-file"),
    "call.document_removed": (N_("Document of the call removed"), "neutral", "it-file"),
    "call.published": (N_("Call published"), "info", "it-horn"),
    "call.extended": (N_("Term of the call extended"), "warning", "it-clock"),
    "call.closed": (N_("Call closed, evaluation begun"), "info", "it-locked"),
    "question.asked": (N_("Question received"), "neutral", "it-help-circle"),
    "question.answered": (N_("Question answered"), "info", "it-help-circle"),
    "question.set_aside": (N_("Question set aside"), "neutral", "it-help-circle"),
    "application.submitted": (N_("Application received"), "info", "it-inbox"),
    "application.withdrawn": (N_("Application withdrawn"), "neutral", "it-close-circle"),
    "application.completion_asked": (N_("Completion asked for"), "warning", "it-comment"),
    "application.completed": (N_("Completion received"), "info", "it-comment"),
    "application.excluded": (N_("Application excluded"), "danger", "it-ban"),
    "application.readmitted": (N_("Exclusion taken back"), "success", "it-refresh"),
    "application.moved_up": (N_("Moved up from the reserve: admitted"), "success", "it-arrow-up"),
    "evaluator.named": (N_("Evaluator named"), "neutral", "it-user"),
    "evaluator.removed": (N_("Evaluator removed"), "neutral", "it-user"),
    "evaluator.reminded": (N_("Evaluator reminded"), "neutral", "it-mail"),
    "evaluation.assigned": (N_("Evaluations given out"), "neutral", "it-files"),
    "evaluation.declared": (N_("Declared to have no conflict of interest"), "neutral", "it-check"),
    "evaluation.recused": (N_("Evaluator recused"), "warning", "it-close-circle"),
    "evaluation.submitted": (N_("Evaluation submitted"), "info", "it-star-full"),
    "evaluation.third_asked": (N_("Third evaluator asked for"), "warning", "it-user"),
    "ranking.proposed": (N_("Ranking proposed"), "info", "it-chart-line"),
    "ranking.approved": (N_("Ranking approved and published"), "success", "it-check-circle"),
    "ranking.rejected": (N_("Ranking sent back"), "danger", "it-refresh"),
}


def words(deed: Deed) -> str:
    """An action that is not known is shown by its code: nothing that was decided is left out."""
    known = DEEDS.get(deed.action)
    return _(known[0]) if known else deed.action


def detail(deed: Deed) -> str:
    """Reasons come as codes: the words of people stand in their own rows."""
    reason = deed.codes.get("reason")
    if deed.action == "application.excluded" and reason in EXCLUSION_REASONS:
        return _(EXCLUSION_REASONS[str(reason)])
    if deed.action == "evaluation.recused" and reason == "own_administration":
        return _("Belongs to the administration that applies")
    if deed.action == "ranking.approved":
        return f"SHA-256 {deed.codes.get('sha256', '')}"
    return ""


def moments_of(deeds: Sequence[Deed]) -> list[Moment]:
    found = []
    for deed in deeds:
        _words, tone, icon = DEEDS.get(deed.action, ("", "neutral", "it-info-circle"))
        found.append(
            Moment(
                deed.at, words(deed), detail=detail(deed), by=deed.by or "", tone=tone, icon=icon
            )
        )
    return found
