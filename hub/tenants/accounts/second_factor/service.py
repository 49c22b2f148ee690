"""Setting up, showing, renewing and ending a second factor. Every step that changes it locks the account first."""

from uuid import UUID

from hub import audit, crypto
from hub.db import NetworkScope
from hub.errors import Conflict, Forbidden, NotFound
from hub.tenants.accounts import notices
from hub.tenants.accounts import queries as accounts
from hub.tenants.accounts.actor import ADMIN, Actor, Visitor
from hub.tenants.accounts.second_factor import codes, queries
from hub.tenants.accounts.second_factor.proposal import Proposal
from hub.web.i18n import N_

BY_APP, BY_RECOVERY_CODE = "app", "recovery_code"


class AlreadySetUp(Conflict):
    code = "second-factor-already-set-up"
    message = N_("The second factor is set up already. Nothing was changed.")


async def take_code(scope: NetworkScope, account_id: UUID, typed: str) -> str | None:
    """How the code was found to be right, now spent: by the app, or as a recovery code. None where it is wrong."""
    await queries.lock_account(scope, account_id)
    factor = await queries.factor_of(scope, account_id)
    code = codes.compact(typed)
    if factor is None:
        return None
    if codes.is_of_app(code):
        secret = crypto.decrypt(factor.secret)
        step = codes.accepted_step(secret, code, scope.now, factor.last_step)
        if step is None:
            return None
        await queries.spend_step(scope, account_id, step)
        return BY_APP
    if not await queries.spend_recovery_code(scope, account_id, _hash(account_id, code)):
        return None
    await audit.record(
        scope, Visitor(account_id, "", ""), "recovery_code.used", "account", account_id
    )
    await notices.tell(scope, account_id, "recovery_code_used")
    return BY_RECOVERY_CODE


async def set_up(
    scope: NetworkScope, person: Actor | Visitor, session_id: UUID, proposal: Proposal, typed: str
) -> list[str] | None:
    """The new recovery codes; none where a factor is only replaced. None where the code is not the proposal's.

    Ends every other session of the account. Raises AlreadySetUp.
    """
    account_id = person.account_id
    await queries.lock_account(scope, account_id)
    there_is = await queries.factor_of(scope, account_id) is not None
    if there_is != proposal.instead:
        raise AlreadySetUp
    step = codes.accepted_step(proposal.secret, codes.compact(typed), scope.now)
    if step is None:
        return None
    await queries.put_factor(scope, account_id, crypto.encrypt(proposal.secret), step)
    await queries.code_given(scope, session_id)
    await accounts.end_other_sessions(scope, account_id, session_id)
    action = "second_factor.replaced" if there_is else "second_factor.enabled"
    await audit.record(scope, person, action, "account", account_id)
    await notices.tell(
        scope, account_id, "second_factor_replaced" if there_is else "second_factor_enabled"
    )
    return [] if there_is else await _new_codes(scope, account_id)


async def renew_recovery_codes(scope: NetworkScope, person: Actor | Visitor) -> list[str]:
    """The ones before it are worth nothing any more."""
    fresh = await _new_codes(scope, person.account_id)
    await audit.record(scope, person, "recovery_codes.renewed", "account", person.account_id)
    return fresh


async def switch_off(scope: NetworkScope, person: Actor | Visitor) -> None:
    """Raises Forbidden for who is an administrator anywhere."""
    if await queries.is_admin_somewhere(scope, person.account_id):
        raise Forbidden("admin", N_("Administrators always sign in with a second factor."))
    await queries.remove_factor(scope, person.account_id)
    await queries.code_not_needed(scope, person.account_id)
    await audit.record(scope, person, "second_factor.disabled", "account", person.account_id)
    await notices.tell(scope, person.account_id, "second_factor_disabled")


async def reset_second_factor(scope: NetworkScope, actor: Actor, account_id: UUID) -> None:
    """For a colleague who lost the phone and has no recovery code: the next sign-in sets up a new one.

    An admin does it for who works in this organisation only; for everyone else the Ente's admins do. Ends all sessions
    of the account and tells the person by mail. Raises NotFound, Forbidden, and Conflict where there is nothing to reset.
    """
    if actor.role != ADMIN or actor.support:
        raise Forbidden
    if actor.account_id == account_id:
        raise Forbidden("own", N_("Nobody resets their own second factor: ask another admin."))
    await queries.lock_account(scope, account_id)
    works_at = await queries.tenants_of(scope, account_id)
    if "coordinator" not in actor.kinds:
        if actor.tenant_id not in works_at:
            raise NotFound
        if works_at != {actor.tenant_id}:
            raise Forbidden(
                "works-elsewhere",
                N_("This person works for another organisation, too: please ask the Ente."),
            )
    elif not works_at:
        raise NotFound
    if not await queries.remove_factor(scope, account_id):
        raise Conflict(
            "no-second-factor", N_("This person has no second factor: there is nothing to reset.")
        )
    await accounts.end_sessions_of(scope, account_id)
    await audit.record_for(
        scope, actor.tenant_id, actor, "second_factor.reset", "account", account_id
    )
    await notices.tell(scope, account_id, "second_factor_reset")


async def _new_codes(scope: NetworkScope, account_id: UUID) -> list[str]:
    fresh = codes.new_recovery_codes()
    hashes = [_hash(account_id, codes.compact(code)) for code in fresh]
    await queries.replace_recovery_codes(scope, account_id, hashes)
    return fresh


def _hash(account_id: UUID, code: str) -> bytes:
    return crypto.recovery_token(account_id, code)
