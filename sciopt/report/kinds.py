"""Kinds of figure by name: those that every run has, and those that the domains bring.

Each kind draws on axes that it is given; one of several panels also composes a figure of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sciopt.domain import domains, load
from sciopt.errors import InvalidInput, UnknownName
from sciopt.report.figures import SMALL_PRINT, STYLE, small_print
from sciopt.report.layout import BESIDE_TITLE_INCHES, fitted_title
from sciopt.report.methods import footnote
from sciopt.report.widths import SINGLE_INCHES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from sciopt.runs.run import Run


@dataclass(frozen=True)
class Choices:
    """What a person may choose of a figure; each kind uses what fits it, and has a default for what is None.

    `number` is the evaluation that is drawn (the best by default), `quantities` are those on the axes, `by` is the
    name in the specification that tells methods apart ("engine", "objective.target"), `title` "" is no title.
    """

    width_inches: float = SINGLE_INCHES
    height_inches: float | None = None
    title: str | None = None
    number: int | None = None
    quantities: tuple[str, ...] = ()
    by: str | None = None


OPTIONS: Mapping[str, str] = {"number": "--number", "quantities": "--quantity", "by": "--by"}
"""The choices that only some kinds use, each as the command line calls it."""

Draw = Callable[["Axes", Sequence["Run"], Choices], None]
Compose = Callable[[Sequence["Run"], Choices], "Figure"]


@dataclass(frozen=True)
class FigureKind:
    """One kind of figure: how it is drawn on one axes, and how as a whole where that is more than one.

    `aspect` is height over width of the figure that is made for `draw`; `most` is how many runs it takes; `takes` are
    those of the choices `OPTIONS` that it uses: another one that is given is refused, as it would change nothing.
    """

    name: str
    summary: str
    draw: Draw
    compose: Compose | None = None
    aspect: float = 0.75
    most: int | None = None
    takes: tuple[str, ...] = tuple(OPTIONS)


GENERAL: Mapping[str, str] = {
    "trajectory": "sciopt.report.trajectory_figure:KIND",
    "pareto": "sciopt.report.pareto_figure:KIND",
    "faithfulness": "sciopt.report.faithfulness_figure:KIND",
    "campaign": "sciopt.report.campaign_figure:KIND",
}
"""Kinds that every run has, as "module:attribute"."""


def kind_names() -> dict[str, str]:
    """All kinds by name, each with where it is imported from; a domain's own goes before a general one."""
    found = dict(GENERAL)
    for each in domains().values():
        found |= each.figures
    return found


def figure_kind(name: str) -> FigureKind:
    """One kind; `UnknownName` lists those there are."""
    known = kind_names()
    if name not in known:
        raise UnknownName.among("figure", name, known, f"there are {', '.join(sorted(known))}")
    found: FigureKind = load(known[name])
    return found


def figure(kind: str, runs: Sequence[Run], choices: Choices = Choices()) -> Figure:
    """A whole figure of runs; `InvalidInput` says what such a figure needs where the runs do not have it."""
    from matplotlib import style
    from matplotlib.figure import Figure

    chosen = figure_kind(kind)
    _check(chosen, runs, choices)
    with style.context(STYLE):
        choices = _fitted(choices, choices.width_inches - BESIDE_TITLE_INCHES)
        if chosen.compose is not None:
            made = chosen.compose(runs, choices)
        else:
            height = choices.height_inches or choices.width_inches * chosen.aspect
            made = Figure(figsize=(choices.width_inches, height))
            chosen.draw(made.subplots(), runs, choices)
        if _is_general(kind):
            small_print(made, footnote(runs), grow=choices.height_inches is None)
    return made


def draw_on(axes: Axes, kind: str, runs: Sequence[Run], choices: Choices = Choices()) -> None:
    """Draw on axes of one's own; a kind of several panels draws its main one."""
    from matplotlib.axes import Axes as Drawable

    if not isinstance(axes, Drawable):
        raise InvalidInput(f"axes={axes!r}: expected one matplotlib Axes, such as those of pyplot.subplots()")
    chosen = figure_kind(kind)
    _check(chosen, runs, choices)
    chosen.draw(axes, runs, _fitted(choices, axes.get_window_extent().width / axes.figure.dpi))
    said = footnote(runs) if _is_general(kind) else ""
    if said:
        axes.text(0.99, 0.01, said, transform=axes.transAxes, ha="right", va="bottom", fontsize=5.0, color=SMALL_PRINT)


def _is_general(kind: str) -> bool:
    """Whether a kind knows nothing of the domain, so that what the domain has to say is said for it."""
    return kind_names()[kind] == GENERAL.get(kind)


def _fitted(choices: Choices, inches: float) -> Choices:
    """With a title of as many lines as it takes."""
    return replace(choices, title=fitted_title(choices.title, inches)) if choices.title else choices


def expect_used(kind: FigureKind, choices: Choices) -> None:
    """`InvalidInput` for a choice that this kind does not use; it says which kinds do."""
    for name, option in OPTIONS.items():
        said = getattr(choices, name)
        if said != getattr(Choices(), name) and name not in kind.takes:
            use = ", ".join(each for each in sorted(kind_names()) if name in figure_kind(each).takes)
            raise InvalidInput(
                f"the figure {kind.name} has no use for {name}={said!r} ({option}): leave it out; {use} use it"
            )


def _check(kind: FigureKind, runs: Sequence[Run], choices: Choices) -> None:
    expect_used(kind, choices)
    if not runs:
        raise InvalidInput(f"the figure {kind.name} needs at least one run")
    if kind.most is not None and len(runs) > kind.most:
        raise InvalidInput(f"the figure {kind.name} is of {kind.most} run at most, not of {len(runs)}")
