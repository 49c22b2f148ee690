"""Logs that read as stories: of support that was let in, and of a lender that came on board."""

from __future__ import annotations

from uuid import UUID, uuid4

import httpx

from hub import clock
from hub.db import network_transaction, tenant_transaction
from hub.ids import uuid7
from hub.tenants.accounts.sessions import COOKIE as SESSION_COOKIE
from hub.tenants.onboarding.activate import activate
from hub.tenants.onboarding.queries import setup_of
from hub.tenants.onboarding.refresh import refresh
from hub.tenants.protocols.receive import receive
from hub.tenants.protocols.schemas import SignedFile
from hub.tenants.services import service
from hub.tenants.services.schemas import Stated
from hub.uploads import P7M
from hub.worker import drain_now
from tests.factories import Account, Member, Tenant, make_account, make_membership, make_tenant
from tests.support import papers
from tests.support.databases import Database
from tests.support.smtp_sink import SmtpSink
from tests.tenants.calls.making import fiscal_code, make_ente
from tests.tenants.network.conftest import Browse
from tests.tenants.network.logs import said, told_in
from tests.tenants.people.making import (
    PEOPLE,
    accept_as_new,
    address_of,
    code_for,
    make_invitation,
    memberships,
    new_address,
    post,
    stored,
)
from tests.tenants.protocols.making import Between

LOG = "/organisation/log"
LOAN = Stated(
    kind="enterprise_loan",
    name="Microcredito",
    regions=("15",),
    min_amount_cents=500_000,
    max_amount_cents=2_500_000,
    answer_days=10,
)


async def test_support_is_told_from_the_invitation_to_its_end(
    db: Database, browse: Browse, relay: SmtpSink
) -> None:
    admin = await make_membership(await make_tenant("host"), "admin")
    ente = await make_tenant("coordinator")
    helper = await make_membership(ente, "admin", account=await make_account(name="Elena Ente"))
    owner = await browse(admin)
    asked = await post(owner, f"{PEOPLE}/support", email=helper.account.email, hours="4")
    assert asked.status_code == 303, asked.text

    guest = await browse(helper)
    async with tenant_transaction(admin.tenant.id) as scope:
        invitation_id = await scope.fetchval("SELECT id FROM invitations WHERE state = 'open'")
    link = address_of(await stored(invitation_id))
    assert (await post(guest, f"{link}/join")).status_code == 303
    day = clock.add_working_days(clock.today(), 20)
    closed = await post(guest, "/organisation/closing-days", day=day.isoformat(), label="Ponte")
    assert closed.status_code == 303, closed.text
    (joined,) = await memberships(admin.tenant, helper.account.email)
    assert (await post(owner, f"{PEOPLE}/support/{joined['id']}/end")).status_code == 303

    text = (await owner.get(LOG)).text
    support = "Elena Ente, assistenza"
    assert list(reversed(told_in(text))) == [
        ("Invito all’assistenza per un tempo limitato: Elena Ente", "Anna Prova"),
        ("Accesso dell’assistenza", support),
        ("Giorno di chiusura aggiunto", support),
        ("Assistenza conclusa: Elena Ente", "Anna Prova"),
    ]
    # No address stands in a log.
    assert helper.account.email not in text


async def test_a_lender_reads_how_it_came_on_board(
    db: Database, browse: Browse, client: httpx.AsyncClient, relay: SmtpSink
) -> None:
    ente, ente_admin = await make_ente()
    email = new_address()
    lender = await enlisted(await browse(ente_admin), email)
    head = await accepted(lender, email, "admin", client, relay)
    await sign_agreement(ente, ente_admin, lender)
    async with tenant_transaction(lender.id) as scope:
        await service.add(scope, head.actor, LOAN, clock.today())
    await drain_now()
    officer_email = new_address()
    await make_invitation(head, officer_email)
    officer = await accepted(lender, officer_email, "operator", client, relay)
    await answer_test(await browse(officer), lender)
    async with network_transaction() as network:
        await refresh(network, [lender.id])
        setup = await setup_of(network, lender.id)
    assert setup is not None
    assert [point.code for point in setup.points if point.state != "done"] == []
    async with network_transaction() as network:
        await activate(network, ente_admin.actor, lender.id, setup.id)

    text = (await (await browse(head)).get(LOG)).text
    told = list(reversed(told_in(text)))
    expected = [
        (said("organisation.invited"), "l’Ente"),
        (said("invitation.sent", role="admin") + " – Bruno Nuovo", "l’hub"),
        (said("invitation.accepted", role="admin") + " – Bruno Nuovo", "Bruno Nuovo"),
        (said("protocol.uploaded"), "il referente, con il link"),
        (said("protocol.signed"), "l’hub"),
        (said("service.added") + ": Microcredito", "Bruno Nuovo"),
        (said("invitation.sent", role="operator") + " – Bruno Nuovo", "Bruno Nuovo"),
        (said("invitation.accepted", role="operator") + " – Bruno Nuovo", "Bruno Nuovo"),
        (said("test_referral.sent"), "l’hub"),
        (said("test_referral.answered"), None),
        (said("organisation.activated"), "l’Ente"),
    ]
    in_order(told, expected)
    assert not [words for words, _by in told if "." in words or "_" in words]
    # Each point stands with what it was done by, and is no entry besides.
    for point in ("protocol_signed", "services_stated", "test_referral_answered"):
        assert said("point.done", point=point) not in dict(told)
    assert text.count("Completa il punto «Invio di prova con risposta»") == 1


def in_order(told: list[tuple[str, str]], expected: list[tuple[str, str | None]]) -> None:
    """Others may stand between; where nobody is named, anybody may have done it."""
    rest = iter(told)
    for words, by in expected:
        found = next((one for one in rest if one[0] == words and by in (None, one[1])), None)
        assert found is not None, (words, by, told)


async def enlisted(client: httpx.AsyncClient, email: str) -> Tenant:
    answer = await client.post(
        "/network/organisations/new",
        data={
            "name": "Banca di Prova",
            "kinds": ["lender"],
            "fiscal_code": fiscal_code(uuid7().int % 10**7 * 1000 + 63),
            "municipality": "Napoli",
            "contact_name": "Bruno Nuovo",
            "contact_email": email,
            "locale": "it",
            "lender_category": "bank",
            "lender_register": "1234",
            "form_key": str(uuid7()),
        },
    )
    assert answer.status_code == 303, answer.text
    await drain_now()
    return Tenant(
        UUID(answer.headers["location"].rpartition("/")[2]), "Banca di Prova", ("lender",)
    )


async def accepted(
    lender: Tenant, email: str, role: str, client: httpx.AsyncClient, relay: SmtpSink
) -> Member:
    """By the link and the code that were mailed."""
    async with tenant_transaction(lender.id) as scope:
        found = await scope.fetchval("SELECT id FROM invitations WHERE email = $1", email)
    invitation = await stored(found)
    code = await code_for(client, invitation, relay)
    assert (await accept_as_new(client, invitation, code)).status_code == 303
    # Signed in by it, as nobody again for the next.
    client.cookies.delete(SESSION_COOKIE)
    (joined,) = await memberships(lender, email)
    account = Account(joined["account_id"], email, joined["name"])
    return Member(account, lender, joined["id"], role)


async def sign_agreement(ente: Tenant, admin: Member, lender: Tenant) -> None:
    between = Between(ente, admin, lender)
    async with tenant_transaction(ente.id) as scope:
        protocol_id = await scope.fetchval(
            "SELECT id FROM protocols WHERE organisation_id = $1", lender.id
        )
    content = papers.signed(await between.document(protocol_id))
    file = SignedFile("accordo.pdf.p7m", P7M, content, "envelope")
    async with tenant_transaction(ente.id) as scope:
        await receive(scope, None, protocol_id, file, clock.today())
    await drain_now()


async def answer_test(officer: httpx.AsyncClient, lender: Tenant) -> None:
    asked = await officer.post("/organisation/setup/test", data={"form_key": str(uuid7())})
    assert asked.status_code == 303, asked.text
    await drain_now()
    async with tenant_transaction(lender.id) as scope:
        offer_id = await scope.fetchval("SELECT id FROM received_offers")
    for step in ("open", "accept"):
        answer = await officer.post(f"/inbox/{offer_id}/{step}", data={"form_key": str(uuid4())})
        assert answer.status_code == 303, answer.text
    await drain_now()
