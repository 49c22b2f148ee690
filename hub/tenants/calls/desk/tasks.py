"""Reminders: ordered every minute, each written when its turn comes, if it still holds then."""

from collections.abc import Sequence
from uuid import UUID

from hub import mail
from hub.db import network_transaction, tenant_transaction
from hub.outbox import Job
from hub.tenants.calls import queries as calls
from hub.tenants.calls.applications import queries as applications
from hub.tenants.calls.applications.links import link_to
from hub.tenants.calls.applications.schemas import Application
from hub.tenants.calls.desk import due
from hub.tenants.calls.desk.remind import order_reminders
from hub.tenants.calls.desk.service import OVERDUE_AFTER
from hub.tenants.calls.schemas import Call
from hub.tenants.calls.selection import evaluations
from hub.tenants.calls.standing import Standing, moment, standing_of
from hub.tenants.people.colleagues import write_colleague
from hub.web.i18n import gettext as _
from hub.web.i18n import ngettext, reading_in
from hub.worker import every_minute, task


@every_minute("calls.remind", at_seconds=frozenset({50}))
async def remind() -> None:
    async with network_transaction() as network:
        tenant_ids = await due.coordinators(network)
    for tenant_id in tenant_ids:
        async with tenant_transaction(tenant_id) as scope:
            await order_reminders(scope)


@task("calls.remind_draft")
async def remind_draft(job: Job, *, application_id: UUID) -> None:
    """Nothing where it was submitted, or the call closed, in the meantime."""
    async with tenant_transaction(job.owner_id) as scope:
        application = await applications.find(scope, application_id)
        call = await calls.find(scope, application.call_id) if application else None
        now = scope.now
    if application is None or call is None:
        return
    if application.state != "draft" or not call.is_open(now):
        return
    with reading_in(application.locale):
        await _write_applicant(
            job,
            application,
            _("Your application is not submitted yet"),
            [
                _(
                    "With this address an application to the call “%(call)s” was begun. It is saved, but not"
                    " submitted.",
                    call=call.title,
                ),
                _(
                    "It must be submitted before %(moment)s: what comes later cannot be accepted. If you do not want"
                    " to apply, there is nothing to do.",
                    moment=moment(call.closes_at),
                ),
            ],
        )


@task("calls.remind_request")
async def remind_request(job: Job, *, application_id: UUID, completion_id: UUID) -> None:
    """Nothing where it was answered, or the application decided or withdrawn, in the meantime, or the term is over."""
    async with tenant_transaction(job.owner_id) as scope:
        application = await applications.find(scope, application_id)
        call = await calls.find(scope, application.call_id) if application else None
        asked = await applications.completions_of(scope, application_id)
        now = scope.now
    request = next((one for one in asked if one.id == completion_id), None)
    if application is None or call is None or request is None:
        return
    if application.state != "submitted" or request.answered_at or request.due_at <= now:
        return
    with reading_in(application.locale):
        await _write_applicant(
            job,
            application,
            _(
                "The term to complete your application %(protocol)s is about to end",
                protocol=application.protocol,
            ),
            [
                _(
                    "The application to the call “%(call)s” still lacks what we asked for. Please answer before"
                    " %(moment)s; what comes later cannot be considered.",
                    call=call.title,
                    moment=moment(request.due_at),
                ),
                request.request,
            ],
        )


@task("calls.tell_overdue")
async def tell_overdue(job: Job, *, call_id: UUID, membership_id: UUID) -> None:
    """Nothing where all is given by now."""
    async with tenant_transaction(job.owner_id) as scope:
        waiting, title = await evaluations.waiting_of(scope, call_id, membership_id)
    if not waiting:
        return
    await write_colleague(
        job,
        membership_id,
        lambda: (
            _("Your evaluations are overdue"),
            [
                ngettext(
                    "Of the call “%(call)s”, %(num)s application still waits for your evaluation; more than %(days)s"
                    " days have passed since it was assigned to you.",
                    "Of the call “%(call)s”, %(num)s applications still wait for your evaluation; more than %(days)s"
                    " days have passed since they were assigned to you.",
                    waiting,
                    call=title,
                    days=OVERDUE_AFTER.days,
                ),
                _(
                    "If you cannot evaluate them, say so in the hub: somebody else gets them at once."
                ),
            ],
            (_("To my evaluations"), "/evaluations"),
        ),
    )


@task("calls.tell_not_closed")
async def tell_not_closed(job: Job, *, call_id: UUID, membership_id: UUID) -> None:
    """Nothing where the call was closed or extended in the meantime."""
    call, standing = await _call_of(job, call_id)
    if call is None or standing != "closed":
        return
    await write_colleague(
        job,
        membership_id,
        lambda: (
            _("A call is over and not closed yet"),
            [
                _(
                    "The term of the call “%(call)s” ended on %(moment)s. Close it, so that the evaluators get its"
                    " applications.",
                    call=call.title,
                    moment=moment(call.closes_at),
                )
            ],
            (_("Close the call"), f"/selections/{call.id}/close"),
        ),
    )


@task("calls.tell_all_given")
async def tell_all_given(job: Job, *, call_id: UUID, membership_id: UUID) -> None:
    """Nothing where the ranking was proposed in the meantime."""
    call, _standing = await _call_of(job, call_id)
    if call is None or call.state != "evaluating":
        return
    await write_colleague(
        job,
        membership_id,
        lambda: (
            _("All evaluations are in"),
            [
                _(
                    "Every application to the call “%(call)s” is evaluated. The ranking can be proposed; a second"
                    " person approves it.",
                    call=call.title,
                )
            ],
            (_("To the ranking"), f"/selections/{call.id}/ranking"),
        ),
    )


async def _call_of(job: Job, call_id: UUID) -> tuple[Call | None, Standing | None]:
    async with tenant_transaction(job.owner_id) as scope:
        call = await calls.find(scope, call_id)
        return call, standing_of(call, scope.now) if call else None


async def _write_applicant(
    job: Job, application: Application, subject: str, paragraphs: Sequence[str]
) -> None:
    """The link is made here and not before: it must not lie in the outbox."""
    body = mail.letter(
        title=subject,
        paragraphs=paragraphs,
        button=(_("Open the application"), link_to(application)),
    )
    await mail.send(
        to=application.email, subject=subject, text=body.text, html=body.html, key=job.id
    )
