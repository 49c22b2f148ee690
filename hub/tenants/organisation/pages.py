"""The organisation's own page: what it says of itself, and the form to change it."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.response import Template

from hub import clock
from hub.db import TenantScope, tenant_transaction
from hub.tenants.accounts.actor import Actor
from hub.tenants.calls.schemas import HOST_KINDS
from hub.tenants.network.schemas import KINDS
from hub.tenants.onboarding import deciding
from hub.tenants.onboarding.schemas import LENDER_CATEGORIES, SUSPENSION_REASONS
from hub.tenants.organisation import patron, queries
from hub.tenants.organisation.closing import Patron
from hub.tenants.organisation.details import ChangedMeanwhile, known_of, own, save_details
from hub.tenants.organisation.guards import WHOLE_ADMINS, changes_all
from hub.tenants.organisation.postal_code import check_postal_code
from hub.tenants.organisation.schemas import (
    LOCALE_NAMES,
    OWN_PATRON,
    TIME_ZONES,
    Details,
    Organisation,
    SendLogo,
)
from hub.tenants.people.page_parts import support_ends
from hub.tenants.rooms import MEMBERS, organisation_page
from hub.web.fields import Refused
from hub.web.forms import Form, Pairs, blank, read_form
from hub.web.i18n import N_
from hub.web.i18n import gettext as _
from hub.web.redirects import message, see_other

PageRequest = Request[Any, Any, Any]

DETAILS_SAVED = message("organisation-details-saved", N_("The details are saved."))

STATES = {
    "waiting": N_("Applied"),
    "suspended": N_("Not active"),
    "active": N_("Active"),
    "closed": N_("Closed"),
}


@get("/organisation", guards=MEMBERS)
async def show_details(request: PageRequest, actor: NamedDependency[Actor]) -> Template:
    return await details_page(request, actor)


async def details_page(
    request: PageRequest,
    actor: Actor,
    *,
    status_code: int = 200,
    form: Form[SendLogo] | None = None,
) -> Template:
    today = clock.today()
    async with tenant_transaction(actor.tenant_id) as scope:
        stored = await own(scope)
        suspension = await deciding.suspension_of(scope, actor.tenant_id)
        support_until = await support_ends(scope, actor)
        calendar = await queries.calendar_of(scope, actor.tenant_id, today)
    saint = calendar.patron.in_year(today.year) if calendar.patron else None
    return organisation_page(
        request,
        actor,
        "details",
        "tenants/organisation/details.html",
        status_code=status_code,
        own=stored,
        kinds=[_(KINDS[kind]) for kind in stored.kinds],
        host_kind=_(HOST_KINDS[stored.host_kind]) if stored.host_kind else "",
        state=_("Suspended") if suspension else _(STATES[stored.state]),
        suspension=suspension,
        support_until=support_until,
        suspension_reasons=SUSPENSION_REASONS,
        is_host="host" in stored.kinds,
        locale_name=LOCALE_NAMES.get(stored.locale, stored.locale),
        time_zone=_(TIME_ZONES.get(stored.time_zone, stored.time_zone)),
        lender_category=_(LENDER_CATEGORIES[stored.lender_category])
        if stored.lender_category
        else "",
        saint=f"{saint.name}, {patron.day_and_month(saint.day)}" if saint else "",
        closings=calendar.next_closures(today, 4),
        changes_all=changes_all(actor),
        form=form or blank(SendLogo),
    )


@get("/organisation/edit", guards=WHOLE_ADMINS)
async def edit_details(request: PageRequest, actor: NamedDependency[Actor]) -> Template:
    async with tenant_transaction(actor.tenant_id) as scope:
        stored = await own(scope)
        choices = await _choices(scope, stored)
    return _edit_page(request, actor, stored, blank(Details, choices=choices, **known_of(stored)))


@post("/organisation/edit", guards=WHOLE_ADMINS, status_code=200)
async def save(request: PageRequest, actor: NamedDependency[Actor]) -> Template | Response[None]:
    await request.body()  # Read before the transaction, which a slow sender would hold open.
    async with tenant_transaction(actor.tenant_id) as scope:
        stored = await own(scope)
        form = await read_form(request, Details, choices=await _choices(scope, stored))
        if stored.municipality_code and stored.municipality:
            seat = (stored.municipality_code, stored.municipality)
            await check_postal_code(scope, form, *seat, (stored.postal_code, seat[0]))
        # Only while it is as the form showed it, what is stored tells what was typed.
        stale = form.data is not None and form.data.version != stored.version
        saint = None if stale else _saint(form, stored)
        if form.data and not stale:
            try:
                await save_details(scope, actor, form.data, saint)
            except ChangedMeanwhile:
                stale, stored = True, await own(scope)
    if stale:
        return _edit_page(request, actor, stored, _with_both(form, stored), status_code=409)
    if form.data is None:
        return _edit_page(request, actor, stored, form, status_code=422)
    return see_other(request, "/organisation", DETAILS_SAVED)


def _saint(form: Form[Details], stored: Organisation) -> Patron | None:
    if form.data is None:
        return None
    asked, chosen = form.data, form.data.patron
    typed = (asked.patron_date, asked.patron_name)
    # What stands there from before is no answer to what was chosen instead.
    if typed not in ((None, None), (patron.own_day_typed(stored), stored.patron_name)):
        if chosen not in ("", OWN_PATRON):
            form.refuse(
                "patron_date",
                _(
                    "You have chosen a province’s saint and typed a day of your own: empty day and name, or choose"
                    " “Another day, given below”."
                ),
            )
            return None
        chosen = OWN_PATRON
    try:
        return patron.read(chosen, asked.patron_date, asked.patron_name, clock.today().year)
    except Refused as refusal:
        form.refuse("patron_date", str(refusal))
        return None


async def _choices(scope: TenantScope, stored: Organisation) -> dict[str, Pairs]:
    provinces = await queries.province_names(scope)
    return {"patron": patron.choices(provinces, clock.today().year, own=stored.province_code)}


def _with_both(form: Form[Details], stored: Organisation) -> Form[Details]:
    """What was typed stays, what stands differently now is said; saving again is then meant."""
    now = blank(Details, choices=form.choices, **known_of(stored))
    form.values["version"] = now.values["version"]
    form.refuse(
        None,
        _(
            "Someone else has saved these details in the meantime. What you typed is still here;"
            " save again to put it in place of theirs."
        ),
    )
    for name in Details.__struct_fields__:
        theirs, mine = now.value(name), form.value(name).strip()
        if name != "version" and theirs != mine:
            shown = next((label for value, label in now.options(name) if value == theirs), theirs)
            form.refuse(name, _("Now stored: %(value)s", value=shown or _("nothing")))
    return form


def _edit_page(
    request: PageRequest,
    actor: Actor,
    stored: Organisation,
    form: Form[Details],
    *,
    status_code: int = 200,
) -> Template:
    return organisation_page(
        request,
        actor,
        "details",
        "tenants/organisation/edit.html",
        crumbs=[(_("Change the details"), "/organisation/edit")],
        status_code=status_code,
        own=stored,
        is_host="host" in stored.kinds,
        form=form,
    )


ROUTES = [show_details, edit_details, save]
