"""Hours are said in the organisation's own time zone, in its letters and on its pages; days stay those of Italy."""

from __future__ import annotations

from datetime import datetime, timedelta

import httpx
import pytest

from hub import audit, clock
from hub.db import tenant_transaction
from hub.web.formats import format_datetime
from hub.worker import drain_now
from tests.factories import Member, make_case, make_membership
from tests.support.smtp_sink import SmtpSink
from tests.tenants.people.making import PEOPLE, make_invitation
from tests.tenants.people.test_change import as_it_is

ATHENS = "Europe/Athens"


@pytest.fixture(autouse=True)
async def _in_athens(admin: Member) -> None:
    async with tenant_transaction(admin.tenant.id) as scope:
        await scope.execute(
            "UPDATE tenants SET time_zone = $2 WHERE id = $1", admin.tenant.id, ATHENS
        )


def says_it_there(text: str, moment: datetime) -> bool:
    return format_datetime(moment, zone=ATHENS) in text and format_datetime(moment) not in text


async def test_until_when_an_invitation_is_good(admin: Member, relay: SmtpSink) -> None:
    invitation = await make_invitation(admin)
    await drain_now()
    (letter,) = [one for one in relay.messages if one.recipients == (invitation.email,)]
    assert says_it_there(letter.text(), invitation.expires_at)


async def test_until_when_support_is_in(desk: httpx.AsyncClient, admin: Member) -> None:
    support = await make_membership(admin.tenant, "admin")
    until = clock.now() + timedelta(hours=5)
    await as_it_is(support, support=True, expires_at=until)
    for path in (PEOPLE, f"{PEOPLE}/support", f"{PEOPLE}/{support.membership_id}"):
        assert says_it_there((await desk.get(path)).text, until), path


async def test_when_something_was_done(desk: httpx.AsyncClient, admin: Member) -> None:
    case = await make_case(admin)
    async with tenant_transaction(admin.tenant.id) as scope:
        await audit.record(scope, admin.actor, "case.opened", "case", case.id)
        opened_at = await scope.fetchval("SELECT opened_at FROM cases WHERE id = $1", case.id)
        logged_at = await scope.fetchval("SELECT at FROM audit_log WHERE subject_id = $1", case.id)
    assert says_it_there((await desk.get(f"/cases/{case.id}")).text, opened_at)
    assert says_it_there((await desk.get("/organisation/log")).text, logged_at)
