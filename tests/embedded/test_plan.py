from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.config import Settings, SettingsError
from hub.embedded import plan as plan_module
from hub.embedded import ports
from hub.embedded.leftovers import MARK
from hub.embedded.plan import Plan, application_services, make_plan, server_services
from hub.embedded.state import StateFolder

DATABASES = {
    "HUB_DATABASE_URL": "postgresql://web@db/hub",
    "HUB_WORKER_DATABASE_URL": "postgresql://worker@db/hub",
}


@pytest.fixture
def state(folder: Path) -> StateFolder:
    return StateFolder.open(folder)


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind((ports.HOST, 0))
        listener.listen()
        yield listener.getsockname()[1]


def planned(state: StateFolder, **environ: str) -> Plan:
    return make_plan(state, environ, 8000, lambda _: None)


def test_one_machine_needs_no_settings(state: StateFolder) -> None:
    plan = planned(state)
    settings = Settings.from_env(plan.environment)
    assert settings.base_url == f"http://127.0.0.1:{plan.web_port}"
    assert plan.mailbox_ports is not None
    assert settings.smtp_url == f"smtp://127.0.0.1:{plan.mailbox_ports[0]}"
    assert settings.mailbox_url == f"http://127.0.0.1:{plan.mailbox_ports[1]}"
    assert [*server_services(plan, state)] == ["PostgreSQL", "Valkey", "Mailbox"]


def test_the_plan_is_the_same_on_the_next_run_but_for_ports(state: StateFolder) -> None:
    secrets = {"HUB_SECRET_KEYS", "HUB_FIELD_KEYS"}
    first, second = planned(state), planned(state)
    assert {first.environment[name] for name in secrets} == {
        second.environment[name] for name in secrets
    }
    assert first.passwords == second.passwords


def test_a_taken_port_is_said_and_the_next_one_used(state: StateFolder, taken: int) -> None:
    said: list[str] = []
    plan = make_plan(state, {}, taken, said.append)
    assert plan.web_port > taken
    assert f"Port {taken} is taken: web uses {plan.web_port}." in said
    assert plan.address.endswith(f":{plan.web_port}")


def test_the_mailboxs_ports_give_way_too(
    state: StateFolder, taken: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan_module, "SMTP_PORT", taken)
    monkeypatch.setattr(plan_module, "MAILBOX_PORT", taken)
    plan = planned(state)
    assert plan.mailbox_ports is not None
    assert len({taken, *plan.mailbox_ports}) == 3


def test_a_server_that_is_given_is_used_and_not_started(state: StateFolder) -> None:
    given = DATABASES | {"HUB_REDIS_URL": "redis://bell", "HUB_SMTP_URL": "smtp://relay"}
    plan = planned(state, **given)
    assert server_services(plan, state) == {}
    assert plan.environment.items() >= given.items()
    assert "HUB_MAILBOX_URL" not in plan.environment
    assert "HUB_OWNER_DATABASE_URL" not in plan.environment


def test_the_public_address_can_be_another(state: StateFolder) -> None:
    plan = planned(state, HUB_BASE_URL="https://hub.example.org")
    assert plan.address == "https://hub.example.org"


@pytest.mark.parametrize("name", ["HUB_DATABASE_URL", "HUB_OWNER_DATABASE_URL"])
def test_half_a_database_is_refused(state: StateFolder, name: str) -> None:
    with pytest.raises(SettingsError, match="HUB_WORKER_DATABASE_URL must be set too"):
        planned(state, **{name: "postgresql://somewhere"})


def test_every_process_of_ours_is_marked_and_set(
    state: StateFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUB_POOL_SIZE", "3")
    plan = planned(state)
    for service in application_services(plan, state).values():
        assert service.environment[MARK] == str(state.root)
        assert service.environment["HUB_POOL_SIZE"] == "3"
        assert Settings.from_env(service.environment).pool_size == 3


def test_no_password_is_an_argument(state: StateFolder) -> None:
    plan = planned(state)
    services = server_services(plan, state) | application_services(plan, state)
    arguments = " ".join(part for service in services.values() for part in service.command)
    assert not [secret for secret in plan.passwords.values() if secret in arguments]


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("https://hub.example.org", True),
        ("https://localhost:8443", False),
        ("http://127.0.0.1:8000", False),
        ("http://192.168.1.5:8000", False),
    ],
)
def test_a_public_address_gets_no_demo_people(
    state: StateFolder, address: str, *, public: bool
) -> None:
    plan = planned(state, HUB_BASE_URL=address)
    assert plan.is_public is public
    # Nor the code that the demo's administrators share.
    assert ("--demo" not in server_services(plan, state)["Mailbox"].command) is public
