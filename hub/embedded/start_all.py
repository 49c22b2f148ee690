"""`hub up`: a whole network on this machine, until Ctrl-C."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Coroutine
from contextlib import redirect_stdout, suppress
from itertools import groupby
from operator import itemgetter
from signal import SIG_IGN, SIGHUP, SIGINT, SIGTERM, getsignal
from typing import Any

import asyncpg
from rich.console import Console
from rich.markup import escape

from hub import crypto
from hub.config import Settings, SettingsError
from hub.embedded import postgres
from hub.embedded.leftovers import end_leftovers
from hub.embedded.plan import Plan, application_services, make_plan, server_services
from hub.embedded.ports import HOST, NoFreePort
from hub.embedded.postgres import Cluster, PostgresError
from hub.embedded.programs import ProgramMissing
from hub.embedded.progress import Progress
from hub.embedded.state import AlreadyRunning, StateError, StateFolder
from hub.embedded.supervisor import Service, ServiceFailed, Supervisor


class PreparationFailed(Exception):
    """The database could not be migrated or filled; the message says why."""


STATED = (
    SettingsError,
    StateError,
    PostgresError,
    ProgramMissing,
    NoFreePort,
    ServiceFailed,
    PreparationFailed,
)


def up(*, port: int = 8000, scale: int = 1) -> int:
    """Returns the command's exit code: 0 after a stop that was asked for, and if it is already running."""
    # Bound to today's stdout: while Piccolo migrates, what it prints goes to a log.
    console = Console(file=sys.stdout)
    try:
        state = StateFolder.open()
        with state.lock():
            asyncio.run(_run(state, port, scale, Progress(console)))
    except AlreadyRunning as error:
        address = StateFolder.open().running().get("address")
        console.print(f"{error} {address or 'It is just starting.'}", soft_wrap=True)
    except KeyboardInterrupt:
        # Before there was anything to stop; later Ctrl-C is a stop in order.
        return 130
    except STATED as error:
        console.print(
            f"[bold red]Stopped.[/] {escape(str(error))}", highlight=False, soft_wrap=True
        )
        return 1
    return 0


async def _run(state: StateFolder, port: int, scale: int, progress: Progress) -> None:
    if ended := await asyncio.to_thread(end_leftovers, state.root):
        progress.say(f"Ended {ended} processes that an earlier run had left.")
    plan = make_plan(state, os.environ, port, progress.say)
    supervisor = Supervisor(progress.say, lambda: _tell(state, plan, supervisor))
    stopping = _when_asked_to_stop(supervisor)
    try:
        await _unless(stopping, supervisor, _start(plan, state, supervisor, scale, progress))
        if not stopping.is_set():
            _print_summary(plan, state, progress.console)
            await _unless(stopping, supervisor, asyncio.Event().wait())
    finally:
        progress.say("Stopping; once more ends everything at once.")
        await supervisor.stop()
        state.say_running(None)
        progress.say("Stopped.")


def _when_asked_to_stop(supervisor: Supervisor) -> asyncio.Event:
    """Set by Ctrl-C, `kill` and the closing of the terminal; the second time kills what is left."""
    stopping = asyncio.Event()

    def ask() -> None:
        if stopping.is_set():
            supervisor.kill()
        stopping.set()

    # Under nohup, the closing of the terminal is to be ignored.
    hangup = [] if getsignal(SIGHUP) is SIG_IGN else [SIGHUP]
    for number in (SIGINT, SIGTERM, *hangup):
        asyncio.get_running_loop().add_signal_handler(number, ask)
    return stopping


async def _unless(
    stopping: asyncio.Event, supervisor: Supervisor, work: Coroutine[Any, Any, object]
) -> None:
    """Do the work until it is done or the stop is asked for. Raises what the work or a failed service raises."""
    tasks = [asyncio.create_task(part) for part in (supervisor.failure(), work, stopping.wait())]
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for task in tasks:
        if task in done:
            await task


async def _start(
    plan: Plan, state: StateFolder, supervisor: Supervisor, scale: int, progress: Progress
) -> None:
    if plan.cluster and not (plan.cluster.data / "PG_VERSION").exists():
        with progress.step("New database", str(plan.cluster.data)):
            await asyncio.to_thread(plan.cluster.create)
    elif plan.cluster:
        plan.cluster.create()
    if plan.bell:
        plan.bell.configure()
    for name, service in server_services(plan, state).items():
        await _start_one(name, service, plan, supervisor, progress)
    if plan.cluster:
        await _prepare(plan.cluster, plan.passwords)
    await _fill(plan, state, scale, progress)
    for name, service in application_services(plan, state).items():
        await _start_one(name, service, plan, supervisor, progress)


async def _start_one(
    name: str, service: Service, plan: Plan, supervisor: Supervisor, progress: Progress
) -> None:
    with progress.step(name, _address_of(service, plan)):
        await supervisor.start(service)


def _address_of(service: Service, plan: Plan) -> str:
    smtp_port, _ = plan.mailbox_ports or (0, 0)
    addresses = {
        "postgres": f"{HOST}:{plan.cluster.port}" if plan.cluster else "",
        "valkey": f"{HOST}:{plan.bell.port}" if plan.bell else "",
        "mailbox": f"{plan.environment.get('HUB_MAILBOX_URL', '')}, SMTP {smtp_port}",
        "web": plan.address,
    }
    return addresses.get(service.name, "")


async def _prepare(cluster: Cluster, passwords: dict[str, str]) -> None:
    connection = await asyncpg.connect(cluster.url())
    try:
        await postgres.prepare(connection, passwords)
    finally:
        await connection.close()


async def _fill(plan: Plan, state: StateFolder, scale: int, progress: Progress) -> None:
    """Raises PreparationFailed."""
    # Piccolo and all tables: half a second better spent once something is to be seen.
    from hub.schema import migrate
    from hub.seed.load import SeedRefused, seed

    owner_url = plan.environment.get("HUB_OWNER_DATABASE_URL", "")
    if not owner_url:
        progress.say("HUB_OWNER_DATABASE_URL is not set: the database is taken as it is.")
        return
    crypto.use_keys(Settings.from_env(plan.environment).field_keys)
    try:
        with (
            progress.step("Schema", "up to date") as report,
            (state.logs / "migrate.log").open("w") as log,
            redirect_stdout(log),
        ):
            await migrate(owner_url, report=lambda what: report(0, 0, what))
        if plan.is_public:
            # Everyone knows the password of the demo network's people, an administrator among them.
            progress.say("HUB_BASE_URL is public: an empty database is not filled with the demo.")
            return
        with progress.step("Demo network", "ready") as report, suppress(SeedRefused):
            await seed(owner_url, scale, report)
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        raise PreparationFailed(f"The database could not be prepared: {reason}") from error


def _tell(state: StateFolder, plan: Plan, supervisor: Supervisor) -> None:
    """For `hub status` and for the commands that work on the running network."""
    told = {
        "pid": os.getpid(),
        "address": plan.address,
        "mailbox": plan.environment.get("HUB_MAILBOX_URL", ""),
        "processes": supervisor.process_ids,
        "environment": plan.environment,
    }
    state.say_running(told)


def _print_summary(plan: Plan, state: StateFolder, console: Console) -> None:
    # Imported late for the same reason as in _fill.
    from hub.seed.sign_ins import SECOND_FACTOR, SIGN_INS, WITH_CODE

    def say(text: str = "") -> None:
        console.print(text, highlight=False, soft_wrap=True)

    say(f"\n[bold]The network is running: {plan.address}[/]\n")
    known = () if plan.is_public else SIGN_INS
    for password, people in groupby(known, key=itemgetter(2)):
        say(f"Sign in with the password [bold]{escape(password)}[/] as")
        for who, email, _ in people:
            say(f"  {escape(who):<40} {escape(email)}{' *' if email in WITH_CODE else ''}")
    say()
    mailbox = plan.environment.get("HUB_MAILBOX_URL")
    if known:
        where = (
            f"see {mailbox}"
            if plan.mailbox_ports
            else f"an app gives it to whom types {SECOND_FACTOR}"
        )
        say(f"* and with the code of the second factor: {where}\n")
    if mailbox:
        say(f"Mail that it sends: {mailbox}")
    say(f"Data and logs: {state.root}")
    say("Ctrl-C stops everything.\n")
