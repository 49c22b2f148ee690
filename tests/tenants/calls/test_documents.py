"""The documents of a call: for everybody once it is published, and for nobody else before."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import httpx
import pytest

from hub.db import tenant_transaction
from hub.ids import uuid7
from hub.tenants.calls.documents import queries, service
from hub.tenants.calls.documents.schemas import Document
from hub.uploads import MAX_BYTES, PDF, CheckedFile
from tests.factories import Member, make_membership
from tests.support import papers
from tests.support.databases import Database, connected
from tests.support.web import sign_in
from tests.tenants.calls.making import make_call
from tests.tenants.calls.test_call_editor import whole


async def send(
    client: httpx.AsyncClient,
    call_id: UUID,
    *,
    title: str = "Avviso integrale",
    name: str = "Avviso è.pdf",
    content: bytes = papers.PDF,
    key: str | None = None,
) -> httpx.Response:
    return await client.post(
        f"/selections/{call_id}/documents",
        data={"title": title, "form_key": key or str(uuid7())},
        files={"file": (name, content)},
    )


async def documents_of(admin: Member, call_id: UUID) -> list[Document]:
    async with tenant_transaction(admin.tenant.id) as scope:
        return await queries.documents_of(scope, call_id)


async def test_a_document_of_a_draft_is_the_entes_alone(
    desk: httpx.AsyncClient, new_client: Callable[[], httpx.AsyncClient], admin: Member
) -> None:
    call_id = await make_call(admin.tenant, state="draft")
    assert (await send(desk, call_id)).status_code == 303
    (document,) = await documents_of(admin, call_id)
    slug = (await whole(admin, call_id)).slug
    own = await desk.get(f"/selections/{call_id}/documents/{document.id}")
    assert own.content == papers.PDF
    assert own.headers["content-type"] == "application/pdf"
    assert "Avviso%20%C3%A8.pdf" in own.headers["content-disposition"]
    visitor = new_client()
    public = f"/calls/{slug}/documents/{document.id}"
    assert (await visitor.get(public)).status_code == 404
    assert (await visitor.get(f"/selections/{call_id}/documents/{document.id}")).status_code == 303
    async with tenant_transaction(admin.tenant.id) as scope:
        await scope.execute(
            "UPDATE calls SET state = 'published', published_at = $2 WHERE id = $1",
            call_id,
            scope.now,
        )
    assert (await visitor.get(public)).content == papers.PDF
    page = (await visitor.get(f"/calls/{slug}")).text
    assert f'href="{public}"' in page
    assert "Avviso integrale" in page


async def test_a_document_is_found_in_its_own_call_only(
    desk: httpx.AsyncClient, admin: Member
) -> None:
    one, other = await make_call(admin.tenant), await make_call(admin.tenant)
    await send(desk, one)
    (document,) = await documents_of(admin, one)
    slug = (await whole(admin, other)).slug
    assert (await desk.get(f"/calls/{slug}/documents/{document.id}")).status_code == 404
    assert (await desk.get(f"/calls/{slug}/documents/nonsense")).status_code == 404
    assert (await desk.get(f"/selections/{other}/documents/{document.id}")).status_code == 404


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"name": "", "content": b""}, "document-file"),
        ({"content": b""}, "document-file"),
        ({"content": b"no PDF"}, "document-file"),
        ({"content": papers.PDF[:-30]}, "document-file"),
        ({"name": "avviso.docx"}, "document-file"),
        ({"content": papers.PDF + b" " * MAX_BYTES}, "document-file"),
        ({"title": ""}, "document-title"),
        ({"title": "x" * 151}, "document-title"),
    ],
    ids=["none", "empty", "lies", "cut", "kind", "large", "untitled", "title"],
)
async def test_what_is_not_taken(
    desk: httpx.AsyncClient, admin: Member, sent: dict[str, str | bytes], field: str
) -> None:
    call_id = await make_call(admin.tenant, state="draft")
    answer = await send(desk, call_id, **sent)  # type: ignore[arg-type]  # each as its parameter has it
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert await documents_of(admin, call_id) == []


async def test_an_upload_without_its_forms_key_is_refused(
    desk: httpx.AsyncClient, admin: Member
) -> None:
    call_id = await make_call(admin.tenant, state="draft")
    assert (await send(desk, call_id, key="none")).status_code == 422
    assert await documents_of(admin, call_id) == []


async def test_a_double_click_adds_one(desk: httpx.AsyncClient, admin: Member) -> None:
    call_id, key = await make_call(admin.tenant), str(uuid7())
    for _ in range(2):
        assert (await send(desk, call_id, key=key)).status_code == 303
    other = await send(desk, call_id, key=key, content=papers.PDF + b"\n%%EOF\n")
    assert other.status_code == 409
    assert len(await documents_of(admin, call_id)) == 1


async def test_a_draft_may_lose_a_document_and_a_published_call_may_not(
    desk: httpx.AsyncClient, admin: Member, db: Database
) -> None:
    draft, published = (
        await make_call(admin.tenant, state="draft"),
        await make_call(admin.tenant, state="published"),
    )
    for call_id in (draft, published):
        await send(desk, call_id)
    (gone,), (kept,) = await documents_of(admin, draft), await documents_of(admin, published)
    removed = await desk.post(f"/selections/{draft}/documents/{gone.id}/remove")
    assert removed.status_code == 303
    refused = await desk.post(f"/selections/{published}/documents/{kept.id}/remove")
    assert refused.status_code == 409
    assert await documents_of(admin, draft) == []
    assert await documents_of(admin, published) == [kept]
    async with connected(db.superuser_url) as superuser:
        files = await superuser.fetch(
            "SELECT id FROM files WHERE id = ANY($1)", [gone.file_id, kept.file_id]
        )
    assert [file["id"] for file in files] == [kept.file_id], "nothing of it stays"


async def test_deleting_a_draft_takes_its_documents_along(
    desk: httpx.AsyncClient, admin: Member, db: Database
) -> None:
    draft = await make_call(admin.tenant, state="draft")
    await send(desk, draft)
    (document,) = await documents_of(admin, draft)
    assert (await desk.post(f"/selections/{draft}/delete")).status_code == 303
    async with connected(db.superuser_url) as superuser:
        left = await superuser.fetchval(
            "SELECT count(*) FROM file_parts WHERE file_id = $1", document.file_id
        )
    assert left == 0


async def test_no_more_than_thirty(admin: Member) -> None:
    call_id = await make_call(admin.tenant)
    async with tenant_transaction(admin.tenant.id) as scope:
        for number in range(service.MOST_DOCUMENTS):
            await service.add_document(
                scope, admin.actor, call_id, f"{number}", CheckedFile("a.pdf", PDF), b"x", uuid7()
            )
        with pytest.raises(service.TooMany):
            await service.add_document(
                scope, admin.actor, call_id, "more", CheckedFile("a.pdf", PDF), b"x", uuid7()
            )


async def test_only_an_admin_adds_documents(client: httpx.AsyncClient, admin: Member) -> None:
    call_id = await make_call(admin.tenant, state="draft")
    await sign_in(client, await make_membership(admin.tenant, "operator"))
    assert (await client.get(f"/selections/{call_id}/documents")).status_code == 200
    assert (await send(client, call_id)).status_code == 403
