"""The files of a molecule run besides its log: the best poses, and two figures; all made from the log and the cache."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from sciopt.objectives.molecule.figures import molecules_on_the_way
from sciopt.objectives.molecule.goals import Scoring
from sciopt.objectives.molecule.molecule_figures import balanced, way
from sciopt.objectives.molecule.pose.files import as_models, best_poses, receptor_of
from sciopt.objectives.molecule.quantities import is_score, unit_of
from sciopt.report.figures import Panel, save, trajectory
from sciopt.report.trajectory_figure import points_of
from sciopt.runs.choosing import best_of
from sciopt.runs.run import Row, Run

WIDEST = 4
"""At most so many stand in a row; the rows are of one length as far as they can be."""


def write(run: Run) -> list[Path]:
    """`best.sdf` and `best.pdbqt` (`best_PPARA.sdf` and so on where there are several receptors), and the figures
    `trajectory` and `molecules`; the paths that were written.
    """
    rows = run.rows
    best = best_of(rows)
    return [*write_poses(run), *_trajectory(run, rows, best), *_molecules(run)] if best else []


def write_poses(run: Run) -> list[Path]:
    """The poses of the best ligand beside the log, each set apart for other programs; none where they are gone."""
    best = best_of(run.rows)
    paths = []
    for name, text in ({} if best is None else run.artifacts(best.evaluation)).items():
        receptor = receptor_of(name)
        path = run.folder / f"best{'_' * bool(receptor)}{receptor}{Path(name).suffix}"
        path.write_text(as_models(text) if path.suffix == ".pdbqt" else text, encoding="utf-8")
        paths.append(path)
    return paths


def poses(run: Run, rows: Sequence[Row]) -> Iterator[str]:
    """The best pose of each ligand in each receptor as SDF, with the run, the number in it, and the loss.

    One whose poses the cache holds no more is left out.
    """
    for row in rows:
        fields = {"run": run.folder.name, "number": row.number, "loss": f"{row.evaluation.loss:.4f}"}
        yield from best_poses(run.artifacts(row.evaluation), fields=fields)


def _trajectory(run: Run, rows: list[Row], best: Row) -> list[Path]:
    scoring = Scoring.from_specification(run.specification["objective"]["scoring"])
    panels = [Panel(name, unit_of(name), scoring.goal(name)) for name in _shown(best)]
    title = f"{_receptors(run)}, {run.specification['engine']} engine"
    return save(trajectory(points_of(rows), panels=panels, title=title), run.folder / "trajectory")


def _molecules(run: Run) -> list[Path]:
    """The best molecules on the way; the first and the last ones where there are many."""
    steps = way(run)
    return save(molecules_on_the_way(steps, columns=balanced(len(steps), widest=WIDEST)), run.folder / "molecules")


def _shown(row: Row) -> list[str]:
    """The quantities that figures show: the score in each receptor, and QED."""
    return [*filter(is_score, row.evaluation.by_quantity), "QED"]


def _receptors(run: Run) -> str:
    target = run.specification["objective"]["target"]
    return target if isinstance(target, str) else ", ".join(target)
