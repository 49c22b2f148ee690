"""An Ente, an organisation, and protocols between them; files as they come back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import httpx

from hub import clock, files
from hub.db import network_transaction, tenant_transaction
from hub.ids import uuid7
from hub.outbox import Job
from hub.tenants.protocols import queries
from hub.tenants.protocols.issue import issue
from hub.tenants.protocols.links import Grant, link_to
from hub.tenants.protocols.receive import receive
from hub.tenants.protocols.schemas import Protocol, ProtocolParty, SignedFile
from hub.tenants.protocols.tasks import prepare
from hub.uploads import P7M
from tests.factories import Member, Tenant, make_membership, make_tenant, unique
from tests.support import papers


@dataclass(frozen=True, slots=True)
class Between:
    ente: Tenant
    admin: Member
    organisation: Tenant

    def party(self, **given: object) -> ProtocolParty:
        known: dict[str, object] = {
            "organisation_id": self.organisation.id,
            "name": self.organisation.name,
            "fiscal_code": "01232710374",
            "address": "Piazza Maggiore 6, 40124 Bologna",
            "contact_name": "Anna Prova",
            "contact_email": f"{unique('anna')}@example.org",
            "desks": ("Sportello Centro", "Sportello Navile"),
        }
        return ProtocolParty(**{**known, **given})  # type: ignore[arg-type]  # the names are the struct's

    async def issued(self, kind: str = "host", **given: object) -> UUID:
        async with tenant_transaction(self.ente.id) as scope:
            return await issue(scope, self.party(**given), kind, actor=self.admin.actor)

    async def sent(self, kind: str = "host", **given: object) -> UUID:
        """Made and on its way; the letter is ordered."""
        protocol_id = await self.issued(kind, **given)
        await prepare(self.job(), protocol_id=protocol_id)
        return protocol_id

    async def signed(self, kind: str = "host", *, on: date | None = None) -> UUID:
        protocol_id = await self.sent(kind)
        document = await self.document(protocol_id)
        file = SignedFile("protocollo.pdf.p7m", P7M, papers.signed(document), "envelope")
        async with tenant_transaction(self.ente.id) as scope:
            await receive(scope, None, protocol_id, file, on or clock.today())
        return protocol_id

    async def found(self, protocol_id: UUID) -> Protocol:
        async with tenant_transaction(self.ente.id) as scope:
            found = await queries.find(scope, protocol_id)
        assert found is not None
        return found

    async def document(self, protocol_id: UUID) -> bytes:
        protocol = await self.found(protocol_id)
        assert protocol.document_id is not None
        async with tenant_transaction(self.ente.id) as scope:
            return await files.content(scope, protocol.document_id)

    async def link(self, protocol_id: UUID) -> str:
        """The path of the newest."""
        protocol = await self.found(protocol_id)
        url = link_to(Grant(self.ente.id, protocol.id, protocol.link_version))
        return url[url.index("/protocols/") :]

    async def end_on(self, protocol_id: UUID, day: date) -> None:
        async with tenant_transaction(self.ente.id) as scope:
            await scope.execute(
                "UPDATE protocols SET expires_on = $2 WHERE id = $1", protocol_id, day
            )

    async def story(self) -> list[str]:
        """What the organisation's log tells of it, in order."""
        async with network_transaction() as network:
            rows = await network.fetch(
                """
                SELECT action FROM audit_log
                WHERE tenant_id = $1 AND subject_kind = 'organisation' AND subject_id = $1 ORDER BY at, id
                """,
                self.organisation.id,
            )
        return [row["action"].removeprefix("protocol.") for row in rows]

    def job(self) -> Job:
        return Job(uuid7(), self.ente.id, "protocols.test", {}, 1)


async def make_between(*kinds: str, state: str = "suspended") -> Between:
    ente = await make_tenant("coordinator")
    organisation = await make_tenant(*(kinds or ("host",)), state=state)
    return Between(ente, await make_membership(ente, "admin"), organisation)


def appended(sent: bytes, *, start: int = 0, beyond: int = 0) -> bytes:
    """As PAdES writes it: an incremental update with a signature over all but itself."""
    contents = b"<" + b"30" * 64 + b">"
    head = (
        b"\n900 0 obj\n<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached"
        b" /ByteRange [%010d %010d %010d %010d] /Contents "
    )
    tail = (
        b" >>\nendobj\nxref\n900 1\n0000000000 00000 n \ntrailer\n<< /Size 901 /Prev 1 >>\nstartxref\n%d\n%%%%EOF\n"
        % len(sent)
    )
    first = len(sent) + len(head % (0, 0, 0, 0))
    second = first + len(contents)
    ranges = (start, first, second, len(tail) + beyond)
    return sent + head % ranges + contents + tail


async def upload(
    client: httpx.AsyncClient,
    path: str,
    content: bytes,
    *,
    name: str = "protocollo.pdf",
    signed_on: date | str | None = None,
) -> httpx.Response:
    day = clock.today() if signed_on is None else signed_on
    return await client.post(
        path,
        data={"signed_on": str(day), "form_key": str(uuid7())},
        files={"file": (name, content)},
    )


def version_in(page: str) -> str:
    found = re.search(r'name="version" value="(\d+)"', page)
    assert found is not None
    return found.group(1)
