"""Mail about what changed in somebody's access: nothing of it happens behind their back."""

from collections.abc import Mapping
from typing import NamedTuple
from uuid import UUID

from hub import outbox
from hub.db import NetworkScope
from hub.web.i18n import N_


class Notice(NamedTuple):
    subject: str
    text: str


NOTICES: Mapping[str, Notice] = {
    "password_changed": Notice(
        N_("Your password was changed"),
        N_(
            "the password of your account was changed just now, and whoever was signed in elsewhere is signed out."
        ),
    ),
    "second_factor_enabled": Notice(
        N_("You sign in with a second factor now"),
        N_(
            "from now on your account asks for the password and for a code of the app on your phone."
        ),
    ),
    "second_factor_replaced": Notice(
        N_("Your second factor is on another phone now"),
        N_(
            "codes of the phone that you used so far are not taken any more; your recovery codes are as they were."
        ),
    ),
    "second_factor_disabled": Notice(
        N_("Your second factor was switched off"),
        N_("your account asks for the password alone from now on."),
    ),
    "second_factor_reset": Notice(
        N_("Your second factor was reset"),
        N_(
            "an administrator has reset the second factor of your account, and you are signed out everywhere. At your next"
            " sign-in you set up a new one."
        ),
    ),
    "recovery_code_used": Notice(
        N_("A recovery code was used"),
        N_("one of the recovery codes of your account was used just now, and is spent."),
    ),
}


async def tell(scope: NetworkScope, account_id: UUID, what: str) -> None:
    """`what` is one of NOTICES."""
    await outbox.enqueue(scope, f"accounts.tell_{what}", account_id=account_id)
