"""Bringing the territory's reference data into the database: `hub migrate` calls it every time."""

from collections.abc import Iterable, Sequence

import asyncpg

from hub.tenants.territory.build_data import Municipality
from hub.tenants.territory.data import read_municipalities, read_postal_codes

REGION_COLUMNS = ("code", "name", "area")
PROVINCE_COLUMNS = ("code", "name", "region_code")
POSTAL_CODE_COLUMNS = ("code", "municipalities")
MUNICIPALITY_COLUMNS = (
    "istat_code",
    "name",
    "other_name",
    "name_search",
    "province_code",
    "region_code",
    "cadastral_code",
    "latitude",
    "longitude",
    "approximate",
)


async def load_reference(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Add what is new and correct what changed, as the tables' owner. Nothing is removed: records may point to it.

    Raises DataMissing where the build has not run.
    """
    rows = list(read_municipalities())
    regions = {(row.region_code, row.region_name, row.area) for row in rows}
    provinces = {(row.province_code, row.province_name, row.region_code) for row in rows}
    async with connection.transaction():
        await _upsert(connection, "regions", REGION_COLUMNS, sorted(regions))
        await _upsert(connection, "provinces", PROVINCE_COLUMNS, sorted(provinces))
        await _upsert(connection, "municipalities", MUNICIPALITY_COLUMNS, map(_record, rows))
        await _upsert(connection, "postal_codes", POSTAL_CODE_COLUMNS, read_postal_codes())


def _record(row: Municipality) -> tuple[object, ...]:
    return (
        row.istat_code,
        row.name,
        row.other_name or None,
        row.name_search,
        row.province_code,
        row.region_code,
        row.cadastral_code,
        row.latitude,
        row.longitude,
        row.approximate,
    )


async def _upsert(
    connection: "asyncpg.Connection[asyncpg.Record]",
    table: str,
    columns: Sequence[str],
    records: Iterable[Sequence[object]],
) -> None:
    """COPY beside the table, then merge. Rows that say the same are left alone, so that a second run writes nothing."""
    key, *others = columns
    incoming = f"incoming_{table}"
    await connection.execute(f"CREATE TEMP TABLE {incoming} (LIKE {table}) ON COMMIT DROP")
    await connection.copy_records_to_table(incoming, records=records, columns=columns)
    listed = ", ".join(columns)
    new = ", ".join(f"EXCLUDED.{column}" for column in others)
    old = ", ".join(f"{table}.{column}" for column in others)
    changes = ", ".join(f"{column} = EXCLUDED.{column}" for column in others)
    await connection.execute(
        f"""
        INSERT INTO {table} ({listed}) SELECT {listed} FROM {incoming}
        ON CONFLICT ({key}) DO UPDATE SET {changes} WHERE ({old}) IS DISTINCT FROM ({new})
        """
    )
