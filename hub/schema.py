"""Bringing a database to the newest schema: Piccolo's migrations under a lock, then the reference data."""

import io
from collections.abc import Callable
from contextlib import redirect_stdout

import asyncpg
from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.apps.migrations.commands.forwards import run_forwards

from hub.db import ENGINE

# Any constant will do, as long as it never changes: two migrations at once would both run the same file.
MIGRATION_LOCK = 7_305_201_411


class MigrationFailed(Exception):
    """A migration did not run; the message is Piccolo's."""


def sql_migration(migration_id: str, description: str | None, sql: str) -> MigrationManager:
    """A migration that is one SQL script, run inside the manager's transaction.

    Piccolo's own `raw()` takes one statement a call, so the script goes to the transaction's connection.
    """
    manager = MigrationManager(migration_id, app_name="hub", description=description or "")

    async def run() -> None:
        transaction = ENGINE.current_transaction.get()
        if (
            transaction is None
        ):  # Piccolo opens one unless a migration asks it not to; none of ours does.
            raise MigrationFailed("a migration ran outside a transaction")
        await transaction.connection.execute("SET LOCAL lock_timeout = '4s'")
        await transaction.connection.execute(sql)

    manager.add_raw(run)
    return manager


async def migrate(owner_url: str, report: Callable[[str], None] = lambda _: None) -> None:
    """Run what has not run yet. Safe to call from several hosts at once: the second waits, then finds nothing."""
    lock = await asyncpg.connect(owner_url)
    try:
        await lock.execute("SELECT pg_advisory_lock($1)", MIGRATION_LOCK)
        report("migrating")
        # Piccolo prints as it goes; what it said is worth hearing only where it failed.
        with ENGINE.as_owner(owner_url), redirect_stdout(io.StringIO()):
            result = await run_forwards("hub")
        if not result.success:
            raise MigrationFailed(result.message or "unknown reason")
        report("loading reference data")
        # Imported late: this module is imported by every migration file.
        from hub.tenants.territory.load import load_reference

        await load_reference(lock)
    finally:
        await lock.close()
