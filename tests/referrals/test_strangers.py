"""Someone else's row and a row that is not there look the same on every route of this domain: 404."""

from __future__ import annotations

from uuid import uuid4

import httpx
import pytest

from hub.referrals.routes import ROUTES
from tests.factories import make_membership, make_tenant
from tests.referrals.conftest import SignedIn
from tests.referrals.making import Sent, draft, make_network, send

CALLS = sorted(
    {
        (method, path)
        for handler in ROUTES
        for path in handler.paths
        for method in handler.http_methods
        if "{" in path and method != "HEAD"
    }
)
DECLINE = {"reason": "amount"}
MALFORMED = ("x", "00000000", "0" * 40, str(uuid4()).upper(), "%00", "'--")


def ids_of(sent: Sent, draft_id: object) -> dict[str, object]:
    return {
        "{case_id:str}": sent.network.case.id,
        "{citizen_id:str}": sent.network.citizen.id,
        "{referral_id:str}": draft_id,
        "{offer_id:str}": sent.offers[0],
    }


async def call(client: httpx.AsyncClient, method: str, path: str) -> int:
    form = {"form_key": str(uuid4())} | (DECLINE if path.endswith("/decline") else {})
    if path.endswith("/consultations"):
        form |= {"held_on": "2026-01-07", "channel": "phone"}
    if path.endswith("/milestones"):
        form |= {"kind": "approved", "reached_on": "2026-01-07"}
    if method == "GET":
        answer = await client.get(path)
    elif path.startswith("/api/"):
        answer = await client.post(path, json=DECLINE)
    else:
        answer = await client.post(path, data=form)
    return answer.status_code


def leads_back(method: str, path: str) -> bool:
    """Some addresses of forms, loaded without their form, lead to their page, which then says 404."""
    return method == "GET" and path.endswith(
        ("/assign", "/consultations", "/milestones", "/codice-fiscale", "/decline")
    )


def test_all_routes_are_tried() -> None:
    assert len(CALLS) >= 25


@pytest.fixture
async def strangers(db: object, signed_in: SignedIn) -> list[httpx.AsyncClient]:
    """People of other organisations who may enter every room of this domain."""
    return [
        await signed_in(await make_membership(await make_tenant("host", "lender"), role))
        for role in ("operator", "admin")
    ]


@pytest.mark.parametrize(("method", "path"), CALLS)
async def test_anothers_row_is_not_there(
    strangers: list[httpx.AsyncClient], method: str, path: str
) -> None:
    sent = await send(await make_network())
    draft_id = await draft(await make_network())
    filled = path
    for name, row_id in ids_of(sent, draft_id).items():
        filled = filled.replace(name, str(row_id))
    for stranger in strangers:
        assert await call(stranger, method, filled) == (303 if leads_back(method, path) else 404)


@pytest.mark.parametrize(("method", "path"), CALLS)
async def test_no_row_is_not_there_either(
    strangers: list[httpx.AsyncClient], method: str, path: str
) -> None:
    start, _, rest = path.partition("{")
    behind = rest.partition("}")[2]
    unknown = str(uuid4())
    for spelt in (unknown, *MALFORMED):
        status = await call(strangers[0], method, f"{start}{spelt}{behind}")
        expected = 303 if spelt == unknown and leads_back(method, path) else 404
        assert status == expected, spelt


async def test_a_receiver_sees_its_own_offer_only(db: object, signed_in: SignedIn) -> None:
    sent = await send(await make_network())
    second = await signed_in(sent.network.lenders[1])
    for path in (f"/inbox/{sent.offers[0]}", f"/api/v1/received-offers/{sent.offers[0]}"):
        assert (await second.get(path)).status_code == 404
        assert await call(second, "POST", f"{path}/accept") == 404
    # The sender's rows are not the receiver's either, although the offer has one id.
    both = await signed_in(await make_membership(await make_tenant("host", "lender")))
    assert (await both.get(f"/referrals/{sent.referral_id}")).status_code == 404
