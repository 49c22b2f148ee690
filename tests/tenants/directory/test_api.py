from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date

import httpx
import pytest

from tests.factories import Desk

OpenDesk = Callable[..., Awaitable[Desk]]


async def test_a_desk_is_described_in_full(visitor: httpx.AsyncClient, open_desk: OpenDesk) -> None:
    desk = await open_desk(
        "Salerno",
        host="Comune di Prova",
        phone="+39 089 123456",
        email="desk@example.org",
        opening_hours="lun–ven 9.00–12.30",
        opened_on=date(2024, 2, 6),
        verified_on=date(2026, 10, 19),
    )
    answer = await visitor.get(f"/api/v1/desks/{desk.id}")
    assert answer.status_code == 200
    item = answer.json()
    assert (round(item.pop("latitude"), 1), round(item.pop("longitude"), 1)) == (40.7, 14.8)
    assert item == {
        "id": str(desk.id),
        "name": "Sportello di Salerno",
        "host": {"id": str(desk.tenant.id), "name": "Comune di Prova", "website": None},
        "municipality": {
            "istat_code": "065116",
            "name": "Salerno",
            "province": "SA",
            "region_code": "15",
            "region": "Campania",
        },
        "address": "Via Toledo 1",
        "phone": "+39 089 123456",
        "email": "desk@example.org",
        "opening_hours": "lun–ven 9.00–12.30",
        "opened_on": "2024-02-06",
        "verified_on": "2026-10-19",
        "url": f"http://hub.localhost:8000/desks/{desk.id}",
    }
    listed = (await visitor.get("/api/v1/desks")).json()
    assert [one["id"] for one in listed["items"]] == [str(desk.id)]
    assert listed["next_cursor"] is None


async def test_pages_follow_each_other_without_a_gap(
    visitor: httpx.AsyncClient, open_desk: OpenDesk
) -> None:
    opened = [str((await open_desk("Napoli")).id) for _ in range(7)]
    seen: list[str] = []
    query = {"limit": "3"}
    for _ in range(3):
        page = (await visitor.get("/api/v1/desks", params=query)).json()
        seen += [item["id"] for item in page["items"]]
        query["cursor"] = page["next_cursor"]
    assert seen == sorted(opened)
    assert query["cursor"] is None


async def test_a_full_last_page_has_no_cursor(
    visitor: httpx.AsyncClient, open_desk: OpenDesk
) -> None:
    await open_desk("Napoli")
    page = (await visitor.get("/api/v1/desks?limit=1")).json()
    assert len(page["items"]) == 1
    assert page["next_cursor"] is None


async def test_filters_by_place(visitor: httpx.AsyncClient, open_desk: OpenDesk) -> None:
    for name in ("Napoli", "Salerno", "Bari"):
        await open_desk(name)

    async def towns(query: str) -> list[str]:
        items = (await visitor.get(f"/api/v1/desks?{query}")).json()["items"]
        return [item["municipality"]["name"] for item in items]

    assert await towns("region=15") == ["Napoli", "Salerno"]
    assert await towns("municipality=072006") == ["Bari"]
    assert await towns("region=15&municipality=072006") == []


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("limit=0", ["limit"]),
        ("limit=101", ["limit"]),
        ("limit=x&cursor=y", ["cursor", "limit"]),
        ("region=campania", ["region"]),
        ("region=15%0A", []),
        ("municipality=%27", ["municipality"]),
        ("cursor=a&cursor=b", ["cursor"]),
    ],
)
async def test_parameters_that_cannot_be_used_are_named(
    visitor: httpx.AsyncClient, query: str, named: list[str]
) -> None:
    answer = await visitor.get(f"/api/v1/desks?{query}")
    if not named:
        # A line end around a value is nobody's mistake.
        assert answer.status_code == 200
        return
    assert answer.status_code == 422
    assert answer.headers["content-type"].startswith("application/problem+json")
    problem = answer.json()
    assert problem["type"] == "urn:microwork-hub:problem:invalid-parameters"
    assert sorted(error["name"] for error in problem["errors"]) == named
    assert all(error["reason"] for error in problem["errors"])


async def test_other_sites_may_read_the_list(visitor: httpx.AsyncClient) -> None:
    answer = await visitor.get("/api/v1/desks", headers={"Origin": "https://comune.example.org"})
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "max-age=60" in answer.headers["cache-control"]
