"""Signing in with a second factor: the code, its limits, recovery codes, and admins who have none yet."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from hub import clock, mail
from hub.config import Settings
from hub.crypto import decrypt
from hub.db import network_transaction
from hub.tenants.accounts import queries as accounts
from hub.tenants.accounts import service
from hub.tenants.accounts.second_factor import codes, queries
from hub.tenants.accounts.sessions import COOKIE
from hub.worker import drain_now
from tests.contracts.test_routes import CLOSED, send
from tests.factories import Account, Member, make_account, make_membership, make_tenant
from tests.support.smtp_sink import SmtpSink
from tests.support.web import sign_in
from tests.tenants.accounts.making import (
    KEY,
    PAGE,
    PASSWORD,
    code_of,
    give_code,
    give_password,
    post,
    proposed,
    protect,
    recovery_codes_in,
    set_up,
    sign_in_with_code,
)

NewClient = Callable[[], httpx.AsyncClient]


@pytest.fixture
async def operator(db: object) -> Account:
    """Who chose to have a second factor."""
    account = await make_account(password=PASSWORD, name="Rosa Ferri")
    await make_membership(await make_tenant("host"), account=account)
    return account


@pytest.fixture
async def admin(db: object) -> Member:
    """Who has none yet."""
    account = await make_account(password=PASSWORD, name="Anna Prova")
    return await make_membership(await make_tenant("host"), "admin", account=account)


@pytest.fixture
def relay(settings: Settings, smtp_sink: SmtpSink) -> SmtpSink:
    mail.use_relay(replace(settings, smtp_url=smtp_sink.url))
    return smtp_sink


async def test_the_password_alone_signs_nobody_in(
    client: httpx.AsyncClient, operator: Account
) -> None:
    await protect(operator)
    answer = await give_password(client, operator)
    assert answer.headers["location"] == "/sign-in/code?next=/"
    assert (await client.get("/cases")).headers["location"] == "/sign-in?next=/cases"
    assert (await client.get("/account")).status_code == 303
    assert (await client.get("/sign-in?next=/cases")).headers[
        "location"
    ] == "/sign-in/code?next=/cases"
    page = await client.get("/sign-in/code?next=/cases")
    assert page.status_code == 200
    assert 'autocomplete="one-time-code"' in page.text
    assert "Rosa Ferri" not in page.text
    done = await give_code(client, code_of(), next="/cases")
    assert (done.status_code, done.headers["location"]) == (303, "/cases")
    assert (await client.get("/cases")).status_code == 200


async def test_without_a_page_in_mind_one_lands_where_the_work_is(
    client: httpx.AsyncClient, operator: Account
) -> None:
    await protect(operator)
    await give_password(client, operator)
    assert (await give_code(client, code_of())).headers["location"] == "/cases"
    assert (await client.get("/sign-in/code")).headers["location"] == "/cases"


async def test_a_person_of_two_organisations_chooses_after_the_code(
    client: httpx.AsyncClient, operator: Account
) -> None:
    await make_membership(await make_tenant("lender"), account=operator)
    await protect(operator)
    await give_password(client, operator)
    assert (await give_code(client, code_of())).headers["location"] == "/account?next=/"


async def test_a_wrong_code_is_refused(client: httpx.AsyncClient, operator: Account) -> None:
    await protect(operator)
    await give_password(client, operator)
    for wrong in ("", code_of(steps=10), code_of(steps=-10), "abcde-fghjk", "١٢٣٤٥٦", "\x00"):
        answer = await give_code(client, wrong)
        assert answer.status_code == 422
        assert "hub-error" in answer.text
    assert (await client.get("/cases")).status_code == 303


async def test_what_is_no_code_sets_nothing_up(
    client: httpx.AsyncClient, operator: Account
) -> None:
    await give_password(client, operator)
    secret, proposal = proposed(await post(client, f"{PAGE}/start", password=PASSWORD))
    for wrong in ("", "١٢٣٤٥٦", "\x00", "12345", code_of(secret, steps=5)):
        answer = await post(client, f"{PAGE}/confirm", code=wrong, proposal=proposal)
        assert answer.status_code == 422
    for wrong in ("", "nonsense", "١"):
        answer = await post(client, f"{PAGE}/confirm", code=code_of(secret), proposal=wrong)
        assert (answer.status_code, answer.headers["location"]) == (303, PAGE)


@pytest.mark.parametrize("steps", [-1, 0, 1])
async def test_a_phone_whose_clock_is_one_step_off_signs_in(
    client: httpx.AsyncClient, operator: Account, steps: int
) -> None:
    await protect(operator)
    await sign_in_with_code(client, operator, steps)
    assert (await client.get("/cases")).status_code == 200


async def test_a_code_is_taken_once(new_client: NewClient, operator: Account) -> None:
    await protect(operator)
    owner, thief = new_client(), new_client()
    code = code_of()
    await give_password(owner, operator)
    await give_password(thief, operator)
    assert (await give_code(owner, code)).status_code == 303
    assert (await give_code(thief, code)).status_code == 422
    assert (await thief.get("/cases")).status_code == 303


async def test_two_who_type_the_same_code_at_once_are_not_both_let_in(
    new_client: NewClient, operator: Account
) -> None:
    await protect(operator)
    both = [new_client(), new_client()]
    for one in both:
        await give_password(one, operator)
    code = code_of()
    answers = await asyncio.gather(*(give_code(one, code) for one in both))
    assert sorted(answer.status_code for answer in answers) == [303, 422]
    open_to = [(await one.get("/cases")).status_code for one in both]
    assert sorted(open_to) == [200, 303]


async def test_a_double_click_signs_in(new_client: NewClient, operator: Account) -> None:
    await protect(operator)
    client = new_client()
    await give_password(client, operator)
    code = code_of()
    answers = await asyncio.gather(give_code(client, code), give_code(client, code))
    assert [answer.status_code for answer in answers] == [303, 303]
    assert (await client.get("/cases")).status_code == 200
    assert (await give_code(client, code)).headers["location"] == "/sign-in?next=/"
    assert (await client.get("/sign-in?next=/")).headers["location"] == "/cases"


async def test_a_code_of_somebody_else_opens_nothing(
    client: httpx.AsyncClient, operator: Account
) -> None:
    await protect(operator, codes.new_secret())
    await give_password(client, operator)
    assert (await give_code(client, code_of())).status_code == 422


async def test_guessing_codes_is_limited_whatever_session_one_guesses_from(
    new_client: NewClient, operator: Account
) -> None:
    await protect(operator)
    client = new_client()
    await give_password(client, operator)
    wrong = [code_of(steps=steps) for steps in range(10, 22)]
    answers = await asyncio.gather(*(give_code(client, code) for code in wrong))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [422] * service.ATTEMPTS_PER_EMAIL + [429] * 2
    other = new_client()
    await give_password(other, operator)
    assert (await give_code(other, code_of())).status_code == 429, "even with the right code"
    with clock.moved(service.ATTEMPTS_WINDOW + timedelta(seconds=1)):
        await sign_in_with_code(new_client(), operator)


async def test_the_code_is_waited_for_ten_minutes(
    client: httpx.AsyncClient, operator: Account
) -> None:
    await protect(operator)
    await give_password(client, operator)
    with clock.moved(queries.WAITING + timedelta(seconds=1)):
        assert (await client.get("/sign-in/code")).headers["location"] == "/sign-in"
        late = await give_code(client, code_of(steps=0))
        assert late.headers["location"] == "/sign-in?next=/"
        assert (await client.get("/cases")).status_code == 303


async def test_whoever_began_can_sign_in_as_someone_else(
    client: httpx.AsyncClient, operator: Account
) -> None:
    await protect(operator)
    await give_password(client, operator)
    secret = client.cookies[COOKIE]
    await client.post("/sign-out")
    client.cookies.set(COOKIE, secret)
    assert (await client.get("/sign-in/code")).headers["location"] == "/sign-in"


async def test_a_recovery_code_signs_in_once(
    new_client: NewClient, operator: Account, relay: SmtpSink
) -> None:
    first, *_ = await protect(operator)
    client = new_client()
    await give_password(client, operator)
    assert 'name="code"' in (await client.get("/sign-in/code?with=recovery-code&next=/cases")).text
    done = await give_code(client, first.upper().replace("-", " "))
    assert done.headers["location"] == "/cases"
    assert "consumato" in (await client.get("/cases")).text
    again = new_client()
    await give_password(again, operator)
    assert (await give_code(again, first)).status_code == 422
    assert "9 su 10" in (await client.get(PAGE)).text
    await drain_now()
    assert relay.messages[-1].recipients == (operator.email,)
    assert "codice di recupero" in relay.messages[-1].message["subject"]


async def test_a_recovery_code_used_at_once_twice_lets_one_in(
    new_client: NewClient, operator: Account
) -> None:
    first, *_ = await protect(operator)
    both = [new_client(), new_client()]
    for one in both:
        await give_password(one, operator)
    answers = await asyncio.gather(*(give_code(one, first) for one in both))
    assert sorted(answer.status_code for answer in answers) == [303, 422]


async def test_a_recovery_code_of_somebody_else_opens_nothing(
    client: httpx.AsyncClient, operator: Account
) -> None:
    await protect(operator)
    others = await protect(await make_account(password=PASSWORD))
    await give_password(client, operator)
    assert (await give_code(client, others[0])).status_code == 422


async def test_secret_and_codes_are_not_stored_in_the_clear(
    client: httpx.AsyncClient, operator: Account
) -> None:
    await give_password(client, operator)
    secret, shown = await set_up(client)
    assert len(set(shown)) == codes.RECOVERY_CODES
    async with network_transaction() as scope:
        stored = await scope.fetchval(
            "SELECT secret FROM second_factors WHERE account_id = $1", operator.id
        )
        hashes = await scope.fetch(
            "SELECT code_hash FROM recovery_codes WHERE account_id = $1", operator.id
        )
    assert secret.encode() not in stored
    assert decrypt(stored) == secret
    kept = b"".join(row["code_hash"] for row in hashes)
    assert not any(codes.compact(code).encode() in kept for code in shown)


async def test_setting_up_asks_for_the_password_and_a_first_code(
    client: httpx.AsyncClient, operator: Account
) -> None:
    await give_password(client, operator)
    assert (await post(client, f"{PAGE}/start", password="not this one")).status_code == 422
    page = await post(client, f"{PAGE}/start", password=PASSWORD)
    secret, proposal = proposed(page)
    assert 'class="hub-qr"' in page.text
    assert "otpauth://totp/" in page.text
    wrong = await post(client, f"{PAGE}/confirm", code=code_of(), proposal=proposal)
    assert wrong.status_code == 422
    assert proposed(wrong) == (secret, proposal), "the same picture, to try again"
    assert "attivo" not in (await client.get(PAGE)).text, "nothing counts before its first code"
    done = await post(client, f"{PAGE}/confirm", code=code_of(secret), proposal=proposal)
    assert len(recovery_codes_in(done)) == codes.RECOVERY_CODES
    assert (await client.get("/cases")).status_code == 200, "this browser goes on"
    assert recovery_codes_in(await client.get(PAGE)) == []


async def test_the_first_code_does_not_sign_in_as_well(
    new_client: NewClient, operator: Account
) -> None:
    client, other = new_client(), new_client()
    await give_password(client, operator)
    secret, _ = await set_up(client)
    await give_password(other, operator)
    assert (await give_code(other, code_of(secret))).status_code == 422


async def test_of_two_confirmations_at_once_one_counts(
    client: httpx.AsyncClient, operator: Account
) -> None:
    await give_password(client, operator)
    pages = [await post(client, f"{PAGE}/start", password=PASSWORD) for _ in range(2)]
    offered = [proposed(page) for page in pages]
    answers = await asyncio.gather(
        *(
            post(client, f"{PAGE}/confirm", code=code_of(secret), proposal=proposal)
            for secret, proposal in offered
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    (winner,) = [n for n, answer in enumerate(answers) if answer.status_code == 200]
    async with network_transaction() as scope:
        factor = await queries.factor_of(scope, operator.id)
        assert await queries.recovery_codes_left(scope, operator.id) == codes.RECOVERY_CODES
    assert factor is not None
    assert decrypt(factor.secret) == offered[winner][0]


async def test_a_set_up_that_took_too_long_begins_again(
    client: httpx.AsyncClient, operator: Account
) -> None:
    await give_password(client, operator)
    secret, proposal = proposed(await post(client, f"{PAGE}/start", password=PASSWORD))
    with clock.moved(timedelta(minutes=31)):
        late = await post(client, f"{PAGE}/confirm", code=code_of(secret), proposal=proposal)
        assert (late.status_code, late.headers["location"]) == (303, PAGE)
        assert "Ricomincia" in (await client.get(PAGE)).text


async def test_switching_it_on_signs_out_every_other_browser(
    new_client: NewClient, operator: Account, relay: SmtpSink
) -> None:
    here, elsewhere = new_client(), new_client()
    await give_password(here, operator)
    await give_password(elsewhere, operator)
    await set_up(here)
    assert (await elsewhere.get("/account")).status_code == 303
    assert (await elsewhere.get("/sign-in/code")).headers["location"] == "/sign-in"
    await drain_now()
    assert "secondo fattore" in relay.messages[-1].message["subject"]


async def test_another_phone_takes_over(new_client: NewClient, operator: Account) -> None:
    kept = await protect(operator)
    client = new_client()
    await sign_in_with_code(client, operator)
    assert (await post(client, f"{PAGE}/another-phone", code="000 000")).status_code == 422
    page = await post(client, f"{PAGE}/another-phone", code=kept[0])
    secret, proposal = proposed(page)
    done = await post(client, f"{PAGE}/confirm", code=code_of(secret), proposal=proposal)
    assert (done.status_code, done.headers["location"]) == (303, PAGE)
    old, new = new_client(), new_client()
    await give_password(old, operator)
    assert (await give_code(old, code_of(steps=1))).status_code == 422
    assert (await give_code(old, kept[1])).status_code == 303, "recovery codes are as they were"
    await give_password(new, operator)
    assert (await give_code(new, code_of(secret, steps=1))).status_code == 303


async def test_many_at_once_on_one_account_never_block_each_other(
    new_client: NewClient, operator: Account
) -> None:
    """Codes typed and passwords given while the factor moves to another phone: each waits, none is stuck."""
    kept = await protect(operator)
    owner, *others = [new_client() for _ in range(5)]
    await sign_in_with_code(owner, operator)
    for one in others:
        await give_password(one, operator)
    page = await post(owner, f"{PAGE}/another-phone", code=kept[0])
    secret, proposal = proposed(page)
    answers = await asyncio.gather(
        *(give_code(one, code) for one, code in zip(others, kept[1:], strict=False)),
        post(owner, f"{PAGE}/confirm", code=code_of(secret), proposal=proposal),
        *(give_password(one, operator) for one in others),
    )
    assert {answer.status_code for answer in answers} == {303}
    assert (await owner.get("/cases")).status_code == 200


async def test_a_first_set_up_never_replaces_a_factor(
    new_client: NewClient, operator: Account
) -> None:
    """A page left open in a browser that somebody else comes to."""
    client = new_client()
    await give_password(client, operator)
    secret, proposal = proposed(await post(client, f"{PAGE}/start", password=PASSWORD))
    await set_up(client)
    late = await post(client, f"{PAGE}/confirm", code=code_of(secret), proposal=proposal)
    assert late.status_code == 409


async def test_new_recovery_codes_end_the_old_ones(
    new_client: NewClient, operator: Account
) -> None:
    old = await protect(operator)
    client = new_client()
    await sign_in_with_code(client, operator)
    assert (await post(client, f"{PAGE}/recovery-codes", code="nonsense")).status_code == 422
    page = await post(client, f"{PAGE}/recovery-codes", code=code_of(steps=1))
    fresh = recovery_codes_in(page)
    assert len(fresh) == codes.RECOVERY_CODES
    other = new_client()
    await give_password(other, operator)
    assert (await give_code(other, old[0])).status_code == 422
    assert (await give_code(other, fresh[0])).status_code == 303


async def test_an_operator_may_switch_it_off(
    new_client: NewClient, operator: Account, relay: SmtpSink
) -> None:
    await protect(operator)
    client = new_client()
    await sign_in_with_code(client, operator)
    right = {"password": PASSWORD, "code": code_of(steps=1)}
    assert (await post(client, f"{PAGE}/off", **right | {"password": "no"})).status_code == 422
    assert (await post(client, f"{PAGE}/off", **right | {"code": "000000"})).status_code == 422
    assert (await post(client, f"{PAGE}/off", **right)).headers["location"] == PAGE
    assert (await client.get("/cases")).status_code == 200
    assert (await give_password(new_client(), operator)).headers["location"] == "/cases"
    await drain_now()
    assert "disattivato" in relay.messages[-1].message["subject"]


async def test_a_factor_set_up_anew_is_asked_of_sessions_from_before(
    new_client: NewClient, operator: Account
) -> None:
    """What one session showed of an old factor says nothing of the new one."""
    await protect(operator)
    client = new_client()
    await sign_in_with_code(client, operator)
    await post(client, f"{PAGE}/off", password=PASSWORD, code=code_of(steps=1))
    await protect(operator)
    assert (await client.get("/cases")).status_code == 303


async def test_an_admin_never_switches_it_off(new_client: NewClient, admin: Member) -> None:
    await protect(admin.account)
    client = new_client()
    await sign_in_with_code(client, admin.account)
    assert f"{PAGE}/off" not in (await client.get(PAGE)).text
    answer = await post(client, f"{PAGE}/off", password=PASSWORD, code=code_of(steps=1))
    assert answer.status_code == 403
    async with network_transaction() as scope:
        assert await queries.factor_of(scope, admin.account_id) is not None


async def test_an_admin_without_one_is_led_to_the_set_up_from_everywhere(
    client: httpx.AsyncClient, admin: Member
) -> None:
    answer = await give_password(client, admin.account)
    assert answer.headers["location"] == f"{PAGE}?next=/"
    for route in CLOSED:
        if route.path in (PAGE, f"{PAGE}/start", f"{PAGE}/confirm", "/sign-in/code"):
            continue
        answer = await send(client, route, route.to(dict.fromkeys(route.names, admin.tenant.id)))
        if route.path.startswith("/api/"):
            assert answer.status_code == 403, route
            assert answer.json()["type"].endswith("second-factor-missing")
        else:
            location = answer.headers.get("location", "")
            assert (answer.status_code, location.partition("?")[0]) == (303, PAGE), route


async def test_an_admin_without_one_sees_why_and_can_do_just_that(
    client: httpx.AsyncClient, admin: Member
) -> None:
    await give_password(client, admin.account)
    page = await client.get((await client.get("/cases")).headers["location"])
    assert "Hai il ruolo di amministratore" in page.text
    assert (await client.post("/locale", data={"locale": "en", "next": PAGE})).status_code == 303
    assert "You are an administrator" in (await client.get(PAGE)).text
    asked = await client.get("/cases", headers={"accept": "application/json"})
    assert asked.headers["content-type"] == "application/problem+json"
    assert (await client.get("/sign-in")).headers["location"] == f"{PAGE}?next=/"
    await set_up(client)
    assert (await client.get("/cases")).status_code == 200
    client.cookies.delete("hub_locale")
    await client.post("/sign-out")
    assert (await client.get(PAGE)).headers["location"].startswith("/sign-in")


async def test_public_pages_see_nobody_in_an_admin_without_one(
    client: httpx.AsyncClient, admin: Member
) -> None:
    await give_password(client, admin.account)
    for path in ("/", "/desks", "/privacy"):
        page = await client.get(path)
        assert page.status_code == 200
        assert "/cases" not in page.text


async def test_whoever_becomes_an_admin_sets_one_up_at_the_next_step(
    client: httpx.AsyncClient, operator: Account
) -> None:
    await give_password(client, operator)
    assert (await client.get("/cases")).status_code == 200
    async with network_transaction() as scope:
        await scope.execute(
            "UPDATE memberships SET role = 'admin' WHERE account_id = $1", operator.id
        )
    assert (await client.get("/cases")).headers["location"] == f"{PAGE}?next=/cases"


@pytest.mark.parametrize(
    ("what", "asked"),
    [
        ("suspended", True),
        ("closed", False),
        ("ended", False),
        ("expired", False),
    ],
)
async def test_it_is_asked_of_admins_of_what_is_still_theirs(
    client: httpx.AsyncClient, operator: Account, what: str, asked: bool
) -> None:
    """In any organisation, not only in the one that was chosen."""
    elsewhere = await make_membership(await make_tenant("lender"), "admin", account=operator)
    async with network_transaction() as scope:
        statement = {
            "suspended": "UPDATE tenants SET state = 'suspended' WHERE id = $1 AND $2::uuid IS NOT NULL",
            "closed": "UPDATE tenants SET state = 'closed' WHERE id = $1 AND $2::uuid IS NOT NULL",
            "ended": "UPDATE memberships SET state = 'ended' WHERE tenant_id = $1 AND id = $2",
            "expired": "UPDATE memberships SET expires_at = created_at WHERE tenant_id = $1 AND id = $2",
        }[what]
        assert await scope.execute(statement, elsewhere.tenant.id, elsewhere.membership_id) == 1
    answer = await give_password(client, operator)
    assert answer.headers["location"].startswith(PAGE) is asked


async def test_a_forgotten_password_leaves_the_factor(
    client: httpx.AsyncClient, operator: Account
) -> None:
    await protect(operator)
    async with network_transaction() as scope:
        credentials = await accounts.credentials_by_id(scope, operator.id)
    assert credentials is not None
    link = service.password_link_token(credentials)
    fresh = "una frase tutta nuova"
    await client.post(
        f"/password/new?link={link}", data={"password": fresh, "repeated": fresh, **KEY}
    )
    answer = await give_password(client, operator, fresh)
    assert answer.headers["location"].startswith("/sign-in/code")


async def test_the_fixtures_sign_in_as_the_form_would(
    client: httpx.AsyncClient, admin: Member
) -> None:
    """`sign_in` gives an admin the factor that everyone would ask for."""
    await sign_in(client, admin)
    assert (await client.get("/cases")).status_code == 200
    async with network_transaction() as scope:
        assert await queries.factor_of(scope, admin.account_id) is not None
