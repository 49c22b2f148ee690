"""The protocols as the Ente's people list them and open them."""

from typing import Any
from uuid import UUID

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from hub import clock, files
from hub.db import network_transaction, tenant_transaction
from hub.errors import NotFound
from hub.tenants.accounts.actor import Actor
from hub.tenants.protocols import editions, parties, queries, register
from hub.tenants.protocols.page_parts import (
    WORDS,
    PageRequest,
    blank_signed,
    file_of,
    status_of,
)
from hub.tenants.protocols.renew import is_near_the_end
from hub.tenants.protocols.schemas import (
    NEAR_THE_END,
    SHOWN,
    UNFINISHED,
    Confirm,
    Decide,
    FilterProtocols,
    Listed,
    Refuse,
    SendAgain,
    SendCountersigned,
)
from hub.tenants.rooms import ENTE_READERS, network_page
from hub.tenants.territory.build_data import fold
from hub.web.forms import Form, blank, read_query
from hub.web.i18n import gettext as _
from hub.web.params import path_id

EACH_PAGE = 50
PLACE = "/network/protocols"


@get(PLACE, guards=ENTE_READERS)
async def list_protocols(request: PageRequest, actor: NamedDependency[Actor]) -> Template:
    before = _before(request.query_params.get("before"))
    form = read_query(request, FilterProtocols)
    asked = form.data or FilterProtocols()
    today = clock.today()
    until = today + NEAR_THE_END
    async with tenant_transaction(actor.tenant_id) as scope:
        found = await register.list_protocols(
            scope,
            which=asked.show,
            kind=asked.kind,
            name=fold(asked.name),
            today=today,
            until=until,
            before=before,
            limit=EACH_PAGE + 1,
        )
        counts = await register.count_protocols(scope, today=today, until=until)
    shown = found[:EACH_PAGE]
    return network_page(
        request,
        actor,
        "protocols",
        "tenants/protocols/protocols.html",
        crumbs=[(_("Protocols"), PLACE)],
        status_code=200 if form.data else 422,
        form=form,
        protocols=shown,
        counts=counts,
        shown=SHOWN,
        asked=asked,
        filtered=bool(asked.show or asked.kind or asked.name),
        kept={"show": asked.show, "kind": asked.kind, "name": asked.name},
        first_page=before is None,
        next_before=_cursor(shown[-1]) if len(found) > EACH_PAGE else None,
        here=PLACE,
        today=today,
        **WORDS,
    )


@get(f"{PLACE}/{{protocol_id:str}}", guards=ENTE_READERS)
async def show_protocol(
    request: PageRequest, actor: NamedDependency[Actor], protocol_id: FromPath[str]
) -> Template:
    return await shown_protocol(request, actor, path_id(protocol_id))


@get(f"{PLACE}/{{protocol_id:str}}/document", guards=ENTE_READERS)
async def download_document(
    actor: NamedDependency[Actor], protocol_id: FromPath[str]
) -> Response[bytes]:
    async with tenant_transaction(actor.tenant_id) as scope:
        protocol = await queries.find(scope, path_id(protocol_id))
        return await file_of(scope, protocol.document_id if protocol else None)


@get(f"{PLACE}/{{protocol_id:str}}/signed", guards=ENTE_READERS)
async def download_signed(
    actor: NamedDependency[Actor], protocol_id: FromPath[str]
) -> Response[bytes]:
    async with tenant_transaction(actor.tenant_id) as scope:
        protocol = await queries.find(scope, path_id(protocol_id))
        return await file_of(scope, protocol.signed_file_id if protocol else None)


async def shown_protocol(
    request: PageRequest, actor: Actor, protocol_id: UUID, **sent: Form[Any]
) -> Template:
    """The page as it stands now; a form that was refused keeps what was typed, with the version that is true now."""
    async with tenant_transaction(actor.tenant_id) as scope:
        protocol = await queries.find(scope, protocol_id)
        if protocol is None:
            raise NotFound
        template = await editions.find_template(scope, protocol.template_id)
        came = await files.find(scope, protocol.signed_file_id) if protocol.signed_file_id else None
        next_id = await queries.renewal_of(scope, protocol.id)
        organisation = await parties.name_of(scope, protocol.organisation_id)
    checker = None
    if protocol.checked_by:
        async with network_transaction() as network:
            checker = await parties.name_of_member(network, protocol.checked_by)
    forms: dict[str, Form[Any]] = {
        "signed": blank_signed(),
        "countersigned": blank(SendCountersigned, prefix="countersigned"),
        "confirm": blank(Confirm, prefix="confirm"),
        "refuse": blank(Refuse, prefix="refuse"),
        "reject": blank(Refuse, prefix="reject"),
        "send": blank(
            SendAgain,
            prefix="send",
            contact_name=protocol.contact_name,
            contact_email=protocol.contact_email,
        ),
        "cancel": blank(Decide, prefix="cancel"),
        "renew": blank(Decide, prefix="renew"),
        **sent,
    }
    for name, form in forms.items():
        if name not in ("signed", "countersigned"):
            form.values["version"] = [str(protocol.version)]
    refused = next(iter(sent.values()), None)
    today = clock.today()
    return network_page(
        request,
        actor,
        "protocols",
        "tenants/protocols/protocol.html",
        crumbs=[(_("Protocols"), PLACE), (protocol.number, f"{PLACE}/{protocol.id}")],
        status_code=status_of(refused),
        protocol=protocol,
        organisation=organisation,
        model=template,
        came=came,
        checker=checker,
        next_id=next_id,
        standing=protocol.standing(today),
        near=is_near_the_end(protocol, today),
        unfinished=protocol.state in UNFINISHED,
        forms_of=forms,
        conflict=next(iter(refused.problems), "") if refused else "",
        here=f"{PLACE}/{protocol.id}",
        **WORDS,
    )


def _cursor(last: Listed) -> str:
    return f"{last.year}-{last.serial}"


def _before(text: str | None) -> tuple[int, int] | None:
    """Raises NotFound for an address that no page of ours has."""
    if text is None:
        return None
    year, _dash, serial = text.partition("-")
    if not (year.isascii() and year.isdigit() and serial.isascii() and serial.isdigit()):
        raise NotFound
    if len(year) > 4 or len(serial) > 9:
        raise NotFound
    return int(year), int(serial)


ROUTES: list[ControllerRouterHandler] = [
    list_protocols,
    show_protocol,
    download_document,
    download_signed,
]
