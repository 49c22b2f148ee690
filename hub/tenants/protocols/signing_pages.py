"""Where whoever has the link downloads the document and hands it in signed. A GET changes nothing."""

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from hub.db import tenant_transaction
from hub.errors import NotFound
from hub.tenants.protocols import queries
from hub.tenants.protocols.links import LINK_LASTS, Grant, read_expired, read_link
from hub.tenants.protocols.page_parts import (
    WORDS,
    PageRequest,
    blank_signed,
    file_of,
    status_of,
    take_signed,
)
from hub.tenants.protocols.schemas import Protocol, SendSigned
from hub.tokens import BadToken, ExpiredToken
from hub.web import csrf
from hub.web.forms import Form
from hub.web.i18n import gettext as _
from hub.web.multipart import LARGEST_REQUEST, read_upload
from hub.web.page import page
from hub.web.redirects import see_other

PUBLIC = {"public": True}


@get("/protocols/{token:str}", opt=PUBLIC)
async def signing_page(request: PageRequest, token: FromPath[str]) -> Template:
    return await _page(request, token)


@get("/protocols/{token:str}/document", opt=PUBLIC)
async def download_document(token: FromPath[str]) -> Response[bytes]:
    """By the newest link only; of what is cancelled, nobody's."""
    try:
        grant = read_link(token)
    except BadToken:
        raise NotFound from None
    async with tenant_transaction(grant.tenant_id) as scope:
        protocol = await queries.find(scope, grant.protocol_id)
        if protocol is None or protocol.link_version != grant.version:
            raise NotFound
        return await file_of(scope, protocol.document_id)


@post(
    "/protocols/{token:str}",
    status_code=200,
    opt={**PUBLIC, **csrf.MULTIPART},
    request_max_body_size=LARGEST_REQUEST,
)
async def hand_in_signed(request: PageRequest, token: FromPath[str]) -> Template | Response[None]:
    upload = await read_upload(request)
    try:
        grant = read_link(token)
    except BadToken:
        return await _page(request, token)
    form, say = await take_signed(
        grant.tenant_id, None, grant.protocol_id, upload, link_version=grant.version
    )
    if say is None:
        return await _page(request, token, form)
    return see_other(request, f"/protocols/{token}", say)


async def _page(request: PageRequest, token: str, form: Form[SendSigned] | None = None) -> Template:
    try:
        grant = read_link(token)
    except ExpiredToken as expired:
        async with tenant_transaction(read_expired(expired).tenant_id) as scope:
            contact = await queries.ente_email(scope)
        return _answer(request, token, "expired", contact=contact)
    except BadToken:
        return _answer(request, token, "altered")
    protocol = await _found(grant)
    if protocol is None:
        return _answer(request, token, "altered")
    # What has been decided about it, also an older link may say.
    if protocol.link_version != grant.version and protocol.state == "sent":
        return _answer(request, token, "superseded")
    return _answer(request, token, protocol.state, protocol, form)


async def _found(grant: Grant) -> Protocol | None:
    async with tenant_transaction(grant.tenant_id) as scope:
        return await queries.find(scope, grant.protocol_id)


_GONE = {"altered": 404, "expired": 410, "superseded": 410}


def _answer(
    request: PageRequest,
    token: str,
    why: str,
    protocol: Protocol | None = None,
    form: Form[SendSigned] | None = None,
    contact: str | None = None,
) -> Template:
    here = f"/protocols/{token}"
    answer = page(
        request,
        "tenants/protocols/signing.html",
        status_code=_GONE.get(why) or status_of(form),
        crumbs=[(_("Sign a protocol"), here)],
        why=why,
        here=here,
        protocol=protocol,
        form=form or blank_signed(),
        days=LINK_LASTS.days,
        contact=contact,
        **WORDS,
    )
    # As for people who have signed in: nobody finds it in this browser later.
    answer.headers["Cache-Control"] = "no-store"
    return answer


ROUTES: list[ControllerRouterHandler] = [signing_page, download_document, hand_in_signed]
