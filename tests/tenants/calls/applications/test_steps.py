"""What the steps ask, and how they keep what was typed: right or wrong, and in whichever window."""

from __future__ import annotations

from html import unescape
from uuid import UUID, uuid4

import httpx
import pytest

from hub import db
from hub.db import tenant_transaction
from hub.tenants.calls.applications import steps
from hub.tenants.calls.applications.asking import MOST_DESKS
from hub.tenants.calls.applications.room import Room, room_of
from tests.factories import CAMPANIA, Tenant
from tests.tenants.calls.applications.applying import (
    CONTACTS,
    DECLARED,
    DESKS,
    ORGANISATION,
    WHOLE,
    Applicant,
    NewClient,
    Typed,
    applicant,
    value_of,
)
from tests.tenants.calls.making import make_call, make_draft

HTMX = {"hx-request": "true"}
ODD = ["\x00", "a\x07b", "\ud800", "\u202e", "x" * 100_000]


async def room(applying: Applicant) -> Room:
    stored = await applying.stored()
    async with tenant_transaction(stored.tenant_id) as scope:
        return await room_of(scope, stored)


def in_page(page: httpx.Response, words: str) -> bool:
    return words in unescape(page.text)


@pytest.mark.parametrize(
    ("step", "wrong", "words"),
    [
        ("organisation", {"name": ""}, "Compila questo campo"),
        ("organisation", {"name": "x" * 201}, "al massimo 200"),
        ("organisation", {"kind": "other"}, "Scegli una delle opzioni"),
        ("organisation", {"kind": "bank"}, "Scegli una delle opzioni"),
        ("organisation", {"fiscal_code": "80014890639"}, "cifra di controllo"),
        ("organisation", {"fiscal_code": "90123456783"}, "qui 678, non indicano"),
        ("organisation", {"fiscal_code": "8001489063"}, "ha 11 cifre"),
        ("organisation", {"fiscal_code": "RSSMRA85T10A562S"}, "codice di una persona"),
        ("organisation", {"ipa_code": "80014890638"}, "indicepa.gov.it"),
        ("organisation", {"ipa_code": "c f839"}, "indicepa.gov.it"),
        ("organisation", {"municipality": "Nessunluogo"}, "Nessun comune"),
        ("organisation", {"municipality": "San Giovanni"}, "Più comuni"),
        ("organisation", {"legal_basis": "public_employment_service"}, "base giuridica delle"),
        ("organisation", {"legal_basis": "none"}, "Scegli una delle opzioni"),
        ("desks", {"municipality_1": "Milano (MI)"}, "non si trova nelle regioni"),
        ("desks", {"staff_1": "0"}, "almeno 1"),
        ("desks", {"staff_1": "due"}, "numero intero"),
        ("desks", {"opening_hours_1": "x" * 501}, "al massimo 500"),
        ("contacts", {"phone": "no"}, "numero di telefono"),
        ("contacts", {"certified_email": "pec"}, "indirizzo e-mail"),
        ("declarations", {"declarations": ["true"]}, "tutte queste dichiarazioni"),
        ("declarations", {"declarations": []}, "Scegli almeno"),
    ],
)
async def test_what_is_wrong_is_said_at_its_field_and_kept(
    applying: Applicant, step: str, wrong: Typed, words: str
) -> None:
    answer = await applying.save(step, WHOLE[step] | wrong)
    assert answer.status_code == 422
    assert in_page(answer, words)
    kept = (await applying.stored()).answers.get(step, {})
    for name, text in wrong.items():
        typed = [text] if isinstance(text, str) else text
        assert kept.get(name, [""] if typed == [""] else []) == typed
    assert (await applying.submit()).status_code == 422
    assert (await applying.stored()).state == "draft"


@pytest.mark.parametrize("step", list(WHOLE))
async def test_a_step_without_faults_leads_to_the_next(applying: Applicant, step: str) -> None:
    answer = await applying.save(step, WHOLE[step])
    names = list(steps.STEPS)
    following = names[names.index(step) + 1]
    assert answer.headers["location"] == f"{applying.base}/{following}"
    states = {state.name: state.state for state in (await room(applying)).prepared.states()}
    assert {name for name, state in states.items() if state == "complete"} == {step}


async def test_a_fault_does_not_keep_anybody_from_another_step(applying: Applicant) -> None:
    answer = await applying.save("organisation", {"fiscal_code": "1"}, go="contacts")
    assert answer.headers["location"] == f"{applying.base}/contacts"
    assert (await applying.stored()).answers["organisation"]["fiscal_code"] == ["1"]


async def test_a_step_that_was_left_is_found_as_it_was(applying: Applicant) -> None:
    await applying.save("organisation", {"name": 'Comune di "A & B"', "ipa_code": "?"})
    page = await applying.get("/organisation")
    assert value_of(page.text, "name") == 'Comune di "A & B"'
    assert value_of(page.text, "ipa_code") == "?"
    assert not in_page(page, "Compila questo campo"), "what is not filled in yet is no fault yet"
    assert in_page(await applying.get("/organisation?check=1"), "Compila questo campo")


async def test_a_step_speaks_one_language(applying: Applicant) -> None:
    for language, words in (("it", "Salva e continua"), ("en", "Save and continue")):
        applying.client.headers["accept-language"] = language
        page = await applying.get("/contacts")
        assert words in page.text
        assert f'<html lang="{language}">' in page.text


@pytest.mark.parametrize("odd", ODD)
async def test_what_no_text_may_hold_is_refused_and_breaks_nothing(
    applying: Applicant, odd: str
) -> None:
    body = {"form_key": str(uuid4()), "person_name": odd, "municipality": odd}
    encoded = httpx.QueryParams({k: v for k, v in body.items() if v.isascii()})
    content = str(encoded).encode() + b"&person_name=%ED%A0%80&municipality_1=%ED%A0%80"
    for step in ("contacts", "organisation", "desks"):
        answer = await applying.client.post(
            f"{applying.base}/{step}",
            content=content,
            headers={"content-type": "application/x-www-form-urlencoded"},
        )
        assert answer.status_code == 422
        assert (await applying.get(f"/{step}")).status_code == 200
    assert (await applying.get("/summary")).status_code == 200


async def test_a_name_that_several_have_is_asked_about(applying: Applicant) -> None:
    asked = await applying.save("organisation", ORGANISATION | {"municipality": "Samone"})
    assert asked.status_code == 422
    assert in_page(asked, "Samone (TN)")
    assert in_page(asked, "Samone (TO)")
    chosen = ORGANISATION | {"municipality": "Samone", "municipality_code": "001235"}
    answer = await applying.save("organisation", chosen)
    assert answer.status_code == 303, answer.text
    kept = (await applying.stored()).answers["organisation"]
    assert (kept["municipality"], kept["municipality_code"]) == (["Samone (TO)"], ["001235"])


async def test_another_name_is_another_municipality(applying: Applicant) -> None:
    await applying.save("organisation", ORGANISATION)
    await applying.save("organisation", ORGANISATION | {"municipality": "Avellino"})
    kept = (await applying.stored()).answers["organisation"]
    assert kept["municipality"] == ["Avellino (AV)"]
    await applying.save("organisation", ORGANISATION | {"municipality": ""})
    kept = (await applying.stored()).answers["organisation"]
    assert "municipality_code" not in kept


async def test_municipalities_are_suggested_to_the_applicant_only(
    applying: Applicant, new_client: NewClient
) -> None:
    page = await applying.get("/municipalities?municipality_2=avell")
    assert '<option value="Avellino (AV)">' in page.text
    stranger = await new_client().get(f"{applying.base}/municipalities?municipality=avell")
    assert stranger.status_code == 404


@pytest.mark.parametrize(
    ("kind", "basis", "fits"),
    [
        ("municipality", "art_6", True),
        ("chamber", "art_6", True),
        ("university", "art_6", True),
        ("province", "public_employment_service", True),
        ("province", "art_6", False),
        ("university", "public_employment_service", False),
    ],
)
async def test_each_kind_has_its_ground(
    applying: Applicant, kind: str, basis: str, fits: bool
) -> None:
    answer = await applying.save(
        "organisation", ORGANISATION | {"kind": kind, "legal_basis": basis}
    )
    assert (answer.status_code == 303) == fits


def desk(number: int, name: str) -> Typed:
    return {
        field.replace("_1", f"_{number}"): name if field == "name_1" else text
        for field, text in DESKS.items()
        if field != "_count"
    }


async def names_of(applying: Applicant) -> list[str]:
    page = (await applying.get("/desks")).text
    count = int(value_of(page, "_count"))
    return [value_of(page, f"name_{number}") for number in range(1, count + 1)]


async def test_desks_come_and_go_without_scripts(applying: Applicant) -> None:
    typed = {"_count": "1", **desk(1, "uno")}
    answer = await applying.save("desks", typed, go="add")
    assert answer.headers["location"] == f"{applying.base}/desks#desk-2"
    typed = {"_count": "2", **desk(1, "uno"), **desk(2, "due")}
    await applying.save("desks", typed, go="add")
    assert await names_of(applying) == ["uno", "due", ""]
    typed = {"_count": "3", **desk(1, "uno"), **desk(2, "due"), **desk(3, "tre")}
    await applying.save("desks", typed, go="remove-2")
    assert await names_of(applying) == ["uno", "tre"]
    await applying.save("desks", {"_count": "2", **desk(1, "uno"), **desk(2, "tre")}, go="remove-1")
    assert await names_of(applying) == ["tre"]


@pytest.mark.parametrize(
    "go", ["remove-1", "remove-0", "remove-9", "remove-x", "remove-²", "nonsense"]
)
async def test_the_only_desk_stays(applying: Applicant, go: str) -> None:
    await applying.save("desks", {"_count": "1", **desk(1, "uno")}, go=go)
    assert await names_of(applying) == ["uno"]


@pytest.mark.parametrize("count", ["0", "-1", "21", "x", "", "9" * 30, "²"])
async def test_a_nonsensical_number_of_desks_does_no_harm(applying: Applicant, count: str) -> None:
    await applying.save("desks", DESKS | {"_count": count}, go="stay")
    assert 1 <= len(await names_of(applying)) <= MOST_DESKS


async def test_there_are_twenty_desks_at_most(applying: Applicant) -> None:
    typed: Typed = {"_count": "20"}
    for number in range(1, 21):
        typed |= desk(number, f"sportello {number}")
    answer = await applying.save("desks", typed, go="add")
    assert answer.status_code == 303
    assert len(await names_of(applying)) == MOST_DESKS
    assert 'value="add"' not in (await applying.get("/desks")).text


async def test_desks_outside_the_call_do_not_count_but_the_seat_may_lie_elsewhere(
    ente: Tenant, new_client: NewClient
) -> None:
    """It is then ranked where its first desk is."""
    call_id = await make_call(ente, regions=("12",))
    applying = applicant(new_client(), await make_draft(ente, call_id))
    for step, typed in WHOLE.items():
        mine = typed | ({"municipality_1": "Roma (RM)"} if step == "desks" else {})
        assert (await applying.save(step, mine)).status_code == 303
    content = (await room(applying)).prepared.content()
    assert content is not None
    assert content.organisation.municipality_code == "063049"
    assert content.organisation.region_code == "12"


async def test_the_whole_says_what_was_typed(applying: Applicant) -> None:
    await applying.fill_in()
    content = (await room(applying)).prepared.content()
    assert content is not None
    assert content.organisation.fiscal_code == "80014890638"
    assert content.organisation.ipa_code == "c_f839"
    assert content.organisation.region_code == CAMPANIA
    assert [(d.name, d.staff) for d in content.desks] == [("Sportello centro", 2)]
    assert content.contacts.phone == "0811234567"


async def test_the_summary_leads_to_what_is_missing(applying: Applicant) -> None:
    await applying.save("contacts", CONTACTS | {"phone": ""})
    page = (await applying.get("/summary")).text
    assert f'href="{applying.base}/contacts?check=1#field-phone"' in page
    assert f'href="{applying.base}/attachments?check=1#file-statute"' in page
    assert "#file-plan" not in page, "it need not be attached"
    assert 'action="' + applying.base + '/submit"' not in page
    await applying.fill_in()
    page = (await applying.get("/summary")).text
    assert 'action="' + applying.base + '/submit"' in page


async def autosave(
    applying: Applicant, step: str, typed: Typed, *, window: str, seen: str
) -> httpx.Response:
    sent = {**typed, "form_key": window, "seen": seen, "go": "stay"}
    return await applying.client.post(f"{applying.base}/{step}", data=sent, headers=HTMX)


async def test_typing_is_saved_by_the_way(applying: Applicant) -> None:
    window = str(uuid4())
    for role in ("D", "Dir", "Dirigente"):
        answer = await autosave(applying, "contacts", {"person_role": role}, window=window, seen="")
        assert answer.status_code == 200
        assert in_page(answer, "Salvato alle")
        assert "<html" not in answer.text
    assert (await applying.stored()).answers["contacts"]["person_role"] == ["Dirigente"]


@pytest.mark.parametrize("changed", [True, False], ids=["changed", "as it was"])
async def test_what_the_page_sent_by_itself_and_comes_after_the_button_is_not_taken(
    applying: Applicant, *, changed: bool
) -> None:
    """On a slow day two requests of one page overtake each other."""
    window = str(uuid4())
    early: Typed = {"declarations": DECLARED["declarations"][:1]}
    if changed:
        await autosave(applying, "declarations", early, window=window, seen="")
    else:
        await applying.post("/declarations", DECLARED, form_key=str(uuid4()), seen="")
    seen = value_of((await applying.get("/declarations")).text, "seen")
    pressed = await applying.post("/declarations", DECLARED, form_key=window, seen=seen)
    assert pressed.status_code == 303
    late = await autosave(applying, "declarations", early, window=window, seen=seen)
    assert in_page(late, "Non salvato")
    assert (await applying.stored()).answers["declarations"]["declarations"] == DECLARED[
        "declarations"
    ]
    # Pressed twice is pressed once.
    again = await applying.post("/declarations", DECLARED, form_key=window, seen=seen)
    assert again.status_code == 303


async def test_another_kind_brings_its_grounds_along(applying: Applicant) -> None:
    window = str(uuid4())
    first = await autosave(applying, "organisation", {"kind": "province"}, window=window, seen="")
    assert 'value="public_employment_service"' in first.text
    assert 'value="art_6"' not in first.text
    typed: Typed = {"kind": "province", "legal_basis": "public_employment_service"}
    same = await autosave(applying, "organisation", typed, window=window, seen="")
    assert "legal_basis" not in same.text, "whoever is choosing there keeps the focus"
    typed["kind"] = "chamber"
    other = await autosave(applying, "organisation", typed, window=window, seen="")
    assert 'value="art_6"' in other.text


async def test_two_windows_do_not_overwrite_each_other(applying: Applicant) -> None:
    one, other = str(uuid4()), str(uuid4())
    await applying.post("/contacts", CONTACTS, form_key=one, seen="")
    changed = CONTACTS | {"person_role": "Sindaca"}
    refused = await applying.post("/contacts", changed, form_key=other, seen="")
    assert refused.status_code == 409
    assert in_page(refused, "modificato in un’altra finestra")
    assert value_of(refused.text, "person_role") == "Sindaca", "what was typed here is still there"
    assert (await applying.stored()).answers["contacts"]["person_role"] == ["Dirigente"]
    quietly = await autosave(applying, "contacts", changed, window=other, seen="")
    assert in_page(quietly, "Non salvato")
    seen = value_of(refused.text, "seen")
    again = value_of(refused.text, "form_key")
    taken = await applying.post("/contacts", changed, form_key=again, seen=seen)
    assert taken.status_code == 303
    assert (await applying.stored()).answers["contacts"]["person_role"] == ["Sindaca"]


async def test_two_windows_on_two_steps_do_not_meet(applying: Applicant) -> None:
    await applying.post("/contacts", CONTACTS, form_key=str(uuid4()), seen="")
    other = await applying.post("/declarations", DECLARED, form_key=str(uuid4()), seen="")
    assert other.status_code == 303
    assert set((await applying.stored()).answers) == {"contacts", "declarations"}


async def test_the_same_in_two_windows_is_no_conflict(applying: Applicant) -> None:
    for _ in range(2):
        answer = await applying.post("/contacts", CONTACTS, form_key=str(uuid4()), seen="")
        assert answer.status_code == 303


async def test_a_form_that_is_none_is_refused(applying: Applicant) -> None:
    assert (
        await applying.client.post(f"{applying.base}/contacts", json={"phone": "1"})
    ).status_code == 415
    many = "&".join(f"a{number}=1" for number in range(600))
    answer = await applying.client.post(
        f"{applying.base}/contacts",
        content=many,
        headers={"content-type": "application/x-www-form-urlencoded"},
    )
    assert answer.status_code == 400
    assert (await applying.post("/nothing")).status_code == 404
    assert (await applying.get("/nothing")).status_code == 404


async def test_the_statements_of_a_page_do_not_grow_with_what_is_in_it(
    applying: Applicant, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[str] = []
    for name in ("fetch", "fetchrow", "fetchval", "execute"):
        asked = getattr(db.TenantScope, name)

        async def count(scope: object, sql: str, *args: object, asked: object = asked) -> object:
            counted.append(sql)
            return await asked(scope, sql, *args)  # type: ignore[operator]  # one of the scope's own

        monkeypatch.setattr(db.TenantScope, name, count)

    async def statements(path: str) -> int:
        counted.clear()
        assert (await applying.get(path)).status_code == 200
        return len(counted)

    empty = {path: await statements(path) for path in ("/desks", "/summary")}
    typed: Typed = {"_count": "20"}
    for number in range(1, 21):
        typed |= desk(number, f"sportello {number}")
    await applying.save("desks", typed)
    full = {path: await statements(path) for path in ("/desks", "/summary")}
    assert max(empty.values()) <= 4
    assert all(full[path] <= empty[path] + 1 for path in empty), (empty, full)
    assert UUID(value_of((await applying.get("/desks")).text, "seen")).version == 4
