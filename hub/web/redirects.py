"""Answers that send the browser on, and the one message that may wait for it there.

A message is declared once, `CASE_OPENED = message("case-opened", N_("The case is open."))`, and said with
`see_other(request, url, CASE_OPENED)`. The cookie holds its code only: nobody can put words on our pages.
"""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from litestar import Request, Response
from litestar.datastructures import Cookie

from hub.web.i18n import gettext

COOKIE = "hub_message"
_AS_IT_STANDS = "/%?#[]@!$&'()*+,;=:~"
_LOCAL = re.compile(r"/(?![/\\])[^\x00-\x20\\\x7f]*")


@dataclass(frozen=True)
class Message:
    code: str
    text: str
    level: str


_messages: dict[str, Message] = {}


def message(code: str, text: str, level: str = "success") -> Message:
    """Declare what a page may say after a redirect. `level` is success, info, warning or danger."""
    if _messages.setdefault(code, declared := Message(code, text, level)) != declared:
        raise ValueError(f"two messages have the code {code}")
    return declared


def waiting_message(request: Request[Any, Any, Any]) -> Message | None:
    """The message the redirect left, translated; None also for a code we do not know."""
    found = _messages.get(request.cookies.get(COOKIE, ""))
    return Message(found.code, gettext(found.text), found.level) if found else None


def local_path(url: str, default: str = "/") -> str:
    """`url` if it stays on this site, else the default: an address from a form or a query may lead anywhere."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return default
    stays = not parts.scheme and not parts.netloc and _LOCAL.fullmatch(url) and len(url) <= 2000
    # A header holds ASCII only; what is encoded already, and what has a meaning in an address, stays as it is.
    return quote(url, safe=_AS_IT_STANDS, errors="replace") if stays else default


def see_other(
    request: Request[Any, Any, Any], url: str, say: Message | None = None
) -> Response[None]:
    """Go to a page of ours after a form: 303, or htmx's own header, since its request would follow a 303 unseen."""
    target = local_path(url)
    if request.headers.get("hx-request") == "true":
        response = Response(
            None, status_code=200, headers={"HX-Redirect": target}, media_type="text/html"
        )
    else:
        response = Response(None, status_code=303, headers={"Location": target})
    if say:
        secure = bool(request.app.state.get("secure_cookies", False))
        response.set_cookie(
            Cookie(
                COOKIE,
                value=say.code,
                max_age=300,
                path="/",
                httponly=True,
                secure=secure,
                samesite="lax",
            )
        )
    return response
