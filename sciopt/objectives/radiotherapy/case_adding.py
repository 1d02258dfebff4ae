"""A case of the user's own, made as the command line asks for it."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from sciopt.errors import InvalidInput
from sciopt.objectives.radiotherapy.options import degrees, read_text
from sciopt.targets.patients import catalog
from sciopt.targets.patients.case import Case
from sciopt.targets.patients.importing import SEVEN_BEAMS
from sciopt.targets.patients.phantom import read_phantom
from sciopt.targets.patients.store import NAME, add_case, load_case
from sciopt.targets.patients.strict import read_table


@dataclass(frozen=True)
class Wish:
    """What is asked of the case, as it was typed."""

    prescription: tuple[str, ...]
    goals: Path | None
    angles: str | None
    aliases: Path | None
    rtstruct: int | None


def add(
    name: str,
    wish: Wish,
    *,
    dicom: Path | None,
    matrad: Path | None,
    phantom: Path | None,
    home: Path | None,
    replace: bool,
) -> tuple[Case, Path]:
    """The case and where it is kept now."""
    if name.lower() in catalog.shipped() and home is None:
        raise InvalidInput(f"{name} is the name of a case that ships: choose another one")
    if phantom is not None:
        return _add_phantom(name, wish, phantom, home=home or catalog.home(), replace=replace)
    place = add_case(
        name,
        prescription=wish.prescription,
        dicom=dicom,
        matrad=matrad,
        goals=None if wish.goals is None else _goal_sets(wish.goals),
        gantry_deg=SEVEN_BEAMS if wish.angles is None else degrees(wish.angles),
        aliases=wish.aliases,
        rtstruct=wish.rtstruct,
        home=home,
        replace=replace,
    )
    return load_case(place), place


def _goal_sets(path: Path) -> dict[str, tuple[str, ...]]:
    table, _ = read_table(path)
    return {title: table.texts(title) for title in table.keys}


def _add_phantom(name: str, wish: Wish, file: Path, *, home: Path, replace: bool) -> tuple[Case, Path]:
    """A phantom is its file: checked as a whole, and copied under its own name."""
    if wish != Wish((), None, None, None, None):
        raise InvalidInput(f"a phantom has its prescription, goals and beams in its file: write them into {file}")
    case = read_phantom(file)
    if case.name != name or NAME.fullmatch(name) is None:
        raise InvalidInput(f"{file} calls itself {case.name!r}, not {name!r}: use that name, or change it in the file")
    place = home / f"{name}.toml"
    if place.exists() and not replace:
        raise InvalidInput(f"there is a case {name} already: choose another name, or replace it with --force")
    _write(read_text(file, what="phantom"), place)
    return case, place


def _write(text: str, place: Path) -> None:
    """The whole file, or none."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=".adding-", dir=place.parent))
        try:
            (fresh / place.name).write_text(text, encoding="utf-8")
            os.replace(fresh / place.name, place)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    except OSError as error:
        raise InvalidInput(f"{place} cannot be written: {error.strerror}") from None
