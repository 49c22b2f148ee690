"""The minutes of a selection: everything that anyone decided, in order of time, on paper.

They can be printed at any time; points are in them only once nobody's evaluation can be swayed by them any more.
Those of many applications come in parts: setting an application's share takes half a megabyte of memory.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hub.clock import day_of
from hub.db import TenantScope
from hub.errors import NotFound
from hub.pdf import render_pdf
from hub.tenants.calls.applications.schemas import APPLICATION_STATES, EXCLUSION_REASONS
from hub.tenants.calls.schemas import CALL_STATES, Call
from hub.tenants.calls.selection import chronicle, deeds, incoming, ranked
from hub.tenants.calls.selection.page_parts import points
from hub.tenants.calls.selection.schemas import (
    OUTCOMES,
    RECUSED_BY_THE_HUB,
    Deed,
    Entry,
    protocol,
)
from hub.tenants.territory.queries import region_names
from hub.web import i18n
from hub.web.formats import format_datetime, format_number
from hub.web.i18n import N_
from hub.web.i18n import gettext as _

Row = Mapping[str, Any]
# Applications in one file.
EACH_PART = 200


@dataclass(frozen=True, slots=True)
class Told:
    """All that one part of the minutes tells, as it stood at `now`."""

    call: Call
    part: int
    parts: int
    regions: Mapping[str, str]
    commission: Sequence[Row]
    applications: Sequence[Row]
    completions: Sequence[Row]
    evaluations: Sequence[Row]
    rankings: Sequence[Row]
    entries: Sequence[Entry]
    deeds: Sequence[Deed]
    now: datetime


def parts_of(applications: int) -> int:
    """In how many files the minutes of so many applications are."""
    return max(1, -(-applications // EACH_PART))


async def gathered(scope: TenantScope, call: Call, part: int = 1) -> Told:
    """The first part tells of the call itself, too. Raises NotFound for a part that there is not."""
    counts = await incoming.counts(scope, call.id)
    parts = parts_of(sum(counts.values()))
    if not 1 <= part <= parts:
        raise NotFound
    applications = await chronicle.applications_told(
        scope, call.id, skip=(part - 1) * EACH_PART, limit=EACH_PART
    )
    ids = [one["id"] for one in applications]
    rankings = await chronicle.rankings_told(scope, call.id)
    standing = [one["id"] for one in rankings if one["state"] != "rejected"]
    return Told(
        call,
        part,
        parts,
        await region_names(scope),
        await chronicle.commission_told(scope, call.id),
        applications,
        await chronicle.completions_told(scope, ids),
        await chronicle.evaluations_told(scope, ids),
        rankings,
        await ranked.entries_of(scope, standing[-1], ids) if standing else [],
        await chronicle.all_deeds(scope, call.id, ids, of_the_call=part == 1),
        scope.now,
    )


def minutes_pdf(told: Told) -> bytes:
    """In the reader's language."""
    day = day_of(told.now)
    return render_pdf(
        "tenants/calls/minutes.typ",
        {
            "title": _("Minutes of the selection"),
            "locale": i18n.locale(),
            "date": [day.year, day.month, day.day],
            "footer": told.call.title,
            "call": told.call.title,
            "facts": _facts(told),
            "sections": [section for section in _sections(told) if section["rows"]],
        },
    )


def _facts(told: Told) -> list[tuple[str, str]]:
    call = told.call
    return [
        (_("State"), _(CALL_STATES[call.state])),
        *(
            [(_("Part"), _("%(part)s of %(parts)s", part=told.part, parts=told.parts))]
            if told.parts > 1
            else []
        ),
        (_("Printed at"), _at(told.now)),
        (_("Opens"), _at(call.opens_at)),
        (_("Closes"), _at(call.closes_at)),
        (_("Regions"), ", ".join(told.regions.get(code, code) for code in call.regions)),
        (_("Minimum points"), format_number(call.minimum_points)),
        (_("A third evaluator beyond a difference of"), format_number(call.difference_limit)),
        (
            _("Places"),
            ", ".join(
                f"{told.regions.get(code, code)} {format_number(places)}"
                for code, places in call.quotas.items()
            ),
        ),
    ]


def _sections(told: Told) -> list[dict[str, object]]:
    return [
        _section(
            _("Criteria"),
            [_("Criterion"), _("Most points"), _("Weight")],
            [
                (one.name, format_number(one.max_points), format_number(one.weight))
                for one in told.call.criteria
            ],
            [3, 1, 1],
        ),
        _section(
            _("Extensions of the term"),
            [_("Extended"), _("Closed before"), _("Closes now"), _("Reasons")],
            [
                (_at(one.extended_at), _at(one.closed_before), _at(one.closes_at), one.reason)
                for one in told.call.extensions
            ],
            [2, 2, 2, 3],
        ),
        _section(
            _("Evaluators"),
            [_("Name"), _("Named"), _("By"), _("Removed")],
            [
                (one["name"], _at(one["named_at"]), one["named_by"], _at(one["removed_at"]))
                for one in told.commission
            ],
            [2, 2, 2, 2],
        ),
        _section(
            _("Applications received"),
            [_("Protocol number"), _("Administration"), _("Region"), _("Received"), _("State")],
            [
                (
                    _protocol(one),
                    one["organisation_name"],
                    one["region"],
                    _at(one["submitted_at"]),
                    _state_of(one),
                )
                for one in told.applications
            ],
            [2, 3, 2, 2, 3],
        ),
        _section(
            _("Requests to complete"),
            [_("Protocol number"), _("Asked"), _("Request"), _("Until"), _("Answered")],
            [
                (
                    _protocol(one),
                    f"{_at(one['asked_at'])}, {one['asked_by']}",
                    one["request"],
                    _at(one["due_at"]),
                    _at(one["answered_at"]) or "–",
                )
                for one in told.completions
            ],
            [2, 2, 3, 2, 2],
        ),
        _section(
            _("Evaluations"),
            [_("Protocol number"), _("Evaluator"), _("Points"), _("Of 100"), _("Reasons")],
            [_evaluation(one) for one in told.evaluations],
            [2, 2, 1.5, 1, 3.5],
        ),
        _section(
            _("Rankings"),
            [_("No."), _("Proposed"), _("Decided"), _("Outcome"), _("Note")],
            [_ranking(one) for one in told.rankings],
            [0.6, 2.4, 2.4, 1.4, 3.2],
        ),
        _section(
            _("Ranking"),
            [
                _("Region"),
                _("Position"),
                _("Protocol number"),
                _("Administration"),
                _("Points"),
                _("Outcome"),
            ],
            [_entry(one) for one in told.entries],
            [2, 1, 2, 3, 1, 2.5],
        ),
        _section(
            _("What was decided, in order of time"),
            [_("When"), _("Who"), _("What"), _("Protocol number")],
            [
                (
                    format_datetime(one.at, "short", seconds=True),
                    one.by or "–",
                    " · ".join(
                        part for part in (deeds.words(one), one.about, deeds.detail(one)) if part
                    ),
                    one.protocol or "",
                )
                for one in told.deeds
            ],
            [2, 2, 4, 2],
        ),
    ]


def _section(
    title: str, columns: list[str], rows: Sequence[tuple[object, ...]], widths: list[float]
) -> dict[str, object]:
    return {"title": title, "columns": columns, "rows": rows, "widths": widths}


def _at(instant: datetime | None) -> str:
    return format_datetime(instant, "short")


def _protocol(row: Row) -> str:
    return protocol(row["protocol_number"], row["protocol_year"])


def _state_of(row: Row) -> str:
    label = APPLICATION_STATES[row["state"]]
    if row["state"] != "excluded":
        return _(label)
    why = f"{_(label)}: {_reason(row['excluded_reason'])}"
    return ". ".join(part for part in (why, row["excluded_note"]) if part)


def _reason(code: str) -> str:
    label = EXCLUSION_REASONS.get(code, EXCLUSION_REASONS["other"])
    return _(label)


def _evaluation(row: Row) -> tuple[object, ...]:
    if row["state"] == "recused":
        why = RECUSED_BY_THE_HUB.get(row["recused_reason"])
        reason = _(why) if why else row["recused_reason"]
        return (_protocol(row), row["evaluator"], "–", "–", _("Recusal: %(reason)s", reason=reason))
    given = " + ".join(str(number) for number in row["points"])
    return (_protocol(row), row["evaluator"], given, points(row["total"]), row["note"])


RANKING_STATES = {
    "proposed": N_("Proposed"),
    "approved": N_("Approved"),
    "rejected": N_("Sent back"),
}


def _ranking(row: Row) -> tuple[object, ...]:
    decided = f"{_at(row['decided_at'])}, {row['decided_by']}" if row["decided_by"] else "–"
    digest = row["content_hash"]
    note = f"SHA-256 {digest.hex()}" if digest else row["decision_note"]
    proposed = f"{_at(row['proposed_at'])}, {row['proposed_by']}"
    outcome = RANKING_STATES[row["state"]]
    return (str(row["number"]), proposed, decided, _(outcome), note)


def _entry(entry: Entry) -> tuple[object, ...]:
    outcome = _(OUTCOMES[entry.outcome])
    if entry.now != entry.outcome:
        outcome += f" → {_(OUTCOMES[entry.now])}"
    if entry.reason:
        outcome += f": {_reason(entry.reason)}"
    if entry.replaces:
        outcome += " (" + _("in place of %(protocol)s", protocol=entry.replaces) + ")"
    position = "–" if entry.position is None else str(entry.position)
    return (
        entry.region,
        position,
        entry.protocol,
        entry.organisation_name,
        points(entry.score),
        outcome,
    )
