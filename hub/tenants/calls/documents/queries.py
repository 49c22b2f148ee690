from uuid import UUID

from hub.db import TenantScope
from hub.ids import uuid7
from hub.tenants.calls.documents.schemas import Document

_DOCUMENTS = """
SELECT d.id, d.call_id, d.file_id, d.title, d.added_at, f.name, f.media_type, f.size
FROM call_documents d JOIN files f ON f.tenant_id = d.tenant_id AND f.id = d.file_id
"""


async def documents_of(scope: TenantScope, call_id: UUID) -> list[Document]:
    """In the order in which they were added."""
    rows = await scope.fetch(
        f"{_DOCUMENTS} WHERE d.tenant_id = $1 AND d.call_id = $2 ORDER BY d.added_at, d.id",
        scope.tenant_id,
        call_id,
    )
    return [Document(*row) for row in rows]


async def find(scope: TenantScope, call_id: UUID, document_id: UUID) -> Document | None:
    row = await scope.fetchrow(
        f"{_DOCUMENTS} WHERE d.call_id = $1 AND d.id = $2", call_id, document_id
    )
    return Document(*row) if row else None


async def insert(scope: TenantScope, call_id: UUID, file_id: UUID, title: str) -> UUID:
    document_id = uuid7()
    await scope.execute(
        """
        INSERT INTO call_documents (id, tenant_id, call_id, file_id, title, added_at)
        VALUES ($1, $2, $3, $4, $5, $6)
        """,
        document_id,
        scope.tenant_id,
        call_id,
        file_id,
        title,
        scope.now,
    )
    return document_id


async def delete(scope: TenantScope, document_id: UUID) -> None:
    await scope.execute("DELETE FROM call_documents WHERE id = $1", document_id)
