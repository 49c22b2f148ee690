"""The days an organisation is closed in the coming year, and days of its own."""

from datetime import date, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template

from hub import audit, clock
from hub.db import tenant_transaction
from hub.errors import Conflict, NotFound
from hub.tenants.accounts.actor import Actor
from hub.tenants.organisation import queries
from hub.tenants.organisation.closing import NATIONAL, OWN, PATRON, Closing
from hub.tenants.organisation.guards import WHOLE_ADMINS, changes_all
from hub.tenants.organisation.schemas import AddClosingDay
from hub.tenants.rooms import MEMBERS, organisation_page
from hub.web.forms import Form, blank, read_form
from hub.web.i18n import N_
from hub.web.i18n import gettext as _
from hub.web.params import path_id
from hub.web.redirects import message, see_other

PageRequest = Request[Any, Any, Any]

DAY_ADDED = message("closing-day-added", N_("The closing day is added."))
DAY_REMOVED = message("closing-day-removed", N_("The closing day is removed."))

MOST_DAYS = 60
# So far ahead an own day may lie, and so far the list goes.
FURTHEST = timedelta(days=3 * 366)
LISTED = timedelta(days=365)
KINDS = {NATIONAL: N_("national holiday"), PATRON: N_("patron saint"), OWN: N_("own closing day")}


class TooManyDays(Conflict):
    code = "too-many-closing-days"
    message = N_(
        "There are 60 closing days to come already. For a longer time, close the desk for a period on its page."
    )


class Row(NamedTuple):
    """A closing with the id of what can be removed, and what is odd about its day."""

    closing: Closing
    kind: str
    note: str
    own_id: UUID | None


@get("/organisation/closing-days", guards=MEMBERS)
async def list_days(request: PageRequest, actor: NamedDependency[Actor]) -> Template:
    return await _days_page(request, actor, blank(AddClosingDay))


@post("/organisation/closing-days", guards=WHOLE_ADMINS, status_code=200)
async def add_day(request: PageRequest, actor: NamedDependency[Actor]) -> Template | Response[None]:
    form = await read_form(request, AddClosingDay)
    today = clock.today()
    if form.data and form.data.day > today + FURTHEST:
        form.refuse("day", _("Enter a day of the next three years."))
    if form.data:
        async with tenant_transaction(actor.tenant_id) as scope:
            if await queries.count_closing_days(scope, today) >= MOST_DAYS:
                raise TooManyDays
            calendar = await queries.calendar_of(scope, scope.tenant_id, today)
            closed = calendar.closing_on(form.data.day)
            added = closed is None and await queries.add_closing_day(
                scope, form.data.day, form.data.label
            )
            if added:
                await audit.record(
                    scope,
                    actor,
                    "closing_day.added",
                    "organisation",
                    scope.tenant_id,
                    day=form.data.day.isoformat(),
                )
        if added:
            return see_other(request, "/organisation/closing-days", DAY_ADDED)
        reason = f" ({closed.reason})" if closed and closed.reason else ""
        form.refuse("day", _("You are closed on this day already.") + reason)
    return await _days_page(request, actor, form, status_code=422)


@post(
    "/organisation/closing-days/{closing_day_id:str}/remove", guards=WHOLE_ADMINS, status_code=303
)
async def remove_day(
    request: PageRequest, actor: NamedDependency[Actor], closing_day_id: FromPath[str]
) -> Response[None]:
    async with tenant_transaction(actor.tenant_id) as scope:
        if not await queries.remove_closing_day(scope, path_id(closing_day_id)):
            raise NotFound
        await audit.record(scope, actor, "closing_day.removed", "organisation", scope.tenant_id)
    return see_other(request, "/organisation/closing-days", DAY_REMOVED)


async def _days_page(
    request: PageRequest, actor: Actor, form: Form[AddClosingDay], *, status_code: int = 200
) -> Template:
    today = clock.today()
    async with tenant_transaction(actor.tenant_id) as scope:
        calendar = await queries.calendar_of(scope, actor.tenant_id, today)
        own_days = await queries.own_days(scope, today)
    ids = {day: row_id for row_id, day, _label in own_days}
    coming = [
        closing
        for closing in calendar.next_closures(today, 120)
        if closing.first <= today + LISTED or closing.kind == OWN
    ]
    return organisation_page(
        request,
        actor,
        "details",
        "tenants/organisation/closing_days.html",
        crumbs=[(_("Closing days"), "/organisation/closing-days")],
        status_code=status_code,
        rows=[_row(closing, ids) for closing in coming],
        has_patron=calendar.patron is not None,
        form=form,
        changes_all=changes_all(actor),
    )


def _row(closing: Closing, ids: dict[date, UUID]) -> Row:
    note = ""
    if closing.also:
        note = _("Also your patron saint: %(saint)s. It closes no other day.", saint=closing.also)
    elif closing.on_sunday and closing.kind == PATRON:
        note = _("A Sunday this time: no other day is closed in its place.")
    own_id = ids.get(closing.first)
    if own_id and closing.kind != OWN:
        note = f"{note} {_('You added it as a day of your own, too.')}".strip()
    return Row(closing, _(KINDS[closing.kind]), note, own_id)


ROUTES = [list_days, add_day, remove_day]
