"""No evaluator learns another's points before both are in: not on any page, nor in any file, whatever the role."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from uuid import UUID

import httpx
import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute
from pypdf import PdfReader

from hub.db import network_transaction, tenant_transaction
from hub.tenants.calls.applications.schemas import Application
from tests.factories import Member
from tests.support.databases import Database, connected
from tests.tenants.calls.selection.conftest import BrowserOf
from tests.tenants.calls.selection.making import Commission, evaluations_of, give, make_commission

# Of 23 and 17 points at most, with weights 60 and 40: a total that nothing else on a page could be.
MOST, GIVEN, TOTAL = (23, 17), (19, 16), "87.21"
WORDS = "Motivazione riservata del primo valutatore"
TRACES = (TOTAL, TOTAL.replace(".", ","), WORDS, "19 + 16", f"{GIVEN[0]} su {MOST[0]}")


def paths(app: Litestar, ids: dict[str, str]) -> Iterator[str]:
    """Every GET route whose ids belong to this selection, whoever wrote it."""
    for route in app.routes:
        if not isinstance(route, HTTPRoute) or "GET" not in route.methods:
            continue
        if not route.path.startswith(("/selections", "/evaluations", "/calls")):
            continue
        names = set(route.path_parameters)
        if names <= set(ids):
            yield re.sub(r"{(\w+)}", lambda found: ids[found.group(1)], route.path_format)


def told_in(answer: httpx.Response) -> str:
    if answer.headers["content-type"].startswith("application/pdf"):
        pages = PdfReader(io.BytesIO(answer.content)).pages
        return " ".join(" ".join(page.extract_text().split()) for page in pages)
    return answer.text


async def leaks(
    browser: httpx.AsyncClient, app: Litestar, ids: dict[str, str]
) -> tuple[dict[str, list[str]], int]:
    """Where a trace of the other's points is, and how many pages could be opened."""
    found, opened = {}, 0
    for path in paths(app, ids):
        answer = await browser.get(path)
        assert answer.status_code in (200, 303, 403, 404), path
        opened += answer.status_code == 200
        if traces := [trace for trace in TRACES if trace in told_in(answer)]:
            found[path] = traces
    return found, opened


async def set_role(member: Member, role: str) -> None:
    async with network_transaction() as scope:
        await scope.execute(
            "UPDATE memberships SET role = $2 WHERE id = $1", member.membership_id, role
        )


async def begun(db: Database) -> tuple[Commission, Application, dict[int, tuple[UUID, UUID, str]]]:
    """Criteria with odd points, and the first evaluation given."""
    commission, (application,) = await make_commission(3, applications=1)
    async with connected(db.superuser_url) as superuser:
        for position, most in enumerate(MOST, 1):
            await superuser.execute(
                "UPDATE call_criteria SET max_points = $3 WHERE call_id = $1 AND position = $2",
                commission.call_id,
                position,
                most,
            )
    found = await evaluations_of(commission.ente, application.id)
    return commission, application, found


def person(commission: Commission, membership_id: UUID) -> Member:
    return next(one for one in commission.evaluators if one.membership_id == membership_id)


@pytest.mark.parametrize("role", ["admin", "operator", "editor", "viewer"])
async def test_the_second_evaluator_learns_nothing_of_the_first(
    db: Database, app: Litestar, browser_of: BrowserOf, role: str
) -> None:
    commission, application, found = await begun(db)
    first, second = (person(commission, found[ordinal][1]) for ordinal in (1, 2))
    await give(commission, found[1][0], first, GIVEN, note=WORDS)
    async with tenant_transaction(commission.ente.id) as scope:
        given = await scope.fetchval("SELECT total FROM evaluations WHERE id = $1", found[1][0])
        assert str(given) == TOTAL
        slug = await scope.fetchval("SELECT slug FROM calls WHERE id = $1", commission.call_id)
    await set_role(second, role)
    browser = await browser_of(second)
    ids = {
        "call_id": str(commission.call_id),
        "application_id": str(application.id),
        "evaluation_id": str(found[1][0]),
        "slug": slug,
    }
    own = ids | {"evaluation_id": str(found[2][0])}
    for which in (ids, own):
        told, opened = await leaks(browser, app, which)
        assert told == {}
        assert opened > 8, "the pages were really opened"
    assert (await browser.get(f"/evaluations/{found[1][0]}")).status_code == 404
    assert await give(commission, found[2][0], second, GIVEN, note="Concordo.")
    if role == "admin":
        told, _opened = await leaks(browser, app, own)
        here = f"/selections/{commission.call_id}"
        public_by_then = {
            f"{here}/minutes.pdf",
            f"{here}/applications",
            f"{here}/applications.csv",
            f"{here}/applications/{application.id}",
        }
        assert public_by_then <= set(told), "the search itself finds them, once both are in"


async def test_the_third_evaluator_learns_nothing_either(
    db: Database, app: Litestar, browser_of: BrowserOf
) -> None:
    commission, application, found = await begun(db)
    await give(commission, found[1][0], person(commission, found[1][1]), GIVEN, note=WORDS)
    await give(commission, found[2][0], person(commission, found[2][1]), (1, 1))
    found = await evaluations_of(commission.ente, application.id)
    third = person(commission, found[3][1])
    await set_role(third, "admin")
    ids = {
        "call_id": str(commission.call_id),
        "application_id": str(application.id),
        "evaluation_id": str(found[3][0]),
    }
    told, _opened = await leaks(await browser_of(third), app, ids)
    assert told == {}
