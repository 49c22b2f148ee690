"""Answer with a page: `return page(request, "referrals/cases.html", cases=cases)`.

Templates extend `web/layout.html`, which reads the one name `page` (a Page) beside what the handler gives.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from litestar import Request
from litestar.datastructures import Cookie
from litestar.response import Template

from hub.web import csrf, i18n, redirects
from hub.web.locale import choose_locale
from hub.web.navigation import Entry, Reader, menu_for
from hub.web.redirects import Message, waiting_message

AnyRequest = Request[Any, Any, Any]
Crumb = tuple[str, str]
_FORGET_MESSAGE = Cookie(
    redirects.COOKIE, value="", max_age=0, path="/", httponly=True, samesite="lax"
)


@dataclass(frozen=True)
class Page:
    """What the layout shows around every page."""

    reader: Reader | None
    menu: Sequence[Entry]
    crumbs: Sequence[Crumb]
    message: Message | None
    locale: str
    path: str
    address: str
    """Path and query: where the language switch comes back to."""
    session_read: bool
    """False where nobody looked who is reading, as at an unknown address: neither sign-in nor account is offered."""


def page(
    request: AnyRequest,
    template: str,
    *,
    status_code: int = 200,
    crumbs: Sequence[Crumb] = (),
    fragment: str | None = None,
    **context: Any,
) -> Template:
    """`crumbs` are (label, url) from the home page down, without it; the last one is the page itself.

    Where htmx asks for a part of the page, `fragment` is rendered instead: same address, same context.
    """
    prepare(request)
    partial = fragment is not None and wants_fragment(request)
    around = layout_of(request, crumbs, with_message=not partial)
    return Template(
        fragment if partial else template,
        context={**context, "page": around},
        status_code=status_code,
        headers={"Vary": "HX-Request, Cookie, Accept-Language"},
        cookies=[_FORGET_MESSAGE] if around.message else None,
        media_type="text/html",
    )


def prepare(request: AnyRequest) -> None:
    """Texts and forms made next in this task are for this reader. Also the application's `before_request`."""
    i18n.use_locale(choose_locale(request))
    csrf.render_for(request)


async def before_request(request: AnyRequest) -> None:
    prepare(request)


def layout_of(
    request: AnyRequest, crumbs: Sequence[Crumb] = (), *, with_message: bool = True
) -> Page:
    reader: Reader | None = request.scope.get("user")
    path = request.scope["path"]
    query = request.scope.get("query_string", b"").decode("latin-1")
    return Page(
        reader=reader,
        menu=menu_for(reader),
        crumbs=crumbs,
        message=waiting_message(request) if with_message else None,
        locale=i18n.locale(),
        path=path,
        address=f"{quote(path)}?{query}" if query and request.method == "GET" else quote(path),
        session_read="user" in request.scope,
    )


def wants_fragment(request: AnyRequest) -> bool:
    """Whether htmx asks for a part; its history and boosted links want the whole page."""
    headers = request.headers
    whole = (
        headers.get("hx-boosted") == "true" or headers.get("hx-history-restore-request") == "true"
    )
    return headers.get("hx-request") == "true" and not whole
