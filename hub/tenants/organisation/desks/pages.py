"""The organisation's desks: the list, one desk with its closures, and its form."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template

from hub import clock
from hub.db import tenant_transaction
from hub.errors import NotFound
from hub.idempotency import KeyReused
from hub.tenants.accounts.actor import Actor
from hub.tenants.directory.offers import OFFERS
from hub.tenants.organisation import hours
from hub.tenants.organisation import queries as organisation
from hub.tenants.organisation.closing import Calendar, Closing
from hub.tenants.organisation.desks import ente, queries, service
from hub.tenants.organisation.desks import form as desk_form
from hub.tenants.organisation.desks.remind import is_overdue
from hub.tenants.organisation.desks.schemas import (
    CLOSED_BECAUSE,
    DAY_FIELDS,
    NEEDED,
    STATES,
    Desk,
    SaveDesk,
    is_written,
    missing,
)
from hub.tenants.organisation.details import ChangedMeanwhile
from hub.tenants.organisation.guards import WHOLE_ADMINS, changes_all
from hub.tenants.rooms import ADMINS, MEMBERS, organisation_page
from hub.tenants.territory import naming
from hub.tenants.territory.queries import FoundMunicipality
from hub.web.drawing import Tone
from hub.web.forms import Form, blank, read_form
from hub.web.i18n import N_
from hub.web.i18n import gettext as _
from hub.web.page import page
from hub.web.params import path_id
from hub.web.redirects import message, see_other

PageRequest = Request[Any, Any, Any]

DESK_ADDED = message("desk-added", N_("The desk is added. It is not public yet."))
DESK_SAVED = message("desk-saved", N_("The desk’s entry is saved and verified as of today."))
DESK_VERIFIED = message("desk-verified", N_("Thank you: the entry is verified as of today."))

LISTED = timedelta(days=365)
TONES: dict[str, Tone] = {"setting_up": "info", "active": "success", "closed": "neutral"}


class Row(NamedTuple):
    """A desk in the list."""

    desk: Desk
    state: str
    tone: Tone
    hours: list[tuple[str, str]]
    next_closure: Closing | None
    missing: list[str]
    overdue: bool


@get("/organisation/desks", guards=MEMBERS)
async def list_desks(request: PageRequest, actor: NamedDependency[Actor]) -> Template:
    _hosts_only(actor)
    today = clock.today()
    async with tenant_transaction(actor.tenant_id) as scope:
        desks = await queries.desks(scope)
        calendars = await organisation.calendars(scope, [desk.id for desk in desks], today)
    return organisation_page(
        request,
        actor,
        "desks",
        "tenants/organisation/desks.html",
        crumbs=[(_("Desks"), "/organisation/desks")],
        rows=[_row(desk, calendars[desk.id], today) for desk in desks],
        changes_all=changes_all(actor),
    )


@get("/organisation/desks/municipalities", guards=MEMBERS)
async def suggest_municipalities(request: PageRequest, actor: NamedDependency[Actor]) -> Template:
    """Options for the field's list while a person types."""
    async with tenant_transaction(actor.tenant_id) as scope:
        found = await naming.suggest(scope, request.query_params.get("municipality", "")[:80])
    names = [naming.label_of(one) for one in found]
    return page(request, "tenants/organisation/municipality_options.html", names=names)


@get("/organisation/desks/new", guards=WHOLE_ADMINS)
async def new_desk(request: PageRequest, actor: NamedDependency[Actor]) -> Template:
    _hosts_only(actor)
    async with tenant_transaction(actor.tenant_id) as scope:
        choices = await desk_form.choices(scope)
    return _form_page(
        request, actor, None, blank(SaveDesk, choices=choices.pairs, version=0), choices
    )


@post("/organisation/desks/new", guards=WHOLE_ADMINS, status_code=200)
async def add_desk(
    request: PageRequest, actor: NamedDependency[Actor]
) -> Template | Response[None]:
    _hosts_only(actor)
    await request.body()  # Read before the transaction, which a slow sender would hold open.
    desk_id = None
    async with tenant_transaction(actor.tenant_id) as scope:
        choices = await desk_form.choices(scope)
        form = await read_form(request, SaveDesk, choices=choices.pairs, once=True)
        entry, places = await desk_form.entry_of(scope, form)
    if entry:
        try:
            # Of one that is refused nothing is kept, the form's key neither: it can be put right and sent again.
            async with tenant_transaction(actor.tenant_id) as scope:
                desk_id = await service.add_desk(scope, actor, entry, form.key)
        except KeyReused as reused:
            form.refuse(None, _(reused.message))
        except service.NameTaken as taken:
            form.refuse("name", _(taken.message))
    if desk_id is None:
        return _form_page(request, actor, None, form, choices, places=places, status_code=422)
    return see_other(request, f"/organisation/desks/{desk_id}", DESK_ADDED)


@get("/organisation/desks/{desk_id:str}", guards=MEMBERS)
async def show_desk(
    request: PageRequest, actor: NamedDependency[Actor], desk_id: FromPath[str]
) -> Template:
    today = clock.today()
    async with tenant_transaction(actor.tenant_id) as scope:
        desk = await service.find(scope, path_id(desk_id))
        calendars = await organisation.calendars(scope, [desk.id], today)
        closures = await queries.closures(scope, desk.id, today)
        provinces = dict(await organisation.province_names(scope))
        active = await queries.is_active(scope, actor.tenant_id)
        asked = await queries.asked_since(scope, desk.id, scope.now - ente.ASK_AGAIN_AFTER)
        taken_by = desk.closing_taker_id
        taker = await queries.desk(scope, taken_by) if taken_by else None
    open_now = hours.open_at(hours.from_json(desk.hours), clock.now())
    return organisation_page(
        request,
        actor,
        "desks",
        "tenants/organisation/desk.html",
        crumbs=[(_("Desks"), "/organisation/desks"), (desk.name, f"/organisation/desks/{desk.id}")],
        row=_row(desk, calendars[desk.id], today),
        desk=desk,
        closed_reason=_(CLOSED_BECAUSE.get(desk.closed_reason or "", desk.closed_reason or "")),
        closures=closures,
        coming=_coming(desk, calendars[desk.id], today, 5),
        open_now=open_now and calendars[desk.id].closing_on(today) is None,
        offers=[_(label) for code, label in OFFERS.items() if code in desk.offers],
        provinces=[provinces[code] for code in desk.provinces if code in provinces],
        may_change_desk=service.may_change(actor, desk.id) and desk.state != "closed",
        changes_all=changes_all(actor),
        in_setup=not active,
        may_ask=active and ente.is_ready(desk) and not asked,
        asked=asked,
        taker=taker,
        is_written=is_written(desk),
    )


@get("/organisation/desks/{desk_id:str}/edit", guards=ADMINS)
async def edit_desk(
    request: PageRequest, actor: NamedDependency[Actor], desk_id: FromPath[str]
) -> Template:
    async with tenant_transaction(actor.tenant_id) as scope:
        desk = await service.to_change(scope, actor, path_id(desk_id))
        choices = await desk_form.choices(scope)
    form = blank(SaveDesk, choices=choices.pairs, **desk_form.known_of(desk))
    return _form_page(request, actor, desk, form, choices)


@post("/organisation/desks/{desk_id:str}/edit", guards=ADMINS, status_code=200)
async def save_desk(
    request: PageRequest, actor: NamedDependency[Actor], desk_id: FromPath[str]
) -> Template | Response[None]:
    await request.body()
    stale = False
    async with tenant_transaction(actor.tenant_id) as scope:
        desk = await service.to_save(scope, actor, path_id(desk_id))
        choices = await desk_form.choices(scope)
        form = await read_form(request, SaveDesk, choices=choices.pairs)
        entry, places = await desk_form.entry_of(scope, form, desk)
        if entry:
            try:
                await service.change_desk(scope, actor, desk.id, entry)
            except ChangedMeanwhile:
                stale = True
            except service.NameTaken as taken:
                form.refuse("name", _(taken.message))
    if stale:
        form = _with_both(form, desk)
    if form.failed:
        status_code = 409 if stale else 422
        return _form_page(
            request, actor, desk, form, choices, places=places, status_code=status_code
        )
    return see_other(request, f"/organisation/desks/{desk.id}", DESK_SAVED)


@post("/organisation/desks/{desk_id:str}/verify", guards=ADMINS, status_code=303)
async def verify_desk(
    request: PageRequest, actor: NamedDependency[Actor], desk_id: FromPath[str]
) -> Response[None]:
    async with tenant_transaction(actor.tenant_id) as scope:
        await service.verify_desk(scope, actor, path_id(desk_id))
    return see_other(request, f"/organisation/desks/{desk_id}", DESK_VERIFIED)


def _hosts_only(actor: Actor) -> None:
    """Lenders and tutors have no desks: there is no such page for them."""
    if "host" not in actor.kinds:
        raise NotFound


def _row(desk: Desk, calendar: Calendar, today: date) -> Row:
    coming = _coming(desk, calendar, today, 1) if desk.state != "closed" else []
    return Row(
        desk,
        _(STATES[desk.state]),
        TONES[desk.state],
        hours.lines(hours.from_json(desk.hours)),
        coming[0] if coming else None,
        [_(name) for name in missing(desk)] if desk.state != "closed" else [],
        desk.state == "active" and is_overdue(desk.verified_on or desk.opened_on, today),
    )


def _coming(desk: Desk, calendar: Calendar, today: date, limit: int) -> list[Closing]:
    """Of the next year's days on which it would be open; of all where its hours are not known."""
    open_days = hours.weekdays(hours.from_json(desk.hours))
    found = calendar.next_closures(today, limit, weekdays=open_days or None)
    return [closing for closing in found if closing.first <= today + LISTED]


def _with_both(form: Form[SaveDesk], desk: Desk) -> Form[SaveDesk]:
    """What was typed stays, what stands differently now is said; saving again is then meant."""
    now = blank(SaveDesk, choices=form.choices, **desk_form.known_of(desk))
    form.values["version"] = now.values["version"]
    form.refuse(
        None,
        _(
            "Someone else has saved this desk in the meantime. What you typed is still here; save again to put it in"
            " place of theirs."
        ),
    )
    for name in SaveDesk.__struct_fields__:
        if name in ("version", "municipality_code", "offers", "provinces"):
            continue
        if now.value(name) != form.value(name).strip():
            form.refuse(name, _("Now stored: %(value)s", value=now.value(name) or _("nothing")))
    return form


def _form_page(
    request: PageRequest,
    actor: Actor,
    desk: Desk | None,
    form: Form[SaveDesk],
    choices: desk_form.Choices,
    *,
    places: Sequence[FoundMunicipality] = (),
    status_code: int = 200,
) -> Template:
    here = f"/organisation/desks/{desk.id}" if desk else "/organisation/desks"
    crumbs = [(_("Desks"), "/organisation/desks")]
    if desk:
        crumbs += [(desk.name, here), (_("Change the entry"), f"{here}/edit")]
    else:
        crumbs += [(_("New desk"), "/organisation/desks/new")]
    form.notes = dict.fromkeys(NEEDED, _("needed for the activation"))
    form.notes |= dict.fromkeys(
        ("phone", "email"), _("one of the two is needed for the activation")
    )
    return organisation_page(
        request,
        actor,
        "desks",
        "tenants/organisation/desk_form.html",
        crumbs=crumbs,
        status_code=status_code,
        desk=desk,
        form=form,
        here=here,
        regions=choices.regions,
        day_fields=DAY_FIELDS,
        places=[(place.istat_code, naming.label_of(place)) for place in places],
    )


ROUTES = [
    list_desks,
    suggest_municipalities,
    new_desk,
    add_desk,
    show_desk,
    edit_desk,
    save_desk,
    verify_desk,
]
