"""`sciopt figure` as a person meets it: files, lists, folders of runs, and every refusal in words."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest

from sciopt.report.kinds import kind_names
from sciopt.report.widths import WIDTHS
from sciopt.runs.run import Run
from tests.program import Program


@pytest.fixture
def figure(sciopt: Program, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Program:
    """Run `sciopt figure` in an empty folder: its exit code, standard output and standard error."""
    monkeypatch.chdir(tmp_path)
    return partial(sciopt, "figure")


def test_a_figure_is_written_by_its_kind_and_again_without_a_question(figure: Program, wandered: Run) -> None:
    assert figure("campaign", str(wandered.folder)) == (0, "campaign.pdf\n", "")
    first = Path("campaign.pdf").read_bytes()
    assert first.startswith(b"%PDF")
    assert figure("campaign", str(wandered.folder)) == (0, "campaign.pdf\n", "")
    assert Path("campaign.pdf").read_bytes() == first


def test_several_files_of_a_folder_of_runs_are_written_at_once(figure: Program, seeds: list[Run]) -> None:
    files = ["out/a.pdf", "out/a.svg", "b.PNG"]
    options = [part for file in files for part in ("-o", file)]
    width = ("--width", "nature-double", "--height", "60mm", "--dpi", "100", "--title", "Two ways", "--by", "engine")
    code, out, err = figure("campaign", str(seeds[0].folder.parent), *options, *width, "--json")
    assert (code, err) == (0, "")
    assert json.loads(out) == {"files": files}
    assert all(Path(file).stat().st_size > 2000 for file in files)
    svg = Path("out/a.svg").read_text()
    assert 'width="518.740157pt"' in svg
    assert ">Two ways</text>" in svg
    assert ">slow (n = 3)</text>" in svg


def test_kinds_and_widths_are_listed(figure: Program) -> None:
    code, out, _ = figure()
    assert (code, out) == (0, figure("--kinds")[1])
    assert [line.split()[0] for line in out.splitlines()] == sorted(kind_names())
    assert set(json.loads(figure("--kinds", "--json")[1])["kinds"]) == set(kind_names())
    assert all(name in figure("--widths")[1] for name in WIDTHS)
    assert json.loads(figure("--widths", "--json")[1])["widths"]["nature-single"]["mm"] == 89.0


def test_somebodys_file_is_kept(figure: Program, wandered: Run) -> None:
    Path("pareto.pdf").write_text("mine")
    code, _, err = figure("pareto", str(wandered.folder))
    assert (code, Path("pareto.pdf").read_text()) == (2, "mine")
    assert "pareto.pdf was not made by sciopt figure, or was edited since: name another, or --force" in err
    assert figure("pareto", str(wandered.folder), "--force")[0] == 0
    assert Path("pareto.pdf").read_bytes().startswith(b"%PDF")


def test_a_damaged_log_is_drawn_and_told(figure: Program, seeds: list[Run]) -> None:
    lines = (seeds[0].folder / "log.jsonl").read_text().splitlines(keepends=True)
    Path("damaged").mkdir()
    Path("damaged/log.jsonl").write_text("".join([*lines[:9], "not a line\n", *lines[9:]]))
    code, out, err = figure("campaign", "damaged")
    assert (code, out) == (0, "campaign.pdf\n")
    assert err.startswith("sciopt: ")
    assert "damaged" in err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["trajectoryy", "RUN"], 2, "figure 'trajectoryy' is unknown: did you mean trajectory?"),
        (["trajectory"], 2, "which run is drawn? sciopt figure trajectory RUN"),
        (["trajectory", "nowhere"], 4, "nowhere holds no run"),
        (["trajectory", "RUN", "RUN"], 2, "is of 1 run at most, not of 2"),
        (["trajectory", "RUN", "-o", "a.gif"], 2, "a.gif: a figure is written as .pdf, .svg, .png"),
        (["trajectory", "RUN", "--width", "nature"], 2, "width 'nature' is unknown: did you mean nature-"),
        (["trajectory", "RUN", "--height", "4"], 2, "height '4': expected a number with its unit"),
        (["pareto", "RUN", "--quantity", "safety"], 2, "two or three quantities, not for safety"),
        (["campaign", "RUN", "--by", "enigne"], 2, "key 'enigne' is unknown: did you mean engine"),
        (["faithfulness", "RUN", "--quantity", "mass"], 2, "effects were expected on loss, safety"),
    ],
)
def test_refusals(figure: Program, wandered: Run, arguments: list[str], code: int, said: str) -> None:
    given = [str(wandered.folder) if each == "RUN" else each for each in arguments]
    found, out, err = figure(*given)
    assert (found, out) == (code, "")
    assert said in err
    assert not list(Path().iterdir())


def test_a_file_is_the_same_whatever_is_written_beside_it(figure: Program, wandered: Run) -> None:
    figure("trajectory", str(wandered.folder), "-o", "a.pdf", "-o", "a.svg", "-o", "a.png")
    for file in ("b.svg", "b.png"):
        figure("trajectory", str(wandered.folder), "-o", file)
        assert Path(file).read_bytes() == Path(f"a{Path(file).suffix}").read_bytes()


def test_letters_that_the_font_does_not_have_are_told_in_a_sentence(figure: Program, wandered: Run) -> None:
    code, _, err = figure("campaign", str(wandered.folder), "--title", "量 of 量子", "-o", "a.png")
    assert (code, err) == (
        0,
        "sciopt: DejaVu Sans has no 量 子: boxes stand there in PDF and PNG; an SVG keeps the letters\n",
    )
