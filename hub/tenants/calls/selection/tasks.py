"""Telling applicants what became of them, and evaluators what waits for them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from hub import mail
from hub.db import tenant_transaction
from hub.outbox import Job
from hub.tenants.calls.applications.schemas import EXCLUSION_REASONS
from hub.tenants.calls.selection import evaluations, ranked
from hub.tenants.calls.selection.each_ranked import order_for_each
from hub.tenants.calls.selection.schemas import Entry
from hub.tenants.people.colleagues import write_colleague
from hub.web.formats import format_number
from hub.web.i18n import gettext as _
from hub.web.i18n import ngettext, reading_in
from hub.worker import task


@task("selection.tell_outcomes")
async def tell_outcomes(job: Job, *, ranking_id: UUID, behind: UUID) -> None:
    """Order a letter for each applicant of a published ranking, once each also where the task runs twice."""
    await order_for_each(job, "selection.tell_outcome", ranked.ranked_ids, ranking_id, behind)


@task("selection.tell_outcome")
async def tell_outcome(job: Job, *, application_id: UUID) -> None:
    """Nothing to whoever withdrew in the meantime."""
    async with tenant_transaction(job.owner_id) as scope:
        to = await ranked.addressee(scope, application_id)
        entry = await ranked.entry_of(scope, application_id)
    if to is None or entry is None or to["state"] == "withdrawn":
        return
    with reading_in(to["locale"]):
        await _send(
            job,
            to,
            _("Outcome of your application %(protocol)s", protocol=entry.protocol),
            [
                _("The ranking of the call “%(call)s” is published.", call=to["title"]),
                _outcome(entry),
            ],
        )


@task("selection.tell_moved_up")
async def tell_moved_up(job: Job, *, application_id: UUID) -> None:
    async with tenant_transaction(job.owner_id) as scope:
        to = await ranked.addressee(scope, application_id)
        entry = await ranked.entry_of(scope, application_id)
    if to is None or entry is None or to["state"] != "admitted":
        return
    with reading_in(to["locale"]):
        await _send(
            job,
            to,
            _("Your application %(protocol)s is admitted", protocol=entry.protocol),
            [
                _(
                    "In the ranking of the call “%(call)s” a place became free: %(name)s, which was in reserve, is"
                    " admitted now.",
                    call=to["title"],
                    name=entry.organisation_name,
                )
            ],
        )


@task("selection.remind_evaluator")
async def remind_evaluator(job: Job, *, call_id: UUID, membership_id: UUID) -> None:
    """Nothing where all is given by now."""
    async with tenant_transaction(job.owner_id) as scope:
        waiting, title = await evaluations.waiting_of(scope, call_id, membership_id)
    if not waiting:
        return
    await write_colleague(
        job,
        membership_id,
        lambda: (
            ngettext(
                "%(num)s application waits for your evaluation",
                "%(num)s applications wait for your evaluation",
                waiting,
            ),
            [_("You evaluate the applications to the call “%(call)s”.", call=title)],
            (_("To my evaluations"), "/evaluations"),
        ),
    )


async def _send(job: Job, to: dict[str, Any], subject: str, paragraphs: Sequence[str]) -> None:
    body = mail.letter(
        title=subject,
        paragraphs=paragraphs,
        button=(_("See the ranking"), f"{mail.base_url()}/calls/{to['slug']}/ranking"),
    )
    await mail.send(to=to["email"], subject=subject, text=body.text, html=body.html, key=job.id)


def _outcome(entry: Entry) -> str:
    name, region = entry.organisation_name, entry.region
    if entry.position is None or entry.score is None:
        return _("%(name)s is excluded: %(reason)s.", name=name, reason=_reason(entry))
    place = {
        "name": name,
        "region": region,
        "position": entry.position,
        "points": format_number(entry.score),
    }
    if entry.now == "admitted":
        return _(
            "%(name)s is admitted: position %(position)s of %(region)s, with %(points)s points.",
            **place,
        )
    if entry.now == "reserve":
        return _(
            "%(name)s is in reserve: position %(position)s of %(region)s, with %(points)s points."
            " If one that is admitted withdraws, the first in reserve takes its place.",
            **place,
        )
    return _(
        "%(name)s is excluded with %(points)s points: %(reason)s.",
        name=name,
        points=place["points"],
        reason=_reason(entry),
    )


def _reason(entry: Entry) -> str:
    label = EXCLUSION_REASONS.get(entry.reason or "", EXCLUSION_REASONS["other"])
    words = _(label)
    return words[:1].lower() + words[1:]
