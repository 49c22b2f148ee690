"""What the Ente's admins do with a protocol."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from hub.db import TenantScope, tenant_transaction
from hub.errors import Conflict, NotFound
from hub.tenants.accounts.actor import Actor
from hub.tenants.protocols import decide, queries
from hub.tenants.protocols.network_pages import PLACE, shown_protocol
from hub.tenants.protocols.page_parts import PageRequest, take_signed
from hub.tenants.protocols.renew import renew
from hub.tenants.protocols.schemas import Confirm, Decide, Refuse, SendAgain
from hub.tenants.rooms import ENTE_ADMINS
from hub.web import csrf
from hub.web.forms import Form, Struct, read_form
from hub.web.i18n import N_
from hub.web.i18n import gettext as _
from hub.web.multipart import LARGEST_REQUEST, read_upload
from hub.web.params import path_id
from hub.web.redirects import Message, message, see_other

CONFIRMED = message("protocol-confirmed", N_("Confirmed: the protocol is signed."))
REFUSED = message(
    "protocol-refused", N_("Sent back: the contact gets your reason with a new link.")
)
SENT = message("protocol-sent-again", N_("The document is on its way again, with a new link."))
CANCELLED = message("protocol-cancelled", N_("The protocol is cancelled."))
RENEWED = message("protocol-renewed", N_("The new protocol is being made and sent."))

Answer = Template | Response[None]
Verb = Callable[[TenantScope, Struct], Awaitable[UUID | None]]


@post(
    f"{PLACE}/{{protocol_id:str}}/signed",
    status_code=200,
    guards=ENTE_ADMINS,
    opt=csrf.MULTIPART,
    request_max_body_size=LARGEST_REQUEST,
)
async def hand_in_for_them(
    request: PageRequest, actor: NamedDependency[Actor], protocol_id: FromPath[str]
) -> Answer:
    """What came by certified mail."""
    wanted = path_id(protocol_id)
    async with tenant_transaction(actor.tenant_id) as scope:
        if await queries.find(scope, wanted) is None:
            raise NotFound
    upload = await read_upload(request)
    form, say = await take_signed(actor.tenant_id, actor, wanted, upload)
    if say is None:
        return await shown_protocol(request, actor, wanted, signed=form)
    return see_other(request, f"{PLACE}/{wanted}", say)


@post(f"{PLACE}/{{protocol_id:str}}/confirm", status_code=200, guards=ENTE_ADMINS)
async def confirm(
    request: PageRequest, actor: NamedDependency[Actor], protocol_id: FromPath[str]
) -> Answer:
    wanted = path_id(protocol_id)
    form = await read_form(request, Confirm, prefix="confirm")
    return await _done(
        request,
        actor,
        wanted,
        "confirm",
        form,
        lambda scope, asked: decide.confirm(scope, actor, wanted, asked.version),
        CONFIRMED,
    )


@post(f"{PLACE}/{{protocol_id:str}}/refuse", status_code=200, guards=ENTE_ADMINS)
async def refuse(
    request: PageRequest, actor: NamedDependency[Actor], protocol_id: FromPath[str]
) -> Answer:
    wanted = path_id(protocol_id)
    form = await read_form(request, Refuse, prefix="refuse")
    return await _done(
        request,
        actor,
        wanted,
        "refuse",
        form,
        lambda scope, asked: decide.refuse(scope, actor, wanted, asked.version, asked.reason),
        REFUSED,
    )


@post(f"{PLACE}/{{protocol_id:str}}/send", status_code=200, guards=ENTE_ADMINS)
async def send_again(
    request: PageRequest, actor: NamedDependency[Actor], protocol_id: FromPath[str]
) -> Answer:
    wanted = path_id(protocol_id)
    form = await read_form(request, SendAgain, prefix="send")
    return await _done(
        request,
        actor,
        wanted,
        "send",
        form,
        lambda scope, asked: decide.send_again(
            scope, actor, wanted, asked.version, asked.contact_name, asked.contact_email
        ),
        SENT,
    )


@post(f"{PLACE}/{{protocol_id:str}}/cancel", status_code=200, guards=ENTE_ADMINS)
async def cancel(
    request: PageRequest, actor: NamedDependency[Actor], protocol_id: FromPath[str]
) -> Answer:
    wanted = path_id(protocol_id)
    form = await read_form(request, Decide, prefix="cancel")
    return await _done(
        request,
        actor,
        wanted,
        "cancel",
        form,
        lambda scope, asked: decide.cancel(scope, actor, wanted, asked.version),
        CANCELLED,
    )


@post(f"{PLACE}/{{protocol_id:str}}/renew", status_code=200, guards=ENTE_ADMINS)
async def renew_protocol(
    request: PageRequest, actor: NamedDependency[Actor], protocol_id: FromPath[str]
) -> Answer:
    wanted = path_id(protocol_id)
    form = await read_form(request, Decide, prefix="renew")
    return await _done(
        request,
        actor,
        wanted,
        "renew",
        form,
        lambda scope, _asked: renew(scope, actor, wanted),
        RENEWED,
    )


async def _done(
    request: PageRequest,
    actor: Actor,
    protocol_id: UUID,
    name: str,
    form: Form[Struct],
    verb: Verb[Struct],
    say: Message,
) -> Answer:
    """Where the verb made another protocol, that one's page is next."""
    if form.data is None:
        return await shown_protocol(request, actor, protocol_id, **{name: form})
    try:
        async with tenant_transaction(actor.tenant_id) as scope:
            made = await verb(scope, form.data)
    except Conflict as conflict:
        form.refuse(None, _(conflict.message))
        return await shown_protocol(request, actor, protocol_id, **{name: form})
    return see_other(request, f"{PLACE}/{made or protocol_id}", say)


ROUTES: list[ControllerRouterHandler] = [
    hand_in_for_them,
    confirm,
    refuse,
    send_again,
    cancel,
    renew_protocol,
]
