"""What everybody sees of a call: its page, whole, in a fixed number of statements."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hub.db import TenantScope, network_transaction
from hub.errors import NotFound
from hub.tenants.calls import queries
from hub.tenants.calls.documents import queries as document_queries
from hub.tenants.calls.documents.schemas import Document
from hub.tenants.calls.page_parts import find_call
from hub.tenants.calls.queries import Located
from hub.tenants.calls.questions import queries as question_queries
from hub.tenants.calls.questions.schemas import Question
from hub.tenants.calls.schemas import Call
from hub.tenants.calls.standing import Standing, standing_of
from hub.tenants.territory.queries import region_names

_SLUG = re.compile(r"[a-z0-9-]{1,80}")


@dataclass(frozen=True, slots=True)
class Notice:
    """`questions` are those with a published answer; `regions` names every region."""

    call: Call
    documents: Sequence[Document]
    questions: Sequence[Question]
    regions: Mapping[str, str]
    now: datetime

    @property
    def standing(self) -> Standing:
        return standing_of(self.call, self.now)

    @property
    def takes_questions(self) -> bool:
        return self.standing in ("soon", "open")


async def locate(slug: str) -> Located:
    """Where the call of a public address is. Raises NotFound, also for a draft."""
    if not _SLUG.fullmatch(slug):
        raise NotFound
    async with network_transaction() as scope:
        located = await queries.locate(scope, slug)
    if located is None:
        raise NotFound
    return located


async def look_at(scope: TenantScope, call_id: UUID) -> Notice:
    """Raises NotFound."""
    return Notice(
        await find_call(scope, call_id),
        await document_queries.documents_of(scope, call_id),
        await question_queries.published(scope, call_id),
        await region_names(scope),
        scope.now,
    )
