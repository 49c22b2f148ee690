from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import asyncpg
import pytest

from hub.db import ENGINE, ScopeError
from hub.embedded import postgres
from hub.piccolo_app import APP_CONFIG
from hub.schema import MIGRATION_LOCK, migrate
from tests.support.databases import PASSWORDS, Database, connected, named
from tests.support.servers import Servers

FILES = list(Path(APP_CONFIG.migrations_folder_path).glob("hub_*.py"))


async def schema_of(database: Database) -> list[object]:
    async with connected(database.superuser_url) as superuser:
        return [
            *await superuser.fetch("SELECT name, app_name FROM migration ORDER BY name"),
            await superuser.fetchval("SELECT count(*) FROM municipalities"),
        ]


async def test_a_database_at_the_newest_schema_is_left_alone(own_database: Database) -> None:
    before = await schema_of(own_database)
    said: list[str] = []
    await migrate(own_database.owner_url, said.append)
    assert said == ["migrating", "loading reference data"]
    assert await schema_of(own_database) == before
    assert len(before) == 1 + len(FILES)


async def test_two_hosts_migrate_an_empty_database_once(db: Database, servers: Servers) -> None:
    empty = named(servers.postgres, f"{db.name}_empty")
    async with connected(servers.postgres) as superuser:
        await postgres.prepare(superuser, PASSWORDS, empty.name)
    try:
        await asyncio.gather(*(_migrate_apart(empty.owner_url) for _ in range(2)))
        assert await schema_of(empty) == await schema_of(db)
    finally:
        async with connected(servers.postgres) as superuser:
            await superuser.execute(f"DROP DATABASE {empty.name} WITH (FORCE)")


async def _migrate_apart(url: str) -> None:
    """As another host would: Piccolo's engine is one a process."""
    process = await asyncio.create_subprocess_exec(
        *(
            sys.executable,
            "-c",
            f"import asyncio, hub.schema; asyncio.run(hub.schema.migrate({url!r}))",
        ),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()


async def test_a_migration_waits_for_its_turn(own_database: Database) -> None:
    async with connected(own_database.owner_url) as other:
        await other.execute("SELECT pg_advisory_lock($1)", MIGRATION_LOCK)
        waiting = asyncio.create_task(migrate(own_database.owner_url))
        await asyncio.sleep(0.2)
        assert not waiting.done()
    await waiting


async def test_a_migration_that_fails_says_so_and_leaves_nothing(
    own_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "hub_9999_broken.py").write_text(
        "from hub.schema import sql_migration\n"
        "ID = '2099-01-01T00:00:00:000001'\n"
        "async def forwards():\n"
        "    return sql_migration(ID, 'broken', 'CREATE TABLE half (); SELECT 1 / 0')\n"
    )
    monkeypatch.setattr(APP_CONFIG, "migrations_folder_path", str(tmp_path))
    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrate(own_database.owner_url)
    async with connected(own_database.superuser_url) as superuser:
        assert await superuser.fetchval("SELECT to_regclass('half')") is None
    with pytest.raises(ScopeError):
        await ENGINE.get_new_connection()
