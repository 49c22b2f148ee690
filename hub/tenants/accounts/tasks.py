"""Mail about accounts, and forgetting what is stale."""

from functools import partial
from urllib.parse import quote
from uuid import UUID

from hub import mail
from hub.db import network_transaction
from hub.outbox import Job
from hub.tenants.accounts import queries, service
from hub.tenants.accounts.notices import NOTICES
from hub.web.i18n import gettext as _
from hub.web.i18n import reading_in
from hub.worker import every_minute, task


@task("accounts.send_password_link")
async def send_password_link(_job: Job, *, account_id: UUID) -> None:
    """The link is made here and not before: it must not lie in the outbox."""
    async with network_transaction() as scope:
        credentials = await queries.credentials_by_id(scope, account_id)
    if credentials is None:
        return
    link = f"{mail.base_url()}/password/new?link={quote(service.password_link_token(credentials))}"
    with reading_in(credentials.locale):
        await mail.send(
            to=credentials.email,
            subject=_("Your new password for the MICRO-WORK Hub"),
            text="\n\n".join(
                [
                    _("Good morning,"),
                    _(
                        "someone, probably you, asked to choose a new password. This link is good for one hour:"
                    ),
                    link,
                    _("If it was not you, there is nothing to do: the old password still holds."),
                ]
            ),
        )


async def _tell(what: str, job: Job, *, account_id: UUID) -> None:
    async with network_transaction() as scope:
        credentials = await queries.credentials_by_id(scope, account_id)
    if credentials is None:
        return
    notice = NOTICES[what]
    with reading_in(credentials.locale):
        body = mail.letter(
            title=_(notice.subject),
            paragraphs=[
                _("Good morning,"),
                _(notice.text),
                _(
                    "If it was not you, choose a new password at once and tell an administrator of your organisation; where"
                    " there is no other than you, the Ente."
                ),
            ],
            button=(_("To your account"), f"{mail.base_url()}/account"),
        )
        await mail.send(
            to=credentials.email,
            subject=_(notice.subject),
            text=body.text,
            html=body.html,
            key=job.id,
        )


for _what in NOTICES:
    task(f"accounts.tell_{_what}")(partial(_tell, _what))


@every_minute("accounts.forget_stale", at_seconds=frozenset({45}))
async def forget_stale() -> None:
    async with network_transaction() as scope:
        await queries.forget_stale(scope, service.ATTEMPTS_WINDOW)
