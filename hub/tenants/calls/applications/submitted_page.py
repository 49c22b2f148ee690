"""The page of an application that was submitted: how it stands, what was sent, and what may still be done."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from litestar.response import Template

from hub.db import tenant_transaction
from hub.tenants.calls import standing
from hub.tenants.calls.applications import queries
from hub.tenants.calls.applications.access import PageRequest, enter
from hub.tenants.calls.applications.asking import AnswerRequest
from hub.tenants.calls.applications.links import Grant
from hub.tenants.calls.applications.room import room_of
from hub.tenants.calls.applications.schemas import (
    APPLICATION_STATES,
    DECLARATIONS,
    EXCLUSION_REASONS,
    LEGAL_BASES,
    Application,
    Completion,
)
from hub.tenants.calls.applications.step_pages import crumbs_of
from hub.tenants.calls.applications.timeline import timeline_of
from hub.tenants.calls.applications.withdraw_application import WITHDRAWABLE
from hub.tenants.calls.schemas import HOST_KINDS
from hub.tenants.calls.selection.ranked import entry_of
from hub.tenants.calls.selection.schemas import Entry
from hub.tenants.territory.queries import municipality_names, region_names
from hub.web.forms import Form, blank
from hub.web.page import page

# A worker that was away makes it later; what is older without one came in by other ways, and gets none.
RECEIPT_WITHIN = timedelta(days=2)


@dataclass
class Standing:
    """How a submitted application stands: `place` is its line in the approved ranking."""

    completions: Sequence[Completion]
    place: Entry | None
    names: dict[str, str]
    regions: dict[str, str]

    def asked(self, application: Application, now: datetime) -> Completion | None:
        """The request that can still be answered."""
        if application.state != "submitted":
            return None
        return next((c for c in self.completions if not c.answered_at and c.due_at > now), None)


async def submitted_page(
    request: PageRequest,
    grant: Grant,
    *,
    answer: Form[AnswerRequest] | None = None,
    file_reason: str = "",
    status_code: int = 200,
) -> Template:
    async with tenant_transaction(grant.tenant_id) as scope:
        room = await room_of(scope, await enter(scope, request, grant))
        content = room.application.content
        codes = {content.organisation.municipality_code} if content else set()
        codes |= {desk.municipality_code for desk in content.desks} if content else set()
        stands = Standing(
            await queries.completions_of(scope, grant.application_id),
            await entry_of(scope, grant.application_id),
            await municipality_names(scope, codes),
            await region_names(scope),
        )
    return page(
        request,
        "tenants/calls/application.html",
        status_code=status_code,
        crumbs=crumbs_of(room),
        room=room,
        application=room.application,
        call=room.call,
        content=content,
        stands=stands,
        asked=stands.asked(room.application, room.now),
        timeline=timeline_of(room.application, room.call, stands.completions, stands.place),
        answer=answer or blank(AnswerRequest, prefix="answer"),
        file_reason=file_reason,
        receipt_awaited=is_awaited(room.application, room.now),
        base=f"/applications/{room.application.id}",
        withdrawable=room.application.state in WITHDRAWABLE,
        moment=standing.moment,
        labels={
            "states": APPLICATION_STATES,
            "kinds": HOST_KINDS,
            "bases": LEGAL_BASES,
            "reasons": EXCLUSION_REASONS,
            "declarations": DECLARATIONS,
        },
    )


def is_awaited(application: Application, now: datetime) -> bool:
    """Whether its receipt is still to be made."""
    submitted_at = application.submitted_at
    return (
        application.receipt_id is None
        and submitted_at is not None
        and now < submitted_at + RECEIPT_WITHIN
    )
