"""Figures as files: the same bytes in any process, text that can be edited, the width, and nobody's file lost."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from sciopt.errors import InvalidInput
from sciopt.report.figure_files import ENDINGS, expect_figures, is_ours, rendered, written
from sciopt.report.kinds import GENERAL, Choices, figure
from sciopt.report.widths import width_inches
from sciopt.runs.run import Run

_DRAW = """
import sys
from pathlib import Path
from sciopt.report.figure_files import ENDINGS, written
from sciopt.report.kinds import GENERAL, figure
from sciopt.runs.run import Run
for kind in GENERAL:
    made = figure(kind, [Run.load(sys.argv[1])])
    for ending in ENDINGS:
        written(made, Path(sys.argv[2]) / f"{kind}.{ending}")
assert "matplotlib.pyplot" not in sys.modules
"""


@pytest.mark.slow
def test_every_kind_is_the_same_byte_for_byte_in_another_process(wandered: Run, tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", "-c", _DRAW, str(wandered.folder), str(tmp_path / "there")]
    other = {**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo"}
    process = subprocess.Popen(command, env=other)
    for kind in GENERAL:
        made = figure(kind, [wandered])
        for ending in ENDINGS:
            written(made, tmp_path / "here" / f"{kind}.{ending}")
    assert process.wait(120) == 0
    for kind in GENERAL:
        for ending in ENDINGS:
            here, there = (tmp_path / place / f"{kind}.{ending}" for place in ("here", "there"))
            assert here.read_bytes() == there.read_bytes(), here.name
            assert here.stat().st_size > 2000


@pytest.mark.parametrize("name", ["nature-double", "acs-single"])
def test_a_file_is_as_wide_as_the_column(wandered: Run, tmp_path: Path, name: str) -> None:
    inches = width_inches(name)
    made = figure("campaign", [wandered], Choices(width_inches=inches))
    svg = rendered(made, "svg").decode()
    assert float(re.search(r'width="([\d.]+)pt"', svg)[1]) / 72 == pytest.approx(inches, abs=1e-4)  # type: ignore[index]
    box = re.search(rb"/MediaBox \[ 0 0 ([\d.]+)", rendered(made, "pdf"))
    assert float(box[1]) / 72 == pytest.approx(inches, abs=1e-4)  # type: ignore[index]
    with Image.open(written(made, tmp_path / "figure.png", dpi=254)) as image:
        assert image.width == pytest.approx(inches * 254, abs=1)


def test_text_can_be_edited(wandered: Run) -> None:
    made = figure("pareto", [wandered], Choices(title="A title"))
    svg, pdf = rendered(made, "svg").decode(), rendered(made, "pdf")
    for text in ("A title", "potency (kcal/mol), lower is better", "the old way"):
        assert f">{text}</text>" in svg
    assert b"/Subtype /CIDFontType2" in pdf or b"/Subtype /TrueType" in pdf
    assert b"/Type3" not in pdf


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_figure_replaces_itself_and_no_other_file(wandered: Run, tmp_path: Path, ending: str) -> None:
    path = written(figure("campaign", [wandered]), tmp_path / f"figure.{ending}")
    expect_figures([path])
    assert is_ours(path)
    path.write_bytes(b"somebody's work")
    with pytest.raises(InvalidInput, match="was not made by sciopt figure, or was edited since"):
        expect_figures([path])
    expect_figures([path], force=True)


def test_an_svg_that_a_drawing_program_saved_is_somebodys_work(wandered: Run, tmp_path: Path) -> None:
    path = written(figure("campaign", [wandered]), tmp_path / "figure.svg")
    path.write_text(path.read_text().replace("<svg ", '<svg inkscape:version="1.4" ', 1))
    assert not is_ours(path)


def test_another_ending_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"figure\.jpg: a figure is written as \.pdf, \.svg, \.png"):
        expect_figures([tmp_path / "figure.jpg"])
    (tmp_path / "folder.pdf").mkdir()
    with pytest.raises(InvalidInput, match="is a folder"):
        expect_figures([tmp_path / "folder.pdf"])
