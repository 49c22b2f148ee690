"""Who acts: a signed-in person in the organisation chosen for this session."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler
from litestar.types import Guard

from hub.errors import Forbidden, HubError, NotSignedIn
from hub.web.i18n import N_

ADMIN, OPERATOR, EDITOR, VIEWER = "admin", "operator", "editor", "viewer"

Connection = ASGIConnection[Any, Any, Any, Any]


@dataclass(frozen=True, slots=True)
class Actor:
    """`desk_ids` is None for a membership that is not limited to some desks; an empty set means none.

    `suspended` is the organisation: being set up, or, where it is `stopped`, by the Ente. `support` is a person of the Ente whom the
    organisation let in for a time. `time_zone` is that of the hours on the organisation's pages.
    """

    account_id: UUID
    membership_id: UUID
    tenant_id: UUID
    tenant_name: str
    kinds: tuple[str, ...]
    role: str
    name: str
    locale: str
    desk_ids: frozenset[UUID] | None = None
    suspended: bool = False
    stopped: bool = False
    support: bool = False
    coming_kinds: tuple[str, ...] = ()
    time_zone: str = "Europe/Rome"

    def is_suspended(self, kind: str) -> bool:
        """As a whole, or as this kind of organisation, which it is only being set up for."""
        return self.suspended or kind in self.coming_kinds


@dataclass(frozen=True, slots=True)
class Visitor:
    """Signed in, but in no organisation yet: several to choose from, or none left."""

    account_id: UUID
    name: str
    locale: str
    membership_id: None = None
    tenant_name: str = ""
    kinds: tuple[str, ...] = ()
    role: str = ""


class Unprotected(Visitor):
    """Signed in by a password alone, where one of the memberships asks for a second factor: to be set up first."""


class SecondFactorMissing(HubError):
    status = 403
    code = "second-factor-missing"
    message = N_(
        "As an administrator you sign in with a second factor. Please set it up first, on the page of your account."
    )


def requires(
    kind: str | None = None,
    *,
    roles: frozenset[str] | None = None,
    while_suspended: bool = False,
    support: bool = False,
) -> Guard:
    """A route's guard: the organisation's kind and the person's role. Raises NotSignedIn or Forbidden.

    It decides which rooms a person may enter; whose rows they find there is row security's part. Unless a route says
    otherwise, it is closed to organisations that are suspended, and to support.
    """

    def guard(connection: Connection, _: BaseRouteHandler) -> None:
        actor = actor_of(connection)
        if (kind and kind not in actor.kinds) or (roles and actor.role not in roles):
            raise Forbidden
        if actor.support and not support:
            raise Forbidden("support", N_("Support does not see this page."))
        if not while_suspended and (actor.suspended or kind in actor.coming_kinds):
            raise Forbidden(
                "suspended",
                N_("Your organisation is not active: this page opens once the Ente activates it."),
            )

    return guard


def provide_actor(request: Request[Any, Any, Any]) -> Actor:
    """The dependency `actor` of handlers."""
    return actor_of(request)


def actor_of(connection: Connection) -> Actor:
    """Raises NotSignedIn also for a Visitor, who still has to choose an organisation."""
    actor = connection.scope.get("user")
    if not isinstance(actor, Actor):
        raise NotSignedIn
    return actor
