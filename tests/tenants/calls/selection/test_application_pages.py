"""The Ente's list of applications, each application, and what two who act at once are told."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from hub import clock, db
from hub.db import tenant_transaction
from hub.tenants.calls.applications.schemas import Application
from hub.tenants.calls.selection import panel, queries
from tests.factories import CAMPANIA, make_membership
from tests.support.databases import Database, connected
from tests.tenants.calls.making import make_application
from tests.tenants.calls.selection.conftest import BrowserOf
from tests.tenants.calls.selection.making import (
    Commission,
    Sample,
    make_commission,
    pour,
    set_state,
)

CALABRIA = "18"


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The statements that scopes are given meanwhile."""
    asked: list[str] = []

    def count(name: str) -> None:
        original: Any = getattr(db._Scope, name)

        def counting(self: object, sql: str, *args: object) -> Any:
            asked.append(sql)
            return original(self, sql, *args)

        patch.setattr(db._Scope, name, counting)

    with monkeypatch.context() as patch:
        for name in ("fetch", "fetchrow", "fetchval", "execute", "executemany", "cursor"):
            count(name)
        yield asked


async def version_of(commission: Commission, application_id: UUID) -> int:
    async with tenant_transaction(commission.ente.id) as scope:
        found: int = await scope.fetchval(
            "SELECT version FROM applications WHERE id = $1", application_id
        )
    return found


async def state_of(commission: Commission, application_id: UUID) -> str:
    async with tenant_transaction(commission.ente.id) as scope:
        found: str = await scope.fetchval(
            "SELECT state FROM applications WHERE id = $1", application_id
        )
    return found


def here(commission: Commission, application: Application | None = None) -> str:
    base = f"/selections/{commission.call_id}/applications"
    return f"{base}/{application.id}" if application else base


EXCLUDE = {"reason": "not_eligible", "note": "Non è tra gli enti ammessi."}


async def test_of_two_who_exclude_at_once_the_second_is_told(
    db: Database, browser_of: BrowserOf
) -> None:
    commission, (application,) = await make_commission(2, applications=1)
    first, second = await browser_of(commission.admin), await browser_of(commission.second)
    version = await version_of(commission, application.id)
    page = here(commission, application)
    done = await first.post(f"{page}/exclude", data=EXCLUDE | {"version": version})
    assert done.status_code == 303
    late = await second.post(
        f"{page}/exclude", data=EXCLUDE | {"reason": "region", "version": version}
    )
    assert late.status_code == 409
    assert "Nel frattempo un’altra persona è intervenuta" in late.text
    assert await state_of(commission, application.id) == "excluded"
    # The page of the second shows how it stands now, and lets the exclusion be taken back.
    back = await second.post(f"{page}/readmit", data={"version": version + 1})
    assert back.status_code == 303
    again = await first.post(f"{page}/readmit", data={"version": version + 1})
    assert again.status_code == 409
    assert await state_of(commission, application.id) == "submitted"


async def test_what_was_typed_stays_when_somebody_was_faster(
    db: Database, browser_of: BrowserOf
) -> None:
    commission, (application,) = await make_commission(2, applications=1)
    browser = await browser_of(commission.admin)
    page = here(commission, application)
    answer = await browser.post(
        f"{page}/completion",
        data={"request": "Manca la planimetria.", "due_on": "2031-01-01", "version": 1},
    )
    assert answer.status_code == 409
    assert "Manca la planimetria." in answer.text


async def test_a_request_to_complete_holds_up_the_ranking(
    db: Database, browser_of: BrowserOf
) -> None:
    commission, (application,) = await make_commission(2, applications=1)
    browser = await browser_of(commission.admin)
    due = clock.today() + timedelta(days=5)
    answer = await browser.post(
        f"{here(commission, application)}/completion",
        data={
            "request": "Manca la planimetria dello sportello.",
            "due_on": due.isoformat(),
            "version": await version_of(commission, application.id),
        },
    )
    assert answer.status_code == 303
    page = await browser.get(here(commission, application))
    assert "Manca la planimetria dello sportello." in page.text
    async with tenant_transaction(commission.ente.id) as scope:
        assert (await panel.readiness(scope, commission.call_id)).completions == 1
    with clock.moved(timedelta(days=7)):
        async with tenant_transaction(commission.ente.id) as scope:
            assert (await panel.readiness(scope, commission.call_id)).completions == 0


@pytest.mark.parametrize(
    "data",
    [
        {"reason": "", "note": "Non è tra gli enti ammessi.", "version": "1"},
        {"reason": "below_minimum", "note": "Non è tra gli enti ammessi.", "version": "1"},
        {"reason": "other", "note": "no", "version": "1"},
        {"reason": "other", "note": "Non è tra gli enti ammessi."},
    ],
)
async def test_an_exclusion_without_reason_or_words_is_refused(
    db: Database, browser_of: BrowserOf, data: dict[str, str]
) -> None:
    commission, (application,) = await make_commission(2, applications=1)
    browser = await browser_of(commission.admin)
    answer = await browser.post(f"{here(commission, application)}/exclude", data=data)
    assert answer.status_code == 422
    assert await state_of(commission, application.id) == "submitted"


async def test_an_exclusion_is_over_once_a_ranking_is_proposed(
    db: Database, browser_of: BrowserOf
) -> None:
    commission, (application,) = await make_commission(2, applications=1)
    async with tenant_transaction(commission.ente.id) as scope:
        await set_state(scope, commission.call_id, "proposed")
    browser = await browser_of(commission.admin)
    version = await version_of(commission, application.id)
    page = here(commission, application)
    assert "/exclude" not in (await browser.get(page)).text
    answer = await browser.post(f"{page}/exclude", data=EXCLUDE | {"version": version})
    assert answer.status_code == 409
    assert "graduatoria di questo bando" in answer.text


@pytest.mark.parametrize(("role", "status"), [("operator", 303), ("editor", 403), ("viewer", 403)])
async def test_who_may_exclude(db: Database, browser_of: BrowserOf, role: str, status: int) -> None:
    commission, (application,) = await make_commission(2, applications=1)
    browser = await browser_of(await make_membership(commission.ente, role))
    version = await version_of(commission, application.id)
    page = here(commission, application)
    assert (await browser.get(page)).status_code == 200
    answer = await browser.post(f"{page}/exclude", data=EXCLUDE | {"version": version})
    assert answer.status_code == status


async def test_an_exclusion_taken_back_after_the_closing_brings_evaluators(
    db: Database, browser_of: BrowserOf
) -> None:
    commission, (application,) = await make_commission(2, applications=1)
    late = await excluded_before(commission)
    browser = await browser_of(commission.admin)
    answer = await browser.post(
        f"{here(commission, late)}/readmit", data={"version": await version_of(commission, late.id)}
    )
    assert answer.status_code == 303
    async with tenant_transaction(commission.ente.id) as scope:
        count = await scope.fetchval(
            "SELECT count(*) FROM evaluations WHERE application_id = $1", late.id
        )
    assert count == 2
    assert application.id != late.id


async def excluded_before(commission: Commission) -> Application:
    """One that came in and was excluded while the call was still open."""
    async with tenant_transaction(commission.ente.id) as scope:
        await set_state(scope, commission.call_id, "published")
    made = await make_application(commission.ente, commission.call_id)
    async with tenant_transaction(commission.ente.id) as scope:
        await queries.set_excluded(scope, made.id, "other", "Prova.")
        await set_state(scope, commission.call_id, "evaluating")
    return made


async def test_attachments_of_another_application_are_not_given_out(
    db: Database, browser_of: BrowserOf
) -> None:
    commission, (first, second) = await make_commission(2, applications=2)
    browser = await browser_of(commission.admin)
    async with tenant_transaction(commission.ente.id) as scope:
        file_id = await scope.fetchval(
            "SELECT id FROM application_files WHERE application_id = $1", first.id
        )
    own = await browser.get(f"{here(commission, first)}/files/{file_id}")
    assert own.content.startswith(b"%PDF")
    assert own.headers["content-disposition"].startswith("attachment")
    assert (await browser.get(f"{here(commission, second)}/files/{file_id}")).status_code == 404


FORMULAS = ("=HYPERLINK(1)", "+1", "-1", "@SUM(A1)", "\tx", "  =1+1", "＝1", "%0a=1")


async def test_no_cell_of_an_export_is_a_formula(
    db: Database, browser_of: BrowserOf, client: httpx.AsyncClient
) -> None:
    commission, _made = await make_commission(2)
    ids = [Sample(number, points=((20, 10),) * 2) for number in range(1, len(FORMULAS) + 1)]
    people = [one.membership_id for one in commission.evaluators]
    async with connected(db.superuser_url) as superuser:
        await pour(
            superuser, commission.ente, commission.call_id, people, await commission.criteria(), ids
        )
        await superuser.execute("SET session_replication_role = replica")
        for sample, formula in zip(ids, FORMULAS, strict=True):
            await superuser.execute(
                "UPDATE applications SET organisation_name = $2 WHERE id = $1", sample.id, formula
            )
    browser = await browser_of(commission.admin)
    table = (await browser.get(f"{here(commission)}.csv")).content.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(table), delimiter=";"))
    assert len(rows) == 1 + len(FORMULAS)
    assert {row[3] for row in rows[1:]} == {f"'{formula}" for formula in FORMULAS}
    for row in rows:
        for cell in row:
            assert not cell.lstrip().startswith(("=", "+", "-", "@", "＝", "\t")), cell
    await publish(commission, browser, await browser_of(commission.second))
    async with tenant_transaction(commission.ente.id) as scope:
        slug = await scope.fetchval("SELECT slug FROM calls WHERE id = $1", commission.call_id)
    public = (await client.get(f"/calls/{slug}/ranking.csv")).content.decode()
    names = {row[1] for row in list(csv.reader(io.StringIO(public)))[1:]}
    assert names == {f"'{formula}" for formula in FORMULAS}


async def publish(
    commission: Commission, first: httpx.AsyncClient, second: httpx.AsyncClient
) -> None:
    page = f"/selections/{commission.call_id}/ranking"
    assert (await first.post(page)).status_code == 303
    async with tenant_transaction(commission.ente.id) as scope:
        ranking_id = await scope.fetchval(
            "SELECT id FROM rankings WHERE call_id = $1", commission.call_id
        )
    done = await second.post(f"{page}/approve", data={"ranking_id": str(ranking_id)})
    assert done.status_code == 303


@pytest.fixture
async def crowd(own_database: Database) -> Commission:
    """Ten thousand applications of two regions, evaluated."""
    commission, _made = await make_commission(2, regions=(CAMPANIA, CALABRIA), places=3)
    people = [one.membership_id for one in commission.evaluators]
    samples = [
        Sample(number, (CAMPANIA, CALABRIA)[number % 2], ((20, 10), (18, 9)))
        for number in range(1, 10_001)
    ]
    async with connected(own_database.superuser_url) as superuser:
        await pour(
            superuser,
            commission.ente,
            commission.call_id,
            people,
            await commission.criteria(),
            samples,
        )
        await superuser.execute("ANALYZE")
    return commission


async def test_lists_ask_the_same_number_of_statements_at_ten_thousand(
    crowd: Commission, browser_of: BrowserOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And page through all, by protocol number and filters."""
    few, _made = await make_commission(2, applications=1)
    browser, other = await browser_of(crowd.admin), await browser_of(few.admin)
    evaluator, another = await browser_of(crowd.evaluators[0]), await browser_of(few.evaluators[0])
    pages = ("applications", "evaluators", "ranking")
    for name in pages:
        with counted(monkeypatch) as asked:
            assert (await other.get(f"/selections/{few.call_id}/{name}")).status_code == 200
        with counted(monkeypatch) as asked_of_many:
            assert (await browser.get(f"/selections/{crowd.call_id}/{name}")).status_code == 200
        assert len(asked_of_many) == len(asked), name
    with counted(monkeypatch) as asked:
        assert (await another.get("/evaluations?state=given")).status_code == 200
    with counted(monkeypatch) as asked_of_many:
        assert (await evaluator.get("/evaluations?state=given")).status_code == 200
    assert len(asked_of_many) == len(asked)
    path = f"/selections/{crowd.call_id}/applications"
    first = await browser.get(f"{path}?region={CALABRIA}&state=submitted")
    assert first.text.count("0000001/2026") == 1, "odd numbers are Calabria's"
    assert "0000002/2026" not in first.text
    assert "0000099/2026" in first.text
    assert "after=2026-99" in first.text
    second = await browser.get(f"{path}?region={CALABRIA}&state=submitted&after=2026-99")
    assert "0000101/2026" in second.text
    assert "0000099/2026" not in second.text
    table = await browser.get(f"{path}.csv?region={CALABRIA}")
    assert table.text.count("\r\n") == 5_001


async def test_the_ranking_of_ten_thousand_is_paged(
    crowd: Commission, browser_of: BrowserOf, client: httpx.AsyncClient
) -> None:
    first, second = await browser_of(crowd.admin), await browser_of(crowd.second)
    await publish(crowd, first, second)
    async with tenant_transaction(crowd.ente.id) as scope:
        slug = await scope.fetchval("SELECT slug FROM calls WHERE id = $1", crowd.call_id)
    page = await client.get(f"/calls/{slug}/ranking?region={CALABRIA}")
    assert page.text.count('role="row"') < 250
    following = page.text.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
    behind = await client.get(following)
    assert "0000401/2026" in behind.text, "201st of the odd numbers"
    assert "0000399/2026" not in behind.text
    assert (await client.get(f"/calls/{slug}/ranking.csv")).text.count("\r\n") == 10_001


@pytest.mark.parametrize("after", ["x", "2026", "2026-x", "2026-99999999999", "-1", "٢-٢"])
async def test_an_address_that_no_page_has_is_not_found(
    db: Database, browser_of: BrowserOf, after: str
) -> None:
    commission, _made = await make_commission(2)
    browser = await browser_of(commission.admin)
    answer = await browser.get(here(commission), params={"after": after})
    assert answer.status_code == 404
