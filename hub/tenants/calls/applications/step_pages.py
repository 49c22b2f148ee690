"""The steps in which an application is prepared. Each is kept as it is typed; only submitting asks for everything."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

from litestar import Response, get, post
from litestar.exceptions import HTTPException
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from hub.db import tenant_transaction
from hub.errors import NotFound
from hub.tenants.calls import standing
from hub.tenants.calls.applications import steps
from hub.tenants.calls.applications.access import PageRequest, enter, granted
from hub.tenants.calls.applications.asking import MOST_DESKS
from hub.tenants.calls.applications.links import Grant
from hub.tenants.calls.applications.room import Room, room_of
from hub.tenants.calls.applications.save_step import Saved, save_step, settle, writer_of
from hub.tenants.calls.applications.steps import COUNT, FORM_STEPS, STEPS, WRITER, Typed, desk_count
from hub.tenants.calls.terms import NotOpenYet, TermOver
from hub.tenants.territory import naming
from hub.tenants.territory.queries import FoundMunicipality
from hub.uploads import MAX_BYTES
from hub.web import csrf
from hub.web.forms import KEY, Form, pairs_in
from hub.web.i18n import N_
from hub.web.i18n import gettext as _
from hub.web.page import page, wants_fragment
from hub.web.redirects import message, see_other

# What the page itself sends along: which window it is, what it had seen, and which button was pressed.
SEEN, GO = "seen", "go"
ADD, REMOVE, NEXT, STAY = "add", "remove-", "next", "stay"

SUBMITTED_ALREADY = message(
    "application-submitted-already",
    N_("The application has been submitted already, so what was just typed was not taken."),
    "warning",
)


@dataclass
class Shown:
    """A step as it is shown: `seen` is who wrote last what the page shows; `strict` names also what is missing."""

    step: str
    form: Form[Any] | None
    count: int = 1
    seen: str = ""
    strict: bool = False
    late: bool = False
    conflict: bool = False
    candidates: dict[str, Sequence[FoundMunicipality]] = field(default_factory=dict)


@get("/municipalities")
async def suggest_municipalities(request: PageRequest, application_id: FromPath[str]) -> Template:
    """Options for a field's list while a person types; the field may be one of several desks'."""
    grant = granted(request, application_id)
    typed = next((v for k, v in request.query_params.items() if k.startswith("municipality")), "")
    async with tenant_transaction(grant.tenant_id) as scope:
        await enter(scope, request, grant)
        found = await naming.suggest(scope, typed[:80])
    names = [naming.label_of(one) for one in found]
    return page(request, "tenants/calls/application_options.html", names=names)


@get("/{step:str}")
async def step_page(
    request: PageRequest, application_id: FromPath[str], step: FromPath[str]
) -> Template | Response[None]:
    grant = granted(request, application_id)
    if step not in STEPS:
        raise NotFound
    async with tenant_transaction(grant.tenant_id) as scope:
        room = await room_of(scope, await enter(scope, request, grant))
        if room.application.state != "draft":
            return see_other(request, f"/applications/{room.application.id}")
        shown = Shown(step, None)
        if step in FORM_STEPS:
            saved = await settle(scope, room, step, room.application.answers.get(step, {}))
            shown = _shown(room, step, saved)
            shown.strict = "check" in request.query_params
    if shown.form and not shown.strict:
        steps.without_empty(shown.form)
    return step_template(request, room, shown)


@post("/{step:str}", status_code=200)
async def save(
    request: PageRequest, application_id: FromPath[str], step: FromPath[str]
) -> Template | Response[None]:
    grant = granted(request, application_id)
    if step not in FORM_STEPS:
        raise NotFound
    sent, window, seen, go = await _sent(request)
    typed = _with_desks(sent, go) if step == "desks" else sent
    try:
        async with tenant_transaction(grant.tenant_id) as scope:
            room = await room_of(scope, await enter(scope, request, grant, lock=True))
            if room.application.state != "draft":
                return _too_late_to_type(request, room, go)
            offered = bases_offered(room)
            quiet = go == STAY
            saved = await save_step(scope, room, step, typed, window=window, seen=seen, quiet=quiet)
    except (TermOver, NotOpenYet):
        return await _refused(request, grant, step, typed, go)
    if saved.conflict and not room.is_open:
        return await _refused(request, grant, step, typed, go)
    anew = bases_offered(room) != offered
    return _after(request, room, step, saved, go, window, anew=anew)


def _after(
    request: PageRequest, room: Room, step: str, saved: Saved, go: str, window: UUID, *, anew: bool
) -> Template | Response[None]:
    """`anew`: another kind of administration has other grounds to choose from."""
    base = f"/applications/{room.application.id}"
    if go == STAY and wants_fragment(request):
        how = "conflict" if saved.conflict else "saved"
        return _saved_note(request, room, how, saved.form if anew else None)
    shown = _shown(room, step, saved)
    if saved.conflict:
        shown.conflict = shown.strict = True
        return step_template(request, room, shown, status_code=409)
    if go in STEPS:
        return see_other(request, f"{base}/{go}")
    if go == ADD or go.startswith(REMOVE):
        return see_other(request, f"{base}/desks#desk-{saved.count if go == ADD else 1}")
    if room.prepared.problems(step) or saved.candidates:
        shown.strict = True
        saved.form.key = window
        return step_template(request, room, shown, status_code=422)
    return see_other(request, f"{base}/{following(step)}")


def following(step: str) -> str:
    names = list(STEPS)
    return names[min(names.index(step) + 1, len(names) - 1)]


async def _refused(
    request: PageRequest, grant: Grant, step: str, typed: Typed, go: str
) -> Template:
    """The call closed while this was typed: it is shown once more, to be copied, but not kept."""
    async with tenant_transaction(grant.tenant_id) as scope:
        room = await room_of(scope, await enter(scope, request, grant))
        saved = await settle(scope, room, step, typed)
    if go == STAY and wants_fragment(request):
        return _saved_note(request, room, "late")
    shown = _shown(room, step, saved)
    shown.late = True
    saved.form.errors.clear()
    return step_template(request, room, shown, status_code=409)


def _too_late_to_type(request: PageRequest, room: Room, go: str) -> Template | Response[None]:
    if go == STAY and wants_fragment(request):
        return _saved_note(request, room, "submitted")
    return see_other(request, f"/applications/{room.application.id}", SUBMITTED_ALREADY)


def _saved_note(
    request: PageRequest, room: Room, how: str, form: Form[Any] | None = None
) -> Template:
    """With a `form`, its grounds too, in place of those on the page."""
    if form:
        steps.without_empty(form)
    return page(request, "tenants/calls/application_saved.html", how=how, at=room.now, form=form)


def bases_offered(room: Room) -> list[tuple[str, str]]:
    return room.prepared.forms["organisation"].options("legal_basis")


async def _sent(request: PageRequest) -> tuple[Typed, UUID, str, str]:
    """What was typed, and of the page that sent it: its window, what it had seen, the button. Raises HTTPException."""
    if request.content_type[0] != csrf.FORM_TYPE:
        raise HTTPException(status_code=415)
    try:
        sent = pairs_in(await request.body())
    except ValueError:
        raise HTTPException(status_code=400) from None
    sent.pop(csrf.FIELD, None)
    own = {name: (sent.pop(name, None) or [""])[0] for name in (KEY, SEEN, GO)}
    try:
        window = UUID(own[KEY])
    except ValueError:
        window = uuid4()
    return (
        {name: texts for name, texts in sent.items() if name != WRITER},
        window,
        own[SEEN],
        own[GO] or NEXT,
    )


def _with_desks(sent: Typed, go: str) -> Typed:
    """One desk more, or without one, as the button that was pressed says."""
    count = desk_count(sent)
    if go == ADD:
        return sent | {COUNT: [str(min(count + 1, MOST_DESKS))]}
    gone = go.removeprefix(REMOVE) if go.startswith(REMOVE) else ""
    if not gone.isascii() or not gone.isdigit() or not 1 <= int(gone) <= count or count == 1:
        return sent
    kept: Typed = {COUNT: [str(count - 1)]}
    for name, texts in sent.items():
        base, _underscore, number = name.rpartition("_")
        if base and number.isascii() and number.isdigit() and int(number) != int(gone):
            kept[f"{base}_{int(number) - (int(number) > int(gone))}"] = texts
    return kept


def _shown(room: Room, step: str, saved: Saved) -> Shown:
    seen = writer_of(room.application.answers.get(step, {}))
    return Shown(step, saved.form, saved.count, seen, candidates=saved.candidates)


def step_template(
    request: PageRequest, room: Room, shown: Shown, *, status_code: int = 200, **context: Any
) -> Template:
    base = f"/applications/{room.application.id}"
    return page(
        request,
        "tenants/calls/application_step.html",
        status_code=status_code,
        crumbs=[*crumbs_of(room), (_(STEPS[shown.step]), f"{base}/{shown.step}")],
        room=room,
        application=room.application,
        call=room.call,
        prepared=room.prepared,
        shown=shown,
        form=shown.form,
        step=shown.step,
        states=room.prepared.states(),
        problems=problems_shown(room, shown),
        following=following(shown.step),
        most_desks=MOST_DESKS,
        largest=MAX_BYTES // 1024**2,
        label_of=naming.label_of,
        closes=standing.moment(room.call.closes_at),
        left=standing.time_left(room.call.closes_at - room.now) if room.call.closes_at else "",
        base=base,
        **{"refused": {}, "trouble": "", **context},
    )


def problems_shown(room: Room, shown: Shown) -> list[steps.Problem]:
    if shown.step == "summary":
        return room.prepared.problems()
    if shown.form is None or not shown.strict:
        return []
    return steps.problems_in(shown.step, shown.form)


def crumbs_of(room: Room) -> list[tuple[str, str]]:
    return [
        (_("Calls"), "/calls"),
        (room.call.title, f"/calls/{quote(room.call.slug)}"),
        (_("Application"), f"/applications/{room.application.id}"),
    ]


ROUTES: list[ControllerRouterHandler] = [suggest_municipalities, step_page, save]
