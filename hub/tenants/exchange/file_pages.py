"""Files to take along: what there is of each kind, and empty tables to fill in."""

import asyncio
from collections.abc import Callable, Sequence
from contextvars import copy_context

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.types import ControllerRouterHandler

from hub import audit, clock
from hub.db import network_transaction, tenant_transaction
from hub.tenants.accounts.actor import Actor
from hub.tenants.exchange import found
from hub.tenants.exchange.kinds import KINDS
from hub.tenants.exchange.schemas import KINDS as KIND_NAMES
from hub.tenants.exchange.schemas import Kind
from hub.tenants.exchange.sheets import csv_file, explanation_file, xlsx_file
from hub.tenants.exchange.upload import CSV, XLSX
from hub.tenants.rooms import ENTE_ADMINS
from hub.tenants.territory.build_data import fold
from hub.web.downloads import download
from hub.web.i18n import N_
from hub.web.i18n import gettext as _

Written = Callable[[Kind, Sequence[dict[str, str]]], bytes]
FORMS: dict[str, tuple[str, Written]] = {"xlsx": (XLSX, xlsx_file), "csv": (CSV, csv_file)}

_COLUMNS = N_("Columns")


def name_of(*msgids: str) -> str:
    """Of a file, without its ending, in the reader's language."""
    return "-".join(fold(_(msgid)).replace(" ", "-") for msgid in msgids)


def _export(kind: Kind, ending: str) -> ControllerRouterHandler:
    media_type, write = FORMS[ending]

    @get(f"/network/exports/{kind.name}.{ending}", guards=ENTE_ADMINS)
    async def export(actor: NamedDependency[Actor]) -> Response[bytes]:
        async with network_transaction() as scope:
            rows = await kind.export(scope, await found.places(scope))
        async with tenant_transaction(actor.tenant_id) as own:
            await audit.record(
                own, actor, "export.made", "export", None, kind=kind.name, rows=len(rows)
            )
        # In a thread: ten thousand rows take a second, in which others want answers. It reads in our language.
        content = await asyncio.get_running_loop().run_in_executor(
            None, copy_context().run, write, kind, rows
        )
        return download(
            f"{name_of(KIND_NAMES[kind.name])}-{clock.today()}.{ending}", media_type, content
        )

    return export


def _template(kind: Kind, ending: str) -> ControllerRouterHandler:
    media_type, write = FORMS[ending]

    @get(
        f"/network/imports/templates/{kind.name}.{ending}", guards=ENTE_ADMINS, sync_to_thread=False
    )
    def template() -> Response[bytes]:
        return download(f"{name_of(KIND_NAMES[kind.name])}.{ending}", media_type, write(kind, []))

    return template


def _explanation(kind: Kind) -> ControllerRouterHandler:
    @get(
        f"/network/imports/templates/{kind.name}-columns.csv",
        guards=ENTE_ADMINS,
        sync_to_thread=False,
    )
    def columns() -> Response[bytes]:
        return download(
            f"{name_of(KIND_NAMES[kind.name], _COLUMNS)}.csv", CSV, explanation_file(kind)
        )

    return columns


ROUTES: list[ControllerRouterHandler] = [
    *(_export(kind, ending) for kind in KINDS.values() for ending in FORMS),
    *(_template(kind, ending) for kind in KINDS.values() for ending in FORMS),
    *(_explanation(kind) for kind in KINDS.values()),
]
