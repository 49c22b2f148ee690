"""Making the document and sending it; telling the organisation's log; the reminders before the end."""

import asyncio
from hashlib import sha256
from uuid import UUID

from hub import audit, clock, files, outbox
from hub.db import TenantScope, network_transaction, tenant_transaction
from hub.outbox import Job
from hub.tenants.onboarding.touch import touch
from hub.tenants.protocols import editions, parties, queries, steps
from hub.tenants.protocols.document import document_pdf
from hub.tenants.protocols.story import EXPIRED, SENT, tell
from hub.uploads import PDF
from hub.worker import every_minute, task

# Days before the end on which it is reminded of; the last is the day after it, when it has expired.
BEFORE_THE_END = (90, 30, 7)
EXPIRY = -1
# So many in one transaction; the others a minute later.
AT_ONCE = 200


@task("protocols.prepare")
async def prepare(job: Job, *, protocol_id: UUID) -> None:
    """The same content gives the same document, so that whoever comes second adds nothing."""
    tenant_id = job.owner_id
    async with tenant_transaction(tenant_id) as scope:
        protocol = await queries.find(scope, protocol_id)
        template = await editions.find_template(scope, protocol.template_id) if protocol else None
    if protocol is None or template is None or protocol.state != "preparing":
        return
    document = await asyncio.to_thread(document_pdf, template, protocol.content, protocol.number)
    async with tenant_transaction(tenant_id) as scope:
        held = await queries.find(scope, protocol_id, lock=True)
        if held is None or held.state != "preparing":
            return
        document_id = await files.store(scope, protocol.file_name, PDF, document)
        await steps.keep_document(scope, protocol_id, document_id, sha256(document).digest())
        await outbox.enqueue(scope, "protocols.mail", protocol_id=protocol_id)
        await tell(scope, None, SENT, protocol_id, protocol.organisation_id)


@task("protocols.tell")
async def tell_organisation(job: Job, *, entry_id: UUID, organisation_id: UUID) -> None:
    """The entry has the job's id in the organisation's log: however often this runs, it is written once."""
    async with tenant_transaction(job.owner_id) as scope:
        entry = await audit.entry_of(scope, entry_id)
    if entry is None:
        raise LookupError(entry_id)
    async with network_transaction() as network:
        await audit.tell_story(network, organisation_id, entry, entry_id=job.id)


@every_minute("protocols.remind", at_seconds=frozenset({20}))
async def remind() -> None:
    async with network_transaction() as network:
        tenant_ids = await parties.coordinators(network)
    for tenant_id in tenant_ids:
        async with tenant_transaction(tenant_id) as scope:
            await order_reminders(scope)


async def order_reminders(scope: TenantScope) -> None:
    """Called again at once, it orders nothing."""
    today = clock.day_of(scope.now)
    due = await steps.remind(scope, (*BEFORE_THE_END, EXPIRY), today, limit=AT_ONCE)
    admins = await parties.admins(scope) if due else []
    for protocol_id, organisation_id, last in due:
        if last < today:
            await tell(scope, None, EXPIRED, protocol_id, organisation_id)
            await touch(scope, organisation_id)
        await outbox.enqueue(scope, "protocols.mail_ending", protocol_id=protocol_id)
        for membership_id in admins:
            await outbox.enqueue(
                scope,
                "protocols.mail_ending_here",
                protocol_id=protocol_id,
                membership_id=membership_id,
            )
