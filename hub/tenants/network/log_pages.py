"""An organisation's own activity log: who did what, in sentences."""

from collections.abc import Sequence
from datetime import timedelta
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
from hub.tenants.network.subjects import Names, names_in
from hub.tenants.rooms import ADMINS, organisation_page
from hub.web.drawing import Moment
from hub.web.fields import Choice, Text
from hub.web.forms import read_query
from hub.web.i18n import N_
from hub.web.i18n import gettext as _
from hub.web.page import AnyRequest

EACH_PAGE = 50
# A point's entry is written by a task, a moment after what did it.
AT_ONCE = timedelta(minutes=5)

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
        names = await names_in(scope, shown, support=actor.support)
    kept = {"area": asked.area} if asked.area else {}
    last = to_cursor(Position(shown[-1].at, shown[-1].id)) if shown else ""
    return organisation_page(
        request,
        actor,
        "log",
        "tenants/network/log.html",
        crumbs=[(_("Activity log"), "/organisation/log")],
        form=form,
        entries=[
            (moment, _address(entry, actor))
            for entry, moment in told_of(shown, names, ente="coordinator" in actor.kinds)
        ],
        next_url="/organisation/log?" + urlencode(kept | {"after": last})
        if len(found) > EACH_PAGE
        else None,
    )


def told_of(
    entries: Sequence[Entry], names: Names, *, ente: bool = False
) -> list[tuple[Entry, Moment]]:
    """Entries, the latest first, as a timeline draws them, in the reader's language.

    A point of the checklist that is done stands with what did it. `ente`: it is the Ente's own log.
    """
    told: list[tuple[Entry, Moment]] = []
    completed: list[Entry] = []
    for place, entry in enumerate(entries):
        if entry.action == "point.done" and any(_causes(one, entry) for one in entries[place:]):
            completed.append(entry)
            continue
        mine = [one for one in completed if _causes(entry, one)]
        completed = [one for one in completed if one not in mine]
        told.append((entry, _moment(entry, names, mine, ente=ente)))
    return told


def _causes(entry: Entry, done: Entry) -> bool:
    return (
        entry.action == stories.CAUSES.get(str(done.codes.get("point")))
        and timedelta(0) <= done.at - entry.at <= AT_ONCE
    )


def _moment(entry: Entry, names: Names, completed: Sequence[Entry], *, ente: bool) -> Moment:
    how = stories.told(entry.action)
    details = [
        stories.detail(entry.action, entry.codes, names),
        *(stories.completes(one.codes) for one in completed),
    ]
    return Moment(
        at=entry.at,
        title=stories.title(entry, names),
        detail=" · ".join(one for one in details if one),
        by=_who(entry, names, ente=ente),
        tone=how.tone,
        icon=how.icon,
    )


def _who(entry: Entry, names: Names, *, ente: bool) -> str:
    if entry.from_outside and ente:
        organisation = names.get(entry.subject_id) if entry.subject_id else None
        return organisation or _("the organisation")
    if entry.from_outside:
        return _("the Ente") if entry.by is None else _("%(name)s, for the Ente", name=entry.by)
    if entry.by is None:
        return _(stories.NOBODY.get(entry.action, N_("the hub")))
    return _("%(name)s, support", name=entry.by) if entry.support else entry.by


def _address(entry: Entry, actor: Actor) -> str | None:
    """Of the page that shows what it is about; support sees none of citizens."""
    start = _PAGES.get(entry.subject_kind)
    if start is None or entry.subject_id is None or actor.support or actor.suspended:
        return None
    return f"{start}{entry.subject_id}"


ROUTES: list[ControllerRouterHandler] = [show_log]
