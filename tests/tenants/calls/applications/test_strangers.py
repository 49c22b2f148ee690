"""Nobody sees an application but the browser that opened it, and nobody learns which applications there are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import httpx
import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute

from hub import clock, tokens
from hub.db import tenant_transaction
from hub.ids import uuid7
from hub.tenants.calls.applications.links import COOKIE, COOKIE_LASTS, grant_of, room_cookie
from hub.tenants.calls.applications.schemas import Application
from tests.contracts.test_routes import application as the_application
from tests.factories import Tenant, make_membership
from tests.support import papers
from tests.support.web import sign_in
from tests.tenants.calls.applications.applying import Applicant, NewClient, applicant
from tests.tenants.calls.making import make_application, make_draft

PREFIX = "/applications/{application_id}"


def routes(app: Litestar) -> Iterator[tuple[str, str]]:
    for route in app.routes:
        if isinstance(route, HTTPRoute) and route.path_format.startswith(PREFIX):
            for handler in route.route_handlers:
                for method in sorted({str(m) for m in handler.http_methods} & {"GET", "POST"}):
                    yield method, route.path_format


ROUTES = sorted(routes(the_application()))


def path_to(path: str, application_id: object, other: UUID) -> str:
    path = path.replace("{application_id}", str(application_id)).replace("{step}", "contacts")
    return re.sub(r"{\w+}", str(other), path.replace("{kind}", "statute"))


async def ask(client: httpx.AsyncClient, method: str, path: str) -> httpx.Response:
    if "/uploads/" in path or path.endswith("/files"):
        return await client.post(path, files={"file": ("a.pdf", papers.PDF)})
    return await client.request(method, path, data={"x": "1"} if method == "POST" else None)


def told(answer: httpx.Response) -> tuple[int, str]:
    """Status and words; the page knows its own address, for the choice of the language."""
    return answer.status_code, answer.text.replace(answer.request.url.raw_path.decode(), "")


def carry(client: httpx.AsyncClient, cookie: str, application_id: object) -> None:
    """A cookie that says so, on whatever path the browser was told to keep it."""
    client.cookies.set(
        COOKIE, cookie, domain="hub.localhost", path=f"/applications/{application_id}"
    )


def cookie_of(application: Application) -> str:
    return room_cookie(grant_of(application), secure=False).value or ""


def test_there_are_routes_to_ask() -> None:
    assert len(ROUTES) >= 13


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_every_address_tells_a_stranger_the_same(
    new_client: NewClient, ente: Tenant, call_id: UUID, method: str, path: str
) -> None:
    theirs, own = await make_application(ente, call_id), await make_draft(ente, call_id)
    other, nowhere = uuid7(), uuid7()
    answers = []
    for target in (theirs.id, nowhere, "1", "é", str(theirs.id).upper()):
        for cookie in (
            "",
            "x",
            cookie_of(own),
            tokens.sign("application", b"x" * 36),
            tokens.sign("application-room", b"x"),
            tokens.sign("password", cookie_of(theirs).encode()),
        ):
            client = new_client()
            if cookie:
                carry(client, cookie, target)
            answers.append(told(await ask(client, method, path_to(path, target, other))))
    assert len(set(answers)) == 1
    assert answers[0][0] == 404
    assert "non è aperta in questo browser" in answers[0][1]


async def test_a_member_of_the_ente_is_a_stranger_here(
    new_client: NewClient, ente: Tenant, call_id: UUID
) -> None:
    client = new_client()
    await sign_in(client, await make_membership(ente, "admin"))
    theirs = await make_application(ente, call_id)
    assert (await client.get(f"/applications/{theirs.id}")).status_code == 404


async def test_the_cookie_ends(applying: Applicant) -> None:
    with clock.moved(COOKIE_LASTS - timedelta(minutes=1)):
        assert (await applying.get("/contacts")).status_code == 200
    with clock.moved(2 * COOKIE_LASTS - timedelta(minutes=3)):
        assert (await applying.get("/contacts")).status_code == 200, "it was renewed"
    with clock.moved(4 * COOKIE_LASTS):
        applying.client.cookies.clear()
        assert (await applying.get("/contacts")).status_code == 404


async def test_the_browser_keeps_no_page(applying: Applicant) -> None:
    assert (await applying.get("/contacts")).headers["cache-control"] == "no-store"


async def test_over_https_the_cookie_goes_nowhere_else(applying: Applicant) -> None:
    cookie = room_cookie(grant_of(applying.application), secure=True)
    assert cookie.key == f"__Secure-{COOKIE}"
    assert cookie.secure


async def test_an_old_cookie_opens_nothing(
    new_client: NewClient, ente: Tenant, call_id: UUID
) -> None:
    draft, client = await make_draft(ente, call_id), new_client()
    carry(client, cookie_of(draft), draft.id)
    with clock.moved(COOKIE_LASTS + timedelta(minutes=1)):
        answer = await client.get(f"/applications/{draft.id}/contacts")
    assert answer.status_code == 404


async def test_a_file_of_another_application_is_not_to_be_had(
    new_client: NewClient, ente: Tenant, call_id: UUID, applying: Applicant
) -> None:
    other = applicant(new_client(), await make_draft(ente, call_id))
    async with tenant_transaction(ente.id) as scope:
        theirs = await scope.fetchval(
            "SELECT id FROM application_files WHERE application_id = $1", other.application.id
        )
    assert (await other.get(f"/files/{theirs}")).content == papers.PDF
    for wanted in (theirs, uuid7(), "1"):
        assert (await applying.get(f"/files/{wanted}")).status_code == 404
        assert (await applying.post(f"/files/{wanted}/remove")).status_code == 404
    assert (await other.get(f"/files/{theirs}")).status_code == 200
