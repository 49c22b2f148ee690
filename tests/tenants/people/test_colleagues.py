"""A letter to a colleague: in the colleague's language, and none to whoever has left."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hub import clock, mail
from hub.db import network_transaction
from hub.ids import uuid7
from hub.outbox import Job
from hub.tenants.people.colleagues import Letter, write_colleague
from hub.web.i18n import gettext as _
from tests.factories import Member, make_membership, make_tenant
from tests.support.databases import Database
from tests.support.smtp_sink import SmtpSink


@pytest.fixture
async def colleague(db: Database) -> Member:
    return await make_membership(await make_tenant("host"), "admin")


def letter() -> Letter:
    return _("To the desk"), [_("To your desks")], (_("To its desks"), "/organisation/desks")


async def written(colleague: Member, relay: SmtpSink) -> list[tuple[str, str]]:
    job = Job(uuid7(), colleague.tenant.id, "test.write", {}, 1)
    await write_colleague(job, colleague.membership_id, letter)
    sent = relay.sent_to(colleague.account.email)
    return [(str(one.message["subject"]), one.text()) for one in sent]


@pytest.mark.parametrize(
    ("locale", "words"),
    [
        ("it", ("Vai allo sportello", "Vai agli sportelli", "Vai ai suoi sportelli")),
        ("en", ("To the desk", "To your desks", "To its desks")),
    ],
)
async def test_it_is_in_the_colleague_s_language_and_leads_into_the_hub(
    colleague: Member, relay: SmtpSink, locale: str, words: tuple[str, str, str]
) -> None:
    async with network_transaction() as scope:
        await scope.execute(
            "UPDATE accounts SET locale = $2 WHERE id = $1", colleague.account_id, locale
        )
    ((subject, text),) = await written(colleague, relay)
    assert subject == words[0]
    assert words[1] in text
    assert f"{words[2]}:\r\n{mail.base_url()}/organisation/desks" in text


@pytest.mark.parametrize(
    "left",
    [
        "UPDATE memberships SET state = 'ended', ended_at = $2 WHERE id = $1",
        "UPDATE memberships SET expires_at = $2 WHERE id = $1",
    ],
)
async def test_whoever_has_left_gets_none(colleague: Member, relay: SmtpSink, left: str) -> None:
    assert len(await written(colleague, relay)) == 1
    relay.messages.clear()
    async with network_transaction() as scope:
        await scope.execute(left, colleague.membership_id, clock.now() - timedelta(minutes=1))
    assert await written(colleague, relay) == []
