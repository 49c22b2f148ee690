"""One shape for whatever goes wrong: a problem (RFC 9457) for programs, a calm page for people, nothing of the cause."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import NoReturn

import httpx
import pytest
from litestar import Litestar

from hub.config import Settings
from tests.factories import Member, make_membership, make_tenant
from tests.support.databases import Database
from tests.support.pool import pool_of
from tests.support.web import new_client as visitor
from tests.support.web import sign_in

SECRET = "Lucia-Esposito"
JSON = {"content-type": "application/json"}
FORM = {"content-type": "application/x-www-form-urlencoded"}
UNKNOWN = "019ab000-0000-7000-8000-0000000000ff"
ACCEPT = f"/api/v1/received-offers/{UNKNOWN}/accept"
DECLINE = f"/api/v1/received-offers/{UNKNOWN}/decline"
TOO_LARGE = b"a" * 1_000_001

# Method, address, what to send, and the status that is due. Addresses with the secret must not be repeated.
PROBLEMS = [
    ("GET", f"/api/v1/{SECRET}", {}, 404),
    ("GET", f"/api/{SECRET}", {}, 404),
    ("GET", f"/api/v1/desks/{SECRET}", {}, 404),
    ("GET", f"/api/v1/desks/{UNKNOWN}", {}, 404),
    ("PUT", f"/api/v1/desks?q={SECRET}", {}, 405),
    ("DELETE", "/status", {}, 405),
    ("POST", ACCEPT, {"content": b"{}", "headers": JSON}, 404),
    ("POST", DECLINE, {"content": SECRET.encode(), "headers": JSON}, 400),
    ("POST", DECLINE, {"content": b"{", "headers": JSON}, 400),
    ("POST", DECLINE, {"content": b'{"reason": "\xff"}', "headers": JSON}, 400),
    ("POST", DECLINE, {"json": {"reason": SECRET}}, 422),
    ("POST", DECLINE, {"json": {"reason": 7}}, 422),
    ("POST", DECLINE, {"json": [SECRET]}, 422),
    ("POST", DECLINE, {"content": b"{}", "headers": {"content-type": "text/plain"}}, 415),
    ("POST", DECLINE, {"data": {"reason": SECRET}}, 415),
    ("POST", DECLINE, {"content": TOO_LARGE, "headers": JSON}, 413),
]
PAGES = [
    ("GET", f"/{SECRET}", {}, 404),
    ("GET", f"/cases/{SECRET}", {}, 404),
    ("GET", f"/cases/{UNKNOWN}", {}, 404),
    ("GET", f"/desks/{SECRET}", {}, 404),
    ("GET", f"/static/x/{SECRET}", {}, 404),
    ("PUT", f"/cases?q={SECRET}", {}, 405),
    ("POST", "/desks", {"data": {"q": SECRET}}, 405),
    ("POST", "/cases/new", {"content": TOO_LARGE, "headers": FORM}, 413),
    ("POST", "/cases/new", {"content": b"{}", "headers": {"content-type": "text/plain"}}, 415),
    ("POST", "/cases/new", {"json": {"given_name": SECRET}}, 415),
    ("POST", "/cases/new", {"data": {"given_name": SECRET}, "headers": {"x-csrf-token": ""}}, 403),
]

Request = tuple[str, str, dict[str, object], int]


@pytest.fixture
async def member(db: Database) -> Member:
    return await make_membership(await make_tenant("host", "lender", "coordinator"), "admin")


@pytest.fixture
async def signed_in(client: httpx.AsyncClient, member: Member) -> httpx.AsyncClient:
    await sign_in(client, member)
    return client


def assert_problem(answer: httpx.Response, status: int) -> dict[str, object]:
    assert answer.status_code == status
    assert answer.headers["content-type"].partition(";")[0] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    body: dict[str, object] = answer.json()
    assert set(body) <= {"type", "title", "status", "detail", "instance", "errors"}
    assert set(body) >= {"type", "title", "status"}
    assert body["status"] == status
    assert re.fullmatch(r"urn:microwork-hub:problem:[a-z-]+", str(body["type"]))
    assert SECRET not in answer.text
    return body


def assert_page(answer: httpx.Response, status: int) -> None:
    assert answer.status_code == status
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert answer.text.startswith("<!DOCTYPE html>")
    assert len(re.findall(r"<h1[ >]", answer.text)) == 1
    assert "Traceback" not in answer.text
    # The address may come back only where the language switch leads to it.
    assert SECRET not in re.sub(r'name="next" value="[^"]*"', "", answer.text)


@pytest.mark.parametrize("request_", PROBLEMS, ids=lambda r: f"{r[3]} {r[0]} {r[1][:24]}")
async def test_programs_get_a_problem(signed_in: httpx.AsyncClient, request_: Request) -> None:
    method, path, what, status = request_
    assert_problem(await signed_in.request(method, path, **what), status)  # type: ignore[arg-type]  # httpx's own keywords


@pytest.mark.parametrize("request_", PAGES, ids=lambda r: f"{r[3]} {r[0]} {r[1][:24]}")
async def test_people_get_a_page(signed_in: httpx.AsyncClient, request_: Request) -> None:
    method, path, what, status = request_
    assert_page(await signed_in.request(method, path, **what), status)  # type: ignore[arg-type]  # the same


async def test_a_program_may_ask_for_a_problem_anywhere(signed_in: httpx.AsyncClient) -> None:
    answer = await signed_in.get(f"/{SECRET}", headers={"accept": "application/json"})
    assert_problem(answer, 404)


async def test_whoever_is_not_signed_in_is_told_so(client: httpx.AsyncClient) -> None:
    assert_problem(await client.get("/api/v1/received-offers"), 401)
    answer = await client.get(f"/cases?q={SECRET}")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=/cases")


async def test_a_role_that_does_not_suffice_is_told_so(
    client: httpx.AsyncClient, db: Database
) -> None:
    await sign_in(client, await make_membership(await make_tenant("tutor"), "viewer"))
    assert_problem(await client.get("/api/v1/received-offers"), 403)
    assert_page(await client.get("/campaigns/new"), 403)


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every transaction of the directory fails in a way nobody foresaw, with personal data in its message."""

    def fail(*_: object) -> NoReturn:
        raise LookupError(SECRET)

    for module in ("api", "pages"):
        monkeypatch.setattr(f"hub.tenants.directory.{module}.network_transaction", fail)


@pytest.mark.usefixtures("broken")
async def test_what_nobody_foresaw_is_a_500_that_says_nothing(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    body = assert_problem(await client.get("/api/v1/desks"), 500)
    answer = await client.get("/desks")
    assert_page(answer, 500)
    # The number that a person can tell us is the one in the log.
    assert str(body["instance"]).rpartition(":")[2] in caplog.text
    assert any(
        found in caplog.text for found in re.findall(r"[0-9a-f]{8}-[0-9a-f-]{27}", answer.text)
    )
    assert SECRET not in caplog.text


@pytest.fixture
async def without_database(db: Database) -> AsyncIterator[None]:
    async with pool_of(1, db, url="postgresql://hub_web:x@127.0.0.1:1/hub"):
        yield


@pytest.mark.parametrize("path", ["/", "/desks", "/cases", "/sign-in"])
async def test_without_a_database_pages_are_calm(
    signed_in: httpx.AsyncClient, without_database: None, path: str
) -> None:
    answer = await signed_in.get(path)
    assert_page(answer, 503)
    assert int(answer.headers["retry-after"]) > 0


@pytest.mark.parametrize("path", ["/status", "/api/v1/desks", "/api/v1/received-offers"])
async def test_without_a_database_programs_are_told_when_to_come_back(
    signed_in: httpx.AsyncClient, without_database: None, path: str
) -> None:
    answer = await signed_in.get(path)
    assert_problem(answer, 503)
    assert int(answer.headers["retry-after"]) > 0


async def test_the_hub_recovers_by_itself(client: httpx.AsyncClient, db: Database) -> None:
    async with pool_of(1, db, url="postgresql://hub_web:x@127.0.0.1:1/hub"):
        assert (await client.get("/status")).status_code == 503
    assert (await client.get("/status")).status_code == 200


@pytest.mark.parametrize("locale", ["it", "en"])
async def test_people_read_it_in_their_language(
    app: Litestar, settings: Settings, db: Database, locale: str
) -> None:
    async with visitor(app, settings) as client:
        answer = await client.get("/nowhere", headers={"accept-language": locale})
        assert f'<html lang="{locale}"' in answer.text
        problem = await client.get("/api/v1/nowhere", headers={"accept-language": locale})
        # `title` and `type` are for programs, whatever the language.
        assert problem.json()["title"] == "Not Found"
