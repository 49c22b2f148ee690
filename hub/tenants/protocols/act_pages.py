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
from hub.tenants.protocols.page_parts import PageRequest, take_countersigned, take_signed
from hub.tenants.protocols.renew import renew
from hub.tenants.protocols.schemas import Confirm, Decide, Refuse, SendAgain
from hub.tenants.rooms import ENTE_ADMINS
from hub.web import csrf
from hub.web.forms import Struct, read_form
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
COUNTERSIGNED = message(
    "protocol-countersigned", N_("The countersigned file has taken the place of the signed one.")
)
CANCELLED = message("protocol-cancelled", N_("The protocol is cancelled."))
RENEWED = message("protocol-renewed", N_("The new protocol is being made and sent."))

Answer = Template | Response[None]
Verb = Callable[[TenantScope, Actor, UUID, Struct], Awaitable[UUID | None]]


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


@post(
    f"{PLACE}/{{protocol_id:str}}/countersigned",
    status_code=200,
    guards=ENTE_ADMINS,
    opt=csrf.MULTIPART,
    request_max_body_size=LARGEST_REQUEST,
)
async def hand_in_countersigned(
    request: PageRequest, actor: NamedDependency[Actor], protocol_id: FromPath[str]
) -> Answer:
    wanted = path_id(protocol_id)
    async with tenant_transaction(actor.tenant_id) as scope:
        if await queries.find(scope, wanted) is None:
            raise NotFound
    form = await take_countersigned(actor, wanted, await read_upload(request))
    if form.failed:
        return await shown_protocol(request, actor, wanted, countersigned=form)
    return see_other(request, f"{PLACE}/{wanted}", COUNTERSIGNED)


def _act(
    name: str, asked: type[Struct], verb: Verb[Struct], say: Message
) -> ControllerRouterHandler:
    """Where the verb made another protocol, that one's page is next."""

    @post(f"{PLACE}/{{protocol_id:str}}/{name}", status_code=200, guards=ENTE_ADMINS)
    async def act(
        request: PageRequest, actor: NamedDependency[Actor], protocol_id: FromPath[str]
    ) -> Answer:
        wanted = path_id(protocol_id)
        form = await read_form(request, asked, prefix=name)
        if form.data is None:
            return await shown_protocol(request, actor, wanted, **{name: form})
        try:
            async with tenant_transaction(actor.tenant_id) as scope:
                made = await verb(scope, actor, wanted, form.data)
        except Conflict as conflict:
            form.refuse(None, _(conflict.message))
            return await shown_protocol(request, actor, wanted, **{name: form})
        return see_other(request, f"{PLACE}/{made or wanted}", say)

    return act


async def _renew(scope: TenantScope, actor: Actor, protocol_id: UUID, _asked: Decide) -> UUID:
    return await renew(scope, actor, protocol_id)


ROUTES: list[ControllerRouterHandler] = [
    hand_in_for_them,
    hand_in_countersigned,
    _act("confirm", Confirm, decide.confirm, CONFIRMED),
    _act("refuse", Refuse, decide.refuse, REFUSED),
    _act("reject", Refuse, decide.reject, REFUSED),
    _act("send", SendAgain, decide.send_again, SENT),
    _act("cancel", Decide, decide.cancel, CANCELLED),
    _act("renew", Decide, _renew, RENEWED),
]
