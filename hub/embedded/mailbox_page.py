"""The page that shows what the local mailbox received, and the same as JSON for tests."""

from datetime import UTC
from typing import Annotated, Any, NamedTuple

import pyotp
from litestar import Litestar, MediaType, Request, Response, get
from litestar.config.allowed_hosts import AllowedHostsConfig
from litestar.datastructures import State
from litestar.exceptions import NotFoundException
from litestar.params import Parameter
from litestar.response import Template

from hub import clock
from hub.embedded.mailbox_message import framed, open_message, with_links
from hub.embedded.mailbox_store import MailStore, Summary
from hub.seed.sign_ins import SECOND_FACTOR
from hub.tenants.accounts.second_factor.codes import STEP_SECONDS
from hub.web import i18n
from hub.web.headers import security_headers
from hub.web.locale import choose_locale, switch_locale
from hub.web.static_files import serve_static
from hub.web.templating import template_config

AnyRequest = Request[Any, Any, Any]
PAGE_SIZE = 50
JSON_LIMIT = 10_000
VIEWS = ("html", "text", "headers", "source")
# What a mail may do in its frame: have its own looks, and open links in a new tab. No script, form or remote file.
MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)
Position = Annotated[int | None, Parameter(ge=0, le=2**62)]


def create_page(store: MailStore, port: int, *, demo: bool = False) -> Litestar:
    """`demo`: with the present code of the second factor that the demo network's administrators share."""
    return Litestar(
        [
            *([second_factor_json] if demo else []),
            message_list,
            message_list_json,
            message_page,
            message_json,
            message_frame,
            message_source,
            status,
            switch_locale,
            serve_static,
        ],
        state=State({"store": store, "demo": demo}),
        template_config=template_config(),
        before_send=[security_headers(https=False)],
        before_request=use_readers_locale,
        # The mailbox asks for no password: a page of another name that points here must not read it.
        allowed_hosts=AllowedHostsConfig([f"127.0.0.1:{port}", f"localhost:{port}"]),
        exception_handlers={404: not_found, 400: not_found},
        openapi_config=None,
    )


class PresentCode(NamedTuple):
    code: str
    seconds_left: int


def present_code() -> PresentCode:
    now = clock.now()
    left = STEP_SECONDS - int(now.timestamp()) % STEP_SECONDS
    return PresentCode(pyotp.TOTP(SECOND_FACTOR).at(now), left)


async def use_readers_locale(request: AnyRequest) -> None:
    # Not a plain function: Litestar would run that in a thread, which has a context of its own.
    i18n.use_locale(choose_locale(request))


def _page(
    request: AnyRequest, template: str, *, status_code: int = 200, **context: Any
) -> Template:
    """With the address that the language switch comes back to."""
    query = f"?{request.url.query}" if request.url.query else ""
    address = request.url.path + query
    return Template(
        f"embedded/{template}", context={**context, "address": address}, status_code=status_code
    )


@get("/", sync_to_thread=False)
def message_list(
    request: AnyRequest, state: State, to: str = "", before: Position = None
) -> Template:
    """`to` is any part of a recipient's address; `before` is the last message of the page that was read."""
    store: MailStore = state["store"]
    part_of = to.strip()[:200]
    found = store.newest(part_of=part_of, before=before, limit=PAGE_SIZE + 1)
    shown = found[:PAGE_SIZE]
    return _page(
        request,
        "mailbox.html",
        messages=shown,
        to=part_of,
        count=store.count(part_of=part_of),
        first_page=before is None,
        code=present_code() if state["demo"] else None,
        older=shown[-1].id if len(found) > PAGE_SIZE else None,
    )


@get("/messages.json", sync_to_thread=False)
def message_list_json(
    state: State,
    to: str = "",
    before: Position = None,
    limit: Annotated[int, Parameter(ge=0, le=JSON_LIMIT)] = 100,
) -> dict[str, Any]:
    """`to` is a whole address, in any case. `count` is of all of them, `items` the newest."""
    store: MailStore = state["store"]
    found = store.newest(to=to.strip(), before=before, limit=limit)
    return {"count": store.count(to=to.strip()), "items": [_summary_json(item) for item in found]}


@get("/second-factor.json", sync_to_thread=False)
def second_factor_json() -> dict[str, Any]:
    return {"code": (now := present_code()).code, "seconds_left": now.seconds_left}


@get("/messages/{number:int}", sync_to_thread=False)
def message_page(request: AnyRequest, state: State, number: int, view: str = "") -> Template:
    summary, raw = _found(state["store"], number)
    opened = open_message(raw)
    missing = {name for name in ("html", "text") if getattr(opened, name) is None}
    views = [name for name in VIEWS if name not in missing]
    return _page(
        request,
        "message.html",
        message=summary,
        opened=opened,
        views=views,
        view=view if view in views else views[0],
        text=with_links(opened.text or ""),
        source=raw.decode("utf-8", "replace"),
    )


@get("/messages/{number:int}/message.json", sync_to_thread=False)
def message_json(state: State, number: int) -> dict[str, Any]:
    summary, raw = _found(state["store"], number)
    opened = open_message(raw)
    parts = {"headers": opened.headers, "text": opened.text, "html": opened.html}
    return _summary_json(summary) | parts


@get("/messages/{number:int}/frame", sync_to_thread=False, opt={"csp": MAIL_POLICY})
def message_frame(state: State, number: int) -> Response[str]:
    _, raw = _found(state["store"], number)
    html = open_message(raw).html
    if html is None:
        raise NotFoundException
    return Response(framed(html), media_type=MediaType.HTML)


@get("/messages/{number:int}/message.eml", sync_to_thread=False)
def message_source(state: State, number: int) -> Response[bytes]:
    _, raw = _found(state["store"], number)
    headers = {"Content-Disposition": f'attachment; filename="message-{number}.eml"'}
    return Response(raw, media_type="message/rfc822", headers=headers)


@get("/status", sync_to_thread=False)
def status(state: State) -> dict[str, Any]:
    store: MailStore = state["store"]
    return {"status": "ok", "messages": store.count()}


def not_found(request: AnyRequest, _error: Exception) -> Response[Any]:
    """One calm answer to an address that leads nowhere and to a page number that is none."""
    i18n.use_locale(choose_locale(request))
    if request.url.path.endswith(".json"):
        return Response({"status": 404, "title": "Not found"}, status_code=404)
    return _page(request, "missing.html", status_code=404)


def _found(store: MailStore, number: int) -> tuple[Summary, bytes]:
    summary, raw = store.summary(number), store.raw(number)
    if summary is None or raw is None:
        raise NotFoundException
    return summary, raw


def _summary_json(summary: Summary) -> dict[str, Any]:
    return {
        "id": summary.id,
        "received_at": summary.received_at.astimezone(UTC).isoformat(),
        "from": summary.sender,
        "to": summary.recipients,
        "subject": summary.subject,
    }
