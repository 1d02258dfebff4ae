"""The evaluation cache: a folder of content-addressed JSON files, written by atomic rename.

Safe for many processes on one folder: a file is either whole or not there. A file whose checksum does not fit is set
aside (its name gains `.corrupt`) and its result is made again.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from sciopt.errors import LogError
from sciopt.records import digest, dumps


class Cache:
    """Results by what they depend on. Without a folder it keeps them in memory."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder
        self._memory: dict[str, dict[str, Any]] = {}

    @staticmethod
    def key(what: str, value: str, protocol: Mapping[str, str]) -> str:
        """The address of one result: its sort, the canonical value, and everything that changes a number."""
        return digest({"what": what, "value": value, "protocol": dict(protocol)})

    def _path(self, key: str) -> Path:
        assert self.folder is not None
        return self.folder / key[:2] / f"{key}.json"

    def get(self, key: str) -> dict[str, Any] | None:
        """The stored result, or None; a damaged one is set aside."""
        if self.folder is None:
            return self._memory.get(key)
        path = self._path(key)
        try:
            stored = json.loads(path.read_text(encoding="utf-8"))
            if stored["check"] == digest(stored["data"]):
                data: dict[str, Any] = stored["data"]
                return data
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise LogError(f"the cache folder {self.folder} cannot be read: {error.strerror}; name another") from error
        except (ValueError, KeyError, TypeError):
            stored = None
        self._set_aside(path)
        return None

    def _set_aside(self, path: Path) -> None:
        try:
            path.replace(path.with_suffix(".corrupt"))
        except FileNotFoundError:
            return  # another process was faster
        except OSError:
            return  # a cache that may only be read: the result is made again, and `put` says so

    def put(self, key: str, data: dict[str, Any]) -> None:
        """Store a result; it is on disk when this returns."""
        if self.folder is None:
            self._memory[key] = data
            return
        content = dumps({"check": digest(data), "data": data})
        path = self._path(key)
        temporary = path.with_name(f".{path.stem}.{uuid.uuid4().hex}.tmp")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with temporary.open("w", encoding="utf-8") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
            _sync_folder(path.parent)
        except OSError as error:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise LogError(
                f"the cache folder {self.folder} cannot be written: {error.strerror}; free space there, or name another"
            ) from error


def _sync_folder(folder: Path) -> None:
    """A rename survives a power failure only when its folder is synced, too."""
    place = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(place)
    finally:
        os.close(place)
