"""Attaching: whole files only, of the kinds that are taken, and only for those concerned."""

from __future__ import annotations

from uuid import UUID

import pytest

from hub.db import tenant_transaction
from hub.tenants.calls.applications import attach_file, queries
from hub.tenants.calls.applications.schemas import Attached
from hub.uploads import MAX_BYTES
from tests.factories import Tenant
from tests.support import papers
from tests.tenants.calls.applications.applying import Applicant, close


async def attached(applying: Applicant) -> list[Attached]:
    async with tenant_transaction(applying.application.tenant_id) as scope:
        return await queries.files_of(scope, applying.application.id)


@pytest.mark.parametrize(
    ("name", "content"), [("atto.pdf", papers.PDF), ("atto.pdf.p7m", papers.signed())]
)
async def test_a_file_is_taken_shown_and_given_back(
    applying: Applicant, name: str, content: bytes
) -> None:
    answer = await applying.upload(name=name, content=content)
    assert answer.headers["location"] == f"{applying.base}/attachments"
    (file,) = await attached(applying)
    page = await applying.get("/attachments")
    assert name in page.text
    back = await applying.get(f"/files/{file.id}")
    assert back.content == content
    assert back.headers["content-disposition"].startswith("attachment")
    assert back.headers["cache-control"] == "private, no-store"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("", b"", "Scegli prima un file"),
        ("vuoto.pdf", b"", "vuoto"),
        ("atto.pdf", b"MZ\x90 a program", "non è un PDF"),
        ("atto.pdf", papers.PDF[: len(papers.PDF) // 2], "non è un PDF"),
        ("atto.pdf.p7m", papers.PDF, "non è un file firmato"),
        ("atto.docx", b"PK\x03\x04", "Solo file PDF"),
        ("atto.pdf", b"%PDF-1.7" + b"x" * MAX_BYTES, "10 MB"),
    ],
)
async def test_a_file_that_lies_or_is_too_large_is_refused_in_its_place(
    applying: Applicant, name: str, content: bytes, words: str
) -> None:
    answer = await applying.upload(name=name, content=content)
    assert answer.status_code == 422
    assert 'id="file-statute-error"' in answer.text
    assert "file-plan-error" not in answer.text
    assert await attached(applying) == []


async def test_htmx_gets_the_place_alone(applying: Applicant) -> None:
    url = f"{applying.base}/uploads/statute"
    htmx = {"hx-request": "true"}
    wrong = await applying.client.post(url, files={"file": ("a.pdf", b"no")}, headers=htmx)
    assert wrong.status_code == 422
    assert wrong.text.strip().startswith('<section class="application-slot" id="file-statute"')
    right = await applying.client.post(url, files={"file": ("a.pdf", papers.PDF)}, headers=htmx)
    assert right.headers["hx-redirect"] == f"{applying.base}/attachments"


async def test_another_file_takes_the_place_of_the_first(applying: Applicant) -> None:
    await applying.upload(name="uno.pdf")
    await applying.upload(name="due.pdf")
    assert [file.name for file in await attached(applying)] == ["due.pdf"]


async def test_a_refused_file_leaves_the_first_in_place(applying: Applicant) -> None:
    await applying.upload(name="uno.pdf")
    await applying.upload(name="due.pdf", content=b"no")
    assert [file.name for file in await attached(applying)] == ["uno.pdf"]


async def test_all_files_of_an_application_together_are_bounded(
    applying: Applicant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attach_file, "MOST_OCTETS", 2 * len(papers.PDF))
    await applying.upload("statute")
    await applying.upload("plan")

    larger = papers.PDF.replace(b"endobj", b"endobj ")
    refused = await applying.upload("plan", "altra.pdf", larger)

    assert refused.status_code == 422
    assert "100 MB al massimo" in refused.text
    # One that takes another's place needs no further room.
    assert (await applying.upload("plan", "altra.pdf")).status_code == 303
    assert [file.name for file in await attached(applying)] == ["atto.pdf", "altra.pdf"]


async def test_a_file_is_removed(applying: Applicant) -> None:
    await applying.upload()
    (file,) = await attached(applying)
    answer = await applying.post(f"/files/{file.id}/remove")
    assert answer.headers["location"] == f"{applying.base}/attachments"
    assert await attached(applying) == []
    assert (await applying.post(f"/files/{file.id}/remove")).status_code == 404


async def test_only_what_the_call_asks_for_is_attached(applying: Applicant) -> None:
    assert (await applying.upload(kind="completion")).status_code == 404
    assert (await applying.upload(kind="x")).status_code == 404
    assert await attached(applying) == []


async def test_a_broken_upload_leaves_nothing(applying: Applicant) -> None:
    """As it looks when a connection breaks off: the body ends before its closing boundary."""
    body = (
        b'--x12345\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n'
        + papers.PDF[:40]
    )
    answer = await applying.client.post(
        f"{applying.base}/uploads/statute",
        content=body,
        headers={"content-type": "multipart/form-data; boundary=x12345"},
    )
    assert answer.status_code in (400, 422)
    assert await attached(applying) == []
    assert (await applying.upload()).status_code == 303, "and it can be sent again"


async def test_after_closing_files_stay_as_they_are(
    applying: Applicant, ente: Tenant, call_id: UUID
) -> None:
    await applying.upload(name="uno.pdf")
    (file,) = await attached(applying)
    await close(ente, call_id)
    late = await applying.upload(name="due.pdf")
    assert late.status_code == 409
    removed = await applying.post(f"/files/{file.id}/remove")
    assert removed.status_code == 409
    assert [each.name for each in await attached(applying)] == ["uno.pdf"]
    assert (await applying.get(f"/files/{file.id}")).content == papers.PDF
    assert "uno.pdf" in (await applying.get("/attachments")).text


async def test_a_submitted_file_is_neither_removed_nor_replaced(applying: Applicant) -> None:
    await applying.fill_in()
    await applying.submit()
    (file,) = await attached(applying)
    for answer in (
        await applying.post(f"/files/{file.id}/remove"),
        await applying.upload(name="due.pdf"),
    ):
        assert answer.status_code == 409
    assert await attached(applying) == [file]


async def test_a_file_without_the_forms_token_is_refused(applying: Applicant) -> None:
    del applying.client.headers["x-csrf-token"]
    answer = await applying.upload()
    assert answer.status_code == 403
    assert await attached(applying) == []
