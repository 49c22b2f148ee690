"""Asking without an account; answering for everybody."""

from datetime import timedelta
from uuid import UUID

from hub import audit, crypto, outbox
from hub.db import NetworkScope, TenantScope
from hub.errors import Conflict, NotFound, TooManyAttempts
from hub.idempotency import once
from hub.ids import uuid7
from hub.tenants.accounts import queries as account_queries
from hub.tenants.accounts.actor import Actor
from hub.tenants.calls.questions import queries
from hub.tenants.calls.questions.schemas import AskQuestion
from hub.tenants.calls.terms import TermOver
from hub.web.i18n import N_

ATTEMPTS_WINDOW = timedelta(minutes=15)
# Whole offices share one address; this stops a machine.
QUESTIONS_PER_ADDRESS = 10


class AlreadyAnswered(Conflict):
    code = "question-answered"
    message = N_("Someone else answered this question, or set it aside, in the meantime.")


async def count_attempt(scope: NetworkScope, address: str) -> None:
    """`address` is the network's, of which only a fingerprint is kept. Raises TooManyAttempts."""
    subject = crypto.attempt_token("question:" + address)
    await account_queries.lock_attempts(scope, subject)
    asked = await account_queries.count_attempts(scope, subject, ATTEMPTS_WINDOW)
    if asked >= QUESTIONS_PER_ADDRESS:
        raise TooManyAttempts(int(ATTEMPTS_WINDOW.total_seconds()))
    await account_queries.record_attempt(scope, [subject])


async def ask(
    scope: TenantScope, call_id: UUID, asked: AskQuestion, locale: str, key: UUID
) -> None:
    """Raises TermOver, KeyReused."""
    question_id = uuid7()
    content = (call_id, asked.question, asked.email)
    if await once(scope, "question.ask", key, question_id, content=content):
        return
    if not await queries.insert(scope, question_id, call_id, asked.question, asked.email, locale):
        raise TermOver
    await audit.record(scope, None, "question.asked", "call", call_id, id=str(question_id))


async def answer_question(
    scope: TenantScope, actor: Actor, question_id: UUID, *, question: str, answer: str, key: UUID
) -> None:
    """Raises NotFound, AlreadyAnswered, KeyReused."""
    content = (question_id, question, answer)
    if await once(scope, "question.answer", key, question_id, content=content):
        return
    if not await queries.answer(
        scope, question_id, question=question, answer=answer, by=actor.membership_id
    ):
        await _refuse(scope, question_id)
    await audit.record(scope, actor, "question.answered", "question", question_id)
    await outbox.enqueue(scope, "calls.tell_asker", question_id=question_id)


async def set_question_aside(scope: TenantScope, actor: Actor, question_id: UUID) -> None:
    """Twice is once. Raises NotFound, AlreadyAnswered."""
    if not await queries.set_aside(scope, question_id, actor.membership_id):
        before = await queries.find(scope, question_id)
        if before and before.state == "set_aside":
            return
        await _refuse(scope, question_id)
    await audit.record(scope, actor, "question.set_aside", "question", question_id)


async def _refuse(scope: TenantScope, question_id: UUID) -> None:
    raise AlreadyAnswered if await queries.find(scope, question_id) else NotFound
