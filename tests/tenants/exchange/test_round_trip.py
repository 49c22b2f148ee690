"""What is exported can be edited and brought in again; unedited, it changes nothing."""

from __future__ import annotations

import pytest

from hub.db import network_transaction, tenant_transaction
from hub.ids import uuid7
from hub.tenants.exchange.kinds import KINDS
from hub.tenants.exchange.schemas import Kind
from hub.tenants.people.invite import invite
from hub.tenants.people.schemas import Invite
from hub.tenants.territory.build_data import fold
from tests.factories import make_account, make_desk, make_membership, make_tenant, unique
from tests.support.databases import Database
from tests.tenants.exchange import making


@pytest.mark.parametrize("form", ["csv", "xlsx"])
@pytest.mark.parametrize("kind", ["hosts", "desks", "operators", "services"])
async def test_an_export_comes_in_again_unchanged(
    own_database: Database, kind: str, form: str
) -> None:
    ente = await making.make_ente()
    await fill_network()
    exported = await making.exported(kind)
    assert len(exported) >= 2
    content = (making.csv_of if form == "csv" else making.xlsx_of)(kind, exported)
    done = await making.read(ente, kind, content)
    assert (done.state, done.failure) == ("ready", None)
    assert await making.rows(ente, done.id, "error") == []
    assert await making.rows(ente, done.id, "update") == []
    assert (done.unchanged, done.creates) == (len(exported), 0)
    assert not done.can_apply


async def test_whoever_is_invited_without_name_or_desks_comes_in_again_unchanged(
    db: Database,
) -> None:
    """So do people whose desks were closed since; what is changed is still looked at."""
    ente, host = await making.make_ente(), await make_tenant("host")
    code = await making.give_codes(host)
    admin = await make_membership(host, "admin")
    open_desk, shut = await make_desk(host, name="Nord"), await make_desk(host, name="Sud")
    await make_membership(host, "operator", desks=(open_desk, shut))
    await make_membership(host, "viewer", desks=(shut,))
    async with network_transaction() as scope:
        for desks in ((), (open_desk.id,)):
            asked = Invite(
                email=f"{unique('c')}@example.org",
                role="operator",
                limited_to_desks=True,
                desk_ids=desks,
            )
            await invite(scope, host.id, admin.actor, asked)
        await scope.execute(
            "UPDATE desks SET state = 'closed', closed_on = '2026-01-01', closed_reason = 'staff' WHERE id = $1",
            shut.id,
        )
    exported = [row for row in await making.exported("operators") if row["organisation"] == code]
    assert sorted(row["desks"] for row in exported) == ["", "Nord", "Nord", "nessuno", "nessuno"]
    done = await making.read(ente, "operators", making.csv_of("operators", exported))
    assert (done.errors, done.updates, done.unchanged) == (0, 0, 5)
    wider = [row | {"desks": ""} for row in exported if row["desks"]]
    refused = await making.read(ente, "operators", making.csv_of("operators", wider))
    told = {
        error for row in await making.rows(ente, refused.id, "error") for _, error in row.errors
    }
    assert (refused.errors, told) == (4, {"desks_differ", "invited_desks_differ"})


async def test_what_is_wrong_by_now_is_no_obstacle_where_it_stays(db: Database) -> None:
    """Two desks that are called alike, and a telephone number that no form takes, change only where the file says so."""
    ente, host = await making.make_ente(), await make_tenant("host")
    code = await making.give_codes(host)
    for address in ("Via Roma 1", "Via Roma 2"):
        desk = await make_desk(host, name="Centro")
        async with tenant_transaction(host.id) as scope:
            await scope.execute(
                "UPDATE desks SET address = $2, phone = '12' WHERE id = $1", desk.id, address
            )
    exported = [row for row in await making.exported("desks") if row["organisation"] == code]
    done = await making.read(ente, "desks", making.csv_of("desks", exported))
    assert (done.errors, done.updates, done.unchanged) == (0, 0, 2)
    edited = [exported[0] | {"how_to_reach": "Bus"}, exported[1]]
    ready = await making.read(ente, "desks", making.csv_of("desks", edited))
    (refused,) = await making.rows(ente, ready.id, "error")
    assert ["name", "desk_ambiguous"] in refused.errors
    assert ready.unchanged == 1


async def test_lines_of_a_larger_field_are_kept_and_changed(db: Database) -> None:
    ente, host = await making.make_ente(), await make_tenant("host")
    code = await making.give_codes(host)
    desk = await make_desk(host, name="Centro")
    async with tenant_transaction(host.id) as scope:
        await scope.execute(
            "UPDATE desks SET how_to_reach = $2 WHERE id = $1", desk.id, "Primo piano\nBus  12"
        )
    (row,) = [row for row in await making.exported("desks") if row["organisation"] == code]
    broken = row["address"].replace(" ", "\n", 1)
    for write in (making.csv_of, making.xlsx_of):
        again = await making.read(ente, "desks", write("desks", [row | {"address": broken}]))
        assert (again.errors, again.unchanged) == (0, 1), "an address has but one line"
    assert broken != row["address"]
    edited = row | {"how_to_reach": "Primo\r\npiano \nBus 12"}
    ready = await making.read(ente, "desks", making.csv_of("desks", [edited]))
    assert (ready.errors, ready.updates) == (0, 1)
    await making.applied(ente, ready.id)
    async with tenant_transaction(host.id) as scope:
        stored = await scope.fetchval("SELECT how_to_reach FROM desks WHERE id = $1", desk.id)
    assert stored == "Primo\npiano\nBus 12"


async def fill_network() -> None:
    host, second = (
        await make_tenant("host", name="Comune di Sant’Agata; “quoted”"),
        await make_tenant("host", "lender"),
    )
    await making.give_codes(host, making.with_check_digit("0087654012"))
    lender = await make_tenant("lender", "tutor")
    await making.give_codes(lender)
    desk = await make_desk(host, name="=Sportello; uno")
    await make_desk(second, name="Sportello due")
    async with tenant_transaction(host.id) as scope:
        await scope.execute(
            """
            UPDATE desks SET hours = '[[1,"09:00","13:00"],[1,"15:00","17:30"],[6,"08:30","12:00"]]',
              offers = '{business_plan,information}', provinces = '{NA,AV}', phone = '+39 081 123 4567',
              postal_code = '00118', how_to_reach = '- by bus, "C 12"', email = 'desk@example.org'
            WHERE id = $1
            """,
            desk.id,
        )
    await make_membership(
        host,
        "operator",
        account=await make_account(email=f"{unique('a')}@example.org"),
        desks=(desk,),
    )
    await make_membership(lender, "admin")
    async with network_transaction() as scope:
        asked = Invite(email=f"{unique('b')}@example.org", name="Ada Ñuñez", role="viewer")
        await invite(scope, host.id, None, asked)
        nameless = Invite(email=f"{unique('b')}@example.org", role="operator")
        await invite(scope, second.id, None, nameless)
    async with tenant_transaction(lender.id) as scope:
        for number, kind in enumerate(("enterprise_loan", "social_loan", "tutoring")):
            service_id = uuid7()
            await scope.execute(
                """
                INSERT INTO services_offered (id, tenant_id, service_id, kind, name, description,
                  regions, min_amount_cents, max_amount_cents, beneficiaries, capacity, answer_days,
                  valid_from, valid_to)
                VALUES ($1, $2, $1, $3, $4, 'long; text', $5, 123456, 2500000, '{women,young}', 5, 20,
                  $6, NULL)
                """,
                service_id,
                lender.id,
                kind,
                f"Service {number}",
                ["15", "18"],
                scope.now.date().replace(year=2020),
            )


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_no_two_columns_answer_to_one_heading(kind: Kind) -> None:
    answers: dict[str, set[str]] = {}
    for column in kind.columns:
        for heading in (column.title, column.english, column.name):
            answers.setdefault(fold(heading), set()).add(column.name)
    assert not [found for found in answers.values() if len(found) > 1]
