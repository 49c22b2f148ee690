"""Why a receiver declines, and what then makes sense for the case (design §6).

The effect is advice to the desk today; routing acts on it once referrals are ranked.
"""

from dataclasses import dataclass
from typing import Literal

from hub.web.i18n import N_

Effect = Literal["next", "park", "tutor_first", "ask_documents", "stop"]


@dataclass(frozen=True, slots=True)
class Reason:
    label: str
    effect: Effect


REASONS = {
    "not_eligible": Reason(N_("The requirements of our loans are not met"), "next"),
    "amount": Reason(N_("The amount is outside our limits"), "next"),
    "area": Reason(N_("The area or the sector is not ours"), "next"),
    "not_sustainable": Reason(N_("Repayment seems too uncertain"), "next"),
    "no_capacity": Reason(N_("We have no capacity at the moment"), "park"),
    "project": Reason(N_("The project needs more preparation"), "tutor_first"),
    "documents_missing": Reason(N_("Documents or details are missing"), "ask_documents"),
    "gave_up": Reason(N_("The person no longer wants the loan"), "stop"),
}

REASON_LABELS = {code: reason.label for code, reason in REASONS.items()}

# What the effect means for the desk.
ADVICE = {
    "next": N_("Another lender may decide differently."),
    "park": N_("Ask again later, or choose another lender now."),
    "tutor_first": N_("Work on the project with a tutor first, then send it again."),
    "ask_documents": N_("Complete the details with the citizen, then send the case again."),
    "stop": N_("Speak with the citizen before anything else is sent."),
}
