"""Letters that answer what an applicant did: the receipt, the request to complete, the confirmation of a withdrawal."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from uuid import UUID

from hub import files, mail
from hub.db import TenantScope, tenant_transaction
from hub.outbox import Job
from hub.tenants.calls import queries as calls
from hub.tenants.calls.applications import queries
from hub.tenants.calls.applications.receipt import receipt_pdf
from hub.tenants.calls.applications.schemas import Application, Content
from hub.tenants.calls.applications.submit_application import canonical
from hub.tenants.calls.schemas import Call
from hub.tenants.territory.queries import municipality_names
from hub.uploads import PDF
from hub.web.formats import format_datetime
from hub.web.i18n import gettext as _
from hub.web.i18n import reading_in
from hub.worker import task


@task("applications.mail_receipt")
async def mail_receipt(job: Job, *, application_id: UUID) -> None:
    """Makes it, keeps it, and mails it with the very octets whose hash it states."""
    tenant_id = job.owner_id
    async with tenant_transaction(tenant_id) as scope:
        application, call = await _found(scope, application_id)
        content = application.content
        if content is None:
            return
        places = await municipality_names(scope, _codes(content))
        kept = application.receipt_id
        made = await files.content(scope, kept) if kept else b""
    with reading_in(application.locale):
        receipt = made or await asyncio.to_thread(receipt_pdf, application, call, places)
        if not made:
            await _keep(tenant_id, application, receipt)
        await _send(
            job,
            application,
            call,
            subject=_("Receipt of your application %(protocol)s", protocol=application.protocol),
            paragraphs=[
                _(
                    "The application of %(name)s to the call “%(call)s” was received on %(moment)s under the protocol"
                    " number %(protocol)s.",
                    name=content.organisation.name,
                    call=call.title,
                    moment=format_datetime(application.submitted_at, "long"),
                    protocol=application.protocol,
                ),
                _(
                    "The receipt is attached, with the file of what was submitted. How the application goes on can be"
                    " followed with the link you have."
                ),
            ],
            attachments=[
                mail.Attachment("receipt.pdf", PDF, receipt),
                mail.Attachment("application.json", "application/json", canonical(content)),
            ],
        )


@task("applications.mail_request")
async def mail_request(job: Job, *, application_id: UUID, completion_id: UUID) -> None:
    async with tenant_transaction(job.owner_id) as scope:
        application, call = await _found(scope, application_id)
        asked = await queries.completions_of(scope, application_id)
    completion = next((each for each in asked if each.id == completion_id), None)
    if completion is None or completion.answered_at:
        return
    with reading_in(application.locale):
        await _send(
            job,
            application,
            call,
            subject=_(
                "Your application %(protocol)s is to be completed", protocol=application.protocol
            ),
            paragraphs=[
                _(
                    "The application to the call “%(call)s” lacks something. Please answer before %(moment)s, with the"
                    " link you have; what comes later cannot be considered.",
                    call=call.title,
                    moment=format_datetime(completion.due_at, "long"),
                ),
                completion.request,
            ],
        )


@task("applications.mail_withdrawal")
async def mail_withdrawal(job: Job, *, application_id: UUID) -> None:
    async with tenant_transaction(job.owner_id) as scope:
        application, call = await _found(scope, application_id)
    with reading_in(application.locale):
        await _send(
            job,
            application,
            call,
            subject=_("Your application %(protocol)s is withdrawn", protocol=application.protocol),
            paragraphs=[
                _(
                    "The application to the call “%(call)s” was withdrawn on %(moment)s. If it was not you, please"
                    " answer to the Ente at once.",
                    call=call.title,
                    moment=format_datetime(application.withdrawn_at, "long"),
                )
            ],
        )


async def _found(scope: TenantScope, application_id: UUID) -> tuple[Application, Call]:
    application = await queries.find(scope, application_id)
    call = await calls.find(scope, application.call_id) if application else None
    if application is None or call is None:
        raise LookupError(application_id)
    return application, call


async def _keep(tenant_id: UUID, application: Application, receipt: bytes) -> None:
    """Where the same task ran twice, the first receipt stays."""
    name = f"ricevuta-{application.protocol_year}-{application.protocol_number}.pdf"
    with suppress(_KeptAlready):
        async with tenant_transaction(tenant_id) as scope:
            file_id = await files.store(scope, name, PDF, receipt)
            if not await queries.keep_receipt(scope, application.id, file_id):
                raise _KeptAlready


class _KeptAlready(Exception):
    pass


async def _send(
    job: Job,
    application: Application,
    call: Call,
    *,
    subject: str,
    paragraphs: Sequence[str],
    attachments: Sequence[mail.Attachment] = (),
) -> None:
    # The link that opens the application stands in no other letter, and may be too old by now.
    again = (_("Ask for a new link"), f"{mail.base_url()}/calls/{call.slug}/apply")
    body = mail.letter(title=subject, paragraphs=paragraphs, button=again)
    await mail.send(
        to=application.email,
        subject=subject,
        text=body.text,
        html=body.html,
        key=job.id,
        attachments=attachments,
    )


def _codes(content: Content) -> set[str]:
    return {content.organisation.municipality_code} | {
        desk.municipality_code for desk in content.desks
    }
