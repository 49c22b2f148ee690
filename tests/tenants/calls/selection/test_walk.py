"""A whole selection by its pages, as browsers without scripts walk through it."""

from __future__ import annotations

from collections.abc import Callable

import httpx

from hub.db import tenant_transaction
from tests.factories import Member
from tests.support.databases import Database
from tests.support.web import sign_in
from tests.tenants.calls.selection.making import evaluations_of, make_commission

NewClient = Callable[[], httpx.AsyncClient]


async def as_(new_client: NewClient, member: Member) -> httpx.AsyncClient:
    client = new_client()
    await sign_in(client, member)
    return client


async def test_from_the_applications_to_the_published_ranking(
    db: Database, new_client: NewClient
) -> None:
    commission, (first, second) = await make_commission(2, applications=2, places=1)
    here = f"/selections/{commission.call_id}"
    admin = await as_(new_client, commission.admin)
    listed = await admin.get(f"{here}/applications")
    assert listed.status_code == 200
    for application in (first, second):
        assert str(application.protocol) in listed.text
    for path in (
        "/evaluators",
        "/ranking",
        f"/applications/{first.id}",
        "/applications.csv",
        "/minutes.pdf",
    ):
        answer = await admin.get(here + path)
        assert answer.status_code == 200, path
    for person, points in zip(commission.evaluators, ((20, 10), (16, 8)), strict=True):
        browser = await as_(new_client, person)
        assert (await browser.get("/evaluations")).status_code == 200
        for application in (first, second):
            found = await evaluations_of(commission.ente, application.id)
            mine = next(one for one in found.values() if one[1] == person.membership_id)
            page = f"/evaluations/{mine[0]}"
            assert (await browser.get(page)).status_code == 200
            assert (await browser.post(f"{page}/declare")).status_code == 303
            assert (await browser.get(page)).status_code == 200
            saved = await browser.post(
                f"{page}/points",
                data={
                    "points_1": points[0],
                    "points_2": points[1],
                    "note": "Ottimo.",
                    "then": "submit",
                    "version": 2,
                },
            )
            assert saved.headers["location"] == f"{page}/submit"
            assert (await browser.get(f"{page}/submit")).status_code == 200
            given = await browser.post(f"{page}/submit", data={"version": 3})
            assert given.status_code == 303
            assert (await browser.get(page)).status_code == 200
    assert (await admin.post(f"{here}/ranking")).status_code == 303
    async with tenant_transaction(commission.ente.id) as scope:
        ranking_id = await scope.fetchval(
            "SELECT id FROM rankings WHERE call_id = $1", commission.call_id
        )
        slug = await scope.fetchval("SELECT slug FROM calls WHERE id = $1", commission.call_id)
    alone = await admin.post(f"{here}/ranking/approve", data={"ranking_id": str(ranking_id)})
    assert alone.status_code == 409
    other = await as_(new_client, commission.second)
    assert (await other.get(f"{here}/ranking")).status_code == 200
    done = await other.post(f"{here}/ranking/approve", data={"ranking_id": str(ranking_id)})
    assert done.status_code == 303
    visitor = new_client()
    published = await visitor.get(f"/calls/{slug}/ranking")
    assert published.status_code == 200
    assert str(first.protocol) in published.text
    assert (await visitor.get(f"/calls/{slug}/ranking.csv")).status_code == 200
