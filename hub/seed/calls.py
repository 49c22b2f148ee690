"""The calls of the demo network: the one of 2015 with its 95 hosts, one that is open, and one that is being evaluated."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from hub.seed.applicants import Applicant, apply_as, in_capital, in_towns
from hub.seed.call_rows import ApplicationCompletion
from hub.seed.call_texts import CALL_2015, CALL_ISLANDS, CALL_NORTH
from hub.seed.chance import chance, in_office, working_day
from hub.seed.desk_texts import said_hours
from hub.seed.hosts import HostPlan
from hub.seed.organisations import Network, Organisation
from hub.seed.register import Filed, Register, rome
from hub.seed.rows import Batch, Desk
from hub.seed.selection import APART, Verdict, decide, evaluate, succeed, verdict
from hub.tenants.calls.applications.complete_application import end_of
from hub.tenants.calls.applications.schemas import ProposedDesk

# What came of those who applied in 2015, besides the 95 that host a desk. The last host of Campania was in reserve, and
# moved up when another withdrew.
OTHERS_OF_2015 = {
    "15": ("left", "reserve", "reserve", "below"),
    "16": ("reserve", "incomplete"),
    "18": ("reserve", "unfit"),
    "19": ("reserve", "below", "withdrawn"),
}
WHERE_ONE_MOVED_UP = "15"
# Between which points each lies, of 100.
WORTH = {
    "host": (70, 97),
    "left": (70, 97),
    "moved_up": (67, 69),
    "reserve": (61, 66),
    "below": (35, 57),
}
# Where two evaluators were far apart.
DISPUTED = (7, 52)

REQUEST = (
    "Manca la planimetria dei locali con l’indicazione dell’accesso per le persone con disabilità."
)
# Kind of administration, the province in whose largest town it sits, and what came of it so far.
NORTH = (
    ("province", "AR", "submitted"),
    ("province", "BO", "submitted"),
    ("chamber", "BS", "submitted"),
    ("municipality", "NO", "withdrawn"),
    ("province", "AN", "submitted"),
    ("university", "PD", "submitted"),
    ("province", "PG", "completion"),
    ("municipality", "VT", "submitted"),
)
NORTH_DRAFTS = (
    ("municipality", "RA", ("organisation", "desks")),
    ("province", "SV", ("organisation",)),
    ("chamber", "UD", ()),
)
ISLANDS = (
    ("province", "CH", (78, 88)),
    ("province", "CB", (70, 84)),
    ("municipality", "MT", (74, 86)),
    ("university", "SS", (80, 92)),
    ("chamber", "PZ", (64, 76)),
    ("municipality", "NU", (66, 78)),
    ("municipality", "AQ", (68, 80)),
)
# Evaluations that nobody has given yet: (application, ordinal).
STILL_OPEN = ((2, 1), (4, 2), (5, 1))


class _Fate(NamedTuple):
    applicant: Applicant
    fate: str


def hold_calls(ente: Organisation, network: Network, today: date) -> Batch:
    """Everything of the Ente's three calls, as of the day before `today`."""
    register = Register(ente, chance("calls"))
    _call_of_2015(register, network)
    _being_evaluated(register, today)
    _open_now(register, today)
    register.write_applications()
    return register.batch


def _call_of_2015(register: Register, network: Network) -> None:
    closes = rome(date(2015, 2, 28), 12)
    evaluating, approved = rome(date(2015, 3, 2), 9, 30), rome(date(2015, 3, 26), 11)
    held = register.announce(
        CALL_2015,
        published=rome(date(2015, 1, 12), 10),
        opens=rome(date(2015, 1, 15), 9),
        closes=closes,
        state="decided",
        evaluating=evaluating,
        decided=approved,
    )
    register.answer_questions(held, rome(date(2015, 1, 20), 10))
    register.name_evaluators(held, rome(date(2015, 2, 16), 9))
    fates = list(_applicants_of_2015(network))
    register.luck.shuffle(fates)
    # So early that there was time to ask for what it lacked.
    fates.sort(key=lambda one: one.fate != "incomplete")
    times = _times_of_2015(register, len(fates), closes)
    filed = {
        register.file(held, one.applicant, at).id: one.fate
        for one, at in zip(fates, times, strict=True)
    }
    register.number()
    mine = [one for one in register.filed if one.id in filed]
    _before_closing(register, mine, filed)
    register.tell(evaluating, register.runner, "call.closed", "call", held.row.id)
    verdicts = {
        one.id: verdict(register, *WORTH[filed[one.id]]) for one in mine if filed[one.id] in WORTH
    }
    hosts = [one.id for one in mine if filed[one.id] == "host"]
    verdicts |= {hosts[number]: Verdict(APART) for number in DISPUTED}
    judged = evaluate(register, held, verdicts, rome(date(2015, 3, 20), 17))
    ranking = decide(register, held, judged, rome(date(2015, 3, 24), 16), approved)
    (left,) = (one for one in mine if filed[one.id] == "left")
    (successor,) = (one for one in mine if filed[one.id] == "moved_up")
    succeed(register, ranking, left, successor, rome(date(2015, 4, 20), 9, 15))


def _applicants_of_2015(network: Network) -> Iterator[_Fate]:
    taken = {host.slug for host in network.hosts}
    number = 0
    last = [h for h in network.hosts if h.town.region_code == WHERE_ONE_MOVED_UP][-1]
    for host, desk in zip(network.hosts, network.desks, strict=True):
        number += 1
        fate = "moved_up" if host is last else "host"
        yield _Fate(apply_as(_plan(host), number, 2015, _proposed(desk)), fate)
    for region, others in OTHERS_OF_2015.items():
        for plan, fate in zip(in_towns(region, taken), others, strict=False):
            number += 1
            yield _Fate(apply_as(plan, number, 2015), fate)


def _times_of_2015(register: Register, count: int, closes: datetime) -> list[datetime]:
    """Most in the last weeks, three in the last hour."""
    first = date(2015, 1, 19)
    days = [first + timedelta(days=int(register.luck.triangular(0, 39, 36))) for _ in range(count)]
    times = [in_office(register.luck, working_day(day)) for day in days]
    times[:3] = [closes - timedelta(minutes=minutes, seconds=13) for minutes in (43, 9, 0)]
    return sorted(times)


def _before_closing(register: Register, mine: Sequence[Filed], fates: Mapping[UUID, str]) -> None:
    """What was excluded or withdrawn before the commission began."""
    excluded = rome(date(2015, 3, 2), 8, 45)
    for one in mine:
        fate = fates[one.id]
        if fate == "withdrawn" and one.submitted_at:
            at = max(one.submitted_at, rome(date(2015, 2, 20), 11)) + timedelta(hours=1)
            one.state, one.changed_at = "withdrawn", at
            one.withdrawn = (at, "La giunta ha scelto un’altra sede.")
            register.tell(at, None, "application.withdrawn", "application", one.id)
        if fate == "incomplete":
            one.excluded = ("incomplete", "La planimetria richiesta non è stata presentata.")
            _ask(register, one, rome(date(2015, 2, 13), 10), end_of(date(2015, 2, 25)))
        if fate == "unfit":
            one.excluded = ("other", "La sede proposta non è nella disponibilità dell’ente.")
        if one.excluded:
            one.state, one.changed_at = "excluded", excluded
            register.tell(
                excluded,
                register.office,
                "application.excluded",
                "application",
                one.id,
                reason=one.excluded[0],
            )


def _open_now(register: Register, today: date) -> None:
    opens = rome(today - timedelta(days=25), 9)
    held = register.announce(
        CALL_NORTH,
        published=opens - timedelta(days=3),
        opens=opens,
        closes=rome(today + timedelta(days=35), 12),
    )
    register.answer_questions(held, opens + timedelta(days=17, hours=1))
    register.name_evaluators(held, opens + timedelta(days=2))
    for number, (kind, province, fate) in enumerate(NORTH):
        applicant = apply_as(in_capital(kind, province), 200 + number, today.year)
        day = working_day(today - timedelta(days=20 - 2 * number))
        one = register.file(held, applicant, in_office(register.luck, day))
        if fate == "withdrawn" and one.submitted_at:
            at = one.submitted_at + timedelta(days=2)
            one.state, one.changed_at = "withdrawn", at
            one.withdrawn = (at, "La domanda sarà ripresentata dalla provincia.")
            register.tell(at, None, "application.withdrawn", "application", one.id)
        if fate == "completion" and one.submitted_at:
            asked = max(one.submitted_at, rome(today - timedelta(days=4), 11))
            _ask(register, one, asked, end_of(today + timedelta(days=9)))
    for number, (kind, province, steps) in enumerate(NORTH_DRAFTS):
        applicant = apply_as(in_capital(kind, province), 250 + number, today.year)
        day = working_day(today - timedelta(days=9 - 2 * number))
        register.prepare(held, applicant, in_office(register.luck, day), steps)
    register.number()


def _being_evaluated(register: Register, today: date) -> None:
    opens, closes = rome(today - timedelta(days=75), 9), rome(today - timedelta(days=26), 12)
    evaluating = rome(today - timedelta(days=24), 9, 30)
    held = register.announce(
        CALL_ISLANDS,
        published=opens - timedelta(days=3),
        opens=opens,
        closes=closes,
        state="evaluating",
        evaluating=evaluating,
    )
    # Reminded of late, so that the demo begins with an empty mailbox.
    yesterday = rome(today - timedelta(days=1), 8)
    register.name_evaluators(held, opens + timedelta(days=2), reminded=yesterday)
    verdicts = {}
    for number, (kind, province, bounds) in enumerate(ISLANDS):
        applicant = apply_as(in_capital(kind, province), 150 + number, today.year)
        day = working_day(today - timedelta(days=50 - 3 * number))
        one = register.file(held, applicant, in_office(register.luck, day))
        verdicts[one.id] = verdict(register, *bounds)
    register.tell(evaluating, register.runner, "call.closed", "call", held.row.id)
    until = rome(today - timedelta(days=3), 17)
    evaluate(register, held, verdicts, until, left_open=STILL_OPEN)


def _ask(register: Register, filed: Filed, asked: datetime, due: datetime) -> None:
    completion = register.new_id(asked)
    register.batch.add(
        ApplicationCompletion(
            completion,
            register.ente_id,
            filed.id,
            asked,
            register.office.id,
            REQUEST,
            due,
        )
    )
    register.tell(asked, register.office, "application.completion_asked", "application", filed.id)


def _plan(host: Organisation) -> HostPlan:
    return HostPlan(host.slug, host.tenant.name, host.tenant.host_kind or "other", host.town)


def _proposed(desk: Desk) -> ProposedDesk:
    return ProposedDesk(desk.name, desk.municipality_code, desk.address, said_hours(desk), 1)
