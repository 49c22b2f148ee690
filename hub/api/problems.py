"""One error shape for programs: `application/problem+json` (RFC 9457).

`title` is stable for a `type`, `detail` is about this case and is safe to show; no input is ever repeated.
"""

from http import HTTPStatus
from typing import Any

from litestar import Request, Response
from litestar.exceptions import HTTPException

from hub.errors import HubError
from hub.web.i18n import gettext as _

MEDIA_TYPE = "application/problem+json"


def wants_problem(request: Request[Any, Any, Any]) -> bool:
    """API routes always; elsewhere a client that asks for JSON and not for a page."""
    if request.scope["path"].startswith(("/api/", "/status")):
        return True
    accept = request.headers.get("accept", "")
    return "json" in accept and "text/html" not in accept


def problem_for(error: Exception, *, request_id: str | None = None) -> Response[dict[str, Any]]:
    """Any exception as a problem; what we did not foresee is a plain 500 that says nothing of its cause."""
    status = 500
    if isinstance(error, HubError | HTTPException):
        status = error.status if isinstance(error, HubError) else error.status_code
    code = error.code if isinstance(error, HubError) else _slug(status)
    body: dict[str, Any] = {
        "type": f"urn:microwork-hub:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
    }
    if isinstance(error, HubError):
        body["detail"] = _(error.message)
    if request_id:
        body["instance"] = f"urn:microwork-hub:request:{request_id}"
    if errors := getattr(error, "errors", None):
        body["errors"] = errors
    headers = {"Cache-Control": "no-store"}
    if retry_after := getattr(error, "retry_after", None):
        headers["Retry-After"] = str(retry_after)
    return Response(body, status_code=status, media_type=MEDIA_TYPE, headers=headers)


def _slug(status: int) -> str:
    return HTTPStatus(status).phrase.lower().replace(" ", "-")
