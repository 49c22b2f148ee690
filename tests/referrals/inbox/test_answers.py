"""A receiver opens, accepts or declines, and both parties see the same."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest

from hub.db import routing_transaction
from hub.referrals.routing.reasons import REASONS
from hub.worker import drain_now
from tests.factories import make_membership
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


@pytest.fixture
async def sent(network: Network) -> Sent:
    return await send(network)


@pytest.fixture
async def lender(sent: Sent, signed_in: SignedIn) -> httpx.AsyncClient:
    """The browser of the first receiver."""
    return await signed_in(sent.network.lenders[0])


def key() -> dict[str, str]:
    return {"form_key": str(uuid4())}


async def states(sent: Sent) -> list[tuple[str, str]]:
    """Of each offer: as the sender has it, as the receiver has it."""
    both = []
    for lender, offer in zip(sent.network.lenders, sent.offers, strict=True):
        own = "SELECT state FROM {} WHERE id = $1"
        both.append(
            (
                await value(sent.network.operator.tenant.id, own.format("offers"), offer),
                await value(lender.tenant.id, own.format("received_offers"), offer),
            )
        )
    return both


async def referral_state(sent: Sent) -> str:
    found: str = await value(
        sent.network.operator.tenant.id,
        "SELECT state FROM referrals WHERE id = $1",
        sent.referral_id,
    )
    return found


async def shown_to(sent: Sent) -> list[int]:
    """How many disclosures each receiver has."""
    return [
        await value(lender.tenant.id, "SELECT count(*) FROM disclosures")
        for lender in sent.network.lenders
    ]


async def test_the_inbox_shows_the_most_pressing(lender: httpx.AsyncClient, sent: Sent) -> None:
    answer = await lender.get("/inbox")
    assert answer.status_code == 200
    assert sent.network.case.number in answer.text
    assert f'href="/inbox/{sent.offers[0]}"' in answer.text
    assert "Esposito" not in answer.text


async def test_an_empty_inbox_says_so(db: object, signed_in: SignedIn) -> None:
    network = await make_network(1)
    client = await signed_in(network.lenders[0])
    for show in ("", "?show=accepted", "?show=other", "?show=nonsense"):
        assert (await client.get(f"/inbox{show}")).status_code == 200


async def test_nothing_personal_before_opening(lender: httpx.AsyncClient, sent: Sent) -> None:
    answer = await lender.get(f"/inbox/{sent.offers[0]}")
    assert answer.status_code == 200
    assert "Esposito" not in answer.text
    assert (await states(sent))[0] == ("offered", "offered"), "looking at it opens nothing"


async def test_opening_shows_and_tells(
    lender: httpx.AsyncClient, desk: httpx.AsyncClient, sent: Sent
) -> None:
    path = f"/inbox/{sent.offers[0]}"
    for _ in range(2):
        assert (await lender.post(f"{path}/open")).status_code == 303
    answer = await lender.get(path)
    assert "Lucia Esposito" in answer.text
    assert "lucia@example.org" in answer.text
    assert await states(sent) == [("received", "received"), ("offered", "offered")]
    officer = sent.network.lenders[0]
    (row,) = await rows(officer.tenant.id, "SELECT opened_by, opened_at FROM received_offers")
    assert row["opened_by"] == officer.membership_id
    acts = await rows(officer.tenant.id, "SELECT action FROM audit_log ORDER BY at, id")
    assert [act["action"] for act in acts] == ["offer.opened", "offer.read"]
    events = await rows(officer.tenant.id, "SELECT to_state FROM offer_events ORDER BY id")
    assert [event["to_state"] for event in events] == ["offered", "received"]
    case = await desk.get(f"/cases/{sent.network.case.id}")
    assert case.text.count(officer.tenant.name) == 3, "in the list, as a receiver, as who opened it"


async def test_the_first_acceptance_wins(
    lender: httpx.AsyncClient, sent: Sent, signed_in: SignedIn
) -> None:
    second = await signed_in(sent.network.lenders[1])
    await second.post(f"/inbox/{sent.offers[1]}/open")
    answer = await lender.post(f"/inbox/{sent.offers[0]}/accept", data=key())
    assert answer.status_code == 303
    assert await states(sent) == [("accepted", "accepted"), ("superseded", "superseded")]
    assert await referral_state(sent) == "placed"
    assert await shown_to(sent) == [1, 0]
    late = await second.post(f"/inbox/{sent.offers[1]}/accept", data=key())
    assert late.status_code == 409
    page = await second.get(f"/inbox/{sent.offers[1]}")
    assert page.status_code == 200
    assert "Esposito" not in page.text
    assert (await lender.get(f"/inbox/{sent.offers[0]}")).text.count("Lucia Esposito") == 1
    tenant = sent.network.operator.tenant.id
    placed = await value(tenant, "SELECT placed_offer_id FROM referrals")
    assert placed == sent.offers[0]
    steps = await rows(
        tenant,
        "SELECT offer_id, from_state, to_state, actor_tenant_id FROM offer_events ORDER BY id",
    )
    assert [tuple(step) for step in steps[-2:]] == [
        (sent.offers[0], "offered", "accepted", sent.network.lenders[0].tenant.id),
        (sent.offers[1], "received", "superseded", None),
    ]
    await drain_now()
    assert await value(tenant, "SELECT milestone FROM cases") == "accepted"


async def test_a_repeated_acceptance_is_the_first(lender: httpx.AsyncClient, sent: Sent) -> None:
    form = key()
    path = f"/inbox/{sent.offers[0]}/accept"
    answers = await asyncio.gather(*(lender.post(path, data=form) for _ in range(4)))
    assert [answer.status_code for answer in answers] == [303] * 4
    assert (await lender.post(path, data=key())).status_code == 409
    events = await value(
        sent.network.lenders[0].tenant.id,
        "SELECT count(*) FROM offer_events WHERE to_state = 'accepted'",
    )
    assert events == 1


@pytest.mark.parametrize("reason", REASONS)
async def test_declining_ends_the_offer_not_the_referral(
    lender: httpx.AsyncClient, desk: httpx.AsyncClient, sent: Sent, reason: str
) -> None:
    form = key() | {"reason": reason, "note": "Manca il preventivo."}
    path = f"/inbox/{sent.offers[0]}/decline"
    for _ in range(2):
        assert (await lender.post(path, data=form)).status_code == 303
    assert await states(sent) == [("declined", "declined"), ("offered", "offered")]
    assert await referral_state(sent) == "open"
    assert await shown_to(sent) == [0, 1]
    page = await desk.get(f"/cases/{sent.network.case.id}")
    assert "Manca il preventivo." in page.text
    assert (await lender.post(f"/inbox/{sent.offers[0]}/accept", data=key())).status_code == 409
    codes = await value(
        sent.network.lenders[0].tenant.id,
        "SELECT codes FROM audit_log WHERE action = 'offer.declined'",
    )
    assert codes == {"reason": reason}


async def test_when_all_decline_the_desk_may_send_again(
    desk: httpx.AsyncClient, sent: Sent, signed_in: SignedIn
) -> None:
    for officer, offer in zip(sent.network.lenders, sent.offers, strict=True):
        client = await signed_in(officer)
        form = key() | {"reason": "no_capacity"}
        assert (await client.post(f"/inbox/{offer}/decline", data=form)).status_code == 303
    assert await referral_state(sent) == "exhausted"
    page = await desk.get(f"/cases/{sent.network.case.id}/referrals/new")
    assert page.status_code == 200
    await send(sent.network)


@pytest.mark.parametrize(
    "form", [{}, {"reason": "bored"}, {"reason": "amount", "note": "x" * 1001}]
)
async def test_a_wrong_decline_comes_back(
    lender: httpx.AsyncClient, sent: Sent, form: dict[str, str]
) -> None:
    path = f"/inbox/{sent.offers[0]}"
    await lender.post(f"{path}/open")
    answer = await lender.post(f"{path}/decline", data=key() | form)
    assert answer.status_code == 422
    assert "data-hub-error-summary" in answer.text
    assert "Lucia Esposito" in answer.text, "the page is whole"
    assert (await states(sent))[0] == ("received", "received")


async def test_a_disclosed_codice_fiscale_is_masked(signed_in: SignedIn) -> None:
    network = await make_network(1, codice_fiscale=CODE)
    sent = await send(network, ["name", "codice_fiscale"])
    client = await signed_in(network.lenders[0])
    path = f"/inbox/{sent.offers[0]}"
    hidden = await client.post(f"{path}/codice-fiscale")
    assert CODE not in hidden.text, "not before it is opened"
    await client.post(f"{path}/open")
    assert CODE not in (await client.get(path)).text
    assert CODE in (await client.post(f"{path}/codice-fiscale")).text
    acts = await rows(network.lenders[0].tenant.id, "SELECT action FROM audit_log ORDER BY at, id")
    assert [act["action"] for act in acts].count("codice_fiscale.shown") == 1


async def test_accepting_and_declining_at_once_do_one_of_them(
    sent: Sent, signed_in: SignedIn
) -> None:
    one, other = [await signed_in(sent.network.lenders[0]) for _ in range(2)]
    path = f"/inbox/{sent.offers[0]}"
    answers = await asyncio.gather(
        one.post(f"{path}/accept", data=key()),
        other.post(f"{path}/decline", data=key() | {"reason": "amount"}),
    )
    assert sorted(answer.status_code for answer in answers) == [303, 409]
    accepted = answers[0].status_code == 303
    end = "accepted" if accepted else "declined"
    assert (await states(sent))[0] == (end, end)
    assert (await shown_to(sent))[0] == int(accepted)


async def test_two_last_declines_at_once_exhaust_the_referral(
    sent: Sent, signed_in: SignedIn
) -> None:
    clients = [await signed_in(officer) for officer in sent.network.lenders]
    form = {"reason": "amount"}
    answers = await asyncio.gather(
        *(
            client.post(f"/inbox/{offer}/decline", data=key() | form)
            for client, offer in zip(clients, sent.offers, strict=True)
        )
    )
    assert [answer.status_code for answer in answers] == [303, 303]
    assert await referral_state(sent) == "exhausted"


async def test_a_viewer_reads_and_does_not_answer(sent: Sent, signed_in: SignedIn) -> None:
    viewer = await make_membership(sent.network.lenders[0].tenant, "viewer")
    client = await signed_in(viewer)
    path = f"/inbox/{sent.offers[0]}"
    assert (await client.get(path)).status_code == 200
    for step in ("open", "accept", "decline"):
        assert (await client.post(f"{path}/{step}", data=key())).status_code == 403
    assert (await states(sent))[0] == ("offered", "offered")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("accepted", "offered"),
        ("accepted", "declined"),
        ("offered", "draft"),
        ("superseded", "accepted"),
    ],
)
async def test_no_code_can_take_another_step(sent: Sent, before: str, after: str) -> None:
    """Whoever asks for it, the database refuses what no edge allows."""
    tenant = sent.network.operator.tenant.id
    move = "UPDATE offers SET state = $3 WHERE tenant_id = $1 AND id = $2"
    offer: UUID = sent.offers[0]
    async with routing_transaction(tenant) as scope:
        if before != "offered":
            await scope.execute(move, tenant, offer, before)
    with pytest.raises(asyncpg.CheckViolationError):
        async with routing_transaction(tenant) as scope:
            await scope.execute(move, tenant, offer, after)


async def test_a_decline_filled_in_anew_is_not_taken_for_the_first(
    lender: httpx.AsyncClient, sent: Sent
) -> None:
    network = sent.network
    case = await make_numbered_case(network.operator, citizen=network.citizen, desk=network.desk)
    other = (await send(replace(network, case=case))).offers[0]
    form = key() | {"reason": "amount", "note": "Troppo."}
    assert (await lender.post(f"/inbox/{sent.offers[0]}/decline", data=form)).status_code == 303
    refused = await lender.post(f"/inbox/{other}/decline", data=form | {"note": "Anche qui."})
    assert refused.status_code == 422
    assert "con un altro contenuto, che è stato salvato" in refused.text
    assert "Anche qui." in refused.text, "what was typed stays"
    assert form["form_key"] not in refused.text
    state = "SELECT state FROM received_offers WHERE id = $1"
    assert await value(network.lenders[0].tenant.id, state, other) == "offered"


async def test_another_note_after_declining_is_refused(
    lender: httpx.AsyncClient, sent: Sent
) -> None:
    form = key() | {"reason": "amount", "note": "Troppo."}
    path = f"/inbox/{sent.offers[0]}/decline"
    assert (await lender.post(path, data=form)).status_code == 303
    refused = await lender.post(path, data=form | {"note": "Troppo poco."})
    assert refused.status_code == 409
    assert "ha già rifiutato" in refused.text
    note = "SELECT decline_note FROM offers WHERE id = $1"
    assert await value(sent.network.operator.tenant.id, note, sent.offers[0]) == "Troppo."
