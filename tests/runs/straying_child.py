"""A docking child that goes astray on some ligands: `python -m tests.runs.straying_child PARENT_PID`.

Everything else in it is the real one. It takes memory for octane (not more than 8 GB, none of it touched), aborts for
heptane, and hangs for hexane.
"""

from __future__ import annotations

import os
import time
from typing import Any

from sciopt.objectives.molecule.docking import child
from sciopt.objectives.molecule.ligand import preparation

GREEDY, CRASHING, HANGING = "CCCCCCCC", "CCCCCCC", "CCCCCC"
_prepare = preparation.prepare


def prepare(smiles: str, **options: Any) -> Any:
    """The real one, but for three ligands."""
    if smiles == GREEDY:
        hoard = [bytearray(50_000_000) for _ in range(160)]
        raise AssertionError(f"{len(hoard)} pieces of memory and nobody objects")
    if smiles == CRASHING:
        os.abort()
    if smiles == HANGING:
        time.sleep(60)
    return _prepare(smiles, **options)


if __name__ == "__main__":
    preparation.prepare = prepare
    child.main()
