"""From a campaign to each recipient's message: compiled once for each language, then only placeholders change.

MJML is compiled before any value is put in, so that a name can never become markup or a component.
"""

import html
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from uuid import UUID

from hub import clock
from hub.mail.dkim import canonical, signatures, signers_for
from hub.mail.headers import (
    BadHeader,
    header_address,
    mailbox_header,
    named_header,
    raw_header,
    text_header,
    without_control,
)
from hub.mail.letters import render
from hub.mail.messages import (
    ALTERNATIVE,
    MIME_VERSION,
    Body,
    Envelope,
    alternative,
    date_header,
    envelope,
    message_id,
)
from hub.mail.relay import Mailbox, Relay
from hub.mail.return_path import ReturnPath
from hub.mail.template import Slot, Template, quoted_pieces, slot_value, with_line_ends
from hub.newsletter.blocks import PLACEHOLDER, as_html, block_as_text, chunks
from hub.newsletter.schemas import Draft, Publisher, Recipient
from hub.newsletter.unsubscribe import unsubscribe_token
from hub.web import i18n
from hub.web.i18n import gettext as _

# One for the whole hub (RFC 8058 and Gmail's Feedback-ID): between 5 and 15 characters.
_SENDER_ID = "microwork-hub"
# The public page that says what the newsletter keeps about its readers, and how it is left (RFC 2369 §3.1).
_HELP = "/privacy"
_SLOT = re.compile(rf"{PLACEHOLDER.pattern}|\{{(unsubscribe_url)\}}")


def compile_bodies(draft: Draft, publisher: Publisher) -> dict[str, dict[str, str]]:
    """Text and HTML by the reader's locale: the words around the editor's own are in the reader's language."""
    bodies = {}
    for locale in i18n.LOCALES:
        with i18n.reading_in(locale):
            bodies[locale] = {"text": _text(draft, publisher), "html": _html(draft, publisher)}
    return bodies


def _html(draft: Draft, publisher: Publisher) -> str:
    return render(
        "newsletter/campaign.mjml",
        locale=draft.locale,
        reader_locale=i18n.locale(),
        sender_name=publisher.name,
        title=draft.subject,
        preheader=draft.preheader,
        blocks=draft.blocks,
        publisher=publisher,
        chunks=chunks,
        as_html=as_html,
    )


def _text(draft: Draft, publisher: Publisher) -> str:
    parts = [block_as_text(block) for block in draft.blocks]
    reason = _(
        "You receive this newsletter because %(sender)s writes to the people and organisations of the MICRO-WORK network.",
        sender=publisher.name,
    )
    leave = _("To receive no more of them:") + "\n{unsubscribe_url}"
    contact = "\n".join(line for line in (publisher.website, publisher.email) if line)
    footer = "\n\n".join(part for part in (reason, leave, contact) if part)
    return "\n\n".join([*parts, f"-- \n{footer}"]) + "\n"


def filled(text: str, values: Mapping[str, str], escape: Callable[[str], str] = str) -> str:
    """Placeholders with their values, in one pass: braces inside a value stay what they are.

    An empty name gives way to the words behind the bar, which the text holds escaped already.
    """

    def value(match: re.Match[str]) -> str:
        found = values[match[1] or match[3]]
        return escape(found) if found else (match[2] or "")

    return _SLOT.sub(value, text)


class Letter:
    """A campaign under way: compiled once in each language, then addressed to one recipient after another."""

    def __init__(
        self,
        campaign_id: UUID,
        subject: str,
        bodies: Mapping[str, Mapping[str, str]],
        publisher: Publisher,
        relay: Relay,
    ) -> None:
        self.campaign_id = campaign_id
        self.relay = relay
        self._publisher = publisher
        self._subject = subject
        self._return_path = ReturnPath(relay.bounces or relay.sender.address)
        self._bodies = {locale: Template(_pieces(body)) for locale, body in bodies.items()}
        self._headers = {locale: self._fixed_headers(locale) for locale in bodies}
        self._signers = signers_for(relay.sender.domain)
        self._signed = {locale: canonical(head) for locale, head in self._headers.items()}
        self._fixed_subject = None if _SLOT.search(subject) else _subject_header(subject, "", "")

    def envelope(self, delivery_id: UUID, email: str) -> Envelope:
        """Raises BadHeader for an address that SMTP refuses."""
        return envelope(self._return_path.of(delivery_id), email)

    def data(
        self, delivery_id: UUID, email: str, email_token: bytes, name: str, locale: str
    ) -> bytes:
        """The message in wire form. Raises BadHeader for an address that no message can carry."""
        recipient = Recipient(email, email_token, name, locale)
        return self.message_for(delivery_id, recipient, clock.now())

    def message_for(self, delivery_id: UUID, recipient: Recipient, date: datetime) -> bytes:
        """The same on another day."""
        locale = recipient.locale if recipient.locale in self._bodies else i18n.DEFAULT_LOCALE
        name = without_control(recipient.name)
        url = self.unsubscribe_url(recipient)
        head = b"".join(
            (
                mailbox_header("To", Mailbox(name, recipient.email)),
                self._fixed_subject or _subject_header(self._subject, name, url),
                date_header(int(date.timestamp())),
                f"Message-ID: {message_id(self.relay.sender.domain, self.campaign_id, delivery_id)}\r\n".encode(),
                f"List-Unsubscribe: <{url}>\r\n".encode(),
            )
        )
        body = self._bodies[locale].fill(_slot_values(name, url))
        signed = self._signatures(locale, head, body) if self._signers else b""
        return b"".join((signed, head, self._headers[locale], b"\r\n", body))

    def _signatures(self, locale: str, head: bytes, body: bytes) -> bytes:
        signed = self._signed[locale].followed_by(canonical(head))
        return signatures(self._signers, signed, body)

    def unsubscribe_url(self, recipient: Recipient) -> str:
        token = unsubscribe_token(self._publisher.id, self.campaign_id, recipient.email_token)
        return f"{self.relay.base_url}/unsubscribe/{token}"

    def _fixed_headers(self, locale: str) -> bytes:
        """RFC 2919, 2369 and 8058, and Gmail's feedback loop.

        No Auto-Submitted: RFC 3834 §5 keeps it from what a person wrote and sent. Precedence and List-Id keep
        automatic answers away (§2).
        """
        tenant, domain = self._publisher.id, self.relay.sender.domain
        publisher = without_control(self._publisher.name)
        lines = [
            mailbox_header("From", Mailbox(publisher, self.relay.sender.address)),
            raw_header("Content-Language", locale),
            named_header("List-Id", f"Newsletter {publisher}", f"newsletter.{tenant}.{domain}"),
            raw_header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
            raw_header("List-Help", f"<{self.relay.base_url}{_HELP}>"),
            raw_header("Feedback-ID", f"{self.campaign_id}:{tenant}:newsletter:{_SENDER_ID}"),
            raw_header("Precedence", "bulk"),
            MIME_VERSION,
            ALTERNATIVE,
        ]
        # An organisation's address may be anything; a bad one must not be taken for the recipient's fault.
        with suppress(BadHeader):
            lines.insert(1, raw_header("Reply-To", header_address(self._publisher.email or "")))
        return b"".join(lines)


def _subject_header(subject: str, name: str, url: str) -> bytes:
    values = {"name": name, "unsubscribe_url": url}
    return text_header("Subject", without_control(filled(subject, values)))


def _pieces(body: Mapping[str, str]) -> Iterator[bytes | Slot]:
    def text_slot(match: re.Match[str]) -> Slot:
        return Slot(f"text {match[1] or match[3]}", match[2] or "")

    def html_slot(match: re.Match[str]) -> Slot:
        return Slot(f"html {match[1] or match[3]}", match[2] or "")

    return alternative(
        quoted_pieces(body["text"], _SLOT, text_slot), quoted_pieces(body["html"], _SLOT, html_slot)
    )


def _slot_values(name: str, url: str) -> dict[str, bytes]:
    text_name, text_url = slot_value(name), slot_value(url)
    html_name, html_url = html.escape(name), html.escape(url)
    return {
        "text name": text_name,
        "html name": text_name if html_name == name else slot_value(html_name),
        "text unsubscribe_url": text_url,
        "html unsubscribe_url": text_url if html_url == url else slot_value(html_url),
    }


def fill_letter(
    subject: str, body: Mapping[str, str], recipient: Recipient, unsubscribe_url: str
) -> tuple[str, Body]:
    """Subject and body as this recipient sees them."""
    values = {"name": without_control(recipient.name), "unsubscribe_url": unsubscribe_url}
    return (
        without_control(filled(subject, values)),
        Body(
            filled(with_line_ends(body["text"]), values),
            filled(with_line_ends(body["html"]), values, html.escape),
        ),
    )
