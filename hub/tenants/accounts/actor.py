"""Who acts: a signed-in person in the organisation chosen for this session."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler
from litestar.types import Guard

from hub.errors import Forbidden, NotSignedIn

ADMIN, OPERATOR, EDITOR, VIEWER = "admin", "operator", "editor", "viewer"

Connection = ASGIConnection[Any, Any, Any, Any]


@dataclass(frozen=True, slots=True)
class Actor:
    """`desk_ids` is None for a membership that is not limited to some desks; an empty set means none."""

    account_id: UUID
    membership_id: UUID
    tenant_id: UUID
    tenant_name: str
    kinds: tuple[str, ...]
    role: str
    name: str
    locale: str
    desk_ids: frozenset[UUID] | None = None


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


def requires(kind: str | None = None, *, roles: frozenset[str] | None = None) -> Guard:
    """A route's guard: the organisation's kind and the person's role. Raises NotSignedIn or Forbidden.

    It decides which rooms a person may enter; whose rows they find there is row security's part.
    """

    def guard(connection: Connection, _: BaseRouteHandler) -> None:
        actor = actor_of(connection)
        if (kind and kind not in actor.kinds) or (roles and actor.role not in roles):
            raise Forbidden

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
