"""A file as large as any may be, with one error in its last line: read to its end, and none of it applied."""

from __future__ import annotations

import pytest

from hub.db import network_transaction
from hub.tenants.exchange.start import CannotApply
from hub.tenants.exchange.unpack.limits import MOST_ROWS
from tests.factories import make_desk, make_tenant
from tests.support.databases import Database
from tests.tenants.exchange import making

HOSTS = 100


# The rows are real; on a busy machine they take longer than most tests may.
@pytest.mark.timeout(300)
async def test_an_error_in_the_last_of_fifty_thousand_rows_keeps_all_from_being_applied(
    db: Database,
) -> None:
    ente = await making.make_ente()
    hosts = [await make_tenant("host") for _ in range(HOSTS)]
    codes = [await making.give_codes(host) for host in hosts]
    known = await make_desk(hosts[0], name="Sportello 0")
    rows = [
        {
            "organisation": codes[number % HOSTS],
            "name": f"Sportello {number}",
            "municipality": "Napoli",
            "province": "NA",
            "address": f"Via Toledo {number}",
            "postal_code": "80134",
            "monday": "9:00-13:00, 15:00-17:30",
            "offers": "Informazioni sul microcredito",
        }
        for number in range(MOST_ROWS)
    ]
    rows[-1]["province"] = "ZZ"
    ready = await making.read(ente, "desks", making.xlsx_of("desks", rows), "desks.xlsx")
    assert (ready.state, ready.rows_done, ready.rows_total) == ("ready", 50_000, 50_000)
    assert (ready.creates, ready.updates, ready.errors) == (49_998, 1, 1)
    (wrong,) = await making.rows(ente, ready.id, "error")
    assert (wrong.position, wrong.errors) == (50_001, [["municipality", "municipality"]])
    with pytest.raises(CannotApply):
        await making.applied(ente, ready.id)
    async with network_transaction() as scope:
        desks = await scope.fetch(
            "SELECT id, address FROM desks WHERE tenant_id = ANY($1)", [host.id for host in hosts]
        )
    assert [tuple(desk) for desk in desks] == [(known.id, "Via Toledo 1")]


async def test_one_row_more_is_refused_before_any_is_read(db: Database) -> None:
    ente = await making.make_ente()
    lines = ["Sportello"] + ["Centro"] * (MOST_ROWS + 1)
    refused = await making.read(ente, "desks", making.sheet(*([line] for line in lines)))
    assert (refused.state, refused.failure, refused.rows_done) == ("failed", "too_many_rows", 0)
