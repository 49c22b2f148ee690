"""Telling who asked that the answer is there."""

from uuid import UUID

from hub import mail
from hub.db import tenant_transaction
from hub.outbox import Job
from hub.tenants.calls import queries as call_queries
from hub.tenants.calls.questions import queries
from hub.web.i18n import gettext as _
from hub.web.i18n import reading_in
from hub.worker import task


@task("calls.tell_asker")
async def tell_asker(job: Job, *, question_id: UUID) -> None:
    """The address is forgotten once the mail is on its way."""
    async with tenant_transaction(job.owner_id) as scope:
        question = await queries.find(scope, question_id)
        call = await call_queries.find(scope, question.call_id) if question else None
    if question is None or call is None or question.state != "published" or not question.email:
        return
    with reading_in(question.locale):
        body = mail.letter(
            title=_("Your question is answered"),
            paragraphs=[
                _("You asked about the call “%(title)s”:", title=call.title),
                question.question,
                _("The answer is published with the call, where everybody can read it."),
                _("Your e-mail address is deleted now: we kept it for this message only."),
            ],
            button=(_("Read the answer"), f"{mail.base_url()}/calls/{call.slug}#questions"),
        )
        await mail.send(
            to=question.email,
            subject=_("Your question is answered: %(title)s", title=call.title),
            text=body.text,
            html=body.html,
            key=job.id,
        )
    async with tenant_transaction(job.owner_id) as scope:
        await queries.forget_asker(scope, question_id)
