"""The letter that brings an applicant the link."""

from uuid import UUID

from hub import mail
from hub.db import tenant_transaction
from hub.outbox import Job
from hub.tenants.calls import queries as calls
from hub.tenants.calls.applications import queries
from hub.tenants.calls.applications.links import LINK_LASTS, link_to
from hub.tenants.calls.applications.schemas import Application
from hub.tenants.calls.schemas import Call
from hub.tenants.calls.standing import moment
from hub.web.i18n import gettext as _
from hub.web.i18n import reading_in
from hub.worker import task


@task("applications.mail_link")
async def mail_link(job: Job, *, application_id: UUID) -> None:
    """The link is made here and not before: it must not lie in the outbox."""
    async with tenant_transaction(job.owner_id) as scope:
        application = await queries.find(scope, application_id)
        call = await calls.find(scope, application.call_id) if application else None
        now = scope.now
    if application is None or call is None:
        return
    with reading_in(application.locale):
        subject = _("The link to your application")
        body = mail.letter(
            title=subject,
            paragraphs=[*_about(application, call, is_open=call.is_open(now)), _good_for()],
            button=(_("Open the application"), link_to(application)),
        )
        await mail.send(
            to=application.email, subject=subject, text=body.text, html=body.html, key=job.id
        )


def _about(application: Application, call: Call, *, is_open: bool) -> list[str]:
    asked = _(
        "someone, probably you, asked for the link to the application of this address for the call “%(call)s”.",
        call=call.title,
    )
    if application.state != "draft":
        return [asked, _("It shows what was submitted and how it goes on.")]
    if is_open:
        return [
            asked,
            _(
                "With it you prepare the application, in as many sittings as you like: everything is saved as you type. It"
                " must be submitted before %(moment)s.",
                moment=moment(call.closes_at),
            ),
        ]
    return [
        asked,
        _("The call is closed and the application was not submitted; what was saved can be read."),
    ]


def _good_for() -> str:
    return _(
        "The link is good for %(days)s days and puts earlier ones out of use. Whoever has it can act for your"
        " administration: please pass it on to nobody else. If it was not you who asked, there is nothing to do.",
        days=LINK_LASTS.days,
    )
