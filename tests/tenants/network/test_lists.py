"""Every list of the Ente's stays at a fixed number of statements, however many organisations there are."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest
from litestar import Litestar

from hub.api.paging import Position, to_cursor
from hub.config import Settings
from tests.contracts.test_routes import routes
from tests.factories import Member, make_membership, make_tenant
from tests.support import web
from tests.support.databases import Database, connected
from tests.support.statements import counted
from tests.tenants.network.crowd import first_ids, write_crowd

FEW, MANY = 20, 10_000
# The Ente's rooms: whoever adds a page there says here with which addresses it is asked for, or why not.
ROOMS = ("/network", "/selections", "/evaluations", "/organisation/", "/campaigns")

# By route, the queries with which it is asked for. A name in braces stands for a row at the end of a page.
ASKED: dict[str, tuple[str, ...]] = {
    "/network": ("",),
    "/network/organisations": (
        "",
        "?state=setup&kind=host&region=15&q=comune",
        "?after={organisation}",
        "?state=active&after={organisation}",
        "?need=overdue",
        "?need=exception",
        "?need=ready",
        "?need=desk",
        "?need=further",
    ),
    "/network/organisations/{organisation_id}": ("",),
    "/network/organisations/{organisation_id}/desks": ("",),
    "/network/organisations/{organisation_id}/exception": ("",),
    "/network/organisations/{organisation_id}/services": ("", "?on=2026-01-31"),
    "/network/organisations/{organisation_id}/term": ("",),
    "/network/silent": ("", "?after={desk}"),
    "/network/protocols": ("", "?show=ending&name=comune", "?before=2020-1010"),
    "/network/protocols/{protocol_id}": ("",),
    "/network/protocols/templates": ("",),
    "/network/protocols/templates/{template_id}": ("",),
    "/network/imports": ("", "?before={import}"),
    "/network/imports/{import_id}": ("", "?fate=create&after=5"),
    "/network/imports/{import_id}/errors.csv": ("",),
    "/network/exports/hosts.csv": ("",),
    "/network/exports/desks.csv": ("",),
    "/network/exports/operators.csv": ("",),
    "/network/exports/services.csv": ("",),
    "/selections": ("", "?after={call}"),
    "/selections/weights": ("",),
    "/selections/{call_id}": ("",),
    "/selections/{call_id}/applications": ("", "?state=submitted&region=15", "?after=2020-10"),
    "/selections/{call_id}/applications.csv": ("",),
    "/selections/{call_id}/documents": ("",),
    "/selections/{call_id}/evaluators": ("",),
    "/selections/{call_id}/questions": ("", "?after={question}"),
    "/selections/{call_id}/ranking": ("",),
    "/evaluations": ("",),
    "/organisation/closing-days": ("",),
    "/organisation/log": ("", "?area=organisation", "?after={entry}"),
    "/organisation/people": ("",),
    "/organisation/people/support": ("",),
    "/campaigns": ("",),
}
# Why a page is not asked for, and which.
NO_LISTS: dict[str, tuple[str, ...]] = {
    "a form": (
        "/campaigns/new",
        "/campaigns/{campaign_id}/cancel",
        "/campaigns/{campaign_id}/edit",
        "/campaigns/{campaign_id}/resend",
        "/campaigns/{campaign_id}/send",
        "/evaluations/{evaluation_id}/submit",
        "/network/organisations/new",
        "/network/organisations/{organisation_id}/abandon",
        "/network/organisations/{organisation_id}/begin",
        "/network/organisations/{organisation_id}/desks/close",
        "/network/organisations/{organisation_id}/exception/refuse",
        "/network/organisations/{organisation_id}/invite",
        "/network/organisations/{organisation_id}/suspend",
        "/network/protocols/templates/{template_id}/next",
        "/organisation/edit",
        "/organisation/people/invite",
        "/organisation/people/{membership_id}/leave",
        "/organisation/people/{membership_id}/trainings/{training_id}/remove",
        "/selections/new",
        "/selections/{call_id}/close",
        "/selections/{call_id}/delete",
        "/selections/{call_id}/edit",
        "/selections/{call_id}/extend",
        "/selections/{call_id}/publish",
    ),
    "one file": (
        "/evaluations/{evaluation_id}/files/{attached_id}",
        "/network/imports/templates/{file}",
        "/network/protocols/templates/{template_id}/preview",
        "/network/protocols/{protocol_id}/document",
        "/network/protocols/{protocol_id}/signed",
        "/organisation/people/{membership_id}/trainings/{training_id}/certificate",
        "/selections/{call_id}/applications/{application_id}/files/{attached_id}",
        "/selections/{call_id}/applications/{application_id}/receipt",
        "/selections/{call_id}/documents/{document_id}",
        "/selections/{call_id}/minutes.pdf",
    ),
    "it only leads back to the organisation": (
        "/network/organisations/{organisation_id}/activate",
        "/network/organisations/{organisation_id}/exception/decide",
        "/network/organisations/{organisation_id}/resume",
    ),
    "the statements of the CSV, in another file": ("/network/exports/{kind}.xlsx",),
    "about one thing, which belongs to no other organisation": (
        "/campaigns/segment-count",
        "/campaigns/{campaign_id}",
        "/campaigns/{campaign_id}/preview",
        "/campaigns/{campaign_id}/preview/html",
        "/campaigns/{campaign_id}/unsent",
        "/evaluations/{evaluation_id}",
        "/organisation/people/{membership_id}",
        "/selections/{call_id}/applications/{application_id}",
        "/selections/{call_id}/preview",
        "/selections/{call_id}/questions/{question_id}",
    ),
    "no page of the Ente’s: it has neither desks nor services, and signs no protocol with itself": (
        "/organisation/desks",
        "/organisation/desks/municipalities",
        "/organisation/desks/new",
        "/organisation/desks/{desk_id}",
        "/organisation/desks/{desk_id}/close",
        "/organisation/desks/{desk_id}/closures/new",
        "/organisation/desks/{desk_id}/edit",
        "/organisation/protocols",
        "/organisation/protocols/{protocol_id}",
        "/organisation/protocols/{protocol_id}/document",
        "/organisation/protocols/{protocol_id}/signed",
        "/organisation/services",
        "/organisation/services/new",
        "/organisation/services/{service_id}",
        "/organisation/services/{service_id}/change",
        "/organisation/services/{service_id}/end",
        "/organisation/setup",
    ),
}


def _folded(path: str) -> str:
    """Files of which there is one for each kind of table are told alike."""
    if path.startswith("/network/imports/templates/"):
        return "/network/imports/templates/{file}"
    if path.startswith("/network/exports/") and path.endswith(".xlsx"):
        return "/network/exports/{kind}.xlsx"
    return path


def test_every_page_of_the_ente_is_asked_for_or_says_why_not() -> None:
    there = {
        _folded(route.path)
        for route in routes()
        if route.method == "GET" and route.path.startswith(ROOMS)
    }
    named = [*ASKED, *(path for paths in NO_LISTS.values() for path in paths)]
    assert sorted(named) == sorted(there)


@dataclass(frozen=True, slots=True)
class Ente:
    database: Database
    admin: Member
    client: httpx.AsyncClient

    async def addresses(self) -> list[str]:
        ids = {name: str(value) for name, value in (await first_ids(self.database)).items()}
        ids |= await self._tenth()
        return [
            f"{path}{query}".format_map(ids) for path, queries in ASKED.items() for query in queries
        ]

    async def _tenth(self) -> dict[str, str]:
        """Cursors to the tenth or thirteenth row of each list, behind which there are others."""
        async with connected(self.database.superuser_url) as superuser:
            import_at, entry_at = [
                await superuser.fetchrow(f"SELECT {at}, id FROM {source} LIMIT 1")
                for at, source in (
                    ("created_at", "imports WHERE file_name = '10.csv'"),
                    ("at", "audit_log WHERE action = 'export.made' ORDER BY at OFFSET 10"),
                )
            ]
            assert import_at is not None
            assert entry_at is not None
            rows = {
                "organisation": "tenants WHERE name = 'Comune 10'",
                "desk": "desks WHERE name = 'Sportello 13'",
                "call": "calls WHERE slug = 'bando-10'",
                "question": "call_questions ORDER BY asked_at OFFSET 9 LIMIT 1",
            }
            found = {
                name: str(await superuser.fetchval(f"SELECT id FROM {source}"))
                for name, source in rows.items()
            }
        return found | {
            "import": to_cursor(Position(*import_at)),
            "entry": to_cursor(Position(*entry_at)),
        }


@pytest.fixture
async def ente(own_database: Database, app: Litestar, settings: Settings) -> AsyncIterator[Ente]:
    admin = await make_membership(await make_tenant("coordinator"), "admin")
    async with web.new_client(app, settings) as client:
        await web.sign_in(client, admin)
        yield Ente(own_database, admin, client)


@pytest.mark.timeout(180)
async def test_lists_run_as_many_statements_for_ten_thousand_as_for_twenty(
    ente: Ente, monkeypatch: pytest.MonkeyPatch
) -> None:
    few: dict[str, list[str]] = {}
    await write_crowd(ente.database, ente.admin, 1, FEW)
    addresses = await ente.addresses()
    for address in addresses:
        # The first visitor of the templates finds none, and the hub makes its own.
        await ente.client.get(address)
        few[address] = await _statements(ente.client, address, monkeypatch)
    await write_crowd(ente.database, ente.admin, FEW + 1, MANY)
    for address in addresses:
        assert await _statements(ente.client, address, monkeypatch) == few[address], address


async def _statements(
    client: httpx.AsyncClient, path: str, monkeypatch: pytest.MonkeyPatch
) -> list[str]:
    # The first request of a minute also keeps when the session was last used.
    await client.get("/account")
    with counted(monkeypatch) as found:
        answer = await client.get(path)
    assert answer.status_code == 200, (path, answer.text[:500])
    assert len(found.ran) < 25, found.ran
    return found.ran
