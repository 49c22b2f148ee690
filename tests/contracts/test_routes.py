"""Every route of the application × someone who has no business there.

Someone else's row answers as a row that does not exist: 404, and the very same words (design §4).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from uuid import UUID

import httpx
import msgspec
import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute

from hub import clock
from hub.app import create_app
from hub.config import Settings
from hub.ids import uuid7
from tests.conftest import FIELD_KEYS, SECRET_KEYS
from tests.contracts.samples import KINDS, Organisation, make_organisation
from tests.factories import CAMPANIA, make_membership, make_tenant
from tests.support.databases import Connection, Database, connected
from tests.support.web import sign_in, sign_in_as
from tests.tenants.calls.making import content

ROLES = ("admin", "operator", "editor", "viewer")
METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}

# Whose row each id in an address is. A new name needs a line here, and a sample of its table.
TABLES = {
    "application_id": "applications",
    "attached_id": "application_files",
    "call_id": "calls",
    "campaign_id": "campaigns",
    "case_id": "cases",
    "citizen_id": "citizens",
    "closing_day_id": "closing_days",
    "closure_id": "desk_closures",
    "desk_id": "desks",
    "document_id": "call_documents",
    "evaluation_id": "evaluations",
    "evaluator_id": "call_evaluators",
    "import_id": "imports",
    "invitation_id": "invitations",
    "membership_id": "memberships",
    "offer_id": "received_offers",
    "organisation_id": "tenants",
    "protocol_id": "protocols",
    "question_id": "call_questions",
    "referral_id": "referrals",
    "template_id": "protocol_templates",
    "service_id": "services_offered",
    "session_id": "sessions",
    "training_id": "trainings",
}

# What anyone may open without a session: the network's public face, and the ways in and out.
PUBLIC = {
    "/",
    "/accessibility",
    "/api/v1/desks",
    "/api/v1/desks/{desk_id}",
    "/api/v1/services",
    "/applications/open/{token}",
    "/calls",
    "/calls/feed.atom",
    "/calls/{slug}",
    "/calls/{slug}/apply",
    "/calls/{slug}/documents/{document_id}",
    "/calls/{slug}/questions",
    "/calls/{slug}/ranking",
    "/calls/{slug}/ranking.csv",
    "/data-sources",
    "/desks",
    "/desks/{desk_id}",
    "/invitations/{token}",
    "/invitations/{token}/account",
    "/invitations/{token}/ask",
    "/invitations/{token}/code",
    "/invitations/{token}/join",
    "/locale",
    "/organisations/{organisation_id}/logo",
    "/password/forgotten",
    "/password/new",
    "/privacy",
    "/protocols/{token}",
    "/protocols/{token}/document",
    "/services",
    "/sign-in",
    "/sign-out",
    "/static/{asked}/{name}",
    "/status",
    "/unsubscribe/{token}",
}

# Where an applicant's browser enters by a signed link, and nobody by a session: their strangers are in
# tests/tenants/calls/applications/test_strangers.py.
BY_LINK = "/applications/{application_id}"

# What a body must say to be read at all; an empty one would be refused before anyone looks for the row.
BODIES = {"/api/v1/received-offers/{offer_id}/decline": {"reason": "amount"}}

# Where even a row that never was answers as if all were well; the two must still be told alike.
NO_ERROR = {
    "POST /campaigns/{campaign_id}/delete": "deleting twice is one effect",
    "POST /selections/{call_id}/delete": "deleting twice is one effect",
}

NewClient = Callable[[], httpx.AsyncClient]


@dataclass(frozen=True, slots=True)
class Route:
    method: str
    path: str
    names: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    def to(self, ids: dict[str, UUID]) -> str:
        return re.sub(r"{(\w+)}", lambda found: str(ids[found.group(1)]), self.path)


@cache
def application() -> Litestar:
    """Only to be read: it connects to nothing."""
    nowhere = "postgresql://127.0.0.1:1/hub"
    return create_app(Settings(nowhere, nowhere, "redis://127.0.0.1:1", SECRET_KEYS, FIELD_KEYS))


def routes() -> Iterator[Route]:
    for route in application().routes:
        if isinstance(route, HTTPRoute):
            for handler in route.route_handlers:
                for method in sorted({str(method) for method in handler.http_methods} & METHODS):
                    yield Route(method, route.path_format, tuple(route.path_parameters))


CLOSED = sorted(
    (each for each in routes() if each.path not in PUBLIC and not each.path.startswith(BY_LINK)),
    key=str,
)
WITH_ID = [route for route in CLOSED if route.names]


@pytest.fixture(scope="module")
async def theirs(_pool: Database) -> Organisation:
    """One for all tests in which nothing may happen to it: it has hundreds of rows."""
    return await complete_organisation(_pool)


@pytest.fixture
async def ours(db: Database) -> Organisation:
    return await complete_organisation(db)


async def complete_organisation(db: Database) -> Organisation:
    async with connected(db.superuser_url) as superuser:
        organisation = await make_organisation(superuser)
        await submit_application(superuser, organisation)
        await certify(superuser, organisation)
        await open_session(superuser, organisation)
    return organisation


async def open_session(superuser: Connection, organisation: Organisation) -> None:
    """A browser in which the sample's person is signed in: of the network, and yet nobody else's."""
    rows = organisation.rows
    rows["sessions"] = uuid7()
    await superuser.execute(
        """
        INSERT INTO sessions (id, secret_hash, account_id, created_at, last_seen_at, expires_at, second_factor_at)
        VALUES ($1, $2, $3, $4, $4, $5, $4)
        """,
        rows["sessions"],
        rows["sessions"].bytes,
        rows["accounts"],
        clock.now(),
        clock.now() + timedelta(hours=1),
    )


async def submit_application(superuser: Connection, organisation: Organisation) -> None:
    """A draft is its applicant's business; what was submitted, the Ente opens and its evaluators evaluate."""
    rows = organisation.rows
    await superuser.execute(
        """
        UPDATE applications SET state = 'submitted', content = $2::jsonb, content_hash = '', host_kind = 'other',
          organisation_name = 'A', fiscal_code = '1', region_code = $3, protocol_year = 2026,
          protocol_number = 1, receipt_id = $4
        WHERE id = $1
        """,
        rows["applications"],
        msgspec.json.encode(content()).decode(),
        CAMPANIA,
        rows["files"],
    )
    await superuser.execute(
        "UPDATE evaluations SET declared_at = $2 WHERE id = $1", rows["evaluations"], clock.now()
    )


async def certify(superuser: Connection, organisation: Organisation) -> None:
    """A certificate goes with its training, so it is a file that nothing else refers to."""
    own = await superuser.fetchval(
        """
        INSERT INTO files (id, tenant_id, name, media_type, size, sha256, created_at)
        SELECT $2, tenant_id, name, media_type, size, sha256, created_at FROM files WHERE id = $1
        RETURNING id
        """,
        organisation.rows["files"],
        uuid7(),
    )
    await superuser.execute(
        "UPDATE trainings SET certificate_id = $2 WHERE id = $1",
        organisation.rows["trainings"],
        own,
    )


async def ask(client: httpx.AsyncClient, route: Route, ids: dict[str, UUID]) -> httpx.Response:
    return await send(client, route, route.to(ids))


async def send(client: httpx.AsyncClient, route: Route, path: str) -> httpx.Response:
    """With a body of the right type where there is one, and nothing in it that could be right by chance."""
    if route.method == "GET":
        return await client.get(path)
    if route.path.startswith("/api/"):
        return await client.request(route.method, path, json=BODIES.get(route.path, {}))
    return await client.request(route.method, path, data={"form_key": str(uuid7())})


def test_every_public_route_exists() -> None:
    assert PUBLIC - {route.path for route in routes()} == set()


def test_every_id_in_an_address_is_known() -> None:
    assert {name for route in CLOSED for name in route.names} == set(TABLES)


@pytest.mark.parametrize("route", CLOSED, ids=str)
async def test_a_visitor_is_asked_to_sign_in(
    client: httpx.AsyncClient, theirs: Organisation, route: Route
) -> None:
    real = {name: theirs.rows[TABLES[name]] for name in route.names}
    unreal = {name: uuid7() for name in route.names}
    for ids in (real, unreal):
        answer = await ask(client, route, ids)
        if route.path.startswith("/api/"):
            assert answer.status_code == 401
        else:
            assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (
                303,
                "/sign-in",
            )


@pytest.mark.parametrize(
    "route", [r for r in routes() if r.path in PUBLIC and r.method == "GET"], ids=str
)
async def test_the_public_face_asks_for_nobody(client: httpx.AsyncClient, route: Route) -> None:
    answer = await ask(client, route, dict.fromkeys(route.names, uuid7()))
    assert answer.status_code in (200, 303, 404)
    assert not answer.headers.get("location", "").startswith("/sign-in")


@pytest.mark.parametrize("route", WITH_ID, ids=str)
async def test_anothers_row_answers_as_one_that_does_not_exist(
    db: Database, new_client: NewClient, theirs: Organisation, route: Route
) -> None:
    """Whatever the stranger's role: in an organisation of every kind, so that no guard answers in row security's place."""
    tenant = await make_tenant(*KINDS)
    real = {name: theirs.rows[TABLES[name]] for name in route.names}
    unreal = {name: uuid7() for name in route.names}
    before = await as_stored(db, real)
    answers = []
    for role in ROLES:
        client = new_client()
        client.follow_redirects = True
        await sign_in(client, await make_membership(tenant, role))
        anothers, missing = await ask(client, route, real), await ask(client, route, unreal)
        assert anothers.status_code in (403, 404) or str(route) in NO_ERROR
        assert told(anothers) == told(missing)
        answers.append(anothers.status_code)
    assert 404 in answers or str(route) in NO_ERROR
    assert await as_stored(db, real) == before


async def as_stored(db: Database, ids: dict[str, UUID]) -> list[object]:
    async with connected(db.superuser_url) as superuser:
        return [
            await superuser.fetchrow(f"SELECT * FROM {TABLES[name]} WHERE id = $1", row_id)
            for name, row_id in ids.items()
        ]


def told(answer: httpx.Response) -> tuple[int, str, dict[str, str]]:
    """Status, words and headers, without the ids: of the row that was asked for, and of the request."""
    text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "", answer.text)
    headers = {key: value for key, value in answer.headers.items() if key != "set-cookie"}
    return answer.status_code, text, headers


@pytest.mark.parametrize("route", WITH_ID, ids=str)
async def test_a_malformed_id_answers_as_one_that_does_not_exist(
    new_client: NewClient, theirs: Organisation, route: Route
) -> None:
    client = new_client()
    client.follow_redirects = True
    await sign_in_as(client, theirs.rows["accounts"], theirs.rows["memberships"])
    for nonsense in ("1", "not-a-uuid", "%00", "..%2f..", str(uuid7()).upper(), "é"):
        answer = await send(client, route, re.sub(r"{\w+}", nonsense, route.path))
        assert answer.status_code in (403, 404)


@pytest.mark.parametrize("route", WITH_ID, ids=str)
async def test_ones_own_row_is_found(
    new_client: NewClient, ours: Organisation, route: Route
) -> None:
    """Otherwise a 404 above would prove nothing."""
    ids = {name: ours.rows[TABLES[name]] for name in route.names}
    if "organisation_id" in ids:
        # What the Ente leads is another organisation, never itself.
        ids["organisation_id"] = (await make_tenant("host")).id
    found = []
    for role in ROLES:
        client = new_client()
        client.follow_redirects = True
        member = await make_membership(ours.tenant, role)
        await sign_in(client, member)
        found.append((await ask(client, route, ids)).status_code)
    # What is one person's own, such as an evaluation.
    client = new_client()
    client.follow_redirects = True
    await sign_in_as(client, ours.rows["accounts"], ours.rows["memberships"])
    found.append((await ask(client, route, ids)).status_code)
    assert set(found) - {403, 404}, found
    assert max(found) < 500


async def test_a_hole_in_row_security_shows_in_a_page(
    own_database: Database, new_client: NewClient
) -> None:
    """The tests above can fail: with one policy too many, a stranger reads a case."""
    async with connected(own_database.superuser_url) as superuser:
        theirs = await make_organisation(superuser)
        client = new_client()
        await sign_in(client, await make_membership(await make_tenant(*KINDS), "operator"))
        path = f"/cases/{theirs.rows['cases']}"
        assert (await client.get(path)).status_code == 404
        for table in ("cases", "citizens", "memberships"):
            await superuser.execute(f"CREATE POLICY also ON {table} TO hub_app USING (true)")
        assert (await client.get(path)).status_code == 200
