"""Withdrawing an application; whoever is first in reserve takes the place that becomes free."""

from uuid import UUID

from hub import audit, outbox
from hub.db import TenantScope
from hub.errors import Conflict, NotFound
from hub.tenants.calls.applications import queries
from hub.tenants.calls.selection.succeed import succeed
from hub.web.i18n import N_

WITHDRAWABLE = ("submitted", "admitted", "reserve")


class NotToWithdraw(Conflict):
    code = "not-to-withdraw"
    message = N_("Only an application that was submitted, and was not excluded, can be withdrawn.")


async def withdraw(scope: TenantScope, application_id: UUID, reason: str) -> None:
    """By the applicant, at any time; twice is one effect. Raises NotToWithdraw."""
    application = await queries.find(scope, application_id, lock=True)
    if application is None:
        raise NotFound
    if application.state == "withdrawn":
        return
    if application.state not in WITHDRAWABLE:
        raise NotToWithdraw
    await queries.withdraw(scope, application_id, reason)
    await audit.record(
        scope,
        None,
        "application.withdrawn",
        "application",
        application_id,
        was=application.state,
    )
    await outbox.enqueue(scope, "applications.mail_withdrawal", application_id=application_id)
    if application.state == "admitted":
        await outbox.enqueue(scope, "onboarding.withdrawn", application_id=application_id)
    await succeed(scope, application_id)
