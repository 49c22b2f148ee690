"""`hub worker`: runs the outbox's rows, sweeps for those whose bell was lost, and keeps going when Valkey does not.

A task is an async function of a leased `Job` and the ids in its row:

    @task("cases.remind")
    async def remind(job: Job, *, case_id: UUID) -> None: ...

It opens its own scopes, checks the state before acting, and talks to the network outside of any. Whatever it raises
puts the row back with a growing pause; returning ends the row.
"""

import asyncio
import gc
import importlib
import logging
import signal
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec
from arq.connections import RedisSettings
from arq.cron import CronJob, cron
from arq.worker import Worker, func

from hub import crypto, logs, mail, metrics, outbox, tokens
from hub.config import Settings
from hub.db import close_pool, open_pool, relay_transaction
from hub.errors import Unavailable
from hub.logins import check_login
from hub.mail.replies import RelayUnavailable
from hub.outbox import LONG_QUEUE, SHORT_QUEUE, Job
from hub.roles import LOGIN_ROLES, WORKER_LOGIN

log = logging.getLogger(__name__)

# Every module that holds tasks, or a kind of open work that they ask for. The registries are filled by importing them.
TASK_MODULES: tuple[str, ...] = (
    "hub.tenants.accounts.tasks",
    "hub.tenants.calls.questions.tasks",
    "hub.tenants.calls.applications.link_tasks",
    "hub.tenants.calls.applications.draft_tasks",
    "hub.tenants.calls.applications.receipt_tasks",
    "hub.tenants.calls.selection.tasks",
    "hub.tenants.calls.desk.tasks",
    "hub.tenants.exchange.tasks",
    "hub.tenants.protocols.mail_tasks",
    "hub.tenants.protocols.tasks",
    "hub.tenants.organisation.desks.tasks",
    "hub.tenants.people.tasks",
    "hub.tenants.people.leaving_tasks",
    "hub.tenants.onboarding.tasks",
    "hub.tenants.onboarding.admission_tasks",
    "hub.tenants.onboarding.exception_letters",
    "hub.tenants.onboarding.term_letters",
    "hub.tenants.onboarding.letters",
    "hub.referrals.cases.open_work",
    "hub.referrals.course.tasks",
    "hub.referrals.inbox.tasks",
    "hub.referrals.sandbox.tasks",
    "hub.newsletter.tasks",
    "hub.newsletter.resend_tasks",
)

SWEEP_SECONDS = 2.0
RECONNECT_SECONDS = 1.0
DRAIN_SECONDS = 8.0
# Below arq's own limit, whose cancellation could not be told from a worker that stops.
SHORT_SECONDS = 50.0

IDLE_SECONDS, LOCK_SECONDS = 8.0, 3.0
# arq also writes down exceptions, of which the kind is enough.
_ENCODER = msgspec.json.Encoder(enc_hook=lambda found: type(found).__name__)

TaskFunction = Callable[..., Coroutine[Any, Any, None]]
Companion = Callable[[asyncio.Event], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True)
class Task:
    name: str
    run: TaskFunction
    long: bool


_tasks: dict[str, Task] = {}
_periodic: dict[str, tuple[Callable[[], Awaitable[None]], set[int]]] = {}
_companions: dict[Companion, Callable[[], Awaitable[None]]] = {}


def task(name: str, *, long: bool = False) -> Callable[[TaskFunction], TaskFunction]:
    """Register a task. A long one may take hours and renews its lease; a short one ends within a minute."""

    def register(run: TaskFunction) -> TaskFunction:
        _tasks[name] = Task(name, run, long)
        return run

    return register


def every_minute(
    name: str, *, at_seconds: frozenset[int] = frozenset({0})
) -> Callable[[Callable[[], Awaitable[None]]], Callable[[], Awaitable[None]]]:
    """Register housekeeping that one worker of all does at the given seconds of each minute."""

    def register(run: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
        _periodic[name] = (run, set(at_seconds))
        return run

    return register


def alongside(*, once: Callable[[], Awaitable[None]]) -> Callable[[Companion], Companion]:
    """Register what runs as long as the worker does, until the event it is given; it must see to its own failures.

    `once` does what is due and returns, for `hub worker --once`.
    """

    def register(run: Companion) -> Companion:
        _companions[run] = once
        return run

    return register


def load_tasks() -> dict[str, Task]:
    for module in TASK_MODULES:
        importlib.import_module(module)
    return _tasks


def long_tasks() -> frozenset[str]:
    return frozenset(name for name, entry in load_tasks().items() if entry.long)


async def run_row(row_id: UUID) -> bool:
    """Lease a row, run its task, record the end. False where the row was not to be had."""
    async with relay_transaction() as scope:
        job = await outbox.lease(scope, row_id)
    if job is None:
        return False
    entry = _tasks.get(job.task)
    try:
        if entry is None:
            raise LookupError(job.task)
        async with (
            asyncio.timeout(None if entry.long else SHORT_SECONDS),
            asyncio.TaskGroup() as group,
        ):
            keeper = group.create_task(_keep_lease(job))
            await entry.run(job, **{name: UUID(value) for name, value in job.args.items()})
            keeper.cancel()
    except asyncio.CancelledError:
        with suppress(Unavailable):
            async with relay_transaction() as scope:
                await outbox.give_back(scope, job)
        raise
    except BaseException as error:
        cause = error.exceptions[0] if isinstance(error, BaseExceptionGroup) else error
        if not isinstance(cause, Exception):
            raise
        _log_failure(job, cause)
        async with relay_transaction() as scope:
            await outbox.fail(scope, job, type(cause).__name__, passes=_passes(cause))
        return True
    async with relay_transaction() as scope:
        await outbox.finish(scope, job)
    return True


def _passes(error: Exception) -> bool:
    """Nobody's fault and over by itself: the mail server or the database is away, or asks to wait."""
    if isinstance(error, mail.NotSent):
        return error.state == "retry"
    return isinstance(error, Unavailable | RelayUnavailable)


async def _keep_lease(job: Job) -> None:
    while True:
        await asyncio.sleep(outbox.LEASE.total_seconds() / 3)
        with suppress(Unavailable):
            async with relay_transaction() as scope:
                await outbox.renew(scope, job)


def _log_failure(job: Job, error: Exception) -> None:
    log.warning(
        "task %s, row %s, attempt %d: %s", job.task, job.id, job.attempt, logs.describe(error)
    )


async def sweep() -> int:
    """Ring for every row that is due and that nobody holds; returns how many."""
    async with relay_transaction() as scope:
        await outbox.bury_lost(scope)
        rows = await outbox.due(scope)
    for name, row_id, attempt in rows:
        await outbox.ring([(name, row_id)], attempt)
    return len(rows)


@every_minute("outbox.forget_done", at_seconds=frozenset({30}))
async def forget_done() -> None:
    async with relay_transaction() as scope:
        await outbox.forget_done(scope)


async def drain_now(rounds: int = 100) -> int:
    """Run every due row in this process, without Valkey. For `hub worker --once` and tests."""
    load_tasks()
    done = 0
    for _ in range(rounds):
        async with relay_transaction() as scope:
            rows = await outbox.due(scope)
        for _name, row_id, _attempt in rows:
            done += await run_row(row_id)
        for once in _companions.values():
            await once()
        if not rows:
            break
    return done


async def _open_pool(settings: Settings) -> None:
    """A host that is cut off in the middle of a transaction must not hold up the others, nor the people."""
    await open_pool(
        settings.worker_database_url,
        settings.pool_size,
        idle_seconds=IDLE_SECONDS,
        lock_seconds=LOCK_SECONDS,
    )


async def run_once(settings: Settings) -> None:
    """Run what is due, then stop."""
    use_settings(settings)
    await check_login(settings.worker_database_url, LOGIN_ROLES[WORKER_LOGIN])
    await _open_pool(settings)
    try:
        await drain_now()
    finally:
        await mail.close_lane()
        await close_pool()


def use_settings(settings: Settings) -> None:
    """Give this process its keys and its relay."""
    crypto.use_keys(settings.field_keys)
    tokens.use_keys(settings.secret_keys)
    mail.use_relay(settings)


def _collect_seldom() -> None:
    """What is loaded by now stays; and of what comes with messages little is in cycles, so looking for them can wait."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 10)


async def run_worker(settings: Settings) -> None:
    """Until SIGTERM or SIGINT; then stop taking rows, wait a little for those at work, and give back the rest."""
    use_settings(settings)
    await _wait_for_database(settings)
    await _open_pool(settings)
    outbox.open_bell(settings.redis_url, long_tasks())
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loops = [
        asyncio.create_task(_listen(settings.redis_url, SHORT_QUEUE, stop, jobs=20, seconds=60)),
        asyncio.create_task(_listen(settings.redis_url, LONG_QUEUE, stop, jobs=4, seconds=86_400)),
        asyncio.create_task(_sweep_forever(stop)),
        asyncio.create_task(metrics.watch_outbox(stop)),
        *(asyncio.create_task(_accompany(run, stop)) for run in _companions),
    ]
    _collect_seldom()
    log.info("worker is ready")
    try:
        await stop.wait()
        await asyncio.wait(loops, timeout=DRAIN_SECONDS)
        for running in loops:
            running.cancel()
        await asyncio.gather(*loops, return_exceptions=True)
    finally:
        await mail.close_lane()
        await outbox.close_bell()
        await close_pool()


async def _wait_for_database(settings: Settings) -> None:
    """A worker that starts before its database waits; one whose login is not safe never starts (UnsafeLogin)."""
    while True:
        try:
            return await check_login(settings.worker_database_url, LOGIN_ROLES[WORKER_LOGIN])
        except Unavailable:
            log.warning("the database does not answer; waiting")
            await asyncio.sleep(RECONNECT_SECONDS)


async def _accompany(run: Companion, stop: asyncio.Event) -> None:
    """A companion that fails is told, and begins again."""
    while not stop.is_set():
        try:
            await run(stop)
        except Exception as error:  # noqa: BLE001  # a worker that looks healthy and does half of its work helps nobody
            log.warning("%s failed: %s", run.__qualname__, logs.describe(error))
            await asyncio.sleep(RECONNECT_SECONDS)


async def _sweep_forever(stop: asyncio.Event) -> None:
    while not stop.is_set():
        try:
            await sweep()
        except Unavailable:
            log.warning("the database does not answer; waiting")
        except Exception as error:  # noqa: BLE001  # without the sweeper, a lost bell would be lost for good
            log.warning("a sweep failed: %s", logs.describe(error))
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), SWEEP_SECONDS)


async def _listen(url: str, queue: str, stop: asyncio.Event, *, jobs: int, seconds: int) -> None:
    """arq's worker ends when Valkey goes away; this one begins again."""
    while not stop.is_set():
        worker = _arq_worker(url, queue, jobs, seconds)
        running = asyncio.create_task(worker.async_run())
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not stop.is_set():
                log.warning("lost the bell of %s; listening again", queue)
                await asyncio.sleep(RECONNECT_SECONDS)
        finally:
            stopping.cancel()
            running.cancel()
            with suppress(BaseException):
                await asyncio.wait_for(asyncio.gather(*worker.tasks.values()), DRAIN_SECONDS / 2)
            with suppress(BaseException):
                await running
            with suppress(BaseException):
                await worker.close()


def _arq_worker(url: str, queue: str, jobs: int, seconds: int) -> Worker:
    settings = RedisSettings.from_dsn(url)
    settings.conn_timeout, settings.conn_retries = 2, 0
    return Worker(
        [func(_run_outbox, name="run_outbox", keep_result=0, max_tries=1)],  # type: ignore[arg-type]  # arq's protocol wants *args
        cron_jobs=_cron_jobs() if queue == SHORT_QUEUE else [],
        queue_name=queue,
        redis_settings=settings,
        handle_signals=False,
        max_jobs=jobs,
        job_timeout=seconds,
        keep_result=0,
        poll_delay=0.05,
        log_results=False,
        job_serializer=_ENCODER.encode,
        job_deserializer=msgspec.json.decode,
    )


def _cron_jobs() -> list[CronJob]:
    load_tasks()
    return [
        cron(_housekeeping(run), name=name, second=seconds, timeout=50, keep_result=0)
        for name, (run, seconds) in _periodic.items()
    ]


def _housekeeping(run: Callable[[], Awaitable[None]]) -> Callable[..., Coroutine[Any, Any, None]]:
    async def housekeeping(_context: dict[Any, Any]) -> None:
        await _quietly(run())

    return housekeeping


async def _run_outbox(_context: dict[Any, Any], row_id: str) -> None:
    await _quietly(run_row(UUID(row_id)))


async def _quietly(work: Awaitable[object]) -> None:
    """arq would log the error's text. What failed here is still due, so the sweeper or the next minute tries again."""
    try:
        await work
    except Exception as error:  # noqa: BLE001  # whatever it was, it is told here and ends here
        log.warning("work for the bell failed: %s", logs.describe(error))
