"""Where and with what a run is made: the machine, the versions, the state of the working folder, the seeds.

All of it is volatile: two equal runs may differ in it.
"""

from __future__ import annotations

import os
import platform
import re
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any

_GIT_SECONDS = 2.0


def machine() -> dict[str, Any]:
    """Time, system, cores and versions."""
    return {
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "python": platform.python_version(),
        "system": platform.platform(),
        "cores": os.cpu_count(),
        "versions": versions(),
    }


def versions() -> dict[str, str]:
    """The versions of this distribution and of all that it requires; those that are not installed are left out."""
    try:
        required = requires("sciopt") or []
    except PackageNotFoundError:  # run from a folder of files, never installed
        return {}
    plain = [line for line in required if "extra ==" not in line]
    names = ["sciopt", *(match[0] for line in plain if (match := re.match(r"[\w.-]+", line)))]
    found: dict[str, str] = {}
    for name in names:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def git_state(folder: Path) -> dict[str, Any] | None:
    """The commit of the repository that `folder` belongs to, and whether tracked files differ from it.

    None where it is no repository, has no commit, or git is missing or does not answer within seconds; `dirty` is None
    where only that took too long.
    """
    commit = _git(folder, "rev-parse", "--verify", "HEAD")
    if not commit:
        return None
    changed = _git(folder, "status", "--porcelain", "--untracked-files=no", "--ignore-submodules")
    return {"commit": commit, "dirty": None if changed is None else bool(changed)}


def _git(folder: Path, *arguments: str) -> str | None:
    """What git says; it takes no lock, asks nothing, and starts no program that the repository's settings name."""
    try:
        said = subprocess.run(
            ["git", "--no-optional-locks", "-c", "core.fsmonitor=false", *arguments],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_GIT_SECONDS,
            check=True,
            env={**os.environ, "GIT_TERMINAL_PROMPT": "0"},
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return said.stdout.decode(errors="replace").strip()


def seeds(search: int, *places: Mapping[str, Any]) -> dict[str, Any]:
    """All seeds of a run by name: that of the search, and what an objective's specification and protocol call a seed.

    >>> seeds(0, {"docking": {"seed": 7, "poses": 9}}, {"seed": "7"})
    {'search': 0, 'docking.seed': 7, 'seed': '7'}
    """
    found: dict[str, Any] = {"search": search}
    for place in places:
        found.update(_seeds_in(place, ""))
    return found


def _seeds_in(data: Mapping[str, Any], where: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in data.items():
        if isinstance(value, Mapping):
            found.update(_seeds_in(value, f"{where}{name}."))
        elif "seed" in str(name):
            found[f"{where}{name}"] = value
    return found
