"""The `hub` command."""

import asyncio
import os
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import click
import uvloop
from rich.console import Console

from hub import crypto, logs
from hub.config import Settings, SettingsError, variable

if TYPE_CHECKING:
    from hub.mail.dkim_keys import Algorithm

console = Console(stderr=True)


class Group(click.Group):
    """Settings that are missing and servers that are away are said in one sentence, not in a traceback."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except SettingsError as error:
            raise click.ClickException(str(error)) from None


@click.group(
    cls=Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(version("microwork-hub"), prog_name="hub")
def main() -> None:
    """MICRO-WORK Hub: desks, lenders and tutors work one case together, each in its own space.

    `hub up` starts a whole network on this machine. The other commands are its pieces, for real servers: they
    read the HUB_… variables that docs/operations.md lists, and what is not set from the `hub up` that is running.
    """


@main.command()
@click.option(
    "--port",
    default=8000,
    show_default=True,
    type=click.IntRange(1, 65535),
    help="First port to try for the web pages.",
)
@click.option(
    "--scale",
    default=1,
    show_default=True,
    type=click.IntRange(1, 1000),
    help="Size of the demo network, if the database is empty.",
)
def up(port: int, scale: int) -> None:
    """Start everything on this machine, with the demo network, until Ctrl-C.

    PostgreSQL, Valkey and a local mailbox come along; a server whose HUB_…_URL is set is used instead.
    """
    from hub.embedded import up as start

    sys.exit(start(port=port, scale=scale))


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True)
@click.option("--workers", default=1, show_default=True, help="Processes that answer requests.")
def web(host: str, port: int, workers: int) -> None:
    """Serve the pages and the API."""
    from granian import Granian
    from granian.constants import Interfaces, Loops
    from granian.log import LogLevels

    os.environ.update(_environment())
    Settings.from_env()
    logs.configure()
    Granian(
        "hub.asgi:app",
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        workers=workers,
        loop=Loops.uvloop,
        log_level=LogLevels.warning,
        log_access=False,
        respawn_failed_workers=True,
        workers_kill_timeout=8,
    ).serve()


@main.command()
@click.option("--once", is_flag=True, help="Run what is due and stop.")
def worker(*, once: bool) -> None:
    """Do what the outbox asks: mail, newsletters, follow-ups. Start as many as you like, on any host."""
    from hub import metrics
    from hub.worker import run_once, run_worker

    settings = _settings()
    metrics.check(settings.metrics_address)
    logs.configure()
    with metrics.serve("" if once else settings.metrics_address):
        _run(lambda: run_once(settings) if once else run_worker(settings))


@main.group()
def campaign() -> None:
    """See how newsletters go, from the host of a worker."""


@campaign.command("list")
def list_campaigns() -> None:
    """The newest campaigns, and how far each has come."""
    from hub.newsletter.watch import show_list

    settings = _settings()
    _run(lambda: show_list(settings, Console()))


@campaign.command("watch")
@click.argument("campaign_id", metavar="[ID]", required=False, type=click.UUID)
def watch_campaign(campaign_id: UUID | None) -> None:
    """Follow a campaign until it ends: the one with this ID, or the one that runs.

    In a terminal the picture stays in place; elsewhere every change is a line. Ends with status 0 when the campaign was
    sent, with 1 when it was cancelled.
    """
    from hub.newsletter.watch import CannotWatch, watch

    settings = _settings()
    try:
        sent = _run(lambda: watch(settings, campaign_id, Console()))
    except CannotWatch as error:
        raise click.ClickException(str(error)) from None
    sys.exit(0 if sent else 1)


@main.command()
def migrate() -> None:
    """Bring the database to the newest schema and load the reference data, as the owner of the tables."""
    from hub.schema import migrate as run

    owner_url = _owner_url(_settings())
    with console.status("migrating") as status:
        asyncio.run(run(owner_url, report=status.update))
    console.print("The database is up to date.")


@main.command()
@click.option(
    "--scale",
    default=1,
    show_default=True,
    type=click.IntRange(1, 1000),
    help="How many times the first project's size.",
)
@click.option("--replace", is_flag=True, help="Delete the demo network that is there, first.")
def seed(scale: int, replace: bool) -> None:
    """Fill an empty database with the demo network: the same invented people on every run."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from hub.seed.load import SeedRefused
    from hub.seed.load import seed as run

    settings = _settings()
    owner_url = _owner_url(settings)
    crypto.use_keys(settings.field_keys)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as progress:
        bar = progress.add_task("seeding", total=None)

        def report(done: int, total: int, label: str) -> None:
            progress.update(bar, completed=done, total=total, description=label)

        try:
            asyncio.run(run(owner_url, scale, report, replace=replace))
        except SeedRefused as error:
            raise click.ClickException(str(error)) from None


@main.command()
def roles() -> None:
    """Print the SQL that makes the roles and logins, for the administrator of a real PostgreSQL server."""
    from hub.roles import role_statements

    click.echo("-- Run as a superuser, once for each server. Replace the three passwords.")
    click.echo(role_statements("owner-password", "web-password", "worker-password"))


@main.command()
def status() -> None:
    """Say what runs on this machine and where."""
    from hub.embedded import print_status

    sys.exit(print_status(console))


@main.group()
def dkim() -> None:
    """Keys that sign mail: make them, and say what the DNS must publish."""


@dkim.command("new")
@click.argument("domain")
@click.argument("selector")
@click.option("--type", "algorithm", default="rsa", type=click.Choice(["rsa", "ed25519"]))
@click.option("--out", "file", required=True, type=click.Path(path_type=Path), help="A new file.")
def new_dkim_key(domain: str, selector: str, algorithm: "Algorithm", file: Path) -> None:
    """Write a key into a file that only you can read, and print its DNS record."""
    from hub.mail.dkim_keys import new_key

    try:
        key = new_key(domain, selector, algorithm, file)
    except OSError as error:
        raise click.ClickException(f"{file}: {error.strerror}") from None
    click.echo(key.record())
    console.print("Publish this record, then put the key into HUB_DKIM_KEYS.")


@dkim.command("records")
def dkim_records() -> None:
    """Print the DNS records of all keys in HUB_DKIM_KEYS."""
    from hub.mail.dkim_keys import read_keys, signing

    keys = read_keys(_environment().get(variable("dkim_keys"), ""))
    if not keys:
        raise SettingsError("HUB_DKIM_KEYS is empty: the relay signs.")
    for key in keys:
        click.echo("; signs" if key in signing(keys, key.domain) else "; published only")
        click.echo(key.record())


def _environment() -> dict[str, str]:
    from hub.embedded import running_environment

    return {**running_environment(), **os.environ}


def _settings() -> Settings:
    return Settings.from_env(_environment())


def _owner_url(settings: Settings) -> str:
    if not settings.owner_database_url:
        raise SettingsError("HUB_OWNER_DATABASE_URL is not set.")
    return settings.owner_database_url


def _run(start: Callable[[], object]) -> object:
    from hub.errors import Unavailable
    from hub.logins import UnsafeLogin

    try:
        return uvloop.run(start())  # type: ignore[arg-type]  # the lambda makes the coroutine inside the loop's thread
    except UnsafeLogin as error:
        raise click.ClickException(f"refusing to start: {error}") from None
    except Unavailable:
        raise click.ClickException("the database does not answer") from None
    except KeyboardInterrupt:
        sys.exit(130)
