"""From an admitted application to a set-up: once, whatever is run again, and nothing for who withdrew."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import msgspec
import pytest

from hub.db import NetworkScope, network_transaction, relay_transaction, tenant_transaction
from hub.ids import uuid7
from hub.outbox import Job
from hub.tenants.calls.applications.schemas import Application
from hub.tenants.calls.applications.withdraw_application import withdraw
from hub.tenants.calls.selection import each_ranked
from hub.tenants.onboarding import admission_tasks
from hub.tenants.onboarding.abandon import abandon
from hub.tenants.onboarding.admit import admit as admit_application
from hub.tenants.onboarding.queries import party_of
from hub.tenants.onboarding.schemas import POINTS, Party
from hub.tenants.protocols.issue import issue
from hub.worker import drain_now, load_tasks
from tests.factories import make_desk, make_membership, make_tenant
from tests.support.databases import Database
from tests.support.smtp_sink import SmtpSink
from tests.tenants.calls.making import fiscal_code, make_ente
from tests.tenants.calls.selection.making import give_all, make_commission
from tests.tenants.calls.selection.test_rank import approve, propose
from tests.tenants.onboarding.making import (
    admit,
    job,
    make_admitted,
    make_coming,
    organisation_of,
)


async def row_of(organisation_id: UUID) -> dict[str, object]:
    async with network_transaction() as scope:
        row = await scope.fetchrow("SELECT * FROM tenants WHERE id = $1", organisation_id)
    assert row is not None
    return dict(row)


async def count(sql: str, *args: object) -> int:
    async with network_transaction() as scope:
        found: int = await scope.fetchval(sql, *args)
    return found


async def desks_of(organisation_id: UUID) -> list[tuple[str, str]]:
    async with network_transaction() as scope:
        rows = await scope.fetch(
            "SELECT name, state FROM desks WHERE tenant_id = $1 ORDER BY id", organisation_id
        )
    return [(row[0], row[1]) for row in rows]


async def leave(application: Application) -> None:
    async with tenant_transaction(application.tenant_id) as scope:
        await withdraw(scope, application.id, "")


async def run_withdrawal(application: Application) -> None:
    await admission_tasks.withdrawn(
        job(application.tenant_id, "onboarding.withdrawn"), application_id=application.id
    )


async def test_an_admitted_application_becomes_an_organisation_that_is_set_up(db: Database) -> None:
    coming = await make_coming()
    stated = coming.application.content
    assert stated is not None
    row = await row_of(coming.organisation.id)
    assert (row["state"], row["host_kind"], row["name"], row["ipa_code"], row["email"]) == (
        "suspended",
        "municipality",
        stated.organisation.name,
        "c_f839",
        stated.contacts.email,
    )
    setup = await coming.setup()
    assert (setup.state, setup.kinds, setup.application_id) == (
        "running",
        ("host",),
        coming.application.id,
    )
    assert [point.code for point in setup.points] == [
        code for code in POINTS if code != "register_stated"
    ]
    assert await desks_of(coming.organisation.id) == [("Sportello", "setting_up")]
    # The contact is invited as administrator, which is the first point that is done.
    assert (
        await count(
            "SELECT count(*) FROM invitations WHERE tenant_id = $1 AND role = 'admin' AND email = $2",
            coming.organisation.id,
            stated.contacts.email,
        )
        == 1
    )
    assert (await coming.states())["administrator_invited"] == "done"
    assert setup.due_on == max(point.due_on for point in setup.points)


async def test_the_story_begins_with_the_admission(db: Database) -> None:
    coming = await make_coming()
    async with network_transaction() as scope:
        row = await scope.fetchrow(
            "SELECT codes FROM audit_log WHERE tenant_id = $1 AND action = 'organisation.admitted'",
            coming.organisation.id,
        )
    assert row is not None
    assert row["codes"] == {
        "protocol": coming.application.protocol,
        "call": str(coming.application.call_id),
        "desks": 1,
    }


async def test_run_again_it_changes_nothing(db: Database) -> None:
    coming = await make_coming()
    before = await row_of(coming.organisation.id)
    await admit(coming.application)
    await asyncio.gather(*(admit(coming.application) for _ in range(3)))
    assert await row_of(coming.organisation.id) == before
    assert (
        await count("SELECT count(*) FROM setups WHERE tenant_id = $1", coming.organisation.id) == 1
    )
    assert len(await desks_of(coming.organisation.id)) == 1


async def test_two_workers_at_once_make_one_organisation(db: Database) -> None:
    ente, _ = await make_ente()
    application = await make_admitted(ente)
    await asyncio.gather(*(admit(application) for _ in range(4)))
    assert application.content is not None
    assert (
        await count(
            "SELECT count(*) FROM tenants WHERE fiscal_code = $1",
            application.content.organisation.fiscal_code,
        )
        == 1
    )


STEPS = ("_organisation", "begin", "get_going", "setups.add_desks", "audit.record_for")


@pytest.mark.parametrize("step", STEPS)
async def test_killed_at_a_step_it_is_done_whole_the_next_time(
    db: Database, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    ente, _ = await make_ente()
    application = await make_admitted(ente)

    async def killed(*_args: object, **_kwargs: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(f"hub.tenants.onboarding.admit.{step}", killed)
        with pytest.raises(ZeroDivisionError):
            await admit(application)
    assert application.content is not None
    code = application.content.organisation.fiscal_code
    assert await count("SELECT count(*) FROM tenants WHERE fiscal_code = $1", code) == 0
    await admit(application)
    organisation = await organisation_of(application)
    assert await desks_of(organisation.id) == [("Sportello", "setting_up")]


async def test_a_withdrawal_while_the_organisation_is_made_undoes_it(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own task has run already, and found nothing to undo."""
    ente, _ = await make_ente()
    application = await make_admitted(ente)
    left: list[bool] = []

    @asynccontextmanager
    async def late() -> AsyncGenerator[NetworkScope]:
        if not left:
            left.append(True)
            await leave(application)
            await run_withdrawal(application)
        async with network_transaction() as scope:
            yield scope

    monkeypatch.setattr(admission_tasks, "network_transaction", late)
    await admit(application)
    await run_ordered("onboarding.withdrawn")
    organisation = await organisation_of(application)
    assert (await row_of(organisation.id))["state"] == "closed"
    assert await desks_of(organisation.id) == [("Sportello", "closed")]


async def test_withdrawn_before_nothing_is_made(db: Database) -> None:
    ente, _ = await make_ente()
    application = await make_admitted(ente)
    await leave(application)
    await admit(application)
    assert application.content is not None
    code = application.content.organisation.fiscal_code
    assert await count("SELECT count(*) FROM tenants WHERE fiscal_code = $1", code) == 0


async def test_withdrawn_after_the_set_up_is_abandoned(db: Database) -> None:
    coming = await make_coming()
    await run_ordered("onboarding.issue")
    await leave(coming.application)
    await run_ordered("onboarding.withdrawn")
    await run_ordered("onboarding.cancel_protocols")
    setup = await coming.setup()
    assert (setup.state, setup.ended_reason) == ("abandoned", "withdrawn")
    assert (await row_of(coming.organisation.id))["state"] == "closed"
    assert await desks_of(coming.organisation.id) == [("Sportello", "closed")]
    open_left = "SELECT count(*) FROM invitations WHERE tenant_id = $1 AND state = 'open'"
    assert await count(open_left, coming.organisation.id) == 0
    drawn = "SELECT count(*) FROM protocols WHERE organisation_id = $1"
    cancelled = f"{drawn} AND state = 'cancelled'"
    assert [await count(sql, coming.organisation.id) for sql in (drawn, cancelled)] == [1, 1]
    # Run again, and the admission too, nothing comes back.
    await run_withdrawal(coming.application)
    await admit(coming.application)
    assert (await coming.setup()).id == setup.id


async def test_the_protocol_is_drawn_up_once(db: Database) -> None:
    coming = await make_coming()
    for _ in range(2):
        await admission_tasks.issue_protocols(
            job(coming.ente.id, "onboarding.issue"), organisation_id=coming.organisation.id
        )
    drawn = "SELECT count(*) FROM protocols WHERE organisation_id = $1"
    assert await count(drawn, coming.organisation.id) == 1


async def test_an_active_host_gets_further_desks_and_goes_on(db: Database) -> None:
    host = await make_tenant("host")
    code = fiscal_code(uuid7().int % 10**10)
    async with network_transaction() as scope:
        await scope.execute("UPDATE tenants SET fiscal_code = $2 WHERE id = $1", host.id, code)
    await make_membership(host, "admin")
    ente, _ = await make_ente()
    await admit(await make_admitted(ente, code=code))
    row = await row_of(host.id)
    assert (row["state"], row["name"]) == ("active", host.name)
    assert await desks_of(host.id) == [("Sportello", "setting_up")]
    # It has its administrators: nobody is invited.
    assert await count("SELECT count(*) FROM invitations WHERE tenant_id = $1", host.id) == 0


async def test_an_active_host_that_withdraws_only_loses_the_new_desks(db: Database) -> None:
    host = await make_tenant("host")
    await make_desk(host, name="Aperto")
    code = fiscal_code(uuid7().int % 10**10)
    async with network_transaction() as scope:
        await scope.execute("UPDATE tenants SET fiscal_code = $2 WHERE id = $1", host.id, code)
    ente, _ = await make_ente()
    application = await make_admitted(ente, code=code)
    await admit(application)
    await leave(application)
    await run_withdrawal(application)
    assert (await row_of(host.id))["state"] == "active"
    assert sorted(await desks_of(host.id)) == [("Aperto", "active"), ("Sportello", "closed")]


async def test_one_that_is_waiting_is_taken_in(db: Database) -> None:
    waiting = await make_tenant("host", state="waiting")
    code = fiscal_code(uuid7().int % 10**10)
    async with network_transaction() as scope:
        await scope.execute("UPDATE tenants SET fiscal_code = $2 WHERE id = $1", waiting.id, code)
    ente, _ = await make_ente()
    await admit(await make_admitted(ente, code=code, name="Comune di Prova"))
    row = await row_of(waiting.id)
    assert (row["state"], row["name"]) == ("suspended", "Comune di Prova")


async def test_a_lender_with_that_code_becomes_a_host_too(db: Database) -> None:
    lender = await make_tenant("lender")
    code = fiscal_code(uuid7().int % 10**10)
    async with network_transaction() as scope:
        await scope.execute("UPDATE tenants SET fiscal_code = $2 WHERE id = $1", lender.id, code)
    ente, _ = await make_ente()
    await admit(await make_admitted(ente, code=code))
    assert (await row_of(lender.id))["kinds"] == ["host", "lender"]


@pytest.mark.parametrize(("code", "found"), [(None, True), ("00000000000", False)])
async def test_the_ipa_code_counts_only_where_no_fiscal_code_is_known(
    own_database: Database, code: str | None, found: bool
) -> None:
    waiting = await make_tenant("host", state="waiting")
    async with network_transaction() as scope:
        await scope.execute(
            "UPDATE tenants SET ipa_code = 'c_f839', fiscal_code = $2 WHERE id = $1",
            waiting.id,
            code,
        )
    ente, _ = await make_ente()
    application = await make_admitted(ente)
    await admit(application)
    assert ((await organisation_of(application)).id == waiting.id) is found


async def test_a_protocol_of_a_set_up_that_ends_meanwhile_is_cancelled(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    coming = await make_coming()
    real = issue
    drawn: list[UUID] = []

    async def noted(*args: Any, **kwargs: Any) -> UUID:
        drawn.append(await real(*args, **kwargs))
        return drawn[-1]

    async def ended(scope: NetworkScope, organisation_id: UUID) -> Party | None:
        if drawn:
            await abandon(scope, coming.admin.actor, organisation_id, reason="Rinuncia.")
        return await party_of(scope, organisation_id)

    monkeypatch.setattr(admission_tasks, "issue", noted)
    monkeypatch.setattr("hub.tenants.onboarding.queries.party_of", ended)
    await run_ordered("onboarding.issue")
    monkeypatch.undo()
    await run_ordered("onboarding.cancel_protocols")
    cancelled = "SELECT count(*) FROM protocols WHERE organisation_id = $1 AND state = 'cancelled'"
    assert len(drawn) == 1
    assert await count(cancelled, coming.organisation.id) == 1
    # One that is over gets none.
    await admission_tasks.issue_protocols(
        job(coming.ente.id, "onboarding.issue"), organisation_id=coming.organisation.id
    )
    every = "SELECT count(*) FROM protocols WHERE organisation_id = $1"
    assert await count(every, coming.organisation.id) == 1


async def test_two_calls_of_one_organisation_share_a_set_up(db: Database) -> None:
    """The second withdraws, and only its desks go."""
    ente, _ = await make_ente()
    code = fiscal_code(uuid7().int % 10**10)
    first, second = await make_admitted(ente, code=code), await make_admitted(ente, code=code)
    await admit(first)
    await admit(second)
    await admit(second)
    organisation = await organisation_of(first)
    assert sorted(await desks_of(organisation.id)) == [
        ("Sportello", "setting_up"),
        ("Sportello (Napoli)", "setting_up"),
    ]
    await leave(second)
    await run_withdrawal(second)
    assert sorted(await desks_of(organisation.id)) == [
        ("Sportello", "setting_up"),
        ("Sportello (Napoli)", "closed"),
    ]
    assert (await row_of(organisation.id))["state"] == "suspended"


async def test_no_two_desks_of_one_organisation_are_called_alike(db: Database) -> None:
    """People are limited to desks by their names in an import, and letters name them."""
    host = await make_tenant("host")
    await make_desk(host, name="SPORTELLO")
    code = fiscal_code(uuid7().int % 10**10)
    async with network_transaction() as scope:
        await scope.execute("UPDATE tenants SET fiscal_code = $2 WHERE id = $1", host.id, code)
    ente, _ = await make_ente()
    application = await make_admitted(ente, code=code)
    assert application.content is not None
    (desk,) = application.content.desks
    alike = msgspec.structs.replace(
        application.content, desks=(desk, desk, msgspec.structs.replace(desk, name="x" * 120)) * 2
    )
    async with network_transaction() as scope:
        await admit_application(scope, application, alike)
    names = [name for name, _state in await desks_of(host.id)]
    long = f"{'x' * 111} (Napoli)"
    assert sorted(names) == sorted(
        [
            "SPORTELLO",
            "Sportello (Napoli)",
            *(f"Sportello (Napoli {number})" for number in (2, 3, 4)),
            "x" * 120,
            long,
        ]
    )


async def test_the_name_of_a_desk_that_never_opened_is_free(db: Database) -> None:
    ente, _ = await make_ente()
    code = fiscal_code(uuid7().int % 10**10)
    first, second = await make_admitted(ente, code=code), await make_admitted(ente, code=code)
    await admit(first)
    await leave(first)
    await run_withdrawal(first)
    await admit(second)
    host = await organisation_of(second)
    assert sorted(await desks_of(host.id)) == [
        ("Sportello", "closed"),
        ("Sportello", "setting_up"),
    ]


async def test_a_ranking_brings_its_admitted_on_board_and_who_moves_up_later(
    db: Database, relay: SmtpSink
) -> None:
    commission, made = await make_commission(2, applications=3, places=1)
    await give_all(commission, {one.id: [(20, 10), (20, 10)] for one in made})
    await approve(commission, await propose(commission))
    await drain_now()
    coming = "SELECT count(*) FROM setups WHERE application_id = $1 AND state = 'running'"
    assert [await count(coming, one.id) for one in made] == [1, 0, 0]
    await leave(made[0])
    await drain_now()
    assert [await count(coming, one.id) for one in made] == [0, 1, 0]


async def test_admissions_are_ordered_in_parts(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(each_ranked, "CHUNK", 1)
    commission, made = await make_commission(2, applications=3, places=3)
    await give_all(commission, {one.id: [(20, 10), (20, 10)] for one in made})
    ranking_id = await propose(commission)
    await approve(commission, ranking_id)
    whole = job(commission.ente.id, "onboarding.admit_all")
    for _ in range(2):
        await admission_tasks.admit_all(whole, ranking_id=ranking_id, behind=UUID(int=0))
    for _ in range(4):
        await run_ordered("onboarding.admit_all")
    async with relay_transaction() as scope:
        rows = await scope.fetch("SELECT args FROM outbox WHERE task = 'onboarding.admit'")
    assert {row["args"]["application_id"] for row in rows} == {str(one.id) for one in made}


async def run_ordered(task: str) -> None:
    """Every row of this task, as often as it is asked for."""
    async with relay_transaction() as scope:
        rows = await scope.fetch(
            "SELECT id, tenant_id, args FROM outbox WHERE task = $1 AND done_at IS NULL", task
        )
    for row in rows:
        ids = {name: UUID(value) for name, value in row["args"].items()}
        found = load_tasks()[task]
        await found.run(Job(row["id"], row["tenant_id"], task, row["args"], 1), **ids)
        async with relay_transaction() as scope:
            await scope.execute("UPDATE outbox SET done_at = created_at WHERE id = $1", row["id"])
