"""The phone of an administrator of the demo network."""

from __future__ import annotations

import time

import pyotp

from hub.seed.sign_ins import SECOND_FACTOR
from hub.tenants.accounts.second_factor.codes import STEP_SECONDS

_spent: dict[str, int] = {}


def code_of(email: str, secret: str = SECOND_FACTOR) -> str:
    """One that was not typed yet: of the next step where the present one is spent, which the hub takes, too."""
    step = max(_now(), _spent.get(email, 0) + 1)
    while step > _now() + 1:
        time.sleep(0.2)
    _spent[email] = step
    return pyotp.TOTP(secret).generate_otp(step)


def _now() -> int:
    return int(time.time()) // STEP_SECONDS
