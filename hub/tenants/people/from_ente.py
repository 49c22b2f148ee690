"""What the Ente says to an organisation's first administrator: who invites, and what comes next."""

from dataclasses import dataclass
from datetime import date

from hub.db import NetworkScope
from hub.tenants.network.schemas import KINDS
from hub.tenants.onboarding.queries import setup_of
from hub.tenants.onboarding.schemas import PROTOCOL_SIGNED
from hub.tenants.people import queries, readers
from hub.tenants.people.schemas import ROLES, Invitation
from hub.web.formats import format_date
from hub.web.i18n import gettext as _


@dataclass(frozen=True, slots=True)
class Origin:
    """`ente` is its name. The days are those of a set-up under way, that of the protocol while it is to be signed."""

    ente: str
    selected: bool = False
    kinds: tuple[str, ...] = ()
    sign_by: date | None = None
    ready_by: date | None = None


async def origin_of(scope: NetworkScope, invitation: Invitation) -> Origin | None:
    """None where the organisation's own people invite, or let support in."""
    tenant_id = invitation.tenant_id
    leader = await readers.leader_of(scope, tenant_id)
    if invitation.invited_by or invitation.support or leader is None:
        return None
    ente = await queries.organisation_name(scope, leader)
    setup = await setup_of(scope, tenant_id)
    if setup is None or setup.state != "running":
        return Origin(ente)
    open_points = {point.code: point.due_on for point in setup.blocking}
    selected = setup.application_id is not None
    return Origin(ente, selected, setup.kinds, open_points.get(PROTOCOL_SIGNED), setup.due_on)


def letter_of(origin: Origin, invitation: Invitation, organisation: str) -> list[str]:
    """Its paragraphs, but for how long the invitation is good."""
    paragraphs = [_first(origin, invitation, organisation)]
    if origin.ready_by is None:
        return paragraphs
    paragraphs.append(
        _(
            "Once you accept, you find its space in the hub, with the list of what is to be done, and by when: data,"
            " people, services. All of it should be ready by %(day)s; then the Ente activates the organisation.",
            day=format_date(origin.ready_by, "long"),
        )
    )
    if origin.sign_by:
        paragraphs.append(
            _(
                "The protocol with the Ente comes in a mail of its own, to be signed by %(day)s.",
                day=format_date(origin.sign_by, "long"),
            )
        )
    return paragraphs


def _first(origin: Origin, invitation: Invitation, organisation: str) -> str:
    words = {"ente": origin.ente, "organisation": organisation, "role": _(ROLES[invitation.role])}
    if origin.selected:
        return _(
            "The application of “%(organisation)s” was admitted: %(ente)s takes it into MICRO-WORK, the network for"
            " microcredit, and invites you to its space in the hub as %(role)s.",
            **words,
        )
    if origin.kinds:
        return _(
            "%(ente)s invites “%(organisation)s” to join MICRO-WORK, the network for microcredit, as %(kinds)s, and you"
            " to its space in the hub as %(role)s.",
            kinds=", ".join(_(KINDS[kind]) for kind in origin.kinds),
            **words,
        )
    return _(
        "%(ente)s, which leads MICRO-WORK, the network for microcredit, invites you to the space of “%(organisation)s”"
        " in the hub as %(role)s.",
        **words,
    )
