"""The templates at the Ente: their versions, a new one made from the last, and how it looks on paper."""

import asyncio
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from hub import clock
from hub.db import tenant_transaction
from hub.errors import Conflict, NotFound
from hub.tenants.accounts.actor import Actor
from hub.tenants.protocols import editions
from hub.tenants.protocols.document import document_pdf
from hub.tenants.protocols.network_pages import PLACE as PROTOCOLS
from hub.tenants.protocols.page_parts import PageRequest, status_of
from hub.tenants.protocols.schemas import KINDS, Content, NewVersion, ProtocolTemplate
from hub.tenants.protocols.templates import every_template, save_version
from hub.tenants.protocols.text import parse, placeholders_for, problems_in
from hub.tenants.rooms import ENTE_ADMINS, ENTE_READERS, network_page
from hub.uploads import PDF
from hub.web.downloads import download
from hub.web.forms import Form, blank, read_form
from hub.web.i18n import N_
from hub.web.i18n import gettext as _
from hub.web.params import path_id
from hub.web.redirects import message, see_other

PLACE = f"{PROTOCOLS}/templates"
SAVED = message(
    "protocol-version-saved", N_("The new version is saved. What is drawn up from now on uses it.")
)


@get(PLACE, guards=ENTE_READERS)
async def list_templates(request: PageRequest, actor: NamedDependency[Actor]) -> Template:
    async with tenant_transaction(actor.tenant_id) as scope:
        by_kind = await every_template(scope)
    return network_page(
        request,
        actor,
        "protocols",
        "tenants/protocols/templates.html",
        crumbs=_crumbs(),
        by_kind=by_kind,
        kinds=KINDS,
        here=PLACE,
    )


@get(f"{PLACE}/{{template_id:str}}", guards=ENTE_READERS)
async def show_template(
    request: PageRequest, actor: NamedDependency[Actor], template_id: FromPath[str]
) -> Template:
    template, is_last = await _template(actor, path_id(template_id))
    return network_page(
        request,
        actor,
        "protocols",
        "tenants/protocols/template.html",
        crumbs=_crumbs(template),
        model=template,
        is_last=is_last,
        blocks=parse(template.text),
        kinds=KINDS,
        here=f"{PLACE}/{template.id}",
    )


@get(f"{PLACE}/{{template_id:str}}/preview", guards=ENTE_READERS)
async def preview_template(
    actor: NamedDependency[Actor], template_id: FromPath[str]
) -> Response[bytes]:
    template, _last = await _template(actor, path_id(template_id))
    return await _preview(actor, template)


@get(f"{PLACE}/{{template_id:str}}/next", guards=ENTE_ADMINS)
async def write_version(
    request: PageRequest, actor: NamedDependency[Actor], template_id: FromPath[str]
) -> Template:
    template, _last = await _template(actor, path_id(template_id))
    form = blank(
        NewVersion,
        prefix="version",
        title=template.title,
        years=template.years,
        text=template.text.strip(),
    )
    return _editor(request, actor, template, form)


@post(f"{PLACE}/{{template_id:str}}/next", status_code=200, guards=ENTE_ADMINS)
async def save(
    request: PageRequest, actor: NamedDependency[Actor], template_id: FromPath[str]
) -> Template | Response[None]:
    template, form = await _read(request, actor, template_id)
    if form.data is None:
        return _editor(request, actor, template, form)
    try:
        async with tenant_transaction(actor.tenant_id) as scope:
            saved = await save_version(scope, actor, template.id, form.data, form.key)
    except Conflict as conflict:
        form.refuse(None, _(conflict.message))
        return _editor(request, actor, template, form)
    return see_other(request, f"{PLACE}/{saved}", SAVED)


@post(f"{PLACE}/{{template_id:str}}/try", status_code=200, guards=ENTE_ADMINS)
async def try_version(
    request: PageRequest, actor: NamedDependency[Actor], template_id: FromPath[str]
) -> Template | Response[bytes]:
    """What was typed, on paper, before it is saved."""
    template, form = await _read(request, actor, template_id)
    asked = form.data
    if asked is None:
        return _editor(request, actor, template, form)
    typed = ProtocolTemplate(
        template.id,
        template.kind,
        template.number + 1,
        asked.title,
        asked.text,
        asked.years,
        template.created_at,
    )
    return await _preview(actor, typed)


async def _read(
    request: PageRequest, actor: Actor, template_id: str
) -> tuple[ProtocolTemplate, Form[NewVersion]]:
    form = await read_form(request, NewVersion, prefix="version", once=True)
    template, _last = await _template(actor, path_id(template_id))
    if form.data:
        for problem in problems_in(form.data.text, template.kind):
            form.refuse("text", problem)
    return template, form


async def _template(actor: Actor, template_id: UUID) -> tuple[ProtocolTemplate, bool]:
    """With whether it is the last of its kind. Raises NotFound."""
    async with tenant_transaction(actor.tenant_id) as scope:
        found = await editions.find_template(scope, template_id)
        if found is None:
            raise NotFound
        last = await editions.last_template(scope, found.kind)
    return found, last is not None and last.id == found.id


async def _preview(actor: Actor, template: ProtocolTemplate) -> Response[bytes]:
    """With an invented organisation, and no number."""
    content = Content(
        ente=actor.tenant_name,
        organisation="Comune di Esempio",
        fiscal_code="00000000000",
        address="Piazza del Municipio 1, 00000 Esempio",
        desks=("Sportello di Esempio Centro", "Sportello di Esempio Mare"),
        years=template.years,
        issued_on=clock.today(),
        locale="it",
    )
    document = await asyncio.to_thread(document_pdf, template, content, "ANTEPRIMA")
    return download(f"anteprima-{template.kind}-{template.number}.pdf", PDF, document)


def _editor(
    request: PageRequest, actor: Actor, template: ProtocolTemplate, form: Form[NewVersion]
) -> Template:
    here = f"{PLACE}/{template.id}"
    return network_page(
        request,
        actor,
        "protocols",
        "tenants/protocols/template_next.html",
        crumbs=[*_crumbs(template), (_("New version"), f"{here}/next")],
        status_code=status_of(form),
        model=template,
        form=form,
        placeholders=placeholders_for(template.kind),
        kinds=KINDS,
        here=here,
    )


def _crumbs(template: ProtocolTemplate | None = None) -> list[tuple[str, str]]:
    crumbs = [(_("Protocols"), PROTOCOLS), (_("Templates"), PLACE)]
    if template:
        words = _("Version %(number)s", number=template.number)
        crumbs.append((f"{_(KINDS[template.kind])}, {words}", f"{PLACE}/{template.id}"))
    return crumbs


ROUTES: list[ControllerRouterHandler] = [
    list_templates,
    show_template,
    preview_template,
    write_version,
    save,
    try_version,
]
