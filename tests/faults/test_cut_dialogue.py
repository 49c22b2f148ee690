"""The connection to the relay is severed, session after session, at every point of the dialogue."""

from __future__ import annotations

import random
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from hub.newsletter.schemas import MOST_RESENDS, OnDoubt
from tests.faults.reckoning import Report, reckon
from tests.faults.stage import SHORT_WORKER, Row, Stage, staged, until_ended
from tests.support.cutting_proxy import CuttingProxy, Dialogue, Point

READERS = 250


@asynccontextmanager
async def proxied(stage: Stage) -> AsyncIterator[CuttingProxy]:
    """A worker with a single connection at a time, by way of a proxy."""
    proxy = CuttingProxy(stage.sink.url(0))
    proxy.keeps_dialogues = True
    await proxy.open()
    worker = stage.add_worker(SHORT_WORKER, sink=proxy.url, HUB_SMTP_CONNECTIONS="1")
    worker.start()
    try:
        yield proxy
    finally:
        worker.end()
        await proxy.close()


async def rehearsal(stage: Stage, proxy: CuttingProxy) -> Dialogue:
    """A session of a few messages, undisturbed."""
    await until_ended(stage, await stage.start_campaign(3, "ask"))
    return next(each for each in proxy.dialogues if each.client.count(b"\r\nDATA\r\n") > 1)


def before_the_first_message(dialogue: Dialogue) -> list[Point]:
    """Every point at which nothing of it can have begun: the go-ahead has not come whole."""
    asked = dialogue.client.index(b"\r\nDATA\r\n") + len(b"\r\nDATA\r\n")
    told = dialogue.server.index(b"354 ")
    return points(range(0, asked, 4), range(0, told + len(b"354 go on"), 4))


def from_the_first_message_on(dialogue: Dialogue) -> list[Point]:
    """Its first bytes and the dot, the answer and the envelope behind it byte by byte; all between in steps."""
    began = dialogue.client.index(b"\r\nDATA\r\n") + len(b"\r\nDATA\r\n")
    ended = dialogue.client.index(b"\r\n.\r\n", began)
    then = dialogue.client.index(b"\r\nDATA\r\n", ended) + len(b"\r\nDATA\r\n")
    client = [
        *range(began + 1, began + 4),
        *range(began + 4, ended, (ended - began) // 12),
        *range(ended, ended + 8),
        *range(ended + 8, then + 2, 9),
    ]
    answered = dialogue.server.index(b"354 ") + len(b"354 go on\r\n")
    server = range(answered, len(dialogue.server), 3)
    return points(client, server)


def points(of_client: Iterable[int], of_server: Iterable[int]) -> list[Point]:
    """By turns a reset and an ordinary end."""
    found = [(after, True) for after in of_client] + [(after, False) for after in of_server]
    return [
        Point(after, of_client=whose, reset=number % 2 == 0)
        for number, (after, whose) in enumerate(found)
    ]


async def lead(
    stage: Stage, proxy: CuttingProxy, plan: Iterable[Point], on_doubt: OnDoubt
) -> tuple[Report, list[Row]]:
    """A campaign through sessions severed at these points, in any order; then undisturbed."""
    shuffled = list(plan)
    random.Random(1).shuffle(shuffled)
    # The rehearsal's connection must not carry it.
    proxy.cut()
    proxy.mend(reset=True)
    proxy.plan.extend(shuffled)
    seen = len(stage.sink.sessions())
    began = time.monotonic()
    campaign_id = await stage.start_campaign(READERS, on_doubt)
    await until_ended(stage, campaign_id)
    assert not proxy.plan, "every point had its turn"
    rows, sessions = await stage.ledger(campaign_id), stage.sink.sessions()[seen:]
    # A severed session leaves at most its last message without an answer.
    wire = [session.messages[-1] for session in sessions if session.messages]
    report = reckon(rows, sessions, wire, ["session"] * len(shuffled), time.monotonic() - began)
    print(report)  # noqa: T201  # shown where it fails
    return report, rows


async def test_before_a_message_begins_there_is_no_doubt() -> None:
    async with staged(1) as stage, proxied(stage) as proxy:
        plan = before_the_first_message(await rehearsal(stage, proxy))
        report, _ = await lead(stage, proxy, plan, "resend")
    assert report.states == {"sent": READERS}
    assert report.doubted == report.doubled == report.missing == 0


async def test_asking_doubles_nobody_and_lists_who_has_nothing() -> None:
    async with staged(1) as stage, proxied(stage) as proxy:
        plan = from_the_first_message_on(await rehearsal(stage, proxy))
        report, _ = await lead(stage, proxy, plan, "ask")
    assert report.doubled == report.lost == 0
    assert 0 < report.states.pop("in_doubt") == report.doubted <= len(plan)
    assert report.states.keys() == {"sent"}
    assert report.missing > 0, "some were cut before the dot"


async def test_resending_reaches_everyone() -> None:
    async with staged(1) as stage, proxied(stage) as proxy:
        plan = from_the_first_message_on(await rehearsal(stage, proxy))
        report, rows = await lead(stage, proxy, plan, "resend")
    listed = [row for row in rows if row.state == "in_doubt"]
    # Whoever had such bad luck three times is left to a person.
    assert all(row.doubts > MOST_RESENDS for row in listed)
    assert report.states["sent"] == READERS - len(listed)
    assert report.lost == 0
    assert 0 < report.doubled <= len(plan)
    assert report.unexplained == report.undoubted == report.unlike == 0
