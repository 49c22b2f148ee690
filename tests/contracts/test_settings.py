"""`docs/operations.md` names every setting, with its default, and no other."""

from __future__ import annotations

import re
from dataclasses import MISSING, fields
from pathlib import Path

import pytest

from hub.config import Settings, variable

ROOT = Path(__file__).parents[2]
OPERATIONS = (ROOT / "docs" / "operations.md").read_text()
NAMES = {variable(field.name) for field in fields(Settings)}
DEFAULTS = {
    variable(field.name): field.default
    for field in fields(Settings)
    if field.default not in (MISSING, "")
}
MENTIONED = re.compile(r"HUB_[A-Z]+(?:_[A-Z]+)*")

# Beside Settings: read before there are any.
OTHERS = {"HUB_STATE_FOLDER"}
# Marks that `hub up` leaves on its own processes.
INTERNAL = {"HUB_UP_FOLDER", "HUB_COMMAND"}


@pytest.mark.parametrize("name", sorted(NAMES | OTHERS))
def test_a_setting_has_its_row(name: str) -> None:
    assert re.search(rf"^\|.*`{name}`", OPERATIONS, re.MULTILINE)


@pytest.mark.parametrize("name", sorted(DEFAULTS))
def test_a_default_is_the_one_that_is_documented(name: str) -> None:
    rows = [line for line in OPERATIONS.splitlines() if line.startswith(f"| `{name}`")]
    default = DEFAULTS[name]
    said = f"default {default:,}" if isinstance(default, int) else f"default `{default}`"
    assert [row for row in rows if said in row]


def test_no_other_setting_is_spoken_of() -> None:
    texts = [OPERATIONS, (ROOT / "README.md").read_text(), *_sources()]
    spoken_of = {name for text in texts for name in MENTIONED.findall(text)}
    assert spoken_of - NAMES - OTHERS - INTERNAL == set()


def _sources() -> list[str]:
    return [path.read_text() for path in sorted((ROOT / "hub").rglob("*.py"))]
