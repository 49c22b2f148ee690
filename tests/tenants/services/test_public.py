"""What everyone may read of what is offered: a page, and a list for programs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from hub import clock
from hub.db import network_transaction, tenant_transaction
from hub.tenants.services import service
from hub.tenants.services.schemas import Stated
from hub.web.locale import COOKIE as LOCALE_COOKIE
from tests.factories import Tenant, make_tenant
from tests.support.databases import Database
from tests.tenants.services.test_pages import day, words

API = "/api/v1/services"


@pytest.fixture
def visitor(own_database: Database, client: httpx.AsyncClient) -> httpx.AsyncClient:
    client.cookies.set(LOCALE_COOKIE, "en")
    return client


async def offer(
    tenant: Tenant | None = None, name: str = "Prestito", begins: int = 0, **stated: Any
) -> UUID:
    tenant = tenant or await make_tenant("lender")
    said: dict[str, Any] = {
        "kind": "social_loan",
        "name": name,
        "regions": ("15",),
        "answer_days": 5,
    } | stated
    async with tenant_transaction(tenant.id) as scope:
        return await service.add(scope, None, Stated(**said), day(begins))


async def names(visitor: httpx.AsyncClient, query: str = "") -> list[str]:
    answer = await visitor.get(f"{API}?{query}")
    assert answer.status_code == 200
    return sorted(item["name"] for item in answer.json()["items"])


async def test_a_service_is_described_in_full(visitor: httpx.AsyncClient) -> None:
    lender = await make_tenant("lender", name="Banca di Prova")
    service_id = await offer(
        lender,
        description="Per cominciare.",
        min_amount_cents=100_000,
        max_amount_cents=900_000,
        beneficiaries=("families", "women"),
        capacity=7,
    )
    body = (await visitor.get(API)).json()
    assert body == {
        "on": clock.today().isoformat(),
        "items": [
            {
                "id": str(service_id),
                "kind": "social_loan",
                "name": "Prestito",
                "description": "Per cominciare.",
                "organisation": {"id": str(lender.id), "name": "Banca di Prova", "website": None},
                "regions": ["15"],
                "min_amount_cents": 100_000,
                "max_amount_cents": 900_000,
                "currency": "EUR",
                "beneficiaries": ["families", "women"],
                "capacity_per_month": 7,
                "answer_days": 5,
                "valid_from": clock.today().isoformat(),
                "valid_to": None,
            }
        ],
        "next_cursor": None,
    }


async def test_any_day_can_be_asked_for(visitor: httpx.AsyncClient) -> None:
    with clock.moved(-timedelta(days=100)):
        over = await offer(lender := await make_tenant("lender"), "Passato")
        async with tenant_transaction(lender.id) as scope:
            await service.end(scope, None, over, clock.today() + timedelta(days=10))
    await offer(name="Attuale")
    await offer(name="Futuro", begins=30)
    assert await names(visitor) == ["Attuale"]
    assert await names(visitor, f"on={day(-95)}") == ["Passato"]
    assert await names(visitor, f"on={day(-90)}") == ["Passato"]
    assert await names(visitor, f"on={day(-89)}") == []
    assert await names(visitor, f"on={day(30)}") == ["Attuale", "Futuro"]


async def test_lists_are_kept_to_a_region_and_a_kind(visitor: httpx.AsyncClient) -> None:
    await offer(name="Campania")
    await offer(name="Ovunque", regions=("09", "15"), kind="enterprise_loan")
    assert await names(visitor, "region=15") == ["Campania", "Ovunque"]
    assert await names(visitor, "region=09") == ["Ovunque"]
    assert await names(visitor, "region=15&kind=social_loan") == ["Campania"]
    page = words(await visitor.get("/services?region=09"))
    assert "Ovunque" in page
    assert "within 5 working days" in page
    assert "Nothing is offered here yet" in words(await visitor.get("/services?region=01"))


async def test_who_is_not_active_or_only_tests_is_left_out(visitor: httpx.AsyncClient) -> None:
    await offer(await make_tenant("lender", state="suspended"))
    await offer(await make_tenant("lender", state="closed"))
    sandbox = await make_tenant("lender")
    await offer(sandbox)
    async with network_transaction() as scope:
        await scope.execute("UPDATE tenants SET sandbox = true WHERE id = $1", sandbox.id)
    assert await names(visitor) == []
    assert "Nothing is offered here yet" in words(await visitor.get("/services"))


async def test_pages_follow_each_other_without_a_gap(visitor: httpx.AsyncClient) -> None:
    made = sorted([str(await offer(name=f"P{number}")) for number in range(5)])
    seen: list[str] = []
    cursor = ""
    for _ in range(3):
        body = (
            await visitor.get(f"{API}?limit=2" + (f"&cursor={cursor}" if cursor else ""))
        ).json()
        seen += [item["id"] for item in body["items"]]
        cursor = body["next_cursor"]
    assert seen == made
    assert cursor is None


async def test_a_long_page_goes_on(visitor: httpx.AsyncClient) -> None:
    lender = await make_tenant("lender")
    for number in range(51):
        await offer(lender, f"Prestito {number:02}")
    first, second = await visitor.get("/services"), await visitor.get("/services?page=2")
    assert "Prestito 49" in first.text
    assert "Prestito 50" not in first.text
    assert "page=2" in first.text
    assert "Prestito 50" in second.text
    assert "page=1" in second.text


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("on=yesterday", ["on"]),
        ("on=2026-02-30", ["on"]),
        ("region=campania", ["region"]),
        ("region=99", ["region"]),
        ("kind=gift", ["kind"]),
        ("limit=0", ["limit"]),
        ("cursor=x", ["cursor"]),
    ],
)
async def test_parameters_that_cannot_be_used_are_named(
    visitor: httpx.AsyncClient, query: str, named: list[str]
) -> None:
    answer = await visitor.get(f"{API}?{query}")
    assert answer.status_code == 422
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert sorted(error["name"] for error in answer.json()["errors"]) == named


@pytest.mark.parametrize("query", ["region=99", "kind=gift", "page=0", "page=x"])
async def test_a_search_that_cannot_be_read_is_refused(
    visitor: httpx.AsyncClient, query: str
) -> None:
    page = await visitor.get(f"/services?{query}")
    assert page.status_code == 422
    assert "This search could not be understood." in words(page)
