"""Who is told that a set-up has ended: each once, also whoever no longer belongs to the organisation by it."""

from __future__ import annotations

import pytest

from hub.db import network_transaction
from hub.tenants.onboarding.abandon import WITHDRAWN, abandon
from hub.worker import drain_now
from tests.factories import Member, make_account, make_membership
from tests.support.databases import Database
from tests.support.smtp_sink import SmtpSink
from tests.tenants.onboarding.conftest import Browse
from tests.tenants.onboarding.making import Coming, fulfil, make_coming
from tests.tenants.onboarding.test_admission import row_of, run_ordered
from tests.tenants.onboarding.test_coming_kinds import become_lender
from tests.tenants.onboarding.test_deciding import activate_it

NO_ACCESS = "Nessuno ha più accesso all’organizzazione."


@pytest.fixture
async def coming(db: Database, relay: SmtpSink) -> Coming:
    made = await make_coming()
    await drain_now()
    relay.messages.clear()
    return made


async def ended(coming: Coming, relay: SmtpSink, reason: str = "Rinuncia.") -> dict[str, str]:
    """By the Ente, or because its application was withdrawn: what each reader was written."""
    actor = None if reason == WITHDRAWN else coming.admin.actor
    async with network_transaction() as scope:
        await abandon(scope, actor, coming.organisation.id, reason=reason)
    await run_ordered("onboarding.mail_abandoned")
    for letter in relay.messages:
        assert "avvio" in letter.message["subject"]
    addresses = [address for letter in relay.messages for address in letter.recipients]
    assert len(addresses) == len(set(addresses))
    return {letter.recipients[0]: letter.text() for letter in relay.messages}


async def leave(member: Member) -> None:
    async with network_transaction() as scope:
        await scope.execute(
            "UPDATE memberships SET state = 'ended', ended_at = created_at WHERE id = $1",
            member.membership_id,
        )


async def test_administrators_are_told_though_they_are_none_any_more(
    coming: Coming, relay: SmtpSink
) -> None:
    first, second, gone = [await make_membership(coming.organisation, "admin") for _ in range(3)]
    await leave(gone)
    operator = await make_membership(coming.organisation, "operator")
    contact = (await coming.setup()).contact_email
    letters = await ended(coming, relay)
    assert (await row_of(coming.organisation.id))["state"] == "closed"
    assert set(letters) == {contact, first.account.email, second.account.email}
    assert operator.account.email not in letters
    for text in letters.values():
        assert "Rinuncia." in text
        assert NO_ACCESS in text


async def test_a_contact_who_has_come_in_is_told_once(coming: Coming, relay: SmtpSink) -> None:
    contact = (await coming.setup()).contact_email
    account = await make_account(email=contact)
    await make_membership(coming.organisation, "admin", account=account)
    other = await make_membership(coming.organisation, "admin")
    assert set(await ended(coming, relay)) == {contact, other.account.email}


async def test_where_the_application_was_withdrawn_the_administrators_are_told(
    coming: Coming, relay: SmtpSink
) -> None:
    admin = await make_membership(coming.organisation, "admin")
    letters = await ended(coming, relay, WITHDRAWN)
    assert set(letters) == {admin.account.email}
    assert "La candidatura dell’organizzazione è stata ritirata" in letters[admin.account.email]
    assert WITHDRAWN not in letters[admin.account.email]


async def test_a_persons_own_word_is_no_withdrawal(
    coming: Coming, relay: SmtpSink, browse: Browse
) -> None:
    contact = (await coming.setup()).contact_email
    async with network_transaction() as scope:
        await abandon(scope, coming.admin.actor, coming.organisation.id, reason=WITHDRAWN)
    await run_ordered("onboarding.mail_abandoned")
    letters = {letter.recipients[0]: letter.text() for letter in relay.messages}
    assert set(letters) == {contact}
    assert WITHDRAWN in letters[contact]
    page = await (await browse(coming.admin)).get(
        f"/network/organisations/{coming.organisation.id}"
    )
    assert f"Motivo: {WITHDRAWN}" in page.text
    assert "La candidatura è stata ritirata." not in page.text


async def test_an_organisation_at_work_goes_on(
    coming: Coming, relay: SmtpSink, db: Database
) -> None:
    await fulfil(coming, db)
    await activate_it(coming)
    await become_lender(coming)
    await drain_now()
    relay.messages.clear()
    letters = await ended(coming, relay)
    assert letters
    for text in letters.values():
        assert "Rinuncia." in text
        assert NO_ACCESS not in text
