"""From a campaign to each recipient's message: compiled once for each language, then only placeholders change.

MJML is compiled before any value is put in, so that a name can never become markup or a component.
"""

import html
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from hub import clock
from hub.mail.dkim import Canonical, canonical, signatures, signers_for
from hub.mail.headers import (
    BadHeader,
    header_address,
    named_header,
    raw_header,
    text_header,
    wire_address,
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
)
from hub.mail.relay import Relay
from hub.mail.return_path import ReturnPath
from hub.mail.template import Slot, Template, quoted_pieces, slot_value, with_line_ends
from hub.newsletter.blocks import PLACEHOLDER, as_html, block_as_text, chunks
from hub.newsletter.schemas import Draft, Publisher, Recipient
from hub.newsletter.unsubscribe import unsubscribe_tokens
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


@dataclass(frozen=True, slots=True)
class _Edition:
    """What is the same in every message of one language."""

    headers: bytes
    """With the empty line behind them."""
    canonical: Canonical
    body: Template


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
        self._publisher = publisher
        self._sender = relay.sender.address
        self._domain = relay.sender.domain
        self._base_url = relay.base_url
        self._tokens = unsubscribe_tokens(publisher.id, campaign_id)
        self._url_begins = f"{relay.base_url}/unsubscribe/"
        # A token needs no escape.
        self._url_is_plain = html.escape(relay.base_url) == relay.base_url
        self._return_path = ReturnPath(relay.bounces or relay.sender.address)
        self._signers = signers_for(self._domain)
        self._subject = subject
        self._fixed_subject = None if _SLOT.search(subject) else _subject_header(subject, "", "")
        self._message_id = f"Message-ID: <{campaign_id}.".encode()
        self._behind_message_id = f"@{self._domain}>\r\nList-Unsubscribe: <".encode()
        self._editions = {locale: self._edition(locale, body) for locale, body in bodies.items()}

    def addressed(self, delivery_id: UUID, to: Recipient) -> tuple[Envelope, list[bytes]]:
        """The envelope, and the message in wire form, signed, in pieces. Raises BadHeader for an address that SMTP refuses."""
        edition = self._editions.get(to.locale) or self._editions[i18n.DEFAULT_LOCALE]
        address = wire_address(to.email)
        name = without_control(to.name)
        url = self.unsubscribe_url(to.email_token)
        head = b"%b%b%b%b%b%b%b>\r\n" % (
            named_header("To", name, address),
            self._fixed_subject or _subject_header(self._subject, name, url),
            date_header(int(clock.now().timestamp())),
            self._message_id,
            str(delivery_id).encode(),
            self._behind_message_id,
            url.encode(),
        )
        body = edition.body.fill(self._slot_values(name, url))
        sender = self._return_path.of(delivery_id)
        sending = Envelope(sender, address.encode(), not address.isascii())
        if not self._signers:
            return sending, [head, edition.headers, *body]
        whole = b"".join(body)
        lines = edition.canonical.followed_by(canonical(head))
        signed = signatures(self._signers, lines, whole)
        return sending, [signed, head, edition.headers, whole]

    def unsubscribe_url(self, email_token: bytes) -> str:
        return f"{self._url_begins}{self._tokens.sign(email_token).decode()}"

    def _slot_values(self, name: str, url: str) -> dict[str, bytes]:
        text_name, text_url = slot_value(name), slot_value(url)
        html_name = html.escape(name)
        return {
            "text name": text_name,
            "html name": text_name if html_name == name else slot_value(html_name),
            "text unsubscribe_url": text_url,
            "html unsubscribe_url": text_url
            if self._url_is_plain
            else slot_value(html.escape(url)),
        }

    def _edition(self, locale: str, body: Mapping[str, str]) -> _Edition:
        headers = self._fixed_headers(locale)
        return _Edition(headers + b"\r\n", canonical(headers), Template(_pieces(body)))

    def _fixed_headers(self, locale: str) -> bytes:
        """RFC 2919, 2369 and 8058, and Gmail's feedback loop.

        No Auto-Submitted: RFC 3834 §5 keeps it from what a person wrote and sent. Precedence and List-Id keep
        automatic answers away (§2).
        """
        tenant, domain = self._publisher.id, self._domain
        publisher = without_control(self._publisher.name)
        lines = [
            named_header("From", publisher, self._sender),
            raw_header("Content-Language", locale),
            named_header("List-Id", f"Newsletter {publisher}", f"newsletter.{tenant}.{domain}"),
            raw_header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
            raw_header("List-Help", f"<{self._base_url}{_HELP}>"),
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
