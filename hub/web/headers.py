"""Headers that every answer carries, errors and unknown addresses included."""

from collections.abc import Awaitable, Callable

from litestar.datastructures import MutableScopeHeaders
from litestar.types import Message, Scope

# No inline script or style anywhere, and nothing from another host.
PAGE_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self' data:; "
    "connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# A newsletter or a mail shown in a frame of ours: styled inline, as mails are, but without script, links or forms.
PREVIEW_CSP = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'self'; sandbox"
)
_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
_HSTS = "max-age=31536000; includeSubDomains"


def security_headers(*, https: bool) -> Callable[[Message, Scope], Awaitable[None]]:
    """The application's `before_send`. A route that answers with a mail's HTML has `opt={"csp": PREVIEW_CSP}`."""

    async def add(message: Message, scope: Scope) -> None:
        if message["type"] != "http.response.start":
            return
        headers = MutableScopeHeaders.from_message(message)
        policy = _policy_of(scope)
        headers["Content-Security-Policy"] = policy
        headers["X-Frame-Options"] = "SAMEORIGIN" if "frame-ancestors 'self'" in policy else "DENY"
        for name, value in _ALWAYS.items():
            headers[name] = value
        if https:
            headers["Strict-Transport-Security"] = _HSTS
        if "cache-control" not in headers:
            headers["Cache-Control"] = "no-store" if scope.get("user") is not None else "no-cache"

    return add


def _policy_of(scope: Scope) -> str:
    handler = scope.get("route_handler")
    policy = handler.opt.get("csp", PAGE_CSP) if handler is not None else PAGE_CSP
    return str(policy)
