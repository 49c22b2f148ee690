"""The operator's list: newest first, filtered, paged, and only of the desks that are one's own."""

from __future__ import annotations

import re

import httpx

from hub.db import tenant_transaction
from hub.referrals.cases.queries import count_cases, list_cases
from hub.referrals.cases.schemas import FilterCases
from tests.factories import Member, make_citizen, make_desk, make_membership, make_tenant
from tests.referrals.conftest import SignedIn
from tests.referrals.making import Network, make_numbered_case


def numbers(html: str) -> list[str]:
    return re.findall(r'data-label="[^"]*"[^>]*><span class="text-nowrap">([0-9]+-[0-9]{4})', html)


async def test_shows_the_case(desk: httpx.AsyncClient, network: Network) -> None:
    answer = await desk.get("/cases")
    assert answer.status_code == 200
    assert numbers(answer.text) == [network.case.number]
    assert "Esposito Lucia" in answer.text


async def test_a_desk_without_cases_says_what_to_do(signed_in: SignedIn) -> None:
    client = await signed_in(await make_membership(await make_tenant("host")))
    answer = await client.get("/cases")
    assert answer.status_code == 200
    assert 'href="/cases/new"' in answer.text
    assert numbers(answer.text) == []


async def test_pages_follow_each_other_without_gap_or_double(
    desk: httpx.AsyncClient, network: Network
) -> None:
    made = {network.case.number}
    for _ in range(57):
        case = await make_numbered_case(
            network.operator, citizen=network.citizen, desk=network.desk
        )
        made.add(case.number)
    seen: list[str] = []
    url: str | None = "/cases?state=open"
    sizes = []
    while url:
        answer = await desk.get(url)
        page = numbers(answer.text)
        sizes.append(len(page))
        seen += page
        following = re.search(r'rel="next" href="([^"]+)"', answer.text)
        url = following.group(1).replace("&amp;", "&") if following else None
        assert url is None or "state=open" in url
    assert sizes == [25, 25, 8]
    assert len(seen) == len(set(seen))
    assert set(seen) == made


async def test_filters_by_state_milestone_and_desk(
    desk: httpx.AsyncClient, network: Network
) -> None:
    other_desk = await make_desk(network.operator.tenant)
    other = await make_numbered_case(network.operator, desk=other_desk)
    async with tenant_transaction(network.operator.tenant.id) as scope:
        await scope.execute(
            "UPDATE cases SET state = 'closed', milestone = 'closed' WHERE id = $1", other.id
        )
    for query, expected in (
        ("state=open", [network.case.number]),
        ("state=closed", [other.number]),
        ("milestone=opened", [network.case.number]),
        ("milestone=disbursed", []),
        (f"desk={other_desk.id}", [other.number]),
        (f"desk={other_desk.id}&state=open", []),
    ):
        answer = await desk.get(f"/cases?{query}")
        assert answer.status_code == 200, query
        assert numbers(answer.text) == expected, query


async def test_an_unknown_filter_is_refused(desk: httpx.AsyncClient) -> None:
    for query in ("state=ajar", "milestone=x", "desk=00000000-0000-7000-8000-000000000000"):
        answer = await desk.get(f"/cases?{query}")
        assert answer.status_code == 422
        assert numbers(answer.text) == []


async def test_a_broken_cursor_shows_the_beginning(
    desk: httpx.AsyncClient, network: Network
) -> None:
    answer = await desk.get("/cases?after=%00nonsense")
    assert numbers(answer.text) == [network.case.number]


async def test_a_membership_limited_to_a_desk_sees_its_cases_only(
    network: Network, signed_in: SignedIn
) -> None:
    other_desk = await make_desk(network.operator.tenant)
    hidden = await make_numbered_case(
        network.operator,
        desk=other_desk,
        citizen=await make_citizen(network.operator, family_name="Nascosto"),
    )
    limited = await make_membership(network.operator.tenant, desks=(network.desk,))
    client = await signed_in(limited)
    listed = await client.get("/cases")
    assert numbers(listed.text) == [network.case.number]
    assert other_desk.name not in listed.text
    assert (await client.get(f"/cases/{hidden.id}")).status_code == 404
    assert (await client.get(f"/citizens/{hidden.citizen.id}/cases/new")).status_code == 404
    for sought in ("nascosto", hidden.number):
        found = await client.post("/cases/search", data={"sought": sought})
        assert hidden.number not in numbers(found.text), sought
        assert str(hidden.id) not in found.text
    async with tenant_transaction(network.operator.tenant.id) as scope:
        counts = await count_cases(scope, limited.desk_ids)
        rows = await list_cases(scope, limited.desk_ids, FilterCases(), limit=10)
    assert counts == {("open", "opened"): 1}
    assert [row.id for row in rows] == [network.case.id]


async def test_other_organisations_and_roles_stay_outside(
    network: Network, signed_in: SignedIn
) -> None:
    elsewhere = await signed_in(await make_membership(await make_tenant("host")))
    assert numbers((await elsewhere.get("/cases")).text) == []
    lender = await signed_in(network.lenders[0])
    assert (await lender.get("/cases")).status_code == 403
    editor = await signed_in(await make_membership(network.operator.tenant, "editor"))
    assert (await editor.get("/cases")).status_code == 403


async def test_a_viewer_looks_and_changes_nothing(network: Network, signed_in: SignedIn) -> None:
    viewer: Member = await make_membership(network.operator.tenant, "viewer")
    client = await signed_in(viewer)
    listed = await client.get("/cases")
    assert numbers(listed.text) == [network.case.number]
    assert 'href="/cases/new"' not in listed.text
    shown = await client.get(f"/cases/{network.case.id}")
    assert "/consultations" not in shown.text
    assert (await client.get("/cases/new")).status_code == 403
    answer = await client.post(f"/cases/{network.case.id}/consultations", data={})
    assert answer.status_code == 403
