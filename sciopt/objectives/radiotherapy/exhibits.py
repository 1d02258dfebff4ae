"""What a report shows of one plan: its histograms, its dose in slices, and its parameters in words.

Nothing is optimised again: the log and the cache say it all, and what they hold no more is left out with a note.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence

from sciopt.errors import InvalidValue, SciOptError
from sciopt.objective import Evaluation
from sciopt.objectives.radiotherapy.artifacts import FLUENCE, HISTOGRAMS
from sciopt.objectives.radiotherapy.figures import Curves, GoalRow, colours, point_of
from sciopt.objectives.radiotherapy.goals import PlanGoal
from sciopt.objectives.radiotherapy.outputs import case_of, curves, goal_rows
from sciopt.objectives.radiotherapy.plan import parse
from sciopt.objectives.radiotherapy.planes import ISODOSES
from sciopt.objectives.radiotherapy.pointwise import GivenFluence
from sciopt.objectives.radiotherapy.slices import Scene
from sciopt.objectives.radiotherapy.thinning import thinned
from sciopt.objectives.radiotherapy.use import told_use, use_of
from sciopt.objectives.radiotherapy.wording import beams_of, objective_rows
from sciopt.report.exhibits import Curve, Exhibit, Histogram, Mark, Slices, Table
from sciopt.runs.choosing import first_of
from sciopt.runs.run import Row, Run
from sciopt.targets.patients.checks import volume_cc

GONE = "The cache holds this plan no more: its histograms and its dose are not shown."


def exhibits(run: Run, row: Row) -> Sequence[Exhibit]:
    """Histograms, slices and parameters of one plan beside those of the run's start.

    Only the parameters of a plan that is in the cache no more, with a note, or that could not be measured.
    """
    start = first_of(run.rows)
    if start is None or row.evaluation.failure is not None:
        return list(_parameters(row.evaluation, None, []))
    first, own = start.evaluation, row.evaluation
    seen, notes = _seen(run, first, own)
    return [*seen, *_parameters(own, first, notes)]


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


# --- what the cache still holds ---------------------------------------------------------------------------------------


def _seen(run: Run, start: Evaluation, own: Evaluation) -> tuple[list[Exhibit], list[str]]:
    """Histograms and slices, as far as they can be made, and why one cannot."""
    texts, before = run.artifacts(own), run.artifacts(start)
    if HISTOGRAMS not in texts:
        return [], [GONE]
    try:
        scene, notes = _scene(run), []
    except SciOptError as error:
        scene, notes = None, [f"No slices: {_reason(error, run)}."]
    try:
        other = curves(before[HISTOGRAMS]) if HISTOGRAMS in before and start.value != own.value else None
        found: list[Exhibit] = [_histogram(own, curves(texts[HISTOGRAMS]), other, goal_rows(start, own), scene)]
        if scene is not None and FLUENCE in texts:
            found.append(_slices(scene, GivenFluence.read(texts[FLUENCE])))
    except SciOptError as error:
        return [], [f"No histograms and no slices: {_reason(error, run)}."]
    return found, notes


def _reason(error: SciOptError, run: Run) -> str:
    """An error's text without the folder, which says nothing to whom the page is sent."""
    return str(error).removeprefix(f"{run.folder}: ")


@functools.lru_cache(maxsize=2)
def _scene(run: Run) -> Scene:
    """The case of a run as slices show it; kept, since a report asks for the best and for the start."""
    return Scene(case_of(run))


# --- parameters -------------------------------------------------------------------------------------------------------


def _parameters(own: Evaluation, start: Evaluation | None, notes: Sequence[str]) -> Iterator[Table]:
    """What the engine wrote: each objective in words, and what it was at the start where that differs."""
    try:
        plan, before = parse(own.value), parse(start.value) if start is not None else None
    except InvalidValue:
        return
    beams = f"{beams_of(plan)}."
    if before is not None and before.gantry_deg != plan.gantry_deg:
        beams = f"{beams_of(plan)}; at the start {beams_of(before)}."
    note = " ".join([beams, *notes, _sentence(told_use(own))])
    columns = ("structure", "asked of it", "dose (Gy)", "weight", "at the start")
    yield Table("Plan", columns, objective_rows(plan, before), note)


# --- histograms -------------------------------------------------------------------------------------------------------


def _histogram(
    shown: Evaluation, own: Curves, start: Curves | None, goals: Sequence[GoalRow], scene: Scene | None
) -> Histogram:
    """Both plans' histograms at the same doses, and the goals that are points of them."""
    colour = colours(list(own.percent))
    after, before = thinned(own, start)
    volumes = {s.name: volume_cc(s.region) for s in scene.case.structures} if scene else {}
    drawn = [
        Curve(name, colour[name], _told(percent), _told(before.percent.get(name, ())) if before else ())
        for name, percent in after.percent.items()
    ]
    marks = [mark for row in goals if (mark := _mark(row, volumes, colour)) is not None]
    missing = [row.goal.quantity for row in goals if point_of(row.goal, volumes) is None]
    absent = f"Without a point here: {', '.join(dict.fromkeys(missing))}. " if missing else ""
    note = f"{absent}{_sentence(told_use(shown))}"
    return Histogram("Dose-volume histograms", [round(float(d), 3) for d in after.dose_gy], drawn, marks, note)


def _told(percent: Iterable[float]) -> list[float]:
    """Volumes to the digits that a page needs."""
    return [round(float(each), 2) for each in percent]


def _mark(row: GoalRow, volumes: Mapping[str, float], colour: Mapping[str, str]) -> Mark | None:
    place = point_of(row.goal, volumes)
    if place is None:
        return None
    goal: PlanGoal = row.goal
    return Mark(*place, goal.text, colour[goal.structure], goal.sense, goal.unit == "Gy", row.met)


# --- slices -----------------------------------------------------------------------------------------------------------


def _slices(scene: Scene, given: GivenFluence) -> Slices:
    """The dose in space, with the names of its lines."""
    case = scene.case
    colour = colours([s.name for s in case.structures])
    levels = ", ".join(f"{percent}" for percent in ISODOSES)
    note = (
        f"Isodoses at {levels} % of {case.coverage.dose_gy:g} Gy; that of 100 % is thickest, that of 107 % white. "
        "This dose is computed in a quicker way than the one that is measured: it differs by up to 2 % at a point. "
        f"{_sentence(use_of(case))}"
    )
    return Slices("Dose", scene.stacks(given), [(s.name, colour[s.name]) for s in case.structures], note)
