"""The checklist as its organisation sees it."""

from __future__ import annotations

import pytest

from hub import clock
from hub.db import network_transaction, relay_transaction, tenant_transaction
from hub.ids import uuid7
from hub.tenants.onboarding.suspend import resume, suspend
from hub.web import i18n
from hub.web.formats import format_date
from tests.factories import Member, make_membership, make_tenant
from tests.support.databases import Database, connected
from tests.tenants.onboarding.conftest import Browse
from tests.tenants.onboarding.making import fulfil, make_coming
from tests.tenants.onboarding.test_deciding import activate_it


async def ordered(task: str) -> list[dict[str, str]]:
    async with relay_transaction() as scope:
        rows = await scope.fetch("SELECT args FROM outbox WHERE task = $1", task)
    return [row["args"] for row in rows]


async def test_what_is_to_be_done_next_stands_first(db: Database, browse: Browse) -> None:
    coming = await make_coming()
    client = await browse(await make_membership(coming.organisation, "admin"))
    text = (await client.get("/organisation/setup")).text
    assert "Punti completi: 1 di 7" in text
    # The protocol is due first; the administrator is there, so that point comes last.
    assert text.index("Accordo firmato") < text.index("Operatori invitati")
    assert text.index("Operatori invitati") < text.index("Amministratore invitato")
    assert 'href="/organisation/protocols"' in text
    assert 'action="/cases/test"' in text


async def test_an_operator_is_told_who_sees_to_what_operators_cannot(
    db: Database, browse: Browse
) -> None:
    coming = await make_coming()
    head = await make_membership(coming.organisation, "admin")
    client = await browse(await make_membership(coming.organisation, "operator"))
    text = (await client.get("/organisation/setup")).text
    assert f"Se ne occupano gli amministratori: {head.account.name}." in text
    assert "Registra per ogni operatore" not in text
    assert 'href="/organisation/protocols">' not in text.split('class="onb-steps"')[1]
    # The test is theirs to do, so that it is what comes next for them.
    (following,) = [step for step in text.split("<li ")[1:] if "onb-step-next" in step]
    assert 'action="/cases/test"' in following
    own = (await (await browse(head)).get("/organisation/setup")).text
    assert "Registra per ogni operatore" in own
    assert "Se ne occupano" not in own


async def test_without_a_set_up_the_page_says_so(db: Database, browse: Browse) -> None:
    client = await browse(await make_membership(await make_tenant("host"), "viewer"))
    answer = await client.get("/organisation/setup")
    assert answer.status_code == 200
    assert "Non c’è nessun avvio in corso" in answer.text


async def test_the_ente_has_no_set_up(db: Database, browse: Browse) -> None:
    client = await browse(await make_membership(await make_tenant("coordinator"), "admin"))
    assert (await client.get("/organisation/setup")).status_code == 404


async def test_once_active_the_page_says_so(db: Database, browse: Browse) -> None:
    coming = await make_coming()
    await fulfil(coming, db)
    await activate_it(coming)
    client = await browse(await make_membership(coming.organisation, "operator"))
    text = (await client.get("/organisation/setup")).text
    assert "La tua organizzazione è attiva dal" in text


async def test_a_suspended_organisation_is_told_since_when_why_and_what_it_stops(
    db: Database, browse: Browse
) -> None:
    coming = await make_coming()
    await fulfil(coming, db)
    await activate_it(coming)
    organisation, ente = coming.organisation.id, coming.admin.actor
    async with network_transaction() as scope:
        await suspend(scope, ente, organisation, "protocol", "Manca il rinnovo.")
    client = await browse(await make_membership(coming.organisation, "operator"))
    since = format_date(clock.today(), "long")
    for path in ("/organisation/setup", "/organisation"):
        text = (await client.get(path)).text
        assert i18n.gettext("Your organisation is suspended since %(day)s", day=since) in text
        assert "Motivo: nessun accordo in vigore. Manca il rinnovo." in " ".join(text.split())
        assert "non ci sono nuove pratiche" in text
        assert "organizzazione è attiva" not in text
    async with network_transaction() as scope:
        await resume(scope, ente, organisation)
    for path in ("/organisation/setup", "/organisation"):
        assert "è sospesa" not in (await client.get(path)).text


async def test_suspended_without_a_set_up_it_is_not_said_to_work(
    db: Database, browse: Browse
) -> None:
    coming = await make_coming()
    lender = await make_tenant("lender")
    async with network_transaction() as scope:
        await suspend(scope, coming.admin.actor, lender.id, "request", "")
    text = (await (await browse(await make_membership(lender))).get("/organisation/setup")).text
    assert "Motivo: su sua richiesta." in text
    assert "La tua organizzazione lavora già" not in text
    assert "gli sportelli non compaiono" not in text


@pytest.fixture
async def lender() -> Member:
    return await make_membership(await make_tenant("lender", state="suspended"), "operator")


async def test_a_lender_asks_for_a_test_referral_once(
    db: Database, browse: Browse, lender: Member
) -> None:
    client = await browse(lender)
    key = str(uuid7())
    for _ in range(2):
        answer = await client.post("/organisation/setup/test", data={"form_key": key})
        assert answer.status_code == 303
    assert await ordered("sandbox.send_test") == [{"organisation_id": str(lender.tenant.id)}]


async def test_not_twice_while_one_waits_for_an_answer(
    db: Database, browse: Browse, lender: Member
) -> None:
    async with connected(db.superuser_url) as superuser:
        await superuser.execute("SET session_replication_role = replica")
        await superuser.execute(
            """
            INSERT INTO received_offers (id, tenant_id, sender_id, referral_id, case_number, kind, amount_cents,
              currency, region_code, state, offered_at, due_on, is_test)
            VALUES ($1, $2, $1, $1, '1', 'enterprise_loan', 1, 'EUR', '15', 'received', $3,
              DATE '2026-01-01', true)
            """,
            uuid7(),
            lender.tenant.id,
            clock.now(),
        )
    async with tenant_transaction(lender.tenant.id) as scope:
        assert await scope.fetchval("SELECT count(*) FROM received_offers") == 1
    client = await browse(lender)
    await client.post("/organisation/setup/test", data={"form_key": str(uuid7())})
    assert await ordered("sandbox.send_test") == []


async def test_a_host_asks_for_none_of_a_lender(db: Database, browse: Browse) -> None:
    client = await browse(await make_membership(await make_tenant("host"), "operator"))
    answer = await client.post("/organisation/setup/test", data={"form_key": str(uuid7())})
    assert answer.status_code == 403
