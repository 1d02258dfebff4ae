"""Whether a Slurm answers on this machine, for the tests that need one."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess


@functools.cache
def slurm_answers() -> bool:
    """Whether jobs can be submitted as this user."""
    if os.geteuid() != 0 or shutil.which("sinfo") is None:
        return False
    said = subprocess.run(["sinfo", "-h", "-o", "%a"], capture_output=True, text=True, timeout=30)
    return said.returncode == 0 and said.stdout.strip().startswith("up")
