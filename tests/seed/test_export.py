"""The demo network's exports, brought in again as they are."""

from __future__ import annotations

from hub.db import network_transaction
from hub.seed.load import seed
from hub.tenants.exchange import found
from hub.tenants.exchange.judging import Seen, judge
from hub.tenants.exchange.kinds import KINDS
from hub.tenants.exchange.schemas import Row
from tests.support.databases import Database


async def test_what_the_demo_exports_changes_nothing(own_database: Database) -> None:
    await seed(own_database.owner_url, 1)
    async with network_transaction() as scope:
        places = await found.places(scope)
        for kind in KINDS.values():
            seen: Seen = {}
            exported = await kind.export(scope, places)
            rows = [
                Row(number, {column.name: row.get(column.name, "") for column in kind.columns})
                for number, row in enumerate(exported, 2)
            ]
            judged = await judge(scope, kind, rows, places, seen)
            assert len(judged) > 10
            assert [
                (one.key, one.errors, one.changes) for one in judged if one.fate != "unchanged"
            ] == []
