"""Calls as everybody sees them, without an account."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import httpx
import pytest

from hub import clock
from hub.db import TenantScope, tenant_transaction
from hub.ids import uuid7
from hub.tenants.calls.notice import look_at
from hub.tenants.calls.questions import queries as question_queries
from tests.factories import Member, make_membership, make_tenant
from tests.support.databases import Database, connected
from tests.support.web import sign_in
from tests.tenants.calls.making import make_call, make_ente
from tests.tenants.calls.test_call_editor import whole

DAY = timedelta(days=1)


async def address_of(admin: Member, call_id: UUID) -> str:
    return f"/calls/{(await whole(admin, call_id)).slug}"


async def say(admin: Member, call_id: UUID, **columns: str) -> None:
    """What no form of ours would let through, past it."""
    async with tenant_transaction(admin.tenant.id) as scope:
        for name, text in columns.items():
            await scope.execute(f"UPDATE calls SET {name} = $2 WHERE id = $1", call_id, text)


async def test_a_draft_is_nobodys_but_the_entes(
    client: httpx.AsyncClient, new_client: Callable[[], httpx.AsyncClient], admin: Member
) -> None:
    call_id = await make_call(admin.tenant, state="draft")
    address = await address_of(admin, call_id)
    insider = new_client()
    await sign_in(insider, admin)
    for visitor in (client, insider):
        assert (await visitor.get(address)).status_code == 404
        asked = {"question": "Quando si pubblica?", "form_key": str(uuid7())}
        assert (await visitor.post(f"{address}/questions", data=asked)).status_code == 404
        assert address not in (await visitor.get("/calls")).text
        assert address not in (await visitor.get("/calls/feed.atom")).text
    preview = await insider.get(f"/selections/{call_id}/preview")
    assert "Manifestazione di interesse" in preview.text
    assert f'action="{address}' not in preview.text


@pytest.mark.parametrize("slug", ["unknown", "%00", "A", "a%20b", "..%2f..", "x" * 81, "è"])
async def test_an_address_without_a_call(client: httpx.AsyncClient, slug: str) -> None:
    assert (await client.get(f"/calls/{slug}")).status_code == 404


async def test_the_list_says_how_each_call_stands(
    own_database: Database, new_client: Callable[[], httpx.AsyncClient]
) -> None:
    _ente, admin = await make_ente()
    now = clock.now()
    groups = {
        "open": await make_call(admin.tenant),
        "soon": await make_call(admin.tenant, opens_at=now + DAY, closes_at=now + 9 * DAY),
        "closed": await make_call(admin.tenant, opens_at=now - 9 * DAY, closes_at=now - DAY),
        "evaluating": await make_call(admin.tenant, state="proposed"),
        "decided": await make_call(admin.tenant, state="decided"),
    }
    text = (await new_client().get("/calls")).text
    for standing, call_id in groups.items():
        begin = text.index(f'id="calls-{standing}"')
        end = text.find("</section>", begin)
        assert await address_of(admin, call_id) in text[begin:end]
    assert '<link rel="alternate" type="application/atom+xml" href="/calls/feed.atom"' in text


async def test_the_page_says_all(client: httpx.AsyncClient, admin: Member) -> None:
    call_id = await make_call(
        admin.tenant, regions=("09", "15"), minimum_points=61, difference_limit=17
    )
    text = (await client.get(await address_of(admin, call_id))).text
    for words in (
        "Toscana",
        "Campania",
        "Camera di commercio",
        "Atto di candidatura",
        "Planimetria",
        "Esperienza",
        "60 su 100",
        "61 punti",
        "17 punti",
        "ora di Roma, UTC+0",
    ):
        assert words in text, words
    call = await whole(admin, call_id)
    assert f'href="/calls/{call.slug}/apply"' in text


async def test_no_button_where_nobody_can_apply(client: httpx.AsyncClient, admin: Member) -> None:
    now = clock.now()
    for made in (
        await make_call(admin.tenant, opens_at=now + DAY, closes_at=now + 2 * DAY),
        await make_call(admin.tenant, opens_at=now - 2 * DAY, closes_at=now - DAY),
        await make_call(admin.tenant, state="evaluating"),
    ):
        text = (await client.get(await address_of(admin, made))).text
        assert "/apply" not in text


async def test_hostile_words_are_words(client: httpx.AsyncClient, admin: Member) -> None:
    call_id = await make_call(admin.tenant)
    await say(
        admin,
        call_id,
        title="=1+1 <script>x</script>",
        text="<script>y</script> [z](javascript:z)\n\n# A\n\n#### B",
    )
    text = (await client.get(await address_of(admin, call_id))).text
    assert "<script>x" not in text
    assert "<script>y" not in text
    assert 'href="javascript' not in text
    assert "=1+1 &lt;script&gt;" in text


async def test_a_page_takes_as_many_statements_however_much_is_on_it(
    admin: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One for the call, one each for its documents, its questions and the regions."""
    small = await make_call(admin.tenant, regions=("15",))
    large = await make_call(admin.tenant, regions=("01", "03", "09", "15"))
    async with tenant_transaction(admin.tenant.id) as scope:
        for number in range(30):
            question_id = uuid7()
            await question_queries.insert(
                scope, question_id, large, f"Domanda {number}?", None, "it"
            )
            await question_queries.answer(
                scope, question_id, question="?", answer="!", by=admin.membership_id
            )
    counted: list[str] = []
    for name in ("fetch", "fetchrow", "fetchval", "execute"):
        run = getattr(TenantScope, name)

        def counting(scope: TenantScope, sql: str, *args: object, run: object = run) -> object:
            counted.append(sql)
            return run(scope, sql, *args)  # type: ignore[operator]  # the method in whose place it stands

        monkeypatch.setattr(TenantScope, name, counting)
    for call_id in (small, large):
        counted.clear()
        async with tenant_transaction(admin.tenant.id) as scope:
            notice = await look_at(scope, call_id)
        assert len(counted) == 4
        assert len(notice.questions) == (30 if call_id == large else 0)


async def test_another_coordinators_call_is_not_this_ones_to_run(
    client: httpx.AsyncClient, admin: Member, db: Database
) -> None:
    call_id = await make_call(admin.tenant, state="draft")
    stranger = await make_membership(await make_tenant("coordinator"), "admin")
    await sign_in(client, stranger)
    for path in ("", "/edit", "/preview", "/publish", "/questions", "/documents"):
        assert (await client.get(f"/selections/{call_id}{path}")).status_code == 404
    sent = {"form_key": str(uuid7()), "version": "1"}
    assert (await client.post(f"/selections/{call_id}/publish", data=sent)).status_code == 404
    async with connected(db.superuser_url) as superuser:
        state = await superuser.fetchval("SELECT state FROM calls WHERE id = $1", call_id)
    assert state == "draft"
