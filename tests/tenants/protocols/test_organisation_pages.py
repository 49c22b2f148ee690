"""An organisation's own protocols: nobody else's, signed here too, and renewed near their end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest

from hub import clock
from hub.db import tenant_transaction
from tests.factories import Member, make_desk, make_membership
from tests.support import papers
from tests.support.web import sign_in
from tests.tenants.protocols.making import Between, appended, make_between, upload

NewClient = Callable[[], httpx.AsyncClient]
PLACE = "/organisation/protocols"


@pytest.fixture
async def own_admin(between: Between) -> Member:
    return await make_membership(between.organisation, "admin")


@pytest.fixture
async def own(own_admin: Member, new_client: NewClient) -> httpx.AsyncClient:
    """The browser of an admin of the organisation, which is still being set up."""
    browser = new_client()
    await sign_in(browser, own_admin)
    return browser


async def test_they_see_what_they_signed_and_what_they_have_to(
    between: Between, own: httpx.AsyncClient
) -> None:
    signed, sent = await between.signed(), await between.sent("tutor")
    shown = (await own.get(PLACE)).text
    assert f"{PLACE}/{signed}" in shown
    assert f"{PLACE}/{sent}" in shown
    page = await own.get(f"{PLACE}/{signed}")
    assert "Firmato" in page.text
    document = await own.get(f"{PLACE}/{signed}/document")
    assert document.content == await between.document(signed)
    assert (await own.get(f"{PLACE}/{signed}/signed")).content[:1] == b"\x30"
    assert (await own.get(f"{PLACE}/{sent}/signed")).status_code == 404


async def test_anothers_does_not_exist(
    between: Between, own: httpx.AsyncClient, new_client: NewClient
) -> None:
    """Neither of another Ente nor of the same."""
    another = await make_between()
    same_ente = Between(between.ente, between.admin, another.organisation)
    for theirs in (await another.signed(), await same_ente.signed()):
        for path in ("", "/document", "/signed"):
            assert (await own.get(f"{PLACE}/{theirs}{path}")).status_code == 404
        assert (await upload(own, f"{PLACE}/{theirs}/signed", papers.PDF)).status_code == 404
        assert (await own.post(f"{PLACE}/{theirs}/renew", data={"version": "3"})).status_code == 404
        assert str(theirs) not in (await own.get(PLACE)).text


async def test_their_admin_sends_the_signed_file(
    between: Between, own: httpx.AsyncClient, own_admin: Member
) -> None:
    protocol_id = await between.sent()
    path = f"{PLACE}/{protocol_id}"
    document = await between.document(protocol_id)
    refused = await upload(own, f"{path}/signed", document)
    assert refused.status_code == 422
    assert "non è ancora firmato" in refused.text
    assert (await upload(own, f"{path}/signed", appended(document))).status_code == 303
    assert (await between.found(protocol_id)).state == "signed"
    again = await upload(own, f"{path}/signed", appended(document))
    assert again.status_code == 409
    assert "già firmato" in again.text


@pytest.mark.parametrize("role", ["operator", "viewer", "editor"])
async def test_others_of_the_organisation_read_only(
    between: Between, new_client: NewClient, role: str
) -> None:
    browser = new_client()
    await sign_in(browser, await make_membership(between.organisation, role))
    protocol_id = await between.sent()
    shown = await browser.get(f"{PLACE}/{protocol_id}")
    assert shown.status_code == 200
    assert 'type="file"' not in shown.text
    path = f"{PLACE}/{protocol_id}"
    assert (await upload(browser, f"{path}/signed", papers.PDF)).status_code == 403
    assert (await browser.post(f"{path}/renew", data={"version": "1"})).status_code == 403


async def test_an_admin_of_some_desks_does_not_sign_for_the_whole(
    between: Between, new_client: NewClient
) -> None:
    member = await make_membership(
        between.organisation, "admin", desks=(await make_desk(between.organisation),)
    )
    browser = new_client()
    await sign_in(browser, member)
    protocol_id = await between.sent()
    path = f"{PLACE}/{protocol_id}"
    assert 'type="file"' not in (await browser.get(path)).text
    assert (await upload(browser, f"{path}/signed", papers.PDF)).status_code == 403
    assert (await between.found(protocol_id)).state == "sent"


async def test_the_renewal_is_asked_for_near_the_end_once(
    between: Between, own: httpx.AsyncClient
) -> None:
    protocol_id = await between.signed()
    path = f"{PLACE}/{protocol_id}"
    assert "Chiedi il rinnovo" not in (await own.get(path)).text
    early = await own.post(f"{path}/renew", data={"version": "3"})
    assert early.status_code == 409
    assert "90 giorni" in early.text

    await between.end_on(protocol_id, clock.today() + timedelta(days=90))
    assert "Chiedi il rinnovo" in (await own.get(path)).text
    asked = await own.post(f"{path}/renew", data={"version": "3"})
    assert asked.status_code == 303
    assert asked.headers["location"] != path
    shown = (await own.get(path)).text
    assert "Chiedi il rinnovo" not in shown
    assert "È in corso la firma di un nuovo accordo" in shown
    again = await own.post(f"{path}/renew", data={"version": "3"})
    assert again.status_code == 409
    assert "è già in corso" in again.text


async def test_one_that_has_expired_can_still_be_renewed(
    between: Between, own: httpx.AsyncClient
) -> None:
    protocol_id = await between.signed()
    await between.end_on(protocol_id, clock.today() - timedelta(days=1))
    shown = (await own.get(f"{PLACE}/{protocol_id}")).text
    assert "Scaduto" in shown
    asked = await own.post(f"{PLACE}/{protocol_id}/renew", data={"version": "3"})
    assert asked.status_code == 303


async def test_who_asked_is_in_the_log(
    between: Between, own: httpx.AsyncClient, own_admin: Member
) -> None:
    protocol_id = await between.signed()
    await between.end_on(protocol_id, clock.today())
    await own.post(f"{PLACE}/{protocol_id}/renew", data={"version": "3"})
    async with tenant_transaction(between.ente.id) as scope:
        rows = await scope.fetch(
            "SELECT action FROM audit_log WHERE membership_id = $1 ORDER BY id",
            own_admin.membership_id,
        )
    assert [row["action"] for row in rows] == ["protocol.renewal_asked", "protocol.issued"]


async def test_an_organisation_without_protocols(own: httpx.AsyncClient) -> None:
    shown = await own.get(PLACE)
    assert shown.status_code == 200
    assert "Ancora nessun accordo" in shown.text
