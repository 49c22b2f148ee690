"""Imports as tests make them: a file uploaded, read and applied as a worker would."""

from __future__ import annotations

import io
from collections.abc import Sequence
from uuid import UUID

import xlsxwriter
from stdnum import luhn

from hub.db import network_transaction, tenant_transaction
from hub.tenants.exchange import found, queries
from hub.tenants.exchange.kinds import KINDS
from hub.tenants.exchange.schemas import Import, ImportRow
from hub.tenants.exchange.sheets import csv_file, xlsx_file
from hub.tenants.exchange.start import apply_it, upload
from hub.worker import drain_now
from tests.factories import Member, Tenant, make_membership, make_tenant

_numbers = iter(range(1, 1_000_000))


def with_check_digit(ten: str) -> str:
    return ten + str(luhn.calc_check_digit(ten))


def new_fiscal_code() -> str:
    return with_check_digit(f"{7_000_000 + next(_numbers)}063")


async def make_ente() -> Member:
    return await make_membership(await make_tenant("coordinator"), "admin")


async def give_codes(tenant: Tenant, fiscal_code: str | None = None) -> str:
    code = fiscal_code or new_fiscal_code()
    async with network_transaction() as scope:
        await scope.execute("UPDATE tenants SET fiscal_code = $2 WHERE id = $1", tenant.id, code)
    return code


def csv_of(kind: str, rows: Sequence[dict[str, str]]) -> bytes:
    return csv_file(KINDS[kind], rows)


def xlsx_of(kind: str, rows: Sequence[dict[str, str]]) -> bytes:
    return xlsx_file(KINDS[kind], rows)


def sheet(*rows: Sequence[object]) -> bytes:
    """A workbook of one sheet, each cell as its Python type."""
    written = io.BytesIO()
    with xlsxwriter.Workbook(written) as book:
        page = book.add_worksheet()
        for number, row in enumerate(rows):
            page.write_row(number, 0, row)
    return written.getvalue()


async def uploaded(member: Member, kind: str, content: bytes, name: str = "dati.csv") -> UUID:
    async with tenant_transaction(member.tenant.id) as scope:
        return await upload(scope, member.actor, kind, name, content, None)


async def read(member: Member, kind: str, content: bytes, name: str = "dati.csv") -> Import:
    """Uploaded, and read by the worker."""
    import_id = await uploaded(member, kind, content, name)
    await drain_now()
    return await now(member, import_id)


async def applied(member: Member, import_id: UUID) -> Import:
    async with tenant_transaction(member.tenant.id) as scope:
        await apply_it(scope, member.actor, import_id)
    await drain_now()
    return await now(member, import_id)


async def now(member: Member, import_id: UUID) -> Import:
    async with tenant_transaction(member.tenant.id) as scope:
        found_import = await queries.find(scope, import_id)
    assert found_import is not None
    return found_import


async def rows(member: Member, import_id: UUID, fate: str) -> list[ImportRow]:
    async with tenant_transaction(member.tenant.id) as scope:
        return await queries.page_of_rows(scope, import_id, fate, 0, 1_000)


async def exported(kind: str) -> list[dict[str, str]]:
    async with network_transaction() as scope:
        return await KINDS[kind].export(scope, await found.places(scope))
