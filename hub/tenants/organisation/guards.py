"""Who changes what an organisation says of itself."""

from litestar.handlers.base import BaseRouteHandler

from hub.errors import Forbidden
from hub.tenants.accounts.actor import Actor, Connection, actor_of
from hub.tenants.rooms import ADMINS
from hub.web.i18n import N_


class SomeDesksOnly(Forbidden):
    code = "some-desks-only"
    message = N_(
        "You work for some desks only. What concerns the others or the whole organisation is changed by an"
        " administrator who is not limited to desks."
    )


def changes_all(actor: Actor) -> bool:
    return actor.role == "admin" and actor.desk_ids is None


def not_limited(connection: Connection, _: BaseRouteHandler) -> None:
    if actor_of(connection).desk_ids is not None:
        raise SomeDesksOnly


# Admins of the whole organisation.
WHOLE_ADMINS = [*ADMINS, not_limited]
