"""The same inbox for a lender's own system."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import httpx
import pytest

from hub import clock
from hub.referrals.routing.reasons import REASONS
from tests.referrals.conftest import SignedIn
from tests.referrals.making import (
    CODE,
    Network,
    Sent,
    make_network,
    make_numbered_case,
    rows,
    send,
    value,
)

BASE = "/api/v1/received-offers"
PROBLEM = "application/problem+json"


@pytest.fixture
async def sent(db: object) -> Sent:
    network = await make_network(2, codice_fiscale=CODE)
    return await send(network, ["name", "purpose", "email", "birth_date", "codice_fiscale"])


@pytest.fixture
async def system(sent: Sent, signed_in: SignedIn) -> httpx.AsyncClient:
    return await signed_in(sent.network.lenders[0])


async def test_lists_without_personal_data(system: httpx.AsyncClient, sent: Sent) -> None:
    answer = await system.get(BASE)
    assert answer.status_code == 200
    body = answer.json()
    assert body["next_cursor"] is None
    (item,) = body["items"]
    assert item == {
        "id": str(sent.offers[0]),
        "case_number": sent.network.case.number,
        "state": "offered",
        "kind": "enterprise_loan",
        "amount": {"amount": "25000.00", "currency": "EUR"},
        "region": {"code": "15", "name": "Campania"},
        "sender": {
            "id": str(sent.network.operator.tenant.id),
            "name": sent.network.operator.tenant.name,
        },
        "offered_at": item["offered_at"],
        "due_on": clock.add_working_days(clock.today(), 10).isoformat(),
        "opened_at": None,
        "answered_at": None,
        "decline_reason": None,
        "version": 1,
        "url": f"http://hub.localhost:8000/inbox/{sent.offers[0]}",
        "is_test": False,
    }
    assert item["offered_at"].endswith("Z")


async def test_opens_and_discloses(system: httpx.AsyncClient, sent: Sent) -> None:
    path = f"{BASE}/{sent.offers[0]}"
    assert "disclosure" not in (await system.get(path)).json()
    opened = await system.post(f"{path}/open")
    assert opened.status_code == 200
    assert opened.json() == (await system.get(path)).json()
    disclosure = opened.json()["disclosure"]
    assert disclosure.pop("disclosed_at").endswith("Z")
    assert disclosure == {
        "purpose": "assessment",
        "basis": "request",
        "notice_version": "2026-1",
        "given_name": "Lucia",
        "family_name": "Esposito",
        "tax_code": CODE,
        "birth_date": "1985-05-17",
        "email": "lucia@example.org",
        "project": "a bakery",
    }
    acts = await rows(
        sent.network.lenders[0].tenant.id,
        "SELECT codes FROM audit_log WHERE action = 'offer.read'",
    )
    assert [act["codes"] for act in acts] == [{"by": "api"}] * 2


async def test_accepts_once_by_key(system: httpx.AsyncClient, sent: Sent) -> None:
    path = f"{BASE}/{sent.offers[0]}/accept"
    for key in ('"order-7"', '"order-7"', "order-7"):
        answer = await system.post(path, headers={"Idempotency-Key": key})
        assert answer.status_code == 200
        assert answer.json()["state"] == "accepted"
        assert answer.json()["disclosure"]["given_name"] == "Lucia"
    for headers in ({}, {"Idempotency-Key": str(uuid4())}):
        answer = await system.post(path, headers=headers)
        assert answer.status_code == 409
        assert answer.headers["content-type"].startswith(PROBLEM)
        assert answer.json()["type"].endswith(":offer-accepted")


async def test_a_loser_is_told(sent: Sent, signed_in: SignedIn) -> None:
    first, second = [await signed_in(lender) for lender in sent.network.lenders]
    assert (await first.post(f"{BASE}/{sent.offers[0]}/accept")).status_code == 200
    late = await second.post(f"{BASE}/{sent.offers[1]}/accept")
    assert late.status_code == 409
    assert late.json()["type"].endswith(":offer-superseded")
    shown = (await second.get(f"{BASE}/{sent.offers[1]}")).json()
    assert shown["state"] == "superseded"
    assert "disclosure" not in shown


async def test_a_key_stands_for_one_request(sent: Sent, signed_in: SignedIn) -> None:
    network = sent.network
    case = await make_numbered_case(network.operator, citizen=network.citizen, desk=network.desk)
    other = await send(
        Network(network.operator, network.desk, network.citizen, case, network.lenders)
    )
    system = await signed_in(network.lenders[0])
    headers = {"Idempotency-Key": "the-same"}
    first = await system.post(f"{BASE}/{sent.offers[0]}/accept", headers=headers)
    assert first.status_code == 200
    second = await system.post(f"{BASE}/{other.offers[0]}/accept", headers=headers)
    assert second.status_code == 409
    assert second.json()["type"].endswith(":key-reused")
    assert (await system.get(f"{BASE}/{other.offers[0]}")).json()["state"] == "offered"


@pytest.mark.parametrize("reason", ["documents_missing", "amount"])
async def test_declines(system: httpx.AsyncClient, sent: Sent, reason: str) -> None:
    answer = await system.post(
        f"{BASE}/{sent.offers[0]}/decline", json={"reason": reason, "note": "Manca il 730."}
    )
    assert answer.status_code == 200
    assert answer.json()["state"] == "declined"
    assert answer.json()["decline_reason"] == reason
    assert "disclosure" not in answer.json()
    (offer,) = await rows(
        sent.network.operator.tenant.id,
        "SELECT decline_reason, decline_note FROM offers WHERE id = $1",
        sent.offers[0],
    )
    assert tuple(offer) == (reason, "Manca il 730.")


@pytest.mark.parametrize(
    ("sent_as", "status"),
    [
        ({"json": {"reason": "bored"}}, 422),
        ({"json": {}}, 422),
        ({"json": {"reason": "amount", "note": "x" * 1001}}, 422),
        ({"json": {"reason": "amount", "note": "nul \0"}}, 422),
        ({"json": {"reason": 7}}, 422),
        ({"json": {"reason": "amount", "mood": "bad"}}, 422),
        ({"json": ["amount"]}, 422),
        ({"content": b"{", "headers": {"content-type": "application/json"}}, 400),
        ({"content": b"\xff", "headers": {"content-type": "application/json"}}, 400),
        ({"data": {"reason": "amount"}}, 415),
        ({"content": b""}, 415),
    ],
)
async def test_a_wrong_body_changes_nothing(
    system: httpx.AsyncClient, sent: Sent, sent_as: dict[str, Any], status: int
) -> None:
    answer = await system.post(f"{BASE}/{sent.offers[0]}/decline", **sent_as)
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith(PROBLEM)
    assert answer.json()["status"] == status
    state = await value(sent.network.lenders[0].tenant.id, "SELECT state FROM received_offers")
    assert state == "offered"


async def test_pages_by_cursor(sent: Sent, signed_in: SignedIn) -> None:
    network = sent.network
    wanted = {str(sent.offers[0])}
    for _ in range(6):
        case = await make_numbered_case(
            network.operator, citizen=network.citizen, desk=network.desk
        )
        more = await send(
            Network(network.operator, network.desk, network.citizen, case, network.lenders)
        )
        wanted.add(str(more.offers[0]))
    system = await signed_in(network.lenders[0])
    seen: list[str] = []
    sizes = []
    cursor = None
    while True:
        query = {"limit": 3} | ({"cursor": cursor} if cursor else {})
        body = (await system.get(BASE, params=query)).json()
        sizes.append(len(body["items"]))
        seen += [item["id"] for item in body["items"]]
        cursor = body["next_cursor"]
        if cursor is None:
            break
    assert sizes == [3, 3, 1]
    assert len(seen) == 7
    assert set(seen) == wanted
    assert seen == sorted(seen, reverse=True), "the latest first"
    assert (await system.get(BASE, params={"state": "accepted"})).json()["items"] == []
    assert len((await system.get(BASE, params={"state": "offered"})).json()["items"]) == 7


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "limit=x", "cursor=%20x", "cursor=AAAA", "state=lost"]
)
async def test_wrong_parameters_are_named(system: httpx.AsyncClient, query: str) -> None:
    answer = await system.get(f"{BASE}?{query}")
    assert answer.status_code == 422
    assert answer.headers["content-type"].startswith(PROBLEM)
    assert answer.json()["errors"][0]["name"] == query.partition("=")[0]


async def test_asks_who_is_there(
    client: httpx.AsyncClient, sent: Sent, signed_in: SignedIn
) -> None:
    answer = await client.get(BASE)
    assert answer.status_code == 401
    assert answer.headers["content-type"].startswith(PROBLEM)
    operator = await signed_in(sent.network.operator)
    assert (await operator.get(BASE)).status_code == 403


async def test_needs_the_proof_of_origin(system: httpx.AsyncClient, sent: Sent) -> None:
    answer = await system.post(
        f"{BASE}/{sent.offers[0]}/accept", headers={"x-csrf-token": "x" * 43}
    )
    assert answer.status_code == 403
    assert answer.headers["content-type"].startswith(PROBLEM)


async def test_every_reason_is_accepted(sent: Sent, signed_in: SignedIn) -> None:
    """The codes that pages offer are the codes that the API takes."""
    network = sent.network
    system = await signed_in(network.lenders[0])
    for reason in REASONS:
        case = await make_numbered_case(
            network.operator, citizen=network.citizen, desk=network.desk
        )
        more = await send(
            Network(network.operator, network.desk, network.citizen, case, network.lenders)
        )
        answer = await system.post(f"{BASE}/{more.offers[0]}/decline", json={"reason": reason})
        assert answer.status_code == 200


async def test_two_systems_and_a_person_at_once(sent: Sent, signed_in: SignedIn) -> None:
    officer = sent.network.lenders[0]
    clients = [await signed_in(officer) for _ in range(3)]
    answers = await asyncio.gather(
        clients[0].post(f"{BASE}/{sent.offers[0]}/accept"),
        clients[1].post(f"{BASE}/{sent.offers[0]}/open"),
        clients[2].post(f"/inbox/{sent.offers[0]}/accept", data={"form_key": str(uuid4())}),
    )
    codes = [answer.status_code for answer in answers]
    assert codes[1] == 200
    assert (codes[0], codes[2]) in {(200, 409), (409, 303)}


async def test_a_key_stands_for_one_note(sent: Sent, system: httpx.AsyncClient) -> None:
    network = sent.network
    case = await make_numbered_case(network.operator, citizen=network.citizen, desk=network.desk)
    other = await send(
        Network(network.operator, network.desk, network.citizen, case, network.lenders)
    )
    headers, body = {"Idempotency-Key": "the-same"}, {"reason": "amount"}
    for _ in range(2):
        first = await system.post(f"{BASE}/{sent.offers[0]}/decline", json=body, headers=headers)
        assert first.status_code == 200
    second = await system.post(f"{BASE}/{other.offers[0]}/decline", json=body, headers=headers)
    assert second.status_code == 409
    assert second.json()["type"].endswith(":key-reused")
    late = await system.post(
        f"{BASE}/{sent.offers[0]}/decline", json=body | {"note": "Troppo."}, headers=headers
    )
    assert late.status_code == 409
    assert late.json()["type"].endswith(":offer-declined")


async def test_a_note_is_cleaned_as_in_the_form(sent: Sent, system: httpx.AsyncClient) -> None:
    note = "  Perche\u0301 no?\r\n\u202eManca\u2066 il 730.\r\n"
    answer = await system.post(
        f"{BASE}/{sent.offers[0]}/decline", json={"reason": "amount", "note": note}
    )
    assert answer.status_code == 200
    kept = await value(
        sent.network.operator.tenant.id,
        "SELECT decline_note FROM offers WHERE id = $1",
        sent.offers[0],
    )
    assert kept == "Perch\u00e9 no?\nManca il 730."


async def test_a_note_that_grows_too_long_is_refused(sent: Sent, system: httpx.AsyncClient) -> None:
    """U+0958 becomes two characters where text is brought into one form."""
    answer = await system.post(
        f"{BASE}/{sent.offers[0]}/decline", json={"reason": "amount", "note": "\u0958" * 1000}
    )
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["name"] == "note"
