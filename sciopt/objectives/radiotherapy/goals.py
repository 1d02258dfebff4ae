"""Clinical goals as a physicist writes them, one a line: "PTV D95% >= 70.2 Gy", "Rectum V70Gy <= 20 % (priority 2)"."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import NamedTuple

from sciopt.errors import InvalidInput, UnknownName
from sciopt.objective import Goal, Sense
from sciopt.objectives.radiotherapy.grammar import read_line, read_metric
from sciopt.objectives.radiotherapy.metrics import Metric, plain


@dataclass(frozen=True)
class PlanGoal:
    """A limit on one metric of one structure; priority 1 is the highest. `limit` is in `unit`, that of the metric."""

    structure: str
    metric: Metric
    sense: Sense
    limit: float
    unit: str
    priority: int = 1

    @property
    def quantity(self) -> str:
        """The name of what is measured: "Rectum V70Gy"; of a volume in cc "Rectum V70Gy[cc]"."""
        return f"{self.structure} {self.metric.text}"

    @property
    def text(self) -> str:
        """The one canonical line; reads as the same goal."""
        asked = f"{self.structure} {self.metric.text.removesuffix('[cc]')} {self.sense} {plain(self.limit)}"
        rank = "" if self.priority == 1 else f"(priority {self.priority})"
        return " ".join(part for part in (asked, self.unit, rank) if part)

    @property
    def goal(self) -> Goal:
        """The same as the core knows it."""
        return Goal(self.quantity, self.sense, self.limit, self.unit, self.metric.scale, self.priority)


def parse_goal(line: str) -> PlanGoal:
    """A goal from one line; `InvalidInput` says what is wrong and what would be right.

    >>> parse_goal("rectum v70 < 20%").text
    'rectum V70Gy <= 20 %'
    >>> parse_goal("Cord D0.03 cc <= 4500 cGy (priority 2)").text
    'Cord D0.03cc <= 45 Gy (priority 2)'
    """
    return PlanGoal(*read_line(line))


def parse_quantity(quantity: str) -> tuple[str, Metric]:
    """Structure and metric of a quantity's name: the inverse of `PlanGoal.quantity`."""
    structure, _, metric = quantity.partition(" ")
    return structure, read_metric(metric, unit="cc" if metric.endswith("[cc]") else "%", line=quantity)


def parse_goals(
    lines: Iterable[str], *, structures: Collection[str], targets: Collection[str] | None = None
) -> tuple[PlanGoal, ...]:
    """The goals of a case, in their order.

    `InvalidInput` where one does not read, is of a structure that is not among `structures`, asks an index of what is
    not among the `targets` (where these are given), says what another one says, or contradicts another one.
    """
    goals = tuple(parse_goal(line) for line in lines)
    for goal in goals:
        if goal.structure not in structures:
            hint = f"the goal '{goal.text}' needs one of {', '.join(structures)}"
            raise UnknownName.among("structure", goal.structure, structures, hint)
        if targets is not None and goal.metric.kind in ("HI", "CI") and goal.structure not in targets:
            raise InvalidInput(
                f"the goal '{goal.text}' asks for an index of {goal.structure}, which is not a target: "
                f"expected one of {', '.join(targets)}"
            )
    _expect_different(goals)
    expect_consistent(goals)
    return goals


def _expect_different(goals: tuple[PlanGoal, ...]) -> None:
    """Two limits of one kind on one quantity make sense only where the stricter is the less urgent."""
    for i, second in enumerate(goals):
        for first in goals[:i]:
            if (first.quantity, first.sense) != (second.quantity, second.sense):
                continue
            strict, loose = sorted((first, second), key=lambda g: g.limit if g.sense == "<=" else -g.limit)
            if strict.limit == loose.limit or strict.priority <= loose.priority:
                raise InvalidInput(
                    f"the goals '{first.text}' and '{second.text}' say one thing twice: leave out one, or give the "
                    "stricter limit a lower priority (a higher number)"
                )


def expect_fits(goals: Sequence[PlanGoal], *, volumes_cc: Mapping[str, float]) -> None:
    """What only the volumes of the structures (by name, in cc) tell.

    `InvalidInput` names a goal on more cc than its structure has, and goals that contradict each other where cc are
    percent of that volume.
    """
    for goal in goals:
        has = volumes_cc.get(goal.structure, math.inf)
        asked = {"D_cc": goal.metric.argument or 0.0, "V_cc": goal.limit if goal.sense == ">=" else 0.0}
        if asked.get(goal.metric.kind, 0.0) > has:
            raise InvalidInput(
                f"the goal '{goal.text}' asks for {asked[goal.metric.kind]:g} cc of {goal.structure}, which has "
                f"{has:.3g} cc; expected a smaller volume, or a goal on D95%, Dmin or Dmax"
            )
    expect_consistent(goals, volumes_cc=volumes_cc)


def expect_consistent(goals: Sequence[PlanGoal], *, volumes_cc: Mapping[str, float] | None = None) -> None:
    """`InvalidInput` names every pair of goals on one structure that contradict each other.

    Pairs only, from one law: the volume that gets at least a dose never rises with that dose.
    """
    pairs = [f"'{a.text}' and '{b.text}'" for a, b in contradictions(goals, volumes_cc=volumes_cc)]
    if pairs:
        raise InvalidInput(
            f"no dose can meet both {'; nor both '.join(pairs)}: correct a limit, or leave out one goal of the pair"
        )


def contradictions(
    goals: Sequence[PlanGoal], *, volumes_cc: Mapping[str, float] | None = None
) -> Iterator[tuple[PlanGoal, PlanGoal]]:
    """The pairs of goals that exclude each other, the one that asks for more dose first.

    Volumes in cc and in percent are compared where the volume of the structure is known.
    """
    for more, less in permutations(goals, 2):
        opposed = more.structure == less.structure and (more.sense, less.sense) == (">=", "<=")
        if opposed and _exclude(more, less, total_cc=(volumes_cc or {}).get(more.structure)):
            yield more, less


def _exclude(more: PlanGoal, less: PlanGoal, *, total_cc: float | None) -> bool:
    """Whether one goal asks for more dose than the other allows."""
    if more.metric == less.metric:
        return more.limit > less.limit
    if "CI" in (more.metric.kind, less.metric.kind) or "HI" in (more.metric.kind, less.metric.kind):
        return False
    if more.unit in ("%", "cc") and more.limit == 0.0:
        return False  # any dose meets it
    if less.metric.kind == "mean":
        dose, volume, unit = _point(more, total_cc)
        return unit == "%" and dose * volume / 100.0 > less.limit
    if more.metric.kind == "mean":
        return less.metric.kind == "max" and more.limit > less.limit
    return _crossed(_point(more, total_cc), _point(less, total_cc), strict=not less.metric.kind.startswith("V"))


def _crossed(low: _Point, high: _Point, *, strict: bool) -> bool:
    """Whether a curve that never rises cannot pass at or above the point `low` and at or below the point `high`.

    Where the upper limit is one of dose (`strict`), only doses above it are forbidden to the volume.
    """
    if low.unit != high.unit and high.volume > 0.0:
        # percent against cc of an unknown volume: only the whole is known to be at least as large as any part of it
        return strict and (low.volume, low.unit) == (100.0, "%") and low.dose > high.dose
    if strict:
        return low.dose > high.dose and low.volume >= high.volume
    return low.dose >= high.dose and low.volume > high.volume


class _Point(NamedTuple):
    """A point of the histogram: dose in Gy, volume in the unit % or cc."""

    dose: float
    volume: float
    unit: str


def _point(goal: PlanGoal, total_cc: float | None) -> _Point:
    """The point that a goal speaks of; its volume in percent where the total is known."""
    kind, argument = goal.metric.kind, goal.metric.argument or 0.0
    if kind in ("V_percent", "V_cc"):
        dose, volume = argument, goal.limit
    else:
        dose, volume = goal.limit, 100.0 if kind == "min" else argument
    if kind not in ("D_cc", "V_cc"):
        return _Point(dose, volume, "%")
    return _Point(dose, volume, "cc") if total_cc is None else _Point(dose, 100.0 * volume / total_cc, "%")
