"""Tasks for trying the worker out; what they did stands in the audit log, where any process can read it."""

from __future__ import annotations

import asyncio
import os
from uuid import UUID

from hub import audit
from hub.db import tenant_transaction
from hub.outbox import Job
from hub.worker import task


async def leave_note(job: Job, action: str, subject_id: UUID) -> None:
    assert job.tenant_id is not None
    async with tenant_transaction(job.tenant_id) as scope:
        await audit.record(scope, None, action, "test", subject_id, attempt=job.attempt)


@task("test.note")
async def note(job: Job, *, subject_id: UUID) -> None:
    await leave_note(job, "test.noted", subject_id)


@task("test.note_long", long=True)
async def note_long(job: Job, *, subject_id: UUID) -> None:
    await leave_note(job, "test.noted", subject_id)


@task("test.wait", long=True)
async def wait(job: Job, *, subject_id: UUID) -> None:
    """Only the second worker gets to the end."""
    await leave_note(job, "test.began", subject_id)
    if job.attempt == 1:
        await asyncio.sleep(60)
    await leave_note(job, "test.noted", subject_id)


@task("test.die")
async def die(job: Job, *, subject_id: UUID) -> None:
    """Takes its process along, the first time."""
    await leave_note(job, "test.began", subject_id)
    if job.attempt == 1:
        os._exit(9)
    await leave_note(job, "test.noted", subject_id)


@task("test.fail")
async def fail(job: Job, *, subject_id: UUID) -> None:
    await leave_note(job, "test.began", subject_id)
    raise LookupError("the person's name is Lucia Esposito")


@task("test.linger")
async def linger(job: Job, *, subject_id: UUID) -> None:
    await leave_note(job, "test.began", subject_id)
    await asyncio.sleep(60)
