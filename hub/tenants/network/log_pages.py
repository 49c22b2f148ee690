"""An organisation's own activity log: who did what, in sentences."""

from typing import Annotated
from urllib.parse import urlencode

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from hub.api.paging import Position, from_cursor, to_cursor
from hub.db import tenant_transaction
from hub.tenants.accounts.actor import Actor
from hub.tenants.network import queries, stories
from hub.tenants.network.schemas import Entry
from hub.tenants.rooms import ADMINS, organisation_page
from hub.web.drawing import Moment
from hub.web.fields import Choice, Text
from hub.web.forms import read_query
from hub.web.i18n import N_
from hub.web.i18n import gettext as _
from hub.web.page import AnyRequest

EACH_PAGE = 50

# Where the page of what an entry is about begins; the organisation's own pages say the rest.
_PAGES = {"case": "/cases/", "campaign": "/campaigns/", "call": "/selections/", "offer": "/inbox/"}


class FilterLog(msgspec.Struct):
    """`after` is the last entry of the page before."""

    area: Annotated[str, Choice(N_("About"), options=stories.AREAS)] = ""
    after: Annotated[str, Text(max_length=80)] = ""


@get("/organisation/log", guards=ADMINS)
async def show_log(request: AnyRequest, actor: NamedDependency[Actor]) -> Template:
    form = read_query(request, FilterLog)
    asked = form.data or FilterLog()
    async with tenant_transaction(actor.tenant_id) as scope:
        found = await queries.entries(
            scope,
            actions=stories.actions_in(asked.area) if asked.area else None,
            after=from_cursor(asked.after),
            limit=EACH_PAGE + 1,
        )
    shown = found[:EACH_PAGE]
    kept = {"area": asked.area} if asked.area else {}
    last = to_cursor(Position(shown[-1].at, shown[-1].id)) if shown else ""
    return organisation_page(
        request,
        actor,
        "log",
        "tenants/network/log.html",
        crumbs=[(_("Activity log"), "/organisation/log")],
        form=form,
        entries=[(moment_of(entry), _address(entry, actor)) for entry in shown],
        next_url="/organisation/log?" + urlencode(kept | {"after": last})
        if len(found) > EACH_PAGE
        else None,
    )


def moment_of(entry: Entry) -> Moment:
    """An entry as a timeline draws it, in the reader's language."""
    how = stories.told(entry.action)
    return Moment(
        at=entry.at,
        title=stories.sentence(entry.action, entry.codes),
        detail=stories.detail(entry.action, entry.codes),
        by=_who(entry),
        tone=how.tone,
        icon=how.icon,
    )


def _who(entry: Entry) -> str:
    if entry.from_outside:
        return _("the Ente") if entry.by is None else _("%(name)s, for the Ente", name=entry.by)
    if entry.by is None:
        return _("the hub")
    return _("%(name)s, support", name=entry.by) if entry.support else entry.by


def _address(entry: Entry, actor: Actor) -> str | None:
    """Of the page that shows what it is about; support sees none of citizens."""
    start = _PAGES.get(entry.subject_kind)
    if start is None or entry.subject_id is None or actor.support or actor.suspended:
        return None
    return f"{start}{entry.subject_id}"


ROUTES: list[ControllerRouterHandler] = [show_log]
