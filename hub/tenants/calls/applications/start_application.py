"""From an e-mail address to one application in preparation, and a link to it by mail."""

from uuid import UUID

from hub import outbox
from hub.db import TenantScope, network_transaction, tenant_transaction
from hub.errors import NotFound
from hub.ids import uuid7
from hub.tenants.accounts.service import count_attempt
from hub.tenants.calls import queries as calls
from hub.tenants.calls.applications import queries
from hub.tenants.calls.applications.links import Grant
from hub.tenants.calls.terms import in_time

# Each is a mail in somebody's box, who may not have asked for it.
LINKS_PER_EMAIL = 3


async def ask_for_link(located: calls.Located, email: str, address: str, locale: str) -> None:
    """While the call is open the address gets a draft, unless it has one; later only a link to what it has.

    What happens does not show, and takes the same work. Raises TooManyAttempts.
    """
    async with network_transaction() as network:
        await count_attempt(network, f"application:{email}", address, LINKS_PER_EMAIL)
    async with tenant_transaction(located.tenant_id) as scope:
        application_id = await _application_of(scope, located.call_id, email, locale)
        await outbox.enqueue(
            # The task finds nothing under an id that is new.
            scope,
            "applications.mail_link",
            application_id=application_id or uuid7(),
        )


async def _application_of(
    scope: TenantScope, call_id: UUID, email: str, locale: str
) -> UUID | None:
    call = await calls.find(scope, call_id)
    if call is None:
        raise NotFound
    found = await queries.of_address(scope, call_id, email)
    if found is not None and (found.state != "withdrawn" or not call.is_open(scope.now)):
        await queries.renew_link(scope, found.id)
        return found.id
    if not call.is_open(scope.now):
        return None
    async with in_time():
        added = await queries.add(scope, call_id, email, locale)
    if added is None:  # A twin of this request was faster.
        found = await queries.of_address(scope, call_id, email)
        return found.id if found else None
    return added


async def send_again(grant: Grant, address: str) -> None:
    """A new link in place of one that is no longer good, to the address that has the application.

    Raises NotFound and TooManyAttempts.
    """
    async with tenant_transaction(grant.tenant_id) as scope:
        application = await queries.find(scope, grant.application_id)
    if application is None:
        raise NotFound
    async with network_transaction() as network:
        await count_attempt(network, f"application:{application.email}", address, LINKS_PER_EMAIL)
    async with tenant_transaction(grant.tenant_id) as scope:
        await queries.renew_link(scope, application.id)
        await outbox.enqueue(scope, "applications.mail_link", application_id=application.id)
