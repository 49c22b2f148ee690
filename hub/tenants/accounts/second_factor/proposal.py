"""A secret that nobody signs in with yet: it travels in the form in which its first code is typed."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from hub import tokens

PURPOSE = "second-factor"
LASTS = timedelta(minutes=30)
_FIRST, _INSTEAD = b"1", b"2"


@dataclass(frozen=True, slots=True)
class Proposal:
    """`instead` of a factor that there is: whoever asked for it has shown a code of the old one."""

    account_id: UUID
    secret: str
    instead: bool

    def sealed(self) -> str:
        """For a hidden field; signed, since the secret itself stands on the same page."""
        kind = _INSTEAD if self.instead else _FIRST
        return tokens.sign(
            PURPOSE, self.account_id.bytes + kind + self.secret.encode(), lasts=LASTS
        )


def opened(sealed: str, account_id: UUID) -> Proposal | None:
    """None where it is not this account's, was altered, or is too old."""
    try:
        subject = tokens.verify(PURPOSE, sealed)
    except tokens.BadToken:
        return None
    if subject[:16] != account_id.bytes:
        return None
    return Proposal(account_id, subject[17:].decode(), subject[16:17] == _INSTEAD)
