"""What somebody typed and could not be saved any more, given back on a page to copy it from.

An operator may have left, or been handed over, while writing for a quarter of an hour: the form is sent by somebody who
no longer belongs here, or whose session is over. The way to the sign-in form would lose what was written.
"""

from datetime import date
from typing import Any

import msgspec
from litestar import Request
from litestar.response import Template

from hub.api.problems import wants_problem
from hub.errors import Forbidden, HubError, NotSignedIn
from hub.referrals.guards import DESK_WRITERS
from hub.referrals.members.standing import NoLongerHere
from hub.tenants.accounts.actor import Actor, actor_of
from hub.web import csrf
from hub.web.fields import Textarea
from hub.web.formats import format_date
from hub.web.forms import Form, fields_of, read_form
from hub.web.i18n import gettext as _
from hub.web.page import page

PageRequest = Request[Any, Any, Any]


def desk_writer(request: PageRequest) -> Actor:
    """Who may write at a desk: for handlers that give back what was typed when they refuse.

    Raises NotSignedIn; NoLongerHere for somebody signed in who may not, or may not any more.
    """
    try:
        for guard in DESK_WRITERS:
            guard(request, request.route_handler)
    except Forbidden as refusal:
        if refusal.code == Forbidden.code:
            raise NoLongerHere from refusal
        raise
    return actor_of(request)


async def give_back(
    request: PageRequest, refusal: HubError, asks: type[msgspec.Struct]
) -> Template:
    """The refusal with what was typed. Raises the refusal itself where nothing was, and for programs."""
    if wants_problem(request) or request.content_type[0] != csrf.FORM_TYPE:
        raise refusal
    typed = _typed(await read_form(request, asks))
    if not typed:
        raise refusal
    signed_out = isinstance(refusal, NotSignedIn)
    return page(
        request,
        "referrals/not_saved.html",
        status_code=refusal.status,
        crumbs=[],
        explanation=_("You are signed out, or no longer belong to this organisation.")
        if signed_out
        else _(refusal.message),
        signed_out=signed_out,
        typed=typed,
    )


def _typed(form: Form[Any]) -> list[tuple[str, str, bool]]:
    """(label, text, whether it may be long) of each field that holds something to read."""
    found = []
    for name, asked in fields_of(form.asks).items():
        values = [value for value in form.values.get(name, []) if value.strip()]
        if asked.field.multiple or asked.field.kind in ("choice", "select"):
            labels = dict(form.options(name))
            values = [labels[value] for value in values if value in labels]
        elif asked.field.kind in ("checkbox", "hidden") or not asked.field.label:
            continue
        elif asked.field.kind == "date":
            values = [_day(value) for value in values]
        if values:
            found.append((form.label(name), ", ".join(values), isinstance(asked.field, Textarea)))
    return found


def _day(typed: str) -> str:
    try:
        return format_date(date.fromisoformat(typed))
    except ValueError:
        return typed
