"""What the folders of a cache hold, by kind: measured candidates, cheap estimates, answers of language models."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sciopt.cache import Cache, Size
from sciopt.errors import InvalidInput, LogError
from sciopt.log import LOG_NAME
from sciopt.runs.run import Run
from sciopt.runs.states import is_held

KINDS: Mapping[str, str] = {
    "artifacts": "evaluations",
    "cost": "estimates",
    "cached": "replies",
    "texts": "answers",
}
"""By the first key of a stored result: keys are sorted, so a few bytes of a file tell what it holds."""
OTHERS, LEFTOVERS = "others", "damaged or unfinished"
_FIRST = re.compile(rb'\{"check":"[0-9a-f]+","data":\{"(\w+)"')
_BEGINNING = 256
_UNITS = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_SIZE = re.compile(r"([0-9.]+)\s*([KMGT]?B?)", re.IGNORECASE)


@dataclass(frozen=True)
class Held:
    """So many files of one kind, and their bytes."""

    kind: str
    files: int
    bytes: int


@dataclass(frozen=True)
class Stored:
    """A cache folder and what it holds; `removed` is what was trimmed from it."""

    folder: Path
    held: tuple[Held, ...]
    removed: Size | None = None

    @property
    def bytes(self) -> int:
        """Of all kinds."""
        return sum(each.bytes for each in self.held)


def cache_of(folder: Path) -> Path:
    """The cache that a folder means: its own, or where the folder is a run's, the one that the run writes to."""
    if not (folder / LOG_NAME).exists():
        return folder
    return Run.load(folder).cache_folder


def stored(folder: Path) -> Stored:
    """What a cache folder holds now; `LogError` where it cannot be read."""
    counts: dict[str, list[int]] = {}
    try:
        for kind, size in _files(folder):
            counts.setdefault(kind, []).append(size)
    except OSError as error:
        raise LogError(f"the cache folder {folder} cannot be read: {error.strerror}") from error
    order = [*dict.fromkeys(KINDS.values()), OTHERS, LEFTOVERS]
    return Stored(folder, tuple(Held(kind, len(counts[kind]), sum(counts[kind])) for kind in order if kind in counts))


def _files(folder: Path) -> Iterator[tuple[str, int]]:
    """The kind and the bytes of each file of a cache; those that vanish meanwhile are left out."""
    for path in folder.glob("??/*"):
        try:
            size = path.stat().st_size
            yield (_kind(path) if path.suffix == ".json" else LEFTOVERS), size
        except FileNotFoundError:
            continue


def _kind(path: Path) -> str:
    with path.open("rb") as file:
        found = _FIRST.match(file.read(_BEGINNING))
    return OTHERS if found is None else KINDS.get(found[1].decode(), OTHERS)


def trimmed(folder: Path, *, keep_bytes: int | None, older_than_days: float | None) -> Stored:
    """Remove what is too old, then the oldest until `keep_bytes` are left; what is left, and what was removed."""
    removed = Cache(folder).trim(keep_bytes=keep_bytes, older_than_days=older_than_days)
    return Stored(folder, stored(folder).held, removed)


def expect_still(folders: Sequence[Path]) -> None:
    """`InvalidInput` for a run that goes on: what is removed from its cache would be made and paid for again."""
    for folder in folders:
        if is_held(folder / LOG_NAME):
            raise InvalidInput(f"{folder} is being written by another process: wait for its end, then trim its cache")


def expect_caches(folders: Sequence[Path]) -> None:
    """`InvalidInput` for a folder that holds anything but a cache: nothing of a user's is counted or removed."""
    for folder in folders:
        if not folder.is_dir():
            raise InvalidInput(f"{folder} is no folder: expected a cache, or the folder of a run")
        strange = sorted(path.name for path in folder.iterdir() if not re.fullmatch("[0-9a-f]{2}", path.name))
        if strange:
            raise InvalidInput(
                f"{folder} holds {strange[0]!r}, so it is no cache: expected the folder that --cache named, or of a run"
            )


def parse_size(text: str) -> int:
    """Bytes from a text such as "2 GB" or "500MB"; thousands, as disks are sold.

    >>> parse_size("1.5 GB"), parse_size("0")
    (1500000000, 0)
    """
    match = _SIZE.fullmatch(text.strip())
    try:
        if match is None:
            raise ValueError
        return round(
            float(match[1]) * _UNITS[match[2].upper() if match[2].upper() in _UNITS else f"{match[2].upper()}B"]
        )
    except (ValueError, OverflowError):
        raise InvalidInput(f"size {text!r}: expected a number with a unit, such as 500MB or 2GB") from None


def said_size(size: int) -> str:
    """Bytes in short.

    >>> said_size(999), said_size(1_234_567)
    ('999 B', '1.2 MB')
    """
    for unit in ("TB", "GB", "MB", "KB"):
        if size >= _UNITS[unit]:
            return f"{size / _UNITS[unit]:.1f} {unit}"
    return f"{size} B"
