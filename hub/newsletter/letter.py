"""From a campaign to each recipient's message: compiled once for each language, then only placeholders change.

MJML is compiled before any value is put in, so that a name can never become markup or a component.
"""

import html
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hub.mail.headers import BadHeader, header_address, without_control
from hub.mail.letters import render
from hub.mail.messages import Body, build, message_id
from hub.mail.relay import Mailbox, Relay
from hub.newsletter.blocks import PLACEHOLDER, as_html, block_as_text, chunks
from hub.newsletter.schemas import Draft, Publisher, Recipient
from hub.newsletter.unsubscribe import unsubscribe_token
from hub.web import i18n
from hub.web.i18n import gettext as _

# One for the whole hub (RFC 8058 and Gmail's Feedback-ID): between 5 and 15 characters.
_SENDER_ID = "microwork-hub"
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


@dataclass(frozen=True, slots=True)
class Letter:
    """A campaign under way, ready to be addressed."""

    campaign_id: UUID
    subject: str
    bodies: Mapping[str, Mapping[str, str]]
    publisher: Publisher
    relay: Relay

    def message_for(self, delivery_id: UUID, recipient: Recipient, date: datetime) -> bytes:
        """Raises BadHeader for an address that no message can carry."""
        locale = recipient.locale if recipient.locale in self.bodies else i18n.DEFAULT_LOCALE
        domain = self.relay.sender.domain
        url = self.unsubscribe_url(recipient)
        subject, body = fill_letter(self.subject, self.bodies[locale], recipient, url)
        return build(
            sender=Mailbox(without_control(self.publisher.name), self.relay.sender.address),
            to=Mailbox(without_control(recipient.name), recipient.email),
            subject=subject,
            body=body,
            message_id=message_id(domain, self.campaign_id, delivery_id),
            date=date,
            locale=locale,
            headers=self._list_headers(url),
        )

    def unsubscribe_url(self, recipient: Recipient) -> str:
        token = unsubscribe_token(self.publisher.id, self.campaign_id, recipient.email_token)
        return f"{self.relay.base_url}/unsubscribe/{token}"

    def _list_headers(self, unsubscribe_url: str) -> list[tuple[str, str]]:
        """RFC 2919, RFC 8058 and Gmail's feedback loop, as `research/newsletter.md` §5.3 puts them together."""
        tenant = self.publisher.id
        headers = [
            ("List-Id", f"<newsletter.{tenant}.{self.relay.sender.domain}>"),
            ("List-Unsubscribe", f"<{unsubscribe_url}>"),
            ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
            ("Feedback-ID", f"{self.campaign_id}:{tenant}:newsletter:{_SENDER_ID}"),
            ("Precedence", "bulk"),
        ]
        # An organisation's address may be anything; a bad one must not be taken for the recipient's fault.
        with suppress(BadHeader):
            headers.append(("Reply-To", header_address(self.publisher.email or "")))
        return headers


def fill_letter(
    subject: str, body: Mapping[str, str], recipient: Recipient, unsubscribe_url: str
) -> tuple[str, Body]:
    """Subject and body as this recipient sees them."""
    values = {"name": without_control(recipient.name), "unsubscribe_url": unsubscribe_url}
    return (
        without_control(filled(subject, values)),
        Body(filled(body["text"], values), filled(body["html"], values, html.escape)),
    )
