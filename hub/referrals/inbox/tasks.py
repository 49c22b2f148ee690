"""Telling a receiver that an offer waits: at its office's address, without a word about the citizen."""

import logging
from uuid import UUID

from hub import mail
from hub.db import tenant_transaction
from hub.outbox import Job
from hub.referrals.inbox import queries
from hub.referrals.inbox.queries import Office, ReceivedOffer
from hub.web.formats import format_date
from hub.web.i18n import gettext as _
from hub.web.i18n import reading_in
from hub.worker import task

log = logging.getLogger(__name__)


@task("referrals.tell_receiver")
async def tell_receiver(job: Job, *, offer_id: UUID) -> None:
    """Nothing is sent where the offer was opened or answered in the meantime, or the office has no address."""
    async with tenant_transaction(job.owner_id) as scope:
        offer = await queries.received_offer(scope, offer_id)
        office = await queries.office_of(scope, job.owner_id)
    if offer is None or offer.state != "offered" or office is None:
        return
    try:
        await _send(office, offer, job.id)
    except mail.NotSent as refusal:
        if refusal.state != "failed":
            raise
        # The address is refused for good: asking again brings nothing. The offer waits in the inbox all the same.
        log.warning("task %s, row %s: the mail was refused: %s", job.task, job.id, refusal)


async def _send(office: Office, offer: ReceivedOffer, key: UUID) -> None:
    """Raises RelayUnavailable or NotSent."""
    with reading_in(office.locale):
        subject = _("A new offer waits for your answer: case %(number)s", number=offer.case_number)
        end = _("The details are in the hub only. The first lender to accept takes the case on.")
        if offer.is_test:
            subject = _(
                "A test offer waits for your answer: case %(number)s", number=offer.case_number
            )
            end = _(
                "It is a test with an invented person: your answer shows that you know the way."
            )
        await mail.send(
            to=office.email,
            name=office.name,
            key=key,
            subject=subject,
            text="\n\n".join(
                [
                    _("Good morning,"),
                    _(
                        "%(sender)s offers your organisation the case %(number)s. Please answer by %(day)s.",
                        sender=offer.sender_name,
                        number=offer.case_number,
                        day=format_date(offer.due_on, "long"),
                    ),
                    f"{mail.base_url()}/inbox/{offer.id}",
                    end,
                ]
            ),
        )
