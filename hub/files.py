"""Files in the database, in parts: one backup with the rows that speak of them, and the same row security.

A file is never changed; who may read one is decided by the row that refers to it.
"""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from piccolo.columns import UUID as UUIDColumn
from piccolo.columns import BigInt, Bytea, Integer, Text, Timestamptz
from piccolo.table import Table

from hub.db import TenantScope
from hub.ids import uuid7


class File(Table, tablename="files"):
    id = UUIDColumn(primary_key=True)
    tenant_id = UUIDColumn()
    name = Text()
    media_type = Text()
    size = BigInt()
    sha256 = Bytea()
    created_at = Timestamptz()


class FilePart(Table, tablename="file_parts"):
    id = UUIDColumn(primary_key=True)
    tenant_id = UUIDColumn()
    file_id = UUIDColumn()
    position = Integer()
    content = Bytea()


PART_OCTETS = 512 * 1024


@dataclass(frozen=True, slots=True)
class StoredFile:
    """`size` in octets; `sha256` is of the whole content."""

    id: UUID
    name: str
    media_type: str
    size: int
    sha256: bytes
    created_at: datetime


async def store(scope: TenantScope, name: str, media_type: str, content: bytes) -> UUID:
    """Whole or, with its transaction, not at all. What is taken and under which name, `hub/uploads.py` decides."""
    file_id = uuid7()
    await scope.execute(
        """
        INSERT INTO files (id, tenant_id, name, media_type, size, sha256, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        """,
        file_id,
        scope.tenant_id,
        name,
        media_type,
        len(content),
        sha256(content).digest(),
        scope.now,
    )
    await scope.executemany(
        "INSERT INTO file_parts (id, tenant_id, file_id, position, content) VALUES ($1, $2, $3, $4, $5)",
        [
            (
                uuid7(),
                scope.tenant_id,
                file_id,
                start // PART_OCTETS,
                content[start : start + PART_OCTETS],
            )
            for start in range(0, len(content), PART_OCTETS)
        ],
    )
    return file_id


async def find(scope: TenantScope, file_id: UUID) -> StoredFile | None:
    row = await scope.fetchrow(
        "SELECT id, name, media_type, size, sha256, created_at FROM files WHERE id = $1", file_id
    )
    return StoredFile(*row) if row else None


async def content(scope: TenantScope, file_id: UUID) -> bytes:
    rows = await scope.fetch(
        """
        SELECT content FROM file_parts WHERE tenant_id = $1 AND file_id = $2 ORDER BY position
        """,
        scope.tenant_id,
        file_id,
    )
    return b"".join(row[0] for row in rows)


async def delete(scope: TenantScope, file_id: UUID) -> None:
    """Its parts go with it. Whoever referred to it lets go first."""
    await scope.execute("DELETE FROM files WHERE id = $1", file_id)
