"""Where evaluations run: how many at one time this machine carries."""

from __future__ import annotations

import os


def usable_cores() -> int:
    """The cores that this process may use (a batch system or a container may allow fewer than there are)."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
