"""What an organisation writes of itself, and what only the Ente changes."""

from __future__ import annotations

from collections.abc import Callable

import asyncpg
import httpx
import pytest

from hub import clock
from hub.db import tenant_transaction
from hub.tenants.organisation import queries
from hub.web.locale import COOKIE as LOCALE_COOKIE
from tests.factories import Member, Tenant, make_desk, make_membership, make_tenant
from tests.support.web import sign_in
from tests.tenants.organisation.making import DETAILS, actions, set_tenant, stored, touched

NewClient = Callable[[], httpx.AsyncClient]


async def test_an_admin_writes_the_details(office: httpx.AsyncClient, host: Tenant) -> None:
    answer = await office.post(
        "/organisation/edit",
        data={
            **DETAILS,
            "version": "1",
            "email": "Ufficio@Comune.Example.org",
            "certified_email": "protocollo@pec.example.org",
            "phone": "081 123 4567",
            "website": "www.comune.example.org",
            "address": "Piazza Municipio 1",
            "postal_code": "80133",
            "accessibility_url": "https://form.example.org/view/1",
            "feedback_email": "accessibile@example.org",
            "patron": "NA",
            "time_zone": "Europe/Lisbon",
            "locale": "en",
        },
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/organisation")
    row = await stored(host)
    assert row["email"] == "ufficio@comune.example.org"
    assert row["website"] == "https://www.comune.example.org"
    assert (row["phone"], row["postal_code"]) == ("0811234567", "80133")
    assert (row["patron_province"], row["patron_month"]) == ("NA", None)
    assert (row["time_zone"], row["locale"], row["version"]) == ("Europe/Lisbon", "en", 2)
    shown = (await office.get("/organisation")).text
    assert "San Gennaro" in shown or "Saint Januarius" in shown
    assert "accessibile@example.org" in shown
    assert await actions(host) == ["settings.changed"]
    assert await touched(host) == 1


async def test_saving_nothing_new_leaves_no_trace(office: httpx.AsyncClient, host: Tenant) -> None:
    row = await stored(host)
    data = {**DETAILS, "version": "1", "email": row["email"]}
    assert (await office.post("/organisation/edit", data=data)).status_code == 303
    assert (await stored(host))["version"] == 1
    assert await actions(host) == []


async def test_of_two_editors_the_second_is_told_what_the_first_wrote(
    office: httpx.AsyncClient, host: Tenant
) -> None:
    first = {**DETAILS, "version": "1", "phone": "081 1111111", "address": "Via Roma 1"}
    second = {**DETAILS, "version": "1", "phone": "081 2222222", "address": "Via Roma 1"}
    assert (await office.post("/organisation/edit", data=first)).status_code == 303
    refused = await office.post("/organisation/edit", data=second)
    assert refused.status_code == 409
    assert "Someone else has saved these details" in refused.text
    assert "Now stored: 0811111111" in refused.text
    assert 'value="081 2222222"' in refused.text
    assert (await stored(host))["phone"] == "0811111111"
    again = await office.post("/organisation/edit", data={**second, "version": "2"})
    assert again.status_code == 303
    assert (await stored(host))["phone"] == "0812222222"


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("postal_code", "8013", "five digits"),
        ("postal_code", "20121", "Napoli has 80121–80147"),
        ("email", "nobody", "name@example.org"),
        ("website", "javascript:alert(1)", "web address"),
        ("website", "https://user:secret@example.org", "web address"),
        ("accessibility_url", "http://", "web address"),
        ("accessibility_url", "https://localhost/x", "web address"),
        ("time_zone", "Mars/Olympus", "Choose one"),
        ("locale", "xx", "Choose one"),
        ("patron", "XX", "Choose one"),
    ],
)
async def test_what_cannot_be_taken_is_said_beside_its_field(
    office: httpx.AsyncClient, host: Tenant, field: str, typed: str, said: str
) -> None:
    answer = await office.post("/organisation/edit", data={**DETAILS, "version": "1", field: typed})
    assert answer.status_code == 422
    assert said in answer.text
    assert (await stored(host))["version"] == 1


async def test_a_stored_postal_code_of_elsewhere_stands_in_nobodys_way(
    office: httpx.AsyncClient, host: Tenant
) -> None:
    await set_tenant(host, postal_code="20121")
    kept = {**DETAILS, "version": "1", "postal_code": "20121", "address": "Via Roma 1"}
    assert (await office.post("/organisation/edit", data=kept)).status_code == 303
    other = kept | {"version": "2", "postal_code": "20122"}
    assert (await office.post("/organisation/edit", data=other)).status_code == 422
    row = await stored(host)
    assert (row["postal_code"], row["address"]) == ("20121", "Via Roma 1")


async def test_of_two_who_choose_a_saint_the_second_is_told_so(
    office: httpx.AsyncClient, host: Tenant
) -> None:
    """Who left the older day standing typed none: not that, but the other's is what is in the way."""
    own = {**DETAILS, "patron": "own", "patron_date": "24/6", "patron_name": "San Giovanni"}
    for version, day in (("1", "24/6"), ("2", "25/6")):
        data = own | {"version": version, "patron_date": day}
        assert (await office.post("/organisation/edit", data=data)).status_code == 303
    answer = await office.post("/organisation/edit", data=own | {"version": "2", "patron": "NA"})
    assert answer.status_code == 409
    assert "Now stored: 25/6" in answer.text
    assert "typed a day of your own" not in answer.text


@pytest.mark.parametrize("typed", ["", "30/2", "31/4", "0/1", "1/13", "Christmas"])
async def test_an_own_patron_needs_a_day_that_exists(office: httpx.AsyncClient, typed: str) -> None:
    answer = await office.post(
        "/organisation/edit",
        data={**DETAILS, "version": "1", "patron": "own", "patron_date": typed},
    )
    assert answer.status_code == 422
    assert 'id="field-patron_date-error"' in answer.text


async def test_a_day_that_is_typed_is_never_dropped(
    office: httpx.AsyncClient, host: Tenant
) -> None:
    """Whatever the list above it says; one that stands there from before gives way to what is chosen."""
    typed = {**DETAILS, "version": "1", "patron_date": "24/6", "patron_name": "San Giovanni"}
    for wrong in ({"patron_date": "31/4"}, {"patron_date": ""}, {"patron": "NA"}):
        answer = await office.post("/organisation/edit", data=typed | wrong)
        assert (answer.status_code, 'id="field-patron_date-error"' in answer.text) == (422, True)
    assert (await office.post("/organisation/edit", data=typed)).status_code == 303
    row = await stored(host)
    assert (row["patron_month"], row["patron_day"], row["patron_name"]) == (6, 24, "San Giovanni")
    chosen = typed | {"version": "2", "patron": "NA"}
    assert (await office.post("/organisation/edit", data=chosen)).status_code == 303
    row = await stored(host)
    assert (row["patron_province"], row["patron_month"], row["patron_name"]) == ("NA", None, None)


async def test_a_patron_of_ones_own_and_one_of_several_towns(
    office: httpx.AsyncClient, host: Tenant
) -> None:
    own = {**DETAILS, "patron": "own", "patron_date": "29/2", "patron_name": "San Prova"}
    assert (
        await office.post("/organisation/edit", data={**own, "version": "1"})
    ).status_code == 303
    row = await stored(host)
    assert (row["patron_month"], row["patron_day"], row["patron_name"]) == (2, 29, "San Prova")
    assert 'value="29/2"' in (await office.get("/organisation/edit")).text

    venice = {**DETAILS, "version": "2", "patron": "VE-11-21"}
    assert (await office.post("/organisation/edit", data=venice)).status_code == 303
    row = await stored(host)
    assert (row["patron_province"], row["patron_month"], row["patron_day"]) == (None, 11, 21)
    async with tenant_transaction(host.id) as scope:
        calendar = await queries.calendar_of(scope, host.id, clock.today())
    assert calendar.patron
    saint = calendar.patron.in_year(2027)
    assert saint
    assert (saint.day.month, saint.day.day) == (11, 21)


async def test_every_province_is_offered_with_its_saint_and_day(office: httpx.AsyncClient) -> None:
    shown = (await office.get("/organisation/edit")).text
    assert shown.count("<option") > 107
    assert "Napoli: Saint Januarius’s Day, 19 September" in shown
    # Naples is where this organisation is.
    assert shown.index(">Napoli: ") < shown.index(">Agrigento: ")


async def test_who_has_no_desks_is_told_nothing_of_them(
    new_client: NewClient, office: httpx.AsyncClient
) -> None:
    client = new_client()
    await sign_in(client, await make_membership(await make_tenant("lender"), "admin"))
    said = "Compaiono nelle pagine pubbliche dei tuoi sportelli."
    assert said not in (await client.get("/organisation")).text
    assert "Shown on the public pages of your desks." in (await office.get("/organisation")).text


async def test_lenders_and_tutors_state_their_register_and_hosts_cannot(
    new_client: NewClient, office: httpx.AsyncClient, host: Tenant
) -> None:
    lender = await make_tenant("lender", "tutor")
    client = new_client()
    await sign_in(client, await make_membership(lender, "admin"))
    stated = {
        **DETAILS,
        "version": "1",
        "lender_category": "art_111",
        "lender_register": "18",
        "tutor_register": "T-7",
    }
    assert (await client.post("/organisation/edit", data=stated)).status_code == 303
    row = await stored(lender)
    assert (row["lender_category"], row["lender_register"]) == ("art_111", "18")
    assert row["tutor_register"] == "T-7"

    assert (await office.post("/organisation/edit", data=stated)).status_code == 303
    row = await stored(host)
    assert (row["lender_category"], row["lender_register"], row["tutor_register"]) == (
        None,
        None,
        None,
    )


@pytest.mark.parametrize(
    "column", ["name", "kinds", "fiscal_code", "state", "sandbox", "host_kind"]
)
async def test_what_is_the_entes_the_database_keeps_from_the_organisation(
    host: Tenant, column: str
) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with tenant_transaction(host.id) as scope:
            await scope.execute(f"UPDATE tenants SET {column} = {column} WHERE id = $1", host.id)


async def test_another_organisations_row_stays_as_it_is(host: Tenant) -> None:
    other = await make_tenant("host")
    async with tenant_transaction(host.id) as scope:
        assert (await scope.execute("UPDATE tenants SET phone = '1' WHERE id = $1", other.id)) == 0


async def test_who_may_change_them(new_client: NewClient, host: Tenant) -> None:
    desk = await make_desk(host)
    limited = await make_membership(host, "admin", desks=(desk,))
    operator = await make_membership(host, "operator")
    for person in (limited, operator):
        client = new_client()
        await sign_in(client, person)
        assert (await client.get("/organisation")).status_code == 200
        assert (await client.get("/organisation/edit")).status_code == 403
        answer = await client.post("/organisation/edit", data={**DETAILS, "version": "1"})
        assert answer.status_code == 403


async def test_a_suspended_organisation_goes_on_with_its_details(
    new_client: NewClient,
) -> None:
    waiting = await make_tenant("host", state="suspended")
    client = new_client()
    await sign_in(client, await make_membership(waiting, "admin"))
    data = {**DETAILS, "version": "1", "phone": "081 1234567"}
    assert (await client.post("/organisation/edit", data=data)).status_code == 303


async def test_a_stored_text_is_shown_as_text(
    office: httpx.AsyncClient, host: Tenant, admin: Member
) -> None:
    await set_tenant(host, address="<script>alert(1)</script>")
    office.cookies.set(LOCALE_COOKIE, "it")
    shown = (await office.get("/organisation")).text
    assert "<script>alert(1)" not in shown
    assert "&lt;script&gt;" in shown
    assert "chiedi all’Ente" in shown


async def test_whoever_has_no_desks_is_asked_nothing_about_them(
    new_client: NewClient,
) -> None:
    lender = await make_tenant("lender")
    await set_tenant(lender, feedback_email="before@example.org", patron_province="NA")
    browser = new_client()
    await sign_in(browser, await make_membership(lender, "admin"))
    asked = ("Accessibilità", "anto patrono", "tuoi sportelli")
    for path in ("/organisation", "/organisation/edit"):
        page = (await browser.get(path)).text.partition("<main")[2].partition("</main>")[0]
        assert not any(words in page for words in asked), path
    answer = await browser.post("/organisation/edit", data={**DETAILS, "version": "1", "phone": ""})
    assert answer.status_code == 303
    row = await stored(lender)
    assert (row["feedback_email"], row["patron_province"]) == ("before@example.org", "NA")
