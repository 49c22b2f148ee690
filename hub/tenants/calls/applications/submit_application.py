"""Submitting: what was prepared is frozen, hashed and given its protocol number, or nothing happens."""

import hashlib

import asyncpg
import msgspec

from hub import audit, clock, outbox
from hub.db import TenantScope
from hub.errors import Conflict, NotFound
from hub.tenants.calls.applications import queries
from hub.tenants.calls.applications.schemas import Application, AttachedFile, Content
from hub.tenants.calls.terms import in_time
from hub.web.i18n import N_


class AlreadyApplied(Conflict):
    code = "already-applied"
    message = N_(
        "An application of this administration has been submitted to this call already. Whoever submitted it has its"
        " receipt; it can be withdrawn with the link that was mailed to them."
    )


class Changed(Conflict):
    code = "application-changed"
    message = N_(
        "The application was changed in another window in the meantime. Look through the summary again, then submit it."
    )


async def submit(scope: TenantScope, application: Application, content: Content) -> Application:
    """`content` was made from the answers of just this version; its files are filled in here.

    Submitted twice, it brings back what the first time made. Raises TermOver, NotOpenYet, AlreadyApplied and Changed.
    """
    found = await queries.find(scope, application.id, lock=True)
    if found is None:
        raise NotFound
    if found.state != "draft":
        return found
    if found.version != application.version:
        raise Changed
    # Whoever closes it waits, and finds what came in on time.
    await queries.hold_call(scope, found.call_id)
    content = msgspec.structs.replace(content, files=await _files(scope, application))
    # The year is that of the instant that counts, in Italy.
    year = clock.day_of(await queries.received_at(scope)).year
    if await queries.is_applied_for(scope, found.call_id, content.organisation.fiscal_code):
        raise AlreadyApplied
    number = await queries.next_protocol_number(scope, year)
    try:
        async with in_time():
            await queries.freeze(scope, found.id, content, content_hash(content), (year, number))
    except asyncpg.UniqueViolationError as error:
        raise AlreadyApplied from error
    await audit.record(
        scope, None, "application.submitted", "application", found.id, number=number, year=year
    )
    await outbox.enqueue(scope, "applications.mail_receipt", application_id=found.id)
    submitted = await queries.find(scope, found.id)
    if submitted is None:
        raise NotFound
    return submitted


def canonical(content: Content) -> bytes:
    """The octets whose SHA-256 the receipt states: JSON with its keys in a fixed order."""
    return msgspec.json.encode(content, order="deterministic")


def content_hash(content: Content) -> bytes:
    return hashlib.sha256(canonical(content)).digest()


async def _files(scope: TenantScope, application: Application) -> tuple[AttachedFile, ...]:
    return tuple(
        AttachedFile(file.kind, file.name, file.size, file.sha256.hex())
        for file in await queries.files_of(scope, application.id)
        if file.completion_id is None
    )
