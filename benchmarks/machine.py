"""The line that says when and on what a result was made."""

from __future__ import annotations

import datetime
import os
import platform
from pathlib import Path


def machine() -> str:
    """Date, processor, the cores that may be used, load and Python."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text("utf-8").splitlines() if cpuinfo.exists() else []
    model = next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine()
    )
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    date = f"{datetime.datetime.now().astimezone():%Y-%m-%d %H:%M %z}"
    load = f"load {os.getloadavg()[0]:.1f}"
    return f"{date}; {model}, {cores} cores, {load}, {platform.system()}, Python {platform.python_version()}"
