"""Figures in Python: `sciopt.figure`, on axes of one's own or as a figure that shows itself in a notebook."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, overload

from sciopt.errors import InvalidInput
from sciopt.report import kinds
from sciopt.report.widths import length_inches, width_inches
from sciopt.runs.comparing import runs_in
from sciopt.runs.run import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


class HasFolder(Protocol):
    """What knows the folder of its run: a `Solution`, a `Campaign`."""

    @property
    def folder(self) -> Path | None:
        """None where nothing was kept."""


Runs = Run | HasFolder | str | Path
"""A run, what found it, or its folder; a folder of runs, such as a campaign's, means all of them."""


@overload
def figure(
    kind: str,
    *runs: Runs,
    axes: None = None,
    width: str = ...,
    height: str | None = None,
    title: str | None = None,
    number: int | None = None,
    quantities: Sequence[str] = (),
    by: str | None = None,
) -> Figure: ...


@overload
def figure(
    kind: str,
    *runs: Runs,
    axes: Axes,
    title: str | None = None,
    number: int | None = None,
    quantities: Sequence[str] = (),
    by: str | None = None,
) -> Axes: ...


def figure(
    kind: str,
    *runs: Runs,
    axes: Axes | None = None,
    width: str = "nature-single",
    height: str | None = None,
    title: str | None = None,
    number: int | None = None,
    quantities: Sequence[str] = (),
    by: str | None = None,
) -> Figure | Axes:
    """Draw runs as a figure of one kind; `sciopt figure --kinds` lists the kinds.

    Args:
        kind: "trajectory", "pareto", "faithfulness", "campaign", or what the runs' domain brings ("dvh", "atoms").
        runs: runs, solutions, campaigns or folders; a folder of runs means all of them.
        axes: matplotlib axes to draw on in their own style; a kind of several panels draws its main one.
        width: a journal's column by name, or a number with its unit ("85mm"); `height` likewise.
        title: above the figure; there is none by default.
        number: the evaluation that is drawn, where the kind draws one; the best by default.
        quantities: those on the axes; each kind has its default.
        by: the name in the specification that tells methods apart, such as "engine".

    Returns:
        The figure, which shows itself in a notebook, or the axes that were given.

    Raises:
        InvalidInput: a name or a choice that does not fit, or runs that have not what the kind needs.
        LogError: a folder without a run.
    """
    if isinstance(quantities, str):
        raise InvalidInput(f"quantities={quantities!r}: expected a sequence of names, such as [{quantities!r}]")
    choices = kinds.Choices(
        width_inches=width_inches(width),
        height_inches=None if height is None else length_inches(height, what="height"),
        title=title,
        number=number,
        quantities=tuple(quantities),
        by=by,
    )
    loaded = [run for each in runs for run in _loaded(each)]
    if axes is not None:
        kinds.draw_on(axes, kind, loaded, choices)
        return axes
    return shown_by_itself(kinds.figure(kind, loaded, choices))


def _loaded(said: Runs) -> list[Run]:
    """The runs that something stands for; damage of a log is a warning."""
    if isinstance(said, Run):
        return [said]
    folder = said if isinstance(said, str | Path) else getattr(said, "folder", said)
    if folder is None:
        raise InvalidInput("this solution was not kept in a folder: give optimize(out=FOLDER), and draw that")
    if not isinstance(folder, str | Path):
        raise InvalidInput(f"{type(said).__name__} is no run: expected runs, solutions or folders, one after another")
    runs = [Run.load(each) for each in runs_in([Path(folder)])]
    for run in runs:
        if run.damage:
            warnings.warn(run.damage, stacklevel=3)
    return runs


def shown_by_itself(figure: Figure) -> Figure:
    """The same figure, as a picture of twice the screen's resolution where a notebook shows it.

    A figure that pyplot did not make has no picture for a notebook of its own.
    """
    figure._repr_png_ = functools.partial(_picture, figure)  # type: ignore[attr-defined]
    return figure


def _picture(figure: Figure) -> tuple[bytes, dict[str, int]]:
    """PNG bytes, and the size in pixels of the screen at which a notebook shows them."""
    from sciopt.report.figure_files import rendered

    width, height = (round(100 * inches) for inches in figure.get_size_inches())
    return rendered(figure, "png", dpi=200), {"width": width, "height": height}
