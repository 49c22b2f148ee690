"""What a request with an idempotency key asked for, as a fingerprint: the same key with other content is told apart."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from hub.schema import sql_migration

ID = "2026-11-23T01:00:00:000001"

SQL = "ALTER TABLE idempotency_keys ADD COLUMN content bytea;"


async def forwards() -> MigrationManager:
    return sql_migration(ID, __doc__, SQL)
