"""The first letter of all: who invites an organisation's first administrator, and what comes next."""

from __future__ import annotations

import httpx

from hub.db import network_transaction
from hub.tenants.onboarding.abandon import abandon
from hub.tenants.people.from_ente import letter_of, origin_of
from hub.tenants.people.queries import invitation as invitation_by_id
from hub.tenants.people.schemas import Invitation
from hub.web.formats import format_date
from hub.web.i18n import gettext as _
from hub.worker import drain_now
from tests.factories import Member
from tests.support.databases import Database
from tests.support.smtp_sink import SmtpSink
from tests.tenants.onboarding.making import Coming, make_coming, sign
from tests.tenants.people.making import address_of, make_invitation


async def invitation_to(coming: Coming) -> Invitation:
    async with network_transaction() as scope:
        found = await scope.fetchval(
            "SELECT id FROM invitations WHERE tenant_id = $1", coming.organisation.id
        )
        invitation = await invitation_by_id(scope, found)
    assert invitation is not None
    return invitation


async def letter_to(coming: Coming) -> list[str]:
    invitation = await invitation_to(coming)
    async with network_transaction() as scope:
        origin = await origin_of(scope, invitation)
    assert origin is not None
    return letter_of(origin, invitation, coming.organisation.name)


async def test_an_admitted_organisation_is_told_who_admits_it_and_what_comes_next(
    db: Database, relay: SmtpSink, client: httpx.AsyncClient
) -> None:
    coming = await make_coming()
    await drain_now()
    invitation = await invitation_to(coming)
    subject = _("Invitation to MICRO-WORK for %(organisation)s", organisation="")
    (letter,) = [
        one
        for one in relay.messages
        if one.recipients == (invitation.email,) and subject in str(one.message["Subject"])
    ]
    text = " ".join(letter.text().split())
    setup = await coming.setup()
    assert f"{coming.ente.name} la accoglie in MICRO-WORK" in text
    assert f"{coming.organisation.name}” collabora" not in text
    assert "L’accordo con l’Ente arriva con un’altra e-mail" in text
    for day in (setup.due_on, setup.points[0].due_on):
        assert _("by %(day)s", day=format_date(day, "long")) in text
    page = (await client.get(address_of(invitation))).text
    assert f"Invito a «{coming.organisation.name}»" in page
    assert f"{coming.ente.name} ti invita" in page


async def test_what_is_signed_is_asked_for_no_more(db: Database) -> None:
    coming = await make_coming()
    assert len(await letter_to(coming)) == 3
    await sign(coming)
    await coming.refresh()
    assert len(await letter_to(coming)) == 2


async def test_one_without_a_call_is_invited_to_join(db: Database) -> None:
    coming = await make_coming()
    async with network_transaction() as scope:
        await scope.execute(
            "UPDATE setups SET application_id = NULL WHERE tenant_id = $1", coming.organisation.id
        )
    first = (await letter_to(coming))[0]
    assert first.startswith(f"{coming.ente.name} invita «{coming.organisation.name}» a far parte")


async def test_without_a_set_up_under_way_no_days_are_promised(db: Database) -> None:
    coming = await make_coming()
    setup = await coming.setup()
    async with network_transaction() as scope:
        await abandon(
            scope, coming.admin.actor, coming.organisation.id, reason="No.", setup_id=setup.id
        )
    (only,) = await letter_to(coming)
    assert only.startswith(f"{coming.ente.name}, che guida MICRO-WORK")


async def test_a_colleagues_invitation_is_the_organisations_own(admin: Member) -> None:
    invitation = await make_invitation(admin)
    async with network_transaction() as scope:
        assert await origin_of(scope, invitation) is None
