"""The protocols of one's own organisation. The rows and files are the Ente's: what is one's own, the network role finds."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from hub import clock
from hub.db import network_transaction, tenant_transaction
from hub.errors import Conflict, NotFound
from hub.tenants.accounts.actor import Actor
from hub.tenants.organisation.guards import WHOLE_ADMINS, changes_all
from hub.tenants.protocols import queries
from hub.tenants.protocols.page_parts import (
    WORDS,
    PageRequest,
    blank_signed,
    file_of,
    status_of,
    take_signed,
)
from hub.tenants.protocols.renew import is_near_the_end, renew
from hub.tenants.protocols.schemas import Decide, ProtocolView
from hub.tenants.rooms import MEMBERS, organisation_page
from hub.web import csrf
from hub.web.forms import Form, blank, read_form
from hub.web.i18n import N_
from hub.web.i18n import gettext as _
from hub.web.multipart import LARGEST_REQUEST, read_upload
from hub.web.params import path_id
from hub.web.redirects import message, see_other

PLACE = "/organisation/protocols"
ASKED = message(
    "protocol-renewal-asked",
    N_("The renewal is asked for: the Ente’s new document arrives by mail in a few minutes."),
)


@get(PLACE, guards=MEMBERS)
async def list_protocols(request: PageRequest, actor: NamedDependency[Actor]) -> Template:
    async with network_transaction() as network:
        found = await queries.protocols_of(network, actor.tenant_id)
    return organisation_page(
        request,
        actor,
        "protocols",
        "tenants/protocols/own_list.html",
        crumbs=[(_("Protocols"), PLACE)],
        protocols=found,
        today=clock.today(),
        here=PLACE,
        **WORDS,
    )


@get(f"{PLACE}/{{protocol_id:str}}", guards=MEMBERS)
async def show_protocol(
    request: PageRequest, actor: NamedDependency[Actor], protocol_id: FromPath[str]
) -> Template:
    return await _shown(request, actor, path_id(protocol_id))


@get(f"{PLACE}/{{protocol_id:str}}/document", guards=MEMBERS)
async def download_document(
    actor: NamedDependency[Actor], protocol_id: FromPath[str]
) -> Response[bytes]:
    protocol, _others = await _own(actor, path_id(protocol_id))
    async with tenant_transaction(protocol.tenant_id) as scope:
        return await file_of(scope, protocol.document_id)


@get(f"{PLACE}/{{protocol_id:str}}/signed", guards=MEMBERS)
async def download_signed(
    actor: NamedDependency[Actor], protocol_id: FromPath[str]
) -> Response[bytes]:
    protocol, _others = await _own(actor, path_id(protocol_id))
    async with tenant_transaction(protocol.tenant_id) as scope:
        return await file_of(scope, protocol.signed_file_id)


@post(
    f"{PLACE}/{{protocol_id:str}}/signed",
    status_code=200,
    guards=WHOLE_ADMINS,
    opt=csrf.MULTIPART,
    request_max_body_size=LARGEST_REQUEST,
)
async def hand_in_signed(
    request: PageRequest, actor: NamedDependency[Actor], protocol_id: FromPath[str]
) -> Template | Response[None]:
    protocol, _others = await _own(actor, path_id(protocol_id))
    upload = await read_upload(request)
    form, say = await take_signed(protocol.tenant_id, actor, protocol.id, upload)
    if say is None:
        return await _shown(request, actor, protocol.id, form)
    return see_other(request, f"{PLACE}/{protocol.id}", say)


@post(f"{PLACE}/{{protocol_id:str}}/renew", status_code=200, guards=WHOLE_ADMINS)
async def ask_for_renewal(
    request: PageRequest, actor: NamedDependency[Actor], protocol_id: FromPath[str]
) -> Template | Response[None]:
    form = await read_form(request, Decide, prefix="renew")
    protocol, _others = await _own(actor, path_id(protocol_id))
    if form.data is None:
        return await _shown(request, actor, protocol.id, form)
    try:
        async with tenant_transaction(protocol.tenant_id) as scope:
            made = await renew(scope, actor, protocol.id)
    except Conflict as conflict:
        form.refuse(None, _(conflict.message))
        return await _shown(request, actor, protocol.id, form)
    return see_other(request, f"{PLACE}/{made}", ASKED)


async def _own(actor: Actor, protocol_id: UUID) -> tuple[ProtocolView, list[ProtocolView]]:
    """And the others of one's organisation. Raises NotFound."""
    async with network_transaction() as network:
        found = await queries.protocols_of(network, actor.tenant_id)
    own = next((one for one in found if one.id == protocol_id), None)
    if own is None:
        raise NotFound
    return own, [one for one in found if one.id != protocol_id]


async def _shown(
    request: PageRequest, actor: Actor, protocol_id: UUID, refused: Form[Any] | None = None
) -> Template:
    protocol, others = await _own(actor, protocol_id)
    today = clock.today()
    underway = any(
        one.kind == protocol.kind and one.state in ("preparing", "sent", "to_check")
        for one in others
    )
    uploads = refused is not None and refused.prefix == "signed"
    return organisation_page(
        request,
        actor,
        "protocols",
        "tenants/protocols/own.html",
        crumbs=[(_("Protocols"), PLACE), (protocol.number, f"{PLACE}/{protocol.id}")],
        status_code=status_of(refused),
        protocol=protocol,
        standing=protocol.standing(today),
        may_renew=is_near_the_end(protocol, today) and not underway,
        underway=underway,
        may_sign=changes_all(actor),
        form=refused if uploads else blank_signed(),
        renewal=blank(Decide, prefix="renew", version=protocol.version),
        conflict=next(iter(refused.problems), "") if refused else "",
        here=f"{PLACE}/{protocol.id}",
        **WORDS,
    )


ROUTES: list[ControllerRouterHandler] = [
    list_protocols,
    show_protocol,
    download_document,
    download_signed,
    hand_in_signed,
    ask_for_renewal,
]
