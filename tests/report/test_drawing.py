"""`sciopt.figure`: runs in every form, on axes or as a figure that a notebook shows; kinds read well at any width."""

from __future__ import annotations

import dataclasses
import io
import pickle
from pathlib import Path

import pytest
from matplotlib.figure import Figure
from PIL import Image

import sciopt
from sciopt.errors import InvalidInput, LogError, UnknownName
from sciopt.report.kinds import GENERAL
from sciopt.runs.run import Run
from tests.core.toys import Letters, Speller
from tests.report.legible import expect_legible


def labels(made: Figure) -> list[str]:
    return [text.get_text() for legend in made.legends for text in legend.get_texts()]


def test_runs_are_given_as_runs_folders_solutions_and_folders_of_runs(seeds: list[Run]) -> None:
    folder = seeds[0].folder

    @dataclasses.dataclass
    class Found:
        folder: Path

    for each in (seeds[0], folder, str(folder), Found(folder)):
        assert labels(sciopt.figure("campaign", each)) == ["slow (n = 1)"]
    everything = labels(sciopt.figure("campaign", folder.parent))
    assert everything == labels(sciopt.figure("campaign", *sorted(seeds, key=lambda run: run.folder)))
    assert {"slow (n = 3)", "quick (n = 3)"} < set(everything)


def test_axes_that_are_given_are_drawn_on_and_returned(wandered: Run) -> None:
    left, right = Figure().subplots(1, 2)
    assert sciopt.figure("pareto", wandered, axes=left) is left
    assert left.get_xlabel().startswith("potency")
    assert not right.lines


def test_a_notebook_shows_a_figure_at_its_size(wandered: Run) -> None:
    pytest.importorskip("IPython")
    from IPython.core.formatters import DisplayFormatter

    made = sciopt.figure("trajectory", wandered, width="100mm", height="50mm")
    data, metadata = DisplayFormatter().format(made)  # type: ignore[no-untyped-call]
    with Image.open(io.BytesIO(data["image/png"])) as image:
        size = image.size
    assert metadata["image/png"] == {"width": 394, "height": 197}
    assert size == pytest.approx((2 * 394, 2 * 197), abs=2)


def test_a_figure_can_be_pickled(wandered: Run) -> None:
    made: Figure = pickle.loads(pickle.dumps(sciopt.figure("campaign", wandered)))  # noqa: S301
    assert labels(made) == ["wanderer (n = 1)"]


def test_what_is_no_run_is_said(tmp_path: Path, wandered: Run) -> None:
    with pytest.raises(LogError, match="holds no run"):
        sciopt.figure("campaign", tmp_path)
    kept_nowhere = sciopt.optimize(Letters(), "abc", engine=Speller(), budget=2)
    with pytest.raises(InvalidInput, match=r"was not kept in a folder: give optimize\(out=FOLDER\)"):
        sciopt.figure("campaign", kept_nowhere)
    with pytest.raises(InvalidInput, match="list is no run"):
        sciopt.figure("campaign", [wandered])  # type: ignore[call-overload]
    with pytest.raises(InvalidInput, match="needs at least one run"):
        sciopt.figure("campaign")
    with pytest.raises(UnknownName, match=r"did you mean .*pareto"):
        sciopt.figure("paretto", wandered)
    with pytest.raises(InvalidInput, match=r"expected a sequence of names, such as \['loss'\]"):
        sciopt.figure("campaign", wandered, quantities="loss")
    with pytest.raises(InvalidInput, match="expected one matplotlib Axes"):
        sciopt.figure("campaign", wandered, axes=Figure())  # type: ignore[call-overload]


def test_a_damaged_log_is_a_warning(seeds: list[Run], tmp_path: Path) -> None:
    lines = (seeds[0].folder / "log.jsonl").read_text().splitlines(keepends=True)
    (tmp_path / "log.jsonl").write_text("".join([*lines[:9], "not a line\n", *lines[9:]]))
    with pytest.warns(UserWarning, match="log"):
        sciopt.figure("campaign", tmp_path)


# --- how they read ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", ["science-single", "nature-single", "nature-double"])
@pytest.mark.parametrize("kind", GENERAL)
def test_no_text_overlaps_another_or_leaves_the_figure(
    wandered: Run, seeds: list[Run], kind: str, width: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = "Synthetic; for study only, never for use; what else has to be said of it stands here as well"
    monkeypatch.setattr("sciopt.report.kinds.footnote", lambda runs: said)
    made = sciopt.figure(kind, *(seeds if kind in ("campaign", "pareto") else [wandered]), width=width, title="A title")
    expect_legible(made, least=9)
