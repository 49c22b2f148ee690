"""Writing the demo network into an empty database, as the tables' owner, by COPY."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Sequence
from contextlib import aclosing
from datetime import date
from operator import attrgetter
from typing import Any

import asyncpg

from hub import clock
from hub.crypto import email_token, encrypt, lookup_token
from hub.seed.call_rows import GUARDED
from hub.seed.generate import CASES, Part, generate
from hub.seed.organisations import CITIZENS
from hub.seed.rows import (
    TABLES,
    Account,
    Citizen,
    Consent,
    Row,
    SecondFactor,
    Subscriber,
    Suppression,
)
from hub.seed.sign_ins import PASSWORD, SECOND_FACTOR
from hub.tenants.accounts.passwords import hash_password

Maker = Callable[[Any], object]
Progress = Callable[[int, int, str], None]


# What only a running hub can make: hashes, ciphertext and keyed tokens.
MADE_HERE: dict[type[Row], dict[str, Maker]] = {
    Account: {},
    SecondFactor: {"secret": lambda _: encrypt(SECOND_FACTOR)},
    Citizen: {
        "codice_fiscale": lambda row: row.codice_fiscale and encrypt(row.codice_fiscale),
        "codice_fiscale_token": lambda row: (
            row.codice_fiscale and lookup_token(row.tenant_id, row.codice_fiscale)
        ),
    },
    Subscriber: {"email_token": lambda row: email_token(row.email)},
    Consent: {"email_token": lambda row: email_token(row.email)},
    Suppression: {"email_token": lambda row: email_token(row.email)},
}


# What desks keep of the conversations that were held there.
_LAST_CONSULTATIONS = """
UPDATE desks d SET last_consultation_on = held.day
FROM (SELECT desk_id, max(held_on) AS day FROM consultations GROUP BY desk_id) held
WHERE held.desk_id = d.id
"""


class SeedRefused(Exception):
    """The database already holds organisations; the demo network would mix with them."""


def _silent(done: int, total: int, label: str) -> None:
    pass


async def seed_if_empty(owner_url: str, progress: Progress = _silent) -> bool:
    """Whether the demo network was written: not where there is any organisation."""
    try:
        await seed(owner_url, 1, progress)
    except SeedRefused:
        return False
    return True


async def seed(
    owner_url: str,
    scale: int = 1,
    progress: Progress = _silent,
    *,
    today: date | None = None,
    replace: bool = False,
) -> None:
    """Write the demo network, `scale` times over. `progress` is told citizens done, citizens in all, and what is written.

    `replace` deletes the demo network that is there, with all that was done in it. This process's field keys must be set.
    Until the end nobody else can read or write the tables. Raises SeedRefused.
    """
    connection = await asyncpg.connect(owner_url)
    try:
        # Asked first without a lock: whoever starts a running network again should not stop it for a moment.
        if not replace:
            await _refuse_filled(connection)
        async with connection.transaction():
            if replace:
                await _empty(connection)
            await _seed(connection, scale, progress, today or clock.today())
        progress(scale * CITIZENS, scale * CITIZENS, "statistics")
        await connection.execute(f"ANALYZE {', '.join(TABLES.values())}")
    finally:
        await connection.close()


async def _seed(
    connection: asyncpg.Connection[asyncpg.Record], scale: int, progress: Progress, today: date
) -> None:
    # COPY is refused where row security is forced, even to the owner, who is otherwise exempt; and applications of the
    # past come too late. All changes are in one transaction, which holds the tables' strongest lock: nobody ever sees
    # them without.
    forced = await _forced_tables(connection)
    await _force(connection, forced, "NO FORCE")
    await _guard(connection, "DISABLE")
    await _refuse_filled(connection)
    await _write(connection, scale, progress, today)
    await _guard(connection, "ENABLE")
    await _force(connection, forced, "FORCE")


async def _write(
    connection: asyncpg.Connection[asyncpg.Record], scale: int, progress: Progress, today: date
) -> None:
    first = await connection.fetchval("SELECT nextval('case_numbers')")
    password_hash = hash_password(PASSWORD)
    done, total = 0, scale * CITIZENS
    async with aclosing(_ahead(generate(today, scale, first))) as parts:
        async for part in parts:
            progress(done, total, part.label)
            await _copy(connection, part, password_hash)
            done += part.citizens
    await connection.execute("SELECT setval('case_numbers', $1)", first + scale * CASES - 1)
    await connection.execute(_LAST_CONSULTATIONS)


async def _ahead(parts: Iterator[Part]) -> AsyncGenerator[Part]:
    """Each part while the next one is made in a thread: the server checks keys meanwhile."""
    coming = asyncio.create_task(asyncio.to_thread(next, parts, None))
    try:
        while part := await coming:
            coming = asyncio.create_task(asyncio.to_thread(next, parts, None))
            yield part
    finally:
        await asyncio.wait([coming])


async def _copy(
    connection: asyncpg.Connection[asyncpg.Record], part: Part, password_hash: str
) -> None:
    for kind, table in TABLES.items():
        rows = part.batch.of(kind)
        if not rows:
            continue
        columns: Sequence[str] = kind._fields
        records: Iterable[Sequence[object]] = rows
        if kind in MADE_HERE:
            makers = _makers(kind, password_hash)
            columns = list(makers)
            records = (tuple(make(row) for make in makers.values()) for row in rows)
        await connection.copy_records_to_table(table, columns=columns, records=records)


def _makers(kind: type[Row], password_hash: str) -> dict[str, Maker]:
    """By column, in the table's words, how a row's value is found."""
    makers: dict[str, Maker] = {name: attrgetter(name) for name in kind._fields}
    makers |= MADE_HERE[kind]
    if kind is Account:
        makers["password_hash"] = lambda _: password_hash
    if kind in (Consent, Suppression):
        # These keep the fingerprint only.
        del makers["email"]
    return makers


async def _refuse_filled(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    if await connection.fetchval("SELECT EXISTS (SELECT FROM tenants)"):
        raise SeedRefused(
            "the database already holds organisations: seed an empty one, or replace a demo network with --replace"
        )


async def _empty(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    """Delete everything but territory and notices. Refused where one account is not of the demo network's domains."""
    await connection.execute("ALTER TABLE accounts NO FORCE ROW LEVEL SECURITY")
    if await connection.fetchval(
        "SELECT EXISTS (SELECT FROM accounts WHERE email NOT LIKE '%.example.org')"
    ):
        raise SeedRefused("the database holds people who are not of the demo network")
    await connection.execute("ALTER TABLE accounts FORCE ROW LEVEL SECURITY")
    await connection.execute("TRUNCATE tenants, accounts CASCADE")
    await connection.execute("TRUNCATE sign_in_attempts")
    # The same network has the same numbers.
    await connection.execute("ALTER SEQUENCE case_numbers RESTART")


async def _forced_tables(connection: asyncpg.Connection[asyncpg.Record]) -> list[str]:
    rows = await connection.fetch(
        """
        SELECT relname FROM pg_class
        WHERE relforcerowsecurity AND relnamespace = 'public'::regnamespace
          AND relname = ANY($1) ORDER BY relname
        """,
        list(TABLES.values()),
    )
    return [row["relname"] for row in rows]


async def _force(
    connection: asyncpg.Connection[asyncpg.Record], tables: Sequence[str], how: str
) -> None:
    for table in tables:
        await connection.execute(f"ALTER TABLE {table} {how} ROW LEVEL SECURITY")


async def _guard(connection: asyncpg.Connection[asyncpg.Record], how: str) -> None:
    for table in GUARDED:
        await connection.execute(f"ALTER TABLE {table} {how} TRIGGER USER")
