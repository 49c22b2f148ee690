"""Inviting an organisation to the network, beginning a set-up again, and inviting another administrator."""

from uuid import UUID, uuid5

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from hub.db import network_transaction
from hub.errors import Conflict
from hub.tenants.accounts.actor import Actor
from hub.tenants.onboarding import queries
from hub.tenants.onboarding.asking import Begin, Enlist, InviteAdmin
from hub.tenants.onboarding.begin import Contact
from hub.tenants.onboarding.enlist import AlreadyThere, begin_again, enlist
from hub.tenants.onboarding.organisations import Details
from hub.tenants.onboarding.page_parts import crumbs_of, find, here
from hub.tenants.people.first_administrator import (
    AdministratorInvited,
    HasAdministrator,
    administrations,
    invite_administrator,
    send_again,
    take_back,
)
from hub.tenants.people.schemas import Invite
from hub.tenants.rooms import ENTE_ADMINS, network_page
from hub.tenants.territory.naming import Resolved, label_of, resolve
from hub.web.forms import Form, blank, read_form
from hub.web.i18n import N_
from hub.web.i18n import gettext as _
from hub.web.page import AnyRequest
from hub.web.params import path_id
from hub.web.redirects import message, see_other

ENLISTED = message(
    "organisation-invited",
    N_("The organisation is invited: its contact gets the invitation, and the agreement to sign."),
)
BEGUN = message("setup-begun", N_("The set-up has begun."))
INVITED = message("admin-invited", N_("The invitation is on its way."))
SENT_AGAIN = message(
    "admin-invitation-sent-again", N_("A new link is on its way; older ones are out of use.")
)
TAKEN_BACK = message("admin-invitation-taken-back", N_("The invitation is taken back."))


@get("/network/organisations/new", guards=ENTE_ADMINS)
async def enlist_form(request: AnyRequest, actor: NamedDependency[Actor]) -> Template:
    return _enlisting(request, actor, blank(Enlist, locale="it"))


@post("/network/organisations/new", status_code=200, guards=ENTE_ADMINS)
async def enlist_organisation(
    request: AnyRequest, actor: NamedDependency[Actor]
) -> Template | Response[None]:
    form = await read_form(request, Enlist, once=True)
    _ask_host_kind(form)
    found, there = await _place(form), None
    if data := form.data:
        # Twice the same form is one organisation.
        organisation_id = uuid5(actor.tenant_id, str(form.key))
        try:
            async with network_transaction() as scope:
                details = _details(data, found)
                await enlist(scope, actor, organisation_id, data.kinds, details, _contact(data))
            return see_other(request, here(organisation_id), ENLISTED)
        except AlreadyThere as known:
            form.refuse("fiscal_code", _(known.message))
            there = known.organisation_id
    return _enlisting(request, actor, form, found, there)


async def _place(form: Form[Enlist]) -> Resolved:
    """Which municipality is meant; where none is, or several are, the form says so."""
    typed = form.parsed.get("municipality")
    if not typed:
        return Resolved(None)
    async with network_transaction() as scope:
        found = await resolve(scope, typed, form.parsed.get("municipality_code"))
    if not found.one:
        form.refuse(
            "municipality",
            _("Several municipalities are called so: choose one.")
            if found.candidates
            else _("No municipality is called so."),
        )
    return found


@get("/network/organisations/{organisation_id:str}/begin", guards=ENTE_ADMINS)
async def begin_form(
    request: AnyRequest, actor: NamedDependency[Actor], organisation_id: FromPath[str]
) -> Template | Response[None]:
    return await _beginning(request, actor, path_id(organisation_id), None)


@post("/network/organisations/{organisation_id:str}/begin", status_code=200, guards=ENTE_ADMINS)
async def begin_setup(
    request: AnyRequest, actor: NamedDependency[Actor], organisation_id: FromPath[str]
) -> Template | Response[None]:
    organisation = path_id(organisation_id)
    form = await read_form(request, Begin)
    _ask_host_kind(form)
    if data := form.data:
        try:
            async with network_transaction() as scope:
                await begin_again(
                    scope, actor, organisation, data.kinds, data.host_kind, _contact(data)
                )
            return see_other(request, here(organisation), BEGUN)
        except Conflict as conflict:
            form.refuse(None, _(conflict.message))
    return await _beginning(request, actor, organisation, form)


@get("/network/organisations/{organisation_id:str}/invite", guards=ENTE_ADMINS)
async def invite_form(
    request: AnyRequest, actor: NamedDependency[Actor], organisation_id: FromPath[str]
) -> Template | Response[None]:
    return await _inviting(request, actor, path_id(organisation_id), blank(InviteAdmin))


@post("/network/organisations/{organisation_id:str}/invite", status_code=200, guards=ENTE_ADMINS)
async def invite_admin(
    request: AnyRequest, actor: NamedDependency[Actor], organisation_id: FromPath[str]
) -> Template | Response[None]:
    organisation = path_id(organisation_id)
    async with network_transaction() as scope:
        state = (await find(scope, organisation)).state
    form = await read_form(request, InviteAdmin)
    if form.data and state not in ("active", "suspended"):
        form.refuse(None, _("Begin a set-up first: nobody works in this organisation."))
    if data := form.data:
        try:
            async with network_transaction() as scope:
                asked = Invite(email=data.email, name=data.name, role="admin")
                await invite_administrator(scope, actor, organisation, asked)
            return see_other(request, here(organisation), INVITED)
        except (HasAdministrator, AdministratorInvited) as taken:
            form.refuse(None, _(taken.message))
            return await _inviting(request, actor, organisation, form, 409)
        except Conflict as conflict:
            form.refuse("email", _(conflict.message))
    return await _inviting(request, actor, organisation, form)


@post(
    "/network/organisations/{organisation_id:str}/invite/again",
    status_code=303,
    guards=ENTE_ADMINS,
)
async def send_invitation_again(
    request: AnyRequest, actor: NamedDependency[Actor], organisation_id: FromPath[str]
) -> Response[None]:
    organisation = path_id(organisation_id)
    async with network_transaction() as scope:
        await find(scope, organisation)
        await send_again(scope, actor, organisation)
    return see_other(request, f"{here(organisation)}/invite", SENT_AGAIN)


@post(
    "/network/organisations/{organisation_id:str}/invite/take-back",
    status_code=303,
    guards=ENTE_ADMINS,
)
async def take_invitation_back(
    request: AnyRequest, actor: NamedDependency[Actor], organisation_id: FromPath[str]
) -> Response[None]:
    organisation = path_id(organisation_id)
    async with network_transaction() as scope:
        await find(scope, organisation)
        await take_back(scope, actor, organisation)
    return see_other(request, f"{here(organisation)}/invite", TAKEN_BACK)


def _ask_host_kind(form: Form[Begin] | Form[Enlist]) -> None:
    if "host" in form.parsed.get("kinds", ()) and "host_kind" not in form.parsed:
        form.refuse("host_kind", _("Choose one of the options."))


def _host_kind_note() -> dict[str, str]:
    return {"host_kind": _("needed for a host administration")}


def _contact(data: Begin | Enlist) -> Contact:
    return Contact(
        name=data.contact_name,
        email=data.contact_email,
        phone=data.contact_phone or "",
        locale=data.locale,
    )


def _details(data: Enlist, found: Resolved) -> Details:
    place = found.one
    is_lender, is_tutor = "lender" in data.kinds, "tutor" in data.kinds
    return Details(
        name=data.name,
        fiscal_code=data.fiscal_code,
        host_kind=data.host_kind if "host" in data.kinds else None,
        municipality_code=place.istat_code if place else None,
        region_code=place.region_code if place else None,
        address=data.address,
        email=data.contact_email,
        phone=data.contact_phone,
        locale=data.locale,
        lender_category=data.lender_category if is_lender else None,
        lender_register=data.lender_register if is_lender else None,
        tutor_register=data.tutor_register if is_tutor else None,
    )


def _enlisting(
    request: AnyRequest,
    actor: Actor,
    form: Form[Enlist],
    found: Resolved | None = None,
    there: UUID | None = None,
) -> Template:
    form.notes = _host_kind_note()
    return network_page(
        request,
        actor,
        "organisations",
        "tenants/onboarding/new.html",
        status_code=422 if form.failed else 200,
        crumbs=[
            (_("Organisations"), "/network/organisations"),
            (_("Invite an organisation"), "/network/organisations/new"),
        ],
        form=form,
        candidates=found.candidates if found else (),
        label_of=label_of,
        there=here(there) if there else None,
    )


async def _beginning(
    request: AnyRequest, actor: Actor, organisation_id: UUID, form: Form[Begin] | None
) -> Template | Response[None]:
    async with network_transaction() as scope:
        organisation = await find(scope, organisation_id)
        setup = await queries.setup_of(scope, organisation_id)
    if form is None and setup and setup.state == "running":
        return see_other(request, here(organisation_id))
    if form is None:
        kinds = [kind for kind in organisation.kinds if organisation.state != "active"]
        form = blank(
            Begin,
            kinds=kinds,
            host_kind=organisation.host_kind,
            locale=setup.locale if setup else "it",
            contact_name=setup.contact_name if setup else None,
            contact_email=setup.contact_email if setup else None,
            contact_phone=setup.contact_phone if setup else None,
        )
    form.notes = _host_kind_note()
    return network_page(
        request,
        actor,
        "organisations",
        "tenants/onboarding/begin.html",
        status_code=422 if form.failed else 200,
        crumbs=crumbs_of(organisation, (_("Begin a set-up"), f"{here(organisation_id)}/begin")),
        organisation=organisation,
        form=form,
        here=here(organisation_id),
    )


async def _inviting(
    request: AnyRequest,
    actor: Actor,
    organisation_id: UUID,
    form: Form[InviteAdmin],
    status_code: int | None = None,
) -> Template:
    async with network_transaction() as scope:
        organisation = await find(scope, organisation_id)
        present = (await administrations(scope, [organisation_id]))[organisation_id]
    return network_page(
        request,
        actor,
        "organisations",
        "tenants/onboarding/invite.html",
        status_code=status_code or (422 if form.failed else 200),
        crumbs=crumbs_of(
            organisation, (_("Invite an administrator"), f"{here(organisation_id)}/invite")
        ),
        organisation=organisation,
        form=form,
        present=present,
        here=here(organisation_id),
    )


ROUTES: list[ControllerRouterHandler] = [
    enlist_form,
    enlist_organisation,
    begin_form,
    begin_setup,
    invite_form,
    invite_admin,
    send_invitation_again,
    take_invitation_back,
]
