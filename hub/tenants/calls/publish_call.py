"""From a draft to a call that everybody sees."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from hub import audit
from hub.db import TenantScope
from hub.errors import Conflict, NotFound
from hub.idempotency import once
from hub.tenants.accounts.actor import Actor
from hub.tenants.calls import queries
from hub.tenants.calls.schemas import Call
from hub.web.i18n import N_
from hub.web.i18n import gettext as _

WHOLE = 100


class Missing(NamedTuple):
    """What still stands in the way; `field` is the part of the editor's page where it is put right."""

    field: str
    message: str


class NotReady(Conflict):
    code = "call-not-ready"
    message = N_("This call cannot be published yet: something is missing.")


class AlreadyPublished(Conflict):
    code = "call-published"
    message = N_("This call is published already.")


class ChangedSince(Conflict):
    code = "call-changed"
    message = N_("Someone else changed this call in the meantime. Please look at it again.")


def missing_of(call: Call, now: datetime) -> list[Missing]:
    """Everything at once, in the order of the form and in the reader's language."""
    missing = []
    if not call.text:
        missing.append(Missing("call-text", _("The text of the call.")))
    if not call.regions:
        missing.append(Missing("call-regions", _("The regions that it is for.")))
    elif not call.quotas:
        missing.append(Missing("call-regions", _("The number of places, in at least one region.")))
    if not call.host_kinds:
        missing.append(Missing("call-host_kinds", _("Who may apply.")))
    missing += _missing_criteria(call)
    return missing + _missing_times(call, now)


def _missing_criteria(call: Call) -> list[Missing]:
    if not call.criteria:
        return [Missing("criteria", _("The criteria by which applications are evaluated."))]
    weights = sum(criterion.weight for criterion in call.criteria)
    if weights == WHOLE:
        return []
    said = _("The weights of the criteria make %(sum)s; they must make 100.", sum=weights)
    return [Missing("criteria", said)]


def _missing_times(call: Call, now: datetime) -> list[Missing]:
    missing = []
    if call.opens_at is None:
        missing.append(Missing("call-opens_at", _("The day and time at which it opens.")))
    if call.closes_at is None:
        missing.append(Missing("call-closes_at", _("The day and time at which it closes.")))
    elif call.closes_at <= now:
        said = _("It closes in the past: choose a day and time that are still to come.")
        missing.append(Missing("call-closes_at", said))
    elif call.opens_at and call.closes_at <= call.opens_at:
        missing.append(Missing("call-closes_at", _("It must close after it opens.")))
    return missing


async def publish_call(
    scope: TenantScope, actor: Actor, call_id: UUID, version: int, key: UUID
) -> None:
    """What was looked at. Raises NotFound, AlreadyPublished, ChangedSince, NotReady, KeyReused."""
    if await once(scope, "call.publish", key, call_id, content=(call_id, version)):
        return
    call = await queries.find_for_update(scope, call_id)
    if call is None:
        raise NotFound
    if call.state != "draft":
        raise AlreadyPublished
    if call.version != version:
        raise ChangedSince
    if missing_of(call, scope.now) or await queries.is_over(scope, call_id):
        raise NotReady
    await queries.publish(scope, call_id)
    await audit.record(scope, actor, "call.published", "call", call_id)
