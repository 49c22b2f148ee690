"""What the editor's pages share."""

from typing import Any
from uuid import UUID

from litestar import Request

from hub.db import TenantScope
from hub.errors import NotFound
from hub.newsletter import progress, queries
from hub.newsletter.progress import Progress
from hub.newsletter.schemas import Campaign
from hub.newsletter.segments import AUDIENCES, KINDS, AllOf, choices_of
from hub.tenants.accounts.actor import ADMIN, EDITOR, requires
from hub.web.forms import Pairs
from hub.web.i18n import gettext as _

PageRequest = Request[Any, Any, Any]
EDITORS = [requires("coordinator", roles=frozenset({ADMIN, EDITOR}))]


async def find_campaign(scope: TenantScope, campaign_id: UUID) -> Campaign:
    campaign = await queries.campaign(scope, campaign_id)
    if campaign is None:
        raise NotFound
    return campaign


async def find_progress(scope: TenantScope, campaign_id: UUID) -> Progress:
    found = await progress.look_at(scope, campaign_id)
    if found is None:
        raise NotFound
    return found


def crumbs_of(campaign: Campaign) -> list[tuple[str, str]]:
    return [(_("Campaigns"), "/campaigns"), (campaign.subject, f"/campaigns/{campaign.id}")]


def described(segment: AllOf, regions: Pairs) -> list[tuple[str, str]]:
    """The segment in words, for people: (what is asked, which of them)."""
    wanted = choices_of(segment)
    names = dict(regions)
    return [
        (_("Audiences"), ", ".join(_(AUDIENCES[audience]) for audience in wanted.audiences)),
        (_("Organisations"), ", ".join(_(KINDS[kind]) for kind in wanted.kinds) or _("all")),
        (_("Regions"), ", ".join(names.get(code, code) for code in wanted.regions) or _("all")),
    ]
