"""Which runs there are, and how each is made: arms, targets, seeds, and the protocol that all of them share."""

from __future__ import annotations

import dataclasses
import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from sciopt.cache import Cache
from sciopt.descent import Settings
from sciopt.errors import InvalidInput, SciOptError, UnknownName
from sciopt.log import LOG_NAME
from sciopt.objective import Objective
from sciopt.objectives.molecule import DockingProtocol, MoleculeObjective
from sciopt.runs.run import Run
from sciopt.verbalize import DETAILS

from .curves import curve, dockings_of
from .drive import Limits, Where, guided, unassisted
from .pool import BANK, POOL, read
from .shuffled import ShuffledFindings
from .space import Search, Space
from .unassisted import drawn, evolve, grown, wander

LEADING = "findings"
"""The arm whose CPU seconds are the measure for the others of the same target and seed."""
ARMS: Mapping[str, str] = {
    "findings": "offline engine, the measured gradient",
    "numbers": "offline engine, measurements only",
    "none": "offline engine, no number at all",
    "shuffled": "offline engine, findings of other molecules",
    "genetic": "graph-based genetic algorithm from the same start",
    "genetic-pool": "graph-based genetic algorithm from 200 small drug-like molecules",
    "unguided": "random edits of the best, accepted if better",
}
TARGETS = ("JAK2", "F2", "PPARD")
SEEDS = (0, 1, 2)


@dataclass(frozen=True)
class Plan:
    """What all runs of a folder share; it is written there as `plan.json`."""

    exhaustiveness: int = 2
    dockings: int = 60
    most: int = 200
    start: str = "c1ccccc1"

    def keep(self, folder: Path) -> None:
        """Write the plan, or hold it against the one that is there."""
        path = folder / "plan.json"
        if not path.exists():
            folder.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(dataclasses.asdict(self), indent=2) + "\n", encoding="utf-8")
        elif (held := Plan.of(folder)) != self:
            raise InvalidInput(f"{folder} holds runs of another plan, {held}; expected {self}: name another folder")

    @classmethod
    def of(cls, folder: Path) -> Plan:
        """The plan of a folder of runs."""
        path = folder / "plan.json"
        if not path.exists():
            raise InvalidInput(f"{folder} holds no runs: {path.name} is missing; `molecule_search.py run` makes them")
        return cls(**json.loads(path.read_text("utf-8")))


@dataclass(frozen=True, order=True)
class Job:
    """One run: a target, an arm and a seed."""

    target: str
    arm: str
    seed: int

    def folder(self, runs: Path) -> Path:
        """Where the run is."""
        return runs / f"{self.target}_{self.arm}_{self.seed}"


def jobs(targets: Iterable[str], arms: Iterable[str], seeds: Iterable[int]) -> list[Job]:
    """All runs, those of the leading arm first: the others need what it spent."""
    made = [Job(*each) for each in itertools.product(targets, arms, seeds)]
    for job in made:
        if job.arm not in ARMS:
            raise UnknownName.among("arm", job.arm, ARMS, "--arms takes these")
    return sorted(made, key=lambda job: job.arm != LEADING)


def finished(job: Job, runs: Path) -> Run | None:
    """The run, if it came to its end and its log is whole; one with a damaged log is to be gone on with."""
    if not (job.folder(runs) / LOG_NAME).exists():
        return None
    run = Run.load(job.folder(runs))
    return run if run.ending is not None and run.damage is None else None


def limits_of(job: Job, plan: Plan, runs: Path) -> Limits:
    """How far a run goes; `InvalidInput` where the run of the leading arm that it is compared with is missing."""
    if job.arm == LEADING:
        return Limits(plan.dockings, most=plan.dockings)
    leading = finished(Job(job.target, LEADING, job.seed), runs)
    if leading is None:
        raise InvalidInput(
            f"{job}: the run of the arm {LEADING!r} with this target and seed is not finished, so that it is not known "
            f"how many CPU seconds to spend; run it first: --arms {LEADING}"
        )
    return Limits(plan.dockings, curve(leading)[-1].cpu_seconds, max(plan.most, plan.dockings))


Make = Callable[[str, Plan], Objective]


def docked(target: str, plan: Plan) -> Objective:
    """The objective of all arms: Vina score + 10 (1 - QED)."""
    return MoleculeObjective(target, docking=DockingProtocol(exhaustiveness=plan.exhaustiveness))


def perform(job: Job, plan: Plan, runs: Path, *, make: Make = docked) -> str:
    """Make one run, or finish it, and say in a line what came of it."""
    if finished(job, runs) is None:
        limits, where = limits_of(job, plan, runs), Where(job.folder(runs), runs / "cache" / job.target)
        objective = make(job.target, plan)
        if job.arm in DETAILS:
            settings = Settings(seed=job.seed, detail=job.arm)  # type: ignore[arg-type]  # DETAILS are the literals
            guided(objective, plan.start, settings=settings, arm=job.arm, limits=limits, where=where)
        elif job.arm == "shuffled":
            shuffled = ShuffledFindings(objective, bank=read(BANK), seed=job.seed, cache=Cache(where.cache))
            own = Where(where.folder, where.folder / "cache")
            guided(shuffled, plan.start, settings=Settings(seed=job.seed), arm=job.arm, limits=limits, where=own)
        else:
            search = _search(job, plan, objective)
            seed, start = job.seed, plan.start if job.arm != "genetic-pool" else POOL.name
            unassisted(objective, search, seed=seed, start=start, arm=job.arm, limits=limits, where=where)
    return summary(job, runs)


def _search(job: Job, plan: Plan, objective: Objective) -> Search:
    """An unassisted search; its random numbers are its own for each arm and seed."""
    rng = np.random.default_rng([job.seed, list(ARMS).index(job.arm)])
    space = Space(objective, rng=rng)
    if job.arm == "unguided":
        return wander(space, plan.start, rng)
    founders = grown(space, plan.start, rng) if job.arm == "genetic" else drawn(space, read(POOL), rng)
    return evolve(space, founders, rng)


def summary(job: Job, runs: Path) -> str:
    """A finished run in a line."""
    run = finished(job, runs)
    assert run is not None
    last = curve(run)[-1]
    told = f"{job.target} {job.arm} seed {job.seed}: best {last.best:.2f} after {dockings_of(run)} dockings"
    return f"{told}, {last.cpu_seconds:.0f} CPU s"


def perform_all(
    todo: Iterable[Job], plan: Plan, runs: Path, *, workers: int, make: Make = docked
) -> Iterator[tuple[Job, str | SciOptError]]:
    """Make runs, `workers` at one time, each in a process of its own; what was said of each as it is done.

    A run that fails is told with its reason; the others go on.
    """
    waves = [list(wave) for _, wave in itertools.groupby(todo, key=lambda job: job.arm == LEADING)]
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        for wave in waves:
            begun = {pool.submit(perform, job, plan, runs, make=make): job for job in wave}
            for future in as_completed(begun):
                error = future.exception()
                if error is not None and not isinstance(error, SciOptError):
                    raise error
                yield begun[future], future.result() if error is None else error
