"""`Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): the same key, the same effect, once."""

from typing import Any
from uuid import UUID, uuid5

from litestar import Request

from hub.api.parameters import InvalidParameters
from hub.web.i18n import gettext as _

HEADER = "Idempotency-Key"
_LONGEST = 255
# Keys that are no UUIDs become one under this namespace.
_NAMESPACE = UUID("6e1f3a52-6f0c-4d0e-9a3c-2f6a5be0b7a1")


def read_idempotency_key(request: Request[Any, Any, Any]) -> UUID | None:
    """Any text that a client likes, a UUID by preference; None where it sends no key. Raises InvalidParameters."""
    text = request.headers.get(HEADER, "").strip().strip('"')
    if not text:
        return None
    if len(text) > _LONGEST or not text.isprintable():
        raise InvalidParameters([{"name": HEADER, "reason": _("This value is not valid.")}])
    try:
        return UUID(text)
    except ValueError:
        return uuid5(_NAMESPACE, text)
