"""What the codes of this domain are called, in the order in which they are offered."""

from hub.web.i18n import N_

KINDS = {
    "enterprise_loan": N_("Microcredit for a business"),
    "social_loan": N_("Social microcredit"),
}

CASE_STATES = {"open": N_("Open"), "closed": N_("Closed")}

# From the first conversation to the end: the order of the funnel.
MILESTONES = {
    "informed": N_("Informed"),
    "opened": N_("Case opened"),
    "referred": N_("Sent to lenders"),
    "accepted": N_("Accepted by a lender"),
    "approved": N_("Loan approved"),
    "disbursed": N_("Loan disbursed"),
    "closed": N_("Case closed"),
}

CHANNELS = {
    "in_person": N_("In person"),
    "phone": N_("By telephone"),
    "online": N_("Online"),
    "mail": N_("By letter or e-mail"),
}

TOPICS = {
    "first_information": N_("First information"),
    "business_idea": N_("Business idea"),
    "business_plan": N_("Business plan"),
    "documents": N_("Documents"),
    "incentives": N_("Incentives and grants"),
    "loan": N_("Loan and guarantee"),
    "household_budget": N_("Household budget"),
    "after_the_loan": N_("After the loan"),
}

REFERRAL_STATES = {
    "draft": N_("Draft"),
    "open": N_("Waiting for an answer"),
    "placed": N_("Taken on"),
    "completed": N_("Completed"),
    "exhausted": N_("Declined by all"),
    "withdrawn": N_("Withdrawn"),
}

OFFER_STATES = {
    "draft": N_("Not sent yet"),
    "offered": N_("Not opened yet"),
    "received": N_("Opened"),
    "accepted": N_("Accepted"),
    "declined": N_("Declined"),
    "superseded": N_("Accepted by another lender"),
}

PURPOSES = {
    "assessment": N_("Assessing an application for a microcredit"),
    "first_check": N_("A first check whether an application makes sense"),
}

BASES = {
    "request": N_("The person has asked for it"),
    "public_task": N_("A task in the public interest (art. 2-ter of Legislative Decree 196/2003)"),
}

TONES = {
    "draft": "neutral",
    "open": "info",
    "placed": "success",
    "completed": "success",
    "exhausted": "warning",
    "withdrawn": "neutral",
    "offered": "info",
    "received": "info",
    "accepted": "success",
    "declined": "warning",
    "superseded": "neutral",
    "closed": "neutral",
}


def rank(milestone: str) -> int:
    """How far along a milestone is."""
    return list(MILESTONES).index(milestone)
