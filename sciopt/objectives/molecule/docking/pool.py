"""Docking as a service: molecules in, poses and scores out, through children that can be killed at any time.

Vina holds the interpreter's lock while it searches and ends the whole process on some inputs, so it runs in children,
one per concurrent caller, that keep receptors and maps warm.
"""

from __future__ import annotations

import dataclasses
import os
import threading
import time
import weakref

from sciopt.errors import InvalidInput, InvalidValue, SciOptError, ToolError
from sciopt.objectives.molecule.docking.process import Child, ChildDied, ChildSlow, Message
from sciopt.objectives.molecule.docking.protocol import Docking, DockingProtocol
from sciopt.objectives.molecule.ligand.smiles import canonical_smiles
from sciopt.targets.proteins.catalog import Target

__all__ = ["Docking", "DockingFailed", "DockingPool", "DockingProtocol", "PoolClosed"]

_MODULE = "sciopt.objectives.molecule.docking.child"
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_DEFAULT = DockingProtocol()
LIGAND_GB = 2.0
"""A docking takes less than a tenth of it; what is beyond is a tool that went astray."""
_START_SECONDS = 120.0
_MAPS_SECONDS = 300.0


class DockingFailed(SciOptError):
    """A ligand that cannot be prepared or docked; the text says why, `cpu_seconds` what it cost to find out."""

    def __init__(self, reason: str, *, cpu_seconds: float = 0.0) -> None:
        super().__init__(reason)
        self.cpu_seconds = cpu_seconds


class PoolClosed(ToolError):
    """The pool was closed, perhaps while the ligand was being docked: nothing is known about the ligand."""


class DockingPool:
    """Docks for several threads at once; each call has a child of its own, and the children are used again.

    A child that dies is replaced once for the same ligand. Close the pool, from any thread, to end every call within
    it at once with `PoolClosed`. A pool can be pickled: the copy has children of its own.

    `ligand_gb` is how much memory (10^9 bytes) a ligand may take beside the maps; one that takes more fails with that
    reason. It is kept on Linux only, and None sets no limit.
    """

    def __init__(self, ligand_gb: float | None = LIGAND_GB) -> None:
        if ligand_gb is not None and not ligand_gb > 0:
            raise InvalidInput(f"{ligand_gb} GB for a ligand: expected a number above 0, or None for no limit")
        self._ligand_gb = ligand_gb
        self._reset()

    def _reset(self) -> None:
        self._owner = os.getpid()
        self._lock = threading.Lock()
        self._idle: list[tuple[Child, list[str]]] = []
        self._children: set[Child] = set()
        self._closed = False
        self._last_resort = weakref.finalize(self, _kill_all, self._children)  # at exit too

    def __reduce__(self) -> tuple[type[DockingPool], tuple[float | None]]:
        return (DockingPool, (self._ligand_gb,))

    def __enter__(self) -> DockingPool:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    @property
    def closed(self) -> bool:
        return self._closed

    def close(self) -> None:
        """End all children, those in use too; calls in other threads raise `PoolClosed`."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
            _kill_all(self._children)
        for child, _ in idle:
            self._discard(child)

    def dock(self, smiles: str, *, target: Target, protocol: DockingProtocol = _DEFAULT) -> Docking:
        """Prepare a molecule and dock it into a target; several threads may call at once.

        Raises `DockingFailed` with the reason for a ligand that cannot be prepared or docked or passes the wall limit,
        `PoolClosed` when the pool is closed meanwhile, `ToolError` when Vina or Open Babel does not work.
        """
        try:
            smiles = canonical_smiles(smiles, limits=protocol.limits)
        except InvalidValue as error:
            raise DockingFailed(str(error)) from error
        began = time.monotonic()
        request = {**_request(smiles, target=target, protocol=protocol), "ligand_gb": self._ligand_gb}
        try:
            answer = self._attempt(request)
        except ChildDied:
            try:
                answer = self._attempt(request)
            except ChildDied as again:
                if again.task == "warm":
                    raise ToolError(f"the maps of {target.name} cannot be computed: the process {again}") from again
                spent = time.monotonic() - began
                raise DockingFailed(f"the docking process {again}, twice", cpu_seconds=spent) from again
        return Docking.from_json({**answer, "wall_seconds": time.monotonic() - began})

    def _attempt(self, request: Message) -> Message:
        """Dock in one child; `ChildDied` when it ended by itself while it worked on the ligand."""
        child, warm = self._check_out(request["key"])
        try:
            answer = _converse(child, request, warm)
        except BaseException as error:  # whatever it was, the child is in the middle of something
            self._discard(child)
            if self._closed and isinstance(error, ChildDied):
                raise PoolClosed("the docking pool was closed while a ligand was being docked") from error
            raise
        if "broken" in answer:
            self._discard(child)
            raise ToolError(answer["broken"])
        self._check_in(child, warm)
        if "failed" in answer:
            raise DockingFailed(answer["failed"], cpu_seconds=answer["cpu_seconds"])
        return {**answer["done"], "cpu_seconds": answer["cpu_seconds"]}

    def _check_out(self, key: str) -> tuple[Child, list[str]]:
        """An idle child, if possible one that has the maps, else a new one."""
        if self._owner != os.getpid():  # a fork: the children belong to the other process
            self._last_resort.detach()
            self._reset()
        while True:
            with self._lock:
                if self._closed:
                    raise PoolClosed("the docking pool is closed")
                if not self._idle:
                    break
                places = range(len(self._idle))
                child, warm = self._idle.pop(max(places, key=lambda i: (key in self._idle[i][1], i)))
            if child.quiet:
                return child, warm
            self._discard(child)
        return self._start(), []

    def _start(self) -> Child:
        child = Child(_MODULE, environment=_ONE_THREAD)
        with self._lock:
            self._children.add(child)
            if self._closed:
                child.kill()
        try:
            ready = child.hear(deadline=time.monotonic() + _START_SECONDS)
        except BaseException as error:
            self._discard(child)
            if self._closed and isinstance(error, ChildDied):
                raise PoolClosed("the docking pool was closed while a child was starting") from error
            if isinstance(error, ChildDied | ChildSlow):
                reason = str(error) or f"gave no sign of life within {_START_SECONDS:g} s"
                raise ToolError(f"the docking process cannot be started: it {reason}") from error
            raise
        if "broken" in ready:
            self._discard(child)
            raise ToolError(ready["broken"])
        return child

    def _check_in(self, child: Child, warm: list[str]) -> None:
        with self._lock:
            if not self._closed:
                self._idle.append((child, warm))
                return
        self._discard(child)

    def _discard(self, child: Child) -> None:
        with self._lock:
            self._children.discard(child)
        child.kill()
        child.bury()


def _kill_all(children: set[Child]) -> None:
    for child in list(children):
        child.kill()


def _request(smiles: str, *, target: Target, protocol: DockingProtocol) -> Message:
    center, size = protocol.box(target)
    return {
        "smiles": smiles,
        "key": f"{target.receptor} {target.digest} {center} {size} {protocol.seed}",
        "receptor": str(target.receptor),
        "center": center,
        "size": size,
        "seed": protocol.seed,
        "embedding_seed": protocol.embedding_seed,
        "preparation": protocol.preparation,
        "strain": protocol.strain,
        "ph": protocol.ph,
        "exhaustiveness": protocol.exhaustiveness,
        "n_poses": protocol.n_poses,
        "limits": {**dataclasses.asdict(protocol.limits), "elements": sorted(protocol.limits.elements)},
        "seconds": protocol.wall_seconds,
    }


def _converse(child: Child, request: Message, warm: list[str]) -> Message:
    """Have the maps computed, then the ligand docked. `warm` is brought up to date with what the child holds."""
    maps = _listen(child, {**request, "do": "warm", "seconds": _MAPS_SECONDS})
    if "done" not in maps:
        return maps
    warm[:] = maps["done"]["warm"]
    answer = _listen(child, {**request, "do": "dock"})
    answer["cpu_seconds"] += maps["cpu_seconds"]
    if "done" in answer:
        answer["done"]["seconds"] |= maps["done"]["seconds"]
    return answer


def _listen(child: Child, request: Message) -> Message:
    """Ask, hear of the stages, and return the answer; an error says what was being done when it came."""
    deadline = time.monotonic() + request["seconds"]
    stage = request["do"]
    try:
        child.ask(request)
        while "stage" in (message := child.hear(deadline=deadline)):
            stage = message["stage"]
    except ChildDied as error:
        error.task = request["do"]
        raise
    except ChildSlow as error:
        limit = f"passed its wall limit of {request['seconds']:g} s"
        if request["do"] == "warm":
            raise ToolError(f"computing the maps of {request['receptor']} {limit}") from error
        raise DockingFailed(f"{limit} at the stage {stage!r}", cpu_seconds=request["seconds"]) from error
    return message
