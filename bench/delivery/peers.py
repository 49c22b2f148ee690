"""What a team would otherwise pick, run in an environment of its own, which the first run makes."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.delivery.processes import ToolMissing

ROOT = Path(__file__).parents[2]
WANTED = ROOT / "bench" / "peers" / "requirements.txt"
ENVIRONMENT = ROOT / "bench" / ".peers"


def make_environment() -> Path:
    """Returns its Python. Raises ToolMissing where the packages cannot be had."""
    python, made = ENVIRONMENT / "bin" / "python", ENVIRONMENT / "made"
    if not made.exists() or made.read_text() != WANTED.read_text():
        pip = [str(python), "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
        try:
            subprocess.run([sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)], check=True)
            subprocess.run([*pip, "-r", str(WANTED)], check=True)
        except subprocess.CalledProcessError as error:
            raise ToolMissing(
                "The packages of bench/peers/requirements.txt could not be installed: is there a network?"
            ) from error
        made.write_text(WANTED.read_text())
    return python


async def rate_of(peer: str, python: Path, task: Mapping[str, Any]) -> float:
    """Messages a second, as the peer's own clock says."""
    with tempfile.TemporaryDirectory(prefix="hub-bench-") as folder:
        written = Path(folder) / "task.json"
        written.write_text(json.dumps(task))
        process = await asyncio.create_subprocess_exec(
            str(python),
            "-m",
            f"bench.peers.{peer}",
            str(written),
            stdout=subprocess.PIPE,
            cwd=ROOT,
        )
        output, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"{peer} failed")
    return float(output.split()[-1])
