"""The figure `campaign`: the best so far over the evaluations of many runs, as a mean over seeds for each method.

A band is the 95 % confidence interval of the mean by Student's t distribution (n - 1 degrees of freedom), which takes
the runs' values at an evaluation as a sample of a normal distribution; it is drawn from three runs on. The best of a
run that has ended is carried on, since it is its result, whatever ended it; one that has not ended is drawn as far as
it came.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import TYPE_CHECKING

from sciopt.errors import InvalidInput, UnknownName
from sciopt.report.figures import GOAL_LINE, Panel
from sciopt.report.kinds import Choices, FigureKind
from sciopt.report.layout import composed, number_evaluations
from sciopt.report.methods import GREY, Method, methods
from sciopt.runs.run import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LEVEL = 0.95
_LEAST = 3
"""With two runs the interval is 12.7 standard errors wide on each side: from so many runs on a band says something."""
_FEW = 8
"""Of so many runs of a method at most, each is drawn thinly beside their mean."""


@dataclass(frozen=True)
class Way:
    """The best so far of one run after each evaluation, from the first; NaN while none succeeded."""

    best: tuple[float, ...]
    ended: bool

    def at(self, number: int) -> float | None:
        """The best after `number` evaluations; None where it is not known."""
        if number <= len(self.best):
            return self.best[number - 1]
        return self.best[-1] if self.ended else None


@dataclass(frozen=True)
class Mean:
    """The mean over runs after `number` evaluations; `half` is half of the interval, NaN where `runs` is 1."""

    number: int
    value: float
    half: float
    runs: int


def way(run: Run, quantity: str = "loss") -> Way:
    """The loss of the best so far, or another quantity of that candidate."""
    best: list[float] = []
    lowest, shown = math.inf, math.nan
    for row in run.rows:
        e = row.evaluation
        if e.failure is None and e.loss < lowest:
            lowest = e.loss
            shown = e.loss if quantity == "loss" else e.by_quantity.get(quantity, math.nan)
        best.append(shown)
    return Way(tuple(best), run.ending is not None)


def means(ways: Sequence[Way], *, until: int) -> list[Mean]:
    """Mean and interval after each evaluation at which every run that is known has a value."""
    found = []
    for number in range(1, until + 1):
        values = [value for each in ways if (value := each.at(number)) is not None]
        if values and all(map(math.isfinite, values)):
            found.append(Mean(number, fmean(values), _half(values), len(values)))
    return found


def _half(values: Sequence[float]) -> float:
    if len(values) < 2:
        return math.nan
    from scipy.stats import t

    return float(t.ppf((1.0 + LEVEL) / 2.0, len(values) - 1)) * stdev(values) / math.sqrt(len(values))


# --- drawing ----------------------------------------------------------------------------------------------------------


def draw(axes: Axes, runs: Sequence[Run], choices: Choices) -> None:
    """A line for each method with its band, thin ones for its runs where they are few, and the goal."""
    panel = _panel(runs, choices.quantities)
    found = methods(runs, choices.by)
    ways = [[way(run, panel.quantity) for run in method.runs] for method in found]
    until = max(len(each.best) for group in ways for each in group)
    step = max(1, until // 6)
    drawn = [
        _draw_method(axes, method, group, until=until, every=(number * step // len(found), step))
        for number, (method, group) in enumerate(zip(found, ways, strict=True))
    ]
    if not any(drawn):
        raise InvalidInput(f"no evaluation of these runs succeeded and measured {panel.quantity}; nothing is drawn")
    if any(len(method.runs) >= _LEAST for method in found):
        axes.fill_between([], [], color=GREY, alpha=0.4, lw=0, label="95 % CI of the mean (t)")
    if panel.goal is not None:
        axes.axhline(panel.goal.limit, **GOAL_LINE, label="goal")
    number_evaluations(axes, 1, until)
    _limit(axes, [value for group in ways for each in group for value in each.best])
    axes.set_ylabel(f"best so far: {panel.label}")
    axes.legend(loc="best", handlelength=2.8)
    if choices.title:
        axes.set_title(choices.title)


def _draw_method(axes: Axes, method: Method, ways: Sequence[Way], *, until: int, every: tuple[int, int]) -> bool:
    """Whether there was anything to draw. Where not every run is known, the mean is a thin line."""
    n, look = len(ways), method.look
    found = means(ways, until=until)
    whole = [m for m in found if m.runs == n]
    rest = [m for m in found if m.runs < n]
    if 1 < n <= _FEW:
        for each in ways:
            axes.step(range(1, len(each.best) + 1), each.best, where="post", color=look.colour, lw=0.5, alpha=0.45)
    if n >= _LEAST and whole:
        low, high = ([m.value + sign * m.half for m in whole] for sign in (-1.0, 1.0))
        axes.fill_between(
            [m.number for m in whole], low, high, step="post", color=look.colour, alpha=0.16, lw=0, zorder=1.2
        )
    going = sum(not each.ended for each in ways)
    label = f"{method.name} (n = {n}{f', {going} not ended' * bool(going)})"
    axes.step(
        [m.number for m in whole],
        [m.value for m in whole],
        where="post",
        color=look.colour,
        ls=look.dashes,
        marker=look.marker,
        ms=3.4,
        mec="white",
        mew=0.4,
        markevery=every,
        label=label,
    )
    if rest:
        joined = [*whole[-1:], *rest]
        axes.step([m.number for m in joined], [m.value for m in joined], where="post", color=look.colour, lw=0.7)
    return bool(found)


def _limit(axes: Axes, values: Sequence[float]) -> None:
    """Show the runs whole, and of wide bands (of two runs, say) what is near to them."""
    finite = [value for value in values if math.isfinite(value)]
    room = 0.35 * (max(finite) - min(finite)) or 1.0
    low, high = axes.get_ylim()
    axes.set_ylim(max(low, min(finite) - room), min(high, max(finite) + room))


def _panel(runs: Sequence[Run], wanted: Sequence[str]) -> Panel:
    """The loss, or the one quantity that is wanted, with its goal."""
    if len(wanted) > 1:
        raise InvalidInput(f"a campaign is drawn for one quantity, not for {len(wanted)} ({', '.join(wanted)})")
    if not wanted or wanted[0] == "loss":
        return Panel("loss")
    measured = {
        m.quantity: Panel(m.quantity, m.unit, m.goal)
        for run in runs
        for r in run.rows
        for m in r.evaluation.measurements
    }
    if wanted[0] not in measured:
        raise UnknownName.among("quantity", wanted[0], measured, f"measured were loss, {', '.join(measured)}")
    return measured[wanted[0]]


KIND = FigureKind(
    "campaign",
    "the best so far over the evaluations of many runs: mean and 95 % band over seeds, by method",
    draw,
    composed(draw, aspect=0.8),
    takes=("quantities", "by"),
)
