"""A run as one HTML file that opens by itself: nothing is loaded from elsewhere, nothing from a run can act in it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sciopt.disk import as_a_whole
from sciopt.errors import InvalidInput
from sciopt.report.html.content import page_data
from sciopt.report.html.document import LICENCE, asset, composed
from sciopt.runs.run import Run

__all__ = ["page", "write_page"]


def page(runs: Sequence[Run]) -> str:
    """The page of one run, or of several beneath a comparison; the same runs give the same text."""
    if not runs:
        raise InvalidInput("a report needs at least one run")
    data, title = page_data(runs)
    exhibits = [each for run in data["runs"] for shown in run["exhibits"].values() for each in shown]
    viewer = any(each["type"] == "poses" for each in exhibits)
    return composed({**data, "licence": asset(LICENCE) if viewer else None}, title=title, viewer=viewer)


def write_page(runs: Sequence[Run], path: Path) -> Path:
    """Write the page; nothing else is made, and nothing in the runs' folders is changed.

    `InvalidInput` where it cannot be written; an earlier one is then as it was.
    """
    text = page(runs)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with as_a_whole(path) as place:
            place.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise InvalidInput(f"the report {path} cannot be written: {error.strerror}; choose another place") from error
    return path
