"""The checklist of a set-up: its points, who they are for, and what they are called."""

from hub.web.i18n import N_

PROTOCOL_SIGNED = "protocol_signed"
REGISTER_STATED = "register_stated"
ADMINISTRATOR_INVITED = "administrator_invited"
OPERATORS_INVITED = "operators_invited"
TRAINING_COMPLETED = "training_completed"
DESKS_COMPLETE = "desks_complete"
SERVICES_STATED = "services_stated"
TEST_REFERRAL_ANSWERED = "test_referral_answered"

POINTS = {
    PROTOCOL_SIGNED: N_("Protocol signed"),
    REGISTER_STATED: N_("Place in the register stated"),
    ADMINISTRATOR_INVITED: N_("Administrator invited"),
    OPERATORS_INVITED: N_("Operators invited"),
    TRAINING_COMPLETED: N_("Training completed"),
    DESKS_COMPLETE: N_("Desk data complete"),
    SERVICES_STATED: N_("Services and territory stated"),
    TEST_REFERRAL_ANSWERED: N_("Test referral answered"),
}

_COMMON = (PROTOCOL_SIGNED, ADMINISTRATOR_INVITED, OPERATORS_INVITED)
_OF_KIND = {
    "host": (*_COMMON, TRAINING_COMPLETED, DESKS_COMPLETE, SERVICES_STATED, TEST_REFERRAL_ANSWERED),
    "lender": (*_COMMON, REGISTER_STATED, SERVICES_STATED, TEST_REFERRAL_ANSWERED),
    "tutor": (*_COMMON, REGISTER_STATED, SERVICES_STATED),
}

# How many days after its start each point of a set-up is due.
DUE_DAYS = {
    PROTOCOL_SIGNED: 30,
    REGISTER_STATED: 30,
    ADMINISTRATOR_INVITED: 35,
    OPERATORS_INVITED: 45,
    TRAINING_COMPLETED: 75,
    DESKS_COMPLETE: 75,
    SERVICES_STATED: 75,
    TEST_REFERRAL_ANSWERED: 90,
}


def points_of(kinds: list[str] | tuple[str, ...]) -> list[str]:
    """The points of an organisation with these kinds, in their order."""
    wanted = {code for kind in kinds for code in _OF_KIND.get(kind, ())}
    return [code for code in POINTS if code in wanted]
