"""Formal exclusions, before the ranking, and taking them back; completions are asked for by `applications`."""

from uuid import UUID

from hub import audit
from hub.db import TenantScope
from hub.errors import Conflict, NotFound
from hub.tenants.accounts.actor import Actor
from hub.tenants.calls.selection import queries
from hub.tenants.calls.selection.assign import assign
from hub.tenants.calls.selection.commission import held
from hub.tenants.calls.selection.schemas import FORMAL_REASONS, Administrations
from hub.web.i18n import N_

STATES = ("published", "evaluating")


class ApplicationChanged(Conflict):
    code = "application-acted-on"
    message = N_(
        "Somebody else has acted on this application in the meantime. Look at how it stands now, then decide."
    )


async def check_application(
    scope: TenantScope, call_id: UUID, application_id: UUID, version: int, state: str
) -> None:
    """Locked until the end of the transaction: it is in that state and as the person saw it.

    Raises NotFound, SelectionOver, ApplicationChanged.
    """
    await held(scope, call_id, *STATES)
    found = await queries.lock_application(scope, call_id, application_id)
    if found is None:
        raise NotFound
    if found["state"] != state or found["version"] != version:
        raise ApplicationChanged


async def exclude(
    scope: TenantScope,
    actor: Actor,
    call_id: UUID,
    application_id: UUID,
    *,
    version: int,
    reason: str,
    note: str,
) -> None:
    """Raises NotFound, SelectionOver, ApplicationChanged; ValueError for a reason that is none."""
    if reason not in FORMAL_REASONS:
        raise ValueError("no such reason")
    await check_application(scope, call_id, application_id, version, "submitted")
    await queries.set_excluded(scope, application_id, reason, note)
    await audit.record(
        scope, actor, "application.excluded", "application", application_id, reason=reason
    )


async def take_exclusion_back(
    scope: TenantScope,
    actor: Actor,
    call_id: UUID,
    application_id: UUID,
    *,
    version: int,
    administrations: Administrations,
) -> None:
    """Back in the running, with evaluators if it has none. Raises NotFound, SelectionOver, ApplicationChanged."""
    await check_application(scope, call_id, application_id, version, "excluded")
    await queries.set_readmitted(scope, application_id)
    await audit.record(scope, actor, "application.readmitted", "application", application_id)
    call = await held(scope, call_id)
    if call.state == "evaluating":
        await assign(scope, call_id, administrations, application_id=application_id)
