"""Findings: the numbers in them are those of the dose, what is called out of reach is, effects are differences."""

from __future__ import annotations

import dataclasses
import math
import re
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial import cKDTree

from sciopt.objective import Estimate, Evaluation, Finding
from sciopt.objectives.radiotherapy.findings.anatomy import Anatomy
from sciopt.objectives.radiotherapy.findings.measured import EXTREME, LEVER
from sciopt.objectives.radiotherapy.objective import STAGE, PlanObjectiveFunction
from sciopt.objectives.radiotherapy.treatment.reporting import reporting
from sciopt.targets.patients.case import Case
from tests.radiotherapy.tiny import COARSE, TINY, objective, phantom


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return phantom(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def made(case: Case) -> PlanObjectiveFunction:
    return PlanObjectiveFunction(
        case,
        goals=[
            "PTV D95% >= 48 Gy", "PTV D2% <= 52 Gy", "PTV V50Gy >= 99 %", "Rectum V30Gy <= 2 % (priority 2)",
            "Rectum Dmean <= 5 Gy (priority 3)", "Nerve D2% <= 20 Gy (priority 2)", "Nerve D0.1cc <= 21 Gy",
            "Body D0.03cc <= 60 Gy", "PTV HI <= 0.05",
        ],
        method=COARSE,
    )  # fmt: skip


@pytest.fixture(scope="module")
def start(made: PlanObjectiveFunction) -> Evaluation:
    return made.evaluate(made.start.text())


def _goal_findings(evaluation: Evaluation) -> list[Finding]:
    return [f for f in evaluation.findings if f.kind.startswith("goal ")]


def test_every_missed_goal_has_its_finding_and_no_id_stands_twice(start: Evaluation) -> None:
    missed = [m.quantity for m in start.measurements if m.violation > 0.0]
    assert [f.subject for f in _goal_findings(start) if f.kind != "goal near its limit"] == missed
    ids = [f.id for f in start.findings]
    assert len(set(ids)) == len(ids)


def test_the_value_and_the_distance_are_the_measured_ones(start: Evaluation) -> None:
    by_name = {m.quantity: m for m in start.measurements}
    for finding in _goal_findings(start):
        m = by_name[finding.subject]
        numbers = [float(n) for n in re.findall(r"-?\d+\.?\d*(?:e[-+]\d+)?", finding.observation)]
        assert numbers[0] == pytest.approx(m.value, rel=1e-3)
        assert m.goal is not None
        assert abs(m.value - m.goal.limit) == pytest.approx(next(n for n in numbers[1:]), rel=1e-2, abs=1e-6)


def test_the_voxels_are_those_of_the_dose(made: PlanObjectiveFunction, case: Case, start: Evaluation) -> None:
    treatment = made.treatment()
    dose = treatment.deliver(made.start).dose_gy
    told = 0
    for finding in _goal_findings(start):
        for side, limit, cc in re.findall(r"(above|below) ([\d.]+) Gy are ([\d.e+-]+) cc", finding.observation):
            structure = finding.subject.split(" ")[0]
            samples = treatment.reporting.samples[structure]
            at = samples.dose(dose)
            chosen = at > float(limit) if side == "above" else at < float(limit)
            assert float(cc) == pytest.approx(float(samples.volume_cc[chosen].sum()), rel=6e-3)
            inside = re.search(r"([\d.e+-]+) cc inside PTV", finding.observation)
            if inside is not None:
                within = case.structure("PTV").region.inside(treatment.reporting.places(structure))
                volume = float(samples.volume_cc[chosen & within].sum())
                assert float(inside[1]) == pytest.approx(volume, rel=6e-3, abs=1e-6)
            told += 1
    assert told >= 6


def test_what_is_near_the_target_is(case: Case) -> None:
    report = reporting(case, spacing_mm=5.0)
    places, volume = report.places("Rectum"), report.samples["Rectum"].volume_cc
    turn, rise = np.meshgrid(np.linspace(0, 2 * np.pi, 400), np.linspace(-np.pi / 2, np.pi / 2, 200))
    surface = np.stack([16 * np.cos(turn) * np.cos(rise), 14 * np.sin(turn) * np.cos(rise), 16 * np.sin(rise)], axis=-1)
    distance, _ = cKDTree(surface.reshape(-1, 3)).query(places)
    outside = ~case.structure("PTV").region.inside(places)
    true_cc = float(volume[outside & (distance <= 5.0)].sum())
    place = Anatomy(case, report).place("Rectum", np.ones(len(places), np.bool_))
    assert place.near_cc == pytest.approx(true_cc, rel=0.1)


def test_sides_are_those_of_the_patient(case: Case) -> None:
    report = reporting(case, spacing_mm=5.0)
    anatomy, places = Anatomy(case, report), report.places("PTV")
    sides = [
        (places[:, 0] > 8, "left"), (places[:, 0] < -8, "right"), (places[:, 1] > 7, "anterior"),
        (places[:, 1] < -7, "posterior"), (places[:, 2] > 8, "superior"), (places[:, 2] < -8, "inferior"),
    ]  # fmt: skip
    for chosen, side in sides:
        assert anatomy.place("PTV", chosen).side == side
    assert anatomy.place("PTV", np.ones(len(places), np.bool_)).side == ""
    assert anatomy.place("PTV", np.zeros(len(places), np.bool_)).cc == 0.0


def test_the_overlap_is_that_of_the_geometry(case: Case) -> None:
    report = reporting(case, spacing_mm=5.0)
    axis = np.arange(-30.0, 30.0, 0.5) + 0.21
    points = np.stack([a.ravel() for a in np.meshgrid(axis, axis, axis, indexing="ij")], axis=1)
    rectum, ptv = (case.structure(name).region.inside(points) for name in ("Rectum", "PTV"))
    inside, whole = Anatomy(case, report).overlap_cc("Rectum", "PTV")
    assert whole == pytest.approx(rectum.sum() * 0.5**3 / 1000.0, rel=0.02)
    assert inside / whole == pytest.approx((rectum & ptv).sum() / rectum.sum(), rel=0.05)


# --- out of reach ---------------------------------------------------------------------------------------------------


def _within(folder: Path, *, radius: float, half: float, goal: str) -> list[Finding]:
    """The findings at the start for a rectum within the target, of a radius and half length in mm."""
    old = "centre_mm = [0, -20]\nradii_mm = [9, 9]\nz_mm = [-24, 24]"
    assert old in TINY
    text = TINY.replace(old, f"centre_mm = [0, 0]\nradii_mm = [{radius}, {radius}]\nz_mm = [{-half}, {half}]")
    case = phantom(folder, text=text)
    made = PlanObjectiveFunction(case, goals=["PTV D95% >= 48 Gy", goal], method=COARSE, levers=0)
    return list(made.evaluate(made.start.text()).findings)


def test_an_organ_that_is_most_of_the_target_is_out_of_reach(tmp_path: Path) -> None:
    found = _within(tmp_path, radius=8.0, half=10.0, goal="Rectum V30Gy <= 20 %")
    assert [f.kind for f in found if f.subject == "Rectum V30Gy"] == ["goal out of reach"]
    target, organ = 4.0 / 3.0 * math.pi * 16 * 14 * 16, math.pi * 8.0**2 * 20.0
    least = 100.0 * (organ - 0.05 * target) / organ  # D95% may leave out 5 % of the target
    said = next(f.observation for f in found if f.kind == "goal out of reach")
    share = re.search(r"at least ([\d.]+) % of Rectum get 48 Gy in any plan", said)
    assert share is not None
    assert float(share[1]) == pytest.approx(least, rel=0.02)


def test_nothing_is_out_of_reach_where_organ_and_target_hardly_meet(case: Case) -> None:
    made = objective(case)
    rectum = made.start.objective("Rectum", "overdose")
    assert rectum is not None
    found = made.evaluate(made.start.changed(rectum, weight=0.01).text())  # so that its goals are missed
    assert found.measured("Rectum V30Gy") > 12.0
    assert "goal out of reach" not in {f.kind for f in found.findings}


def test_a_goal_above_the_prescribed_dose_is_in_reach(tmp_path: Path) -> None:
    found = _within(tmp_path, radius=8.0, half=10.0, goal="Rectum V49Gy <= 20 %")
    assert "goal out of reach" not in {f.kind for f in found}


def test_an_organ_smaller_than_what_coverage_leaves_open_is_not_called_out_of_reach(tmp_path: Path) -> None:
    share = math.pi * 3.0**2 * 9.0 / (4.0 / 3.0 * math.pi * 16 * 14 * 16)
    assert share < 0.05 - 0.03
    found = _within(tmp_path, radius=3.0, half=4.5, goal="Rectum V30Gy <= 20 %")
    assert "goal out of reach" not in {f.kind for f in found}


# --- effects --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def probed(made: PlanObjectiveFunction, start: Evaluation) -> dict[str, list[Estimate]]:
    edits = [start.value, *made.levers(start)]
    return {e.value: [e] for e in made.screen(edits, start, stage=STAGE.name)}


def test_effects_are_child_minus_parent(
    made: PlanObjectiveFunction, start: Evaluation, probed: dict[str, list[Estimate]]
) -> None:
    sharp = made.sharpen(start, probed)
    base = probed[start.value][0]
    measured = [f for f in sharp.findings if f.expected]
    assert {f.edit for f in measured} == set(made.levers(start))
    for finding in measured:
        child = probed[finding.edit or ""][0]
        after = {m.quantity: m.value for m in child.measurements}
        before = {m.quantity: m.value for m in base.measurements}
        told = {e.quantity: e for e in finding.expected}
        assert told.pop("loss").change == child.loss - base.loss
        for quantity, effect in told.items():
            assert effect.change == after[quantity] - before[quantity]
            assert effect.basis == "measured"
        assert base.measurements == start.measurements  # seen from itself, a plan is what was measured
        for m in base.measurements:
            if m.quantity not in told:
                assert m.goal is not None
                assert abs(after[m.quantity] - before[m.quantity]) < 0.005 * m.goal.scale
    changes = [f.expected[0].change for f in measured]
    assert changes == sorted(changes)
    assert [f.advice for f in measured if f.expected[0].change < 0.0] == ["Do it."] * sum(c < 0.0 for c in changes)


def test_sharpening_keeps_everything_else(
    made: PlanObjectiveFunction, start: Evaluation, probed: dict[str, list[Estimate]]
) -> None:
    sharp = made.sharpen(start, probed)
    assert dataclasses.replace(sharp, findings=()) == dataclasses.replace(start, findings=())
    assert {(f.kind, f.subject, f.edit) for f in sharp.findings} == {
        (f.kind, f.subject, f.edit) for f in start.findings
    }
    ids = [f.id for f in sharp.findings]
    assert len(set(ids)) == len(ids)
    assert len([f for f in sharp.findings if f.kind in (LEVER, EXTREME)]) >= 3


@pytest.mark.parametrize("failing", [0, 1])
def test_a_lever_that_failed_leaves_the_ids_apart(
    made: PlanObjectiveFunction, start: Evaluation, probed: dict[str, list[Estimate]], failing: int
) -> None:
    edit = made.levers(start)[failing]
    sharp = made.sharpen(start, {**probed, edit: [Estimate(edit, math.inf, failure="it broke")]})
    ids = [f.id for f in sharp.findings]
    assert len(set(ids)) == len(ids)


def test_where_the_plan_itself_failed_nothing_is_said(
    made: PlanObjectiveFunction, start: Evaluation, probed: dict[str, list[Estimate]]
) -> None:
    broken = {**probed, start.value: [Estimate(start.value, math.inf, failure="it broke")]}
    assert made.sharpen(start, broken) == start


def test_a_real_lever_does_in_full_what_was_measured(
    made: PlanObjectiveFunction, start: Evaluation, probed: dict[str, list[Estimate]]
) -> None:
    """A warm re-optimisation tells the sign and about the size of what a full evaluation of the lever finds."""
    sharp = made.sharpen(start, probed)
    best = next(f for f in sharp.findings if f.expected)
    child = made.evaluate(made.canonical(best.edit or ""))
    foreseen, found = best.expected[0].change, child.loss - start.loss
    assert foreseen * found > 0.0
    assert 0.3 < found / foreseen < 3.0


def test_the_objective_without_levers_has_none(case: Case) -> None:
    made = objective(case, levers=0)
    found = made.evaluate(made.start.text())
    assert not [f for f in found.findings if f.edit]
    assert made.probes == ()
