"""`sciopt report` as a person meets it: where the page is written, and what it does not replace."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sciopt.errors import InvalidInput
from sciopt.report.html import page
from sciopt.runs.run import Run
from tests.program import Program
from tests.report.html.parts import data_of
from tests.report.pages import a_run, use_toy


def test_the_command_writes_into_the_folder_and_again(sciopt: Program, toy: Run) -> None:
    code, out, _ = sciopt("report", str(toy.folder))
    made = toy.folder / "report.html"
    assert code == 0
    assert str(made) in out
    first = made.read_bytes()
    assert sciopt("report", str(toy.folder), "--json")[:2] == (
        0,
        json.dumps({"files": [str(made)], "bytes": len(first)}, ensure_ascii=False) + "\n",
    )
    assert made.read_bytes() == first


def test_several_runs_stand_beneath_a_comparison(
    sciopt: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_toy(monkeypatch)
    for seed in (0, 1):
        a_run(tmp_path / "all" / f"run-{seed}", budget=4, seed=seed)
    out = tmp_path / "both.html"
    assert sciopt("report", str(tmp_path / "all"), "-o", str(out))[0] == 0
    data = data_of(out.read_text("utf-8"))
    told = data["comparison"]
    assert isinstance(told, list)
    assert [each["run"] for each in told] == ["run-0", "run-1"]
    assert all(each["differs"]["settings.seed"] == seed for seed, each in enumerate(told))


def test_it_replaces_nothing_but_a_report(sciopt: Program, toy: Run, tmp_path: Path) -> None:
    other = tmp_path / "letter.html"
    other.write_text("<p>mine</p>", encoding="utf-8")
    for path, complaint in ((other, "no report of sciopt"), (tmp_path / "letter.txt", ".html"), (tmp_path, ".html")):
        code, _, said = sciopt("report", str(toy.folder), "-o", str(path))
        assert code == 2
        assert complaint in said
    assert other.read_text("utf-8") == "<p>mine</p>"


def test_no_run_is_an_error_that_names_the_folder(sciopt: Program, tmp_path: Path) -> None:
    code, _, said = sciopt("report", str(tmp_path))
    assert code == 4
    assert str(tmp_path) in said


def test_a_page_of_no_run_is_refused() -> None:
    with pytest.raises(InvalidInput, match="at least one run"):
        page([])
