"""Where a run comes from, for a page: what was asked, by which versions and seeds, with the hashes of its files."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sciopt.log import LOG_NAME
from sciopt.runs.comparing import flat, versions_of
from sciopt.runs.run import Run

_ENDINGS = {".json", ".jsonl", ".csv", ".sdf", ".pdbqt"}
"""Of the files in a run's folder whose hashes are told: records and results, no pictures."""
_OF_THE_PLACE = {"cache", "versions", "seeds", "git", "time", "limits"}


def provenance_data(run: Run, *, name: str) -> dict[str, Any]:
    """What a reader needs to make the run again, and to tell that these are its files."""
    where = header_volatile(run)
    return {
        "command": f"sciopt run {shlex.quote(name)} --out {shlex.quote(name + '-again')}"
        if _can_be_made(run)
        else None,
        "replay": f"sciopt replay {shlex.quote(name)}"
        if _can_be_made(run)
        else f"sciopt.runs.replaying.replay({name!r}, objective=...)",
        "log": f"{name}/{LOG_NAME}",
        "events": len(run.events),
        "schema": run.header.get("schema"),
        "begun": where.get("time"),
        "git": where.get("git"),
        "machine": {key: value for key, value in where.items() if key not in _OF_THE_PLACE},
        "versions": versions_of(run),
        "seeds": _pairs(where.get("seeds", {})),
        "protocol": _pairs(run.header.get("protocol", {})),
        "specification": _pairs(run.specification),
        "engine": _pairs({k: v for k, v in run.header.get("engine", {}).items() if k != "system"}),
        "system": run.header.get("engine", {}).get("system", ""),
        "files": _hashes(run.folder),
    }


def header_volatile(run: Run) -> Mapping[str, Any]:
    """What the header says that two equal runs may differ in."""
    return next((event.volatile for event in run.events if event.kind == "header"), {})


def _can_be_made(run: Run) -> bool:
    """Whether the log says which objective it was: one that was made in Python has no specification."""
    return bool(run.specification.get("objective"))


def _pairs(data: Mapping[str, Any]) -> list[list[Any]]:
    return [[name, value] for name, value in flat(data)]


def _hashes(folder: Path) -> list[list[str]]:
    """SHA-256 of each record and result in the folder, by name."""
    found = sorted(path for path in folder.iterdir() if path.suffix in _ENDINGS and path.is_file())
    return [[path.name, hashlib.sha256(path.read_bytes()).hexdigest()] for path in found]
