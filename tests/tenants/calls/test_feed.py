"""The feed of calls, read as a feed reader reads it."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID
from xml.etree import ElementTree as ET

import httpx

from hub import clock
from hub.db import tenant_transaction
from hub.ids import uuid7
from hub.tenants.calls import feed
from hub.tenants.calls.extend_call import extend_call
from hub.tenants.calls.schemas import Call
from tests.factories import Member
from tests.support.databases import Database
from tests.tenants.calls.making import make_call, make_ente
from tests.tenants.calls.test_call_editor import whole

ATOM = "{http://www.w3.org/2005/Atom}"
DAY = timedelta(days=1)
REGIONS = {"15": "Campania"}
BASE = "https://hub.example.org"


def parsed(calls: list[Call], now: datetime) -> ET.Element:
    """RFC 4287 §4: what must be there is, once."""
    feed_element = ET.fromstring(feed.atom(feed.entries_of(calls, REGIONS, now), base_url=BASE))
    assert feed_element.tag == f"{ATOM}feed"
    for element in (feed_element, *feed_element.iter(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):
            (child,) = element.findall(f"{ATOM}{name}")
            assert child.text
        updated = datetime.fromisoformat(element.findtext(f"{ATOM}updated", ""))
        assert updated.tzinfo
    assert feed_element.findtext(f"{ATOM}author/{ATOM}name")
    links = {link.get("rel"): link.get("href") for link in feed_element.findall(f"{ATOM}link")}
    assert links == {"self": f"{BASE}/calls/feed.atom", "alternate": f"{BASE}/calls"}
    return feed_element


def entries(calls: list[Call], now: datetime) -> list[tuple[str, str]]:
    return [
        (entry.findtext(f"{ATOM}id", ""), entry.findtext(f"{ATOM}title", ""))
        for entry in parsed(calls, now).iter(f"{ATOM}entry")
    ]


async def extended(admin: Member, call_id: UUID, by: timedelta) -> None:
    call = await whole(admin, call_id)
    assert call.closes_at
    async with tenant_transaction(admin.tenant.id) as scope:
        await extend_call(
            scope,
            admin.actor,
            call_id,
            closes_at=call.closes_at + by,
            reason="Le feste & i ponti <br>",
            version=call.version,
            key=uuid7(),
        )


async def test_each_change_is_an_entry_with_an_id_for_ever(admin: Member) -> None:
    call_id = await make_call(admin.tenant)
    first = entries([await whole(admin, call_id)], clock.now())
    assert [title for _id, title in first] == ["Manifestazione di interesse"]
    await extended(admin, call_id, DAY)
    await extended(admin, call_id, 2 * DAY)
    second = entries([await whole(admin, call_id)], clock.now())
    assert len(second) == len({entry_id for entry_id, _title in second}) == 3
    assert first[0] in second
    closed = entries([await whole(admin, call_id)], clock.now() + 9 * DAY)
    assert closed[0][1] == "Chiuso: Manifestazione di interesse"
    assert set(second) < set(closed)
    async with tenant_transaction(admin.tenant.id) as scope:
        await scope.execute(
            "UPDATE calls SET state = 'decided', decided_at = $2 WHERE id = $1",
            call_id,
            scope.now + 20 * DAY,
        )
    decided = entries([await whole(admin, call_id)], clock.now() + 21 * DAY)
    assert decided[0][1] == "Graduatoria pubblicata: Manifestazione di interesse"
    assert decided[1:] == closed
    assert all(entry_id == f"urn:uuid:{UUID(entry_id[9:])}" for entry_id, _title in decided)


async def test_what_was_announced_first_stays_as_it_was(admin: Member) -> None:
    """An extension is told by its own entry; the announcement names the term it was published with."""
    call_id = await make_call(admin.tenant)
    now = clock.now()
    before = feed.entries_of([await whole(admin, call_id)], REGIONS, now)
    await extended(admin, call_id, DAY)
    after = feed.entries_of([await whole(admin, call_id)], REGIONS, now)
    assert before[0] in after


def test_a_feed_without_calls_is_a_feed() -> None:
    now = clock.now()
    assert entries([], now) == []
    again = parsed([], now + DAY).findtext(f"{ATOM}updated")
    assert parsed([], now).findtext(f"{ATOM}updated") == again


async def test_the_feed_of_the_site(client: httpx.AsyncClient, admin: Member) -> None:
    call = await whole(admin, await make_call(admin.tenant))
    draft = await whole(admin, await make_call(admin.tenant, state="draft"))
    await extended(admin, call.id, DAY)
    answer = await client.get("/calls/feed.atom", headers={"Accept-Language": "en"})
    assert answer.headers["content-type"].partition(";")[0] == "application/atom+xml"
    root = ET.fromstring(answer.content)
    assert root.get("{http://www.w3.org/XML/1998/namespace}lang") == "it"
    found = {
        link.get("href")
        for entry in root.iter(f"{ATOM}entry")
        for link in entry.findall(f"{ATOM}link")
    }
    assert f"http://hub.localhost:8000/calls/{call.slug}" in found
    assert f"http://hub.localhost:8000/calls/{draft.slug}" not in found
    assert any(
        "Le feste & i ponti <br>" in entry.findtext(f"{ATOM}summary", "")
        for entry in root.iter(f"{ATOM}entry")
    )


async def test_who_has_it_already_gets_nothing_anew(
    client: httpx.AsyncClient, admin: Member
) -> None:
    first = await client.get("/calls/feed.atom")
    tag = {"If-None-Match": first.headers["etag"]}
    again = await client.get("/calls/feed.atom", headers=tag)
    assert (again.status_code, again.content) == (304, b"")
    await make_call(admin.tenant)
    assert (await client.get("/calls/feed.atom", headers=tag)).status_code == 200


async def test_the_latest_come_first_and_no_more_than_fifty(own_database: Database) -> None:
    _ente, admin = await make_ente()
    now = clock.now()
    calls = [
        await whole(admin, await make_call(admin.tenant, opens_at=now - number * DAY))
        for number in range(1, 56)
    ]
    found = feed.entries_of(calls, REGIONS, now)
    assert len(found) == 50
    assert [entry.id for entry in found] == [call.id for call in calls[:50]]
