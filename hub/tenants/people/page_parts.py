"""What the pages about people share."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Request

from hub.db import TenantScope
from hub.tenants.accounts.actor import ADMIN, Actor, requires
from hub.tenants.organisation.guards import not_limited
from hub.tenants.people import queries
from hub.tenants.people.schemas import ROLES, Member
from hub.web.drawing import Tone
from hub.web.i18n import gettext as _

PageRequest = Request[Any, Any, Any]
# Whom support let in might otherwise let in, or put in somebody's place: people are their organisation's alone.
# Nor does an administrator of some desks only decide about people of the others, or let in somebody without limits.
CHANGERS = [requires(roles=frozenset({ADMIN}), while_suspended=True), not_limited]
HERE = "/organisation/people"
ROLE_TONES: Mapping[str, Tone] = {
    "admin": "info",
    "operator": "success",
    "editor": "neutral",
    "viewer": "neutral",
}


def may_manage(actor: Actor) -> bool:
    return actor.role == ADMIN and not actor.support and actor.desk_ids is None


def is_administrator(member: Member, now: datetime) -> bool:
    """Of the organisation's own, today."""
    return member.role == ADMIN and not member.support and member.is_active(now)


async def support_ends(scope: TenantScope, actor: Actor) -> datetime | None:
    """Until when support is in; None for the organisation's own people."""
    member = await queries.member(scope, actor.membership_id) if actor.support else None
    return member.expires_at if member else None


def role_of(member: Member) -> str:
    return _("support") if member.support else _(ROLES[member.role])


def desks_of(member: Member, names: Mapping[UUID, str]) -> str:
    """In words."""
    if member.desk_ids is None:
        return _("all desks")
    return ", ".join(sorted(names[one] for one in member.desk_ids if one in names)) or _("no desk")


def people_crumbs(*below: tuple[str, str]) -> list[tuple[str, str]]:
    return [(_("People"), HERE), *below]
