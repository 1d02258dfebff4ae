"""Runs side by side: what each found and took, in what they differ, and whatever is wrong with a folder said so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sciopt.log import LOG_NAME, Log
from sciopt.report.comparison import comparison_lines
from sciopt.runs.comparing import compare, runs_in
from sciopt.runs.run import Run
from sciopt.runs.specification import RunSpec
from tests.runs import words


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Three runs on words: a short one, a long one, and one with another goal."""
    words.use(tmp_path / "site", monkeypatch)
    spec = RunSpec.from_data({"objective": {"domain": "words"}, "start": "aaaaaaaa", "budget": 3})
    for name, changes in (
        ("short", {}),
        ("long", {"budget": 6, "seed": 1}),
        ("other", {"objective.goal": 2, "objective.seconds": 0.001}),
    ):
        spec.changed(changes).run(tmp_path / "runs" / name)
    yield tmp_path / "runs"
    words.forget()


def test_the_lowest_loss_comes_first_with_what_sets_the_runs_apart(runs: Path) -> None:
    rows = compare([runs / "short", runs / "long"])
    assert [row.folder.name for row in rows] == ["long", "short"]
    long = rows[0]
    assert long.best is not None
    assert (long.loss, long.best.value, long.evaluations) == (7.0, "zzzzzaaa", 6)
    assert long.goals == (0, 1)
    assert long.spent["cpu_seconds"] == 6.0
    assert (long.engine, long.state) == ("offline", "ended")
    assert dict(long.differs) == {"budget.evaluations": 6, "settings.seed": 1}
    assert dict(rows[1].differs) == {"budget.evaluations": 3, "settings.seed": 0}
    assert long.versions["sciopt"]
    assert len({row.measured_by for row in rows}) == 1
    assert long.as_data()["budget.evaluations"] == 6


def test_losses_of_different_measures_are_told_apart(runs: Path) -> None:
    rows = compare([runs / "short", runs / "long", runs / "other"])
    by = {row.folder.name: row.measured_by for row in rows}
    assert by["short"] == by["long"] != by["other"]
    lines = list(comparison_lines(rows))
    assert lines[0].split()[:3] == ["loss", "by", "goals"]
    assert {line.split()[-1].rpartition("/")[2]: line.split()[1] for line in lines[1:4]} == {
        "long": "A",
        "short": "B" if by["short"] != rows[0].measured_by else "A",
        "other": "B",
    }
    assert "only those with the same letter compare" in lines[4]


def test_what_is_unfinished_damaged_or_missing_is_said_and_the_rest_is_compared(runs: Path) -> None:
    stopped = runs / "long" / LOG_NAME
    stopped.write_bytes(b"".join(stopped.read_bytes().splitlines(keepends=True)[:-1]))
    damaged = runs / "short" / LOG_NAME
    content = bytearray(damaged.read_bytes())
    content[content.index(b'"kind":"step"')] ^= 1
    damaged.write_bytes(bytes(content))
    (runs / "empty").mkdir()
    rows = {row.folder.name: row for row in compare([*sorted(runs.iterdir()), runs / "nowhere"])}
    assert {name: row.state for name, row in rows.items()} == {
        "long": "stopped",
        "short": "damaged",
        "other": "ended",
        "empty": "unreadable",
        "nowhere": "unreadable",
    }
    assert [row.loss is None for row in rows.values()] == [False, False, False, True, True]
    said = "\n".join(comparison_lines(list(rows.values())))
    assert f"{runs / 'long'} has not ended: `sciopt resume" in said
    assert f"{runs / 'nowhere'}: {runs / 'nowhere'} holds no run" in said
    assert rows["short"].reason == Run.load(runs / "short").damage


def test_a_run_that_is_being_written_is_running(runs: Path) -> None:
    path = runs / "long" / LOG_NAME
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    with Log(path):
        assert compare([runs / "long"])[0].state == "running"


def test_a_folder_of_runs_stands_for_them(runs: Path) -> None:
    assert runs_in([runs]) == [runs / "long", runs / "other", runs / "short"]
    assert runs_in([runs / "long", runs / "none"]) == [runs / "long", runs / "none"]


def test_another_version_of_a_tool_is_told(runs: Path) -> None:
    run = Run.load(runs / "short")
    header, *events = run.events
    newer = {**header.volatile, "versions": {**header.volatile["versions"], "numpy": "99"}}
    other = runs / "newer"
    other.mkdir()
    first = type(header)(header.n, header.kind, header.data, newer)
    (other / LOG_NAME).write_text("".join(event.line() for event in (first, *events)))
    assert {row.folder.name: row.differs["versions.numpy"] for row in compare([runs / "short", other])}["newer"] == "99"
