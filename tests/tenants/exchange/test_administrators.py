"""An import lets administrators in only where an organisation has none."""

from __future__ import annotations

from tests.factories import Member, make_membership, make_tenant
from tests.support.databases import Database
from tests.tenants.exchange import making


async def test_an_import_names_administrators_only_where_there_is_none(db: Database) -> None:
    """Neither a new one nor by raising an open invitation; who only works there may be new."""
    ente = await making.make_ente()
    settled, new = await make_tenant("host"), await make_tenant("host")
    code, new_code = await making.give_codes(settled), await making.give_codes(new)
    await make_membership(settled, "admin")
    invited = {"organisation": code, "email": "b@example.org", "name": "Bruno Prova"}
    first = await making.read(ente, "operators", making.csv_of("operators", [invited]))
    await making.applied(ente, first.id)
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
        (4, [["role", "role_of_ente"]]),
    ]
    both = making.csv_of("operators", rows[4:])
    done = await making.applied(ente, (await making.read(ente, "operators", both)).id)
    assert (done.state, done.creates) == ("done", 2)
    again = await making.read(ente, "operators", both)
    assert (again.errors, again.unchanged) == (0, 2)
    third = [{"organisation": new_code, "email": "g@example.org", "name": "Gino", "role": "admin"}]
    late = await errors(ente, "operators", making.csv_of("operators", third))
    assert late == [(2, [["role", "has_administrator"]])]


async def errors(ente: Member, kind: str, content: bytes) -> list[tuple[int, list[list[str]]]]:
    ready = await making.read(ente, kind, content)
    assert (ready.state, ready.failure) == ("ready", None)
    return [(row.position, row.errors) for row in await making.rows(ente, ready.id, "error")]
