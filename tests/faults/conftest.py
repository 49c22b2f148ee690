"""The fault tests have a pytest process of their own: `pytest tests/faults`.

They kill PostgreSQL and Valkey, so they start servers for themselves, and they want the machine to themselves; so they
are only collected where they are asked for by name.
"""

from __future__ import annotations

from pathlib import Path

import pytest

HERE = Path(__file__).parent
SECONDS = 600
LONGEST = "test_under_fire.py"


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    asked = (Path(config.invocation_params.dir, arg.partition("::")[0]) for arg in config.args)
    return None if any(path.resolve().is_relative_to(HERE) for path in asked) else True


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # The longest first, so that it does not run alone at the end.
    items.sort(key=lambda item: item.path.name != LONGEST)
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.timeout(SECONDS))
