"""A request to complete what was submitted, within a term (law 241/1990 art. 6), and the answer to it."""

from datetime import date, datetime, time
from uuid import UUID

import asyncpg

from hub import audit, clock, outbox
from hub.audit import Actor
from hub.db import TenantScope
from hub.errors import Conflict, NotFound
from hub.tenants.calls.applications import queries
from hub.tenants.calls.terms import in_time
from hub.web.i18n import N_


class NotToComplete(Conflict):
    code = "not-to-complete"
    message = N_("Only an application that was submitted and is not decided yet can be completed.")


class AskedAlready(Conflict):
    code = "asked-already"
    message = N_("A request to this applicant is still open.")


class NotAsked(Conflict):
    code = "not-asked"
    message = N_("There is no open request to answer; perhaps it was answered in another window.")


async def ask_completion(
    scope: TenantScope, actor: Actor, application_id: UUID, request: str, due_on: date
) -> UUID:
    """The answer may come until the end of that day in Italy. Raises NotToComplete, AskedAlready."""
    application = await queries.find(scope, application_id, lock=True)
    if application is None:
        raise NotFound
    asked_by = actor.membership_id
    if application.state != "submitted" or asked_by is None:
        raise NotToComplete
    if any(not each.answered_at for each in await queries.completions_of(scope, application_id)):
        raise AskedAlready
    try:
        completion_id = await queries.ask_completion(
            scope, application_id, asked_by, request, end_of(due_on)
        )
    except asyncpg.UniqueViolationError as error:
        raise AskedAlready from error
    await audit.record(scope, actor, "application.completion_asked", "application", application_id)
    await outbox.enqueue(
        scope,
        "applications.mail_request",
        application_id=application_id,
        completion_id=completion_id,
    )
    return completion_id


async def answer_completion(
    scope: TenantScope, application_id: UUID, completion_id: UUID, answer: str
) -> None:
    """Raises TermOver, NotAsked, NotToComplete."""
    application = await queries.find(scope, application_id, lock=True)
    if application is None:
        raise NotFound
    if application.state != "submitted":
        raise NotToComplete
    found = next(
        (c for c in await queries.completions_of(scope, application_id) if c.id == completion_id),
        None,
    )
    if found is None or found.answered_at:
        raise NotAsked
    async with in_time():
        await queries.answer_completion(scope, application_id, completion_id, answer)
    await audit.record(scope, None, "application.completed", "application", application_id)


def end_of(day: date) -> datetime:
    """Its last microsecond in Italy, so that people read that day and not the next."""
    return datetime.combine(day, time.max, clock.ROME)
