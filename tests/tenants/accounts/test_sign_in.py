"""Signing in and out, as a browser does it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit
from uuid import UUID

import httpx
import pytest
from litestar import Request

from hub import clock
from hub.app import create_app
from hub.config import Settings
from hub.db import network_transaction, tenant_transaction
from hub.tenants.accounts import passwords, service
from hub.tenants.accounts.pages import client_address
from hub.tenants.accounts.passwords import hash_password
from hub.tenants.accounts.queries import SESSION_IDLE, SESSION_LONGEST
from hub.tenants.accounts.sessions import COOKIE, HTTPS_COOKIE
from tests.factories import (
    Account,
    make_account,
    make_case,
    make_desk,
    make_membership,
    make_tenant,
    unique,
)
from tests.support.web import new_client as new_web_client
from tests.support.web import sign_in_as
from tests.tenants.accounts.making import code_of, give_code, protect

PASSWORD = "una frase lunga da ricordare"
NewClient = Callable[[], httpx.AsyncClient]


async def post_sign_in(
    client: httpx.AsyncClient, email: str, password: str = PASSWORD, **fields: str
) -> httpx.Response:
    return await client.post(
        "/sign-in",
        data={"email": email, "password": password, "form_key": str(UUID(int=7)), **fields},
    )


@pytest.fixture
async def operator(db: object) -> Account:
    account = await make_account(password=PASSWORD, name="Rosa Ferri")
    await make_membership(await make_tenant("host"), account=account)
    return account


async def test_an_operator_lands_on_the_cases(client: httpx.AsyncClient, operator: Account) -> None:
    form = await client.get("/sign-in")
    assert form.status_code == 200
    assert 'autocomplete="current-password"' in form.text
    answer = await post_sign_in(client, operator.email.upper())
    assert (answer.status_code, answer.headers["location"]) == (303, "/cases")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    page = await client.get("/account")
    assert "Rosa Ferri" in page.text
    assert page.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("kind", "role", "home"),
    [
        ("lender", "operator", "/inbox"),
        ("coordinator", "editor", "/campaigns"),
        ("coordinator", "operator", "/selections"),
        ("coordinator", "viewer", "/selections"),
        ("tutor", "operator", "/organisation"),
    ],
)
async def test_each_kind_of_person_lands_where_their_work_is(
    client: httpx.AsyncClient, kind: str, role: str, home: str
) -> None:
    account = await make_account(password=PASSWORD)
    await make_membership(await make_tenant(kind), role, account=account)
    assert (await post_sign_in(client, account.email)).headers["location"] == home
    assert (await client.get(home)).status_code == 200


async def test_the_entes_admin_lands_on_the_board(client: httpx.AsyncClient) -> None:
    account = await make_account(password=PASSWORD)
    await make_membership(await make_tenant("coordinator"), "admin", account=account)
    await protect(account)
    await post_sign_in(client, account.email)
    assert (await give_code(client, code_of())).headers["location"] == "/network"
    assert (await client.get("/network")).status_code == 200


@pytest.mark.parametrize("kind", ["host", "lender", "tutor"])
async def test_of_an_organisation_that_is_not_active_there_is_the_set_up(
    client: httpx.AsyncClient, kind: str
) -> None:
    account = await make_account(password=PASSWORD)
    await make_membership(await make_tenant(kind, state="suspended"), account=account)
    answer = await post_sign_in(client, account.email)
    assert answer.headers["location"] == "/organisation/setup"
    assert "non è attiva" in (await client.get("/account")).text


async def test_support_lands_on_the_organisation_and_not_on_its_cases(
    client: httpx.AsyncClient,
) -> None:
    account = await make_account(password=PASSWORD)
    member = await make_membership(await make_tenant("host"), "viewer", account=account)
    async with network_transaction() as scope:
        await scope.execute(
            "UPDATE memberships SET support = true, expires_at = $2 WHERE id = $1",
            member.membership_id,
            scope.now + timedelta(hours=1),
        )
    assert (await post_sign_in(client, account.email)).headers["location"] == "/organisation"
    assert (await client.get("/cases")).status_code == 403
    with clock.moved(timedelta(minutes=61)):
        assert (await client.get("/cases")).status_code == 303, "its time is over"
        assert "nessuna organizzazione attiva" in (await client.get("/account")).text


@pytest.mark.parametrize("protected", [False, True])
async def test_whoever_is_in_no_organisation_comes_to_the_invitation_all_the_same(
    client: httpx.AsyncClient, *, protected: bool
) -> None:
    account = await make_account(password=PASSWORD)
    if protected:
        await protect(account)
    answer = await post_sign_in(client, account.email, next="/invitations/token")
    if protected:
        answer = await give_code(client, code_of(), next="/invitations/token")
    assert answer.headers["location"] == "/invitations/token"


async def test_the_choice_says_which_organisation_is_not_active(client: httpx.AsyncClient) -> None:
    account = await make_account(password=PASSWORD)
    await make_membership(await make_tenant("host"), account=account)
    waiting = await make_tenant("lender", state="suspended")
    member = await make_membership(waiting, account=account)
    await post_sign_in(client, account.email)
    page = await client.get("/account")
    assert f"{waiting.name} (operatore, non attiva)" in page.text
    chosen = await client.post(
        "/account/organisation",
        data={"membership_id": str(member.membership_id), "form_key": str(UUID(int=8))},
    )
    assert chosen.headers["location"] == "/organisation/setup"


async def test_a_page_asked_for_before_signing_in_comes_after_it(
    client: httpx.AsyncClient, operator: Account
) -> None:
    asked = await client.get("/cases")
    assert (asked.status_code, asked.headers["location"]) == (303, "/sign-in?next=/cases")
    answer = await post_sign_in(client, operator.email, next="/cases")
    assert answer.headers["location"] == "/cases"


@pytest.mark.parametrize("target", ["https://evil.example", "//evil.example", "/\\evil.example"])
async def test_nobody_is_sent_to_another_site(
    client: httpx.AsyncClient, operator: Account, target: str
) -> None:
    answer = await post_sign_in(client, operator.email, next=target)
    assert answer.headers["location"] == "/cases"


async def test_a_wrong_pair_is_refused_without_saying_which_half(
    new_client: NewClient, operator: Account
) -> None:
    wrong_password = await post_sign_in(new_client(), operator.email, "not this one at all")
    nobody = await post_sign_in(new_client(), f"{unique('nobody')}@example.org")
    assert wrong_password.status_code == nobody.status_code == 422
    said = [
        re.findall(r'role="alert".*?</div>', page.text, re.DOTALL)
        for page in (wrong_password, nobody)
    ]
    assert said[0] == said[1] != []
    assert operator.email in wrong_password.text, "what was typed is still there"
    assert "not this one" not in wrong_password.text, "but never the password"


async def test_a_form_without_its_fields_says_what_is_missing(client: httpx.AsyncClient) -> None:
    answer = await client.post("/sign-in", data={"form_key": str(UUID(int=7)), "email": "rosa@"})
    assert answer.status_code == 422
    assert answer.text.count('class="hub-error"') == 2
    assert "autofocus" in answer.text


async def test_attempts_are_limited_for_an_address_whether_or_not_it_exists(
    new_client: NewClient, operator: Account
) -> None:
    for email in (operator.email, f"{unique('nobody')}@example.org"):
        answers = await asyncio.gather(
            *(post_sign_in(new_client(), email, "wrong password") for _ in range(12))
        )
        statuses = sorted(answer.status_code for answer in answers)
        assert statuses == [422] * service.ATTEMPTS_PER_EMAIL + [429] * 2
    refused = await post_sign_in(new_client(), operator.email)
    assert refused.status_code == 429, "even with the right password"
    assert refused.headers["retry-after"] == "900"
    with clock.moved(service.ATTEMPTS_WINDOW + timedelta(seconds=1)):
        assert (await post_sign_in(new_client(), operator.email)).status_code == 303


async def test_attempts_are_limited_for_a_network_address(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "ATTEMPTS_PER_ADDRESS", 3)
    async with network_transaction() as scope:
        await scope.execute("DELETE FROM sign_in_attempts")
    statuses = [
        (await post_sign_in(client, f"{unique('nobody')}@example.org")).status_code
        for _ in range(4)
    ]
    assert statuses == [422, 422, 422, 429]
    async with network_transaction() as scope:
        await scope.execute("DELETE FROM sign_in_attempts")


async def test_signing_in_gives_a_new_session_and_ends_the_old(
    client: httpx.AsyncClient, new_client: NewClient, operator: Account
) -> None:
    await post_sign_in(client, operator.email)
    first = client.cookies[COOKIE]
    await post_sign_in(client, operator.email)
    assert client.cookies[COOKIE] != first
    thief = new_client()
    thief.cookies.set(COOKIE, first)
    assert (await thief.get("/account")).headers["location"] == "/sign-in?next=/account"


async def test_signing_out_ends_the_session_on_the_server(
    client: httpx.AsyncClient, operator: Account
) -> None:
    await post_sign_in(client, operator.email)
    secret = client.cookies[COOKIE]
    answer = await client.post("/sign-out")
    assert answer.headers["location"] == "/sign-in"
    client.cookies.set(COOKIE, secret)
    assert (await client.get("/account")).status_code == 303


async def test_whose_session_is_over_reads_why_the_form_is_there(
    client: httpx.AsyncClient, operator: Account
) -> None:
    said = "Il tuo accesso su questo browser è terminato"
    assert said not in (await client.get("/sign-in")).text
    await post_sign_in(client, operator.email)
    async with network_transaction() as scope:
        await scope.execute("DELETE FROM sessions WHERE account_id = $1", operator.id)
    answer = await client.get("/cases")
    assert said in (await client.get(answer.headers["location"])).text
    await post_sign_in(client, operator.email)
    await client.post("/sign-out")
    assert said not in (await client.get("/sign-in")).text, "it was the person’s own doing"


@pytest.mark.parametrize("others", [0, 1])
async def test_who_was_removed_is_told_that_and_not_asked_to_sign_in(
    client: httpx.AsyncClient, others: int
) -> None:
    member = await make_membership(await make_tenant("host"))
    for _number in range(others):
        await make_membership(await make_tenant("lender"), account=member.account)
    await sign_in_as(client, member.account_id, member.membership_id)
    async with network_transaction() as scope:
        await scope.execute(
            "UPDATE memberships SET state = 'ended' WHERE id = $1", member.membership_id
        )
    answer = await client.get("/cases")
    answer = await client.get(answer.headers["location"])
    assert (answer.status_code, answer.headers["location"]) == (303, "/account?next=/cases")
    page = (await client.get(answer.headers["location"])).text
    assert "Non fai più parte dell’organizzazione in cui stavi lavorando" in page
    assert ("Scegli la tua organizzazione" in page) == bool(others)


async def test_who_has_chosen_no_organisation_yet_chooses_one(client: httpx.AsyncClient) -> None:
    member = await make_membership(await make_tenant("host"))
    await make_membership(await make_tenant("lender"), account=member.account)
    await sign_in_as(client, member.account_id, None)
    answer = await client.get("/sign-in?next=/inbox")
    assert (answer.status_code, answer.headers["location"]) == (303, "/account?next=/inbox")
    assert "Non fai più parte" not in (await client.get("/account")).text


async def test_signing_out_needs_proof_of_origin(client: httpx.AsyncClient) -> None:
    answer = await client.post("/sign-out", headers={"x-csrf-token": ""})
    assert answer.status_code == 403


@pytest.mark.parametrize("later", [SESSION_IDLE, SESSION_LONGEST])
async def test_a_session_ends_by_itself(
    client: httpx.AsyncClient, operator: Account, later: timedelta
) -> None:
    await post_sign_in(client, operator.email)
    with clock.moved(later + timedelta(minutes=1)):
        assert (await client.get("/account")).status_code == 303


async def test_a_session_that_is_used_outlives_the_idle_time(
    client: httpx.AsyncClient, operator: Account
) -> None:
    await post_sign_in(client, operator.email)
    for minutes in range(0, 240, 100):
        with clock.moved(timedelta(minutes=minutes)):
            assert (await client.get("/account")).status_code == 200


async def test_a_person_of_two_organisations_chooses(client: httpx.AsyncClient) -> None:
    account = await make_account(password=PASSWORD)
    host, lender = await make_tenant("host"), await make_tenant("lender")
    await make_membership(host, account=account)
    chosen = await make_membership(lender, account=account)
    stranger = await make_membership(await make_tenant("host"))
    answer = await post_sign_in(client, account.email)
    assert answer.headers["location"] == "/account?next=/"
    page = await client.get("/account")
    assert host.name in page.text
    assert lender.name in page.text
    assert (await client.get("/inbox")).status_code == 303, "nothing is open before the choice"
    key = {"form_key": str(UUID(int=8))}
    wrong = await client.post(
        "/account/organisation", data={"membership_id": str(stranger.membership_id), **key}
    )
    assert wrong.status_code == 422
    right = await client.post(
        "/account/organisation", data={"membership_id": str(chosen.membership_id), **key}
    )
    assert right.headers["location"] == "/inbox"
    assert (await client.get("/inbox")).status_code == 200
    assert (await client.get("/cases")).status_code == 403


@pytest.mark.parametrize("what", ["membership", "tenant", "account"])
async def test_rights_that_end_end_at_once(client: httpx.AsyncClient, what: str) -> None:
    member = await make_membership(await make_tenant("host"))
    await sign_in_as(client, member.account_id, member.membership_id)
    assert (await client.get("/cases")).status_code == 200
    async with network_transaction() as scope:
        statement, row = {
            "membership": (
                "UPDATE memberships SET state = 'ended' WHERE id = $1",
                member.membership_id,
            ),
            "tenant": ("UPDATE tenants SET state = 'closed' WHERE id = $1", member.tenant.id),
            "account": ("UPDATE accounts SET state = 'disabled' WHERE id = $1", member.account_id),
        }[what]
        assert await scope.execute(statement, row) == 1
    assert (await client.get("/cases")).status_code == 303
    assert (await client.get("/account")).status_code == (303 if what == "account" else 200)


async def test_what_is_stale_is_forgotten(client: httpx.AsyncClient, operator: Account) -> None:
    from hub.tenants.accounts.tasks import forget_stale

    await post_sign_in(client, operator.email)
    with clock.moved(timedelta(days=2)):
        await forget_stale()
    async with network_transaction() as scope:
        count = "SELECT count(*) FROM sessions WHERE account_id = $1"
        assert await scope.fetchval(count, operator.id) == 0


async def test_signing_in_is_in_the_audit_log_without_a_name(
    client: httpx.AsyncClient, operator: Account, db: object
) -> None:
    await post_sign_in(client, operator.email)
    member = await make_membership(await make_tenant("host"))
    async with tenant_transaction(member.tenant.id) as scope:
        seen = await scope.fetchval("SELECT count(*) FROM audit_log")
    assert seen == 0, "rows of the network are not a tenant's to read"


async def test_an_account_without_a_password_takes_its_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Refused at once, it would tell that there is one."""
    hasher, nobodys, tried = passwords._hasher, hash_password("nobody's at all"), list[str]()

    def verify(password_hash: str, password: str) -> bool:
        tried.append(password_hash)
        return hasher.verify(password_hash, password)

    monkeypatch.setattr(passwords, "_hasher", SimpleNamespace(verify=verify))
    monkeypatch.setattr(passwords, "_nobodys_hash", lambda: nobodys)
    assert await passwords.matches("!", PASSWORD) is False
    assert tried == ["!", nobodys]


@pytest.mark.parametrize(
    ("host", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("a-proxys-name", "a-proxys-name"),
    ],
)
def test_a_customers_addresses_count_as_one(host: str, counted: str) -> None:
    scope: Any = {"type": "http", "client": (host, 1)}
    request: Request[Any, Any, Any] = Request(scope)
    assert client_address(request) == counted


@pytest.mark.parametrize("path", ["/cases/\N{EURO SIGN}", "/cases/a b", "/cases/a&b"])
async def test_any_address_leads_to_the_sign_in_and_back(
    client: httpx.AsyncClient, path: str
) -> None:
    answer = await client.get(quote(path))
    assert answer.status_code == 303
    back = parse_qs(urlsplit(answer.headers["location"]).query)
    assert back == {"next": [path]}


async def test_under_https_no_neighbour_can_plant_a_session(
    settings: Settings, operator: Account
) -> None:
    https = replace(settings, base_url="https://hub.example.org")
    async with new_web_client(create_app(https), https) as browser:
        answer = await post_sign_in(browser, operator.email)
        (cookie,) = [one for one in answer.headers.get_list("set-cookie") if COOKIE in one]
        assert cookie.startswith(f"{HTTPS_COOKIE}=")
        assert "Secure" in cookie
        assert "Path=/" in cookie
        assert "Domain" not in cookie
        assert (await browser.get("/account")).status_code == 200
        secret = browser.cookies[HTTPS_COOKIE]
        browser.cookies.delete(HTTPS_COOKIE)
        browser.cookies.set(COOKIE, secret)
        assert (await browser.get("/account")).status_code == 303


async def test_losing_the_last_desk_of_a_limited_membership_leaves_none(
    client: httpx.AsyncClient,
) -> None:
    host = await make_tenant("host")
    limited = await make_membership(host, desks=(await make_desk(host),))
    case = await make_case(await make_membership(host))
    await sign_in_as(client, limited.account_id, limited.membership_id)
    assert (await client.get(f"/cases/{case.id}")).status_code == 404
    async with network_transaction() as scope:
        gone = "DELETE FROM membership_desks WHERE membership_id = $1"
        assert await scope.execute(gone, limited.membership_id) == 1
    assert (await client.get(f"/cases/{case.id}")).status_code == 404
