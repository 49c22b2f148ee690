"""`delivery.dkim_rsa`: signatures over a newsletter by the hub, and bare RSA signatures by OpenSSL on the same cores.

Both count by processor time, so what else the machine does changes little. Two processes at a time are two plain ones
for OpenSSL too: its own `-multi` counts in another way.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Sequence

from bench.delivery.processes import tool
from bench.harness import Figure, figure, take_turns

SECONDS = 1
AIM = 0.85


async def dkim_rsa(rounds: int) -> list[Figure]:
    """Raises ToolMissing."""
    openssl = tool("openssl")

    async def speed(processes: int) -> float:
        command = [openssl, "speed", "-mr", "-seconds", str(SECONDS), "rsa2048"]
        return sum(map(_signatures, await _outputs(command, processes)))

    async def hub(processes: int) -> float:
        command = [sys.executable, "-m", "bench.delivery.sign", str(SECONDS)]
        return sum(map(float, await _outputs(command, processes)))

    results = await take_turns(
        {
            "one": lambda: hub(1),
            "openssl": lambda: speed(1),
            "two": lambda: hub(2),
            "two openssl": lambda: speed(2),
        },
        rounds,
    )
    return [
        _compared("delivery.dkim_rsa", results["one"], results["openssl"]),
        _compared("delivery.dkim_rsa_two", results["two"], results["two openssl"]),
    ]


def _compared(name: str, ours: Sequence[float], theirs: Sequence[float]) -> Figure:
    ratios = [own / other for own, other in zip(ours, theirs, strict=True)]
    return figure(name, "signatures/s", ours, against={"openssl": ratios}, aims={"openssl": AIM})


def _signatures(output: str) -> float:
    """Of a line such as `+F2:2:2048:4510.769231:75479.661017`: signatures and verifications a second."""
    (found,) = (line for line in output.splitlines() if line.startswith("+F2:"))
    return float(found.split(":")[3])


async def _outputs(command: Sequence[str], processes: int) -> list[str]:
    """Of so many at the same time."""
    return await asyncio.gather(*(_output(command) for _ in range(processes)))


async def _output(command: Sequence[str]) -> str:
    process = await asyncio.create_subprocess_exec(
        *command, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    output, complaints = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"{command[0]} failed: {complaints.decode()[-500:]}")
    return output.decode()
