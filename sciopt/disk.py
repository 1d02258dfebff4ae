"""What the log and the cache ask of a file system besides reading and writing."""

from __future__ import annotations

import errno
import os
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
