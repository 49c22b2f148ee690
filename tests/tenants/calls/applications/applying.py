"""An applicant's browser, and what one types into the steps."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from html import unescape
from uuid import UUID, uuid4

import httpx

from hub.db import tenant_transaction
from hub.tenants.calls import queries as calls
from hub.tenants.calls.applications import queries
from hub.tenants.calls.applications.links import grant_of, room_cookie
from hub.tenants.calls.applications.schemas import DECLARATIONS, Application
from hub.tenants.calls.schemas import Call
from tests.factories import Tenant
from tests.support import papers

NewClient = Callable[[], httpx.AsyncClient]
Typed = dict[str, str | list[str]]

ORGANISATION: Typed = {
    "name": "Comune di Napoli",
    "kind": "municipality",
    "fiscal_code": "80014890638",
    "ipa_code": "C_F839",
    "municipality": "Napoli (NA)",
    "address": "Piazza Municipio 1, 80133",
    "legal_basis": "art_6",
}
DESKS: Typed = {
    "_count": "1",
    "name_1": "Sportello centro",
    "municipality_1": "Napoli (NA)",
    "address_1": "Via Toledo 1",
    "opening_hours_1": "Da lunedì a venerdì, 9-13",
    "staff_1": "2",
}
CONTACTS: Typed = {
    "person_name": "Anna Prova",
    "person_role": "Dirigente",
    "phone": "081 1234567",
    "email": "anna.prova@example.org",
}
DECLARED: Typed = {"declarations": list(DECLARATIONS)}
WHOLE = {
    "organisation": ORGANISATION,
    "desks": DESKS,
    "contacts": CONTACTS,
    "declarations": DECLARED,
}


@dataclass
class Applicant:
    """A browser that has opened its application."""

    client: httpx.AsyncClient
    application: Application

    @property
    def base(self) -> str:
        return f"/applications/{self.application.id}"

    async def get(self, path: str = "") -> httpx.Response:
        return await self.client.get(self.base + path)

    async def post(self, path: str, data: Typed | None = None, **more: str) -> httpx.Response:
        sent = {"form_key": str(uuid4()), **(data or {}), **more}
        return await self.client.post(self.base + path, data=sent)

    async def save(self, step: str, typed: Typed, **more: str) -> httpx.Response:
        """As the page that shows what is stored now would send it."""
        page = (await self.get(f"/{step}")).text
        hidden = {"form_key": value_of(page, "form_key"), "seen": value_of(page, "seen")}
        return await self.post(f"/{step}", typed, **(hidden | more))

    async def upload(
        self, kind: str = "statute", name: str = "atto.pdf", content: bytes = papers.PDF
    ) -> httpx.Response:
        return await self.client.post(
            f"{self.base}/uploads/{kind}", files={"file": (name, content)}
        )

    async def fill_in(self, *, code: str | None = None) -> None:
        for step, typed in WHOLE.items():
            mine = typed | ({"fiscal_code": code} if code and step == "organisation" else {})
            answer = await self.save(step, mine)
            assert answer.status_code == 303, (step, answer.text)
        assert (await self.upload()).status_code == 303

    async def submit(self) -> httpx.Response:
        page = (await self.get("/summary")).text
        return await self.post("/submit", seen=value_of(page, "seen"))

    async def stored(self) -> Application:
        return await stored(self.application)


def value_of(page: str, name: str) -> str:
    found = re.search(rf'<input[^>]* name="{name}"[^>]* value="([^"]*)"', page)
    return unescape(found.group(1)) if found else ""


async def stored(application: Application) -> Application:
    async with tenant_transaction(application.tenant_id) as scope:
        found = await queries.find(scope, application.id)
    assert found is not None
    return found


async def call_of(ente: Tenant, call_id: UUID) -> Call:
    async with tenant_transaction(ente.id) as scope:
        found = await calls.find(scope, call_id)
    assert found is not None
    return found


def applicant(client: httpx.AsyncClient, application: Application) -> Applicant:
    """With the cookie that the link would have given."""
    cookie = room_cookie(grant_of(application), secure=False)
    client.cookies.set(
        cookie.key, cookie.value or "", domain="hub.localhost", path=cookie.path or "/"
    )
    return Applicant(client, application)


async def close(ente: Tenant, call_id: UUID) -> None:
    """It closed a second ago, by the database's clock too."""
    async with tenant_transaction(ente.id) as scope:
        await scope.execute(
            "UPDATE calls SET opens_at = $2, closes_at = $3 WHERE id = $1",
            call_id,
            scope.now - timedelta(days=2),
            scope.now - timedelta(seconds=1),
        )
