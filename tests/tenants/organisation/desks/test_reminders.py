"""Twice a year somebody looks whether a desk's entry still holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from hub import clock, mail
from hub.config import Settings
from hub.db import TenantScope, network_transaction, relay_transaction, tenant_transaction
from hub.tenants.organisation.desks import tasks, verification
from hub.tenants.organisation.desks.remind import VERIFIED_FOR, order_reminders, verified_before
from hub.tenants.organisation.desks.tasks import remind
from hub.worker import drain_now
from tests.factories import Tenant, make_desk, make_membership, make_tenant
from tests.support.databases import Database
from tests.support.smtp_sink import SmtpSink
from tests.tenants.organisation.making import set_desk, set_tenant

DAY = timedelta(days=1)


async def ordered(host: Tenant, after: timedelta = timedelta()) -> list[tuple[str, dict[str, str]]]:
    """What is ordered if the minute's housekeeping runs that long from now."""
    async with relay_transaction() as scope:
        await scope.execute("DELETE FROM outbox")
    with clock.moved(after):
        async with tenant_transaction(host.id) as scope:
            await order_reminders(scope)
    async with relay_transaction() as scope:
        rows = await scope.fetch("SELECT task, args FROM outbox ORDER BY id")
    return [(row["task"], row["args"]) for row in rows]


async def test_twice_a_year_and_once_each(db: Database) -> None:
    host = await make_tenant("host")
    admin = await make_membership(host, "admin")
    await make_membership(host, "operator")
    desk = await make_desk(host)
    await set_desk(desk, verified_on=clock.today())
    letter = [("desks.remind_verification", {"membership_id": str(admin.membership_id)})]

    assert await ordered(host, 180 * DAY) == []
    assert await ordered(host, 181 * DAY) == letter
    assert await ordered(host, 181 * DAY) == []
    assert await ordered(host, 300 * DAY) == []
    assert await ordered(host, 362 * DAY) == letter


async def test_a_desk_that_was_never_verified_counts_from_its_opening(db: Database) -> None:
    host = await make_tenant("host")
    await make_membership(host, "admin")
    desk = await make_desk(host)
    assert await ordered(host) == []
    await set_desk(desk, opened_on=clock.today() - VERIFIED_FOR - DAY)
    assert len(await ordered(host)) == 1


@pytest.mark.parametrize("state", ["setting_up", "closed"])
async def test_only_active_desks(db: Database, state: str) -> None:
    host = await make_tenant("host")
    await make_membership(host, "admin")
    await set_desk(await make_desk(host, state=state), verified_on=clock.today() - 400 * DAY)
    assert await ordered(host) == []


@pytest.fixture
def mailed(smtp_sink: SmtpSink, settings: Settings) -> SmtpSink:
    mail.use_relay(replace(settings, smtp_url=smtp_sink.url))
    return smtp_sink


async def test_the_letter_names_the_desks(db: Database, mailed: SmtpSink) -> None:
    host = await make_tenant("host")
    admin = await make_membership(host, "admin")
    for number in range(12):
        desk = await make_desk(host, name=f"Desk {number:02}")
        await set_desk(desk, verified_on=clock.today() - 200 * DAY)
    await remind()
    await remind()
    await drain_now()
    (letter,) = mailed.sent_to(admin.account.email)
    assert "12 sportelli" in letter.message["Subject"]
    text = letter.text()
    assert "Desk 09" in text
    assert "Desk 10" not in text
    assert "E altri 2." in text
    assert "/organisation/desks" in text


async def test_an_admin_of_some_desks_reads_of_those_alone(db: Database, mailed: SmtpSink) -> None:
    host = await make_tenant("host")
    own, other = await make_desk(host), await make_desk(host)
    for desk in (own, other):
        await set_desk(desk, verified_on=clock.today() - 200 * DAY)
    limited = await make_membership(host, "admin", desks=(own,))
    await remind()
    await drain_now()
    (letter,) = mailed.sent_to(limited.account.email)
    assert own.name in letter.text()
    assert other.name not in letter.text()


async def test_what_is_verified_before_the_letter_is_written_needs_none(
    db: Database, mailed: SmtpSink
) -> None:
    host = await make_tenant("host")
    admin = await make_membership(host, "admin")
    desk = await make_desk(host)
    await set_desk(desk, verified_on=clock.today() - 200 * DAY)
    await remind()
    await set_desk(desk, verified_on=clock.today())
    await drain_now()
    assert mailed.sent_to(admin.account.email) == []


async def test_without_an_admin_the_office_is_asked_in_its_own_language(
    db: Database, mailed: SmtpSink
) -> None:
    host = await make_tenant("host")
    await set_tenant(host, locale="en", email=f"office-{host.id}@example.org")
    desk = await make_desk(host)
    await set_desk(desk, verified_on=clock.today() - 200 * DAY)
    await remind()
    await drain_now()
    (letter,) = mailed.sent_to(f"office-{host.id}@example.org")
    assert letter.message["Subject"] == "Is the entry of your desk still right?"
    assert desk.name in letter.text()


async def test_what_is_wrong_with_one_host_does_not_hold_up_the_others(
    db: Database,
    mailed: SmtpSink,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    hosts = [await make_tenant("host") for _ in range(2)]
    # In the order in which their turn comes.
    ill, well = sorted(hosts, key=lambda host: host.id)
    admin = await make_membership(well, "admin")
    for host in hosts:
        await set_desk(await make_desk(host), verified_on=clock.today() - 200 * DAY)

    async def order(scope: TenantScope) -> None:
        if scope.tenant_id == ill.id:
            raise RuntimeError("Mario Rossi")
        await order_reminders(scope)

    monkeypatch.setattr(tasks, "order_reminders", order)
    await remind()
    await drain_now()
    assert len(mailed.sent_to(admin.account.email)) == 1
    assert str(ill.id) in caplog.text
    assert "Mario" not in caplog.text


async def test_who_is_asked_across_the_network(own_database: Database) -> None:
    """Neither the sandbox nor a suspended host nor one that verified lately."""
    due, sandbox, suspended, fresh = [await make_tenant("host") for _ in range(4)]
    for host in (due, sandbox, suspended, fresh):
        desk = await make_desk(host)
        days = 10 if host is fresh else 200
        await set_desk(desk, verified_on=clock.today() - days * DAY)
    async with network_transaction() as scope:
        await scope.execute("UPDATE tenants SET sandbox = true WHERE id = $1", sandbox.id)
        await scope.execute("UPDATE tenants SET state = 'suspended' WHERE id = $1", suspended.id)
        found = await verification.tenants_to_remind(
            scope, verified_before(scope), scope.now - VERIFIED_FOR
        )
    assert found == [due.id]
