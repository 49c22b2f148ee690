"""The link by which whoever is to sign reaches the document without an account: signed, and good for one version."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from hub import mail, tokens

LINK_LASTS = timedelta(days=60)

_PURPOSE = "protocol"
_UUID_BYTES = 16
_VERSION_BYTES = 4


@dataclass(frozen=True, slots=True)
class Grant:
    """`version` is the link's; a newer one puts it out of use."""

    tenant_id: UUID
    protocol_id: UUID
    version: int


def link_to(grant: Grant) -> str:
    """Made where the letter is made and nowhere before: whoever has it can hand in the signed document."""
    version = grant.version.to_bytes(_VERSION_BYTES, "big")
    subject = grant.tenant_id.bytes + grant.protocol_id.bytes + version
    return f"{mail.base_url()}/protocols/{tokens.sign(_PURPOSE, subject, lasts=LINK_LASTS)}"


def read_link(token: str) -> Grant:
    """Raises BadToken, and of its kinds ExpiredToken."""
    return _unpacked(tokens.verify(_PURPOSE, token))


def read_expired(expired: tokens.ExpiredToken) -> Grant:
    """What an expired link was for. Raises BadToken."""
    return _unpacked(expired.subject)


def _unpacked(subject: bytes) -> Grant:
    if len(subject) != 2 * _UUID_BYTES + _VERSION_BYTES:
        raise tokens.BadToken
    return Grant(
        UUID(bytes=subject[:_UUID_BYTES]),
        UUID(bytes=subject[_UUID_BYTES : 2 * _UUID_BYTES]),
        int.from_bytes(subject[2 * _UUID_BYTES :], "big"),
    )
