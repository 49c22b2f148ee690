"""Publishing, extending and closing a call: by an admin, in their order, and in time by the database's clock."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx
import pytest

from hub import clock
from hub.db import tenant_transaction
from hub.errors import Conflict
from hub.ids import uuid7
from hub.tenants.calls import queries
from hub.tenants.calls.close_call import NotClosable, NotOver, close_call
from hub.tenants.calls.extend_call import NotExtendable, NotLater, extend_call
from hub.tenants.calls.publish_call import (
    AlreadyPublished,
    ChangedSince,
    NotReady,
    missing_of,
    publish_call,
)
from hub.tenants.calls.schemas import Call
from hub.tenants.calls.terms import TermOver
from tests.factories import Member, make_membership
from tests.support.databases import Database, connected
from tests.support.web import sign_in
from tests.tenants.calls.making import make_call, make_ente, stop_database_clock
from tests.tenants.calls.test_call_editor import FILLED, own_calls, whole

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
LATER = "2030-01-10T12:00"


async def steps_of(db: Database, call_id: UUID) -> list[str]:
    """What the audit log says of it."""
    async with connected(db.superuser_url) as superuser:
        rows = await superuser.fetch(
            "SELECT action FROM audit_log WHERE subject_id = $1 ORDER BY id", call_id
        )
    return [row["action"] for row in rows]


def form(version: int = 1, **fields: str) -> dict[str, str]:
    return {"form_key": str(uuid7()), "version": str(version), **fields}


async def publish(admin: Member, call_id: UUID, version: int = 1, key: UUID | None = None) -> None:
    async with tenant_transaction(admin.tenant.id) as scope:
        await publish_call(scope, admin.actor, call_id, version, key or uuid7())


async def extend(
    admin: Member, call_id: UUID, closes_at: datetime, version: int = 1, key: UUID | None = None
) -> None:
    async with tenant_transaction(admin.tenant.id) as scope:
        await extend_call(
            scope,
            admin.actor,
            call_id,
            closes_at=closes_at,
            reason="Le feste.",
            version=version,
            key=key or uuid7(),
        )


async def close(admin: Member, call_id: UUID, key: UUID | None = None) -> None:
    async with tenant_transaction(admin.tenant.id) as scope:
        await close_call(scope, admin.actor, call_id, {}, key or uuid7())


# Publishing


async def test_all_that_is_missing_is_said_at_once(desk: httpx.AsyncClient, admin: Member) -> None:
    await desk.post("/selections/new", data={"title": "Vuoto", "form_key": str(uuid7())})
    (call,) = await own_calls(admin)
    answer = await desk.post(f"/selections/{call.id}/publish", data=form())
    assert answer.status_code == 409
    for field in ("text", "regions", "host_kinds", "opens_at", "closes_at"):
        assert f'href="/selections/{call.id}/edit#call-{field}"' in answer.text
    assert f'href="/selections/{call.id}/edit#criteria"' in answer.text
    editor = (await desk.get(f"/selections/{call.id}/edit")).text
    for anchor in re.findall(r"/edit#([\w-]+)", answer.text):
        assert f'id="{anchor}"' in editor, "each link leads somewhere"
    assert (await whole(admin, call.id)).state == "draft"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"text": ""}, "call-text"),
        ({"regions": [], "places_09": ""}, "call-regions"),
        ({"places_09": ""}, "call-regions"),
        ({"host_kinds": []}, "call-host_kinds"),
        ({"criterion_1_weight": "61"}, "criteria"),
        ({"criteria": "", "criterion_1_name": ""}, "criteria"),
        ({"opens_at": ""}, "call-opens_at"),
        ({"closes_at": ""}, "call-closes_at"),
        ({"opens_at": "2024-01-01T09:00", "closes_at": "2025-01-01T09:00"}, "call-closes_at"),
    ],
)
async def test_one_thing_missing_is_enough(
    desk: httpx.AsyncClient, admin: Member, change: dict[str, str | list[str]], field: str
) -> None:
    fields = {**FILLED, **change}
    if not fields["criteria"]:
        fields = {name: value for name, value in fields.items() if "criterion" not in name}
    assert (await desk.post("/selections/new", data=fields)).status_code == 303
    (call,) = await own_calls(admin)
    assert [missing.field for missing in missing_of(call, clock.now())] == [field]
    with pytest.raises(NotReady):
        await publish(admin, call.id)


async def test_publishing(desk: httpx.AsyncClient, admin: Member, db: Database) -> None:
    await desk.post("/selections/new", data=FILLED)
    (call,) = await own_calls(admin)
    assert (await desk.get(f"/calls/{call.slug}")).status_code == 404
    shown = await desk.get(f"/selections/{call.id}/publish")
    assert f"/calls/{call.slug}" in shown.text
    sent = form()
    for _ in range(2):  # a double click
        answer = await desk.post(f"/selections/{call.id}/publish", data=sent)
        assert (answer.status_code, answer.headers["location"]) == (303, f"/selections/{call.id}")
    published = await whole(admin, call.id)
    assert (published.state, published.version) == ("published", 2)
    assert published.published_at
    assert (await desk.get(f"/calls/{call.slug}")).status_code == 200
    assert await steps_of(db, call.id) == ["call.created", "call.published"]
    again = await desk.post(f"/selections/{call.id}/publish", data=form(version=2))
    assert again.status_code == 409
    with pytest.raises(AlreadyPublished):
        await publish(admin, call.id, 2)


async def test_what_was_not_looked_at_is_not_published(admin: Member) -> None:
    call_id = await make_call(admin.tenant, state="draft")
    with pytest.raises(ChangedSince):
        await publish(admin, call_id, version=2)
    assert (await whole(admin, call_id)).state == "draft"


async def test_two_admins_publish_at_once(admin: Member, db: Database) -> None:
    other = await make_membership(admin.tenant, "admin")
    call_id = await make_call(admin.tenant, state="draft")
    ends = await asyncio.gather(
        publish(admin, call_id), publish(other, call_id), return_exceptions=True
    )
    assert sorted(type(end).__name__ for end in ends) == ["AlreadyPublished", "NoneType"]
    assert await steps_of(db, call_id) == ["call.published"]


async def test_a_term_that_is_over_by_the_databases_clock_is_not_published(
    own_database: Database,
) -> None:
    _ente, admin = await make_ente()
    call_id = await make_call(admin.tenant, state="draft")
    await stop_database_clock(own_database, clock.now() + 9 * DAY)
    with pytest.raises(NotReady):
        await publish(admin, call_id)


# Extending


async def test_extending(desk: httpx.AsyncClient, admin: Member, db: Database) -> None:
    call_id = await make_call(admin.tenant)
    before = await whole(admin, call_id)
    assert (await desk.get(f"/selections/{call_id}/extend")).status_code == 200
    sent = form(closes_at=LATER, reason="Per le <b>feste</b>.")
    for _ in range(2):
        answer = await desk.post(f"/selections/{call_id}/extend", data=sent)
        assert answer.status_code == 303
    after = await whole(admin, call_id)
    assert after.closes_at == datetime(2030, 1, 10, 11, tzinfo=UTC)
    (extension,) = after.extensions
    assert (extension.closed_before, extension.closes_at) == (before.closes_at, after.closes_at)
    public = await desk.get(f"/calls/{after.slug}")
    assert "Per le &lt;b&gt;feste&lt;/b&gt;." in public.text
    assert "10 gennaio 2030, 12:00 (ora di Roma, UTC+01:00)" in public.text
    assert await steps_of(db, call_id) == ["call.extended"]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"closes_at": "2020-01-10T12:00"}, "field-closes_at"),
        ({"closes_at": ""}, "field-closes_at"),
        ({"closes_at": "2030-03-31T02:30"}, "field-closes_at"),
        ({"reason": ""}, "field-reason"),
        ({"reason": "x" * 1001}, "field-reason"),
    ],
)
async def test_an_extension_that_is_none(
    desk: httpx.AsyncClient, admin: Member, fields: dict[str, str], said: str
) -> None:
    call_id = await make_call(admin.tenant)
    before = await whole(admin, call_id)
    sent = form() | {"closes_at": LATER, "reason": "Le feste.", **fields}
    answer = await desk.post(f"/selections/{call_id}/extend", data=sent)
    assert answer.status_code == 422
    assert f'id="{said}-error"' in answer.text
    assert await whole(admin, call_id) == before


async def test_never_to_the_same_instant_or_an_earlier_one(admin: Member) -> None:
    call_id = await make_call(admin.tenant)
    closes_at = (await whole(admin, call_id)).closes_at
    assert closes_at
    for instant in (closes_at, closes_at - SECOND):
        with pytest.raises(NotLater):
            await extend(admin, call_id, instant)


@pytest.mark.parametrize("state", ["draft", "evaluating", "proposed", "decided"])
async def test_only_what_is_published_is_extended(
    desk: httpx.AsyncClient, admin: Member, state: str
) -> None:
    call_id = await make_call(admin.tenant, state=state)
    with pytest.raises(NotExtendable):
        await extend(admin, call_id, clock.now() + 9 * DAY)
    shown = await desk.get(f"/selections/{call_id}/extend")
    assert shown.headers["location"] == f"/selections/{call_id}"


async def test_two_admins_extend_at_once(desk: httpx.AsyncClient, admin: Member) -> None:
    call_id = await make_call(admin.tenant)
    far, farther = clock.now() + 9 * DAY, clock.now() + 10 * DAY
    ends = await asyncio.gather(
        extend(admin, call_id, far), extend(admin, call_id, farther), return_exceptions=True
    )
    assert sorted(type(end).__name__ for end in ends) == ["ChangedSince", "NoneType"]
    assert len((await whole(admin, call_id)).extensions) == 1
    # The page says so, shows what holds now, and lets them try again with what they typed.
    sent = form(closes_at=LATER, reason="Le feste.")
    answer = await desk.post(f"/selections/{call_id}/extend", data=sent)
    assert answer.status_code == 409
    assert 'name="version" value="2"' in answer.text
    assert "Le feste." in answer.text
    again = form(version=2, closes_at=LATER, reason="Le feste.")
    assert (await desk.post(f"/selections/{call_id}/extend", data=again)).status_code == 303


async def test_a_term_ends_for_its_extension_too(own_database: Database) -> None:
    """By the database's clock, whatever this process believes."""
    _ente, admin = await make_ente()
    call_id = await make_call(admin.tenant)
    closes_at = (await whole(admin, call_id)).closes_at
    assert closes_at
    await stop_database_clock(own_database, closes_at)
    with pytest.raises(TermOver):
        await extend(admin, call_id, closes_at + DAY)
    await stop_database_clock(own_database, closes_at - SECOND)
    await extend(admin, call_id, closes_at + DAY)
    assert (await whole(admin, call_id)).closes_at == closes_at + DAY


# Closing


async def test_closing_is_possible_once_the_term_is_over(own_database: Database) -> None:
    _ente, admin = await make_ente()
    call_id = await make_call(admin.tenant)
    closes_at = (await whole(admin, call_id)).closes_at
    assert closes_at
    await stop_database_clock(own_database, closes_at - SECOND)
    with pytest.raises(NotOver):
        await close(admin, call_id)
    await stop_database_clock(own_database, closes_at)
    key = uuid7()
    await close(admin, call_id, key)
    await close(admin, call_id, key)
    closed = await whole(admin, call_id)
    assert (closed.state, closed.version) == ("evaluating", 2)
    assert closed.evaluating_at
    with pytest.raises(NotClosable):
        await close(admin, call_id)
    assert await steps_of(own_database, call_id) == ["call.closed"]


async def test_two_admins_close_at_once(admin: Member, db: Database) -> None:
    call_id = await over(admin)
    ends = await asyncio.gather(
        close(admin, call_id), close(admin, call_id), return_exceptions=True
    )
    assert sorted(type(end).__name__ for end in ends) == ["NoneType", "NotClosable"]
    assert await steps_of(db, call_id) == ["call.closed"]


async def over(admin: Member) -> UUID:
    now = clock.now()
    return await make_call(admin.tenant, opens_at=now - 9 * DAY, closes_at=now - SECOND)


async def test_closing_by_the_page(desk: httpx.AsyncClient, admin: Member) -> None:
    early = await make_call(admin.tenant)
    assert (await desk.get(f"/selections/{early}/close")).status_code == 303
    refused = await desk.post(f"/selections/{early}/close", data={"form_key": str(uuid7())})
    assert refused.status_code == 409
    assert (await whole(admin, early)).state == "published"
    call_id = await over(admin)
    assert f"/selections/{call_id}/close" in (await desk.get(f"/selections/{call_id}")).text
    assert (await desk.get(f"/selections/{call_id}/close")).status_code == 200
    answer = await desk.post(f"/selections/{call_id}/close", data={"form_key": str(uuid7())})
    assert answer.status_code == 303
    assert (await whole(admin, call_id)).state == "evaluating"


# How it stands


async def test_the_overview_offers_what_is_possible(
    desk: httpx.AsyncClient, admin: Member, new_client: Callable[[], httpx.AsyncClient]
) -> None:
    def offered(text: str, call_id: UUID) -> set[str]:
        return set(
            re.findall(rf'href="/selections/{call_id}/(edit|publish|extend|close|delete)"', text)
        )

    now = clock.now()
    expected = [
        (await make_call(admin.tenant, state="draft"), {"edit", "publish", "delete"}),
        (await make_call(admin.tenant, opens_at=now + DAY, closes_at=now + 2 * DAY), {"extend"}),
        (await make_call(admin.tenant), {"extend"}),
        (await over(admin), {"close"}),
        (await make_call(admin.tenant, state="evaluating"), set()),
        (await make_call(admin.tenant, state="decided"), set()),
    ]
    viewer = new_client()
    await sign_in(viewer, await make_membership(admin.tenant, "viewer"))
    for call_id, steps in expected:
        assert offered((await desk.get(f"/selections/{call_id}")).text, call_id) == steps
        assert offered((await viewer.get(f"/selections/{call_id}")).text, call_id) == set()


async def test_states_follow_each_other(admin: Member) -> None:
    call_id = await make_call(admin.tenant)

    async def move(state: str, *come_from: str) -> Call:
        async with tenant_transaction(admin.tenant.id) as scope:
            if not await queries.move(scope, call_id, state, come_from=come_from):  # type: ignore[arg-type]  # any text
                raise Conflict
        return await whole(admin, call_id)

    with pytest.raises(Conflict):
        await move("proposed", "evaluating")
    first = await move("evaluating", "published")
    await move("proposed", "evaluating")
    # A ranking that is rejected: the evaluation goes on, and began when it began.
    assert (await move("evaluating", "proposed")).evaluating_at == first.evaluating_at
    await move("proposed", "evaluating")
    assert (await move("decided", "proposed")).decided_at
