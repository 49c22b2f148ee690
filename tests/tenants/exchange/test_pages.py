"""The pages of imports and exports, as the Ente's people see them."""

from __future__ import annotations

import asyncio
import csv
import io
import re
from collections.abc import Callable
from uuid import UUID, uuid4

import httpx
import pytest
from python_calamine import load_workbook

from hub.db import tenant_transaction
from hub.tenants.exchange import queries
from hub.tenants.exchange.kinds import KINDS
from hub.tenants.exchange.looks import shown_cell
from hub.worker import drain_now
from tests.factories import Member, make_membership, make_tenant
from tests.support.databases import Database
from tests.support.web import sign_in
from tests.tenants.exchange import making

NewClient = Callable[[], httpx.AsyncClient]


@pytest.fixture
async def ente(db: Database) -> Member:
    return await making.make_ente()


@pytest.fixture
async def admin(ente: Member, client: httpx.AsyncClient) -> httpx.AsyncClient:
    await sign_in(client, ente)
    return client


def host(**values: str) -> dict[str, str]:
    code = making.new_fiscal_code()
    return {
        "fiscal_code": code,
        "name": "Comune di <b>Prova</b>",
        "host_kind": "municipality",
        "municipality": "Napoli",
        "province": "NA",
        "contact_name": "Ada",
        "contact_email": f"{code}@example.org",
        **values,
    }


async def send(
    client: httpx.AsyncClient,
    content: bytes,
    *,
    kind: str = "hosts",
    name: str = "dati.csv",
    key: UUID | None = None,
) -> httpx.Response:
    return await client.post(
        "/network/imports",
        data={"kind": kind, "form_key": str(key or uuid4())},
        files={"file": (name, content)},
    )


async def press(client: httpx.AsyncClient, address: str, verb: str) -> httpx.Response:
    return await client.post(f"{address}/{verb}")


async def test_from_upload_to_the_network_without_scripts(admin: httpx.AsyncClient) -> None:
    sent = await send(admin, making.csv_of("hosts", [host(), host(email="nobody")]))
    assert sent.status_code == 303
    address = sent.headers["location"]
    reading = await admin.get(address)
    assert "In lettura" in reading.text
    assert 'hx-trigger="every 1s"' in reading.text
    await drain_now()
    shown = await admin.get(address)
    assert "1 riga ha errori" in shown.text
    assert "Scrivi un indirizzo e-mail come nome@example.org." in shown.text
    assert "Applica tutto" not in shown.text
    assert "hx-get" not in shown.text
    refused = await press(admin, address, "apply")
    assert refused.status_code == 409
    right = await send(admin, making.csv_of("hosts", [host()]))
    address = right.headers["location"]
    await drain_now()
    shown = await admin.get(address)
    assert "Comune di &lt;b&gt;Prova&lt;/b&gt;" in shown.text
    assert "sono create sospese" in shown.text
    assert (await press(admin, address, "apply")).headers["location"] == address
    assert "In applicazione" in (await admin.get(address)).text
    await drain_now()
    applied = (await admin.get(address)).text
    assert "Applicata" in applied
    made = re.search(r'href="(/network/organisations/[0-9a-f-]{36})"', applied)
    assert made
    assert (await admin.get(made[1])).status_code == 200
    assert "dati.csv" in (await admin.get("/network/imports")).text


async def test_a_form_sent_twice_is_one_import(admin: httpx.AsyncClient) -> None:
    key, content = uuid4(), making.csv_of("hosts", [host()])
    first, second = await send(admin, content, key=key), await send(admin, content, key=key)
    assert first.headers["location"] == second.headers["location"]


@pytest.mark.parametrize(
    ("content", "name", "kind", "said"),
    [
        (b"", "", "hosts", "Compila questo campo."),
        (b"", "empty.csv", "hosts", "Questo file non contiene righe."),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old.xlsx", "hosts", "vecchio Excel"),
        (b"%PDF-1.7", "table.csv", "hosts", "né un file Excel"),
        (b"x" * (10 * 1024 * 1024 + 1), "large.csv", "hosts", "supera i 10 MB"),
        (b"a;b\nc;d\n", "table.csv", "citizens", "Scegli una delle opzioni."),
    ],
)
async def test_what_cannot_be_taken_is_said_beside_the_field(
    admin: httpx.AsyncClient, content: bytes, name: str, kind: str, said: str
) -> None:
    answer = await send(admin, content, name=name, kind=kind)
    assert answer.status_code == 422
    assert said in answer.text


async def test_a_file_refused_by_the_worker_says_why(admin: httpx.AsyncClient) -> None:
    sent = await send(admin, b"Tipo di ente;Segreto\nComune;x\n")
    await drain_now()
    shown = await admin.get(sent.headers["location"])
    assert "Mancano queste colonne: «Codice fiscale», «Denominazione»." in shown.text
    assert (await press(admin, sent.headers["location"], "read-again")).status_code == 303
    await drain_now()
    assert "Mancano queste colonne" in (await admin.get(sent.headers["location"])).text


async def test_a_file_of_another_kind_is_recognised(admin: httpx.AsyncClient) -> None:
    sent = await send(admin, making.csv_of("hosts", [host()]), kind="desks")
    await drain_now()
    shown = (await admin.get(sent.headers["location"])).text
    assert "Questo sembra un file di un altro tipo: «Amministrazioni ospitanti»." in shown
    assert 'href="/network/imports?kind=hosts"' in shown
    assert "read-again" not in shown


async def test_the_list_tells_apart_what_is_ready_faulty_and_nothing_new(
    admin: httpx.AsyncClient,
) -> None:
    right = host()
    first = await send(admin, making.csv_of("hosts", [right]))
    await drain_now()
    assert "Da verificare" in (await admin.get("/network/imports")).text
    await press(admin, first.headers["location"], "apply")
    await drain_now()
    await send(admin, making.csv_of("hosts", [right]))
    await send(admin, making.csv_of("hosts", [host(province="ZZ")]))
    await drain_now()
    listed = (await admin.get("/network/imports")).text
    assert "Da verificare" not in listed
    assert listed.count(">Nulla da applicare<") == 1
    assert re.search(r"hub-tone-danger[^>]*>Con errori<", listed)


async def test_a_wrong_address_is_one_finding(admin: httpx.AsyncClient) -> None:
    wrong = host(contact_email="boh", contact_name="")
    sent = await send(admin, making.csv_of("hosts", [wrong]))
    await drain_now()
    shown = (await admin.get(sent.headers["location"])).text
    assert "<strong>E-mail del referente</strong> «boh»: Scrivi un indirizzo e-mail" in shown
    assert shown.count("Scrivi un valore.") == 1
    assert "<strong>Referente</strong>: Scrivi un valore." in shown


async def test_a_preview_reads_like_the_other_pages(admin: httpx.AsyncClient) -> None:
    lender = await make_tenant("lender")
    row = {
        "organisation": await making.give_codes(lender),
        "kind": "enterprise_loan",
        "name": "Prestito",
        "regions": "Italia",
        "min_amount_cents": "120000,00",
        "valid_to": "23/11/2099",
    }
    sent = await send(admin, making.csv_of("services", [row]), kind="services")
    await drain_now()
    shown = (await admin.get(sent.headers["location"])).text
    assert "Importo minimo: €\N{NO-BREAK SPACE}120.000,00" in shown
    assert "Fino al: 23 nov 2099" in shown
    titles = [column.title for column in KINDS["services"].columns]
    listed = re.findall(r"<li>([^:<]+): ", shown)
    assert [one for one in listed if one in titles] == [
        "Tipo di servizio",
        "Regioni",
        "Importo minimo",
        "Fino al",
    ]


async def test_unknown_columns_are_told(admin: httpx.AsyncClient) -> None:
    row = host()
    content = (
        f"Codice fiscale;Denominazione;Tipo di ente;<i>Note</i>\n{row['fiscal_code']};x;Comune;y\n"
    )
    sent = await send(admin, content.encode())
    await drain_now()
    assert "&lt;i&gt;Note&lt;/i&gt;" in (await admin.get(sent.headers["location"])).text


async def test_rows_come_in_pages_by_their_fate(admin: httpx.AsyncClient) -> None:
    rows = [host(province="ZZ") for _ in range(60)] + [host()]
    sent = await send(admin, making.csv_of("hosts", rows))
    await drain_now()
    address = sent.headers["location"]
    first = (await admin.get(address)).text
    assert first.count("<li><strong>Comune</strong>") == 50
    assert "riga 51" in first
    assert "riga 52" not in first
    following = re.search(rf'href="({address}\?fate=error&amp;after=51#rows)"', first)
    assert following
    second = (await admin.get(following[1].replace("&amp;", "&"))).text
    assert "riga 61" in second
    assert "riga 51" not in second
    assert "riga 62" in (await admin.get(f"{address}?fate=create")).text
    assert (await admin.get(f"{address}?fate=nonsense&after=x")).status_code == 200


async def test_the_errors_can_be_taken_along(admin: httpx.AsyncClient) -> None:
    sent = await send(admin, making.csv_of("hosts", [host(), host(email="=cmd()", name="")]))
    await drain_now()
    answer = await admin.get(sent.headers["location"] + "/errors.csv")
    lines = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff")), delimiter=";"))
    assert lines[0] == ["Linea", "Riga", "Colonna", "Valore", "Errore"]
    told = {line[2]: line for line in lines[1:]}
    assert told["Denominazione"][0] == "3"
    assert told["E-mail"][3] == "'=cmd()"


async def test_htmx_gets_the_course_and_all_of_it_once_the_state_moved(
    admin: httpx.AsyncClient, ente: Member
) -> None:
    sent = await send(admin, making.csv_of("hosts", [host()]))
    address = sent.headers["location"]
    part = await admin.get(f"{address}?seen=reading&told=x", headers={"HX-Request": "true"})
    assert part.text.lstrip().startswith("<section")
    assert 'id="import-news"' in part.text
    same = await admin.get(f"{address}?seen=reading&told=reading-0", headers={"HX-Request": "true"})
    assert 'id="import-news"' not in same.text
    await drain_now()
    moved = await admin.get(
        f"{address}?seen=reading&told=reading-0", headers={"HX-Request": "true"}
    )
    assert moved.headers["hx-retarget"] == "#import"
    assert "Applica tutto" in moved.text
    assert "Da verificare" in moved.text.partition('id="import-news"')[2]


async def test_a_preview_that_is_no_longer_true_says_so(
    admin: httpx.AsyncClient, ente: Member
) -> None:
    sent = await send(admin, making.csv_of("hosts", [host()]))
    await drain_now()
    import_id = UUID(sent.headers["location"].rpartition("/")[2])
    async with tenant_transaction(ente.tenant.id) as scope:
        await queries.read_again(scope, import_id, "changed")
        version = await queries.take(scope, import_id)
        assert version is not None
        await queries.mark_ready(scope, import_id, version)
    assert (
        "non è stato scritto nulla. Ecco la nuova anteprima"
        in (await admin.get(sent.headers["location"])).text
    )


async def test_discarding_leads_back_to_the_list(admin: httpx.AsyncClient) -> None:
    sent = await send(admin, making.csv_of("hosts", [host()]))
    gone = await press(admin, sent.headers["location"], "discard")
    assert gone.headers["location"] == "/network/imports"
    assert "Scartata" in (await admin.get("/network/imports")).text
    await drain_now()
    assert "Scartata" in (await admin.get(sent.headers["location"])).text
    assert (await press(admin, sent.headers["location"], "read-again")).status_code == 409


async def test_the_list_goes_on_behind_its_last_row(admin: httpx.AsyncClient) -> None:
    for number in range(21):
        await send(admin, making.csv_of("hosts", [host()]), name=f"file-{number:02}.csv")
    first = (await admin.get("/network/imports")).text
    assert "file-20.csv" in first
    assert "file-00.csv" not in first
    following = re.search(r'rel="next" href="([^"]+)"', first)
    assert following
    assert "file-00.csv" in (await admin.get(following[1])).text


@pytest.mark.parametrize("kind", KINDS)
async def test_templates_hold_the_columns_and_their_explanation(
    admin: httpx.AsyncClient, kind: str
) -> None:
    titles = [column.title for column in KINDS[kind].columns]
    table = await admin.get(f"/network/imports/templates/{kind}.csv")
    assert table.text == "\ufeff" + ";".join(titles) + "\r\n"
    book = load_workbook(
        io.BytesIO((await admin.get(f"/network/imports/templates/{kind}.xlsx")).content)
    )
    assert book.sheet_names == ["Dati", "Spiegazione"]
    assert book.get_sheet_by_index(0).to_python() == [titles]
    explained = book.get_sheet_by_index(1).to_python()
    assert [line[0] for line in explained[1:]] == titles
    columns = await admin.get(f"/network/imports/templates/{kind}-columns.csv")
    lines = list(csv.reader(io.StringIO(columns.text.removeprefix("\ufeff")), delimiter=";"))
    assert [line[0] for line in lines[1:]] == titles
    assert {line[2] for line in lines[1:]} == {"sì", "no"}


async def test_an_export_is_kept_in_the_log(admin: httpx.AsyncClient, ente: Member) -> None:
    answer = await admin.get("/network/exports/operators.csv")
    assert answer.headers["content-disposition"].startswith('attachment; filename="operatori-')
    async with tenant_transaction(ente.tenant.id) as scope:
        codes = await scope.fetchval(
            "SELECT codes FROM audit_log WHERE tenant_id = $1 AND action = 'export.made'",
            ente.tenant.id,
        )
    assert codes["kind"] == "operators"


ADDRESSES = [
    "/network/imports",
    "/network/exports/operators.xlsx",
    "/network/imports/templates/hosts.csv",
]


@pytest.mark.parametrize("address", ADDRESSES)
async def test_only_the_entes_admins_come_in(
    new_client: NewClient, db: Database, address: str
) -> None:
    ente = await make_tenant("coordinator")
    for member in (
        await make_membership(ente, "operator"),
        await make_membership(ente, "viewer"),
        await make_membership(await make_tenant("host", "lender"), "admin"),
    ):
        client = new_client()
        await sign_in(client, member)
        assert (await client.get(address)).status_code == 403


async def test_many_may_read_at_once(admin: httpx.AsyncClient) -> None:
    """Exports are written in threads, each in its reader's language."""
    answers = await asyncio.gather(*(admin.get(f"/network/exports/{kind}.xlsx") for kind in KINDS))
    assert {answer.status_code for answer in answers} == {200}


@pytest.mark.parametrize(
    ("written", "shown"),
    [("+39 000 1266409", "+39 000 1266409"), ("0811234567", "081 1234567"), ("12", "12")],
)
def test_a_telephone_number_is_shown_as_the_file_has_it(written: str, shown: str) -> None:
    """Parted where the file does not part it."""
    assert shown_cell(KINDS["desks"], "phone", written) == shown
