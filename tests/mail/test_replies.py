"""What a server's words mean: the table, its examples, and the page that shows it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from hub.mail.replies import (
    CAUSES,
    GIVE_UP_AFTER,
    NEEDS_UTF8,
    NOT_BUILT,
    RULES,
    TOO_LARGE,
    UNWRITABLE,
    Rule,
    Stage,
    classify,
    in_words,
    own_answer,
    retry_pause,
    unavailable,
)
from hub.web.i18n import reading_in

PAGE = Path(__file__).parents[2] / "docs" / "mail.md"

# As the large providers say them (`Gmail SMTP errors and codes`, Microsoft's list of NDR codes, Yahoo's error codes),
# and as Postfix, Exim and sendmail do.
EXAMPLES = [
    ("RCPT", "550-5.1.1 The email account that you tried to reach does not exist.", "failed", "unknown"),
    ("RCPT", "550 5.1.1 <x@example.org>: Recipient address rejected: User unknown", "failed", "unknown"),
    ("RCPT", "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found", "failed", "unknown"),
    ("RCPT", "550 5.4.1 Recipient address rejected: Access denied. AS(201806281)", "failed", "unknown"),
    ("RCPT", "550 5.5.0 Requested action not taken: mailbox unavailable", "failed", "unknown"),
    ("RCPT", "550 Unknown user", "failed", "unknown"),
    ("RCPT", "550 No such user here", "failed", "unknown"),
    ("RCPT", "551 User not local; please try <y@example.org>", "failed", "unknown"),
    ("END", "554 delivery error: dd This user doesn't have a yahoo.com account", "failed", "unknown"),
    ("RCPT", "550 5.1.2 Host unknown", "failed", "domain_unknown"),
    ("RCPT", "550 5.4.4 Unable to route", "failed", "domain_unknown"),
    ("RCPT", "556 5.1.10 Recipient address has null MX", "failed", "no_mail"),
    ("RCPT", "556 does not accept mail", "failed", "no_mail"),
    ("RCPT", "501 5.1.3 Bad recipient address syntax", "failed", "address"),
    ("RCPT", "501 Syntax error", "failed", "address"),
    ("RCPT", "553 mailbox name not allowed here", "retry policy", "policy"),
    ("RCPT", "553 who is that", "failed", "address"),
    ("RCPT", "550 5.2.1 The email account that you tried to reach is disabled", "failed", "mailbox_closed"),
    ("RCPT", "450 4.2.1 The user you are trying to contact is receiving mail too quickly", "retry", "busy"),
    ("RCPT", "452 4.2.2 The recipient's inbox is out of storage space", "retry", "mailbox_full"),
    ("RCPT", "552 5.2.2 Mailbox full", "failed", "mailbox_full"),
    ("RCPT", "552 Requested mail action aborted: exceeded storage allocation", "failed", "mailbox_full"),
    ("RCPT", "550 Quota exceeded", "failed", "mailbox_full"),
    ("END", "552 5.2.3 Message exceeds the mailbox's limit", "failed", "too_large"),
    ("MAIL", "552 5.3.4 Message size exceeds fixed limit", "retry policy", "too_large"),
    ("END", "552 message size exceeds fixed maximum message size", "retry policy", "too_large"),
    ("RCPT", "550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup", "failed", "restricted"),
    ("RCPT", "550 5.7.2 the list takes no mail from outside", "failed", "restricted"),
    ("END", "550 5.7.1 Our system has detected that this message is likely unsolicited mail", "retry policy", "policy"),
    ("RCPT", "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org", "retry policy", "policy"),
    ("RCPT", "550 5.7.606 Access denied, banned sending IP [192.0.2.1]", "retry policy", "policy"),
    ("END", "554 5.7.9 Message not accepted for policy reasons", "retry policy", "policy"),
    ("END", "554 Message not allowed - [PH01] Email not accepted for policy reasons.", "retry policy", "policy"),
    ("RCPT", "553 5.7.1 [BL21] Connections will not be accepted", "retry policy", "policy"),
    ("RCPT", "550 relay not permitted", "retry policy", "policy"),
    ("END", "550 5.7.26 This mail has been blocked because the sender is unauthenticated", "retry policy", "unproven"),
    ("END", "550-5.7.25 The IP address sending this message does not have a PTR record", "retry policy", "unproven"),
    ("END", "550 5.7.515 Access denied, sending domain does not meet the required authentication level", "retry policy", "unproven"),
    ("END", "421 4.7.30 Your email has been rate limited because DKIM does not pass", "retry", "unproven"),
    ("END", "550 DMARC check failed", "retry policy", "unproven"),
    ("END", "421 4.7.28 Gmail has detected an unusual rate of mail", "retry", "slowed"),
    ("RCPT", "421 4.7.0 [TS01] Messages temporarily deferred due to user complaints", "retry", "slowed"),
    ("RCPT", "450 4.7.1 <x@example.org>: Recipient address rejected: Greylisted", "retry", "greylisted"),
    ("RCPT", "451 4.7.1 Greylisting in action, please come back later", "retry", "greylisted"),
    ("RCPT", "451 4.3.2 Please try again later", "retry", "busy"),
    ("RCPT", "452 4.5.3 Too many recipients", "retry", "busy"),
    ("END", "451 Requested action aborted: local error in processing", "retry", "busy"),
    ("MAIL", "553 5.1.8 Sender address rejected: Domain not found", "retry policy", "sender"),
    ("MAIL", "550 5.7.1 this sender may not send", "retry policy", "sender"),
    ("MAIL", "550 5.1.1 whoever that is", "retry policy", "sender"),
    ("MAIL", "530 5.7.0 Authentication required", "retry policy", "sign_in"),
    ("MAIL", "530 Authentication required", "retry policy", "sign_in"),
    ("MAIL", "535 5.7.8 Authentication credentials invalid", "retry policy", "sign_in"),
    ("RCPT", "555 5.5.4 Unsupported option", "retry policy", "protocol"),
    ("RCPT", "502 not implemented", "retry policy", "protocol"),
    ("RCPT", "503 5.5.1 Error: need MAIL command", "retry", "protocol"),
    ("RCPT", "553 5.6.7 SMTPUTF8 is required", "failed", "needs_utf8"),
    ("END", "554 5.6.0 Message content rejected", "failed", "content"),
    ("RCPT", "550 5.4.6 Routing loop detected", "failed", "no_route"),
    ("RCPT", "521 this host does not accept mail", "retry policy", "policy"),
    ("END", "554 Transaction failed", "failed", "refused"),
    ("RCPT", "550 5.3.0 rejected", "failed", "refused"),
    ("RCPT", "599", "failed", "refused"),
    ("END", "250 2.0.0 OK", "sent", ""),
]  # fmt: skip


@pytest.mark.parametrize(("stage", "reply", "result", "cause"), EXAMPLES)
def test_what_providers_say(stage: Stage, reply: str, result: str, cause: str) -> None:
    answer = classify(int(reply[:3]), reply.encode(), stage)
    assert f"{answer.state}{' policy' * answer.policy}" == result
    assert answer.cause == cause
    assert answer.reply == reply


@pytest.mark.parametrize("stage", ["HELLO", "MAIL", "RCPT", "DATA", "END"])
def test_every_reply_that_refuses_has_a_meaning(stage: Stage) -> None:
    """4xx is asked again; a refusal of us never ends as the recipient's failure."""
    for code in range(400, 600):
        for subject in range(8):
            for detail in (0, 1, 2, 3, 7, 8, 10, 26, 99):
                answer = classify(
                    code, f"{code} {code // 100}.{subject}.{detail} x".encode(), stage
                )
                assert answer.cause in CAUSES
                if code < 500:
                    assert (answer.state, answer.policy) == ("retry", False)
                assert answer.policy <= (answer.state == "retry")
                if stage in ("HELLO", "MAIL"):
                    assert answer.state == "retry"


def test_every_rule_has_its_place() -> None:
    """A rule behind a wider one would never be reached."""
    for number, rule in enumerate(RULES):
        assert rule.cause in CAUSES
        assert rule.source
        for before in RULES[:number]:
            if not before.words and rule.code.startswith(before.code):
                assert before.enhanced, (before, rule)
                assert not f"{rule.enhanced}.".startswith(f"{before.enhanced}."), (before, rule)


def test_our_own_words_are_the_readers_and_a_servers_stay_its_own() -> None:
    with reading_in("it"):
        assert in_words("no answer after the message: the connection was lost") == (
            "nessuna risposta dopo il messaggio: la connessione si è interrotta"
        )
        for answer in (UNWRITABLE, NEEDS_UTF8, TOO_LARGE, NOT_BUILT):
            assert in_words(answer.reply) != answer.reply
        for cause in ("no_answer", "connection_lost", "nonsense"):
            assert in_words(unavailable(cause).reply) != unavailable(cause).reply
        assert in_words("450 4.2.0 try 100% later: greylisted") == (
            "450 4.2.0 try 100% later: greylisted"
        )


def test_what_we_say_ourselves() -> None:
    lost = own_answer("in_doubt", "connection_lost")
    assert lost.reply == "no answer after the message: the connection was lost"
    assert own_answer("retry", "no_answer").reply == "not sent: no answer in time"


def test_pauses_grow_for_two_days() -> None:
    pauses = [retry_pause(attempts) for attempts in range(1, 100)]
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (timedelta(minutes=1), timedelta(hours=2))
    assert retry_pause(0) == retry_pause(1)
    assert retry_pause(10**9) == timedelta(hours=2)
    within = 0
    while sum(pauses[:within], timedelta()) < GIVE_UP_AFTER:
        within += 1
    assert 20 < within < 40


def line_of(rule: Rule) -> str:
    code = rule.code + "xx"[: 3 - len(rule.code)] if rule.code else "4xx, 5xx"
    enhanced = (
        f"x.{rule.enhanced}" + ("" if "." in rule.enhanced else ".x") if rule.enhanced else ""
    )
    words = f"`{rule.words}`".replace("|", "\\|") if rule.words else ""
    return f"| {code} | {enhanced} | {words} | {rule.cause} | {rule.blame} | {rule.source} |"


def test_the_page_shows_the_table() -> None:
    shown = PAGE.read_text()
    table = "\n".join(line_of(rule) for rule in RULES)
    assert table in shown, f"docs/mail.md must hold:\n{table}"
    for cause, label in CAUSES.items():
        assert f"| `{cause}` | {label} |" in shown
