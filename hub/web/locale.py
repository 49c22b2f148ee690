"""Which language a request is answered in, and the switch in the header."""

from typing import Any

from litestar import Request, Response, post
from litestar.datastructures import Cookie

from hub.web import i18n
from hub.web.forms import pairs_in
from hub.web.redirects import see_other

COOKIE = "hub_locale"
ONE_YEAR = 365 * 24 * 3600
AnyRequest = Request[Any, Any, Any]


def choose_locale(request: AnyRequest) -> str:
    """The choice made in this browser, else the account's locale, else the browser's wish, else Italian."""
    wishes = [
        request.cookies.get(COOKIE),
        getattr(request.scope.get("user"), "locale", None),
        *_accepted(request.headers.get("accept-language", "")),
    ]
    return next((wish for wish in wishes if wish in i18n.LOCALES), i18n.DEFAULT_LOCALE)


def _accepted(header: str) -> list[str]:
    """The primary languages of an Accept-Language header, the most wanted first; malformed parts are skipped."""
    wanted = []
    for position, part in enumerate(header[:200].split(",")):
        language, _, parameters = part.strip().partition(";")
        weight = parameters.strip().removeprefix("q=") or "1"
        try:
            quality = float(weight)
        except ValueError:
            continue
        if quality > 0:
            wanted.append((-quality, position, language.split("-")[0].lower()))
    return [language for _, _, language in sorted(wanted)]


@post(
    "/locale",
    status_code=303,
    opt={"public": True, "exclude_from_csrf": True},
    include_in_schema=False,
)
async def switch_locale(request: AnyRequest) -> Response[None]:
    """Remember the language in a cookie; an unknown one changes nothing. It needs no proof of origin: it is harmless."""
    try:
        sent = pairs_in(await request.body())
    except ValueError:
        sent = {}
    response = see_other(request, sent.get("next", ["/"])[0])
    wanted = sent.get("locale", [""])[0]
    if wanted in i18n.LOCALES:
        secure = bool(request.app.state.get("secure_cookies", False))
        response.set_cookie(
            Cookie(
                COOKIE,
                value=wanted,
                max_age=ONE_YEAR,
                path="/",
                httponly=True,
                secure=secure,
                samesite="lax",
            )
        )
    return response
