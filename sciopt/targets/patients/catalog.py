"""Cases by name: the phantoms that ship, the user's own, and files by path.

Structures of the phantoms are named in the style of AAPM TG-263 (Mayo et al., 2018; spelling recalled, and its list may
spell femoral heads otherwise).
"""

from __future__ import annotations

import functools
import os
from pathlib import Path

from sciopt.errors import InvalidInput, UnknownName
from sciopt.targets.patients.case import Case
from sciopt.targets.patients.phantom import read_phantom

__all__ = ["Case", "case", "home", "names", "own", "shipped"]

ENVIRONMENT = "SCIOPT_CASES"
RECORD = "case.toml"
"""What a folder has that `sciopt cases add` made."""

_SHIPPED = Path(__file__).with_name("phantoms")


def home() -> Path:
    """Where the user's cases are kept: $SCIOPT_CASES, else sciopt/cases in the user's data folder (XDG)."""
    if os.environ.get(ENVIRONMENT):
        return Path(os.environ[ENVIRONMENT]).expanduser()
    data = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(data).expanduser() / "sciopt" / "cases"


def shipped() -> tuple[str, ...]:
    """The names of the phantoms that ship, in alphabetical order."""
    return tuple(sorted(path.stem for path in _SHIPPED.glob("*.toml")))


def own() -> tuple[str, ...]:
    """The names of the user's cases, in alphabetical order: phantoms NAME.toml and folders NAME in `home()`."""
    place = home()
    try:
        found = {path.stem if path.suffix == ".toml" else path.name for path in place.iterdir() if _is_case(path)}
    except (FileNotFoundError, NotADirectoryError):
        return ()
    except OSError as error:
        raise InvalidInput(f"the folder of cases {place} cannot be read: {error.strerror}") from error
    return tuple(sorted(found))


def names() -> tuple[str, ...]:
    """All names that `case` knows: those that ship, then the user's."""
    return (*shipped(), *(name for name in own() if name not in shipped()))


def case(name_or_path: str) -> Case:
    """The case of that name, in any case of letters, or at that path: a phantom's TOML file, or a folder of a case.

    Raises `UnknownName` with suggestions, and `InvalidInput` for a file or folder that cannot be used.

    >>> case("c-shape-easy").coverage
    Coverage(structure='PTV', volume_percent=95.0, dose_gy=50.0)
    """
    if _is_path(name_or_path):
        return _at(_expanded(name_or_path))
    wanted = name_or_path.strip().lower()
    if wanted in shipped():
        return _phantom(wanted)
    for name in own():
        if name.lower() == wanted:
            file = home() / f"{name}.toml"
            return _at(file if file.is_file() else home() / name)
    known = names()
    raise UnknownName.among("case", name_or_path, known, hint=f"`sciopt cases list` shows all {len(known)}")


@functools.cache
def _phantom(name: str) -> Case:
    return read_phantom(_SHIPPED / f"{name}.toml")


def _is_path(name: str) -> bool:
    """Whether a case is named by its file or folder: a separator, . or ~ in front, or .toml at the end."""
    return "/" in name or os.sep in name or name.startswith((".", "~")) or name.lower().endswith(".toml")


def _is_case(path: Path) -> bool:
    if path.name.startswith("."):
        return False
    return (path.suffix == ".toml" and path.is_file()) or (path / RECORD).is_file()


def _expanded(path: str) -> Path:
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise InvalidInput(f"{path} cannot be read: there is no such user; write the whole path") from error


def _at(path: Path) -> Case:
    try:
        is_folder, is_file = (path / RECORD).is_file(), path.is_file()
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}") from error
    if is_folder:
        from sciopt.targets.patients.store import load_case  # pydicom and all that imports patients come with it

        return load_case(path)
    if not is_file:
        raise InvalidInput(
            f"there is no case at {path}: expected a phantom's .toml file, or a folder with {RECORD} as "
            "`sciopt cases add` makes"
        )
    return read_phantom(path)
