"""What the Ente's board says: who is being set up and what blocks them, growth, coverage, silence, ends."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import pytest

from hub import clock
from hub.db import network_transaction
from hub.tenants.network import queries
from hub.tenants.network.schemas import Board, RunningSetup
from hub.tenants.network.service import last_months, look_at
from tests.factories import Member, make_membership, make_tenant
from tests.tenants.network.conftest import Browse
from tests.tenants.network.making import LOMBARDY, MILAN, Network, Point

DAY = timedelta(days=1)


def today() -> date:
    return clock.today()


async def board_of(member: Member) -> Board:
    async with network_transaction() as scope:
        return await look_at(scope, member.actor)


async def running(on: date, *, zone: str = "UTC") -> list[RunningSetup]:
    """As it stood at a session of the database in a time zone."""
    async with network_transaction() as scope:
        await scope.execute("SELECT set_config('timezone', $1, true)", zone)
        return await queries.running_setups(scope, on, limit=10)


async def test_an_empty_network_is_told_in_words(network: Network, browse: Browse) -> None:
    board = await board_of(network.admin)
    assert set(board.figures) == {0}
    assert set(board.waiting) == {0}
    assert [board.setups, board.silent, board.ending, board.last_opened_on] == [[], [], [], None]
    text = (await (await browse(network.admin)).get("/network")).text
    for words in (
        "Al momento nulla attende un tuo intervento.",
        "In questo momento nessuno è in avvio.",
        "Non ha ancora aperto nessuno sportello.",
        "Ogni sportello attivo ha incontrato cittadini di recente.",
    ):
        assert words in text, words


async def test_figures_count_whoever_is_active(network: Network) -> None:
    host, both = await make_tenant("host"), await make_tenant("lender", "tutor")
    await make_tenant("tutor", state="suspended")
    await make_tenant("host", state="closed")
    apart = await make_tenant("host", "lender", "tutor")
    await network.set_apart(apart)
    coming = await make_tenant("host", state="suspended")
    setup_id = await network.setup(coming, [Point("protocol_signed", "done")])
    for tenant in (host, apart, coming):
        await network.desk(tenant, opened_on=today(), last_on=today())
    await network.desk(host, state="closed", opened_on=today())
    await network.desk(coming, state="setting_up", setup_id=setup_id)
    for tenant in (host, apart):
        await network.desk(tenant, state="setting_up")
    await network.setup(both, [Point("register_stated", "undone")], state="active")
    # Whoever is suspended is told as such, and no longer as active and not in order.
    stopped = await make_tenant("tutor", state="suspended")
    await network.setup(stopped, [Point("register_stated", "undone")], state="active")
    figures = (await board_of(network.admin)).figures
    assert figures._asdict() == {
        "desks": 1,
        "desks_in_setup": 2,
        "further_desks": 1,
        "hosts": 1,
        "lenders": 1,
        "tutors": 1,
        "setups": 1,
        "ready": 1,
        "overdue": 0,
        "undone": 1,
        "silent": 0,
    }


@pytest.mark.parametrize("kind", ["host", "lender", "tutor"])
async def test_a_kind_that_is_coming_is_not_counted_before_it_is_in_force(
    network: Network, kind: str
) -> None:
    others = [other for other in ("host", "lender", "tutor") if other != kind]
    widened = await make_tenant("host", "lender", "tutor")
    await network.superuser.execute(
        "UPDATE tenants SET coming_kinds = $2 WHERE id = $1", widened.id, [kind]
    )
    figures = (await board_of(network.admin)).figures._asdict()
    assert figures[f"{kind}s"] == 0
    assert [figures[f"{other}s"] for other in others] == [1, 1]


async def test_each_open_point_says_how_long_it_blocks(network: Network) -> None:
    tenant = await make_tenant("host", state="suspended", name="Comune di Prova")
    at = clock.now()
    await network.setup(
        tenant,
        [
            Point("protocol_signed", "done", since=at - 9 * DAY),
            Point("operators_invited", since=at - 12 * DAY, due_on=today()),
            Point("training_completed", since=at - 12 * DAY, due_on=today() - DAY),
            Point("desks_complete", "undone", since=at, due_on=today() - DAY, exception="agreed"),
            Point("services_stated", since=at - DAY, exception="refused"),
            Point("test_referral_answered", since=at, exception="asked"),
        ],
    )
    (one,) = (await board_of(network.admin)).setups
    assert (one.name, one.kinds, one.place, one.region) == (
        "Comune di Prova",
        ("host",),
        "Napoli",
        "Campania",
    )
    # An exception that was agreed counts as it does on the organisation's page.
    assert (one.done, one.points) == (2, 6)
    assert [(p.code, p.days, p.overdue, p.excepted) for p in one.blocked] == [
        ("operators_invited", 12, False, False),
        ("training_completed", 12, True, False),
        ("desks_complete", 0, True, True),
        ("services_stated", 1, False, False),
        ("test_referral_answered", 0, False, False),
    ]
    assert not one.is_ready


async def test_each_point_is_told_as_a_task_with_its_own_days_the_longest_first(
    network: Network, browse: Browse
) -> None:
    tenant = await make_tenant("host", state="suspended", name="Comune di Prova")
    at = clock.now()
    await network.setup(
        tenant,
        [
            Point("protocol_signed"),
            Point("operators_invited", since=at - 61 * DAY),
            Point("training_completed", since=at - 61 * DAY),
        ],
    )
    client = await browse(network.admin)
    for path in ("/network", "/network/organisations?state=setup"):
        text = (await client.get(path)).text
        lines = re.findall(r'<li>([^<]*) <span class="hub-muted">([^<]*)</span>', text)
        assert lines == [
            ("Operatori da invitare", "da 61 giorni"),
            ("Formazione da completare", "da 61 giorni"),
            ("Accordo da firmare", "da oggi"),
        ], path


async def test_further_desks_say_what_they_lack_and_for_how_long(
    network: Network, browse: Browse
) -> None:
    host = await make_tenant("host", name="Comune di Prova")
    asked = await network.desk(host, "Sportello due", state="setting_up")
    await network.desk(host, "Sportello uno", state="setting_up")
    await network.asked_to_open(host, asked)
    # One that a set-up opens stands with its set-up.
    coming = await make_tenant("host", state="suspended")
    setup_id = await network.setup(coming)
    await network.desk(coming, "Con l’avvio", state="setting_up", setup_id=setup_id)
    async with network_transaction() as scope:
        further = await queries.further_desks(scope, today() + 3 * DAY, limit=10)
    assert [one.days for one in further] == [3, 3]
    assert [(one.name, one.asked, one.organisation) for one in further] == [
        ("Sportello due", True, "Comune di Prova"),
        ("Sportello uno", False, "Comune di Prova"),
    ]
    client = await browse(network.admin)
    text = (await client.get("/network")).text
    assert "Nuovi sportelli in avvio" in text
    assert f'<a href="/network/organisations/{host.id}/desks">Sportello due</a>' in text
    assert "Manca ancora: CAP, orari" in text
    found = await client.get("/network/organisations?need=further")
    assert f'<a href="/network/organisations/{host.id}">Comune di Prova</a>' in found.text
    desks = (await client.get(f"/network/organisations/{host.id}/desks")).text
    assert "In avvio" in desks


async def test_only_an_exception_that_was_agreed_makes_ready(network: Network) -> None:
    states = {"agreed": True, "asked": False, "refused": False, "withdrawn": False}
    for state in states:
        tenant = await make_tenant("host", state="suspended", name=state)
        await network.setup(
            tenant, [Point("protocol_signed", "done"), Point("training_completed", exception=state)]
        )
    board = await board_of(network.admin)
    assert {one.name: one.is_ready for one in board.setups} == states
    assert (board.figures.setups, board.figures.ready) == (4, 1)


async def test_days_are_those_of_italy_in_whatever_zone_the_session_is(network: Network) -> None:
    tenant = await make_tenant("host", state="suspended")
    # Half past midnight in Rome, in winter and in summer.
    winter = datetime(2026, 1, 9, 23, 30, 0, 120_000, tzinfo=UTC)
    summer = datetime(2026, 7, 9, 22, 30, tzinfo=UTC)
    await network.setup(
        tenant,
        [Point("protocol_signed", since=winter), Point("operators_invited", since=summer)],
    )
    for zone in ("UTC", "Europe/Rome", "Pacific/Auckland", "America/Los_Angeles"):
        for on, days in (
            (date(2026, 1, 10), [0, 0]),
            (date(2026, 1, 11), [1, 0]),
            (date(2026, 7, 10), [181, 0]),
            (date(2026, 7, 11), [182, 1]),
        ):
            (one,) = await running(on, zone=zone)
            assert [point.days for point in one.blocked] == days, (zone, on)


async def test_what_is_due_first_comes_first_and_ten_are_shown(
    network: Network, browse: Browse
) -> None:
    for number in range(12):
        tenant = await make_tenant("host", state="suspended", name=f"Comune {number:02}")
        due_on = today() + (5 - number) * DAY
        await network.setup(tenant, [Point("protocol_signed")], due_on=due_on)
    board = await board_of(network.admin)
    assert [one.name for one in board.setups] == [f"Comune {n:02}" for n in range(11, 1, -1)]
    assert (board.figures.setups, board.figures.overdue) == (12, 6)
    text = (await (await browse(network.admin)).get("/network")).text
    assert "Tutte le 12 in avvio" in text
    assert "In ritardo" in text
    assert "da oggi" in text


async def test_a_set_up_that_has_ended_is_not_shown(network: Network) -> None:
    for state in ("active", "abandoned"):
        await network.setup(await make_tenant("host"), [Point("protocol_signed")], state=state)
    board = await board_of(network.admin)
    assert board.setups == []
    assert board.figures.setups == 0


async def test_exceptions_wait_for_somebody_else_and_for_a_set_up_that_runs(
    network: Network,
) -> None:
    for state in ("running", "active", "abandoned"):
        tenant = await make_tenant("host", state="suspended")
        await network.setup(
            tenant,
            [
                Point("training_completed", exception="asked"),
                Point("desks_complete", exception="agreed"),
            ],
            state=state,
        )
    assert (await board_of(network.admin)).waiting.exceptions == 0
    assert (await board_of(network.second)).waiting.exceptions == 1


async def test_protocols_to_be_checked_are_the_ente_s_own(network: Network) -> None:
    tenant = await make_tenant("host")
    for state in ("to_check", "to_check", "sent", "cancelled"):
        await network.protocol(tenant, state=state)
    other = await make_membership(await make_tenant("coordinator"), "admin")
    assert (await board_of(network.admin)).waiting.to_check == 2
    assert (await board_of(other)).waiting.to_check == 0


@pytest.mark.parametrize(
    ("day", "month", "first"),
    [
        (date(2026, 1, 31), date(2026, 1, 1), date(2025, 2, 1)),
        (date(2026, 12, 1), date(2026, 12, 1), date(2026, 1, 1)),
        (date(2024, 2, 29), date(2024, 2, 1), date(2023, 3, 1)),
    ],
)
def test_the_last_twelve_months_end_with_this_one(day: date, month: date, first: date) -> None:
    months = last_months(day)
    assert len(months) == 12
    assert (months[0], months[-1]) == (first, month)
    assert months == sorted(set(months))


async def test_activations_are_counted_by_month(network: Network) -> None:
    months = last_months(today())
    host, apart = await make_tenant("host"), await make_tenant("host")
    await network.set_apart(apart)
    # The first and the last day of a month, one before all of them, one today.
    for day in (months[0], months[1] - DAY, months[1], months[0] - DAY, today()):
        await network.desk(host, opened_on=day, last_on=today())
    await network.desk(host, state="closed", opened_on=months[3])
    await network.desk(host, state="setting_up", opened_on=months[4])
    await network.desk(apart, opened_on=months[5])
    board = await board_of(network.admin)
    assert [month for month, _count in board.activations] == months
    assert [count for _month, count in board.activations] == [2, 1, 0, 1, *[0] * 7, 1]
    assert board.last_opened_on == today()


async def test_a_year_without_an_activation_names_the_last(
    network: Network, browse: Browse
) -> None:
    last = last_months(today())[0] - DAY
    await network.desk(await make_tenant("host"), opened_on=last, last_on=today())
    board = await board_of(network.admin)
    assert sum(count for _month, count in board.activations) == 0
    assert board.last_opened_on == last
    text = (await (await browse(network.admin)).get("/network")).text
    assert "Negli ultimi dodici mesi non ha aperto nessuno sportello" in text
    assert str(last.year) in text


async def test_coverage_is_that_of_each_province(network: Network) -> None:
    open_here = await make_tenant("host")
    coming = await make_tenant("host", state="suspended", region_code=LOMBARDY)
    await network.desk(open_here, opened_on=today(), last_on=today())
    await network.desk(open_here, state="setting_up")
    await network.desk(coming, state="setting_up", place=MILAN, region=LOMBARDY)
    # Of one that is suspended, of one that has closed, of the sandbox: nobody is received there.
    apart = await make_tenant("host")
    await network.set_apart(apart)
    for tenant, state in (
        (apart, "active"),
        (await make_tenant("host", state="suspended"), "active"),
        (open_here, "closed"),
        (await make_tenant("host", state="closed"), "setting_up"),
    ):
        await network.desk(tenant, state=state, place="058091", region="12")
    board = await board_of(network.admin)
    there = {one.name: (one.desks, one.admitted, one.reach) for one in board.provinces}
    assert there.pop("Napoli") == (1, 1, "desk")
    assert there.pop("Milano") == (0, 1, "admitted")
    assert len(there) == 105
    assert set(there.values()) == {(0, 0, "none")}
    assert [(p.region, p.name) for p in board.provinces] == sorted(
        (p.region, p.name) for p in board.provinces
    )
    assert len(board.coverage.marks) == 107


async def test_a_desk_is_silent_after_sixty_days(network: Network, browse: Browse) -> None:
    host = await make_tenant("host", name="Comune di Prova")
    for days in (59, 60, 61, 62):
        last_on = today() - days * DAY
        await network.desk(host, f"Incontri {days}", opened_on=date(2020, 1, 1), last_on=last_on)
        # One that never met anybody is silent from its opening on.
        await network.desk(host, f"Apertura {days}", opened_on=last_on)
    board = await board_of(network.admin)
    found = {one.name: (one.days, one.last_on) for one in board.silent}
    assert found == {
        "Incontri 61": (61, today() - 61 * DAY),
        "Incontri 62": (62, today() - 62 * DAY),
        "Apertura 61": (61, None),
        "Apertura 62": (62, None),
    }
    assert [one.days for one in board.silent] == [62, 62, 61, 61]
    assert board.figures.silent == 4
    text = (await (await browse(network.admin)).get("/network")).text
    assert "Incontri 61" in text
    assert "Incontri 60" not in text


async def test_only_whoever_receives_citizens_can_be_silent(network: Network) -> None:
    long_ago = today() - 400 * DAY
    apart, stopped = await make_tenant("host"), await make_tenant("host", state="suspended")
    await network.set_apart(apart)
    host = await make_tenant("host")
    for tenant, state in (
        (apart, "active"),
        (stopped, "active"),
        (host, "closed"),
        (host, "setting_up"),
    ):
        await network.desk(tenant, state=state, opened_on=long_ago, last_on=long_ago)
    board = await board_of(network.admin)
    assert board.silent == []
    assert board.figures.silent == 0


async def test_protocols_near_their_end_and_those_that_have_ended(network: Network) -> None:
    tenant, closed = await make_tenant("host"), await make_tenant("host", state="closed")
    made = {
        days: await network.protocol(tenant, expires_on=today() + days * DAY)
        for days in (91, 90, 0, -1, 45)
    }
    await network.protocol(tenant, state="replaced", expires_on=today())
    await network.protocol(closed, expires_on=today())
    board = await board_of(network.admin)
    # What has ended undoes a point of the checklist: the to-do counts those that can still be renewed in time.
    assert [one.id for one in board.ending] == [made[days] for days in (-1, 0, 45, 90)]
    assert board.waiting.ending == 3
    other = await make_membership(await make_tenant("coordinator"), "admin")
    assert (await board_of(other)).ending == []


async def test_a_renewal_under_way_is_told(network: Network, browse: Browse) -> None:
    tenant = await make_tenant("host", name="Comune di Napoli")
    ending = await network.protocol(tenant, expires_on=today() + 30 * DAY)
    await network.protocol(tenant, state="cancelled", renews=ending)
    assert [one.renewing for one in (await board_of(network.admin)).ending] == [False]
    await network.protocol(tenant, state="sent", renews=ending)
    assert [one.renewing for one in (await board_of(network.admin)).ending] == [True]
    client = await browse(network.admin)
    for path in ("/network", "/network/protocols?show=ending"):
        assert "Rinnovo in corso" in (await client.get(path)).text, path


async def test_to_dos_lead_to_the_lists_that_hold_them(network: Network, browse: Browse) -> None:
    tenant = await make_tenant("host", state="suspended")
    await network.setup(
        tenant, [Point("training_completed", exception="asked")], due_on=today() - DAY
    )
    host = await make_tenant("host", name="Comune di Napoli")
    await network.asked_to_open(host, await network.desk(host, state="setting_up"))
    await network.protocol(tenant, state="to_check")
    await network.protocol(tenant, expires_on=today() + DAY)
    client = await browse(network.second)
    text = (await client.get("/network")).text
    for words, address in (
        ("1 deroga attende una seconda persona", "/network/organisations?need=exception"),
        ("1 avvio ha superato il termine", "/network/organisations?need=overdue"),
        ("1 nuovo sportello attende di essere aperto", "/network/organisations?need=desk"),
        ("1 accordo è vicino alla scadenza", "/network/protocols?show=ending"),
    ):
        assert f'<a href="{address}">{words}</a>' in text
        assert (await client.get(address)).status_code == 200


async def test_who_may_look(network: Network, browse: Browse) -> None:
    viewer = await browse(await make_membership(network.ente, "viewer"))
    text = (await viewer.get("/network")).text
    assert "/network/organisations/new" not in text
    assert "/network/imports" not in text
    assert (
        "/network/organisations/new" in (await (await browse(network.admin)).get("/network")).text
    )
    host = await browse(await make_membership(await make_tenant("host"), "admin"))
    for path in ("/network", "/network/organisations", "/network/silent"):
        assert (await host.get(path)).status_code == 403
    editor = await browse(await make_membership(network.ente, "editor"))
    assert (await editor.get("/network")).status_code == 403
