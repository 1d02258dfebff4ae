"""A folder for a process's temporary files, which goes with it; what a killed process left goes at the next start.

It lies in `$SCIOPT_SCRATCH`, else where the system puts temporary files (`$TMPDIR`). Beside it lies a file that its
owner keeps locked while it lives: whoever can lock it knows that the owner is dead, also across containers.
"""

from __future__ import annotations

import atexit
import fcntl
import functools
import os
import shutil
import tempfile
import uuid
from contextlib import suppress
from pathlib import Path

from sciopt.errors import ToolError

VARIABLE = "SCIOPT_SCRATCH"
_STEM = "sciopt-scratch-"


def scratch() -> Path:
    """This process's folder; the first call makes it, and removes those of dead processes of the same user.

    Raises `ToolError` where no folder can be made.
    """
    return _made(os.getpid())


@functools.cache
def _made(owner: int) -> Path:
    """`owner` is another one after a fork, which then gets a folder of its own."""
    parent = Path(os.environ.get(VARIABLE) or tempfile.gettempdir())
    sweep(parent)
    try:
        lock, folder = _locked(parent)
    except OSError as error:
        raise ToolError(
            f"no folder for temporary files can be made in {parent}: {error.strerror}; "
            f"set {VARIABLE} to a folder that this user may write"
        ) from error
    atexit.register(_leave, owner, lock, folder)
    return folder


def _locked(parent: Path) -> tuple[int, Path]:
    """A new folder, and the open file that is locked for it."""
    while True:
        folder = parent / f"{_STEM}{uuid.uuid4().hex[:12]}"
        path = folder.with_suffix(".lock")
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)
        if path.exists():  # nobody took it for a dead one's between the two calls
            folder.mkdir(mode=0o700)
            return lock, folder
        os.close(lock)


def _leave(owner: int, lock: int, folder: Path) -> None:
    if owner == os.getpid():
        _remove(folder)
        os.close(lock)


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.with_suffix(".lock").unlink(missing_ok=True)


def sweep(parent: Path) -> list[Path]:
    """Remove the folders that dead processes of this user left in `parent`; which they were."""
    gone = []
    for path in parent.glob(f"{_STEM}*.lock"):
        with suppress(OSError):  # another user's, or another process sweeps, too
            lock = os.open(path, os.O_RDWR)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _remove(path.with_suffix(""))
                gone.append(path.with_suffix(""))
            finally:
                os.close(lock)
    return gone
