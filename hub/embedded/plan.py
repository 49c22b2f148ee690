"""What `hub up` will start on this machine, on which ports, and with which settings."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from signal import Signals
from urllib.parse import urlsplit

from hub.config import SettingsError
from hub.embedded import ports
from hub.embedded.leftovers import MARK
from hub.embedded.mailbox_process import answers, mailbox_command, mailbox_is_ready
from hub.embedded.postgres import DATABASE, SUPERUSER, Cluster
from hub.embedded.programs import postgres_programs, valkey_server
from hub.embedded.state import StateFolder, checkout
from hub.embedded.supervisor import Service
from hub.embedded.valkey import Bell
from hub.roles import OWNER, WEB_LOGIN, WORKER_LOGIN

# Where each begins to look for a free port: below the range from which systems take ports for connections, so
# that a server that is started again finds its own still free.
POSTGRES_PORT, VALKEY_PORT, SMTP_PORT, MAILBOX_PORT = 15432, 16379, 1025, 8025
DATABASE_VARIABLES = {
    "HUB_DATABASE_URL": WEB_LOGIN,
    "HUB_WORKER_DATABASE_URL": WORKER_LOGIN,
    "HUB_OWNER_DATABASE_URL": OWNER,
}
HUB_COMMAND = (sys.executable, "-c", "from hub.cli import main; main(prog_name='hub')")
# Granian and the worker give what they have begun 8 seconds to end.
APPLICATION_STOP_SECONDS = 10

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """A server that is None is someone else's: its address came with the environment."""

    environment: dict[str, str]
    """The HUB_… settings of every process."""
    cluster: Cluster | None
    bell: Bell | None
    mailbox_ports: tuple[int, int] | None
    """Of SMTP and of the page."""
    web_port: int
    passwords: dict[str, str]

    @property
    def address(self) -> str:
        return self.environment["HUB_BASE_URL"]

    @property
    def is_public(self) -> bool:
        """Whether people elsewhere are meant to come: the address leads by TLS to more than this machine."""
        url = urlsplit(self.address)
        return url.scheme == "https" and url.hostname not in ("localhost", ports.HOST)


def make_plan(state: StateFolder, environ: Mapping[str, str], port: int, say: Say) -> Plan:
    """Raises SettingsError, StateError, ProgramMissing or NoFreePort."""
    given = {name: value for name, value in environ.items() if name.startswith("HUB_") and value}
    passwords = state.secrets()
    chosen = _Ports(say)
    web_port = chosen.take("web", port)
    made = {
        "HUB_BASE_URL": f"http://{ports.HOST}:{web_port}",
        **{name: passwords[name] for name in ("HUB_SECRET_KEYS", "HUB_FIELD_KEYS")},
    }
    cluster = bell = mailbox_ports = None
    if not DATABASE_VARIABLES.keys() & given.keys():
        programs = postgres_programs(state.user, state.programs)
        taken = chosen.take("PostgreSQL", POSTGRES_PORT)
        cluster = Cluster(state.postgres, programs, state.user, passwords[SUPERUSER], taken)
        for name, login in DATABASE_VARIABLES.items():
            made[name] = cluster.url(login, passwords[login], DATABASE)
    elif missing := {"HUB_DATABASE_URL", "HUB_WORKER_DATABASE_URL"} - given.keys():
        raise SettingsError(
            f"{' and '.join(sorted(missing))} must be set too: some of the database's addresses are."
        )
    if "HUB_REDIS_URL" not in given:
        program = valkey_server(state.user, state.programs)
        taken = chosen.take("Valkey", VALKEY_PORT)
        bell = Bell(state.valkey, program, state.user, passwords["valkey"], taken)
        made["HUB_REDIS_URL"] = bell.url
    if "HUB_SMTP_URL" not in given:
        mailbox_ports = (chosen.take("mail", SMTP_PORT), chosen.take("mailbox", MAILBOX_PORT))
        made["HUB_SMTP_URL"] = f"smtp://{ports.HOST}:{mailbox_ports[0]}"
        made["HUB_MAILBOX_URL"] = f"http://{ports.HOST}:{mailbox_ports[1]}"
    return Plan(made | given, cluster, bell, mailbox_ports, web_port, passwords)


class _Ports:
    """Says which port it is, where it is not the usual one."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._taken: set[int] = set()

    def take(self, what: str, wanted: int) -> int:
        port = ports.first_free(wanted, taken=frozenset(self._taken))
        if port != wanted:
            self._say(f"Port {wanted} is taken: {what} uses {port}.")
        self._taken.add(port)
        return port


def server_services(plan: Plan, state: StateFolder) -> dict[str, Service]:
    """What must run before the database can be migrated, by the name that is shown."""
    services = {}
    # Its tables and clock must not depend on the locale and time zone of whoever starts it.
    bare = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
    if cluster := plan.cluster:
        services["PostgreSQL"] = Service(
            name="postgres",
            command=cluster.command(),
            log=state.logs / "postgres.log",
            environment=bare,
            user=cluster.user,
            folder=cluster.data,
            clear=cluster.clear,
            ready=cluster.is_ready,
            # After a hard crash it reads its log again first.
            ready_seconds=300,
            # Disconnects everyone and writes what is in memory.
            stop_signal=Signals.SIGINT,
        )
    if bell := plan.bell:
        services["Valkey"] = Service(
            name="valkey",
            command=bell.command(),
            log=state.logs / "valkey.log",
            environment=bare,
            user=bell.user,
            folder=bell.data,
            clear=bell.clear,
            ready=bell.is_ready,
        )
    if plan.mailbox_ports:
        smtp_port, page_port = plan.mailbox_ports
        services["Mailbox"] = Service(
            name="mailbox",
            command=mailbox_command(smtp_port, page_port, state.mailbox, demo=not plan.is_public),
            log=state.logs / "mailbox.log",
            environment=_environment(plan, state),
            ready=partial(mailbox_is_ready, page_port),
            stop_seconds=5,
        )
    return services


def application_services(plan: Plan, state: StateFolder) -> dict[str, Service]:
    environment = _environment(plan, state)
    return {
        "Web": Service(
            name="web",
            command=(*HUB_COMMAND, "web", "--port", str(plan.web_port)),
            log=state.logs / "web.log",
            environment=environment,
            folder=checkout(),
            ready=partial(answers, plan.web_port, "/status"),
            ready_seconds=60,
            stop_seconds=APPLICATION_STOP_SECONDS,
            layer=1,
        ),
        "Worker": Service(
            name="worker",
            command=(*HUB_COMMAND, "worker"),
            log=state.logs / "worker.log",
            environment=environment,
            folder=checkout(),
            stop_seconds=APPLICATION_STOP_SECONDS,
            layer=1,
        ),
    }


def _environment(plan: Plan, state: StateFolder) -> dict[str, str]:
    return dict(os.environ) | plan.environment | {MARK: str(state.root)}
