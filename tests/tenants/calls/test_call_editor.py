"""The call's form, as a browser without JavaScript meets it."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime
from uuid import UUID

import httpx
import pytest

from hub.db import tenant_transaction
from hub.ids import uuid7
from hub.tenants.calls import queries
from hub.tenants.calls.schemas import Call, RequiredFile
from tests.factories import Member, make_membership
from tests.support.web import sign_in
from tests.tenants.calls.making import make_call

Fields = dict[str, str | list[str]]

FILLED: Fields = {
    "form_key": str(UUID(int=1)),
    "title": "Sportelli del Centro-Nord: è l'ora!",
    "slug": "",
    "text": "## Chi siamo\n\nTesto **forte**.",
    "regions": ["09", "03"],
    "places_09": "12",
    "host_kinds": ["municipality", "chamber"],
    "minimum_points": "55",
    "difference_limit": "15",
    "opens_at": "2027-01-10T09:00",
    "closes_at": "2027-03-28T12:00",
    "version": "0",
    "files": "atto,d0a1b2c3d",
    "file_1_label": "Atto di candidatura",
    "file_1_required": "yes",
    "file_2_label": "Planimetria",
    "criteria": "1,2",
    "criterion_1_name": "Esperienza",
    "criterion_1_description": "Anni di servizio",
    "criterion_1_max_points": "20",
    "criterion_1_weight": "60",
    "criterion_2_name": "Orari",
    "criterion_2_description": "",
    "criterion_2_max_points": "10",
    "criterion_2_weight": "40",
}


def fields_of(page: str) -> Fields:
    """What the browser would send of the form on this page."""
    form = page[page.index('<form method="post"', page.index("<main")) :]
    form = form[: form.index("</form>")]
    fields: Fields = {}
    for tag in re.findall(r"<input[^>]*>", form):
        (name,) = re.findall(r' name="([^"]+)"', tag)
        value = html.unescape(re.findall(r' value="([^"]*)"', tag)[0])
        if 'type="checkbox"' not in tag:
            fields[name] = value
        elif " checked" in tag:
            fields[name] = [*fields.get(name, []), value]
    for name, text in re.findall(
        r'<textarea[^>]* name="([^"]+)"[^>]*>(.*?)</textarea>', form, re.DOTALL
    ):
        fields[name] = html.unescape(text)
    fields.pop("_csrf_token")
    return fields


async def own_calls(admin: Member) -> list[Call]:
    async with tenant_transaction(admin.tenant.id) as scope:
        rows = await scope.fetch("SELECT id FROM calls ORDER BY id")
    return [await whole(admin, row["id"]) for row in rows]


async def whole(admin: Member, call_id: UUID) -> Call:
    async with tenant_transaction(admin.tenant.id) as scope:
        found = await queries.find(scope, call_id)
    assert found
    return found


async def test_write_save_and_come_back(desk: httpx.AsyncClient, admin: Member) -> None:
    blank = fields_of((await desk.get("/selections/new")).text)
    assert (blank["criteria"], blank["criterion_1_max_points"], blank["files"]) == ("1", "10", "")
    answer = await desk.post("/selections/new", data=FILLED)
    (call,) = await own_calls(admin)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/selections/{call.id}")
    assert call.slug == "sportelli-del-centro-nord-e-l-ora"
    assert set(call.regions) == {"03", "09"}
    assert call.quotas == {"09": 12}
    assert (call.minimum_points, call.difference_limit) == (55, 15)
    # Winter time, and the night after which the clocks went on.
    assert call.opens_at == datetime(2027, 1, 10, 8, 0, tzinfo=UTC)
    assert call.closes_at == datetime(2027, 3, 28, 10, 0, tzinfo=UTC)
    assert call.required_files == (
        RequiredFile("atto", "Atto di candidatura", required=True),
        RequiredFile("d0a1b2c3d", "Planimetria", required=False),
    )
    assert [(c.position, c.name, c.max_points, c.weight) for c in call.criteria] == [
        (1, "Esperienza", 20, 60),
        (2, "Orari", 10, 40),
    ]
    back = fields_of((await desk.get(f"/selections/{call.id}/edit")).text)
    expected = {**FILLED, "slug": call.slug, "version": "1", "file_1_required": ["yes"]}
    for name in set(expected) - {"form_key", "regions", "host_kinds"}:
        assert back[name] == expected[name], name
    assert (set(back["regions"]), set(back["host_kinds"])) == (
        {"03", "09"},
        {"municipality", "chamber"},
    )
    changed = await desk.post(
        f"/selections/{call.id}/edit",
        data={**back, "title": "Altro", "criterion_1_weight": "50", "do": "preview"},
    )
    assert changed.headers["location"] == f"/selections/{call.id}/preview"
    after = await whole(admin, call.id)
    assert (after.title, after.slug, after.version) == ("Altro", call.slug, 2)
    assert [c.weight for c in after.criteria] == [50, 40]


async def test_a_draft_may_lack_all_but_its_title(desk: httpx.AsyncClient, admin: Member) -> None:
    title = {"title": "Un titolo", "form_key": str(uuid7()), "version": "0"}
    assert (await desk.post("/selections/new", data=title)).status_code == 303
    (call,) = await own_calls(admin)
    assert (call.slug, call.criteria, call.opens_at) == ("un-titolo", (), None)
    assert (call.minimum_points, call.difference_limit) == (60, 20)
    assert (await desk.get(f"/selections/{call.id}/preview")).status_code == 200


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"title": ""}, "call-title"),
        ({"title": "x" * 201}, "call-title"),
        ({"slug": "Non Va"}, "call-slug"),
        ({"slug": "feed.atom"}, "call-slug"),
        ({"slug": "-a"}, "call-slug"),
        ({"text": "x" * 20_001}, "call-text"),
        ({"regions": ["99"]}, "call-regions"),
        ({"host_kinds": ["bank"]}, "call-host_kinds"),
        ({"places_09": "0"}, "call-places_09"),
        ({"places_09": "12.5"}, "call-places_09"),
        ({"places_01": "3"}, "call-places_01"),
        ({"minimum_points": "101"}, "call-minimum_points"),
        ({"difference_limit": "0"}, "call-difference_limit"),
        ({"opens_at": "domani"}, "call-opens_at"),
        ({"closes_at": "2027-03-28T02:30"}, "call-closes_at"),
        ({"closes_at": "2026-10-25T02:30"}, "call-closes_at"),
        ({"closes_at": "2027-01-10T09:00"}, "call-closes_at"),
        ({"criterion_1_weight": "0"}, "call-criterion_1_weight"),
        ({"criterion_1_weight": ""}, "call-criterion_1_weight"),
        ({"criterion_1_name": ""}, "call-criterion_1_name"),
        ({"criterion_2_max_points": "101"}, "call-criterion_2_max_points"),
        ({"file_2_label": "x" * 201}, "call-file_2_label"),
    ],
)
async def test_what_is_wrong_is_said_and_what_was_typed_stays(
    desk: httpx.AsyncClient, admin: Member, wrong: Fields, said: str
) -> None:
    answer = await desk.post("/selections/new", data={**FILLED, **wrong})
    assert answer.status_code == 422
    assert f'href="#{said}"' in answer.text, "the summary leads to the field"
    assert f'id="{said}-error"' in answer.text
    typed = fields_of(answer.text)
    for name, value in {**FILLED, **wrong}.items():
        if isinstance(value, str) and name != "file_1_required":
            assert typed[name] == value
    assert await own_calls(admin) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"files": "completion"},
        {"files": "atto,atto"},
        {"files": "Atto"},
        {"files": "a<b"},
        {"files": ",".join(f"f{number}" for number in range(31))},
        {"criteria": "1,1"},
        {"form_key": "none"},
        {"version": "x"},
        {"do": "explode"},
        {"do": "up:criterion_"},
        {"do": "add:region"},
        {"surprise": "x"},
    ],
)
async def test_a_form_that_is_none_of_ours(
    desk: httpx.AsyncClient, admin: Member, wrong: Fields
) -> None:
    answer = await desk.post("/selections/new", data={**FILLED, **wrong})
    assert answer.status_code == 422
    assert "alert-danger" in answer.text
    assert await own_calls(admin) == []


async def test_rows_are_arranged_by_buttons(desk: httpx.AsyncClient, admin: Member) -> None:
    async def press(do: str, fields: Fields) -> Fields:
        answer = await desk.post("/selections/new", data={**fields, "do": do})
        assert answer.status_code == 200
        return fields_of(answer.text)

    moved = await press("up:criterion_2", {**FILLED, "title": ""})
    assert (moved["criteria"], moved["title"]) == ("2,1", ""), "people arrange while they write"
    assert (moved["criterion_1_name"], moved["criterion_2_name"]) == ("Orari", "Esperienza")
    assert (moved["criterion_1_weight"], moved["criterion_2_weight"]) == ("40", "60")
    removed = await press("remove:criterion_2", moved)
    assert "criterion_2_name" not in removed
    added = await press("add:criterion", removed)
    assert (added["criteria"], added["criterion_2_weight"]) == ("2,1", "60"), "what is left of 100"
    file = await press("add:file", added)
    code = str(file["files"]).rpartition(",")[2]
    assert re.fullmatch("d[0-9a-f]{8}", code)
    assert file["file_3_required"] == ["yes"]
    down = await press("down:file_1", file)
    assert down["files"] == f"d0a1b2c3d,atto,{code}"
    assert (down["file_1_label"], down["file_2_label"]) == ("Planimetria", "Atto di candidatura")
    assert ("file_1_required" in down, down["file_2_required"]) == (False, ["yes"])
    same = down
    for nothing in ("up:file_1", "down:file_3", "remove:file_9", "up:criterion_0"):
        same = await press(nothing, same)
    assert same == down
    assert await own_calls(admin) == []


async def test_no_more_rows_than_thirty(desk: httpx.AsyncClient) -> None:
    full = ",".join(f"f{number}" for number in range(30))
    answer = await desk.post("/selections/new", data={**FILLED, "files": full, "do": "add:file"})
    assert fields_of(answer.text)["files"] == full


async def test_htmx_gets_the_form_alone(desk: httpx.AsyncClient) -> None:
    answer = await desk.post(
        "/selections/new", data={**FILLED, "do": "add:file"}, headers={"HX-Request": "true"}
    )
    assert "<html" not in answer.text
    assert 'id="call-editor"' in answer.text


async def test_the_sum_of_weights_while_they_are_typed(desk: httpx.AsyncClient) -> None:
    part = await desk.get("/selections/weights?criterion_1_weight=60&criterion_2_weight=x")
    assert "60" in part.text
    whole_sum = await desk.get("/selections/weights?criterion_1_weight=60&criterion_9_weight=40")
    assert "it-check-circle" in whole_sum.text


async def test_every_call_has_an_address_of_its_own(desk: httpx.AsyncClient, admin: Member) -> None:
    for _ in range(3):
        await desk.post("/selections/new", data={**FILLED, "form_key": str(uuid7())})
    slugs = {call.slug for call in await own_calls(admin)}
    first = "sportelli-del-centro-nord-e-l-ora"
    assert slugs == {first, f"{first}-2", f"{first}-3"}
    answer = await desk.post(
        "/selections/new", data={**FILLED, "form_key": str(uuid7()), "slug": first}
    )
    assert answer.status_code == 422
    assert 'id="call-slug-error"' in answer.text
    assert len(await own_calls(admin)) == 3


async def test_a_title_without_letters_has_an_address_too(
    desk: httpx.AsyncClient, admin: Member
) -> None:
    await desk.post("/selections/new", data={**FILLED, "title": "!?!"})
    await desk.post(
        "/selections/new", data={**FILLED, "title": "parola " * 28, "form_key": str(uuid7())}
    )
    slugs = [call.slug for call in await own_calls(admin)]
    assert "avviso" in slugs
    assert all(len(slug) <= 80 and not slug.endswith("-") for slug in slugs)


async def test_a_double_click_makes_one_call(desk: httpx.AsyncClient, admin: Member) -> None:
    first = await desk.post("/selections/new", data=FILLED)
    again = await desk.post("/selections/new", data=FILLED)
    assert first.headers["location"] == again.headers["location"]
    other = await desk.post("/selections/new", data={**FILLED, "title": "Altro"})
    assert other.status_code == 409
    assert len(await own_calls(admin)) == 1


async def test_who_saves_second_is_told(desk: httpx.AsyncClient, admin: Member) -> None:
    call_id = await make_call(admin.tenant, state="draft")
    page = f"/selections/{call_id}/edit"
    mine, theirs = [fields_of((await desk.get(page)).text) for _ in range(2)]
    assert (await desk.post(page, data={**theirs, "title": "Loro"})).status_code == 303
    answer = await desk.post(page, data={**mine, "title": "Mio"})
    assert answer.status_code == 409
    assert fields_of(answer.text)["title"] == "Mio", "nothing that was typed is lost"
    assert (await whole(admin, call_id)).title == "Loro"


async def test_what_is_published_is_not_edited(desk: httpx.AsyncClient, admin: Member) -> None:
    call_id = await make_call(admin.tenant, state="published")
    before = await whole(admin, call_id)
    shown = await desk.get(f"/selections/{call_id}/edit")
    assert shown.headers["location"] == f"/selections/{call_id}"
    answer = await desk.post(f"/selections/{call_id}/edit", data={**FILLED, "version": "1"})
    assert answer.status_code == 409
    assert await whole(admin, call_id) == before


async def test_a_draft_is_deleted_and_what_is_published_is_not(
    desk: httpx.AsyncClient, admin: Member
) -> None:
    draft = await make_call(admin.tenant, state="draft")
    assert (await desk.get(f"/selections/{draft}/delete")).status_code == 200
    for _ in range(2):
        assert (await desk.post(f"/selections/{draft}/delete")).status_code == 303
    published = await make_call(admin.tenant, state="published")
    assert (await desk.post(f"/selections/{published}/delete")).status_code == 409
    assert [call.id for call in await own_calls(admin)] == [published]


@pytest.mark.parametrize("role", ["operator", "editor", "viewer"])
async def test_only_an_admin_drafts(client: httpx.AsyncClient, admin: Member, role: str) -> None:
    await sign_in(client, await make_membership(admin.tenant, role))
    call_id = await make_call(admin.tenant, state="draft")
    assert (await client.get(f"/selections/{call_id}")).status_code == 200
    assert (await client.get(f"/selections/{call_id}/preview")).status_code == 200
    for path in ("new", f"{call_id}/edit", f"{call_id}/publish", f"{call_id}/extend"):
        assert (await client.get(f"/selections/{path}")).status_code == 403
        assert (await client.post(f"/selections/{path}", data=FILLED)).status_code == 403
