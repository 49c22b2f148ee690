"""Offering a service, changing it, ending it: from today on, or from a day to come; the past stays as it was.

The versions of a service follow each other without gaps. Each verb locks the service first, so that of two people who
change it at once the second is told. `seen` is the version of the service that the person looked at; None takes it as
it is.
"""

from datetime import date, timedelta
from uuid import UUID

from hub import audit
from hub.clock import day_of
from hub.db import TenantScope
from hub.errors import NotFound
from hub.idempotency import once
from hub.ids import uuid7
from hub.tenants.accounts.actor import Actor
from hub.tenants.onboarding.touch import touch
from hub.tenants.services import queries
from hub.tenants.services.errors import Begun, Changed, InThePast, NotOffered
from hub.tenants.services.schemas import Offered, Stated

ONE_DAY = timedelta(days=1)


async def add(
    scope: TenantScope,
    actor: Actor | None,
    stated: Stated,
    valid_from: date,
    valid_to: date | None = None,
    *,
    key: UUID | None = None,
) -> UUID:
    """The new service's id. Raises InThePast, KeyReused; NotOffered where it would end before it begins."""
    service_id = uuid7()
    content = (stated, valid_from, valid_to)
    if before := await once(scope, "service.add", key, service_id, content=content):
        return before
    _refuse_past(scope, valid_from)
    if valid_to is not None and valid_to < valid_from:
        raise NotOffered
    await queries.insert_version(scope, service_id, service_id, stated, valid_from, valid_to)
    day = valid_from.isoformat()
    await _record(scope, actor, "service.added", service_id, kind=stated.kind, day=day)
    return service_id


async def change(
    scope: TenantScope,
    actor: Actor | None,
    service_id: UUID,
    stated: Stated,
    day: date,
    *,
    seen: int | None = None,
    key: UUID | None = None,
) -> None:
    """From `day` on it is as `stated`, up to the next change that is planned already.

    Saying again what holds changes nothing. Raises Changed, InThePast, NotOffered, KeyReused.
    """
    if await once(scope, "service.change", key, service_id, content=(service_id, stated, day)):
        return
    versions = await _locked(scope, service_id, seen)
    _refuse_past(scope, day)
    at = next((one for one in versions if one.on(day)), None)
    if at is None:
        raise NotOffered
    if at.stated == stated:
        return
    if at.valid_from == day:
        await queries.rewrite_version(scope, at.id, stated)
    else:
        await queries.set_end(scope, at.id, day - ONE_DAY)
        await queries.insert_version(scope, uuid7(), service_id, stated, day, at.valid_to)
    await queries.count_change(scope, versions[0].id)
    await _record(scope, actor, "service.changed", service_id, day=day.isoformat())


async def end(
    scope: TenantScope,
    actor: Actor | None,
    service_id: UUID,
    last_day: date | None,
    *,
    seen: int | None = None,
    key: UUID | None = None,
) -> None:
    """`last_day` is the last on which it is offered, None takes a planned end back.

    Changes planned for later are withdrawn. Raises Changed, InThePast, NotOffered, KeyReused.
    """
    if await once(scope, "service.end", key, service_id, content=(service_id, last_day)):
        return
    versions = await _locked(scope, service_id, seen)
    if not _goes_on(versions[-1], day_of(scope.now)):
        raise NotOffered
    if last_day is None:
        at = versions[-1]
    else:
        _refuse_past(scope, last_day)
        at = next((one for one in reversed(versions) if one.valid_from <= last_day), versions[0])
        if last_day < at.valid_from:
            raise NotOffered
        await queries.delete_versions_after(scope, service_id, last_day)
    await queries.set_end(scope, at.id, last_day)
    await queries.count_change(scope, versions[0].id)
    if last_day is None:
        await _record(scope, actor, "service.changed", service_id)
    else:
        await _record(scope, actor, "service.ended", service_id, day=last_day.isoformat())


async def withdraw(
    scope: TenantScope,
    actor: Actor | None,
    service_id: UUID,
    version_id: UUID,
    *,
    seen: int | None = None,
) -> bool:
    """Take back what has not begun: a planned change, or with its first version the whole service.

    Returns whether the service still exists. Raises Changed; Begun; NotFound.
    """
    versions = await _locked(scope, service_id, seen)
    position = next((at for at, one in enumerate(versions) if one.id == version_id), None)
    if position is None:
        raise NotFound
    version = versions[position]
    today = day_of(scope.now)
    if version.valid_from <= today:
        raise Begun
    day = version.valid_from.isoformat()
    if position == 0:
        await queries.delete_versions_after(scope, service_id, today)
        await _record(scope, actor, "service.ended", service_id, day=day)
        return False
    await queries.delete_version(scope, version.id)
    await queries.set_end(scope, versions[position - 1].id, version.valid_to)
    await queries.count_change(scope, versions[0].id)
    await _record(scope, actor, "service.changed", service_id, day=day)
    return True


async def _locked(scope: TenantScope, service_id: UUID, seen: int | None) -> list[Offered]:
    """Its versions, read when nobody else changes them any more. Raises NotFound, Changed."""
    version = await queries.lock(scope, service_id)
    if version is None:
        raise NotFound
    if seen not in (None, version):
        raise Changed
    return await queries.versions_of(scope, scope.tenant_id, service_id)


def _goes_on(last: Offered, today: date) -> bool:
    return last.valid_to is None or last.valid_to >= today


def _refuse_past(scope: TenantScope, day: date) -> None:
    if day < day_of(scope.now):
        raise InThePast


async def _record(
    scope: TenantScope, actor: Actor | None, action: str, service_id: UUID, **codes: str
) -> None:
    """In the story that the Ente reads, too; and the set-up's checklist looks again."""
    await audit.record(
        scope,
        actor,
        action,
        "organisation",
        scope.tenant_id,
        service_id=str(service_id),
        **codes,
    )
    await touch(scope, scope.tenant_id)
