"""An import lets administrators in only where an organisation has none."""

from __future__ import annotations

from hub.db import network_transaction
from hub.tenants.people.invite import invite
from hub.tenants.people.schemas import Invite
from tests.factories import Member, make_desk, make_membership, make_tenant
from tests.support.databases import Database
from tests.tenants.exchange import making


async def test_an_import_names_administrators_only_where_there_is_none(db: Database) -> None:
    """Neither a new one nor by raising an open invitation; once there is one, nobody comes in past them."""
    ente = await making.make_ente()
    settled, new = await make_tenant("host"), await make_tenant("host")
    code, new_code = await making.give_codes(settled), await making.give_codes(new)
    invited = {"organisation": code, "email": "b@example.org", "name": "Bruno Prova"}
    first = await making.read(ente, "operators", making.csv_of("operators", [invited]))
    await making.applied(ente, first.id)
    await make_membership(settled, "admin")
    rows = [
        {"organisation": code, "email": "a@example.org", "name": "Ada", "role": "admin"},
        invited | {"role": "admin"},
        {"organisation": code, "email": "c@example.org", "name": "Carlo", "role": "editor"},
        {"organisation": code, "email": "d@example.org", "name": "Dora", "role": "operator"},
        {"organisation": new_code, "email": "e@example.org", "name": "Elsa", "role": "admin"},
        {"organisation": new_code, "email": "f@example.org", "name": "Fabio", "role": "admin"},
    ]
    found = await errors(ente, "operators", making.csv_of("operators", rows))
    assert found == [
        (2, [["role", "has_administrator"]]),
        (3, [["role", "has_administrator"]]),
        (4, [["role", "has_administrator"]]),
        (5, [["role", "has_administrator"]]),
    ]
    both = making.csv_of("operators", rows[4:])
    done = await making.applied(ente, (await making.read(ente, "operators", both)).id)
    assert (done.state, done.creates) == ("done", 2)
    again = await making.read(ente, "operators", both)
    assert (again.errors, again.unchanged) == (0, 2)
    third = [{"organisation": new_code, "email": "g@example.org", "name": "Gino", "role": "admin"}]
    late = await errors(ente, "operators", making.csv_of("operators", third))
    assert late == [(2, [["role", "has_administrator"]])]


async def test_an_import_leaves_what_an_organisation_offered_somebody(db: Database) -> None:
    ente = await making.make_ente()
    host = await make_tenant("host")
    code = await making.give_codes(host)
    desk = await make_desk(host, name="Centro")
    admin = await make_membership(host, "admin")
    asked = Invite(
        email="b@example.org",
        name="Bruno",
        role="viewer",
        desk_ids=(desk.id,),
        limited_to_desks=True,
    )
    async with network_transaction() as scope:
        await invite(scope, host.id, admin.actor, asked)
    row = {"organisation": code, "email": "b@example.org", "name": "Bruno Prova"}
    wider = [row | {"role": "operator", "desks": "Centro"}, row | {"role": "viewer", "desks": ""}]
    for one, refused in zip(wider, ("role", "desks"), strict=True):
        found = await errors(ente, "operators", making.csv_of("operators", [one]))
        assert refused in [column for column, _ in found[0][1]]


async def errors(ente: Member, kind: str, content: bytes) -> list[tuple[int, list[list[str]]]]:
    ready = await making.read(ente, kind, content)
    assert (ready.state, ready.failure) == ("ready", None)
    return [(row.position, row.errors) for row in await making.rows(ente, ready.id, "error")]
