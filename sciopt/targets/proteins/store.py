"""The user's own targets: a folder of folders, each with a receptor, its box and the record of how it was made.

NAME/receptor.pdbqt, NAME/target.toml and, where it has one, NAME/ligand.sdf. A target appears whole or not at all.
"""

from __future__ import annotations

import json
import math
import os
import re
import shutil
import sys
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sciopt.errors import InvalidInput
from sciopt.targets.proteins.target import Target, Triple

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

RECEPTOR, RECORD, LIGAND = "receptor.pdbqt", "target.toml", "ligand.sdf"
ENVIRONMENT = "SCIOPT_TARGETS"
SOURCE = "custom"

_NAME = re.compile(r"[A-Z0-9][A-Z0-9_]{0,31}")


@dataclass(frozen=True)
class Record:
    """What stands in target.toml. Lengths in A; `origin` says where the box is from, `sha256` is of the structure file.

    `ligand` holds the residue of the co-crystal ligand, its SMILES and where its bond orders are from; `check` the
    numbers of the last re-docking. Either is empty where there is none.
    """

    name: str
    title: str
    structure: str
    sha256: str
    center: Triple
    size: Triple
    origin: str
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    ligand: Mapping[str, Any] = field(default_factory=dict)
    check: Mapping[str, Any] = field(default_factory=dict)


def home() -> Path:
    """Where targets are kept: $SCIOPT_TARGETS, else sciopt/targets in the user's data folder (XDG)."""
    if os.environ.get(ENVIRONMENT):
        return Path(os.environ[ENVIRONMENT]).expanduser()
    data = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(data).expanduser() / "sciopt" / "targets"


def names(folder: Path | None = None) -> tuple[str, ...]:
    """The names of the user's own targets, in alphabetical order."""
    place = folder or home()
    if folder is not None and not folder.is_dir():
        raise InvalidInput(f"{folder} is no folder of targets: expected the one that `targets add` was given")
    try:
        return tuple(sorted(p.name for p in place.iterdir() if (p / RECORD).is_file() and _NAME.fullmatch(p.name)))
    except (FileNotFoundError, NotADirectoryError):
        return ()
    except OSError as error:
        raise InvalidInput(f"the folder of targets {place} cannot be read: {error.strerror}") from error


def expect_name(name: str) -> str:
    """A name that can be a folder and stand in a text, in upper case; `InvalidInput` otherwise."""
    wanted = name.strip().upper()
    if not _NAME.fullmatch(wanted):
        raise InvalidInput(f"{name!r} cannot be the name of a target: expected letters, digits and _, 32 at most")
    return wanted


def is_path(name: str) -> bool:
    """Whether a target is named by its folder: there is a separator in it, or it begins with . or ~."""
    return "/" in name or os.sep in name or name.startswith((".", "~"))


def at_path(path: str) -> Target:
    """The target in a folder; it is found again by this path."""
    folder = Path(path).expanduser().resolve()
    if not (folder / RECORD).is_file():
        raise InvalidInput(
            f"there is no target in {path}: expected a folder with {RECORD}, as `sciopt targets add` makes"
        )
    return _target(folder, by_path=True)


def find(name: str) -> Target | None:
    """The target of that name in the home of targets, or None."""
    folder = home() / name
    return _target(folder, by_path=False) if _NAME.fullmatch(name) and (folder / RECORD).is_file() else None


def _target(folder: Path, *, by_path: bool) -> Target:
    record = read_record(folder)
    receptor = folder / RECEPTOR
    if not receptor.is_file():
        raise InvalidInput(f"the target in {folder} has no {RECEPTOR}: make it anew with `sciopt targets add --force`")
    source = f"{SOURCE}, from {record.structure}"
    return Target.from_files(
        record.name,
        receptor=receptor,
        center=record.center,
        size=record.size,
        title=record.title,
        group=SOURCE,
        source=source,
        folder=folder.resolve(),
        by_path=by_path,
    )


def read_record(folder: Path) -> Record:
    """The record of a target; `InvalidInput` says what is wrong with it."""
    path = folder / RECORD
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        record = Record(
            name=str(data["name"]),
            title=str(data["title"]),
            structure=str(data["structure"]),
            sha256=str(data["sha256"]),
            center=_triple(data["center_A"]),
            size=_triple(data["size_A"]),
            origin=str(data["origin"]),
            notes=tuple(map(str, data.get("notes", ()))),
            warnings=tuple(map(str, data.get("warnings", ()))),
            ligand=dict(data.get("ligand", {})),
            check=dict(data.get("check", {})),
        )
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}") from error
    except KeyError as error:
        raise InvalidInput(f"{path} has no entry {error}: make the target anew with `sciopt targets add`") from error
    except (ValueError, TypeError) as error:
        raise InvalidInput(f"{path} is damaged ({error}): make the target anew with `sciopt targets add`") from error
    if not all(map(math.isfinite, record.center)) or not all(0 < side < math.inf for side in record.size):
        raise InvalidInput(f"the box in {path} is not finite: make the target anew with `sciopt targets add`")
    expect_name(record.name)
    return record


def _triple(values: Any) -> Triple:
    x, y, z = map(float, values)
    return x, y, z


def save(
    record: Record, *, receptor: str, ligand: str | None, folder: Path | None = None, replace: bool = False
) -> Path:
    """Write a target and return its folder; `InvalidInput` where it exists and is not to be replaced."""
    place = folder or home()
    final = place / expect_name(record.name)
    if final.exists() and not replace:
        raise InvalidInput(taken(final))
    if final.exists() and not (final / RECORD).is_file():
        raise InvalidInput(f"{final} is no target (it has no {RECORD}), so it is not replaced; choose another name")
    fresh = place / f".{final.name}.{uuid.uuid4().hex}"
    try:
        fresh.mkdir(parents=True)
        (fresh / RECEPTOR).write_text(receptor, encoding="utf-8")
        if ligand is not None:
            (fresh / LIGAND).write_text(ligand, encoding="utf-8")
        (fresh / RECORD).write_text(_toml(record), encoding="utf-8")
        _put(fresh, final)
    except OSError as error:
        shutil.rmtree(fresh, ignore_errors=True)
        raise InvalidInput(
            f"the target cannot be written to {final}: {error.strerror}; name another --folder"
        ) from error
    return final


def taken(folder: Path) -> str:
    """What is said where a name is taken."""
    return f"the target {folder.name} exists already in {folder}: `--force` replaces it, or choose another name"


def _put(fresh: Path, final: Path) -> None:
    """Rename into place; a folder that is replaced is moved aside first, so that no half target is ever seen."""
    old = fresh.with_name(f"{fresh.name}.old")
    if final.exists():
        final.rename(old)
    fresh.rename(final)
    shutil.rmtree(old, ignore_errors=True)


def update(folder: Path, record: Record) -> None:
    """Write the record of a target anew."""
    fresh = folder / f".{RECORD}.{uuid.uuid4().hex}"
    try:
        fresh.write_text(_toml(record), encoding="utf-8")
        fresh.replace(folder / RECORD)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise InvalidInput(f"{folder / RECORD} cannot be written: {error.strerror}") from error


def _toml(record: Record) -> str:
    """The record as TOML; strings, numbers and lists are spelled as in JSON, which TOML takes."""
    lines = [
        *(f"{key} = {_value(getattr(record, key))}" for key in ("name", "title", "structure", "sha256")),
        f"center_A = {_value(list(record.center))}",
        f"size_A = {_value(list(record.size))}",
        *(f"{key} = {_value(getattr(record, key))}" for key in ("origin", "notes", "warnings")),
    ]
    for table in ("ligand", "check"):
        entries: Mapping[str, Any] = getattr(record, table)
        if entries:
            lines += ["", f"[{table}]", *(f"{key} = {_value(value)}" for key, value in entries.items())]
    return "\n".join(lines) + "\n"


def _value(value: Any) -> str:
    if isinstance(value, list | tuple):
        inner = "".join(f"\n  {_value(each)}," for each in value) if any(isinstance(v, str) for v in value) else ""
        return f"[{inner}\n]" if inner else f"[{', '.join(map(_value, value))}]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
