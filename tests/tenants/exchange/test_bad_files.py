"""Files that are not what they say, and cells that nobody can read: each has its sentence, and nothing is written."""

from __future__ import annotations

import io
import zipfile

import pytest
import xlsxwriter

from hub.db import network_transaction
from hub.tenants.exchange import sentences
from hub.tenants.exchange.kinds import KINDS
from hub.tenants.exchange.unpack.limits import Refused
from hub.tenants.exchange.unpack.workbook import text_of
from hub.tenants.exchange.upload import check_spreadsheet
from hub.tenants.people.invite import invite
from hub.tenants.people.schemas import Invite
from hub.web import i18n
from tests.factories import Member, make_desk, make_membership, make_tenant, unique
from tests.support.databases import Database
from tests.tenants.exchange import making

HEADER = "Codice fiscale;Denominazione;Tipo di ente;Comune;Provincia;Referente;E-mail del referente"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)


@pytest.fixture
async def ente(db: Database) -> Member:
    return await making.make_ente()


def line(code: str, name: str = "Comune di Prova") -> str:
    return f"{code};{name};municipality;Napoli;NA;Ada;a{code}@example.org"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf \r\n;;;\r\n", "empty"),
        (OLE, "old_excel"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "password"),
        (b"PK\x03\x04 and then nothing", "broken"),
        (b"%PDF-1.7 ...", "not_a_table"),
        (b"a;b\0;c", "not_a_table"),
        (b"a" * (10 * 1024 * 1024 + 1), "too_large"),
    ],
)
def test_a_file_that_is_no_table_is_refused_at_once(content: bytes, code: str) -> None:
    with pytest.raises(Refused) as refused:
        check_spreadsheet("table.xlsx", content)
    assert refused.value.code == code
    assert sentences.refusal(code, {})


def archive(members: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return made.getvalue()


def test_other_archives_are_refused() -> None:
    for members, code in (
        (
            {"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": b"<x/>"},
            "open_document",
        ),
        ({"word/document.xml": b"<x/>", "[Content_Types].xml": b"<x/>"}, "not_a_table"),
        (
            {"[Content_Types].xml": b"", **{f"xl/worksheets/sheet{n}.xml": b"" for n in range(21)}},
            "sheets",
        ),
        ({"[Content_Types].xml": b"", **{f"xl/{n}.xml": b"" for n in range(501)}}, "bomb"),
    ):
        with pytest.raises(Refused) as refused:
            check_spreadsheet("table.xlsx", archive(members))
        assert refused.value.code == code


def test_half_an_upload_is_refused() -> None:
    whole = making.sheet(["a", "b"], [1, 2])
    with pytest.raises(Refused) as refused:
        check_spreadsheet("table.xlsx", whole[: len(whole) // 2])
    assert refused.value.code == "broken"


def bomb(*, honest: bool) -> bytes:
    """A sheet of a few hundred kilobytes that unfolds to 400 MB; one that is not honest says it is small."""
    made = bytearray(
        archive(
            {
                "[Content_Types].xml": b"<Types/>",
                "xl/workbook.xml": b"<workbook/>",
                "xl/worksheets/sheet1.xml": b" " * (400 * 1024 * 1024),
            }
        )
    )
    if not honest:
        size = (400 * 1024 * 1024).to_bytes(4, "little")
        while (place := bytes(made).find(size)) >= 0:
            made[place : place + 4] = (1000).to_bytes(4, "little")
    return bytes(made)


def test_a_bomb_that_says_so_is_refused_at_once() -> None:
    with pytest.raises(Refused) as refused:
        check_spreadsheet("table.xlsx", bomb(honest=True))
    assert refused.value.code == "bomb"


async def test_a_bomb_that_lies_never_reaches_the_worker(ente: Member) -> None:
    failed = await making.read(ente, "hosts", bomb(honest=False))
    assert failed.state == "failed"
    assert failed.failure in ("bomb", "broken")


async def test_a_sheet_with_one_far_cell_does_not_take_the_workers_memory(ente: Member) -> None:
    """A1 and XFD1048576: dense, that is 17 billion cells."""
    made = io.BytesIO()
    with xlsxwriter.Workbook(made) as book:
        page = book.add_worksheet()
        page.write_string(0, 0, "Denominazione")
        page.write_string(1048575, 16383, "far away")
    failed = await making.read(ente, "hosts", made.getvalue())
    assert failed.state == "failed"
    assert failed.failure in ("unreadable", "bomb", "too_many_columns")


async def test_entities_are_not_unfolded(ente: Member) -> None:
    members = {}
    with zipfile.ZipFile(io.BytesIO(making.sheet(["a"], ["b"]))) as good:
        members = {name: good.read(name) for name in good.namelist()}
    declared = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">]>'
    sheet = members["xl/worksheets/sheet1.xml"]
    members["xl/worksheets/sheet1.xml"] = sheet.replace(b"<worksheet", declared + b"<worksheet", 1)
    assert (await making.read(ente, "hosts", archive(members))).failure == "bomb"


async def failure(ente: Member, content: str | bytes, kind: str = "hosts") -> str | None:
    octets = content.encode() if isinstance(content, str) else content
    return (await making.read(ente, kind, octets)).failure


async def test_columns_must_be_there_once(ente: Member) -> None:
    assert (
        await failure(ente, "Tipo di ente;Comune\nComune;Napoli\n")
        == "missing_columns:fiscal_code,name"
    )
    assert await failure(ente, f"{HEADER};denominazióne\n{line('1')};x\n") == "double_columns:name"
    with i18n.reading_in("it"):
        said = sentences.refusal("missing_columns:fiscal_code,name", KINDS["hosts"].titles)
    assert said == "Mancano queste colonne: «Codice fiscale», «Denominazione»."


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (HEADER + "\n", "empty"),
        (HEADER + '\n"never closed;x\n', "quotes"),
        ((HEADER + "\nx").encode() + b"\x81\x8d", "encoding"),
        (";".join(f"c{n}" for n in range(101)) + "\n", "too_many_columns"),
        ("Denominazione\n" + "x\n" * 50_001, "too_many_rows"),
    ],
)
async def test_a_whole_file_that_cannot_be_read(
    ente: Member, content: str | bytes, code: str
) -> None:
    assert await failure(ente, content) == code
    assert sentences.REFUSALS[code] != sentences.REFUSALS["broken_off"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
async def test_encodings_and_delimiters_are_found_out(
    ente: Member, encoding: str, delimiter: str
) -> None:
    code = making.new_fiscal_code()
    rows = [HEADER, line(code, "Unità “dell’Alto Àdige”")]
    content = "\r\n".join(row.replace(";", delimiter) for row in rows)
    ready = await making.read(ente, "hosts", content.encode(encoding))
    assert (ready.state, ready.creates, ready.errors) == ("ready", 1, 0)
    (row,) = await making.rows(ente, ready.id, "create")
    assert row.content["cells"]["name"] == "Unità “dell’Alto Àdige”"


async def test_columns_come_in_any_order_and_language_and_others_are_told(ente: Member) -> None:
    code = making.new_fiscal_code()
    content = (
        "sep=|\nNote interne|contact's E-MAIL|MUNICIPALITY|Province|name|kind of host|Fiscal code|Contact person\n"
        f"x|a{code}@example.org|Napoli|na|Comune|chamber|{code}|Ada\n"
    )
    ready = await making.read(ente, "hosts", content.encode())
    assert (ready.state, ready.creates) == ("ready", 1)
    assert ready.notes["unknown"] == ["Note interne"]


async def errors(ente: Member, kind: str, content: bytes) -> list[tuple[int, list[list[str]]]]:
    ready = await making.read(ente, kind, content)
    assert (ready.state, ready.failure) == ("ready", None)
    return [(row.position, row.errors) for row in await making.rows(ente, ready.id, "error")]


async def test_formulas_errors_and_merged_cells_are_told(ente: Member) -> None:
    made = io.BytesIO()
    first, second = making.new_fiscal_code(), making.new_fiscal_code()
    with xlsxwriter.Workbook(made) as book:
        page = book.add_worksheet()
        page.write_row(2, 1, HEADER.split(";"))
        for number, code in ((3, first), (4, second), (5, making.new_fiscal_code())):
            page.write_row(number, 1, line(code).split(";"))
        page.write_formula(3, 2, "=1/0", None, "#DIV/0!")
        page.write_formula(4, 2, '=CONCAT("Comune di ","Napoli")', None, "Comune di Napoli")
        page.merge_range(4, 6, 5, 6, "Ada")
    found = await errors(ente, "hosts", made.getvalue())
    assert found[0] == (4, [["name", "error_cell"]])
    assert found[1] == (5, [["contact_name", "merged"]])
    assert (found[2][0], ["contact_name", "merged"] in found[2][1]) == (6, True)


async def test_a_formulas_value_counts_and_one_without_is_told(ente: Member) -> None:
    made = io.BytesIO()
    code = making.new_fiscal_code()
    with xlsxwriter.Workbook(made) as book:
        page = book.add_worksheet()
        page.write_row(0, 0, HEADER.split(";"))
        page.write_row(1, 0, line(code).split(";"))
        page.write_formula(1, 1, '="x"', None, "Comune calcolato")
        page.write_row(2, 0, line(making.new_fiscal_code()).split(";"))
        page.write_formula(2, 1, '="x"', None, "")
    ready = await making.read(ente, "hosts", made.getvalue())
    (row,) = await making.rows(ente, ready.id, "create")
    assert row.content["cells"]["name"] == "Comune calcolato"
    (refused,) = await making.rows(ente, ready.id, "error")
    assert ["name", "formula"] in refused.errors


async def test_what_csv_files_hold_as_formulas_is_told(ente: Member) -> None:
    found = await errors(
        ente, "hosts", f"{HEADER}\n{line(making.new_fiscal_code(), '=HYPERLINK()')}\n".encode()
    )
    assert found == [(2, [["name", "formula"]])]


async def test_numbers_keep_the_zeros_that_spreadsheets_drop(ente: Member) -> None:
    code = making.with_check_digit("0087654019")
    row = [int(code), "Comune", "municipality", 58091, 118, "Ada", "a@example.org"]
    header = [
        "Codice fiscale",
        "Denominazione",
        "Tipo di ente",
        "Codice ISTAT del comune",
        "CAP",
        "Referente",
        "E-mail del referente",
    ]
    ready = await making.read(ente, "hosts", making.sheet(header, row))
    assert (ready.creates, ready.errors) == (1, 0)
    await making.applied(ente, ready.id)
    made = next(one for one in await making.exported("hosts") if one["fiscal_code"] == code)
    assert (made["postal_code"], made["istat_code"]) == ("00118", "058091")


async def test_doubles_name_the_first_line(ente: Member) -> None:
    code = making.new_fiscal_code()
    content = f"{HEADER}\n{line(code)}\n\n{line(making.new_fiscal_code())}\n{line(code, 'Other')}\n"
    assert await errors(ente, "hosts", content.encode()) == [(5, [["fiscal_code", "twice:2"]])]
    with i18n.reading_in("it"):
        assert sentences.error("twice:2") == "Lo stesso della riga 2: tieni una sola delle due."


async def test_two_ways_to_name_one_organisation_are_a_double(ente: Member) -> None:
    tenant = await make_tenant("host")
    code = await making.give_codes(tenant)
    content = (
        "Identificativo;Codice fiscale;Denominazione;Tipo di ente\n"
        f"{tenant.id};;{tenant.name};municipality\n;{code};{tenant.name};municipality\n"
    )
    assert await errors(ente, "hosts", content.encode()) == [(3, [["fiscal_code", "twice:2"]])]


async def test_a_row_whose_code_is_wrong_is_still_called_by_it(ente: Member) -> None:
    """One sentence for the code, and the rest of the row is looked at as well."""
    content = f"{HEADER}\n{line('123').replace('Napoli', 'Atlantide')}\n"
    ready = await making.read(ente, "hosts", content.encode())
    (row,) = await making.rows(ente, ready.id, "error")
    assert row.content["key"] == "123"
    assert ["fiscal_code", "fiscal_code"] in row.errors
    assert ["municipality", "municipality"] in row.errors
    assert ["fiscal_code", "code_missing"] not in row.errors


@pytest.mark.parametrize("word", ["Comune", "comune o unione di comuni", "municipality", "COMUNE"])
async def test_a_kind_of_host_is_known_by_what_people_call_it(ente: Member, word: str) -> None:
    content = f"{HEADER}\n{line(making.new_fiscal_code()).replace('municipality', word)}\n"
    assert await errors(ente, "hosts", content.encode()) == []


async def test_a_header_in_the_middle_is_told(ente: Member) -> None:
    content = f"{HEADER}\n{line(making.new_fiscal_code())}\n{HEADER}\n"
    ((position, found),) = await errors(ente, "hosts", content.encode())
    assert (position, found[0]) == (3, ["fiscal_code", "header_again"])


HOST_CELLS = [
    ("fiscal_code", "12345678901", "fiscal_code"),
    ("fiscal_code", "RSSMRA85E17F839X", "fiscal_code"),
    ("ipa_code", "??", "ipa_code"),
    ("id", "12", "identifier"),
    ("id", "00000000-0000-0000-0000-000000000000", "identifier"),
    ("name", "", "missing"),
    ("name", "x" * 201, "too_long"),
    ("name", "x" * 5000, "too_long"),
    ("name", "bell \x07", "characters"),
    ("host_kind", "castle", "choice"),
    ("municipality", "Atlantide", "municipality"),
    ("municipality", "", "municipality_missing"),
    ("province", "Napoli", "province"),
    ("province", "MI", "municipality"),
    ("istat_code", "999999", "istat_code"),
    ("istat_code", "015146", "municipality_disagrees"),
    ("istat_code", "x", "istat_code"),
    ("postal_code", "1", "postal_code"),
    ("postal_code", "1234", "postal_code_elsewhere:Napoli:80121–80147"),
    ("email", "nobody", "email"),
    ("certified_email", "nobody@", "email"),
    ("phone", "call me", "phone"),
    ("website", "javascript:alert(1)", "website"),
    ("contact_name", "", "missing"),
    ("contact_email", "x", "email"),
]


@pytest.mark.parametrize(("column", "value", "code"), HOST_CELLS)
async def test_what_can_be_wrong_with_a_host(
    ente: Member, column: str, value: str, code: str
) -> None:
    row = {
        "fiscal_code": making.new_fiscal_code(),
        "name": "Comune",
        "host_kind": "municipality",
        "municipality": "Napoli",
        "province": "NA",
        "contact_name": "Ada",
        "contact_email": "ada@example.org",
        column: value,
    }
    ((position, found),) = await errors(ente, "hosts", making.csv_of("hosts", [row]))
    assert position == 2
    assert code in [each[1] for each in found]
    assert sentences.ERRORS[code.partition(":")[0]]


async def test_what_can_be_wrong_with_an_organisation(ente: Member) -> None:
    lender, closed, twin = (
        await make_tenant("lender"),
        await make_tenant("host", state="closed"),
        await make_tenant("host"),
    )
    codes = [await making.give_codes(one) for one in (lender, closed, twin)]
    await making.give_codes(await make_tenant("host"), codes[2])
    desk = {"name": "Centro", "address": "Via Roma 1", "municipality": "Napoli", "province": "NA"}
    wanted = [
        (codes[0], "not_a_host"),
        (codes[1], "organisation_closed"),
        (codes[2], "ambiguous"),
        (making.new_fiscal_code(), "unknown_organisation"),
        ("c_x999", "unknown_organisation"),
        ("?!", "reference"),
        ("", "missing"),
        (str(ente.tenant.id), "unknown_organisation"),
    ]
    rows = [
        {**desk, "organisation": code, "name": f"Centro {n}"} for n, (code, _) in enumerate(wanted)
    ]
    found = await errors(ente, "desks", making.csv_of("desks", rows))
    assert [each[1] for each in found] == [[["organisation", code]] for _, code in wanted]


async def test_what_can_be_wrong_with_a_host_that_is_known(ente: Member) -> None:
    first, second = await make_tenant("host"), await make_tenant("host")
    codes = [await making.give_codes(one) for one in (first, second)]
    lender = await make_tenant("lender")
    base = {
        "name": "Comune",
        "host_kind": "municipality",
        "municipality": "Napoli",
        "province": "NA",
    }
    rows = [
        {**base, "id": str(first.id), "fiscal_code": codes[1]},
        {**base, "id": str(lender.id)},
        {**base, "fiscal_code": codes[0], "contact_name": "Ada"},
        base,
    ]
    found = await errors(ente, "hosts", making.csv_of("hosts", rows))
    assert [each[1] for each in found] == [
        [["fiscal_code", "codes_disagree"]],
        [["fiscal_code", "not_a_host"]],
        [["contact_name", "no_setup"]],
        [["fiscal_code", "code_missing"]],
    ]


async def test_what_can_be_wrong_with_a_desk(ente: Member) -> None:
    tenant = await make_tenant("host")
    code = await making.give_codes(tenant)
    await make_desk(tenant, name="Closed", state="closed")
    unopened = await make_desk(tenant, name="Unopened", state="closed")
    async with network_transaction() as scope:
        await scope.execute("UPDATE desks SET opened_on = NULL WHERE id = $1", unopened.id)
    for _twice in range(2):
        await make_desk(tenant, name="Twice")
    base = {
        "organisation": code,
        "address": "Via Roma 1",
        "municipality": "Napoli",
        "province": "NA",
    }
    wanted = [
        ({"name": "closed"}, "name", "desk_closed"),
        ({"name": "twice"}, "name", "desk_ambiguous"),
        ({"name": "unopened", "opened_on": "1/1/2999"}, "opened_on", "future"),
        ({"name": "A", "monday": "morning"}, "monday", "hours"),
        ({"name": "B", "friday": "9-13, 12-15"}, "friday", "hours"),
        ({"name": "C", "offers": "Informazioni sul microcredito; gelato"}, "offers", "choice"),
        ({"name": "D", "provinces": "NA; XX"}, "provinces", "province"),
        ({"name": "E", "opened_on": "31/02/2026"}, "opened_on", "date"),
        ({"name": "F", "opened_on": "1/1/2999"}, "opened_on", "future"),
        (
            {"name": "G", "municipality": "Samone", "province": ""},
            "province",
            "municipality_ambiguous",
        ),
        ({"name": ""}, "name", "missing"),
    ]
    rows = [{**base, **values} for values, _column, _code in wanted]
    found = await errors(ente, "desks", making.csv_of("desks", rows))
    assert [each[1] for each in found] == [[[column, code]] for _, column, code in wanted]


async def test_what_can_be_wrong_with_a_person(ente: Member) -> None:
    tenant = await make_tenant("host")
    code = await making.give_codes(tenant)
    for name in ("Twice", "TWICE"):
        await make_desk(tenant, name=name)
    invited = f"{unique('i')}@example.org"
    async with network_transaction() as scope:
        await invite(scope, tenant.id, None, Invite(email=invited, role="operator"))
    base = {"organisation": code, "name": "Ada", "email": "ada@example.org"}
    wanted = [
        ({"email": "ada"}, "email", "email"),
        ({"name": "", "email": "b@example.org"}, "name", "missing"),
        ({"role": "queen", "email": "c@example.org"}, "role", "choice"),
        ({"desks": "Nowhere", "email": "d@example.org"}, "desks", "desk_unknown"),
        ({"desks": "Nessuno", "email": "g@example.org"}, "desks", "desks_none"),
        ({"desks": "none", "email": invited}, "desks", "desks_none"),
        ({"desks": "twice", "email": "f@example.org"}, "desks", "desk_ambiguous"),
        ({"desks": "a;" * 60, "email": "e@example.org"}, "desks", "too_long"),
    ]
    rows = [{**base, **values} for values, _column, _code in wanted]
    found = await errors(ente, "operators", making.csv_of("operators", rows))
    assert [each[1] for each in found] == [[[column, code]] for _, column, code in wanted]


async def test_what_can_be_wrong_with_a_service(ente: Member) -> None:
    lender = await make_tenant("lender")
    code = await making.give_codes(lender)
    base = {"organisation": code, "kind": "enterprise_loan", "regions": "Italia"}
    wanted = [
        ({"name": "A", "kind": "tutoring"}, "kind", "service_kind"),
        ({"name": "B", "regions": "Atlantide"}, "regions", "region"),
        ({"name": "C", "regions": ""}, "regions", "missing"),
        ({"name": "D", "min_amount_cents": "25.000"[:5] + "0,123"}, "min_amount_cents", "amount"),
        (
            {"name": "E", "min_amount_cents": "2", "max_amount_cents": "1"},
            "max_amount_cents",
            "amounts_order",
        ),
        ({"name": "F", "capacity": "many"}, "capacity", "number"),
        ({"name": "G", "answer_days": "0"}, "answer_days", "number_range"),
        ({"name": "H", "valid_from": "1/1/2020"}, "valid_from", "past_change"),
        ({"name": "I", "valid_to": "1/1/2020"}, "valid_to", "period"),
        ({"name": "J", "beneficiaries": "cats"}, "beneficiaries", "choice"),
    ]
    rows = [{**base, **values} for values, _column, _code in wanted]
    found = await errors(ente, "services", making.csv_of("services", rows))
    assert [each[1] for each in found] == [[[column, code]] for _, column, code in wanted]


async def test_support_is_not_invited_a_second_time(ente: Member) -> None:
    tenant = await make_tenant("host")
    code = await making.give_codes(tenant)
    member = await make_membership(tenant, "admin")
    async with network_transaction() as scope:
        await scope.execute(
            "UPDATE memberships SET support = true, expires_at = $2 WHERE id = $1",
            member.membership_id,
            scope.now.replace(year=2999),
        )
    row = {"organisation": code, "email": member.account.email, "name": "Ada", "role": "admin"}
    found = await errors(ente, "operators", making.csv_of("operators", [row]))
    assert found == [(2, [["role", "role_differs"]])]


def test_every_sentence_is_italian() -> None:
    said = [*sentences.ERRORS.values(), *sentences.REFUSALS.values()]
    assert len(set(said)) == len(said)
    with i18n.reading_in("it"):
        for code in sentences.ERRORS:
            assert sentences.error(code) != sentences.ERRORS[code]
        said_of_code = sentences.error("postal_code_elsewhere:Napoli:80121–80147")
        assert said_of_code.endswith("Napoli ha 80121–80147.")
        assert "7" in sentences.error("twice:7")
        for code in sentences.REFUSALS:
            assert sentences.refusal(f"{code}:x", {}) != sentences.REFUSALS[code]


def test_a_cells_type_is_written_as_a_person_would() -> None:
    from datetime import date, datetime, time, timedelta

    for value, text in (
        (80002310589.0, "80002310589"),
        (12.5, "12.5"),
        (0.1 + 0.2, "0.3"),
        (True, "sì"),
        (date(2026, 1, 2), "2026-01-02"),
        (datetime(2026, 1, 2), "2026-01-02"),  # noqa: DTZ001 - a spreadsheet's has no zone
        (time(9, 5), "09:05"),
        (timedelta(hours=9, minutes=5), "9:05"),
        ("  x ", "x"),
    ):
        assert text_of(value) == text
