"""A calm page for what went wrong; which errors there are is `hub.errors`' business."""

from typing import Any

from litestar import Request, Response
from litestar.exceptions import HTTPException

from hub.errors import HubError
from hub.web.i18n import N_, gettext
from hub.web.page import layout_of, prepare

TITLES = {
    400: N_("The request could not be read"),
    401: N_("Please sign in"),
    403: N_("Not allowed"),
    404: N_("Page not found"),
    405: N_("This address works differently"),
    409: N_("Something has changed"),
    413: N_("Too large"),
    415: N_("This format is not accepted"),
    422: N_("Something is missing or not valid"),
    429: N_("Too many attempts"),
    500: N_("Something went wrong"),
    503: N_("Back in a moment"),
}
EXPLANATIONS = {
    400: N_(
        "Your browser sent something we could not read. Please load the page again and repeat the step."
    ),
    401: N_("This page is for people of the network who have signed in."),
    403: N_("Your role does not allow this step."),
    404: N_("This page does not exist, or it is not yours to see."),
    405: N_("This address cannot be opened in this way. Please start again from the home page."),
    409: N_("Someone was faster: this has changed in the meantime. Please load the page again."),
    413: N_("What you sent is larger than we accept. Please shorten it and try again."),
    415: N_("Please use the form on the page; other formats are not accepted here."),
    422: N_("Please check what you entered and try again."),
    429: N_("Please wait a few minutes and try again."),
    500: N_("The fault is ours. Nothing was saved; please try again."),
    503: N_(
        "The hub is resting for a moment. What you were just sending may not be saved yet:"
        " go back and send it again, it will count once."
    ),
}


def error_page(
    request: Request[Any, Any, Any],
    status: int,
    *,
    title: str | None = None,
    message: str | None = None,
    place: tuple[str, str] | None = None,
    request_id: str | None = None,
    retry_after: int | None = None,
) -> Response[str]:
    """`title` and `message` are msgids for people, `place` is that of a page that says more, and its path. A status without words of its own gets those of 400 or 500.

    From 500 on the page stands alone: it asks neither session nor database, either of which may be what failed.
    """
    prepare(request)
    known = status if status in TITLES else (400 if status < 500 else 500)
    template = "web/standalone_error.html" if status >= 500 else "web/error.html"
    body = _render(
        request,
        template,
        status=status,
        title=gettext(title or TITLES[known]),
        explanation=gettext(message or EXPLANATIONS[known]),
        place=(gettext(place[0]), place[1]) if place else None,
        request_id=request_id,
        page=None if status >= 500 else layout_of(request, with_message=False),
    )
    headers = {"Cache-Control": "no-store"} | (
        {"Retry-After": str(retry_after)} if retry_after else {}
    )
    return Response(body, status_code=status, media_type="text/html", headers=headers)


def page_for(
    request: Request[Any, Any, Any], error: Exception, *, request_id: str | None = None
) -> Response[str]:
    """The page of any exception: its own words if it is a HubError, those of its status otherwise."""
    if isinstance(error, HubError):
        retry_after = getattr(error, "retry_after", None)
        return error_page(
            request,
            error.status,
            title=error.title,
            message=error.message,
            place=error.place,
            request_id=request_id,
            retry_after=retry_after,
        )
    status = error.status_code if isinstance(error, HTTPException) else 500
    return error_page(request, status, request_id=request_id)


def _render(request: Request[Any, Any, Any], template: str, **context: Any) -> str:
    engine = request.app.template_engine
    if engine is None:  # The application was put together without hub.web.
        raise RuntimeError("no template engine")
    return str(engine.get_template(template).render(context))
