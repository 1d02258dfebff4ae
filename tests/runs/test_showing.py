"""Runs and campaigns as cells and as printed text: what is in them is told and never acted on, also of empty ones."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from sciopt.log import LOG_NAME, Event, Log, read_log
from sciopt.runs.campaign import Campaign
from sciopt.runs.run import Run
from sciopt.runs.showing import run_html
from sciopt.search import optimize
from tests.core.test_display import HOSTILE, harmless
from tests.core.toys import Letters, Speller


@pytest.fixture
def run(tmp_path: Path) -> Run:
    optimize(Letters(), "abc", engine=Speller(), budget=12, out=tmp_path / "run")
    return Run.load(tmp_path / "run")


def test_a_run_in_one_line_in_some_and_as_a_cell(run: Run) -> None:
    rows = run.rows
    best = min(rows, key=lambda row: row.evaluation.loss)
    assert repr(run) == f"Run({str(run.folder)!r}, 12 evaluations, best loss {best.evaluation.loss:g})"
    said = str(run)
    assert f"best, number {best.number} of step {best.step}:\n{best.evaluation.value}\n" in said
    assert "the budget is spent: 12 of 12 evaluations used" in said
    page = harmless(run._repr_html_())
    assert "Evaluations: the first 8 of 12" in page.said
    assert sum(name == "circle" for name, _ in page.elements) == sum(row.evaluation.failure is None for row in rows)
    assert "all 12" in harmless(run_html(run, head=12)).said


def test_a_run_without_an_end_or_an_evaluation(run: Run, tmp_path: Path) -> None:
    some = Run(run.folder, [event for event in run.events if event.kind != "end"])
    assert "it has not ended" in str(some)
    for events in ([], run.events[:1]):
        empty = Run(tmp_path, events, damage="3 bytes are not used")
        assert "0 evaluations" in repr(empty)
        assert "3 bytes are not used" in str(empty)
        assert "3 bytes are not used" in harmless(empty._repr_html_()).said


def test_nothing_in_a_log_becomes_markup(run: Run, tmp_path: Path) -> None:
    def spoilt(data: object) -> object:
        if isinstance(data, dict):
            keep = ("loss", "quantity", "unit", "id", "kind", "sense", "basis", "name", "failure")
            return {key: value if key in keep else spoilt(value) for key, value in data.items()}
        if isinstance(data, list):
            return [spoilt(each) for each in data]
        return HOSTILE if isinstance(data, str) else data

    events = []
    for event in run.events:
        data = spoilt(event.data)
        assert isinstance(data, dict)
        events.append(Event(event.n, event.kind, data, event.volatile))
    page = harmless(Run(tmp_path / "<b>", events, damage=HOSTILE)._repr_html_())
    assert "<script>alert(1)</script>" in page.said


def test_a_frame_has_a_row_by_number_and_numbers_where_numbers_are(run: Run) -> None:
    frame = run.to_dataframe()
    rows = run.rows
    assert frame.index.name == "number"
    assert list(frame.index) == [row.number for row in rows]
    assert frame["best"].dtype == bool
    assert {frame[name].dtype for name in ("loss", "z count", "length", "cpu_seconds")} == {np.dtype("float64")}
    failed = frame["failure"] != ""
    assert failed.any()
    assert frame.loc[failed, ["loss", "z count"]].isna().to_numpy().all()
    assert frame.loc[~failed, "loss"].notna().all()
    assert frame["loss"].idxmin() == min(rows, key=lambda row: row.evaluation.loss).number


def test_frames_of_runs_with_failures_only_or_nothing(tmp_path: Path) -> None:
    optimize(Letters(), "q", engine=Speller(), budget=3, out=tmp_path / "failed")
    frame = Run.load(tmp_path / "failed").to_dataframe()
    assert frame["loss"].dtype == np.dtype("float64")
    assert frame["loss"].isna().all()
    with Log(tmp_path / "begun" / LOG_NAME) as log:
        log.record("header", read_log(tmp_path / "failed" / LOG_NAME)[0].data)
    empty = Run.load(tmp_path / "begun").to_dataframe()
    assert len(empty) == 0
    assert {"value", "loss", "failure", "best"} <= set(empty.columns)


SPEC = {
    "run": {"objective": {"domain": "molecule", "target": "PPARD"}, "start": "C", "budget": 3},
    "grid": {"seed": [0, 1], "engine.prompts": [HOSTILE, "b"]},
}


def test_a_campaign_tells_how_far_it_is(tmp_path: Path, run: Run) -> None:
    file = tmp_path / "grid.json"
    file.write_text(json.dumps(SPEC))
    campaign = Campaign.read(file, out=tmp_path / "grid")
    assert repr(campaign) == f"Campaign({str(tmp_path / 'grid')!r}, 4 runs)"
    assert str(campaign) == f"the campaign in {tmp_path / 'grid'}: 4 runs, 4 waiting"
    campaign.folder.mkdir()
    run.folder.rename(campaign.folder / campaign.runs[0].name)
    assert "3 waiting" in str(campaign)
    assert "lowest loss" in str(campaign)
    page = harmless(campaign._repr_html_())
    assert "<script>alert(1)</script>" in page.said
    assert "done" in page.said
