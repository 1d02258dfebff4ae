"""The docking child: `python -m sciopt.objectives.molecule.docking.child PARENT_PID` answers requests in lines of JSON.

It keeps receptors and their Vina maps warm, and prepares and docks one ligand at a time on one thread. Requests:
{"do": "warm", ...} computes the maps of a receptor and box; {"do": "dock", ...} prepares and docks a ligand there.
Answers: {"stage": NAME} as each stage begins, then {"done": ...}, {"failed": REASON} for a ligand that cannot be
docked, or {"broken": REASON} for a tool that does not work.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from sciopt.errors import InvalidValue, ToolError
from sciopt.objectives.molecule.docking.process import Message, parent_binding

WARM = 3  # receptors kept with their maps, about 300 MB each for a box of 30 A
_GRACE = 60.0

Reply = Callable[[Message], None]


def main() -> None:
    """Serve until the standard input ends."""
    parent_binding(int(sys.argv[1]))()
    reply = _replies()
    try:
        dock = _Dock(reply)
    except (ImportError, ToolError) as error:
        reply({"broken": f"the docking tools cannot be loaded: {error}"})
        return
    reply({"done": {"ready": True}})
    for line in sys.stdin.buffer:
        if not _answer(json.loads(line), dock=dock, reply=reply):
            return


def _replies() -> Reply:
    """A private copy of the standard output; what Vina prints goes to the standard error from now on."""
    private = os.fdopen(os.dup(1), "w", buffering=1, encoding="utf-8")
    os.dup2(2, 1)

    def reply(message: Message) -> None:
        private.write(json.dumps(message) + "\n")
        private.flush()

    return reply


def _answer(request: Message, *, dock: _Dock, reply: Reply) -> bool:
    """Whether this process is fit for another request."""
    began = _cpu_seconds()
    signal.setitimer(signal.ITIMER_REAL, request["seconds"] + _GRACE)  # the end, should the parent be gone unnoticed
    answer: Message
    fit = True
    try:
        answer = {"done": dock.warm(request) if request["do"] == "warm" else _docked(request, dock=dock)}
    except _TooLarge as error:
        answer, fit = {"failed": str(error)}, False
    except (ToolError, OSError, MemoryError) as error:
        answer = {"broken": str(error) or type(error).__name__}
    except InvalidValue as error:
        answer = {"failed": str(error)}
    except Exception as error:  # the boundary of the child: RDKit and Vina raise many kinds on an odd molecule
        answer = {"failed": f"unexpected {type(error).__name__}: {error}"}
    signal.setitimer(signal.ITIMER_REAL, 0.0)
    reply({**answer, "cpu_seconds": _cpu_seconds() - began})
    return fit


class _TooLarge(Exception):
    """A ligand that took more memory than it may; the text says so."""


def _docked(request: Message, *, dock: _Dock) -> Message:
    """A docking within the memory that a ligand may take beside the maps, and each program that it starts by itself."""
    gigabytes = request["ligand_gb"]
    if gigabytes is None or not sys.platform.startswith("linux"):
        return dock.dock(request)
    before = _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    most = _data_bytes() + int(gigabytes * 1e9)
    resource.setrlimit(resource.RLIMIT_DATA, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
    try:
        return dock.dock(request)
    except MemoryError as error:
        raise _TooLarge(f"it took more than {gigabytes:g} GB of memory") from error
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)


def _data_bytes() -> int:
    """What RLIMIT_DATA counts: private memory of this process that can be written."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[5]) * resource.getpagesize()


def _cpu_seconds() -> float:
    """User and system time of this process and of the Open Babel programs that it has waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


class _Dock:
    """Vina objects by receptor, box and seed; the one used longest ago is dropped first."""

    def __init__(self, reply: Reply) -> None:
        from vina import Vina

        from sciopt.objectives.molecule.ligand.openbabel import OpenBabel

        self._reply = reply
        self._open_babel = OpenBabel.find(bound=True)
        self._vina = Vina
        self._warm: OrderedDict[str, Any] = OrderedDict()

    def warm(self, request: Message) -> Message:
        """Have the maps of a receptor and box in memory; they are never read from disk, which scores wrongly."""
        key, seconds = request["key"], {}
        if key not in self._warm:
            began = time.perf_counter()
            while len(self._warm) >= WARM:
                self._warm.popitem(last=False)
            engine = self._vina("vina", cpu=1, seed=request["seed"], verbosity=0)
            try:
                engine.set_receptor(request["receptor"])
                engine.compute_vina_maps(request["center"], request["size"])
            except (RuntimeError, TypeError, ValueError) as error:
                raise ToolError(f"Vina cannot use the receptor {request['receptor']}: {error}") from error
            self._warm[key] = engine
            seconds["maps"] = time.perf_counter() - began
        self._warm.move_to_end(key)
        return {"warm": list(self._warm), "seconds": seconds}

    def dock(self, request: Message) -> Message:
        """Prepare a ligand and dock it into a receptor that is warm."""
        from sciopt.objectives.molecule.ligand.preparation import LigandLimits, prepare

        limits = request["limits"]
        ligand = prepare(
            request["smiles"],
            ph=request["ph"],
            seed=request["embedding_seed"],
            preparation=request["preparation"],
            limits=LigandLimits(**{**limits, "elements": frozenset(limits["elements"])}),
            open_babel=self._open_babel,
            on_stage=lambda stage: self._reply({"stage": stage}),
        )
        self._reply({"stage": "dock"})
        began = time.perf_counter()
        energies, poses = _search(self._warm[request["key"]], ligand.pdbqt, request=request)
        docked = {
            "smiles": ligand.smiles,
            "docked_smiles": ligand.docked_smiles,
            "score": energies[0][0],
            "energies": energies,
            "poses": poses,
            "atom_of": ligand.atom_of,
            "mol_block": ligand.mol_block,
            "block_atom_of": ligand.block_atom_of,
            "torsions": _torsions(ligand.pdbqt),
            "ph": request["ph"],
            "seconds": {**ligand.seconds, "dock": time.perf_counter() - began},
        }
        return self._strained(docked, seed=request["embedding_seed"]) if request["strain"] else docked

    def _strained(self, docked: Message, *, seed: int) -> Message:
        """The result with the strain of its first pose."""
        from sciopt.objectives.molecule.docking.protocol import Docking
        from sciopt.objectives.molecule.pose.strain import strain

        self._reply({"stage": "strain"})
        began = time.perf_counter()
        found = strain(Docking.from_json(docked), seed=seed)
        return {**docked, "strain": found, "seconds": {**docked["seconds"], "strain": time.perf_counter() - began}}


def _search(engine: Any, pdbqt: str, *, request: Message) -> tuple[list[list[float]], list[str]]:
    """Vina's energies in kcal/mol and its poses, best first; `InvalidValue` where there is no good one.

    Best is the lowest intermolecular + intramolecular energy, what the search minimises. Vina 1.2.7 lists its poses so,
    since it prints (that sum - a constant) / a constant; here it does not hang on what a program lists.
    """
    n_poses = request["n_poses"]
    try:
        engine.set_ligand_from_string(pdbqt)
        engine.dock(exhaustiveness=request["exhaustiveness"], n_poses=n_poses)
        energies = [[float(e) for e in row] for row in engine.energies(n_poses=n_poses)]
        poses = split_poses(engine.poses(n_poses=n_poses))
    except (RuntimeError, TypeError, ValueError) as error:
        raise InvalidValue(f"Vina cannot dock it: {' '.join(str(error).split())}") from error
    if not poses or len(poses) != len(energies):
        raise InvalidValue("Vina found no pose in the box")
    order = sorted(range(len(poses)), key=lambda i: energies[i][1] + energies[i][2])
    energies, poses = [energies[i] for i in order], [poses[i] for i in order]
    if energies[0][0] > 0:
        box = " x ".join(f"{side:g}" for side in request["size"])
        raise InvalidValue(
            f"its best pose has a positive energy ({energies[0][0]:+.2f} kcal/mol): it fits neither the pocket nor, "
            f"perhaps, the box of {box} A"
        )
    return energies, poses


def split_poses(text: str) -> list[str]:
    """The text of each model of a PDBQT with several, without the MODEL and ENDMDL lines."""
    models = [part.partition("ENDMDL")[0] for part in text.split("MODEL")[1:] if "ENDMDL" in part]
    return [model.partition("\n")[2] for model in models]


def _torsions(pdbqt: str) -> int:
    """The number of rotatable bonds that the PDBQT states."""
    return next((int(line.split()[1]) for line in pdbqt.splitlines() if line.startswith("TORSDOF")), 0)


if __name__ == "__main__":
    main()
