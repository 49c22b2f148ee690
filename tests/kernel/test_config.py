from __future__ import annotations

import base64

import pytest

from hub.config import Key, Settings, SettingsError

KEY = base64.b64encode(b"k" * 32).decode()
OLDER = base64.b64encode(b"o" * 40).decode()
ENVIRONMENT = {
    "HUB_DATABASE_URL": "postgresql://web@db/hub",
    "HUB_WORKER_DATABASE_URL": "postgresql://worker@db/hub",
    "HUB_REDIS_URL": "redis://bell/0",
    "HUB_SECRET_KEYS": f"s2:{KEY}, s1:{OLDER}",
    "HUB_FIELD_KEYS": f"f1:{KEY}",
}


def test_everything_is_read_from_the_environment() -> None:
    settings = Settings.from_env(
        ENVIRONMENT
        | {
            "HUB_POOL_SIZE": "25",
            "HUB_BASE_URL": "https://hub.example.org/",
            "HUB_SMTP_URL": " smtp://relay:2525 ",
            "HUB_UNKNOWN": "is somebody else's",
        }
    )
    assert settings.database_url == "postgresql://web@db/hub"
    assert settings.secret_keys == (Key("s2", b"k" * 32), Key("s1", b"o" * 40))
    assert settings.pool_size == 25
    assert settings.base_url == "https://hub.example.org"
    assert settings.smtp_url == "smtp://relay:2525"
    assert settings.owner_database_url == ""
    assert settings.max_body_bytes == 1_000_000


@pytest.mark.parametrize("name", sorted(ENVIRONMENT))
@pytest.mark.parametrize("left", [None, "", "   "])
def test_what_is_missing_is_named(name: str, left: str | None) -> None:
    environment = {key: value for key, value in ENVIRONMENT.items() if key != name}
    if left is not None:
        environment[name] = left
    with pytest.raises(SettingsError, match=f"^{name} is not set"):
        Settings.from_env(environment)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("HUB_WORKER_DATABASE_URL", "mysql://secret@db/hub"),
        ("HUB_REDIS_URL", "secret:6379"),
        ("HUB_SMTP_PER_MINUTE", "-1"),
        ("HUB_POOL_SIZE", "many"),
        ("HUB_POOL_SIZE", "0"),
        ("HUB_MAX_BODY_BYTES", "-5"),
        ("HUB_FIELD_KEYS", "hunter2hunter2"),
        ("HUB_FIELD_KEYS", f":{KEY}"),
        ("HUB_FIELD_KEYS", f"a.b:{KEY}"),
        ("HUB_FIELD_KEYS", "f1:" + base64.b64encode(b"hunter2hunter2").decode()),
        ("HUB_SECRET_KEYS", f"s1:{KEY},"),
        ("HUB_SECRET_KEYS", f"s1:{KEY},s1:{OLDER}"),
        ("HUB_SECRET_KEYS", "s1:hunter2hunter2!"),
    ],
)
def test_what_cannot_be_read_is_named_and_not_shown(name: str, text: str) -> None:
    with pytest.raises(SettingsError, match=name) as caught:
        Settings.from_env(ENVIRONMENT | {name: text})
    assert "hunter2" not in str(caught.value)
    assert caught.value.__context__ is None or caught.value.__suppress_context__


def test_settings_show_no_secret() -> None:
    settings = Settings.from_env(
        ENVIRONMENT | {"HUB_DATABASE_URL": "postgresql://web:hunter2@db/hub"}
    )
    assert "hunter2" not in repr(settings)
    assert repr(settings.secret_keys) == "(Key('s2'), Key('s1'))"


def test_settings_cannot_be_changed() -> None:
    settings = Settings.from_env(ENVIRONMENT)
    with pytest.raises(AttributeError):
        settings.pool_size = 1  # type: ignore[misc]  # the test is that this fails
