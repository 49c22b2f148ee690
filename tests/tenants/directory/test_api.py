from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date

import httpx
import pytest

from hub.db import tenant_transaction
from tests.factories import Desk

OpenDesk = Callable[..., Awaitable[Desk]]


async def test_a_desk_is_described_in_full(visitor: httpx.AsyncClient, open_desk: OpenDesk) -> None:
    desk = await open_desk(
        "Salerno",
        host="Comune di Prova",
        patron="SA",
        phone="+39 089 123456",
        email="desk@example.org",
        postal_code="84121",
        hours=[[1, "09:00", "12:30"], [1, "15:00", "17:00"], [4, "09:00", "12:30"]],
        opening_hours="in agosto su appuntamento",
        how_to_reach="Secondo piano, con ascensore.",
        offers=["tutoring", "information"],
        provinces=["SA", "AV"],
        opened_on=date(2024, 2, 6),
        verified_on=date(2026, 10, 19),
    )
    answer = await visitor.get(f"/api/v1/desks/{desk.id}")
    assert answer.status_code == 200
    item = answer.json()
    assert (round(item.pop("latitude"), 1), round(item.pop("longitude"), 1)) == (40.7, 14.8)
    closures = item.pop("closures")
    assert item == {
        "id": str(desk.id),
        "name": "Sportello di Salerno",
        "host": {
            "id": str(desk.tenant.id),
            "name": "Comune di Prova",
            "website": None,
            "accessibility_url": None,
            "feedback_email": None,
        },
        "municipality": {
            "istat_code": "065116",
            "name": "Salerno",
            "province": "SA",
            "region_code": "15",
            "region": "Campania",
        },
        "address": "Via Toledo 1",
        "postal_code": "84121",
        "phone": "+39 089 123456",
        "email": "desk@example.org",
        "hours": [
            {"weekday": 1, "opens": "09:00", "closes": "12:30"},
            {"weekday": 1, "opens": "15:00", "closes": "17:00"},
            {"weekday": 4, "opens": "09:00", "closes": "12:30"},
        ],
        "opening_hours": "in agosto su appuntamento",
        "time_zone": "Europe/Rome",
        "how_to_reach": "Secondo piano, con ascensore.",
        "offers": ["information", "tutoring"],
        "provinces": ["SA", "AV"],
        "opened_on": "2024-02-06",
        "verified_on": "2026-10-19",
        "url": f"http://hub.localhost:8000/desks/{desk.id}",
    }
    # Mondays and Thursdays only: the others close nothing here.
    assert {date.fromisoformat(one["first"]).isoweekday() for one in closures} <= {1, 4}
    assert {one["kind"] for one in closures} <= {"national", "patron"}
    assert all(one["first"] == one["last"] and one["reason"] for one in closures)
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
    assert await towns("postal_code=80142") == ["Napoli"]
    assert await towns("postal_code=99999") == []


async def test_a_postal_code_is_the_desk_s_own_where_it_states_one(
    visitor: httpx.AsyncClient, open_desk: OpenDesk
) -> None:
    stated, silent = await open_desk("Napoli", postal_code="80121"), await open_desk("Napoli")

    async def desks(code: str) -> set[str]:
        page = (await visitor.get(f"/api/v1/desks?postal_code={code}")).json()
        return {item["id"] for item in page["items"]}

    assert await desks("80121") == {str(stated.id), str(silent.id)}
    assert await desks("80142") == {str(silent.id)}


async def test_filters_by_what_a_desk_offers(
    visitor: httpx.AsyncClient, open_desk: OpenDesk
) -> None:
    tutoring = await open_desk("Napoli", offers=["information", "tutoring"])
    await open_desk("Bari", offers=["information"])
    page = (await visitor.get("/api/v1/desks?offers=tutoring")).json()
    assert [item["id"] for item in page["items"]] == [str(tutoring.id)]


async def test_whoever_has_the_same_already_is_not_sent_it_again(
    visitor: httpx.AsyncClient, open_desk: OpenDesk
) -> None:
    desk = await open_desk("Napoli")
    for path in ("/api/v1/desks", f"/api/v1/desks/{desk.id}", "/api/v1/services"):
        first = await visitor.get(path)
        tag = first.headers["etag"]
        for known in (tag, f'"other", {tag}', "*", tag.removeprefix("W/")):
            again = await visitor.get(path, headers={"If-None-Match": known})
            assert (again.status_code, again.content) == (304, b"")
            assert again.headers["etag"] == tag
        other = await visitor.get(path, headers={"If-None-Match": '"other"'})
        assert other.status_code == 200
    async with tenant_transaction(desk.tenant.id) as scope:
        await scope.execute("UPDATE desks SET phone = '081 1' WHERE id = $1", desk.id)
    changed = await visitor.get(f"/api/v1/desks/{desk.id}")
    assert changed.status_code == 200
    assert changed.headers["etag"] != (await visitor.get("/api/v1/services")).headers["etag"]


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("limit=0", ["limit"]),
        ("limit=101", ["limit"]),
        ("limit=x&cursor=y", ["cursor", "limit"]),
        ("region=campania", ["region"]),
        ("region=15%0A", []),
        ("municipality=%27", ["municipality"]),
        ("region=99&municipality=999999", ["municipality", "region"]),
        ("cursor=a&cursor=b", ["cursor"]),
        ("postal_code=8014", ["postal_code"]),
        ("postal_code=8014x&offers=money", ["offers", "postal_code"]),
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


async def test_what_is_empty_is_null(visitor: httpx.AsyncClient, open_desk: OpenDesk) -> None:
    """However it came to be so: by a form, an import or an application."""
    nothing = {"opening_hours": "", "phone": "", "email": ""}
    desk = await open_desk("Napoli", **nothing)
    item = (await visitor.get(f"/api/v1/desks/{desk.id}")).json()
    assert {name: item[name] for name in nothing} == dict.fromkeys(nothing)


async def test_other_sites_may_read_the_list(visitor: httpx.AsyncClient) -> None:
    answer = await visitor.get("/api/v1/desks", headers={"Origin": "https://comune.example.org"})
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "max-age=60" in answer.headers["cache-control"]
