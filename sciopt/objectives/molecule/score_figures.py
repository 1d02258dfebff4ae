"""The figure `distribution`: the Vina score and QED of everything that runs measured, beside the reference drugs.

As in TextGrad's figure of molecules (Yuksekgonul et al., arXiv 2406.07496): a search held against known drugs.
"""

from __future__ import annotations

import functools
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sciopt.errors import InvalidInput, UnknownName
from sciopt.objectives.molecule.docked import measured_rows, receptor_names
from sciopt.objectives.molecule.known_scores import Known, known_scores
from sciopt.objectives.molecule.letters import Points
from sciopt.objectives.molecule.quantities import VINA, is_score, score_of, unit_of
from sciopt.report.kinds import Choices, FigureKind
from sciopt.report.labels import Spot, settle, write_names
from sciopt.report.layout import columns_of, leave_room_below, title_inches
from sciopt.report.methods import Method, methods
from sciopt.report.outliers import Limits, key, mark_outside, near, outside_label

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

    from sciopt.runs.run import Run

_INK, _GREY = "#222222", "#666666"
_DRUG: Mapping[str, Any] = {"ls": "", "marker": "*", "ms": 7.5, "mfc": "white", "mec": _INK, "mew": 0.8}
_PANEL_INCHES, _HIGHEST_INCHES = 2.6, 3.6
_BINS = 24
"""At most; fewer where there is little to count."""
_FILLED = 2
"""So many methods' spreads are filled; more would hide each other."""
_NOTE, _NOTE_LINE = 5.5, 7.5
_RECALLED = "* structure recalled, not verified"


@dataclass(frozen=True, eq=False)
class Cloud:
    """What the runs of one method measured: a point (x, y) for each evaluation, and the best of each run."""

    method: Method
    points: Points
    best: Points


@dataclass(frozen=True, eq=False)
class Panel:
    """One receptor: what is on its axes, what the methods measured, and the drugs that are known for it."""

    receptor: str
    across: str
    upwards: str
    clouds: tuple[Cloud, ...]
    known: Known

    @property
    def drugs(self) -> list[Spot]:
        """The reference drugs that were scored."""
        values = self.known.measured.items()
        return [Spot(each[VINA], each[self.upwards], name) for name, each in values if self.upwards in each]

    @functools.cached_property
    def limits(self) -> tuple[Limits | None, Limits | None]:
        """Of both axes, where a few far evaluations are left out; the best of a run and the drugs never are."""
        drugs = np.array([(drug.x, drug.y) for drug in self.drugs]).reshape(-1, 2)
        shown = np.concatenate([*(cloud.best for cloud in self.clouds), drugs])
        every = np.concatenate([cloud.points for cloud in self.clouds])
        across, upwards = (near(every[:, i].tolist(), always=shown[:, i].tolist()) for i in (0, 1))
        return across, upwards

    @property
    def outside(self) -> int:
        """How many evaluations are left out."""
        every = np.concatenate([cloud.points for cloud in self.clouds])
        out = np.zeros(len(every), dtype=bool)
        for column, limits in zip(every.T, self.limits, strict=True):
            if limits is not None:
                out |= (column < limits[0]) | (column > limits[1])
        return int(np.count_nonzero(out))


def panels(runs: Sequence[Run], choices: Choices) -> list[Panel]:
    """One for each receptor of the runs; `choices.quantities` choose among the scores, and what is drawn upwards."""
    for run in runs:
        measured_rows(run)
    scores = [q for q in choices.quantities if is_score(q)]
    others = [q for q in choices.quantities if not is_score(q)] or ["QED"]
    if len(others) > 1:
        raise InvalidInput(f"{', '.join(others)}: expected one quantity beside the score")
    names = dict.fromkeys(name for run in runs for name in receptor_names(run))
    known = {score_of(name): name for name in names} | ({score_of(None): next(iter(names))} if len(names) == 1 else {})
    for quantity in scores:
        if quantity not in known:
            raise UnknownName.among("quantity", quantity, known, f"the scores of these runs are {', '.join(known)}")
    return [_panel(runs, name, others[0], choices.by) for name in ([known[q] for q in scores] or names)]


def _panel(runs: Sequence[Run], receptor: str, upwards: str, by: str | None) -> Panel:
    docked = [run for run in runs if receptor in receptor_names(run)]
    clouds = tuple(_cloud(method, docked, receptor, upwards) for method in methods(runs, by))
    if not sum(len(cloud.points) for cloud in clouds):
        measured = dict.fromkeys(m.quantity for run in docked for m in measured_rows(run)[0].evaluation.measurements)
        raise UnknownName.among("quantity", upwards, measured, f"these runs measured {', '.join(measured)}")
    return Panel(receptor, VINA, upwards, clouds, known_scores(docked, receptor=receptor))


def _cloud(method: Method, docked: Sequence[Run], receptor: str, upwards: str) -> Cloud:
    points: list[tuple[float, float]] = []
    best: list[tuple[float, float]] = []
    for run in (run for run in method.runs if run in docked):
        score = score_of(receptor if len(receptor_names(run)) > 1 else None)
        rows = measured_rows(run)
        values = [row.evaluation.by_quantity for row in rows]
        points += [(each[score], each[upwards]) for each in values if upwards in each]
        lowest = values[min(range(len(rows)), key=lambda i: rows[i].evaluation.loss)]
        best += [(lowest[score], lowest[upwards])] if upwards in lowest else []
    return Cloud(method, np.array(points).reshape(-1, 2), np.array(best).reshape(-1, 2))


def _draw_panel(axes: Axes, panel: Panel, *, named: bool) -> None:
    """The cloud of points with the drugs by name."""
    for cloud in (each for each in panel.clouds if len(each.points)):
        look = cloud.method.look
        style: dict[str, Any] = {"ls": "", "marker": look.marker, "mfc": look.colour}
        label = cloud.method.name if named else "evaluation"
        axes.plot(*cloud.points.T, ms=2.8, mec="none", alpha=0.45, label=label, zorder=2, **style)
    for cloud in (each for each in panel.clouds if len(each.best)):
        look = cloud.method.look
        axes.plot(*cloud.best.T, ls="", marker=look.marker, mfc=look.colour, ms=5.5, mec=_INK, mew=0.7, zorder=3)
    drugs = panel.drugs
    if drugs:
        axes.plot([d.x for d in drugs], [d.y for d in drugs], zorder=4, **_DRUG)
    unit = unit_of(panel.upwards)
    axes.set_xlabel(f"{VINA} ({unit_of(VINA)}), lower is better")
    axes.set_ylabel(f"{panel.upwards} ({unit})" if unit else panel.upwards)
    axes.grid(axis="x")
    axes.margins(0.06)
    _leave_out(axes, panel)
    write_names(axes, drugs)


def _leave_out(axes: Axes, panel: Panel) -> None:
    """The limits of the panel, and arrows to what is outside."""
    across, upwards = panel.limits
    if panel.outside:
        axes.set(xlim=across or axes.get_xlim(), ylim=upwards or axes.get_ylim())
        for cloud in panel.clouds:
            mark_outside(axes, [(x, y) for x, y in cloud.points.tolist()], colour=cloud.method.look.colour)


def _legend(panels: Sequence[Panel]) -> Iterator[tuple[Any, str]]:
    """A handle and a label for all that is drawn."""
    from matplotlib.lines import Line2D

    clouds = {cloud.method.name: cloud for panel in panels for cloud in panel.clouds}
    for name, cloud in clouds.items():
        look = cloud.method.look
        yield Line2D([], [], ls="", marker=look.marker, ms=3.5, mfc=look.colour, mec="none"), _called(name, clouds)
    yield Line2D([], [], ls="", marker="o", ms=5.0, mfc="white", mec=_INK, mew=0.7), "best of a run"
    if any(panel.drugs for panel in panels):
        yield Line2D([], [], **_DRUG), "reference drug"
    if many := sum(panel.outside for panel in panels):
        yield Line2D([], [], **key(_GREY)), outside_label(many)


def _called(name: str, clouds: Sequence[str] | dict[str, Cloud]) -> str:
    return name if len(clouds) > 1 else "evaluation"


def _margins(across: Axes, upwards: Axes, panel: Panel) -> None:
    """How the evaluations of each method spread along both axes, as shares of their number."""
    for axis, (axes, orientation) in enumerate(((across, "vertical"), (upwards, "horizontal"))):
        every = np.concatenate([cloud.points[:, axis] for cloud in panel.clouds])
        bins = min(_BINS, 3 + int(1.5 * len(every) ** 0.5))
        edges = np.histogram_bin_edges(every, bins=bins, range=panel.limits[axis]).tolist()
        for cloud in (each for each in panel.clouds if len(each.points)):
            values = cloud.points[:, axis]
            weights = np.full(len(values), 1.0 / len(values))
            options: dict[str, Any] = {"orientation": orientation, "color": cloud.method.look.colour}
            if len(panel.clouds) <= _FILLED:
                axes.hist(values, edges, weights=weights, histtype="stepfilled", alpha=0.25, **options)
            axes.hist(values, edges, weights=weights, histtype="step", lw=0.9, **options)
        axes.set_axis_off()


def _compose(runs: Sequence[Run], choices: Choices) -> Figure:
    from matplotlib.figure import Figure

    found = panels(runs, choices)
    columns = min(len(found), max(1, round(choices.width_inches / _PANEL_INCHES)))
    rows = -(-len(found) // columns)
    handles, labels = zip(*_legend(found), strict=True)
    abreast = columns_of(labels, width_inches=choices.width_inches)
    note = _wrapped(found, choices.width_inches)
    rest = 0.16 * -(-len(labels) // abreast) + _NOTE_LINE * len(note) / 72 + title_inches(choices.title or "")
    height = choices.height_inches or rows * min(0.9 * choices.width_inches / columns, _HIGHEST_INCHES) + rest
    made = Figure(figsize=(choices.width_inches, height))
    grid = made.add_gridspec(rows, columns)
    drawn = [_joint(made, grid[divmod(i, columns)], panel) for i, panel in enumerate(found)]
    made.legend(handles, labels, loc="outside lower center", ncols=abreast)
    if choices.title:
        made.suptitle(choices.title)
    _print(made, note)
    for axes in drawn:
        settle(axes)
    return made


def _joint(figure: Figure | SubFigure, place: Any, panel: Panel) -> Axes:
    """One receptor: the cloud, and its spread above it and beside it."""
    inner = place.subgridspec(2, 2, width_ratios=(5, 1), height_ratios=(1, 5), wspace=0.02, hspace=0.02)
    axes = figure.add_subplot(inner[1, 0])
    _draw_panel(axes, panel, named=True)
    above = figure.add_subplot(inner[0, 0], sharex=axes)
    _margins(above, figure.add_subplot(inner[1, 1], sharey=axes), panel)
    above.set_title(panel.receptor)
    return axes


def _wrapped(found: Sequence[Panel], width_inches: float) -> list[str]:
    """Which drugs nobody scored so far, and how they are; in lines for the foot of the figure."""
    said = [
        f"not scored by this protocol: {', '.join(p.known.missing)}; "
        f"`{p.known.command}`, FOLDER being the cache of the run, adds them"
        for p in found
        if p.known.missing
    ]
    recalled = [_RECALLED] * any(spot.name.endswith("*") for p in found for spot in p.drugs)
    letters = int(72 * width_inches / (0.56 * _NOTE))
    return [line for text in (*recalled, *said) for line in textwrap.wrap(text, letters)]


def _print(figure: Figure, lines: Sequence[str]) -> None:
    """Small print at the foot, with room for it."""
    if not lines:
        return
    leave_room_below(figure, (_NOTE_LINE * len(lines) + 2.0) / 72)
    figure.text(0.01, 0.03 / figure.get_figheight(), "\n".join(lines), va="bottom", fontsize=_NOTE, color=_GREY)


def _draw(axes: Axes, runs: Sequence[Run], choices: Choices) -> None:
    """The cloud of the first receptor."""
    panel = panels(runs, choices)[0]
    _draw_panel(axes, panel, named=len(panel.clouds) > 1)
    axes.set_title(panel.receptor if choices.title is None else choices.title)
    axes.legend(*zip(*_legend([panel]), strict=True), loc="best")


DISTRIBUTION = FigureKind(
    name="distribution",
    summary="Vina score and QED of all evaluations, beside the reference drugs, for each receptor",
    draw=_draw,
    compose=_compose,
    aspect=0.9,
    takes=("quantities", "by"),
)
