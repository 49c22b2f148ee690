"""Drawing up: numbers without gaps, one unfinished at a time, and the story in two logs."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from hub import clock
from hub.db import network_transaction, tenant_transaction
from hub.ids import uuid7
from hub.outbox import Job
from hub.tenants.protocols import queries
from hub.tenants.protocols.issue import issue
from hub.tenants.protocols.tasks import tell_organisation
from hub.tenants.protocols.templates import current_template
from hub.worker import drain_now
from tests.factories import make_tenant
from tests.support.databases import Database
from tests.support.smtp_sink import SmtpSink
from tests.tenants.protocols.making import Between, make_between


async def numbers(between: Between) -> list[tuple[int, int]]:
    async with tenant_transaction(between.ente.id) as scope:
        rows = await scope.fetch(
            "SELECT year, serial FROM protocols WHERE tenant_id = $1 ORDER BY year, serial",
            scope.tenant_id,
        )
    return [(row["year"], row["serial"]) for row in rows]


async def test_numbers_have_no_gaps_also_where_many_are_drawn_up_at_once(between: Between) -> None:
    others = [await make_tenant("host", state="suspended") for _ in range(8)]
    await asyncio.gather(*(between.issued(organisation_id=one.id, name=one.name) for one in others))
    year = clock.today().year
    assert await numbers(between) == [(year, serial) for serial in range(1, 9)]


async def test_a_number_that_was_not_kept_is_given_again(between: Between) -> None:
    async def undone() -> None:
        async with tenant_transaction(between.ente.id) as scope:
            await issue(scope, between.party(), "host", actor=between.admin.actor)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await undone()
    await between.issued()
    assert [serial for _year, serial in await numbers(between)] == [1]


async def test_a_new_year_in_rome_begins_with_one(between: Between) -> None:
    await between.issued("host")
    year = clock.today().year
    eve = datetime(year, 12, 31, 23, 30, tzinfo=UTC)
    with clock.moved(eve - clock.now()):
        await between.issued("tutor")
    assert await numbers(between) == [(year, 1), (year + 1, 1)]


async def test_each_ente_has_its_own_numbers(between: Between, db: Database) -> None:
    another = await make_between()
    await between.issued()
    await another.issued()
    assert len(await numbers(between)) == len(await numbers(another)) == 1


async def test_one_that_is_not_finished_is_not_doubled(between: Between) -> None:
    first, second = await asyncio.gather(between.issued(), between.issued())
    assert first == second
    assert await between.issued("tutor") != first
    assert len(await numbers(between)) == 2


async def test_after_it_is_signed_another_can_be_drawn_up(between: Between) -> None:
    signed = await between.signed()
    assert await between.issued() != signed


async def test_the_first_version_of_a_template_is_made_once(between: Between) -> None:
    async def current() -> object:
        async with tenant_transaction(between.ente.id) as scope:
            return (await current_template(scope, "tutor")).id

    assert len(set(await asyncio.gather(*(current() for _ in range(5))))) == 1


async def test_an_unknown_kind_is_a_mistake_of_ours(between: Between) -> None:
    with pytest.raises(KeyError):
        await between.issued("coordinator")


async def test_what_it_was_filled_with_is_kept(between: Between) -> None:
    protocol = await between.found(await between.issued(desks=("Uno",), locale="en"))
    assert protocol.content.organisation == between.organisation.name
    assert protocol.content.ente == between.ente.name
    assert protocol.content.desks == ("Uno",)
    assert protocol.content.issued_on == clock.today()
    assert protocol.state == "preparing"


async def test_the_organisation_sees_its_own_by_the_network_role(between: Between) -> None:
    first, second = await between.signed(), await between.issued("tutor")
    async with network_transaction() as network:
        found = await queries.protocols_of(network, between.organisation.id)
    assert [(one.id, one.kind, one.state) for one in found] == [
        (second, "tutor", "preparing"),
        (first, "host", "signed"),
    ]
    assert found[1].tenant_id == between.ente.id
    assert found[1].standing(clock.today()) == "signed"
    assert found[1].standing(clock.today() + timedelta(days=4 * 366)) == "expired"


async def test_the_story_is_told_in_both_logs_each_once(between: Between, relay: SmtpSink) -> None:
    protocol_id = await between.signed()
    await drain_now()

    assert await between.story() == ["issued", "sent", "uploaded", "signed"]
    async with tenant_transaction(between.ente.id) as scope:
        rows = await scope.fetch(
            "SELECT action, codes FROM audit_log WHERE subject_id = $1 ORDER BY id", protocol_id
        )
    assert [row["action"].partition(".")[2] for row in rows] == await between.story()
    assert {row["codes"]["protocol"] for row in rows} == {str(protocol_id)}


async def test_telling_twice_tells_once(between: Between) -> None:
    await between.issued()
    async with tenant_transaction(between.ente.id) as scope:
        entry_id = await scope.fetchval(
            "SELECT id FROM audit_log WHERE action = 'protocol.issued' AND tenant_id = $1",
            scope.tenant_id,
        )
    job = Job(uuid7(), between.ente.id, "protocols.tell", {}, 1)
    for _ in range(2):
        await tell_organisation(job, entry_id=entry_id, organisation_id=between.organisation.id)
    assert await between.story() == ["issued"]


async def test_an_entry_that_is_not_the_entes_is_not_told(between: Between) -> None:
    with pytest.raises(LookupError):
        await tell_organisation(
            between.job(), entry_id=uuid7(), organisation_id=between.organisation.id
        )
