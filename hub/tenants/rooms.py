"""The rooms of an organisation and of the network: the row of links above their pages, in one place.

    return organisation_page(request, actor, "people", "tenants/people/list.html", crumbs=…, members=members)

and in the template, below its heading, `{% include "tenants/rooms.html" %}`.
"""

from collections.abc import Sequence
from typing import Any

from litestar.response import Template

from hub.tenants.accounts.actor import Actor, requires
from hub.web.i18n import N_
from hub.web.i18n import gettext as _
from hub.web.page import AnyRequest, Crumb, page

# Name, label, address; for which kinds of organisation, none for all; for which roles, none for all.
Room = tuple[str, str, str, frozenset[str], frozenset[str]]
_ALL: frozenset[str] = frozenset()
_ADMIN = frozenset({"admin"})

ORGANISATION: Sequence[Room] = (
    ("setup", N_("Set-up"), "/organisation/setup", _ALL, _ALL),
    ("details", N_("Details"), "/organisation", _ALL, _ALL),
    ("desks", N_("Desks"), "/organisation/desks", frozenset({"host"}), _ALL),
    ("services", N_("Services"), "/organisation/services", frozenset({"lender", "tutor"}), _ALL),
    ("people", N_("People"), "/organisation/people", _ALL, _ALL),
    (
        "protocols",
        N_("Protocols"),
        "/organisation/protocols",
        frozenset({"host", "lender", "tutor"}),
        _ALL,
    ),
    ("log", N_("Activity log"), "/organisation/log", _ALL, _ADMIN),
)
NETWORK: Sequence[Room] = (
    ("board", N_("Board"), "/network", _ALL, _ALL),
    ("organisations", N_("Organisations"), "/network/organisations", _ALL, _ALL),
    ("protocols", N_("Protocols"), "/network/protocols", _ALL, _ALL),
    ("imports", N_("Import and export"), "/network/imports", _ALL, _ADMIN),
)

# Whoever belongs to an organisation reads its pages, its admins change them; support does what an admin does.
MEMBERS = [requires(while_suspended=True, support=True)]
ADMINS = [requires(roles=_ADMIN, while_suspended=True, support=True)]
ENTE_READERS = [requires("coordinator", roles=frozenset({"admin", "operator", "viewer"}))]
ENTE_ADMINS = [requires("coordinator", roles=_ADMIN)]


def organisation_page(
    request: AnyRequest,
    actor: Actor,
    room: str,
    template: str,
    *,
    crumbs: Sequence[Crumb] = (),
    **context: Any,
) -> Template:
    """A page of one's own organisation; `crumbs` are those below its first page, `zone` is that of its hours."""
    return page(
        request,
        template,
        crumbs=[(_("Organisation"), "/organisation"), *crumbs],
        rooms=rooms_of(ORGANISATION, actor),
        room=room,
        rooms_label=_("Your organisation"),
        may_change=actor.role == "admin",
        zone=actor.time_zone,
        **context,
    )


def network_page(
    request: AnyRequest,
    actor: Actor,
    room: str,
    template: str,
    *,
    crumbs: Sequence[Crumb] = (),
    **context: Any,
) -> Template:
    """A page of the Ente's about its network."""
    return page(
        request,
        template,
        crumbs=[(_("Network"), "/network"), *crumbs],
        rooms=rooms_of(NETWORK, actor),
        room=room,
        rooms_label=_("The network"),
        may_change=actor.role == "admin",
        **context,
    )


def rooms_of(rooms: Sequence[Room], actor: Actor) -> list[tuple[str, str, str]]:
    """Name, label and address of those that this person may enter."""
    return [
        (name, label, url)
        for name, label, url, kinds, roles in rooms
        if (not kinds or kinds & set(actor.kinds))
        and (not roles or actor.role in roles)
        and not (name == "setup" and "coordinator" in actor.kinds)
    ]
