"""All of it or nothing: what an import writes, and what stops it."""

from __future__ import annotations

import asyncio
from contextvars import Context
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from hub import clock
from hub.db import NetworkScope, network_transaction, relay_transaction, tenant_transaction
from hub.errors import Conflict, NotFound
from hub.ids import uuid7
from hub.tenants.exchange import (
    apply_import,
    found,
    judging,
    queries,
    read_import,
    reading,
    start,
    tasks,
    written,
)
from hub.tenants.exchange.kinds import KINDS
from hub.tenants.exchange.schemas import Import, Judged, Row
from hub.tenants.exchange.start import CannotApply, CannotStop, apply_it, discard, read_again
from hub.tenants.onboarding.begin import Contact
from hub.tenants.onboarding.enlist import enlist
from hub.tenants.onboarding.organisations import Details
from hub.worker import drain_now
from tests.factories import (
    Member,
    make_account,
    make_desk,
    make_membership,
    make_tenant,
    unique,
)
from tests.support.databases import Database
from tests.tenants.calls.selection.test_succeed import until_one_waits
from tests.tenants.exchange import making

HOST = {
    "name": "Comune di Prova",
    "host_kind": "Comune o unione di comuni",
    "municipality": "Napoli",
    "province": "NA",
    "contact_name": "Ada Prova",
}


@pytest.fixture
async def ente(db: Database) -> Member:
    return await making.make_ente()


def host(**values: str) -> dict[str, str]:
    code = making.new_fiscal_code()
    return {**HOST, "fiscal_code": code, "contact_email": f"{code}@example.org", **values}


async def test_a_new_host_comes_on_board_suspended(ente: Member) -> None:
    row = host(postal_code="80100", website="https://comune.example.org")
    ready = await making.read(ente, "hosts", making.csv_of("hosts", [row]))
    assert (ready.state, ready.creates, ready.errors) == ("ready", 1, 0)
    assert await organisation(row["fiscal_code"]) is None
    done = await making.applied(ente, ready.id)
    assert (done.state, done.rows_done) == ("done", 1)
    made = await organisation(row["fiscal_code"])
    assert made is not None
    assert (made["state"], made["kinds"]) == ("suspended", ["host"])
    assert (made["postal_code"], made["website"]) == ("80100", "https://comune.example.org")
    assert made["setup_state"] == "running"
    assert made["contact_email"] == row["contact_email"]
    assert made["invited"] == [row["contact_email"]]


async def test_the_same_file_again_changes_nothing(ente: Member) -> None:
    content = making.csv_of("hosts", [host(), host(phone="+39 081 123456")])
    ready = await making.read(ente, "hosts", content)
    await making.applied(ente, ready.id)
    again = await making.read(ente, "hosts", content)
    assert (again.creates, again.updates, again.unchanged, again.errors) == (0, 0, 2, 0)
    with pytest.raises(CannotApply):
        await making.applied(ente, again.id)


async def test_only_the_columns_of_the_file_change(ente: Member) -> None:
    tenant = await make_tenant("host")
    code = await making.give_codes(tenant)
    content = f"Codice fiscale;Denominazione;Tipo di ente;Telefono;E-mail\n{code};{tenant.name};altra pubblica amministrazione;0811234567;\n"
    ready = await making.read(ente, "hosts", content.encode())
    assert (ready.updates, ready.errors) == (1, 0)
    (row,) = await making.rows(ente, ready.id, "update")
    assert [change[0] for change in row.content["changes"]] == ["host_kind", "email", "phone"]
    await making.applied(ente, ready.id)
    made = await organisation(code)
    assert made is not None
    assert (made["phone"], made["email"], made["host_kind"]) == ("0811234567", None, "other")
    assert made["municipality_code"] == "063049"
    assert await codes_of(tenant.id, "organisation.changed") == [
        {"fields": "host_kind,email,phone"}
    ]


async def test_desks_are_set_up_or_changed(ente: Member) -> None:
    tenant = await make_tenant("host")
    code = await making.give_codes(tenant)
    known = await make_desk(tenant, name="Sportello noto")
    rows = [
        {
            "organisation": code,
            "name": "sportello Noto",
            "address": "Via Toledo 1",
            "istat_code": "63049",
            "monday": "9-13",
        },
        {
            "organisation": code,
            "name": "Sportello nuovo",
            "address": "Via Roma 2",
            "municipality": "Reggio di Calabria",
            "province": "RC",
            "provinces": "rc; VV",
            "offers": "Informazioni sul microcredito",
            "thursday": "9:00-13:00, 15:00-17:30",
        },
    ]
    ready = await making.read(ente, "desks", making.csv_of("desks", rows))
    assert (ready.creates, ready.updates, ready.errors) == (1, 1, 0)
    await making.applied(ente, ready.id)
    async with tenant_transaction(tenant.id) as scope:
        found = {
            row["name"]: row
            for row in await scope.fetch("SELECT * FROM desks WHERE tenant_id = $1", tenant.id)
        }
    assert found["sportello Noto"]["id"] == known.id
    assert found["sportello Noto"]["hours"] == [[1, "09:00", "13:00"]]
    new = found["Sportello nuovo"]
    assert (new["state"], new["region_code"], new["provinces"]) == (
        "setting_up",
        "18",
        ["RC", "VV"],
    )
    assert new["hours"] == [[4, "09:00", "13:00"], [4, "15:00", "17:30"]]
    assert new["offers"] == ["information"]
    assert new["latitude"] is not None
    assert await told(tenant.id) == ["desk.added", "desk.changed"]
    assert await codes_of(tenant.id, "desk.changed") == [
        {"desk": str(known.id), "fields": "name,monday,opened_on"}
    ]


@pytest.mark.parametrize(("name", "free"), [("Sportello noto", True), ("Sportello nuovo", False)])
async def test_an_organisation_is_held_only_for_new_desks(
    ente: Member, name: str, free: bool
) -> None:
    """Else its people wait with their own forms until the whole file is written."""
    tenant = await make_tenant("host")
    code = await making.give_codes(tenant)
    known = await make_desk(tenant, name="Sportello noto")
    cells = {"organisation": code, "name": name, "address": "Via Roma 1", "istat_code": "063049"}

    async def can_be_held(table: str, row_id: UUID) -> bool:
        async with network_transaction() as other:
            found_row: UUID | None = await other.fetchval(
                f"SELECT id FROM {table} WHERE id = $1 FOR NO KEY UPDATE SKIP LOCKED", row_id
            )
        return found_row is not None

    async with network_transaction() as scope:
        places = await found.places(scope)
        rows = [Row(2, cells)]
        (judged,) = await judging.judge(scope, KINDS["desks"], rows, places, {}, lock=True)
        assert (judged.errors, judged.fate) == ([], "update" if free else "create")
        # In a context of its own: this one has a scope already.
        looks = [
            asyncio.create_task(can_be_held(table, row_id), context=Context())
            for table, row_id in (("tenants", tenant.id), ("desks", known.id))
        ]
        assert await asyncio.gather(*looks) == [free, not free]


async def test_people_are_invited_once(ente: Member) -> None:
    tenant = await make_tenant("host")
    code = await making.give_codes(tenant)
    desk = await make_desk(tenant, name="Sportello; centro")
    member = await make_membership(
        tenant, "operator", account=await make_account(email=f"{unique('m')}@example.org")
    )
    row = {
        "organisation": code,
        "email": f"{unique('new')}@Example.org",
        "name": "Ada Prova",
        "desks": "Sportello; centro",
    }
    known = {"organisation": code, "email": member.account.email, "name": "Anna Rossi"}
    ready = await making.read(ente, "operators", making.csv_of("operators", [row, known]))
    assert (ready.creates, ready.updates, ready.errors) == (1, 1, 0)
    await making.applied(ente, ready.id)
    async with network_transaction() as scope:
        (invited,) = await scope.fetch("SELECT * FROM invitations WHERE tenant_id = $1", tenant.id)
        renamed = await scope.fetchval(
            "SELECT name FROM memberships WHERE id = $1", member.membership_id
        )
    assert (invited["email"], invited["role"]) == (row["email"].lower(), "operator")
    assert (invited["limited_to_desks"], invited["desk_ids"]) == (True, [desk.id])
    assert renamed == "Anna Rossi"
    async with relay_transaction() as relay:
        letters = await relay.fetch("SELECT args FROM outbox WHERE task = 'people.send_invitation'")
    assert [each["args"] for each in letters] == [{"invitation_id": str(invited["id"])}]
    again = await making.read(ente, "operators", making.csv_of("operators", [row, known]))
    assert (again.creates, again.updates, again.unchanged) == (0, 0, 2)
    # No name is kept in a log.
    assert await codes_of(tenant.id, "membership.renamed") == [
        {"member": str(member.membership_id), "fields": "name"}
    ]
    less = making.csv_of("operators", [row | {"desks": "", "role": "amministratore"}])
    await making.applied(ente, (await making.read(ente, "operators", less)).id)
    assert await codes_of(tenant.id, "invitation.changed") == [
        {"invitation": str(invited["id"]), "role": "admin", "fields": "role,desks"}
    ]


async def test_a_members_role_and_desks_are_the_organisations(ente: Member) -> None:
    tenant = await make_tenant("host")
    code = await making.give_codes(tenant)
    await make_desk(tenant, name="Centro")
    member = await make_membership(tenant, "operator")
    row = {
        "organisation": code,
        "email": member.account.email,
        "name": "Anna Prova",
        "role": "amministratore",
        "desks": "Centro",
    }
    ready = await making.read(ente, "operators", making.csv_of("operators", [row]))
    (refused,) = await making.rows(ente, ready.id, "error")
    assert refused.errors == [["role", "role_differs"], ["desks", "desks_differ"]]


async def test_an_invitation_that_ran_out_is_sent_anew(ente: Member) -> None:
    tenant = await make_tenant("host")
    code = await making.give_codes(tenant)
    row = {
        "organisation": code,
        "email": f"{unique('late')}@example.org",
        "name": "Ada Prova",
        "role": "visore",
    }
    row["role"] = "viewer"
    content = making.csv_of("operators", [row])
    await making.applied(ente, (await making.read(ente, "operators", content)).id)
    async with network_transaction() as scope:
        await scope.execute(
            "UPDATE invitations SET expires_at = $2 WHERE tenant_id = $1",
            tenant.id,
            scope.now - timedelta(days=1),
        )
    again = await making.read(ente, "operators", content)
    assert (again.creates, again.unchanged) == (1, 0)
    await making.applied(ente, again.id)
    async with network_transaction() as scope:
        states = await scope.fetch(
            "SELECT state FROM invitations WHERE tenant_id = $1 ORDER BY id", tenant.id
        )
    assert [row["state"] for row in states] == ["revoked", "open"]


def service(code: str, **values: str) -> dict[str, str]:
    return {
        "organisation": code,
        "kind": "enterprise_loan",
        "name": "Microcredito impresa",
        "regions": "Campania; Calabria",
        "max_amount_cents": "25.000,00",
        **values,
    }


async def test_a_changed_service_gets_a_version_from_today(ente: Member) -> None:
    tenant = await make_tenant("lender")
    code = await making.give_codes(tenant)
    today = clock.today()
    await apply_services(ente, service(code))
    async with tenant_transaction(tenant.id) as scope:
        await scope.execute(
            "UPDATE services_offered SET valid_from = $2 WHERE tenant_id = $1",
            tenant.id,
            date(2020, 1, 1),
        )
    await apply_services(ente, service(code, max_amount_cents="40000", name="MICROCREDITO impresa"))
    first, second = await versions(tenant.id)
    assert (first["valid_to"], second["valid_from"]) == (today - timedelta(days=1), today)
    assert first["service_id"] == second["service_id"]
    assert (first["max_amount_cents"], second["max_amount_cents"]) == (2_500_000, 4_000_000)
    assert (first["version"], second["name"]) == (2, "MICROCREDITO impresa")
    await apply_services(ente, service(code, name="MICROCREDITO impresa", max_amount_cents="50000"))
    assert [one["max_amount_cents"] for one in await versions(tenant.id)] == [2_500_000, 5_000_000]
    last = (today + timedelta(days=9)).isoformat()
    await apply_services(
        ente, service(code, name="MICROCREDITO impresa", max_amount_cents="50000", valid_to=last)
    )
    assert [one["valid_to"] for one in await versions(tenant.id)] == [
        today - timedelta(days=1),
        today + timedelta(days=9),
    ]
    assert await told(tenant.id) == [
        "service.added",
        "service.changed",
        "service.changed",
        "service.ended",
    ]


async def test_a_change_can_begin_later_but_not_earlier(ente: Member) -> None:
    tenant = await make_tenant("lender")
    code = await making.give_codes(tenant)
    await apply_services(ente, service(code))
    async with tenant_transaction(tenant.id) as scope:
        await scope.execute(
            "UPDATE services_offered SET valid_from = $2 WHERE tenant_id = $1",
            tenant.id,
            date(2020, 1, 1),
        )
    early = service(code, valid_from="2/1/2020", capacity="5")
    assert await errors_of(ente, "services", early) == [["valid_from", "past_change"]]
    later = clock.today() + timedelta(days=30)
    assert await errors_of(ente, "services", service(code, valid_from=later.isoformat())) == [
        ["valid_from", "nothing_changes"]
    ]
    await apply_services(ente, service(code, valid_from=later.isoformat(), capacity="5"))
    first, second = await versions(tenant.id)
    assert (first["valid_to"], second["valid_from"], second["capacity"]) == (
        later - timedelta(days=1),
        later,
        5,
    )
    assert await errors_of(ente, "services", service(code, capacity="7")) == [["name", "planned"]]


async def test_one_error_keeps_everything_from_being_applied(ente: Member) -> None:
    good = host()
    ready = await making.read(ente, "hosts", making.csv_of("hosts", [good, host(province="ZZ")]))
    assert (ready.state, ready.creates, ready.errors) == ("ready", 1, 1)
    with pytest.raises(CannotApply):
        await making.applied(ente, ready.id)
    assert await organisation(good["fiscal_code"]) is None


async def test_what_changed_since_the_preview_stops_everything(ente: Member) -> None:
    tenant = await make_tenant("host")
    code = await making.give_codes(tenant)
    new = host()
    update = {**HOST, "fiscal_code": code, "name": "Another name", "contact_name": ""}
    ready = await making.read(ente, "hosts", making.csv_of("hosts", [new, update]))
    assert (ready.creates, ready.updates, ready.errors) == (1, 1, 0)
    async with network_transaction() as scope:
        await scope.execute(
            "UPDATE tenants SET name = 'Changed meanwhile' WHERE id = $1", tenant.id
        )
    again = await making.applied(ente, ready.id)
    assert (again.state, again.failure, again.can_apply) == ("ready", "changed", True)
    assert await organisation(new["fiscal_code"]) is None
    (row,) = await making.rows(ente, ready.id, "update")
    assert ["name", "Changed meanwhile", "Another name"] in row.content["changes"]
    done = await making.applied(ente, ready.id)
    assert (done.state, done.failure) == ("done", None)
    assert await organisation(new["fiscal_code"]) is not None


async def test_a_failure_in_the_middle_leaves_nothing(
    ente: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last of many chunks fails: what the others wrote is undone, and the next attempt ends right."""
    monkeypatch.setattr(apply_import, "ROWS_AT_ONCE", 2)
    rows = [host() for _ in range(5)]
    ready = await making.read(ente, "hosts", making.csv_of("hosts", rows))
    real, calls = written.update_hosts, []

    async def failing(scope: NetworkScope, some: object) -> None:
        calls.append(some)
        if len(calls) == 8:
            raise RuntimeError("the worker dies here")
        await real(scope, some)  # type: ignore[arg-type]  # what the real one is given

    monkeypatch.setattr(written, "update_hosts", failing)
    async with tenant_transaction(ente.tenant.id) as scope:
        await apply_it(scope, ente.actor, ready.id)
    with pytest.raises(RuntimeError):
        await apply_import.apply_import(ente.tenant.id, ready.id)
    assert [await organisation(row["fiscal_code"]) for row in rows] == [None] * 5
    assert (await making.now(ente, ready.id)).state == "applying"
    await drain_now()
    assert (await making.now(ente, ready.id)).state == "done"
    assert None not in [await organisation(row["fiscal_code"]) for row in rows]


async def test_what_fails_again_and_again_says_so_and_can_be_tried_again(
    ente: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready = await making.read(ente, "hosts", making.csv_of("hosts", [host()]))

    async def broken(*_: object) -> None:
        raise RuntimeError("no way")

    async with tenant_transaction(ente.tenant.id) as scope:
        await apply_it(scope, ente.actor, ready.id)
    with monkeypatch.context() as patch:
        patch.setattr(apply_import, "_apply", broken)
        for _attempt in range(tasks.MOST_ATTEMPTS):
            await drain_now()
            async with relay_transaction() as relay:
                await relay.execute("UPDATE outbox SET due_at = created_at WHERE done_at IS NULL")
    failed = await making.now(ente, ready.id)
    assert (failed.state, failed.failure) == ("failed", "broken_off")
    async with tenant_transaction(ente.tenant.id) as scope:
        await read_again(scope, ente.actor, ready.id)
    await drain_now()
    assert (await making.applied(ente, ready.id)).state == "done"


async def test_reading_that_breaks_off_begins_anew(
    ente: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its rows of before are gone, its counts are right, and no process is left behind."""
    monkeypatch.setattr(reading, "ROWS_AT_ONCE", 2)
    import_id = await making.uploaded(
        ente, "hosts", making.csv_of("hosts", [host() for _ in "12345"])
    )
    real, calls = judging.judge, []

    async def breaking(*args: Any, **kwargs: Any) -> list[Judged]:
        calls.append(args)
        if len(calls) == 2:
            raise RuntimeError("the worker dies here")
        return await real(*args, **kwargs)

    monkeypatch.setattr(read_import, "judge", breaking)
    with pytest.raises(RuntimeError):
        await read_import.read_import(ente.tenant.id, import_id)
    half = await making.now(ente, import_id)
    assert (half.state, half.rows_done, half.rows_total, half.percent) == ("reading", 2, 5, 40)
    await drain_now()
    whole = await making.now(ente, import_id)
    assert (whole.state, whole.rows_done, whole.creates) == ("ready", 5, 5)
    assert len(await making.rows(ente, import_id, "create")) == 5


async def test_discarding_stops_whoever_reads(
    ente: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "ROWS_AT_ONCE", 1)
    import_id = await making.uploaded(ente, "hosts", making.csv_of("hosts", [host(), host()]))
    real = judging.judge

    async def meanwhile(*args: Any, **kwargs: Any) -> list[Judged]:
        judged = await real(*args, **kwargs)
        await asyncio.create_task(_discard(ente, import_id), context=Context())
        return judged

    monkeypatch.setattr(read_import, "judge", meanwhile)
    await read_import.read_import(ente.tenant.id, import_id)
    assert (await making.now(ente, import_id)).state == "discarded"
    assert await making.rows(ente, import_id, "create") == []


async def _discard(ente: Member, import_id: UUID) -> None:
    async with tenant_transaction(ente.tenant.id) as scope:
        await discard(scope, ente.actor, import_id)


async def test_two_imports_at_once_take_turns(ente: Member) -> None:
    row = host()
    content = making.csv_of("hosts", [row])
    first = await making.read(ente, "hosts", content)
    second = await making.read(ente, "hosts", content)
    async with tenant_transaction(ente.tenant.id) as scope:
        await apply_it(scope, ente.actor, first.id)
        await apply_it(scope, ente.actor, second.id)
    ends = await asyncio.gather(
        *(apply_import.apply_import(ente.tenant.id, one.id) for one in (first, second)),
        return_exceptions=True,
    )
    assert any(isinstance(end, apply_import.Waiting) for end in ends) or ends == [None, None]
    await drain_now()
    states = {(await making.now(ente, one.id)).state for one in (first, second)}
    # Whoever came second found its preview untrue: the host is there already.
    assert states == {"done", "ready"}
    async with network_transaction() as network:
        count = await network.fetchval(
            "SELECT count(*) FROM tenants WHERE fiscal_code = $1", row["fiscal_code"]
        )
    assert count == 1


async def test_a_host_that_somebody_enlists_at_this_moment_is_not_made_twice(
    ente: Member, db: Database
) -> None:
    rows = [host(), host()]
    ready = await making.read(ente, "hosts", making.csv_of("hosts", rows))
    assert (ready.creates, ready.errors) == (2, 0)
    async with tenant_transaction(ente.tenant.id) as scope:
        await apply_it(scope, ente.actor, ready.id)
    details = Details(name="Comune di Prova", fiscal_code=rows[0]["fiscal_code"])
    contact = Contact(name="Ada Prova", email="ada@example.org")
    async with network_transaction() as network:
        await enlist(network, ente.actor, uuid7(), ["host"], details, contact)
        # In a context of its own: this one has a scope already.
        applying = asyncio.create_task(
            apply_import.apply_import(ente.tenant.id, ready.id), context=Context()
        )
        await until_one_waits(db)
    await applying
    await drain_now()
    now = await making.now(ente, ready.id)
    assert (now.state, now.failure) == ("ready", "changed")
    async with network_transaction() as network:
        codes = [row["fiscal_code"] for row in rows]
        assert (
            await network.fetchval(
                "SELECT count(*) FROM tenants WHERE fiscal_code = ANY($1)", codes
            )
            == 1
        )


async def test_the_same_import_applied_twice_at_once_is_applied_once(ente: Member) -> None:
    row = host()
    ready = await making.read(ente, "hosts", making.csv_of("hosts", [row]))
    for _press in range(2):
        async with tenant_transaction(ente.tenant.id) as scope:
            await apply_it(scope, ente.actor, ready.id)
    await asyncio.gather(
        *(apply_import.apply_import(ente.tenant.id, ready.id) for _ in range(2)),
        return_exceptions=True,
    )
    await drain_now()
    assert (await making.now(ente, ready.id)).state == "done"
    async with network_transaction() as network:
        count = await network.fetchval(
            "SELECT count(*) FROM tenants WHERE fiscal_code = $1", row["fiscal_code"]
        )
    assert count == 1


async def test_stopping_what_is_being_applied_writes_nothing(
    ente: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = host()
    ready = await making.read(ente, "hosts", making.csv_of("hosts", [row]))
    async with tenant_transaction(ente.tenant.id) as scope:
        await apply_it(scope, ente.actor, ready.id)
    at_work, go_on = asyncio.Event(), asyncio.Event()
    real = written.tell

    async def slow(*args: object) -> None:
        at_work.set()
        await go_on.wait()
        await real(*args)  # type: ignore[arg-type]  # what the real one is given

    monkeypatch.setattr(written, "tell", slow)
    applying = asyncio.create_task(apply_import.apply_import(ente.tenant.id, ready.id))
    await at_work.wait()
    async with tenant_transaction(ente.tenant.id) as scope:
        await read_again(scope, ente.actor, ready.id)
    go_on.set()
    await applying
    assert await organisation(row["fiscal_code"]) is None
    assert (await making.now(ente, ready.id)).state == "reading"


async def test_progress_shows_before_anything_is_committed(
    ente: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apply_import, "ROWS_AT_ONCE", 1)
    monkeypatch.setattr(apply_import, "REPORT_SECONDS", 0.01)
    rows = [host(), host()]
    ready = await making.read(ente, "hosts", making.csv_of("hosts", rows))
    async with tenant_transaction(ente.tenant.id) as scope:
        await apply_it(scope, ente.actor, ready.id)
    told_of = asyncio.Event()
    real = queries.note_progress

    async def noted(*args: object) -> None:
        await real(*args)  # type: ignore[arg-type]  # what the real one is given
        told_of.set()

    real_finish = apply_import._finish

    async def waiting(*args: object) -> None:
        await asyncio.sleep(0.05)
        await told_of.wait()
        seen.append((await asyncio.create_task(_look(ente, ready.id), context=empty)).rows_done)
        await real_finish(*args)  # type: ignore[arg-type]  # what the real one is given

    seen: list[int] = []
    empty = Context()
    monkeypatch.setattr(queries, "note_progress", noted)
    monkeypatch.setattr(apply_import, "_finish", waiting)
    await apply_import.apply_import(ente.tenant.id, ready.id)
    assert seen[0] > 0
    assert (await making.now(ente, ready.id)).state == "done"


async def _look(ente: Member, import_id: UUID) -> Import:
    return await making.now(ente, import_id)


async def test_discarding_takes_rows_and_file_away(ente: Member) -> None:
    ready = await making.read(ente, "hosts", making.csv_of("hosts", [host()]))
    for _twice in range(2):
        async with tenant_transaction(ente.tenant.id) as scope:
            await discard(scope, ente.actor, ready.id)
    gone = await making.now(ente, ready.id)
    assert (gone.state, gone.file_id) == ("discarded", None)
    assert await making.rows(ente, ready.id, "create") == []
    async with tenant_transaction(ente.tenant.id) as scope:
        assert (
            await scope.fetchval("SELECT count(*) FROM files WHERE tenant_id = $1", ente.tenant.id)
            == 0
        )
    for verb in (apply_it, read_again):
        with pytest.raises(Conflict):
            async with tenant_transaction(ente.tenant.id) as scope:
                await verb(scope, ente.actor, ready.id)


async def test_what_is_done_cannot_be_taken_back(ente: Member) -> None:
    ready = await making.read(ente, "hosts", making.csv_of("hosts", [host()]))
    await making.applied(ente, ready.id)
    with pytest.raises(CannotStop):
        async with tenant_transaction(ente.tenant.id) as scope:
            await discard(scope, ente.actor, ready.id)


async def test_rows_and_files_go_after_thirty_days(ente: Member) -> None:
    ready = await making.read(ente, "hosts", making.csv_of("hosts", [host()]))
    await making.applied(ente, ready.id)
    await tasks.forget()
    assert await making.rows(ente, ready.id, "create") != []
    async with tenant_transaction(ente.tenant.id) as scope:
        await scope.execute(
            "UPDATE imports SET ended_at = $2 WHERE id = $1",
            ready.id,
            scope.now - timedelta(days=31),
        )
    await tasks.forget()
    left = await making.now(ente, ready.id)
    assert (left.state, left.file_id, left.creates) == ("done", None, 1)
    assert await making.rows(ente, ready.id, "create") == []


async def test_the_log_of_the_ente_says_who_applied_what(ente: Member) -> None:
    ready = await making.read(ente, "hosts", making.csv_of("hosts", [host()]))
    await making.applied(ente, ready.id)
    async with tenant_transaction(ente.tenant.id) as scope:
        entry = await scope.fetchrow(
            "SELECT * FROM audit_log WHERE tenant_id = $1 AND action = 'import.applied'",
            ente.tenant.id,
        )
    assert entry is not None
    assert (entry["subject_id"], entry["membership_id"]) == (ready.id, ente.membership_id)
    assert entry["codes"] == {"kind": "hosts", "created": 1, "updated": 0, "unchanged": 0}


async def test_another_entes_import_is_not_found(ente: Member, db: Database) -> None:
    ready = await making.read(ente, "hosts", making.csv_of("hosts", [host()]))
    other = await making.make_ente()
    for verb in (start.apply_it, start.read_again, start.discard):
        with pytest.raises(NotFound):
            async with tenant_transaction(other.tenant.id) as scope:
                await verb(scope, other.actor, ready.id)


async def apply_services(ente: Member, *rows: dict[str, str]) -> None:
    """Columns that no row has are not in the file."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    lines = [names, *([row.get(name, "") for name in names] for row in rows)]
    ready = await making.read(ente, "services", making.sheet(*lines))
    assert (ready.state, await making.rows(ente, ready.id, "error")) == ("ready", [])
    assert (await making.applied(ente, ready.id)).state == "done"


async def errors_of(ente: Member, kind: str, row: dict[str, str]) -> list[list[str]]:
    ready = await making.read(ente, kind, making.sheet(list(row), list(row.values())))
    (found,) = await making.rows(ente, ready.id, "error")
    return found.errors


async def versions(tenant_id: UUID) -> list[dict[str, object]]:
    async with tenant_transaction(tenant_id) as scope:
        rows = await scope.fetch(
            "SELECT * FROM services_offered WHERE tenant_id = $1 ORDER BY valid_from", tenant_id
        )
    return [dict(row) for row in rows]


async def codes_of(tenant_id: UUID, action: str) -> list[dict[str, str]]:
    """As the organisation's own log has them."""
    async with tenant_transaction(tenant_id) as scope:
        rows = await scope.fetch(
            "SELECT codes FROM audit_log WHERE action = $1 AND membership_id IS NOT NULL ORDER BY id",
            action,
        )
    return [row[0] for row in rows]


async def told(tenant_id: UUID) -> list[str]:
    async with tenant_transaction(tenant_id) as scope:
        rows = await scope.fetch(
            "SELECT action FROM audit_log WHERE tenant_id = $1 AND subject_kind = 'organisation' ORDER BY id",
            tenant_id,
        )
    return [row["action"] for row in rows]


async def organisation(fiscal_code: str) -> dict[str, object] | None:
    async with network_transaction() as scope:
        row = await scope.fetchrow(
            """
            SELECT t.*, s.state AS setup_state, s.contact_email,
              ARRAY(SELECT email FROM invitations WHERE tenant_id = t.id) AS invited
            FROM tenants t LEFT JOIN setups s ON s.tenant_id = t.id WHERE t.fiscal_code = $1
            """,
            fiscal_code,
        )
    return dict(row) if row else None
