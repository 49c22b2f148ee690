"""An organisation's page at the Ente, and the forms behind its buttons."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from datetime import date, timedelta
from uuid import UUID

import pytest

from hub import clock
from hub.db import network_transaction
from hub.ids import uuid7
from hub.tenants.onboarding.suspend import suspend
from tests.factories import Tenant, make_membership, make_tenant
from tests.support.databases import Database, connected
from tests.support.statements import counted
from tests.tenants.calls.making import fiscal_code
from tests.tenants.onboarding.conftest import Browse
from tests.tenants.onboarding.making import fulfil, make_coming
from tests.tenants.onboarding.test_admission import count, row_of, run_ordered
from tests.tenants.onboarding.test_deciding import activate_it, agree, ask, forget_training, story


def at(organisation: Tenant, page: str = "") -> str:
    return f"/network/organisations/{organisation.id}{page}"


async def test_it_shows_what_blocks_and_since_when(db: Database, browse: Browse) -> None:
    coming = await make_coming()
    client = await browse(coming.admin)
    text = (await client.get(at(coming.organisation))).text
    assert coming.organisation.name in text
    assert "Punti completi: 1 di 7" in text
    assert "aperto dal" in text
    assert "Sportello" in text
    assert "ufficio@example.org" in text
    assert "Attiva l’organizzazione" not in text
    assert "Ammessa" in text


async def test_the_story_stands_behind_the_facts_and_its_beginning_is_folded(
    db: Database, browse: Browse
) -> None:
    coming = await make_coming()
    client = await browse(coming.admin)
    short = (await client.get(at(coming.organisation))).text
    assert short.index('id="facts"') < short.index('id="story"')
    assert "Voci precedenti" not in short
    for code in ("protocol_signed", "training_completed", "desks_complete", "services_stated"):
        exception = await ask(coming, code)
        await agree(coming, coming.second.actor, exception)
    folded = (await client.get(at(coming.organisation))).text.partition("Voci precedenti")[2]
    assert "Ammessa" in folded


async def test_people_are_counted_and_not_named(db: Database, browse: Browse) -> None:
    coming = await make_coming()
    operator = await make_membership(coming.organisation, "operator")
    client = await browse(coming.admin)
    text = (await client.get(at(coming.organisation))).text
    assert "Operatori" in text
    assert operator.account.email not in text


async def test_whoever_only_reads_has_no_buttons(db: Database, browse: Browse) -> None:
    coming = await make_coming()
    client = await browse(await make_membership(coming.ente, "viewer"))
    answer = await client.get(at(coming.organisation))
    assert answer.status_code == 200
    assert "/suspend" not in answer.text
    assert (await client.get(at(coming.organisation, "/suspend"))).status_code == 403


async def test_neither_the_ente_nor_the_sandbox_has_such_a_page(
    db: Database, browse: Browse
) -> None:
    coming = await make_coming()
    client = await browse(coming.admin)
    for other in (coming.ente.id, uuid7()):
        assert (await client.get(f"/network/organisations/{other}")).status_code == 404
    sandbox = await make_tenant("host")
    async with network_transaction() as scope:
        await scope.execute("UPDATE tenants SET sandbox = true WHERE id = $1", sandbox.id)
    assert (await client.get(at(sandbox))).status_code == 404


async def test_two_admins_activate_at_once(db: Database, browse: Browse) -> None:
    coming = await make_coming()
    await fulfil(coming, db)
    first, second = await browse(coming.admin), await browse(coming.second)
    setup = await coming.setup()
    body = {"setup_id": str(setup.id)}
    answers = await asyncio.gather(
        *(
            client.post(at(coming.organisation, "/activate"), data=body)
            for client in (first, second)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [303, 409]
    refused = next(answer for answer in answers if answer.status_code == 409)
    assert "ha fatto prima di te: ha attivato l’organizzazione il" in refused.text
    assert (await story(coming)).count("organisation.activated") == 1
    # The address at which that was said leads back.
    for step in ("/activate", "/resume", "/exception/decide"):
        again = await first.get(at(coming.organisation, step))
        assert (again.status_code, again.headers["location"]) == (303, at(coming.organisation))


async def test_a_page_that_is_old_activates_nothing(db: Database, browse: Browse) -> None:
    coming = await make_coming()
    client = await browse(coming.admin)
    setup = await coming.setup()
    answer = await client.post(
        at(coming.organisation, "/activate"), data={"setup_id": str(setup.id)}
    )
    assert answer.status_code == 409
    assert "Non si può ancora attivare" in answer.text
    empty = {"form_key": str(uuid7())}
    assert (await client.post(at(coming.organisation, "/activate"), data=empty)).status_code == 409


async def test_active_but_not_in_order_is_said(db: Database, browse: Browse) -> None:
    coming = await make_coming()
    await fulfil(coming, db)
    await activate_it(coming)
    await forget_training(coming)
    await coming.refresh()
    text = (await (await browse(coming.admin)).get(at(coming.organisation))).text
    assert "Attiva, ma non più in regola" in text
    async with network_transaction() as scope:
        await suspend(scope, coming.admin.actor, coming.organisation.id, "other", "")
    text = (await (await browse(coming.admin)).get(at(coming.organisation))).text
    assert "Attiva, ma non più in regola" not in text
    assert "Non in regola" in text
    assert "/begin" not in text


async def test_an_exception_is_asked_for_and_agreed_by_another(
    db: Database, browse: Browse
) -> None:
    coming = await make_coming()
    mine, other = await browse(coming.admin), await browse(coming.second)
    page = at(coming.organisation, "/exception")
    assert (await mine.get(f"{page}?point=training_completed")).status_code == 200
    nothing = await mine.post(page, data={"point": "training_completed", "form_key": str(uuid7())})
    assert nothing.status_code == 422
    asked = await mine.post(
        page,
        data={
            "point": "training_completed",
            "reason": "Corso a gennaio.",
            "form_key": str(uuid7()),
        },
    )
    assert asked.status_code == 303
    again = await mine.post(page, data={"point": "training_completed", "reason": "Ancora."})
    assert again.status_code == 422
    exception = (await coming.setup()).points[3].exception
    assert exception is not None
    body = {"exception_id": str(exception.id), "outcome": "agreed"}
    own = await mine.post(f"{page}/decide", data=body)
    assert own.status_code == 409
    assert "seconda persona" in own.text
    # Refusing is the second person's; withdrawing is not offered to who never asked.
    theirs = (await other.get(at(coming.organisation))).text
    assert ("Respingi…" in theirs, "Ritira la deroga" in theirs) == (True, False)
    assert "Ritira la deroga" in (await mine.get(at(coming.organisation))).text
    assert (
        "La deroga è approvata."
        in (await other.post(f"{page}/decide", data=body, follow_redirects=True)).text
    )
    assert "Revoca la deroga" in (await other.get(at(coming.organisation))).text
    late = await other.post(
        f"{page}/refuse", data={"exception_id": str(exception.id), "reason": "Tardi."}
    )
    assert late.status_code == 409


async def test_an_exception_is_refused_with_a_reason_by_another(
    db: Database, browse: Browse
) -> None:
    coming = await make_coming()
    exception = await ask(coming)
    mine, other = await browse(coming.admin), await browse(coming.second)
    page = at(coming.organisation, "/exception/refuse?point=training_completed")
    assert page in (await other.get(at(coming.organisation))).text
    assert "Corso a gennaio." in (await other.get(page)).text
    body = {"exception_id": str(exception), "reason": "Prima il corso, poi lo sportello."}
    # Whoever asked does not refuse either.
    assert (await mine.get(page)).status_code == 303
    assert (await mine.post(page, data=body)).status_code == 409
    for reason in ("", "x" * 1001):
        wrong = await other.post(page, data=body | {"reason": reason})
        assert wrong.status_code == 422
        assert "Corso a gennaio." in wrong.text
    # There is no other way to refuse.
    other_way = {"exception_id": str(exception), "outcome": "refused"}
    decide = at(coming.organisation, "/exception/decide")
    assert (await other.post(decide, data=other_way)).status_code == 409
    assert (await coming.setup()).points[3].exception is not None
    refused = await other.post(page, data=body, follow_redirects=True)
    assert "La deroga è respinta" in refused.text
    assert "Perché è stata respinta: Prima il corso, poi lo sportello." in refused.text
    # Somebody was faster.
    assert (await other.get(page)).status_code == 303
    assert (await other.post(page, data=body)).status_code == 409


async def test_terms_are_changed_with_a_reason_for_the_whole(db: Database, browse: Browse) -> None:
    coming = await make_coming()
    client = await browse(coming.admin)
    page = at(coming.organisation, "/term")
    assert "(obbligatorio se si rinvia l’intero avvio)" in (await client.get(page)).text
    later = ((await coming.setup()).due_on + timedelta(days=9)).isoformat()
    whole = {"due_on": later, "point": "whole"}
    assert (await client.post(page, data=whole)).status_code == 422
    assert (await client.post(page, data={"due_on": later, "reason": "Senza."})).status_code == 422
    past = (clock.today() - timedelta(days=1)).isoformat()
    assert (
        await client.post(page, data=whole | {"due_on": past, "reason": "Prima."})
    ).status_code == 422
    assert (await client.post(page, data=whole | {"reason": "Elezioni."})).status_code == 303
    assert (await coming.setup()).due_on.isoformat() == later
    assert (await client.get(at(coming.organisation))).text.count("Motivo: Elezioni.") == 1
    one = {"due_on": later, "point": "protocol_signed"}
    assert (await client.post(page, data=one)).status_code == 303
    assert (await coming.setup()).points[0].due_on.isoformat() == later


async def test_suspended_by_a_form_that_says_what_stops(db: Database, browse: Browse) -> None:
    coming = await make_coming()
    await fulfil(coming, db)
    await activate_it(coming)
    client = await browse(coming.admin)
    page = at(coming.organisation, "/suspend")
    text = (await client.get(page)).text
    assert "Uno sportello aperto esce dall’elenco pubblico." in text
    assert (await client.post(page, data={"note": "Verifica."})).status_code == 422
    assert (
        await client.post(page, data={"reason": "breach", "note": "Verifica."})
    ).status_code == 303
    shown = (await client.get(at(coming.organisation))).text
    assert "Verifica." in shown
    # What ends the suspension stands first, and no desk is said to be open.
    assert re.search(r'btn-primary"[^>]*>Revoca la sospensione<', shown)
    assert 'btn-primary" href' not in shown
    assert 'hub-tone-danger">sospeso<' in shown
    assert ">aperto<" not in shown
    assert (await client.post(page, data={"reason": "breach"})).status_code == 422
    assert (await client.post(at(coming.organisation, "/resume"), data={})).status_code == 303
    assert (await client.post(at(coming.organisation, "/resume"), data={})).status_code == 409


async def test_abandoned_and_begun_again(db: Database, browse: Browse) -> None:
    coming = await make_coming()
    client = await browse(coming.admin)
    page = at(coming.organisation, "/abandon")
    before = await coming.setup()
    assert (await client.post(page, data={"setup_id": str(before.id)})).status_code == 422
    body = {"setup_id": str(before.id), "reason": "Rinuncia."}
    assert (await client.post(page, data=body)).status_code == 303
    assert (await row_of(coming.organisation.id))["state"] == "closed"
    assert "Rinuncia." in (await client.get(at(coming.organisation))).text
    # Where nothing is under way there is nothing to abandon.
    assert (await client.get(page)).status_code == 303
    again = await client.post(
        at(coming.organisation, "/begin"),
        data={
            "kinds": "host",
            "host_kind": "municipality",
            "contact_name": "Anna Prova",
            "contact_email": "anna@example.org",
            "locale": "it",
        },
    )
    assert again.status_code == 303
    after = await coming.setup()
    assert (after.state, after.id != before.id) == ("running", True)
    assert (await row_of(coming.organisation.id))["state"] == "suspended"
    # Its desk, which never opened, came along.
    desks = "SELECT count(*) FROM desks WHERE setup_id = $1 AND state = 'setting_up'"
    assert await count(desks, after.id) == 1


@pytest.fixture
def form() -> Callable[..., dict[str, object]]:
    def filled(**other: object) -> dict[str, object]:
        return {
            "name": "Banca di Prova",
            "kinds": ["lender", "tutor"],
            "fiscal_code": fresh_code(),
            "municipality": "Napoli",
            "contact_name": "Anna Prova",
            "contact_email": "anna@example.org",
            "locale": "it",
            "lender_category": "bank",
            "form_key": str(uuid7()),
        } | other

    return filled


NEW = "/network/organisations/new"


def fresh_code() -> str:
    """As a form takes it: the eighth to tenth digit are an office's."""
    return fiscal_code(uuid7().int % 10**7 * 1000 + 63)


async def test_a_lender_is_invited(
    db: Database, browse: Browse, form: Callable[..., dict[str, object]]
) -> None:
    coming = await make_coming()
    client = await browse(coming.admin)
    assert (await client.get(NEW)).status_code == 200
    body = form()
    answer = await client.post(NEW, data=body)
    assert answer.status_code == 303
    lender = UUID(answer.headers["location"].rpartition("/")[2])
    row = await row_of(lender)
    assert (row["state"], row["kinds"], row["lender_category"], row["municipality_code"]) == (
        "suspended",
        ["lender", "tutor"],
        "bank",
        "063049",
    )
    await run_ordered("onboarding.issue")
    # An agreement for each kind.
    assert await count("SELECT count(*) FROM protocols WHERE organisation_id = $1", lender) == 2
    invited = "SELECT count(*) FROM invitations WHERE tenant_id = $1 AND role = 'admin'"
    assert await count(invited, lender) == 1
    # The same form again is the same organisation.
    again = await client.post(NEW, data=body)
    assert again.headers["location"] == answer.headers["location"]
    text = (await client.get(f"/network/organisations/{lender}")).text
    assert "Iscrizione all’albo o all’elenco indicata" in text


async def test_a_second_with_the_same_fiscal_code_is_refused_with_a_link(
    db: Database, browse: Browse, form: Callable[..., dict[str, object]]
) -> None:
    coming = await make_coming()
    client = await browse(coming.admin)
    code = fresh_code()
    async with network_transaction() as scope:
        await scope.execute(
            "UPDATE tenants SET fiscal_code = $2 WHERE id = $1", coming.organisation.id, code
        )
    answer = await client.post(NEW, data=form(fiscal_code=code))
    assert answer.status_code == 422
    assert f'href="{at(coming.organisation)}"' in answer.text


async def test_two_at_once_with_one_fiscal_code_are_one(
    db: Database, browse: Browse, form: Callable[..., dict[str, object]]
) -> None:
    coming = await make_coming()
    clients = [await browse(one) for one in (coming.admin, coming.second)]
    code = fresh_code()
    answers = await asyncio.gather(
        *(client.post(NEW, data=form(fiscal_code=code)) for client in clients)
    )
    assert sorted(answer.status_code for answer in answers) == [303, 422]
    assert await count("SELECT count(*) FROM tenants WHERE fiscal_code = $1", code) == 1


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"fiscal_code": "80014890639"}, "cifra di controllo"),
        ({"fiscal_code": "RSSMRA80A01F839W"}, "persona"),
        ({"kinds": []}, "almeno una"),
        ({"kinds": ["coordinator"]}, "Scegli una delle opzioni"),
        ({"kinds": ["host"]}, "Scegli una delle opzioni"),
        ({"municipality": "Atlantide"}, "Nessun comune si chiama così"),
        ({"municipality": "Livo"}, "Più comuni si chiamano così"),
        ({"contact_email": "anna"}, "indirizzo"),
    ],
)
async def test_what_is_wrong_is_said(
    db: Database,
    browse: Browse,
    form: Callable[..., dict[str, object]],
    wrong: dict[str, object],
    message: str,
) -> None:
    coming = await make_coming()
    client = await browse(coming.admin)
    answer = await client.post(NEW, data=form(**wrong))
    assert answer.status_code == 422
    assert message in answer.text


async def test_all_that_is_wrong_is_said_at_once_in_the_order_of_the_form(
    db: Database, browse: Browse, form: Callable[..., dict[str, object]]
) -> None:
    coming = await make_coming()
    client = await browse(coming.admin)
    assert "(obbligatorio per un’amministrazione ospitante)" in (await client.get(NEW)).text
    wrong = form(
        name="", kinds=["host"], fiscal_code="1", municipality="Atlantide", contact_email="anna"
    )
    text = (await client.post(NEW, data=wrong)).text
    assert re.findall(r'class="alert-link" href="#field-(\w+)"', text) == [
        "name",
        "fiscal_code",
        "host_kind",
        "municipality",
        "contact_email",
    ]


async def test_an_administrator_is_invited_where_there_is_none(
    db: Database, browse: Browse
) -> None:
    """The contact's address was wrong: that invitation is taken back first."""
    coming = await make_coming()
    client = await browse(coming.admin)
    page = at(coming.organisation, "/invite")
    assert "Invito dell’amministratore…" in (await client.get(at(coming.organisation))).text
    body = {"name": "Bruno Prova", "email": "bruno@example.org"}
    refused = await client.post(page, data=body)
    assert refused.status_code == 409
    assert "già invitat" in refused.text
    assert (await client.post(f"{page}/take-back", data={})).status_code == 303
    assert "Invita un amministratore…" in (await client.get(at(coming.organisation))).text
    shown = await client.get(page)
    assert 'name="email"' in shown.text
    assert (await client.post(page, data=body)).status_code == 303
    assert await open_invitations(coming.organisation) == ["bruno@example.org"]
    assert "invitation.revoked" in await story(coming)


async def test_the_application_is_a_click_away(db: Database, browse: Browse) -> None:
    coming = await make_coming()
    client = await browse(coming.admin)
    text = (await client.get(at(coming.organisation))).text
    page = f"/selections/{coming.application.call_id}/applications/{coming.application.id}"
    assert f'href="{page}"' in text
    assert (await client.get(page)).status_code == 200
    # Another Ente has no such application.
    other = await make_coming()
    theirs = (await (await browse(other.admin)).get(at(coming.organisation))).text
    assert "/applications/" not in theirs


async def test_the_first_invitation_is_sent_again(db: Database, browse: Browse) -> None:
    coming = await make_coming()
    client = await browse(coming.admin)
    page = at(coming.organisation, "/invite")
    assert f'action="{page}/again"' in (await client.get(page)).text
    links = "SELECT max(link_version) FROM invitations WHERE tenant_id = $1"
    before = await count(links, coming.organisation.id)
    # Twice at once is one letter.
    for _ in range(2):
        assert (await client.post(f"{page}/again", data={})).status_code == 303
    assert await count(links, coming.organisation.id) == before + 1
    assert (await story(coming)).count("invitation.renewed") == 1
    await make_membership(coming.organisation, "admin")
    assert (await client.post(f"{page}/again", data={})).status_code == 409


async def test_what_desks_lack_is_named_while_they_are_set_up(db: Database, browse: Browse) -> None:
    coming = await make_coming()
    client = await browse(coming.admin)
    text = (await client.get(at(coming.organisation))).text
    assert "Manca ancora: " in text
    assert "come arrivare" in text
    assert f'href="{at(coming.organisation, "/desks")}"' in text
    await fulfil(coming, db)
    assert "Manca ancora: " not in (await client.get(at(coming.organisation))).text


async def test_a_lenders_services_are_read_as_of_any_day(db: Database, browse: Browse) -> None:
    coming = await make_coming()
    lender, host = await make_tenant("lender"), coming.organisation
    service_id = uuid7()
    async with connected(db.superuser_url) as superuser:
        for name, first, last in (
            ("Prestito com’era", date(2020, 1, 1), date(2023, 12, 31)),
            ("Prestito com’è", date(2024, 1, 1), None),
        ):
            await superuser.execute(
                """
                INSERT INTO services_offered (id, service_id, tenant_id, kind, name, regions, valid_from, valid_to)
                VALUES ($1, $2, $3, 'enterprise_loan', $4, '{15}', $5, $6)
                """,
                uuid7(),
                service_id,
                lender.id,
                name,
                first,
                last,
            )
    client = await browse(await make_membership(coming.ente, "viewer"))
    page = at(lender, "/services")
    assert f'href="{page}"' in (await client.get(at(lender))).text
    assert f'href="{at(host, "/services")}"' not in (await client.get(at(host))).text
    for query, offered in (("", "Prestito com’è"), ("?on=2021-05-01", "Prestito com’era")):
        text = (await client.get(page + query)).text
        on_the_day, _, history = text.partition('id="versions"')
        named = [name for name in ("Prestito com’è<", "Prestito com’era<") if name in on_the_day]
        assert named == [offered + "<"], query
        assert "Prestito com’era" in history
        # It is the lender's to change.
        assert 'method="post" action="/network' not in text
    assert (
        "In questo giorno non era offerto nulla."
        in (await client.get(f"{page}?on=2019-01-01")).text
    )
    assert (await client.get(f"{page}?on=ieri")).status_code == 422
    assert (await client.get(at(host, "/services"))).status_code == 200
    assert (await client.get(f"/network/organisations/{uuid7()}/services")).status_code == 404


async def test_once_there_is_an_administrator_the_ente_lets_nobody_in(
    db: Database, browse: Browse
) -> None:
    coming = await make_coming()
    client = await browse(coming.admin)
    page = at(coming.organisation, "/invite")
    await client.post(f"{page}/take-back", data={})
    await make_membership(coming.organisation, "admin")
    assert f'href="{page}"' not in (await client.get(at(coming.organisation))).text
    shown = await client.get(page)
    assert shown.status_code == 200
    assert 'name="email"' not in shown.text
    body = {"name": "Bruno Prova", "email": "bruno@example.org"}
    refused = await client.post(page, data=body)
    assert refused.status_code == 409
    assert "ha un amministratore" in refused.text
    assert await open_invitations(coming.organisation) == []


async def test_whoever_is_there_for_a_time_or_for_some_desks_does_not_count(
    db: Database, browse: Browse
) -> None:
    """Support, who has left, and who may not invite either."""
    coming = await make_coming()
    client = await browse(coming.admin)
    page = at(coming.organisation, "/invite")
    await client.post(f"{page}/take-back", data={})
    support, left = [await make_membership(coming.organisation, "admin") for _ in range(2)]
    async with network_transaction() as scope:
        await scope.execute(
            "UPDATE memberships SET support = true, expires_at = $2 WHERE id = $1",
            support.membership_id,
            scope.now + timedelta(days=1),
        )
        await scope.execute(
            "UPDATE memberships SET state = 'ended', ended_at = $2 WHERE id = $1",
            left.membership_id,
            scope.now,
        )
    body = {"name": "Bruno Prova", "email": "bruno@example.org"}
    assert (await client.post(page, data=body)).status_code == 303


async def test_of_two_who_invite_an_administrator_at_once_one_is_refused(
    db: Database, browse: Browse
) -> None:
    coming = await make_coming()
    client, other = await browse(coming.admin), await browse(coming.second)
    page = at(coming.organisation, "/invite")
    await client.post(f"{page}/take-back", data={})
    answers = await asyncio.gather(
        client.post(page, data={"name": "Bruno Prova", "email": "bruno@example.org"}),
        other.post(page, data={"name": "Carla Prova", "email": "carla@example.org"}),
    )
    assert sorted(one.status_code for one in answers) == [303, 409]
    assert len(await open_invitations(coming.organisation)) == 1


async def open_invitations(organisation: Tenant) -> list[str]:
    async with network_transaction() as scope:
        rows = await scope.fetch(
            "SELECT email FROM invitations WHERE tenant_id = $1 AND state = 'open'", organisation.id
        )
    return [row["email"] for row in rows]


async def test_the_page_costs_as_many_statements_with_much_as_with_little(
    db: Database, browse: Browse, monkeypatch: pytest.MonkeyPatch
) -> None:
    coming = await make_coming()
    client = await browse(coming.admin)
    with counted(monkeypatch) as little:
        await client.get(at(coming.organisation))
    for code in ("protocol_signed", "training_completed", "desks_complete"):
        await ask(coming, code)
    for _ in range(5):
        await make_membership(coming.organisation, "operator")
    with counted(monkeypatch) as much:
        await client.get(at(coming.organisation))
    assert len(much.ran) == len(little.ran)
