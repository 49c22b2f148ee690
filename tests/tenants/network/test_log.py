"""An organisation's own log: who did what, page after page, and nobody else's."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from html import unescape

import httpx
import pytest

from hub import audit, clock
from hub.api.paging import Position, to_cursor
from hub.db import network_transaction, tenant_transaction
from hub.ids import uuid7
from tests.factories import Member, make_account, make_membership, make_tenant
from tests.referrals.sandbox.making import set_state
from tests.support.databases import Database
from tests.tenants.network.conftest import Browse
from tests.tenants.network.logs import said, told_in

LOG = "/organisation/log"


async def write(member: Member, action: str, at: datetime, **subject: object) -> None:
    async with tenant_transaction(member.tenant.id) as scope:
        await scope.execute(
            """
            INSERT INTO audit_log (id, tenant_id, at, account_id, membership_id, action, subject_kind, subject_id)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
            """,
            uuid7(),
            member.tenant.id,
            at,
            member.account_id,
            member.membership_id,
            action,
            subject.get("kind", "export"),
            subject.get("id"),
        )


@pytest.fixture
async def admin(db: Database) -> Member:
    return await make_membership(await make_tenant("host"), "admin")


async def test_a_log_without_entries_says_so(admin: Member, browse: Browse) -> None:
    text = (await (await browse(admin)).get(LOG)).text
    assert "Qui non è ancora registrato nulla" in text


async def test_the_latest_first_page_after_page_each_once(admin: Member, browse: Browse) -> None:
    started = clock.now() - timedelta(days=1)
    # Three at each instant: the id tells which comes first.
    actions = ("export.made", "case.opened", "settings.changed")
    for number in range(120):
        at = started + (number // 3) * timedelta(minutes=1)
        await write(admin, actions[number % 3], at)
    client = await browse(admin)
    pages = await pages_from(client, LOG)
    assert [len(page) for page in pages] == [50, 50, 20]
    by_turns = [said(action) for action in reversed(actions)]
    assert [title for page in pages for title, _by in page] == by_turns * 40
    narrowed = await pages_from(client, f"{LOG}?area=organisation")
    assert [len(page) for page in narrowed] == [50, 30]
    titles = {title for page in narrowed for title, _by in page}
    assert titles == {said("export.made"), said("settings.changed")}


async def pages_from(client: httpx.AsyncClient, path: str) -> list[list[tuple[str, str]]]:
    pages: list[list[tuple[str, str]]] = []
    address: str | None = path
    while address and len(pages) < 9:
        answer = await client.get(address)
        assert answer.status_code == 200
        pages.append(told_in(answer.text))
        found = re.search(r'href="(/organisation/log\?[^"]*after=[^"]*)"', answer.text)
        address = unescape(found.group(1)) if found else None
    return pages


async def test_what_is_no_area_and_no_cursor_shows_the_beginning(
    admin: Member, browse: Browse
) -> None:
    await write(admin, "export.made", clock.now())
    client = await browse(admin)
    for query in ("area=unknown", "after=x", "after=AAAA", "after=" + "x" * 81):
        answer = await client.get(f"{LOG}?{query}")
        assert answer.status_code == 200, query
        assert [title for title, _by in told_in(answer.text)] == [said("export.made")], query


async def test_nobody_else_s_entries_are_shown_whatever_the_cursor(
    admin: Member, browse: Browse
) -> None:
    other = await make_membership(await make_tenant("host"), "admin")
    now = clock.now()
    await write(other, "case.opened", now)
    await write(admin, "export.made", now - timedelta(minutes=1))
    async with tenant_transaction(other.tenant.id) as scope:
        theirs = await scope.fetchval("SELECT id FROM audit_log WHERE action = 'case.opened'")
    client = await browse(admin)
    for path in (LOG, f"{LOG}?after={to_cursor(Position(now, theirs))}"):
        text = (await client.get(path)).text
        assert [title for title, _by in told_in(text)] == [said("export.made")]


async def test_only_admins_read_it(admin: Member, browse: Browse) -> None:
    for role in ("operator", "editor", "viewer"):
        member = await make_membership(admin.tenant, role)
        assert (await (await browse(member)).get(LOG)).status_code == 403


async def test_it_says_who_acted(admin: Member, browse: Browse) -> None:
    outsider = await make_account(name="Elena Ente")
    ente = await make_membership(await make_tenant("coordinator"), "admin", account=outsider)
    now = clock.now()
    await write(admin, "export.made", now)
    async with tenant_transaction(admin.tenant.id) as scope:
        await audit.record(scope, None, "point.done", "organisation", None, point="desks_complete")
    async with network_transaction() as network:
        tenant_id = admin.tenant.id
        await audit.record_for(
            network,
            tenant_id,
            ente.actor,
            "organisation.suspended",
            "organisation",
            tenant_id,
            reason="request",
        )
    text = (await (await browse(admin)).get(LOG)).text
    by = dict(told_in(text))
    assert by[said("export.made")] == "Anna Prova"
    assert by[said("point.done", point="desks_complete")] == "l’hub"
    # Who that is there, the organisation does not learn.
    assert by[said("organisation.suspended")] == "l’Ente"
    assert "Elena" not in text
    assert "Su sua richiesta" in text


async def test_an_entry_leads_to_the_page_of_what_it_is_about(
    admin: Member, browse: Browse
) -> None:
    case_id = uuid7()
    await write(admin, "case.opened", clock.now(), kind="case", id=case_id)
    await write(admin, "desk.added", clock.now(), kind="organisation", id=admin.tenant.id)
    client = await browse(admin)
    text = (await client.get(LOG)).text
    assert f'<a href="/cases/{case_id}">{said("case.opened")}</a>' in text
    assert re.search(rf'hub-moment-title">{said("desk.added")}<', text)
    await set_state(admin.tenant, "suspended")
    assert f"/cases/{case_id}" not in (await client.get(LOG)).text
