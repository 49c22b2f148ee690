"""Whether the person who acts still belongs here, asked again in the transaction that writes.

A session is looked at when a request begins. Until its transaction is under way, the person may have left, lost a desk
or a role, or the organisation may have been suspended. So each transaction that writes on a case begins here, and locks
in one order:

    the membership of who acts, with that of who is to take over (FOR SHARE, in the order of their ids)
    → the desk (updated where the day of its last consultation moves on, then FOR SHARE)
    → the case (FOR UPDATE)

A leaving locks the memberships first and hands the cases over second; a closing locks the desks first and moves the
cases second. Neither can therefore wait for somebody who waits for it, and either what was being written is handed over
with its case, or its writer is told so. Nothing behind the case's lock waits for a desk or a person again: the keys that
point to them are satisfied by what is held.

The router moves offers, which no leaving and no closing touches. It needs no lock: what it reads of the membership is
either from before the leaving, and then its step stands before it, or from after.
"""

from dataclasses import dataclass

from hub.db import RoutingScope, TenantScope
from hub.errors import Conflict, Forbidden
from hub.referrals.desks import Desks
from hub.referrals.guards import WRITERS
from hub.referrals.members import queries
from hub.tenants.accounts.actor import Actor
from hub.web.i18n import N_


class NoLongerHere(Forbidden):
    """The person left, or lost the desk or the role, since the request began. Nothing was saved."""

    code = "no-longer-here"
    message = N_(
        "You no longer belong to this organisation, or no longer work on the cases of this desk."
        " Nothing was saved."
    )


class Suspended(Conflict):
    """The organisation is not active: being set up, or stopped by the Ente. Nothing was saved."""

    code = "organisation-suspended"
    title = N_("Your organisation is not active")
    message = N_(
        "Your organisation is not active: it can read what it has and try things out with test cases,"
        " but record and send nothing real for the time being. Nothing was saved."
    )
    place = (N_("Since when and why"), "/organisation/setup")


@dataclass(frozen=True, slots=True)
class Standing:
    """`desks` are those that the person is limited to now; None for all."""

    desks: Desks
    suspended: bool

    def refuse_real(self, *, is_test: bool = False) -> None:
        """Raises Suspended, unless it is about a test."""
        if self.suspended and not is_test:
            raise Suspended


async def standing(scope: TenantScope | RoutingScope, actor: Actor, kind: str) -> Standing:
    """As a `kind` of organisation, which it may not be yet. Raises NoLongerHere."""
    if isinstance(scope, TenantScope):
        found = await queries.hold_membership(scope, actor.membership_id)
    else:
        found = await queries.see_membership(scope, actor.membership_id)
    if found is None or not found.active or found.support or found.role not in WRITERS:
        raise NoLongerHere
    return Standing(found.desks, found.tenant_state != "active" or kind in found.coming_kinds)
