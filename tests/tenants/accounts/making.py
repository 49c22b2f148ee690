"""People who sign in by the form, with and without a phone."""

from __future__ import annotations

import re
from uuid import UUID

import httpx
import pyotp

from hub import clock, crypto
from hub.db import network_transaction
from hub.tenants.accounts.second_factor import codes, queries
from tests.factories import Account
from tests.support.web import SECOND_FACTOR

PASSWORD = "una frase lunga da ricordare"
KEY = {"form_key": str(UUID(int=7))}
PAGE = "/account/second-factor"


async def protect(account: Account, secret: str = SECOND_FACTOR) -> list[str]:
    """Give the account a second factor; returns its recovery codes."""
    fresh = codes.new_recovery_codes()
    async with network_transaction() as scope:
        await queries.put_factor(scope, account.id, crypto.encrypt(secret), 0)
        hashes = [crypto.recovery_token(account.id, codes.compact(code)) for code in fresh]
        await queries.replace_recovery_codes(scope, account.id, hashes)
    return fresh


def code_of(secret: str = SECOND_FACTOR, steps: int = 0) -> str:
    """What the app shows now, or so many steps later."""
    return pyotp.TOTP(secret).generate_otp(codes.step_of(clock.now()) + steps)


async def give_password(
    client: httpx.AsyncClient, account: Account, password: str = PASSWORD
) -> httpx.Response:
    return await client.post("/sign-in", data={"email": account.email, "password": password, **KEY})


async def give_code(client: httpx.AsyncClient, code: str, **fields: str) -> httpx.Response:
    return await client.post("/sign-in/code", data={"code": code, **KEY, **fields})


async def sign_in_with_code(client: httpx.AsyncClient, account: Account, steps: int = 0) -> None:
    await give_password(client, account)
    answer = await give_code(client, code_of(steps=steps))
    assert answer.status_code == 303, answer.text


async def post(client: httpx.AsyncClient, path: str, **fields: str) -> httpx.Response:
    return await client.post(path, data={**KEY, **fields})


def proposed(page: httpx.Response) -> tuple[str, str]:
    """The secret that a set-up page shows, and the hidden field that carries it."""
    secret = re.search(r'<p class="hub-key"><code>([A-Z2-7 ]+)</code>', page.text)
    hidden = re.search(r'name="proposal" value="([^"]+)"', page.text)
    assert secret, page.text
    assert hidden
    return secret[1].replace(" ", ""), hidden[1]


def recovery_codes_in(page: httpx.Response) -> list[str]:
    return re.findall(r"<li><code>([a-z0-9-]+)</code></li>", page.text)


async def set_up(client: httpx.AsyncClient) -> tuple[str, list[str]]:
    """Through the pages, by somebody who is signed in; the secret and the recovery codes."""
    secret, proposal = proposed(await post(client, f"{PAGE}/start", password=PASSWORD))
    done = await post(client, f"{PAGE}/confirm", code=code_of(secret), proposal=proposal)
    assert done.status_code == 200
    return secret, recovery_codes_in(done)
