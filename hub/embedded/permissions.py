"""Who may go where: the servers' user must reach our folders, and nobody else's permissions are touched."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from hub.embedded.process import User


def make_folder(folder: Path, mode: int) -> None:
    """With the folders above that are missing; whatever exists keeps its permissions, whatever the umask."""
    for missing in reversed([path for path in (folder, *folder.parents) if not path.exists()]):
        missing.mkdir()
        missing.chmod(mode)


def runnable(path: Path, user: User | None) -> bool:
    """Whether the user may read the file, by the permissions of it and of every folder above."""
    if user is None:
        return os.access(path, os.R_OK)
    real = path.resolve()
    return _allows(real, user, stat.S_IROTH) and reachable(real.parent, user)


def reachable(folder: Path, user: User | None) -> bool:
    """Whether the user may go into the folder."""
    if user is None:
        return os.access(folder, os.X_OK)
    real = folder.resolve()
    return all(_allows(part, user, stat.S_IXOTH) for part in (real, *real.parents))


def _allows(path: Path, user: User, right: int) -> bool:
    status = path.stat()
    if status.st_uid == user.uid:
        right <<= 6
    elif status.st_gid == user.gid:
        right <<= 3
    return bool(status.st_mode & right)
