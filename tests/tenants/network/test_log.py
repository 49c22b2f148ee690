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
from hub.referrals.routing.reasons import REASONS
from hub.tenants.protocols import story
from hub.web.i18n import gettext as _
from hub.web.i18n import reading_in
from tests.factories import (
    Member,
    make_account,
    make_case,
    make_desk,
    make_membership,
    make_tenant,
)
from tests.referrals.sandbox.making import set_state
from tests.support.databases import Database, connected
from tests.tenants.network.conftest import Browse
from tests.tenants.network.logs import said, told_in
from tests.tenants.network.making import Network

LOG = "/organisation/log"


async def write(member: Member, action: str, at: datetime, **subject: object) -> None:
    async with tenant_transaction(member.tenant.id) as scope:
        await scope.execute(
            """
            INSERT INTO audit_log (id, tenant_id, at, account_id, membership_id, action, subject_kind, subject_id, codes)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
            """,
            uuid7(),
            member.tenant.id,
            at,
            member.account_id,
            member.membership_id,
            action,
            subject.get("kind", "export"),
            subject.get("id"),
            subject.get("codes", {}),
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


@pytest.mark.parametrize("reason", REASONS)
async def test_why_an_offer_was_declined_is_said_in_words(
    admin: Member, browse: Browse, reason: str
) -> None:
    await write(admin, "offer.declined", clock.now(), codes={"reason": reason})
    with reading_in("it"):
        words = _(REASONS[reason].label)
    text = (await (await browse(admin)).get(LOG)).text
    assert f'<p class="hub-moment-detail">{words}</p>' in unescape(text)


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


async def test_who_did_what_to_whom(admin: Member, browse: Browse) -> None:
    """By names that are looked up by who reads: no name is kept in the log."""
    tenant = admin.tenant
    lucia = await make_membership(tenant, account=await make_account(name="Lucia Bianchi"))
    marco = await make_membership(tenant, account=await make_account(name="Marco Verdi"))
    old, new = await make_desk(tenant, name="Centro"), await make_desk(tenant, name="Porto")
    async with tenant_transaction(tenant.id) as scope:
        for action, codes in (
            ("desk.changed", {"desk": str(old.id)}),
            ("desk.changed", {"desk": str(uuid7())}),
            ("work.handed_over", {"count": 2, "desk": str(new.id), "before": str(old.id)}),
            (
                "work.handed_over",
                {
                    "count": 3,
                    "giver": str(lucia.membership_id),
                    "taker": str(marco.membership_id),
                },
            ),
            ("membership.ended", {"member": str(lucia.membership_id)}),
        ):
            await audit.record(scope, admin.actor, action, "organisation", tenant.id, **codes)
        await audit.record(scope, admin.actor, "export.made", "export", None, kind="desks")
    text = (await (await browse(admin)).get(LOG)).text
    assert list(reversed(told_in(text))) == [
        ("Sportello modificato: Centro", "Anna Prova"),
        ("Sportello modificato", "Anna Prova"),
        ("Lavoro aperto affidato ad altri: 2", "Anna Prova"),
        ("Lavoro aperto affidato ad altri: 3", "Anna Prova"),
        ("Appartenenza all’organizzazione terminata: Lucia Bianchi", "Anna Prova"),
        ("Dati esportati: Sportelli", "Anna Prova"),
    ]
    assert "Da Centro a Porto" in text
    assert "Da Lucia Bianchi a Marco Verdi" in text


async def test_a_case_is_told_by_its_number_and_not_to_support(
    admin: Member, browse: Browse
) -> None:
    case = await make_case(admin)
    async with tenant_transaction(admin.tenant.id) as scope:
        number = await scope.fetchval("SELECT number FROM cases WHERE id = $1", case.id)
        await audit.record(scope, admin.actor, "case.opened", "case", case.id)
    assert told_in((await (await browse(admin)).get(LOG)).text) == [
        (f"Pratica aperta: {number}", "Anna Prova")
    ]
    support = await make_membership(admin.tenant, "admin")
    async with network_transaction() as network:
        await network.execute(
            "UPDATE memberships SET support = true, expires_at = $2 WHERE id = $1",
            support.membership_id,
            clock.now() + timedelta(hours=4),
        )
    assert told_in((await (await browse(support)).get(LOG)).text) == [
        ("Pratica aperta", "Anna Prova")
    ]


async def test_the_ente_s_log_names_the_organisation_that_acted(
    db: Database, browse: Browse
) -> None:
    ente = await make_membership(await make_tenant("coordinator"), "admin")
    host = await make_membership(await make_tenant("host", name="Comune di Prova"), "admin")
    async with connected(db.superuser_url) as superuser:
        network = Network(ente.tenant, ente, ente, superuser)
        protocol_id = await network.protocol(host.tenant, expires_on=clock.today())
    async with tenant_transaction(ente.tenant.id) as scope:
        await story.tell(scope, host.actor, story.RENEWAL_ASKED, protocol_id, host.tenant.id)
    text = (await (await browse(ente)).get(LOG)).text
    assert told_in(text) == [
        ("Richiesto il rinnovo dell’accordo: Comune di Prova", "Comune di Prova")
    ]


async def test_a_point_stands_with_what_it_was_done_by(admin: Member, browse: Browse) -> None:
    now = clock.now()
    codes = {"point": "test_referral_answered"}
    for minutes, action in (
        (5000, "test_referral.answered"),
        (4000, "point.done"),
        (1, "test_referral.answered"),
        (0, "point.done"),
    ):
        await write(admin, action, now - timedelta(minutes=minutes), codes=codes)
    text = (await (await browse(admin)).get(LOG)).text
    answered = said("test_referral.answered")
    assert [title for title, _by in told_in(text)] == [
        answered,
        said("point.done", point="test_referral_answered"),
        answered,
    ]
    assert text.count("Completa il punto «Invio di prova con risposta»") == 1
