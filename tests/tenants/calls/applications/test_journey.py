"""From the call's page to a protocol number, without an account."""

from __future__ import annotations

import re
from uuid import UUID

import httpx
import pytest

from hub.worker import drain_now
from tests.factories import Tenant, unique
from tests.support.smtp_sink import SmtpSink
from tests.tenants.calls.applications.applying import WHOLE, Applicant, call_of
from tests.tenants.calls.applications.applying import stored as reread

KEY = {"form_key": "00000000-0000-0000-0000-000000000009"}


async def test_from_the_call_to_the_protocol_number(
    client: httpx.AsyncClient, ente: Tenant, call_id: UUID, relay: SmtpSink
) -> None:
    call = await call_of(ente, call_id)
    email = f"{unique('protocollo')}@example.org"
    apply = f"/calls/{call.slug}/apply"
    assert call.title in (await client.get(apply)).text
    assert (await client.post(apply, data={"email": email.upper(), **KEY})).status_code == 200
    await drain_now()
    link = re.search(
        r"http://hub\.localhost:8000(/applications/open/\S+)", relay.messages[-1].text()
    )
    assert relay.messages[-1].recipients == (email,)
    assert link
    opened = await client.get(link.group(1))
    assert opened.status_code == 303
    base = opened.headers["location"]
    assert re.fullmatch(r"/applications/[0-9a-f-]{36}", base)
    assert (await client.get(base)).headers["location"] == f"{base}/organisation"
    for step, typed in WHOLE.items():
        page = await client.get(f"{base}/{step}")
        assert page.status_code == 200
        answer = await client.post(f"{base}/{step}", data={**typed, **KEY})
        assert answer.status_code == 303, answer.text
    attached = await client.post(
        f"{base}/uploads/statute", files={"file": ("atto.pdf", b"%PDF-1.7 startxref %%EOF")}
    )
    assert attached.headers["location"] == f"{base}/attachments"
    summary = (await client.get(f"{base}/summary")).text
    assert "Comune di Napoli" in summary
    seen = re.search(r'name="seen" value="(\w+)"', summary)
    assert seen, summary
    answer = await client.post(f"{base}/submit", data={"seen": seen.group(1)})
    assert answer.headers["location"] == base
    page = await client.get(base)
    assert re.search(r"\d{7}/\d{4}", page.text)
    await drain_now()
    receipt = await client.get(f"{base}/receipt")
    assert receipt.content.startswith(b"%PDF-")


async def test_what_is_typed_is_kept_right_or_wrong(applying: Applicant) -> None:
    wrong = {**WHOLE["organisation"], "fiscal_code": "80014890639"}
    answer = await applying.save("organisation", wrong)
    assert answer.status_code == 422
    assert "80014890639" in answer.text
    kept = (await reread(applying.application)).answers["organisation"]
    assert kept["fiscal_code"] == ["80014890639"]
    assert kept["municipality_code"] == ["063049"]


@pytest.mark.parametrize(
    "step", ["organisation", "desks", "contacts", "attachments", "declarations", "summary"]
)
async def test_each_step_can_be_opened_at_once(applying: Applicant, step: str) -> None:
    assert (await applying.get(f"/{step}")).status_code == 200
