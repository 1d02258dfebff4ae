"""Docked poses in three dimensions in a notebook's cell: the viewer of the report, alone and closed off in a frame."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sciopt.display.markup import card, line, tag
from sciopt.display.printed import Printed
from sciopt.domain import load
from sciopt.errors import InvalidInput
from sciopt.report.exhibits import Exhibit, Poses
from sciopt.report.html.document import assembled
from sciopt.report.html.kept import Kept
from sciopt.report.html.showing import as_data
from sciopt.runs.choosing import best_of, numbered
from sciopt.runs.run import Row, Run
from sciopt.runs.showing import domain_of_run
from sciopt.spelling import clipped

_SCRIPTS = ("dom.js", "poses.js")
_SHOW = """
const data = JSON.parse(document.getElementById("data").textContent);
document.getElementById("main").append(...data.poses.map((each) => posesExhibit(each, data)));
"""
_STYLE = "body{padding:.6rem}.stage{height:360px;height:calc(100vh - 7.2rem);min-height:240px}"
_HEIGHT_PIXELS = 480


@dataclass(frozen=True, repr=False)
class PoseView(Printed):
    """The poses of one evaluation; a notebook shows them to be turned. It loads nothing and can reach nothing outside.

    The viewer is carried inside, so each such cell makes the notebook's file 0.6 MB longer.
    """

    value: str
    poses: tuple[Poses, ...]
    notice: str = ""

    def __str__(self) -> str:
        said = (f"{each.title}: {len(each.poses)} poses. {each.note}".rstrip() for each in self.poses)
        return "\n".join([self.value, *said, *filter(None, [self.notice])])

    def __repr__(self) -> str:
        return f"PoseView({self.value!r}, {', '.join(each.title for each in self.poses)})"

    def _repr_html_(self) -> str:
        said = [line(f"{clipped(self.value, 200)}. {each.note}".rstrip(), dim=True) for each in self.poses]
        notice = [line(tag("strong", self.notice))] if self.notice else []
        return "".join(f"{_frame(each)}{card(words, *notice)}" for each, words in zip(self.poses, said, strict=True))


def show_pose(run: Run, number: int | None = None) -> PoseView:
    """The poses of one evaluation of a run, of the best one by default; nothing is docked.

    `InvalidInput` says what is missing where the run has no such evaluation, or that one no poses.
    """
    found = best_of(run.rows) if number is None else numbered(run, number)
    if found is None:
        raise InvalidInput(f"no candidate of {run.folder} could be measured: there are no poses to show")
    domain = domain_of_run(run)
    make: Callable[[Run, Row], Sequence[Exhibit]] = load(domain.exhibits) if domain and domain.exhibits else _nothing
    shown = make(run, found)
    poses = tuple(each for each in shown if isinstance(each, Poses))
    if not poses:
        why = " ".join(each.note for each in shown if not isinstance(each, Poses) and each.note)
        raise InvalidInput(f"evaluation {found.number} of {run.folder} has no poses to show. {why}".rstrip())
    return PoseView(found.evaluation.value, poses, "" if domain is None else domain.notice)


def _nothing(run: Run, row: Row) -> Sequence[Exhibit]:
    return ()


def _frame(poses: Poses) -> str:
    """A page of its own in a frame without the rights of the notebook's: no storage, no forms, no other pages."""
    inner = html.escape(_document(poses), quote=True)
    title = html.escape(f"{poses.title}, in three dimensions", quote=True)
    return (
        f'<iframe srcdoc="{inner}" title="{title}" sandbox="allow-scripts" '
        f'style="width:100%;max-width:62em;height:{_HEIGHT_PIXELS}px;border:1px solid rgba(128,128,128,.4);'
        'border-radius:6px"></iframe>'
    )


def _document(poses: Poses) -> str:
    kept = Kept()
    data = {"poses": [as_data(poses, kept=kept)], "texts": list(kept.texts)}
    return assembled(data, scripts=_SCRIPTS, viewer=True, body='<div id="main"></div>\n', style=_STYLE, last=_SHOW)
