"""A small application with one page of each kind: what hub.web gives, without a database behind it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from jinja2 import DictLoader, PrefixLoader
from litestar import Litestar, Request, get, post
from litestar.exceptions import HTTPException
from litestar.middleware import ASGIMiddleware
from litestar.params import FromPath
from litestar.response import Template
from litestar.types import ASGIApp, Receive, Scope, Send

from hub.errors import Conflict, HubError, TooManyAttempts
from hub.web import csrf
from hub.web.drawing import Moment, Step
from hub.web.error_pages import page_for
from hub.web.fields import (
    Checkbox,
    Choice,
    Choices,
    CodiceFiscale,
    Date,
    Email,
    Identifier,
    Integer,
    Money,
    Password,
    Phone,
    Text,
    Textarea,
)
from hub.web.forms import blank, read_form, read_query
from hub.web.headers import PREVIEW_CSP
from hub.web.multipart import LARGEST_REQUEST, read_upload
from hub.web.page import page
from hub.web.plugin import WebPlugin
from hub.web.redirects import message, see_other

AnyRequest = Request[Any, Any, Any]
DESKS = [(UUID(int=1), "Sportello centro"), (UUID(int=2), "Sportello mare")]
SAVED = message("test-saved", "Fill in this field.")  # any text that the catalogue has


class OpenCase(msgspec.Struct):
    given_name: Annotated[str, Text("Nome", max_length=20, min_length=2)]
    codice_fiscale: Annotated[str, CodiceFiscale("Codice fiscale", "Dalla tessera.")]
    born: Annotated[date, Date("Nascita", past=True)]
    amount: Annotated[int, Money("Importo", minimum=100_00)]
    desk: Annotated[UUID, Choice("Sportello")]
    outcome: Annotated[str, Choice("Esito", options={"a": "Home", "b": "Cases"})]
    topics: Annotated[tuple[str, ...], Choices("Temi", options={"loan": "Data", "plan": "What"})]
    consent: Annotated[bool, Checkbox("Consenso", required=True)]
    email: Annotated[str | None, Email("E-mail")] = None
    phone: Annotated[str | None, Phone("Telefono")] = None
    staff: Annotated[int | None, Integer("Addetti", maximum=500)] = None
    notes: Annotated[str, Textarea("Note", max_length=50)] = ""
    secret: Annotated[str, Password("Parola")] = ""
    origin: Annotated[UUID | None, Identifier()] = None
    urgent: Annotated[bool, Checkbox("Urgente")] = False


class Filter(msgspec.Struct):
    text: Annotated[str, Text("Cerca", max_length=20)] = ""


@dataclass(frozen=True)
class Reader:
    """Satisfies hub.web.navigation.Reader."""

    name: str = "Caterina Esposito"
    role: str = "operator"
    tenant_name: str = "Comune di <Prova>"
    kinds: tuple[str, ...] = ("host",)
    locale: str = "it"


class WhoReads(ASGIMiddleware):
    """The header `x-reader` says who signed in: kind/role/locale."""

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        asked: str = Request[Any, Any, Any](scope).headers.get("x-reader", "")
        scope["user"] = None
        if asked:
            kind, role, locale = asked.split("/")
            scope["user"] = Reader(kinds=(kind,), role=role, locale=locale)
        await next_app(scope, receive, send)


TEMPLATES = {
    "form.html": """{% extends "web/layout.html" %}{% import "web/forms.html" as forms %}
{% block title %}Modulo{% endblock %}{% block main %}<h1>Modulo</h1>
<form method="post" novalidate>{{ forms.start(form) }}
{% for name in ("given_name", "codice_fiscale", "born", "amount") %}{{ forms.field(form, name) }}{% endfor %}
{{ forms.select(form, "desk") }}{{ forms.radios(form, "outcome") }}{{ forms.field(form, "topics", help="Anche due") }}
{% for name in ("email", "phone", "staff", "notes", "secret", "origin", "urgent", "consent") %}{{ forms.field(form, name) }}{% endfor %}
{{ forms.submit("Salva", cancel="/") }}</form>
{{ forms.button("/go", "Vai", key=form.key, values={"a": "1"}) }}{% endblock %}""",
    "list.html": """{% extends "web/layout.html" %}{% import "web/lists.html" as lists %}{% import "web/forms.html" as forms %}
{% import "web/timeline.html" as drawn %}{% import "web/charts.html" as charts %}
{% block title %}Elenco{% endblock %}{% block main %}{{ lists.heading("Elenco", url="/new", action="Nuova") }}
{% call lists.filters("Filtra", clear="/list") %}{{ forms.field(filter, "text") }}{% endcall %}
{% call(row) lists.table("Pratiche", ["Numero", "Stato", "Importo"], rows) %}
{{ lists.head(row.number, url="/list", detail="centro") }}{{ lists.cell("Stato", lists.badge("Aperta", "info")) }}
{{ lists.cell("Importo", row.amount | money, number=true) }}{% endcall %}
{{ lists.more("/list?after=1", None) }}{{ lists.empty("Niente", "Ancora", url="/new", action="Nuova") }}
{{ lists.facts([("Nome", "<Rossi>"), ("Vuoto", ""), ("Zero", 0)]) }}
{{ drawn.timeline(moments, "Percorso") }}{{ drawn.stepper(steps, "Tappe") }}
{{ charts.bars("Numeri", [("Uno", 4), ("Due", 1)]) }}{% endblock %}""",
    "rows.html": "<p>{{ rows | length }} righe</p>",
}


@get("/new")
async def new(request: AnyRequest) -> Template:
    return page(request, "sample/form.html", form=blank(OpenCase, choices={"desk": DESKS}))


@post("/new", status_code=200)
async def create(request: AnyRequest) -> Any:
    form = await read_form(request, OpenCase, choices={"desk": DESKS}, once=True)
    if form.data is None:
        return page(request, "sample/form.html", form=form, status_code=422)
    return see_other(request, "/list", SAVED)


@get("/list")
async def listed(request: AnyRequest) -> Template:
    moment = Moment(datetime(2026, 11, 22, 23, 30, tzinfo=UTC), "Inviata", by="Anna", tone="info")
    return page(
        request,
        "sample/list.html",
        fragment="sample/rows.html",
        crumbs=[("Pratiche", "/list"), ("Una <b>", "/list/1")],
        rows=[{"number": "2026-1", "amount": 2500000}],
        filter=read_query(request, Filter),
        moments=[moment],
        steps=[Step("Informato", "reached", date(2026, 11, 1)), Step("Erogato", "ahead")],
    )


@get("/preview", opt={"csp": PREVIEW_CSP}, media_type="text/html")
async def preview() -> str:
    return "<p style='color:red'>mail</p>"


@post("/upload", opt=csrf.MULTIPART, request_max_body_size=LARGEST_REQUEST)
async def upload(request: AnyRequest) -> dict[str, object]:
    sent = await read_upload(request)
    return {"name": sent.name, "size": len(sent.content), "fields": sent.fields}


@post("/upload-unchecked", opt=csrf.MULTIPART)
async def upload_unchecked(request: AnyRequest) -> dict[str, object]:
    return {"fields": len(await request.form())}


@post("/one-click", opt={"exclude_from_csrf": True}, status_code=200)
async def one_click() -> str:
    return "done"


@get("/fail/{kind:str}")
async def fail(kind: FromPath[str]) -> None:
    raise {
        "conflict": Conflict(),
        "many": TooManyAttempts(90),
        "bug": ZeroDivisionError("division of Maria Rossi"),
        "teapot": HTTPException(status_code=418),
    }[kind]


def on_error(request: AnyRequest, error: Exception) -> Any:
    return page_for(request, error, request_id="0193-test")


def sample_app(base_url: str = "http://hub.test") -> Litestar:
    app = Litestar(
        [new, create, listed, preview, one_click, upload, upload_unchecked, fail],
        plugins=[WebPlugin(base_url=base_url)],
        middleware=[WhoReads()],
        exception_handlers={HubError: on_error, HTTPException: on_error, Exception: on_error},
        request_max_body_size=50_000,
        openapi_config=None,
        logging_config=None,
    )
    environment: Any = app.template_engine.engine  # type: ignore[union-attr]  # ours is Jinja's
    loader: PrefixLoader = environment.loader
    loader.mapping = {**loader.mapping, "sample": DictLoader(TEMPLATES)}
    return app
