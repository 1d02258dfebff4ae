"""What a search won by luck: the best of each run docked again with three seeds that took no part in the choice."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from statistics import fmean

from sciopt.bench import Bench
from sciopt.cache import Cache
from sciopt.errors import InvalidInput
from sciopt.objective import Evaluation

from .plan import ARMS, Make, Plan, docked
from .table import BY_DOCKINGS, Mean, Reading

NAME = "confirmed.json"
Confirmed = Mapping[str, Sequence[float]]
"""By target and SMILES ("JAK2 c1ccccc1"), the loss with each of the other seeds; none where it could not be docked."""


def finals(made: Sequence[Reading]) -> list[Reading]:
    """The reading of each run at its last planned docking."""
    last = max((r.at for r in made if r.basis == BY_DOCKINGS), default=0)
    return [r for r in made if r.basis == BY_DOCKINGS and r.at == last]


def confirm(made: Sequence[Reading], plan: Plan, runs: Path, *, workers: int, make: Make = docked) -> Confirmed:
    """Dock what is not yet confirmed; the result is kept in the folder of the runs."""
    known = dict(load(runs))
    for target in dict.fromkeys(r.target for r in made):
        values = dict.fromkeys(r.value for r in finals(made) if r.target == target)
        missing = [v for v in values if f"{target} {v}" not in known]
        if not missing:
            continue
        objective = make(target, plan)
        with closing(objective), ThreadPoolExecutor(workers) as threads:
            bench = Bench(objective, cache=Cache(runs / "cache" / target), executor=threads, tolerant=True)
            repeated = bench.repeat(missing, Evaluation(missing[0], math.inf), objective.repeats)
        for i, value in enumerate(missing):
            losses = [estimates[i].loss for estimates, _ in repeated.values()]
            known[f"{target} {value}"] = [loss for loss in losses if math.isfinite(loss)]
        (runs / NAME).write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")
    return known


def load(runs: Path) -> Confirmed:
    """What was confirmed in a folder of runs."""
    path = runs / NAME
    try:
        found: dict[str, list[float]] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    except ValueError as error:
        raise InvalidInput(f"{path} cannot be read ({error}): remove it, and `confirm` makes it anew") from error
    return found


def text(made: Sequence[Reading], known: Confirmed) -> list[str]:
    """By target and arm: the best loss as the search saw it, and the mean of the other seeds; what luck added."""
    rows = [(r, fmean(known[k])) for r in finals(made) if known.get(k := f"{r.target} {r.value}")]
    lines: list[str] = []
    for target in dict.fromkeys(r.target for r, _ in rows):
        lines += ["", f"{target}: the best of each run, docked again with three other seeds, mean [95 % t interval], n"]
        cells = [["arm", "as searched", "again", "less"]]
        for arm in ARMS:
            mine = [(r.loss, again) for r, again in rows if (r.target, r.arm) == (target, arm)]
            if mine:
                told = [Mean.of(v) for v in ([a for a, _ in mine], [b for _, b in mine], [b - a for a, b in mine])]
                cells.append([arm, str(told[0]), str(told[1]), f"{told[2]}, {len(mine)}"])
        widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]
        lines += ["  " + "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in cells]
    return lines
