"""The figures of plan runs by name: `dvh`, `dose` and `goals`, of a run's best plan or of the one with a number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sciopt.errors import InvalidInput, LogError
from sciopt.objective import Evaluation
from sciopt.objectives.radiotherapy.artifacts import FLUENCE, HISTOGRAMS
from sciopt.objectives.radiotherapy.dose_figure import Dosed, dose_slices, draw_dose
from sciopt.objectives.radiotherapy.figures import Curves, Histograms, draw_dvh, dvh
from sciopt.objectives.radiotherapy.goal_figure import draw_goals, goal_table
from sciopt.objectives.radiotherapy.outputs import case_of, curves, goal_rows
from sciopt.objectives.radiotherapy.plan import parse
from sciopt.objectives.radiotherapy.pointwise import GivenFluence
from sciopt.objectives.radiotherapy.use import told_use
from sciopt.report.kinds import Choices, FigureKind
from sciopt.runs.choosing import best_of, first_of, measured
from sciopt.runs.run import Run
from sciopt.targets.patients.case import Case
from sciopt.targets.patients.checks import volume_cc

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Shown:
    """A plan of a run, and how it is called in the figure."""

    run: Run
    evaluation: Evaluation
    name: str

    def artifact(self, name: str) -> str:
        """One of its texts from the cache; `LogError` where it is gone."""
        found = self.run.artifacts(self.evaluation).get(name)
        if found is None:
            raise LogError(f"the cache holds this plan of {self.run.folder} no more ({name}): make the run again")
        return found

    def curves(self) -> Curves:
        """Its histograms."""
        return curves(self.artifact(HISTOGRAMS))


def shown(run: Run, *, number: int | None = None) -> Shown:
    """The best plan of a run, or the evaluation with a number; `InvalidInput` where there is none."""
    rows = run.rows
    if not any(row.evaluation.value.startswith("{") for row in rows):
        raise InvalidInput(f"{run.folder} is no run of plans: this figure needs the folder of a `sciopt plan`")
    if number is None:
        best = best_of(rows)
        if best is None:
            raise InvalidInput(f"no plan of {run.folder} could be measured: there is nothing to draw")
        return Shown(run, best.evaluation, "best")
    return Shown(run, measured(run, number).evaluation, f"evaluation {number}")


def pair(runs: Sequence[Run], choices: Choices) -> tuple[Shown, Shown]:
    """The plan that is drawn solid, and the one that is drawn dashed: the start of the run, or the plan of another run.

    `InvalidInput` where two runs are of different cases.
    """
    if len(runs) == 1:
        own = shown(runs[0], number=choices.number)
        first = first_of(runs[0].rows)
        assert first is not None
        return own, Shown(runs[0], first.evaluation, "start")
    cases = [run.header["protocol"].get("case", "") for run in runs]
    if len(set(cases)) > 1:
        raise InvalidInput(
            f"{runs[0].folder} and {runs[1].folder} are of the cases {' and '.join(cases)}: expected runs of one case"
        )
    own, other = (shown(run, number=choices.number) for run in runs)
    return replace(own, name=own.run.folder.name), replace(other, name=other.run.folder.name)


def _is_one(own: Shown, other: Shown) -> bool:
    return own.run is other.run and own.evaluation.value == other.evaluation.value


def _case_or_none(run: Run) -> Case | None:
    """The case of a run; None where it is not what it was: the log's own words are enough for histograms and goals."""
    try:
        return case_of(run)
    except (LogError, InvalidInput):
        return None


# --- the three kinds --------------------------------------------------------------------------------------------------


def _histograms(runs: Sequence[Run], choices: Choices) -> Histograms:
    own, other = pair(runs, choices)
    case = _case_or_none(own.run)
    volumes = {s.name: volume_cc(s.region) for s in case.structures} if case else {}
    return Histograms(
        own.curves(),
        None if _is_one(own, other) else other.curves(),
        goal_rows(other.evaluation, own.evaluation),
        volumes,
        (own.name, other.name),
        told_use(own.evaluation),
    )


def _draw_dvh(axes: Axes, runs: Sequence[Run], choices: Choices) -> None:
    draw_dvh(axes, _histograms(runs, choices), title=choices.title or "")


def _compose_dvh(runs: Sequence[Run], choices: Choices) -> Figure:
    return dvh(
        _histograms(runs, choices),
        title=choices.title or "",
        width_inches=choices.width_inches,
        height_inches=choices.height_inches,
    )


def _draw_goals(axes: Axes, runs: Sequence[Run], choices: Choices) -> None:
    own, other = pair(runs, choices)
    rows, names = goal_rows(other.evaluation, own.evaluation), (own.name, other.name)
    draw_goals(axes, rows, title=choices.title or "", names=names, use=told_use(own.evaluation))


def _compose_goals(runs: Sequence[Run], choices: Choices) -> Figure:
    own, other = pair(runs, choices)
    return goal_table(
        goal_rows(other.evaluation, own.evaluation),
        title=choices.title or "",
        names=(own.name, other.name),
        use=told_use(own.evaluation),
        width_inches=choices.width_inches,
        height_inches=choices.height_inches,
    )


def _dosed(runs: Sequence[Run], choices: Choices) -> Dosed:
    """The case, the dose of the plan, and its beams; `LogError` where the case is not what it was."""
    own = shown(runs[0], number=choices.number)
    given, case = GivenFluence.read(own.artifact(FLUENCE)), case_of(own.run)
    return Dosed(case, lambda points: given.dose(case, points), parse(own.evaluation.value).gantry_deg)


def _draw_dose(axes: Axes, runs: Sequence[Run], choices: Choices) -> None:
    draw_dose(axes, _dosed(runs, choices), title=choices.title or "")


def _compose_dose(runs: Sequence[Run], choices: Choices) -> Figure:
    return dose_slices(
        _dosed(runs, choices),
        title=choices.title or "",
        width_inches=choices.width_inches,
        height_inches=choices.height_inches,
    )


DVH = FigureKind(
    "dvh",
    "dose-volume histograms: a plan solid, the start (or another run's plan) dashed, goals as triangles",
    _draw_dvh,
    _compose_dvh,
    most=2,
    takes=("number",),
)
DOSE = FigureKind(
    "dose",
    "slices of the dose with isodoses and contours, and the beams",
    _draw_dose,
    _compose_dose,
    most=1,
    takes=("number",),
)
GOALS = FigureKind(
    "goals",
    "the goals of a plan as a table, with its start",
    _draw_goals,
    _compose_goals,
    most=2,
    takes=("number",),
)
