"""What a log, a cache and a table ask of a file system besides reading and writing."""

from __future__ import annotations

import errno
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_CANNOT = {errno.EINVAL, errno.ENOTSUP, errno.EBADF}


def sync_folder(folder: Path) -> None:
    """Make a new or renamed file survive a power failure: its folder has to be synced, too.

    A file system that cannot sync folders keeps such entries by its own rules.
    """
    place = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(place)
    except OSError as error:
        if error.errno not in _CANNOT:
            raise
    finally:
        os.close(place)


@contextmanager
def as_a_whole(path: Path) -> Iterator[Path]:
    """Where to write a file so that it is there as a whole or not at all: beside it, and renamed at the end.

    An error leaves what was there before. A device or a pipe is written as it is.
    """
    if path.exists() and not path.is_file():
        yield path
        return
    place = path.resolve()
    temporary = place.with_name(f".{uuid.uuid4().hex}{place.suffix}")
    try:
        yield temporary
        temporary.replace(place)
    finally:
        temporary.unlink(missing_ok=True)
