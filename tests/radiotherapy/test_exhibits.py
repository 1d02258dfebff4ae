"""What a report shows of a plan: what the log and the cache say, in few bytes, and less where the cache is gone."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sciopt.objectives.radiotherapy import outputs
from sciopt.objectives.radiotherapy.exhibits import exhibits
from sciopt.objectives.radiotherapy.figures import Curves
from sciopt.objectives.radiotherapy.plan import parse
from sciopt.objectives.radiotherapy.planes import AXIAL, outline
from sciopt.objectives.radiotherapy.thinning import CLOSE_PERCENT, thinned
from sciopt.report.exhibits import Exhibit, Histogram, Slices, Table
from sciopt.runs.run import Run
from sciopt.targets.patients.catalog import case as find_case
from tests.radiotherapy.conftest import Planned

NO_CLINIC = "research only, not for clinical use."


@pytest.fixture(scope="module")
def shown(planned: Planned) -> list[Exhibit]:
    """Those of the last plan of the run."""
    run = Run.load(planned.folder)
    return list(exhibits(run, run.rows[-1]))


def of(shown: list[Exhibit], kind: type) -> list[Exhibit]:
    return [each for each in shown if isinstance(each, kind)]


def test_parameters_are_told_beside_those_of_the_start(planned: Planned, shown: list[Exhibit]) -> None:
    run = Run.load(planned.folder)
    [plan] = of(shown, Table)
    assert isinstance(plan, Table)
    last, first = run.rows[-1].evaluation, run.rows[0].evaluation
    assert plan.note.startswith("3 beams from 0°, 120°, 240°. Synthetic phantom, ")
    assert all(each.note.endswith(NO_CLINIC) for each in shown)
    now, then = parse(last.value), parse(first.value)
    assert [row[:1] + row[2:4] for row in plan.rows] == [
        (o.structure, f"{o.dose_gy:.4g}", f"{o.weight:.4g}") for o in now.objectives
    ]
    changed = [a != b for a, b in zip(now.objectives, then.objectives, strict=True)]
    assert [bool(row[4]) for row in plan.rows] == changed


def test_histograms_are_those_of_the_cache_and_goals_lie_on_them(planned: Planned, shown: list[Exhibit]) -> None:
    run = Run.load(planned.folder)
    [told] = of(shown, Histogram)
    assert isinstance(told, Histogram)
    whole = outputs.curves(run.artifacts(run.rows[-1].evaluation)["dvh.csv"])
    before = outputs.curves(run.artifacts(run.rows[0].evaluation)["dvh.csv"])
    for curve in told.curves:
        for plan, percent in ((whole, curve.percent), (before, curve.before)):
            again = np.interp(plan.dose_gy, told.dose_gy, percent)
            assert np.abs(again - plan.percent[curve.name]).max() < 0.2
    assert [(mark.dose_gy, mark.percent, mark.sense, mark.in_dose) for mark in told.marks] == [
        (50.0, 95.0, ">=", True),
        (54.0, 5.0, "<=", True),
        (20.0, 10.0, "<=", True),
    ]
    for mark, goal in zip(told.marks, outputs.goal_rows(run.rows[0].evaluation, run.rows[-1].evaluation), strict=True):
        assert mark.met == goal.met
        assert mark.label == goal.goal.text


def test_slices_are_small_pictures_from_side_to_side(planned: Planned, shown: list[Exhibit]) -> None:
    case = find_case(str(planned.case))
    [slices] = of(shown, Slices)
    assert isinstance(slices, Slices)
    assert [(stack.name, len(stack.images)) for stack in slices.stacks] == [
        ("axial", 24),
        ("coronal", 12),
        ("sagittal", 12),
    ]
    assert sum(len(image) for stack in slices.stacks for image in stack.images) < 1_200_000
    assert [name for name, _ in slices.key] == ["PTV", "Rod"]
    assert slices.note.endswith(NO_CLINIC)
    low, high = case.structure("PTV").region.bounds
    for stack, axis in zip(slices.stacks, (2, 1, 0), strict=True):
        assert list(stack.positions_mm) == sorted(stack.positions_mm)
        assert stack.positions_mm[0] < low[axis] < high[axis] < stack.positions_mm[-1]
        assert abs(stack.positions_mm[stack.first]) == min(map(abs, stack.positions_mm))
        for image in stack.images:
            picture = Image.open(io.BytesIO(image))
            assert picture.format == "PNG"
            assert max(picture.size) <= 420
            assert picture.convert("RGB").getpixel((0, 0)) == (255, 255, 255)


def test_the_target_is_red_and_the_slice_far_from_it_is_not(shown: list[Exhibit]) -> None:
    [slices] = of(shown, Slices)
    assert isinstance(slices, Slices)
    axial = slices.stacks[0]

    def redness(image: bytes) -> float:
        pixels = np.asarray(Image.open(io.BytesIO(image)).convert("RGB"), float)
        return float((pixels[..., 0] - pixels[..., 1]).clip(0.0).mean())

    assert redness(axial.images[axial.first]) > 3.0 * redness(axial.images[0])


@pytest.mark.slow
def test_they_are_the_same_again(planned: Planned, shown: list[Exhibit]) -> None:
    run = Run.load(planned.folder)
    assert list(exhibits(run, run.rows[-1])) == shown


def test_the_start_is_not_compared_with_itself(planned: Planned) -> None:
    run = Run.load(planned.folder)
    first = list(exhibits(run, run.rows[0]))
    [told] = of(first, Histogram)
    assert isinstance(told, Histogram)
    assert not any(curve.before for curve in told.curves)


def test_a_plan_that_the_cache_holds_no_more_keeps_what_the_log_says(planned: Planned, tmp_path: Path) -> None:
    shutil.copy(planned.folder / "log.jsonl", tmp_path)
    run = Run.load(tmp_path)
    [plan] = exhibits(run, run.rows[-1])
    assert isinstance(plan, Table)
    assert "The cache holds this plan no more" in plan.note


def test_a_case_that_is_gone_leaves_histograms_and_a_note(planned: Planned, tmp_path: Path) -> None:
    shutil.copytree(planned.folder / "cache", tmp_path / "cache")
    shutil.copy(planned.folder / "log.jsonl", tmp_path)
    run = Run.load(tmp_path)
    objective = dict(run.specification["objective"]) | {"case": str(tmp_path / "gone.toml")}
    specification = dict(run.specification) | {"objective": objective}
    run.header["specification"] = specification  # type: ignore[index]  # the event's own dictionary
    found = list(exhibits(run, run.rows[-1]))
    assert [type(each) for each in found] == [Histogram, Table]
    assert "No slices: " in found[1].note


def test_a_run_that_was_made_in_python_says_so_in_words(planned: Planned, tmp_path: Path) -> None:
    shutil.copytree(planned.folder / "cache", tmp_path / "cache")
    shutil.copy(planned.folder / "log.jsonl", tmp_path)
    run = Run.load(tmp_path)
    run.header["specification"] = {**run.specification, "objective": {}}  # type: ignore[index]  # its own dictionary
    note = exhibits(run, run.rows[-1])[-1].note
    assert "No slices: its log does not say which case and method it was" in note
    assert "Error" not in note


def test_a_plan_that_failed_has_its_parameters_only(planned: Planned) -> None:
    run = Run.load(planned.folder)
    row = run.rows[-1]
    failed = type(row.evaluation).failed(row.evaluation.value, "a reason")
    found = exhibits(run, type(row)(9, 1, None, (), False, failed, 0.0, False))
    assert [type(each) for each in found] == [Table]
    odd = type(row.evaluation).failed(json.dumps({"not": "a plan"}), "a reason")
    assert list(exhibits(run, type(row)(9, 1, None, (), False, odd, 0.0, False))) == []


def test_a_thinned_curve_is_close_everywhere_and_short() -> None:
    dose = np.arange(0.0, 150.5, 0.5)
    rng = np.random.default_rng(3)
    steep = {str(i): 100.0 / (1.0 + np.exp((dose - m) / w)) for i, (m, w) in enumerate(rng.uniform(2, 60, (12, 2)))}
    own = Curves(dose, steep)
    short = Curves(dose[:101], {name: curve[:101] for name, curve in steep.items()})
    few, other = thinned(own, short)
    assert other is not None
    assert len(few.dose_gy) <= 200
    assert few.dose_gy[0] == 0.0
    assert few.dose_gy[-1] == dose[-1]
    for name, curve in steep.items():
        assert np.abs(np.interp(dose, few.dose_gy, few.percent[name]) - curve).max() <= CLOSE_PERCENT
        assert other.percent[name][-1] == 0.0


def test_an_outline_is_around_its_structure(planned: Planned) -> None:
    region = find_case(str(planned.case)).structure("PTV").region
    [line] = outline(region, AXIAL, at_mm=0.0, fine_mm=0.5)
    assert np.hypot(*line.T) == pytest.approx(14.0, abs=0.6)
    assert list(outline(region, AXIAL, at_mm=15.0, fine_mm=0.5)) == []
