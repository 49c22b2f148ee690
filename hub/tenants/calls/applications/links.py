"""The capabilities of an applicant, who has no account: a link by mail, and the cookie that it is exchanged for.

Both name one application and the version of its link, and are signed; neither needs a row. A newer link puts older
links out of use at once. A cookie of an older link is not renewed any more and so ends within hours: whoever asks for
a link to somebody else's application must not be able to throw them out in the last minute of a call.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from litestar.datastructures import Cookie

from hub import mail, tokens
from hub.tenants.calls.applications.schemas import Application

LINK_LASTS = timedelta(days=30)
COOKIE_LASTS = timedelta(hours=12)
COOKIE = "hub_application"
# A cookie so named can only be set over https.
HTTPS_COOKIE = f"__Secure-{COOKIE}"

_LINK, _ROOM = "application", "application-room"
_UUID_BYTES = 16
_VERSION_BYTES = 4


@dataclass(frozen=True, slots=True)
class Grant:
    """`version` is the link's; the application's own may be newer by now."""

    tenant_id: UUID
    application_id: UUID
    version: int


def grant_of(application: Application) -> Grant:
    return Grant(application.tenant_id, application.id, application.link_version)


def link_to(application: Application) -> str:
    """Made where the letter is made and nowhere before: whoever has it can act for the applicant."""
    token = tokens.sign(_LINK, _packed(grant_of(application)), lasts=LINK_LASTS)
    return f"{mail.base_url()}/applications/open/{token}"


def read_link(token: str) -> Grant:
    """Raises BadToken, and of its kinds ExpiredToken."""
    return unpacked(tokens.verify(_LINK, token))


def room_cookie(grant: Grant, *, secure: bool) -> Cookie:
    """Sent back for this application's addresses only, so that several can be open side by side."""
    return Cookie(
        HTTPS_COOKIE if secure else COOKIE,
        value=tokens.sign(_ROOM, _packed(grant), lasts=COOKIE_LASTS),
        path=f"/applications/{grant.application_id}",
        max_age=int(COOKIE_LASTS.total_seconds()),
        httponly=True,
        secure=secure,
        samesite="lax",
    )


def read_cookie(value: str) -> Grant:
    """Raises BadToken."""
    return unpacked(tokens.verify(_ROOM, value))


def _packed(grant: Grant) -> bytes:
    version = grant.version.to_bytes(_VERSION_BYTES, "big")
    return grant.tenant_id.bytes + grant.application_id.bytes + version


def unpacked(subject: bytes) -> Grant:
    """Raises BadToken."""
    if len(subject) != 2 * _UUID_BYTES + _VERSION_BYTES:
        raise tokens.BadToken
    return Grant(
        UUID(bytes=subject[:_UUID_BYTES]),
        UUID(bytes=subject[_UUID_BYTES : 2 * _UUID_BYTES]),
        int.from_bytes(subject[2 * _UUID_BYTES :], "big"),
    )
