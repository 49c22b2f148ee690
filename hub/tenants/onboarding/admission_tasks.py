"""From the Ente's ranking to organisations that are being set up: each task is one step, and twice is one effect."""

from uuid import UUID

from hub import outbox
from hub.db import network_transaction, tenant_transaction
from hub.outbox import Job
from hub.tenants.calls.applications import queries as applications
from hub.tenants.calls.selection import ranked
from hub.tenants.calls.selection.each_ranked import order_for_each
from hub.tenants.onboarding import organisations, queries, setups
from hub.tenants.onboarding.abandon import abandon, leave_setup
from hub.tenants.onboarding.admit import admit as admit_organisation
from hub.tenants.onboarding.admit import desks_of, first_desk_of
from hub.tenants.protocols import register, steps, story
from hub.tenants.protocols.issue import issue
from hub.tenants.protocols.schemas import KINDS
from hub.worker import task


@task("onboarding.admit_all")
async def admit_all(job: Job, *, ranking_id: UUID, behind: UUID) -> None:
    """Order the admission of everybody whom a published ranking admits."""
    await order_for_each(job, "onboarding.admit", ranked.admitted_ids, ranking_id, behind)


@task("onboarding.admit")
async def admit(job: Job, *, application_id: UUID) -> None:
    """Nothing where it was withdrawn in the meantime."""
    async with tenant_transaction(job.owner_id) as scope:
        application = await applications.find(scope, application_id)
    if application is None or application.state != "admitted" or application.content is None:
        return
    async with network_transaction() as network:
        await admit_organisation(network, application, application.content)
    # One that was withdrawn while its organisation was made: whoever withdrew found nothing to undo.
    async with tenant_transaction(job.owner_id) as scope:
        after = await applications.find(scope, application_id, lock=True)
        if after is None or after.state == "withdrawn":
            await outbox.enqueue(scope, "onboarding.withdrawn", application_id=application_id)


@task("onboarding.issue")
async def issue_protocols(job: Job, *, organisation_id: UUID) -> None:
    """One for each kind of the set-up for which nothing signed is in force."""
    async with network_transaction() as network:
        party = await queries.party_of(network, organisation_id)
    if party is None or not party.kinds:
        return
    async with tenant_transaction(job.owner_id) as scope:
        if party.application_id:
            application = await applications.find(scope, party.application_id, lock=True)
            if application is None or application.state == "withdrawn":
                return
        for kind in party.kinds:
            await issue(scope, party, kind, actor=None)
    async with network_transaction() as network:
        # The set-up may have been abandoned while its protocols were drawn up.
        if await queries.party_of(network, organisation_id) is None:
            await outbox.enqueue(
                network,
                "onboarding.cancel_protocols",
                tenant_id=job.owner_id,
                organisation_id=organisation_id,
            )


@task("onboarding.withdrawn")
async def withdrawn(job: Job, *, application_id: UUID) -> None:
    """Its set-up is abandoned; where others' desks are set up with its own, or its own with others', only these leave it."""
    async with tenant_transaction(job.owner_id) as scope:
        application = await applications.find(scope, application_id)
    if application is None or application.state != "withdrawn" or application.content is None:
        return
    async with network_transaction() as network:
        own = await setups.setup_of_application(network, application_id)
        found = own or await setups.setup_of_desk(network, first_desk_of(application_id))
        if found is None:
            return
        organisation_id, setup_id = found
        desks = [desk.id for desk in desks_of(application_id, application.content)]
        await organisations.lock_organisation(network, organisation_id)
        last = not await setups.has_desks(network, setup_id, but=desks)
        if last and await setups.began_with_application(network, setup_id):
            await abandon(network, None, organisation_id, reason="withdrawn", setup_id=setup_id)
        else:
            await leave_setup(network, organisation_id, setup_id, desks)
            await outbox.enqueue(
                network,
                "onboarding.cancel_protocols",
                tenant_id=job.owner_id,
                organisation_id=organisation_id,
            )


@task("onboarding.cancel_protocols")
async def cancel_protocols(job: Job, *, organisation_id: UUID) -> None:
    """Those that nobody has signed yet, of what no set-up is under way for; what was signed stays."""
    async with network_transaction() as network:
        party = await queries.party_of(network, organisation_id)
        known = await organisations.lock_organisation(network, organisation_id)
        kept = known.kinds if party and known else ()
    async with tenant_transaction(job.owner_id) as scope:
        await register.lock_register(scope)
        for kind in sorted(set(KINDS) - set(kept)):
            protocol_id = await register.unfinished(scope, organisation_id, kind)
            if protocol_id:
                await steps.cancel(scope, protocol_id)
                await story.tell(scope, None, story.CANCELLED, protocol_id, organisation_id)
