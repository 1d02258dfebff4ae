"""The evaluation cache: a folder of content-addressed JSON files, written by atomic rename.

Safe for many processes on one folder, also on a network file system (NFS), for it needs no locks: a writer fills a file
under a name that no other has, in the folder where it shall stand, syncs it, renames it and syncs the folder. A rename
replaces a name as a whole, on the server for all clients: who opens the name gets one whole file or another. A result
depends on nothing but its key, so where two processes write one key, both write the same and the last stays.

A file that is not to the byte as it was written is set aside (its name gains `.corrupt`) and its result is made again.
What a killed writer left unfinished is removed when it is older than an hour.
"""

from __future__ import annotations

import errno
import json
import os
import re
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sciopt.disk import sync_folder
from sciopt.errors import InvalidInput, LogError
from sciopt.records import digest, dumps

_UNFINISHED_SECONDS = 3600.0
_DAY_SECONDS = 86400.0
_TRIES = 2
_PART = re.compile("[0-9a-f]{2}")


@dataclass(frozen=True)
class Size:
    """What a cache holds: results and their bytes; damaged and unfinished files, and theirs."""

    results: int = 0
    bytes: int = 0
    leftovers: int = 0
    leftover_bytes: int = 0


@dataclass(frozen=True)
class _File:
    path: Path
    bytes: int
    written: float

    @property
    def is_result(self) -> bool:
        return self.path.suffix == ".json"

    def is_unfinished(self, now: float) -> bool:
        """Whether a killed writer left it; one that is younger may be in the works."""
        return self.path.suffix == ".tmp" and now - self.written > _UNFINISHED_SECONDS


class Cache:
    """Results by what they depend on. Without a folder it keeps them in memory."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder
        self._memory: dict[str, dict[str, Any]] = {}
        self._swept: set[Path] = set()

    @staticmethod
    def key(what: str, value: str, protocol: Mapping[str, str]) -> str:
        """The address of one result: its sort, the canonical value, and everything that changes a number."""
        return digest({"what": what, "value": value, "protocol": dict(protocol)})

    def _path(self, key: str) -> Path:
        assert self.folder is not None
        return self.folder / key[:2] / f"{key}.json"

    def get(self, key: str) -> dict[str, Any] | None:
        """The stored result, or None; a damaged one is set aside."""
        data, damaged = self._found(key)
        if damaged:
            _set_aside(self._path(key))
        return data

    def peek(self, key: str) -> dict[str, Any] | None:
        """The same for who only reads: the folder is not changed."""
        return self._found(key)[0]

    def _found(self, key: str) -> tuple[dict[str, Any] | None, bool]:
        """A result, and whether one is there that is damaged."""
        if self.folder is None:
            return self._memory.get(key), False
        try:
            data = _whole(_read(self._path(key)))
        except (FileNotFoundError, NotADirectoryError):
            return None, False
        except OSError as error:
            raise LogError(f"the cache folder {self.folder} cannot be read: {error.strerror}; name another") from error
        return data, data is None

    def put(self, key: str, data: dict[str, Any]) -> None:
        """Store a result; it is on disk when this returns."""
        if self.folder is None:
            self._memory[key] = data
            return
        path = self._path(key)
        content = _content(data)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._sweep(path.parent)
            _write(path, content)
        except OSError as error:
            raise LogError(
                f"the cache folder {self.folder} cannot be written: {error.strerror}; free space there, or name another"
            ) from error

    def _sweep(self, folder: Path) -> None:
        """Remove what killed writers left in a folder, once for each folder that this process writes to."""
        if folder in self._swept:
            return
        self._swept.add(folder)
        now = time.time()
        for file in _files(folder, "*.tmp"):
            if file.is_unfinished(now):
                with suppress(OSError):  # of another user
                    _remove(file)

    def size(self) -> Size:
        """How much there is now; other processes may go on writing."""
        if self.folder is None:
            return Size(len(self._memory), sum(len(_content(data)) for data in self._memory.values()))
        files = list(_files(self.folder, "*/*"))
        results = [file.bytes for file in files if file.is_result]
        others = [file.bytes for file in files if not file.is_result]
        return Size(len(results), sum(results), len(others), sum(others))

    def trim(self, *, keep_bytes: int | None = None, older_than_days: float | None = None) -> Size:
        """Remove results that were written longer ago, then the oldest until at most `keep_bytes` are left.

        Damaged files and those that killed writers left go first. What a run needs and does not find is made again,
        and paid for again: trim the cache of a run that has ended. Gives what was removed.
        """
        for name, given in (("keep_bytes", keep_bytes), ("older_than_days", older_than_days)):
            if given is not None and not given >= 0:
                raise InvalidInput(f"{name} {given}: expected 0 or more")
        if self.folder is None:
            return Size()
        now = time.time()
        files = list(_files(self.folder, "*/*"))
        others = [f for f in files if f.path.suffix == ".corrupt" or f.is_unfinished(now)]
        results = sorted((f for f in files if f.is_result), key=lambda f: (f.written, f.path))
        left = sum(file.bytes for file in results)
        gone = []
        for file in results:
            old = older_than_days is not None and now - file.written > older_than_days * _DAY_SECONDS
            if old or (keep_bytes is not None and left > keep_bytes):
                gone.append(file)
                left -= file.bytes
        results_gone = [file.bytes for file in gone if self._gone(file)]
        others_gone = [file.bytes for file in others if self._gone(file)]
        return Size(len(results_gone), sum(results_gone), len(others_gone), sum(others_gone))

    def _gone(self, file: _File) -> bool:
        try:
            return _remove(file)
        except OSError as error:
            raise LogError(f"the cache folder {self.folder} cannot be trimmed: {error.strerror}") from error


def shared_folder(said: object) -> Path | None:
    """The folder that a log names as the cache of its run; None where it names none, or none that is a cache now.

    A log may come from anyone: nothing is looked for, and nothing written, where there is no cache already.
    """
    if not isinstance(said, str):
        return None
    try:
        folder = Path(said)
        names = [path.name for path in folder.iterdir()] if folder.is_absolute() and folder.is_dir() else []
    except (OSError, ValueError):
        return None
    parts = [name for name in names if not name.startswith(".")]  # file systems hide names of their own there
    return folder if parts and all(map(_PART.fullmatch, parts)) else None


def _content(data: dict[str, Any]) -> bytes:
    return dumps({"check": digest(data), "data": data}).encode()


def _whole(content: bytes) -> dict[str, Any] | None:
    """What a file holds; None where a single bit is not as it was written."""
    try:
        data: dict[str, Any] = json.loads(content)["data"]
        return data if content == _content(data) else None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        if error.errno != errno.ESTALE:
            raise
    return path.read_bytes()  # NFS: another machine replaced the file between opening and reading


def _write(path: Path, content: bytes) -> None:
    """Write, sync, rename, sync the folder; `OSError` leaves nothing behind."""
    for tried in range(1, _TRIES + 1):
        temporary = path.with_name(f".{path.stem}.{uuid.uuid4().hex}.tmp")
        try:
            with temporary.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
            sync_folder(path.parent)
            return
        except FileNotFoundError:
            # the file was swept while this process was suspended; or (NFS) the rename was done and its answer got lost
            if tried == _TRIES:
                raise
        except OSError:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise


def _set_aside(path: Path) -> None:
    """Move a damaged file out of the way; one that another process has replaced by a whole one comes back."""
    aside = path.with_suffix(".corrupt")
    try:
        path.replace(aside)
        if _whole(_read(aside)) is not None:
            aside.replace(path)
    except OSError:
        return  # another process was faster; or the cache may only be read: then it is made again, and `put` says so


def _files(folder: Path, pattern: str) -> Iterator[_File]:
    """The files that fit, without those that vanish meanwhile."""
    try:
        for path in folder.glob(pattern):
            with suppress(FileNotFoundError):
                state = path.stat()
                yield _File(path, state.st_size, state.st_mtime)
    except OSError as error:
        raise LogError(f"the cache folder {folder} cannot be read: {error.strerror}; name another") from error


def _remove(file: _File) -> bool:
    """Whether it was there to be removed."""
    try:
        file.path.unlink()
    except FileNotFoundError:
        return False
    return True
