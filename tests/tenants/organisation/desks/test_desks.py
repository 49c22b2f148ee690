"""A desk's entry: added, changed, verified, seen by the public."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

import httpx
import pytest

from hub import clock
from hub.db import network_transaction
from hub.ids import uuid7
from hub.tenants.organisation import hours
from hub.tenants.organisation.desks.schemas import DAY_FIELDS, SaveDesk, position_of
from hub.web.fields import Refused
from tests.factories import Tenant, make_desk, make_membership, make_tenant
from tests.support.web import sign_in
from tests.tenants.organisation.making import (
    DESK,
    WRITTEN,
    actions,
    desk_row,
    set_desk,
    touched,
)

NewClient = Callable[[], httpx.AsyncClient]
NEW = "/organisation/desks/new"


async def add(client: httpx.AsyncClient, **fields: object) -> httpx.Response:
    return await client.post(NEW, data={**DESK, "form_key": str(uuid4()), **fields})


def id_in(answer: httpx.Response) -> UUID:
    assert answer.status_code == 303, answer.text
    return UUID(answer.headers["location"].rpartition("/")[2])


async def test_a_desk_is_added_with_all_its_fields(office: httpx.AsyncClient, host: Tenant) -> None:
    desk_id = id_in(
        await add(
            office,
            position="40.8518, 14.2681",
            email="Sportello@Example.org",
            hours_note="In agosto su appuntamento",
            provinces=["NA", "SA"],
        )
    )
    row = await desk_row(host, desk_id)
    assert (row["state"], row["setup_id"]) == ("setting_up", None)
    assert (row["municipality_code"], row["region_code"]) == ("063049", "15")
    assert (row["latitude"], row["longitude"]) == (40.8518, 14.2681)
    assert (row["email"], row["phone"]) == ("sportello@example.org", "0811234567")
    assert row["hours"] == [
        [1, "09:00", "13:00"],
        [1, "15:00", "17:30"],
        [5, "09:00", "12:30"],
    ]
    assert row["opening_hours"] == "In agosto su appuntamento"
    assert (row["offers"], row["provinces"]) == (["information", "tutoring"], ["NA", "SA"])
    assert row["verified_on"] == clock.today()
    assert await actions(host) == ["desk.added"]
    assert await touched(host) == 1
    shown = (await office.get(f"/organisation/desks/{desk_id}")).text
    assert "Ask the Ente to open it" in shown
    assert "Still missing" not in shown


async def test_a_desk_without_provinces_serves_the_one_it_stands_in(
    office: httpx.AsyncClient, host: Tenant
) -> None:
    desk_id = id_in(await add(office, municipality="Milano", postal_code="20121"))
    row = await desk_row(host, desk_id)
    assert (row["provinces"], row["region_code"]) == (["MI"], "03")
    assert row["latitude"] is None


async def test_sending_the_form_twice_adds_one_desk(
    office: httpx.AsyncClient, host: Tenant
) -> None:
    key = str(uuid4())
    first, second = await add(office, form_key=key), await add(office, form_key=key)
    assert id_in(first) == id_in(second)
    other = await add(office, form_key=key, name="Another desk")
    assert other.status_code == 422
    assert "sent before, with other content" in other.text
    assert await actions(host) == ["desk.added"]


async def test_two_desks_are_not_called_alike(office: httpx.AsyncClient, host: Tenant) -> None:
    """By what an import tells desks apart, which would else refuse both; a closed one keeps its name."""
    centre = id_in(await add(office, name="Sportello centrale"))
    key = str(uuid4())
    again = await add(office, name="SPORTELLO  Centralè", form_key=key)
    assert again.status_code == 422
    assert "Another desk of your organisation has this name" in again.text
    north = id_in(await add(office, name="Sportello nord", form_key=key))
    edit = f"/organisation/desks/{north}/edit"
    renamed = {**DESK, "version": "1", "name": "sportello centrale"}
    assert "has this name" in (await office.post(edit, data=renamed)).text
    spelt = await office.post(edit, data=renamed | {"name": "Sportello NORD"})
    assert spelt.status_code == 303, "its own name in another spelling"
    for desk_id, opened_on in ((centre, clock.today()), (north, None)):
        async with network_transaction() as scope:
            await scope.execute(
                """
                UPDATE desks SET state = 'closed', opened_on = $2, closed_on = $3, closed_reason = 'staff'
                WHERE id = $1
                """,
                desk_id,
                opened_on,
                clock.today(),
            )
    late = await add(office, name="sportello centrale")
    assert (late.status_code, "A closed desk" in late.text) == (422, True)
    id_in(await add(office, name="sportello nord"))  # No citizen ever knew the other.
    assert (await actions(host)).count("desk.added") == 3


async def test_of_two_desks_at_once_one_has_the_name(
    office: httpx.AsyncClient, host: Tenant
) -> None:
    answers = await asyncio.gather(*(add(office, name="Sportello unico") for _ in range(2)))
    assert sorted(answer.status_code for answer in answers) == [303, 422]
    assert await actions(host) == ["desk.added"]


async def test_a_desk_of_the_set_up_belongs_to_it(
    new_client: NewClient,
) -> None:
    host, ente = await make_tenant("host", state="suspended"), await make_tenant("coordinator")
    setup_id = uuid7()
    async with network_transaction() as scope:
        await scope.execute(
            """
            INSERT INTO setups (id, tenant_id, coordinator_id, kinds, contact_name, contact_email,
              started_at, due_on) VALUES ($1, $2, $3, '{host}', 'A', 'a@example.org', $4, $5)
            """,
            setup_id,
            host.id,
            ente.id,
            scope.now,
            clock.today(),
        )
    client = new_client()
    await sign_in(client, await make_membership(host, "admin"))
    desk_id = id_in(await add(client))
    assert (await desk_row(host, desk_id))["setup_id"] == setup_id
    shown = (await client.get(f"/organisation/desks/{desk_id}")).text
    assert "part of the set-up" in shown or "parte dell’avvio" in shown


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("name", "", "Fill in this field."),
        ("municipality", "Nowhere", "No municipality begins like this"),
        ("municipality", "San", "Several municipalities begin like this"),
        ("postal_code", "80", "five digits"),
        ("postal_code", "43121", "Napoli has 80121–80147"),
        ("position", "here", "Enter latitude and longitude"),
        ("position", "14.2681, 40.8518", "look exchanged"),
        ("position", "48.8566, 12.3522", "not in Italy"),
        ("position", "45.4642, 9.1900", "km away from Napoli"),
        ("monday", "from nine to one", "Write the times like this"),
        ("friday", "13-9", "closing must come after the opening"),
        ("offers", "miracles", "Choose one of the options."),
        ("provinces", "XX", "Choose one of the options."),
        ("phone", "call me", "telephone number"),
        ("how_to_reach", "a" * 1001, "1000 characters"),
    ],
)
async def test_what_cannot_be_taken_is_said_beside_its_field(
    office: httpx.AsyncClient, host: Tenant, field: str, typed: str, said: str
) -> None:
    answer = await add(office, **{field: typed})
    assert answer.status_code == 422
    assert said in answer.text
    assert f'href="#field-{field}"' in answer.text
    assert await actions(host) == []


async def test_everything_wrong_is_told_at_once(office: httpx.AsyncClient) -> None:
    answer = await add(office, monday="x", tuesday="9-8", name="", municipality="San")
    for field in ("monday", "tuesday", "name", "municipality"):
        assert f'id="field-{field}-error"' in answer.text
    assert 'value="9-8"' in answer.text


async def test_of_municipalities_that_begin_alike_one_is_chosen(
    office: httpx.AsyncClient, host: Tenant
) -> None:
    asked = await add(office, municipality="Castro")
    assert asked.status_code == 422
    codes = re.findall(r'name="municipality_code" value="([0-9]{6})"', asked.text)
    assert len(codes) > 1
    desk_id = id_in(
        await add(office, municipality="Castro", municipality_code=codes[0], postal_code="")
    )
    assert (await desk_row(host, desk_id))["municipality_code"] == codes[0]


@pytest.mark.parametrize(
    "typed",
    [
        "40.8518, 14.2681",
        "40.8518,14.2681",
        "40.8518 14.2681",
        "40,8518 14,2681",
        "40,8518; 14,2681",
        "40,8518, 14,2681",
        "40.8518° N, 14.2681° E",
    ],
)
def test_positions_are_read_as_maps_and_people_write_them(typed: str) -> None:
    assert position_of(typed) == (40.8518, 14.2681)


@pytest.mark.parametrize(
    "typed", ["40.8518", "a, b", "40.8518, 14.2681, 3", "-40.8, 14.2", "1e3, 2"]
)
def test_other_positions_are_refused(typed: str) -> None:
    with pytest.raises(Refused):
        position_of(typed)


async def test_saving_an_entry_verifies_it(office: httpx.AsyncClient, host: Tenant) -> None:
    desk = await make_desk(host)
    await set_desk(desk, verified_on=clock.today() - timedelta(days=300))
    here = f"/organisation/desks/{desk.id}"
    form = (await office.get(f"{here}/edit")).text
    assert 'value="Napoli (NA)"' in form
    assert 'value="40.84, 14.25"' in form
    saved = await office.post(f"{here}/edit", data={**DESK, "version": "1"})
    assert (saved.status_code, saved.headers["location"]) == (303, here)
    row = await desk_row(host, desk.id)
    assert (row["name"], row["state"], row["version"]) == (DESK["name"], "active", 2)
    assert row["verified_on"] == clock.today()
    assert row["latitude"] is None
    again = (await office.get(f"{here}/edit")).text
    assert 'value="9:00–13:00, 15:00–17:30"' in again
    assert await actions(host) == ["desk.changed"]


async def test_a_stored_postal_code_of_elsewhere_stands_in_nobodys_way(
    office: httpx.AsyncClient, host: Tenant
) -> None:
    desk = await make_desk(host)
    await set_desk(desk, postal_code="43121")
    edit = f"/organisation/desks/{desk.id}/edit"
    kept = {**DESK, "version": "1", "postal_code": "43121"}
    assert (await office.post(edit, data=kept)).status_code == 303
    moved = kept | {"version": "2", "municipality": "Milano"}
    assert (await office.post(edit, data=moved)).status_code == 422
    other = kept | {"version": "2", "postal_code": "43122"}
    assert (await office.post(edit, data=other)).status_code == 422
    row = await desk_row(host, desk.id)
    assert (row["postal_code"], row["version"]) == ("43121", 2)


async def test_of_two_editors_the_second_is_told_what_the_first_wrote(
    office: httpx.AsyncClient, host: Tenant
) -> None:
    desk = await make_desk(host)
    edit = f"/organisation/desks/{desk.id}/edit"
    first = {**DESK, "version": "1", "phone": "081 1111111"}
    second = {**DESK, "version": "1", "phone": "081 2222222", "monday": "10-11"}
    assert (await office.post(edit, data=first)).status_code == 303
    refused = await office.post(edit, data=second)
    assert refused.status_code == 409
    assert "Now stored: 0811111111" in refused.text
    assert "Now stored: 9:00–13:00, 15:00–17:30" in refused.text
    assert (await desk_row(host, desk.id))["phone"] == "0811111111"
    assert (await office.post(edit, data={**second, "version": "2"})).status_code == 303


async def test_one_button_says_that_everything_is_still_right(
    office: httpx.AsyncClient, host: Tenant
) -> None:
    desk = await make_desk(host)
    await set_desk(desk, **WRITTEN, verified_on=clock.today() - timedelta(days=181))
    assert "Everything is still right" in (await office.get(f"/organisation/desks/{desk.id}")).text
    listed = (await office.get("/organisation/desks")).text
    assert "To be verified" in listed
    answer = await office.post(f"/organisation/desks/{desk.id}/verify")
    assert answer.headers["location"] == f"/organisation/desks/{desk.id}"
    row = await desk_row(host, desk.id)
    assert (row["verified_on"], row["version"]) == (clock.today(), 1)
    assert "To be verified" not in (await office.get("/organisation/desks")).text
    assert await actions(host) == ["desk.verified"]


async def test_what_lacks_something_is_not_verified(
    office: httpx.AsyncClient, host: Tenant
) -> None:
    desk = await make_desk(host)
    here = f"/organisation/desks/{desk.id}"
    await set_desk(desk, **{**WRITTEN, "postal_code": None})
    shown = (await office.get(here)).text
    assert f'action="{here}/verify"' not in shown
    assert "Something is still missing: complete the entry" in shown
    refused = await office.post(f"{here}/verify")
    assert refused.status_code == 409
    assert "complete it first" in refused.text
    assert (await desk_row(host, desk.id))["verified_on"] is None
    await set_desk(desk, postal_code="80133")
    shown = (await office.get(here)).text
    assert ">Everything is right<" in shown
    assert (await office.post(f"{here}/verify")).status_code == 303
    assert (await desk_row(host, desk.id))["verified_on"] == clock.today()


async def test_the_form_says_what_the_activation_needs(office: httpx.AsyncClient) -> None:
    shown = (await office.get(NEW)).text
    assert shown.count("(needed for the activation)") == 4
    assert shown.count("(one of the two is needed for the activation)") == 2
    # The position on the map and the note to the hours.
    assert shown.count("(optional)") == 2


async def test_the_list_says_what_is_missing_and_when_it_is_closed(
    office: httpx.AsyncClient, host: Tenant
) -> None:
    desk = await make_desk(host)
    listed = (await office.get("/organisation/desks")).text
    for lacking in (
        "postal code",
        "hours",
        "telephone or e-mail",
        "how to reach it",
        "verification",
    ):
        assert lacking in listed
    await office.post(f"/organisation/desks/{desk.id}/edit", data={**DESK, "version": "1"})
    day = clock.today() + timedelta(days=1)
    closure = {"starts_on": day.isoformat(), "ends_on": day.isoformat(), "reason": "Works"}
    await office.post(f"/organisation/desks/{desk.id}/closures/new", data=closure)
    listed = (await office.get("/organisation/desks")).text
    assert "Complete" in listed
    assert "Works" in listed
    assert "Mon" in listed


async def test_whoever_works_for_some_desks_changes_those_alone(
    new_client: NewClient, host: Tenant
) -> None:
    own, other = await make_desk(host), await make_desk(host)
    client = new_client()
    await sign_in(client, await make_membership(host, "admin", desks=(own,)))
    data = {**DESK, "version": "1"}
    assert (await client.get("/organisation/desks")).status_code == 200
    assert (await client.get(f"/organisation/desks/{other.id}")).status_code == 200
    for path in ("edit", "verify", "closures/new"):
        refused = await client.post(f"/organisation/desks/{other.id}/{path}", data=data)
        assert refused.status_code == 403, path
    assert (await client.get(NEW)).status_code == 403
    assert (await client.post(f"/organisation/desks/{own.id}/close")).status_code == 403
    saved = await client.post(f"/organisation/desks/{own.id}/edit", data=data)
    assert saved.status_code == 303
    assert (await desk_row(host, other.id))["version"] == 1


async def test_operators_read_and_lenders_have_none(new_client: NewClient, host: Tenant) -> None:
    desk = await make_desk(host)
    client = new_client()
    await sign_in(client, await make_membership(host, "operator"))
    shown = await client.get(f"/organisation/desks/{desk.id}")
    assert shown.status_code == 200
    assert "/edit" not in shown.text
    assert (await client.get(f"/organisation/desks/{desk.id}/edit")).status_code == 403
    lender = new_client()
    await sign_in(lender, await make_membership(await make_tenant("lender"), "admin"))
    assert (await lender.get("/organisation/desks")).status_code == 404
    assert (await add(lender)).status_code == 404


async def test_municipalities_are_suggested(office: httpx.AsyncClient) -> None:
    shown = await office.get("/organisation/desks/municipalities?municipality=Benev")
    assert '<option value="Benevento (BN)">' in shown.text


def test_the_form_has_a_field_for_each_day() -> None:
    assert len(DAY_FIELDS) == len(hours.WEEKDAYS)
    assert set(DAY_FIELDS) <= set(SaveDesk.__struct_fields__)
