"""Open sessions, the password, name and language, by somebody who is signed in."""

from __future__ import annotations

import re
from collections.abc import Callable

import httpx
import pytest

from hub.db import network_transaction
from hub.ids import uuid7
from hub.tenants.accounts import service
from tests.factories import Account, make_account, make_membership, make_tenant
from tests.tenants.accounts.making import PASSWORD, give_password, post, protect, sign_in_with_code

NewClient = Callable[[], httpx.AsyncClient]
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:133.0) Gecko/20100101 Firefox/133.0"
FRESH = "un'altra frase da ricordare"


@pytest.fixture
async def operator(db: object) -> Account:
    account = await make_account(password=PASSWORD, name="Rosa Ferri")
    await make_membership(await make_tenant("host"), account=account)
    return account


async def session_ids(client: httpx.AsyncClient) -> list[str]:
    """Those that the page offers to end."""
    page = await client.get("/account/sessions")
    assert page.status_code == 200
    return re.findall(r"/account/sessions/([0-9a-f-]{36})/end", page.text)


async def test_the_page_tells_this_browser_from_the_others(
    new_client: NewClient, operator: Account
) -> None:
    here, elsewhere = new_client(), new_client()
    await give_password(here, operator)
    assert "Non hai altri accessi aperti" in (await here.get("/account/sessions")).text
    elsewhere.headers["user-agent"] = FIREFOX
    await give_password(elsewhere, operator)
    page = (await here.get("/account/sessions")).text
    assert "Firefox, Windows" in page.partition("Questo browser")[2]
    assert "Gecko" not in page
    now, then = re.findall(r'data-label="Ultimo uso"[^>]*>(.*?)</td>', page, re.DOTALL)
    assert "ora" in now
    assert re.search("[0-9]", then)
    assert len(await session_ids(here)) == 1


async def test_an_ended_session_is_out_at_once(new_client: NewClient, operator: Account) -> None:
    here, elsewhere = new_client(), new_client()
    await give_password(here, operator)
    await give_password(elsewhere, operator)
    (other,) = await session_ids(here)
    answer = await post(here, f"/account/sessions/{other}/end")
    assert (answer.status_code, answer.headers["location"]) == (303, "/account/sessions")
    assert (await elsewhere.get("/cases")).headers["location"] == "/sign-in?next=/cases"
    assert (await here.get("/cases")).status_code == 200
    assert (await post(here, f"/account/sessions/{other}/end")).status_code == 404


async def test_somebody_elses_session_does_not_exist(
    new_client: NewClient, operator: Account
) -> None:
    other = await make_account(password=PASSWORD)
    await make_membership(await make_tenant("host"), account=other)
    mine, theirs, theirs_too = new_client(), new_client(), new_client()
    await give_password(mine, operator)
    await give_password(theirs, other)
    await give_password(theirs_too, other)
    (session,) = await session_ids(theirs)
    for wanted in (session, str(uuid7()), "nonsense"):
        assert (await post(mine, f"/account/sessions/{wanted}/end")).status_code == 404
    assert (await theirs_too.get("/cases")).status_code == 200


async def test_all_others_end_together(new_client: NewClient, operator: Account) -> None:
    here, *others = [new_client() for _ in range(4)]
    for one in (here, *others):
        await give_password(one, operator)
    await post(here, "/account/sessions/end-others")
    assert [(await one.get("/cases")).status_code for one in others] == [303] * 3
    assert (await here.get("/cases")).status_code == 200


async def test_somebody_who_knows_the_password_alone_is_seen(
    new_client: NewClient, operator: Account
) -> None:
    await protect(operator)
    here, thief = new_client(), new_client()
    await sign_in_with_code(here, operator)
    await give_password(thief, operator)
    assert "Codice non ancora inserito" in (await here.get("/account/sessions")).text
    (session,) = await session_ids(here)
    await post(here, f"/account/sessions/{session}/end")
    assert (await thief.get("/sign-in/code")).headers["location"] == "/sign-in"


async def test_a_new_password_signs_out_the_other_browsers(
    new_client: NewClient, operator: Account
) -> None:
    here, elsewhere = new_client(), new_client()
    await give_password(here, operator)
    await give_password(elsewhere, operator)
    typed = {"old": PASSWORD, "password": FRESH, "repeated": FRESH}
    for wrong in ({"old": "not this one"}, {"repeated": PASSWORD}, {"password": "short"}):
        answer = await post(here, "/account/password", **(typed | wrong))
        assert answer.status_code == 422
        assert "hub-error" in answer.text
        assert FRESH not in answer.text
    assert (await post(here, "/account/password", **typed)).headers["location"] == "/account"
    assert (await here.get("/cases")).status_code == 200
    assert (await elsewhere.get("/cases")).status_code == 303
    assert (await give_password(new_client(), operator)).status_code == 422
    assert (await give_password(new_client(), operator, FRESH)).status_code == 303


async def test_the_old_password_is_not_to_be_guessed(
    client: httpx.AsyncClient, operator: Account
) -> None:
    """By somebody who found the browser open."""
    await give_password(client, operator)
    typed = {"old": "a guess", "password": FRESH, "repeated": FRESH}
    statuses = [
        (await post(client, "/account/password", **typed)).status_code
        for _ in range(service.ATTEMPTS_PER_EMAIL + 1)
    ]
    assert statuses == [422] * service.ATTEMPTS_PER_EMAIL + [429]


async def test_name_and_language_are_ones_own_to_change(
    client: httpx.AsyncClient, operator: Account
) -> None:
    await give_password(client, operator)
    page = await client.get("/account/details")
    assert 'value="Rosa Ferri"' in page.text
    assert (await post(client, "/account/details", name="", locale="it")).status_code == 422
    assert (await post(client, "/account/details", name="Rosa", locale="de")).status_code == 422
    done = await post(client, "/account/details", name="Rosa  Ferri Neri", locale="en")
    assert done.headers["location"] == "/account"
    account = await client.get("/account")
    assert "Rosa Ferri Neri" in account.text
    assert '<html lang="en">' in account.text
    async with network_transaction() as scope:
        names = await scope.fetch("SELECT name FROM memberships WHERE account_id = $1", operator.id)
    assert [row["name"] for row in names] == ["Rosa Ferri Neri"], "as colleagues read it"


@pytest.mark.parametrize("path", ["details", "password", "sessions", "second-factor"])
async def test_the_account_leads_to_each(
    client: httpx.AsyncClient, operator: Account, path: str
) -> None:
    await give_password(client, operator)
    assert f'href="/account/{path}"' in (await client.get("/account")).text
    assert (await client.get(f"/account/{path}")).status_code == 200
