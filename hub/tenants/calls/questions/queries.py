from datetime import datetime
from uuid import UUID

from hub.db import TenantScope
from hub.tenants.calls.questions.schemas import Question

_QUESTIONS = """
SELECT id, call_id, asked_at, question, state, answer, answered_at, email, locale
FROM call_questions
"""


async def insert(
    scope: TenantScope,
    question_id: UUID,
    call_id: UUID,
    question: str,
    email: str | None,
    locale: str,
) -> bool:
    """False where the call takes no questions: it is no public one, or its term is over by the database's clock."""
    inserted = await scope.execute(
        """
        INSERT INTO call_questions (id, tenant_id, call_id, asked_at, email, locale, question)
        SELECT $1, tenant_id, id, $3, $4, $5, $6 FROM calls
        WHERE id = $2 AND state = 'published' AND closes_at > received_at()
        """,
        question_id,
        call_id,
        scope.now,
        email,
        locale,
        question,
    )
    return bool(inserted)


async def published(scope: TenantScope, call_id: UUID) -> list[Question]:
    """In the order in which they were answered."""
    rows = await scope.fetch(
        f"""
        {_QUESTIONS} WHERE tenant_id = $1 AND call_id = $2 AND state = 'published'
        ORDER BY answered_at, id
        """,
        scope.tenant_id,
        call_id,
    )
    return [Question(*row) for row in rows]


async def questions_of(
    scope: TenantScope, call_id: UUID, *, state: str, after: UUID | None, limit: int
) -> list[Question]:
    """The oldest first."""
    rows = await scope.fetch(
        f"""
        {_QUESTIONS} WHERE tenant_id = $1 AND call_id = $2 AND state = $3
          AND ($4::uuid IS NULL OR id > $4)
        ORDER BY id LIMIT $5
        """,
        scope.tenant_id,
        call_id,
        state,
        after,
        limit,
    )
    return [Question(*row) for row in rows]


async def counts(scope: TenantScope, call_id: UUID) -> dict[str, int]:
    """By state."""
    rows = await scope.fetch(
        """
        SELECT state, count(*) FROM call_questions WHERE tenant_id = $1 AND call_id = $2
        GROUP BY state
        """,
        scope.tenant_id,
        call_id,
    )
    return {row["state"]: row["count"] for row in rows}


async def find(scope: TenantScope, question_id: UUID) -> Question | None:
    row = await scope.fetchrow(f"{_QUESTIONS} WHERE id = $1", question_id)
    return Question(*row) if row else None


async def answer(
    scope: TenantScope, question_id: UUID, *, question: str, answer: str, by: UUID
) -> bool:
    """False where it was answered or set aside before."""
    updated = await scope.execute(
        """
        UPDATE call_questions SET state = 'published', question = $2, answer = $3,
          answered_at = $4, answered_by = $5
        WHERE id = $1 AND state = 'open'
        """,
        question_id,
        question,
        answer,
        scope.now,
        by,
    )
    return bool(updated)


async def set_aside(scope: TenantScope, question_id: UUID, by: UUID) -> bool:
    """The asker's address is forgotten. False where it was answered or set aside before."""
    updated = await scope.execute(
        """
        UPDATE call_questions SET state = 'set_aside', answered_at = $2, answered_by = $3,
          email = NULL
        WHERE id = $1 AND state = 'open'
        """,
        question_id,
        scope.now,
        by,
    )
    return bool(updated)


async def forget_asker(scope: TenantScope, question_id: UUID) -> None:
    await scope.execute("UPDATE call_questions SET email = NULL WHERE id = $1", question_id)


async def forget_askers(scope: TenantScope, call_id: UUID, *, answered_before: datetime) -> None:
    """Of questions that nobody answered, or of whose answer their askers must have been told by now."""
    await scope.execute(
        """
        UPDATE call_questions SET email = NULL
        WHERE tenant_id = $1 AND call_id = $2 AND email IS NOT NULL
          AND (state = 'open' OR answered_at < $3)
        """,
        scope.tenant_id,
        call_id,
        answered_before,
    )
