"""Which runs there are, and how each is made: cases, arms, seeds, and the limits that all of them share."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from sciopt.descent import Settings
from sciopt.errors import InvalidInput, SciOptError, UnknownName
from sciopt.log import LOG_NAME
from sciopt.objectives.radiotherapy.objective import PlanObjectiveFunction
from sciopt.objectives.radiotherapy.options import settings_for
from sciopt.objectives.radiotherapy.plan import Plan
from sciopt.runs.run import Run
from sciopt.verbalize import DETAILS

from .curves import curve, met_at
from .drive import Limits, guided, unassisted
from .spaces import NARROW, WIDE, Box, Search, by_chance, by_tpe

ARMS: Mapping[str, str] = {
    "findings": "offline planner, the measured gradient",
    "numbers": "offline planner, measurements only",
    "none": "offline planner, no number at all",
    "tpe-narrow": "Optuna TPE, weights 100 to 400",
    "tpe-wide": "Optuna TPE, weights 1 to 10,000 in their logarithm",
    "tpe-doses": "as tpe-wide, and the reference doses of organs and body at 0.3 to 1 of the start's",
    "random": "chance in the space of tpe-doses",
}
CASES = (
    "c-shape-easy",
    "c-shape-hard",
    "prostate",
    "prostate:strict",
    "tg119-head-neck",
    "tg119-multi",
    "tg119-prostate",
)
"""A case and, after a colon, its set of goals where that is not `standard`."""
SEEDS = (0, 1, 2)


@dataclass(frozen=True)
class Setup:
    """What all runs of a folder share; it is written there as `setup.json`."""

    evaluations: int = 20
    solves: int = 50

    def keep(self, folder: Path) -> None:
        """Write it, or hold it against the one that is there."""
        path = folder / "setup.json"
        if not path.exists():
            folder.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(dataclasses.asdict(self), indent=2) + "\n", encoding="utf-8")
        elif (held := Setup.of(folder)) != self:
            raise InvalidInput(f"{folder} holds runs of another setup, {held}; expected {self}: name another folder")

    @classmethod
    def of(cls, folder: Path) -> Setup:
        """The setup of a folder of runs."""
        path = folder / "setup.json"
        if not path.exists():
            raise InvalidInput(f"{folder} holds no runs: {path.name} is missing; `plan_search.py run` makes them")
        return cls(**json.loads(path.read_text("utf-8")))


@dataclass(frozen=True, order=True)
class Job:
    """One run: a case with its goals, an arm and a seed."""

    case: str
    arm: str
    seed: int

    def folder(self, runs: Path) -> Path:
        """Where the run is."""
        return runs / f"{self.case.replace(':', '-')}_{self.arm}_{self.seed}"

    def __str__(self) -> str:
        return f"{self.case} {self.arm} seed {self.seed}"


def jobs(cases: Iterable[str], arms: Iterable[str], seeds: Iterable[int]) -> list[Job]:
    """All runs, those of the first seed first, and of one case after the other: its matrices are then made once."""
    made = [Job(case, arm, seed) for seed, case, arm in itertools.product(seeds, cases, arms)]
    for job in made:
        if job.arm not in ARMS:
            raise UnknownName.among("arm", job.arm, ARMS, "--arms takes these")
    return made


def finished(job: Job, runs: Path) -> Run | None:
    """The run, if it came to its end."""
    if not (job.folder(runs) / LOG_NAME).exists():
        return None
    run = Run.load(job.folder(runs))
    return run if run.ending is not None else None


Make = Callable[[str], PlanObjectiveFunction]


@functools.lru_cache(maxsize=1)
def planned(case: str) -> PlanObjectiveFunction:
    """The objective of all arms, with the start plan solved once: what is made for a case costs no run anything."""
    name, _, goals = case.partition(":")
    objective = PlanObjectiveFunction(name, goals=goals or "standard")
    objective.treatment().deliver(objective.start)
    return objective


def perform(job: Job, setup: Setup, runs: Path, *, make: Make = planned) -> str:
    """Make one run, or finish it, and say in a line what came of it."""
    if finished(job, runs) is None:
        objective, folder = make(job.case), job.folder(runs)
        folder.mkdir(parents=True, exist_ok=True)
        limits = Limits(setup.evaluations, setup.solves)
        if job.arm in DETAILS:
            start = objective.canonical(objective.start.text())
            guided(objective, start, settings=settings_of(job), arm=job.arm, limits=limits, folder=folder)
        else:
            search, said = search_of(job, objective.start)
            unassisted(objective, search, settings=said, arm=job.arm, limits=limits, folder=folder)
    return summary(job, runs)


def settings_of(job: Job) -> Settings:
    """One plan a step: each is a full evaluation, after which the next step knows more."""
    return settings_for(seed=job.seed, detail=job.arm)  # type: ignore[arg-type]  # see DETAILS


def search_of(job: Job, start: Plan) -> tuple[Search, dict[str, object]]:
    """A search without a gradient and what the log says of it; its random numbers are its own for each arm and seed."""
    weights = NARROW if job.arm == "tpe-narrow" else WIDE
    doses = job.arm not in ("tpe-narrow", "tpe-wide")
    box = Box.around(start, weights=weights, log=weights is WIDE, doses=doses)
    said: dict[str, object] = {"seed": job.seed, "box": [dataclasses.asdict(d) for d in box.dimensions]}
    if job.arm == "random":
        return by_chance(box, np.random.default_rng([job.seed, list(ARMS).index(job.arm)])), said
    return by_tpe(box, seed=job.seed), said


def summary(job: Job, runs: Path) -> str:
    """A finished run in a line."""
    run = finished(job, runs)
    assert run is not None
    points = curve(run)
    last, first_met = points[-1], met_at(points)
    met = f"all {last.goals} goals met after {first_met.solves}" if first_met else f"{last.met} of {last.goals} met,"
    told = f"{job}: {met} inner solves" if first_met else f"{job}: {met} violation {last.violation:.2f}"
    return f"{told}; {last.evaluations} evaluations, {last.solves} solves, {last.cpu_seconds:.0f} CPU s"


def perform_all(
    todo: Iterable[Job], setup: Setup, runs: Path, *, workers: int, make: Make = planned
) -> Iterator[tuple[Job, str | SciOptError]]:
    """Make runs, `workers` at one time, each in one of as many processes; what was said of each as it is done.

    A run that fails is told with its reason; the others go on.
    """
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        begun = {pool.submit(perform, job, setup, runs, make=make): job for job in todo}
        for future in as_completed(begun):
            error = future.exception()
            if error is not None and not isinstance(error, SciOptError):
                raise error
            yield begun[future], future.result() if error is None else error
