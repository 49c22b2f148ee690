"""What runs on this machine, for `hub status` and for commands that work on the running network."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from hub.embedded.state import StateFolder, default_folder


def status() -> dict[str, Any]:
    """`running` and, if so, `pid`, `address`, `mailbox` and `processes` (name to process id); `folder` always."""
    root = default_folder()
    # Only asked, never made: looking must not leave a folder behind.
    if not (root / "lock").exists():
        return {"running": False, "folder": str(root)}
    state = StateFolder.open(root)
    if not state.is_locked():
        return {"running": False, "folder": str(root)}
    told = state.running()
    shown = {name: told.get(name) for name in ("pid", "address", "mailbox", "processes")}
    return {"running": True, "folder": str(root)} | shown


def running_environment() -> dict[str, str]:
    """The HUB_… settings of the running `hub up`; empty if none runs."""
    if not status()["running"]:
        return {}
    environment: dict[str, str] = StateFolder.open().running().get("environment", {})
    return environment


def print_status(console: Console) -> int:
    """Returns the exit code: 0 if it runs, 3 if not, as init scripts have it."""
    found = status()
    if not found["running"]:
        console.print(f"Nothing is running. Data: {found['folder']}", soft_wrap=True)
        return 3
    console.print(f"[bold]Running:[/] {found['address'] or 'just starting'}")
    if found["mailbox"]:
        console.print(f"Mailbox: {found['mailbox']}")
    for name, pid in (found["processes"] or {}).items():
        console.print(f"  {name:<10} process {pid}", highlight=False)
    console.print(f"Data and logs: {found['folder']}", soft_wrap=True)
    return 0
