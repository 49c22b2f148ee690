"""What is to be done next about a call, as far as the reader may do it."""

from datetime import datetime

from hub.tenants.accounts.actor import ADMIN, OPERATOR, Actor
from hub.tenants.calls.desk.schemas import DeskCall, Todo, Waiting
from hub.tenants.calls.standing import standing_of
from hub.web.i18n import gettext as _
from hub.web.i18n import ngettext


def todos_of(call: DeskCall, waiting: Waiting, actor: Actor, now: datetime) -> list[Todo]:
    """The most pressing first."""
    found = _own_evaluations(waiting, actor)
    if actor.role in (ADMIN, OPERATOR):
        found += _for_operators(call, waiting, now)
    if actor.role == ADMIN:
        found += _for_admins(call, waiting, actor, now)
    return sorted(found, key=lambda todo: not todo.urgent)


def _own_evaluations(waiting: Waiting, actor: Actor) -> list[Todo]:
    return [
        Todo(
            ngettext("Evaluate %(num)s application", "Evaluate %(num)s applications", mine.open),
            "/evaluations",
            urgent=mine.overdue > 0,
        )
        for mine in waiting.evaluators
        if mine.membership_id == actor.membership_id and mine.open
    ]


def _for_operators(call: DeskCall, waiting: Waiting, now: datetime) -> list[Todo]:
    here = f"/selections/{call.id}"
    found = []
    if call.questions:
        words = ngettext("Answer %(num)s question", "Answer %(num)s questions", call.questions)
        found.append(Todo(words, f"{here}/questions"))
    if call.state in ("published", "evaluating"):
        found += [
            Todo(
                _(
                    "%(name)s did not complete its application in time: decide about it",
                    name=one.organisation_name,
                ),
                f"{here}/applications/{one.application_id}",
                urgent=True,
            )
            for one in waiting.requests
            if one.due_at <= now
        ]
    return found


def _for_admins(call: DeskCall, waiting: Waiting, actor: Actor, now: datetime) -> list[Todo]:
    here = f"/selections/{call.id}"
    standing = standing_of(call, now)
    found = []
    if standing == "draft":
        found.append(Todo(_("Complete the draft and publish it"), f"{here}/edit"))
    if standing in ("soon", "open", "closed") and len(waiting.evaluators) < 2:
        found.append(
            Todo(
                _("Name at least two evaluators"),
                f"{here}/evaluators",
                urgent=standing == "closed",
            )
        )
    if standing == "closed":
        found.append(
            Todo(_("Close the call and begin the evaluation"), f"{here}/close", urgent=True)
        )
    if call.state == "evaluating":
        found += _evaluation(here, waiting, now)
    if call.state == "proposed":
        by_me = call.proposed_by == actor.membership_id
        words = (
            _("Your ranking waits for the approval of a second person")
            if by_me
            else _("Approve the proposed ranking, or send it back")
        )
        found.append(Todo(words, f"{here}/ranking", urgent=not by_me))
    return found


def _evaluation(here: str, waiting: Waiting, now: datetime) -> list[Todo]:
    found = []
    if waiting.unassigned:
        words = ngettext(
            "%(num)s application lacks an evaluator: name one more",
            "%(num)s applications lack an evaluator: name one more",
            waiting.unassigned,
        )
        found.append(Todo(words, f"{here}/evaluators", urgent=True))
    overdue = sum(one.overdue for one in waiting.evaluators)
    if overdue:
        words = ngettext(
            "%(num)s evaluation is overdue: remind its evaluator, or name another",
            "%(num)s evaluations are overdue: remind their evaluators, or name others",
            overdue,
        )
        found.append(Todo(words, f"{here}/evaluators", urgent=True))
    still = any(one.open for one in waiting.evaluators) or any(
        one.due_at > now for one in waiting.requests
    )
    if waiting.received and not still and not waiting.unassigned:
        found.append(
            Todo(_("All evaluations are in: propose the ranking"), f"{here}/ranking", urgent=True)
        )
    return found
