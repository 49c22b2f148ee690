"""Codes, without a database: those of an app (RFC 6238, its defaults: SHA-1, six digits, 30 seconds), and recovery codes."""

import hmac
import re
import secrets
from datetime import datetime

import pyotp
import segno

STEP_SECONDS = 30
# Of an app's clock, before and after ours (RFC 6238 §5.2).
DRIFT_STEPS = 1
RECOVERY_CODES = 10
ISSUER = "MICRO-WORK Hub"
# Without what is mistaken for something else when it is copied by hand: 0 and o, 1, i and l, u and v.
_ALPHABET = "23456789abcdefghjkmnpqrstwxyz"
_RECOVERY_LETTERS = 10


def new_secret() -> str:
    """160 bits in base32, as long as the hash (RFC 4226 §4)."""
    return pyotp.random_base32(32)


def step_of(moment: datetime) -> int:
    return int(moment.timestamp()) // STEP_SECONDS


def accepted_step(
    secret: str, code: str, moment: datetime, last_step: int | None = None
) -> int | None:
    """The time step whose code this is, or None. Steps up to the last one taken are spent."""
    totp, now = pyotp.TOTP(secret), step_of(moment)
    for step in range(now - DRIFT_STEPS, now + DRIFT_STEPS + 1):
        if (last_step is None or step > last_step) and hmac.compare_digest(
            totp.generate_otp(step).encode(), code.encode()
        ):
            return step
    return None


def setup_address(secret: str, email: str) -> str:
    """What the picture holds: apps take account, issuer and secret from it."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)


def picture(address: str) -> str:
    """A QR code as SVG for the page itself, without a style of its own, which the policy of our pages forbids."""
    drawn: str = segno.make(address, error="m", micro=False).svg_inline(
        dark="#17324d", light="#fff", border=4, omitsize=True, svgclass="hub-qr", lineclass=None
    )
    return drawn.replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1)


def in_groups(secret: str) -> str:
    """To be read and typed by a person."""
    return " ".join(re.findall(".{1,4}", secret))


def new_recovery_codes() -> list[str]:
    """About 48 bits each, in two groups."""
    return [_recovery_code() for _ in range(RECOVERY_CODES)]


def _recovery_code() -> str:
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(_RECOVERY_LETTERS))
    return f"{letters[:5]}-{letters[5:]}"


def compact(typed: str) -> str:
    """Without the blanks and hyphens that people type or leave out."""
    return re.sub(r"[\s-]", "", typed).lower()


def is_of_app(code: str) -> bool:
    return re.fullmatch("[0-9]{6}", code) is not None
