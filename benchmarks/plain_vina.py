"""The control of a docking benchmark: Vina's own module in plain processes, one ligand at a time, no sciopt in them.

What two of them gain over one is what a machine has to give: cores may share caches, clock and memory with each other
and with whatever else runs.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import Empty, SimpleQueue

from sciopt.objectives.molecule.docking.pool import DockingProtocol
from sciopt.objectives.molecule.ligand.preparation import prepare
from sciopt.targets.proteins import catalog

PROGRAM = """
import json, os, sys
from vina import Vina

say, asked = os.fdopen(os.dup(1), "w", buffering=1), json.loads(sys.stdin.readline())
os.dup2(2, 1)
vina = Vina("vina", cpu=1, seed=asked["seed"], verbosity=0)
vina.set_receptor(asked["receptor"])
vina.compute_vina_maps(asked["center"], asked["size"])
print("ready", file=say)
for line in sys.stdin:
    vina.set_ligand_from_string(json.loads(line))
    vina.dock(exhaustiveness=asked["exhaustiveness"], n_poses=1)
    print("done", file=say)
"""


def prepared(smiles: Sequence[str]) -> list[str]:
    """The PDBQT of each molecule."""
    return [prepare(each).pdbqt for each in smiles]


def plain_rate(ligands: Sequence[str], *, target: str, protocol: DockingProtocol, processes: int) -> float:
    """Dockings a second of so many processes, whose maps are there before the clock starts."""
    found = catalog.target(target)
    center, size = protocol.box(found)
    asked = {"receptor": str(found.receptor), "center": center, "size": size, "seed": protocol.seed}
    first = json.dumps({**asked, "exhaustiveness": protocol.exhaustiveness})
    workers = [_begun(first) for _ in range(processes)]
    waiting: SimpleQueue[str] = SimpleQueue()
    for ligand in ligands:
        waiting.put(json.dumps(ligand))
    try:
        for worker in workers:
            _expect(worker, "ready")
        began = time.perf_counter()
        with ThreadPoolExecutor(processes) as threads:
            made = sum(threads.map(lambda worker: _fed(worker, waiting), workers))
        assert made == len(ligands)
        return made / (time.perf_counter() - began)
    finally:
        for worker in workers:
            worker.kill()
            worker.communicate()


def _begun(first: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", PROGRAM]
    worker = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    _say(worker, first)
    return worker


def _say(worker: subprocess.Popen[str], line: str) -> None:
    assert worker.stdin is not None
    worker.stdin.write(line + "\n")
    worker.stdin.flush()


def _expect(worker: subprocess.Popen[str], word: str) -> None:
    assert worker.stdout is not None
    said = worker.stdout.readline().strip()
    assert said == word, f"the plain process said {said!r}"


def _fed(worker: subprocess.Popen[str], waiting: SimpleQueue[str]) -> int:
    """One worker's share: a ligand at a time until none waits."""
    made = 0
    while True:
        try:
            ligand = waiting.get_nowait()
        except Empty:
            return made
        _say(worker, ligand)
        _expect(worker, "done")
        made += 1
