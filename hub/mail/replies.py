"""What a mail server's reply means for a message, in one table with its sources, and in words for people.

A reply that refuses is about the recipient (`failed`), or about us: our address, our domain's proof, our content, our
manners. The second kind never blames the recipient: the message stays to be sent (`retry`) and `policy` is true, so
that a campaign stops before it does harm. A server that says "later" (4xx) is asked again, with growing pauses.
"""

import re
from datetime import timedelta
from typing import Literal, NamedTuple

from hub.web.i18n import N_
from hub.web.i18n import gettext as _

State = Literal["sent", "retry", "failed", "in_doubt"]
Stage = Literal["HELLO", "MAIL", "RCPT", "DATA", "END"]
"""HELLO is all that is said before the first mail; END is the answer to the message."""
Blame = Literal["recipient", "us", "nobody"]

GIVE_UP_AFTER = timedelta(days=2)
_FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=2)

_LONGEST_REPLY = 300


class Answer(NamedTuple):
    """What became of a message. `cause` is one of CAUSES, empty where it was sent; `reply` says it as it was said."""

    state: State
    cause: str
    reply: str
    policy: bool = False
    """The server refuses us or our content: nobody is blamed, and a person should look."""


class RelayUnavailable(Exception):
    """The relay cannot be reached, or refuses us. `reply` is what it said, or our own words; `cause` one of CAUSES.

    `policy`: it refuses us for good, so that asking again by itself only makes it worse.
    """

    def __init__(
        self, reply: str = "", cause: str = "unreachable", *, policy: bool = False
    ) -> None:
        # A reply to one envelope may name its recipient, and is shown to everyone whose mail waits.
        self.reply = without_addresses(_short(reply))
        self.cause = cause
        self.policy = policy
        super().__init__(self.reply)


# Why a message was not sent, or why there is no relay. The labels stand in pages, so an editor must understand them.
CAUSES = {
    "unknown": N_("Address unknown"),
    "domain_unknown": N_("Domain unknown"),
    "no_mail": N_("The domain takes no mail"),
    "mailbox_full": N_("Mailbox full"),
    "mailbox_closed": N_("Mailbox closed or not in use"),
    "restricted": N_("The recipient takes mail from certain senders only"),
    "address": N_("The address cannot be written in a mail"),
    "needs_utf8": N_("The mail server cannot carry an address with accented or other letters"),
    "refused": N_("Refused without a clear reason"),
    "content": N_("The receiving server cannot take this kind of message"),
    "no_route": N_("No way to the receiving server"),
    "too_large": N_("Message too large"),
    "policy": N_("Refused by the server's rules or its spam filter"),
    "unproven": N_("Refused because our domain's identity is not proven"),
    "sender": N_("Our sender address is refused"),
    "sign_in": N_("Our sign-in at the mail server is refused"),
    "protocol": N_("The mail server does not understand us"),
    "busy": N_("Server busy, tried again later"),
    "slowed": N_("The server slows us down, tried again later"),
    "greylisted": N_("First contact, the server asks to come back later"),
    "no_answer": N_("No answer in time"),
    "connection_lost": N_("Connection lost"),
    "nonsense": N_("The mail server gave an answer that makes no sense"),
    "unreachable": N_("The mail server cannot be reached"),
    "tls": N_("No secure connection to the mail server"),
    "not_built": N_("The message could not be put together"),
}


class Rule(NamedTuple):
    """`code` fits by its first digits, `enhanced` by its first numbers (1.1 is x.1.1), `words` anywhere in the text."""

    code: str
    enhanced: str
    words: str
    cause: str
    blame: Blame
    source: str

    def fits(self, code: str, enhanced: str, text: str) -> bool:
        if not code.startswith(self.code):
            return False
        if self.enhanced and not f"{enhanced}.".startswith(f"{self.enhanced}."):
            return False
        return not self.words or re.search(self.words, text, re.IGNORECASE) is not None


_GREY = r"gr[ae]y-?\s?list|first contact"
_UNKNOWN = (
    r"(no such|unknown|invalid|non-?existent) (user|recipient|mailbox|address|account|local)"
    r"|(user|recipient|mailbox|address|account) (is |was )?(unknown|not found|unavailable|invalid|does(n't| not) exist)"
    r"|does(n't| not) have an? \S+ account"
)
_FULL = r"quota|(mailbox|storage)( is)? full"
_UNPROVEN = r"\b(SPF|DKIM|DMARC|PTR)\b|reverse dns"
_POLICY = (
    r"spam|black-?list|block-?list|\bblocked|policy|unsolicited|reputation|relay|\bdenied"
    r"|not (allowed|permitted|accepted|authori[sz]ed)|\[(PH|BL|TS)\w*\]"
)

# The first rule that fits counts. An enhanced code is believed before the words, and the words before a bare code,
# because servers say 550 and 554 to everything. What IANA registered after RFC 3463 has its own source.
RULES = (
    Rule("4", "", _GREY, "greylisted", "nobody", "RFC 6647 §2"),
    Rule("530", "", "", "sign_in", "us", "RFC 4954 §6, RFC 3207 §4"),
    # The address.
    Rule("", "1.1", "", "unknown", "recipient", "RFC 3463 §3.2"),
    Rule("", "1.2", "", "domain_unknown", "recipient", "RFC 3463 §3.2"),
    Rule("", "1.3", "", "address", "recipient", "RFC 3463 §3.2"),
    Rule("", "1.7", "", "sender", "us", "RFC 3463 §3.2"),
    Rule("", "1.8", "", "sender", "us", "RFC 3463 §3.2"),
    Rule("", "1.10", "RecipientNotFound", "unknown", "recipient", "Microsoft 5.1.10"),
    Rule("", "1.10", "", "no_mail", "recipient", "RFC 7505 §4.2"),
    Rule("", "1", "", "unknown", "recipient", "RFC 3463 §3.2"),
    # The mailbox.
    Rule("4", "2.1", "", "busy", "nobody", "RFC 3463 §3.3, Gmail 4.2.1"),
    Rule("", "2.1", "", "mailbox_closed", "recipient", "RFC 3463 §3.3"),
    Rule("", "2.2", "", "mailbox_full", "recipient", "RFC 3463 §3.3"),
    Rule("", "2.3", "", "too_large", "recipient", "RFC 3463 §3.3"),
    Rule("", "2.4", "", "restricted", "recipient", "RFC 3463 §3.3"),
    Rule("5", "2", "", "mailbox_closed", "recipient", "RFC 3463 §3.3"),
    # The mail system.
    Rule("5", "3.2", "", "no_mail", "recipient", "RFC 3463 §3.4"),
    Rule("", "3.3", "", "protocol", "us", "RFC 3463 §3.4"),
    Rule("", "3.4", "", "too_large", "us", "RFC 3463 §3.4, RFC 1870 §6.1"),
    Rule("5", "3", "", "refused", "recipient", "RFC 3463 §3.4"),
    # The way there.
    Rule("5", "4.1", "recipient address rejected", "unknown", "recipient", "Microsoft 5.4.1"),
    Rule("5", "4.4", "", "domain_unknown", "recipient", "RFC 3463 §3.5"),
    Rule("5", "4", "", "no_route", "recipient", "RFC 3463 §3.5"),
    # The dialogue.
    Rule("5", "5", _UNKNOWN, "unknown", "recipient", "Microsoft 5.5.0"),
    Rule("", "5.3", "", "busy", "nobody", "RFC 3463 §3.6, Gmail 4.5.3"),
    Rule("", "5.1", "", "protocol", "nobody", "RFC 3463 §3.6"),
    Rule("5", "5", "", "protocol", "us", "RFC 3463 §3.6"),
    # The content.
    Rule("", "6.7", "", "needs_utf8", "recipient", "RFC 6531 §3.5"),
    Rule("", "6.9", "", "needs_utf8", "recipient", "RFC 6531 §3.5"),
    Rule("5", "6", "", "content", "recipient", "RFC 3463 §3.7"),
    # Security and policy.
    Rule("5", "7.2", "", "restricted", "recipient", "RFC 3463 §3.8"),
    Rule("5", "7.124", "", "restricted", "recipient", "Microsoft 5.7.124"),
    Rule("5", "7.133", "", "restricted", "recipient", "Microsoft 5.7.133"),
    Rule("5", "7.134", "", "restricted", "recipient", "Microsoft 5.7.134"),
    Rule("5", "7.136", "", "restricted", "recipient", "Microsoft 5.7.136"),
    Rule("", "7.5", "", "policy", "us", "RFC 3463 §3.8"),
    Rule("", "7.8", "", "sign_in", "us", "RFC 4954 §6"),
    Rule("5", "7.11", "", "sign_in", "us", "RFC 4954 §6"),
    Rule("", "7.20", "", "unproven", "us", "RFC 7372 §3.1"),
    Rule("", "7.21", "", "unproven", "us", "RFC 7372 §3.1"),
    Rule("", "7.22", "", "unproven", "us", "RFC 7372 §3.1"),
    Rule("", "7.23", "", "unproven", "us", "RFC 7372 §3.2, Gmail 4.7.23"),
    Rule("", "7.24", "", "unproven", "us", "RFC 7372 §3.2"),
    Rule("", "7.25", "", "unproven", "us", "RFC 7372 §3.3, Gmail 5.7.25"),
    Rule("", "7.26", "", "unproven", "us", "RFC 7372 §3.4, Gmail 5.7.26"),
    Rule("", "7.27", "", "unproven", "us", "RFC 7505 §4.2, Gmail 4.7.27 and 5.7.27"),
    Rule("", "7.29", "", "unproven", "us", "Gmail 4.7.29 and 5.7.29"),
    Rule("", "7.30", "", "unproven", "us", "Gmail 4.7.30 and 5.7.30"),
    Rule("", "7.31", "", "unproven", "us", "Gmail 4.7.31"),
    Rule("", "7.32", "", "unproven", "us", "Gmail 4.7.32"),
    Rule("", "7.515", "", "unproven", "us", "Microsoft 5.7.515"),
    Rule("4", "7", "", "slowed", "us", "RFC 3463 §3.8, Gmail 4.7.28, Yahoo 421 4.7.0"),
    Rule("5", "7", "", "policy", "us", "RFC 3463 §3.8, Yahoo 553 5.7.1 and 554 5.7.9"),
    # Words, where there is no enhanced code or it says "other".
    Rule("", "", _FULL, "mailbox_full", "recipient", "RFC 5321 §4.2.3"),
    Rule("5", "", _UNKNOWN, "unknown", "recipient", "RFC 5321 §4.2.3, Yahoo 554"),
    Rule("5", "", _UNPROVEN, "unproven", "us", "RFC 7372 §3"),
    Rule("5", "", _POLICY, "policy", "us", "RFC 5321 §3.6.2 and §4.2.3, Yahoo 553 and 554"),
    # Bare codes.
    Rule("450", "", "", "busy", "nobody", "RFC 5321 §4.2.3"),
    Rule("4", "", "", "busy", "nobody", "RFC 5321 §4.2.1"),
    Rule("501", "", "", "address", "recipient", "RFC 5321 §4.2.3"),
    Rule("503", "", "", "protocol", "nobody", "RFC 5321 §4.2.3"),
    Rule("50", "", "", "protocol", "us", "RFC 5321 §4.2.3"),
    Rule("521", "", "", "policy", "us", "RFC 7504 §2"),
    Rule("53", "", "", "sign_in", "us", "RFC 4954 §6"),
    Rule("551", "", "", "unknown", "recipient", "RFC 5321 §4.2.3"),
    Rule("552", "", r"\bsize\b|large|big|limit", "too_large", "us", "RFC 1870 §6.1"),
    Rule("552", "", "", "mailbox_full", "recipient", "RFC 5321 §4.2.3"),
    Rule("553", "", "", "address", "recipient", "RFC 5321 §4.2.3"),
    Rule("555", "", "", "protocol", "us", "RFC 5321 §4.1.1.11"),
    Rule("556", "", "", "no_mail", "recipient", "RFC 7504 §3"),
    Rule("5", "", "", "refused", "recipient", "RFC 5321 §4.2.3"),
)

# RFC 3463 §2, behind the reply code (RFC 2034 §4).
_ENHANCED = re.compile(r"\d{3}[ -][245]\.(\d{1,3}\.\d{1,3})\b")


def classify(code: int, line: bytes, stage: Stage) -> Answer:
    """`line` is the whole reply as it came, its code included; `stage` is the command that it answers."""
    reply = one_line(line)
    if 200 <= code < 300:
        return Answer("sent", "", reply)
    found = _ENHANCED.match(reply)
    enhanced = found[1] if found else ""
    rule = next(rule for rule in RULES if rule.fits(str(code), enhanced, reply))
    cause, blame = rule.cause, rule.blame
    if stage == "MAIL" and (blame == "recipient" or cause == "policy"):
        # It knows nothing yet but who sends.
        cause, blame = "sender", "us"
    elif stage == "HELLO" and blame == "recipient":
        cause, blame = "policy", "us"
    if code < 500:
        return Answer("retry", cause, reply)
    return Answer("failed" if blame == "recipient" else "retry", cause, reply, policy=blame == "us")


def retry_pause(attempts: int) -> timedelta:
    """How long to wait after so many attempts: from a minute to two hours, each twice the one before."""
    doublings = min(max(attempts, 1) - 1, 10)
    return min(_FIRST_PAUSE * (1 << doublings), LONGEST_PAUSE)


# What we say where the server said nothing.
_OWN_WORDS = {
    "no_answer": N_("no answer in time"),
    "connection_lost": N_("the connection was lost"),
    "nonsense": N_("an answer that makes no sense"),
    "unreachable": N_("cannot be reached"),
}
NO_TLS = N_("the mail server offers no encrypted connection")
TLS_FAILED = N_("the encrypted connection failed")
BAD_CERTIFICATE = N_("the mail server's certificate is not valid")
NO_SIGN_IN = N_("the mail server offers no sign-in that we know (PLAIN, LOGIN)")
NOT_SENT = N_("not sent")
IN_DOUBT = N_("no answer after the message")
CUT_EACH_TIME = N_(
    "the mail server ends the connection at each of these messages, without an answer"
)

UNWRITABLE = Answer("failed", "address", N_("the address cannot be written in a mail"))
NEEDS_UTF8 = Answer("failed", "needs_utf8", N_("the mail server does not offer SMTPUTF8"))
TOO_LARGE = Answer("retry", "too_large", N_("larger than the mail server allows"), policy=True)
NOT_BUILT = Answer("retry", "not_built", N_("the message could not be put together"))


def own_answer(state: State, cause: str) -> Answer:
    """For a message that the server left without an answer."""
    words = _OWN_WORDS[cause] if cause in _OWN_WORDS else _OWN_WORDS["connection_lost"]
    return Answer(state, cause, f"{IN_DOUBT if state == 'in_doubt' else NOT_SENT}: {words}")


def unavailable(cause: str) -> RelayUnavailable:
    return RelayUnavailable(_OWN_WORDS[cause], cause)


_OURS = frozenset(
    [
        *_OWN_WORDS.values(),
        NO_TLS,
        TLS_FAILED,
        BAD_CERTIFICATE,
        NO_SIGN_IN,
        NOT_SENT,
        IN_DOUBT,
        CUT_EACH_TIME,
        *(answer.reply for answer in (UNWRITABLE, NEEDS_UTF8, TOO_LARGE, NOT_BUILT)),
    ]
)


def in_words(reply: str) -> str:
    """A kept reply for people: our own words in the reader's language, a server's as they came."""
    return ": ".join(_(part) if part in _OURS else part for part in reply.split(": "))


def one_line(reply: bytes) -> str:
    """A reply as the ledger keeps it: one printable line, the code of a long one only once."""
    text = reply.decode("utf-8", "replace").rstrip()
    if len(text) <= _LONGEST_REPLY and text.isprintable():
        return text
    lines = text.splitlines()
    return _short(" ".join([*lines[:1], *(line[4:] for line in lines[1:])]))


def without_addresses(reply: str) -> str:
    """A reply that is shown beside messages it does not belong to."""
    return re.sub(r"\S+@\S+", "…", reply)


def _short(text: str) -> str:
    """A server may answer anything."""
    clean = "".join(c if c.isprintable() else " " for c in text[: 4 * _LONGEST_REPLY])
    return " ".join(clean.split())[:_LONGEST_REPLY]
