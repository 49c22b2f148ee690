"""Letters about protocols. Links are made here and not before: they must not lie in the outbox."""

from collections.abc import Sequence
from uuid import UUID

from hub import clock, files, mail
from hub.db import tenant_transaction
from hub.outbox import Job
from hub.tenants.people.colleagues import write_colleague
from hub.tenants.protocols import queries
from hub.tenants.protocols.links import LINK_LASTS, Grant, link_to
from hub.tenants.protocols.schemas import Protocol
from hub.uploads import PDF
from hub.web.formats import format_date
from hub.web.i18n import gettext as _
from hub.web.i18n import ngettext, reading_in
from hub.worker import task

Button = tuple[str, str]


@task("protocols.mail")
async def mail_document(job: Job, *, protocol_id: UUID) -> None:
    """Nothing where it was signed or cancelled in the meantime."""
    async with tenant_transaction(job.owner_id) as scope:
        protocol = await queries.find(scope, protocol_id)
        if protocol is None or protocol.state != "sent" or protocol.document_id is None:
            return
        document = await files.content(scope, protocol.document_id)
    with reading_in(protocol.content.locale):
        subject = _("To be signed: %(document)s", document=_called(protocol))
        await _to_contact(
            job,
            protocol,
            subject,
            [
                _(
                    "%(ente)s sends you a document between itself and %(name)s: %(document)s. Please have it signed"
                    " digitally by whoever represents your organisation, and send the signed file by the page below.",
                    ente=protocol.content.ente,
                    name=protocol.content.organisation,
                    document=_called(protocol),
                ),
                _good_for(),
            ],
            button=_signing_page(job, protocol),
            attachments=[mail.Attachment(protocol.file_name, PDF, document)],
        )


@task("protocols.mail_refused")
async def mail_refused(job: Job, *, protocol_id: UUID) -> None:
    """Nothing where another file came, or it was cancelled, in the meantime."""
    protocol = await _found(job, protocol_id)
    if protocol is None or protocol.state != "sent" or not protocol.refused_reason:
        return
    with reading_in(protocol.content.locale):
        subject = _("Please sign again: %(document)s", document=_called(protocol))
        await _to_contact(
            job,
            protocol,
            subject,
            [
                _("What you sent could not be accepted as the signed protocol. The reason:"),
                protocol.refused_reason,
                _("The page below has the document as it was sent, if you need it again."),
                _good_for(),
            ],
            button=_signing_page(job, protocol),
        )


@task("protocols.mail_cancelled")
async def mail_cancelled(job: Job, *, protocol_id: UUID) -> None:
    protocol = await _found(job, protocol_id)
    if protocol is None or protocol.state != "cancelled":
        return
    with reading_in(protocol.content.locale):
        subject = _("No longer to be signed: %(document)s", document=_called(protocol))
        await _to_contact(
            job,
            protocol,
            subject,
            [
                _(
                    "%(ente)s has cancelled protocol %(number)s. There is nothing to sign any more, and the link we"
                    " mailed no longer works.",
                    ente=protocol.content.ente,
                    number=protocol.number,
                )
            ],
        )


@task("protocols.mail_ending")
async def mail_ending(job: Job, *, protocol_id: UUID) -> None:
    """Nothing where a new one has taken its place in the meantime."""
    protocol = await _found(job, protocol_id)
    if protocol is None or protocol.state != "signed":
        return
    with reading_in(protocol.content.locale):
        subject, paragraphs = _ending(protocol)
        await _to_contact(
            job,
            protocol,
            subject,
            [
                *paragraphs,
                _(
                    "An administrator of your organisation can ask for its renewal on the page below, after signing in."
                ),
            ],
            button=(_("To the protocols"), f"{mail.base_url()}/organisation/protocols"),
        )


@task("protocols.mail_ending_here")
async def mail_ending_here(job: Job, *, protocol_id: UUID, membership_id: UUID) -> None:
    protocol = await _found(job, protocol_id)
    if protocol is None or protocol.state != "signed":
        return
    await write_colleague(
        job,
        membership_id,
        lambda: (*_ending(protocol), _page_of(protocol)),
    )


@task("protocols.mail_to_check")
async def mail_to_check(job: Job, *, protocol_id: UUID, membership_id: UUID) -> None:
    """Nothing where somebody has compared it by now."""
    protocol = await _found(job, protocol_id)
    if protocol is None or protocol.state != "to_check":
        return
    await write_colleague(
        job,
        membership_id,
        lambda: (
            _("To check: %(document)s", document=_called(protocol)),
            [
                _(
                    "%(name)s has sent protocol %(number)s signed, as a file that the hub cannot compare by itself."
                    " Please compare it with what was sent, then confirm or refuse it.",
                    name=protocol.content.organisation,
                    number=protocol.number,
                )
            ],
            _page_of(protocol),
        ),
    )


def _ending(protocol: Protocol) -> tuple[str, list[str]]:
    """Of what was true when the letter is read, not when it was ordered."""
    if protocol.expires_on is None:
        raise LookupError(protocol.id)
    left = (protocol.expires_on - clock.today()).days
    facts = {
        "number": protocol.number,
        "name": protocol.content.organisation,
        "day": format_date(protocol.expires_on, "long"),
    }
    if left < 0:
        return _("Expired: %(document)s", document=_called(protocol)), [
            _("Protocol %(number)s with %(name)s was in force until %(day)s.", **facts),
            _("Without a new one the organisation is no longer covered by a protocol."),
        ]
    subject = ngettext(
        "Ends in %(num)s day: %(document)s",
        "Ends in %(num)s days: %(document)s",
        left,
        document=_called(protocol),
    )
    return subject, [
        _(
            "Protocol %(number)s with %(name)s is in force until %(day)s. It is not renewed by itself: a new one has to"
            " be signed.",
            **facts,
        )
    ]


def _called(protocol: Protocol) -> str:
    """In the reader's words: who signs two is to know which is which."""
    if protocol.kind == "lender":
        return _("agreement for lenders %(number)s", number=protocol.number)
    if protocol.kind == "tutor":
        return _("agreement for tutoring services %(number)s", number=protocol.number)
    return _("memorandum of understanding %(number)s", number=protocol.number)


def _good_for() -> str:
    return _(
        "The link is good for %(days)s days and puts earlier ones out of use. Whoever has it can send the signed file:"
        " please pass it on only to those who need it.",
        days=LINK_LASTS.days,
    )


def _signing_page(job: Job, protocol: Protocol) -> Button:
    grant = Grant(job.owner_id, protocol.id, protocol.link_version)
    return _("Sign the protocol"), link_to(grant)


def _page_of(protocol: Protocol) -> tuple[str, str]:
    """Words and path."""
    return _("Open the protocol"), f"/network/protocols/{protocol.id}"


async def _found(job: Job, protocol_id: UUID) -> Protocol | None:
    async with tenant_transaction(job.owner_id) as scope:
        return await queries.find(scope, protocol_id)


async def _to_contact(
    job: Job,
    protocol: Protocol,
    subject: str,
    paragraphs: Sequence[str],
    *,
    button: Button | None = None,
    attachments: Sequence[mail.Attachment] = (),
) -> None:
    body = mail.letter(title=subject, paragraphs=paragraphs, button=button)
    await mail.send(
        to=protocol.contact_email,
        name=protocol.contact_name,
        subject=subject,
        text=body.text,
        html=body.html,
        key=job.id,
        attachments=attachments,
    )
