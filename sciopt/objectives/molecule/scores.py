"""Ligands scored without a search: with a progress bar, to text, CSV and SDF."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sciopt.bench import collect, measure
from sciopt.cache import Cache
from sciopt.errors import InvalidInput, InvalidValue
from sciopt.objective import Evaluation, Objective
from sciopt.objectives.molecule.ligand.isomers import stereo_name
from sciopt.objectives.molecule.pose.files import best_poses
from sciopt.objectives.molecule.readers import Entry
from sciopt.verbalize import Detail, render_evaluation


@dataclass(frozen=True)
class Scored:
    """One ligand as it was given, and what was measured on it; `isomer` says which it is where the SMILES left it open.

    `best` is the isomer of lowest loss, and every ligand that has no others.
    """

    entry: Entry
    evaluation: Evaluation
    isomer: str = ""
    best: bool = True

    def as_text(self, detail: Detail) -> str:
        """The gradient text, under the ligand's name."""
        name = self.entry.name or self.entry.text or "(an empty text)"
        which = f", {self.isomer}{', the best of them' if self.best else ''}" if self.isomer else ""
        return f"# {name}{which}\n{render_evaluation(self.evaluation, detail=detail)}"

    def as_data(self, detail: Detail) -> dict[str, Any]:
        """Plain data for `--json`."""
        e = self.evaluation
        return {
            "given": self.entry.text,
            "name": self.entry.name,
            "value": e.value,
            "isomer": self.isomer,
            "best_isomer": self.best,
            "loss": None if e.failure else e.loss,
            "measurements": e.by_quantity,
            "failure": e.failure,
            "protocol": dict(e.protocol),
            "gradient": render_evaluation(e, detail=detail),
        }


def score_all(
    objective: Objective, entries: Sequence[Entry], *, workers: int, advance: Callable[[], None], cache: Cache
) -> list[Scored]:
    """Measure every entry, in order, and each isomer of one that leaves it open; what is no ligand fails with a reason.

    `advance` is called as each entry is done. An exception (a signal) ends the objective's processes at once.
    """
    with ThreadPoolExecutor(workers) as threads:
        futures = [threads.submit(_score, objective, entry, cache) for entry in entries]
        try:
            for future in futures:
                future.add_done_callback(lambda _: advance())
            return [scored for found in collect(futures) for scored in found]
        except BaseException:
            objective.close()
            raise


def _score(objective: Objective, entry: Entry, cache: Cache) -> list[Scored]:
    try:
        variants = objective.variants(objective.canonical(entry.text))
    except InvalidValue as error:
        return [Scored(entry, Evaluation.failed(entry.text, str(error)))]
    made = [measure(objective, cache, value)[0] for value in variants]
    if len(made) == 1:
        return [Scored(entry, made[0])]
    best = min(made, key=lambda e: e.loss)
    return [
        Scored(entry, e, f"isomer {n} of {len(made)}: {stereo_name(e.value)}", e is best) for n, e in enumerate(made, 1)
    ]


def write_csv(scored: Sequence[Scored], path: Path) -> None:
    """One row for each ligand: what was given, what was measured, and the reason of a failure."""
    quantities = list(dict.fromkeys(m.quantity for each in scored for m in each.evaluation.measurements))
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["name", "given", "smiles", "isomer", "best isomer", "loss", *quantities, "failure"])
            for each in scored:
                e = each.evaluation
                measured = e.by_quantity
                isomer = [each.isomer, "yes" if each.best else "no"]
                row = [each.entry.name, each.entry.text, e.value, *isomer, "" if e.failure else e.loss]
                writer.writerow([*row, *(measured.get(q, "") for q in quantities), e.failure or ""])
    except OSError as error:
        raise InvalidInput(f"the table {path} cannot be written: {error.strerror}") from error


def write_sdf(scored: Sequence[Scored], path: Path) -> None:
    """The best pose of each ligand that was docked, in each receptor."""
    poses = [pose for each in scored if not each.evaluation.failure for pose in best_poses(each.evaluation.artifacts)]
    try:
        path.write_text("".join(poses), encoding="utf-8")
    except OSError as error:
        raise InvalidInput(f"the poses {path} cannot be written: {error.strerror}") from error
