"""The signed link of an invitation: which one, and the version of its link, so that sending again ends the older ones."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from hub import mail, tokens
from hub.tenants.people.schemas import Invitation

_PURPOSE = "invitation"
# Longer than an invitation, whose row knows when it ends: an old link is told from a broken one.
_LASTS = timedelta(days=365)
_UUID_BYTES, _VERSION_BYTES = 16, 4


@dataclass(frozen=True, slots=True)
class Link:
    invitation_id: UUID
    version: int


def token_of(invitation: Invitation) -> str:
    """Made where the letter is made and nowhere before: it must not lie in the outbox."""
    version = invitation.link_version.to_bytes(_VERSION_BYTES, "big")
    return tokens.sign(_PURPOSE, invitation.id.bytes + version, lasts=_LASTS)


def link_to(invitation: Invitation) -> str:
    return f"{mail.base_url()}/invitations/{token_of(invitation)}"


def read_link(token: str) -> Link | None:
    """None for what is none of ours, altered, or past its year."""
    try:
        subject = tokens.verify(_PURPOSE, token)
    except tokens.BadToken:
        return None
    if len(subject) != _UUID_BYTES + _VERSION_BYTES:
        return None
    return Link(UUID(bytes=subject[:_UUID_BYTES]), int.from_bytes(subject[_UUID_BYTES:], "big"))
