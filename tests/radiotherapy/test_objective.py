"""The objective of a plan keeps the promises of the seam, says what is wrong, and runs can be stopped and repeated."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from sciopt.bench import Bench
from sciopt.cache import Cache
from sciopt.descent import Settings
from sciopt.errors import InvalidInput
from sciopt.log import LOG_NAME, read_log, stable
from sciopt.objective import Evaluation
from sciopt.objectives.radiotherapy.artifacts import FLUENCE, HISTOGRAMS
from sciopt.objectives.radiotherapy.fluence.optimise import Precision
from sciopt.objectives.radiotherapy.goals import parse_goal
from sciopt.objectives.radiotherapy.objective import STAGE, PlanObjectiveFunction
from sciopt.records import from_dict, to_dict
from sciopt.search import Ending, optimize
from sciopt.targets.patients.case import RESEARCH_ONLY, Case
from sciopt.testing import check_objective
from sciopt.verbalize import DETAILS, Attempt, Brief, at_detail, read, render, rounded
from tests.radiotherapy.tiny import COARSE, TINY, objective, phantom


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return phantom(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def made(case: Case) -> PlanObjectiveFunction:
    return objective(case)


@pytest.fixture(scope="module")
def start(made: PlanObjectiveFunction) -> Evaluation:
    return made.evaluate(made.start.text())


def _with(text: str, **changed: object) -> str:
    return json.dumps({**json.loads(text), **changed})


INVALID = ["", "no plan", "{}", "[1]", '{"gantry_deg": [0], "objectives": []}', "\x00", "🩻", "[" * 100_000]


def test_it_keeps_the_promises_of_an_objective_without_levers(case: Case) -> None:
    made = objective(case, levers=0)
    start = made.start.text()
    turned = _with(start, gantry_deg=[10, 130, 250])
    refused = [_with(start, gantry_deg=[400]), start.replace("Rectum", "Rektum"), start.replace("100", "NaN")]
    check_objective(made, valid=[start, turned], invalid=[*INVALID, *refused])


def test_it_keeps_the_promises_of_an_objective_with_levers(case: Case) -> None:
    made = objective(case)
    check_objective(made, valid=[made.start.text()])


def test_what_was_measured_needs_no_probes_again(made: PlanObjectiveFunction, start: Evaluation) -> None:
    edits = [start.value, *made.levers(start)]
    estimates = made.screen(edits, start, stage=STAGE.name)
    sharp = made.sharpen(start, {e.value: [e] for e in estimates})
    assert not set(made.levers(sharp)) & set(edits)


def test_the_loss_is_that_of_the_goals_and_the_goals_are_all_there(
    made: PlanObjectiveFunction, start: Evaluation
) -> None:
    assert [m.quantity for m in start.measurements] == [g.quantity for g in made.goals]
    weights = {1: 4.0, 2: 2.0, 3: 1.0}
    loss = sum(weights[m.goal.priority] * m.violation for m in start.measurements if m.goal is not None)
    assert start.loss == pytest.approx(loss)
    assert start.loss > 0.0


def test_it_says_what_it_is_and_what_it_is_not(start: Evaluation) -> None:
    said = " ".join(note.text for note in start.notes)
    assert RESEARCH_ONLY in said
    assert "synthetic" in said
    assert "PTV D95% = 48 Gy" in said


def test_artifacts_hold_the_fluence_and_the_histograms(case: Case, start: Evaluation) -> None:
    data = json.loads(start.artifacts[FLUENCE])
    assert min(data["fluence"]) >= 0.0
    head, *rows = start.artifacts[HISTOGRAMS].splitlines()
    assert head.split(",")[1:] == [*(s.name for s in case.structures), "Body"]
    table = [[float(cell) for cell in row.split(",")] for row in rows]
    for column in range(1, len(table[0])):
        values = [row[column] for row in table]
        assert values[0] == pytest.approx(100.0)
        assert values == sorted(values, reverse=True)
    dose, ptv = [row[0] for row in table], [row[1] for row in table]
    at = dose.index(48.0)
    assert ptv[at] == pytest.approx(95.0, abs=0.05)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "JSON"),
        ('{"gantry_deg": [0]}', "objectives is missing"),
        ("", "JSON"),
        ("\ud800", "JSON"),
        ("x" * 1_000_000, "JSON"),
        ("[" * 500_000, "JSON"),
        ('{"gantry_deg": [' + "9" * 5000 + "]}", ""),
    ],
)
def test_an_invalid_text_is_a_failure_with_its_reason(made: PlanObjectiveFunction, text: str, said: str) -> None:
    found = made.evaluate(text)
    assert found.failure is not None
    assert said in found.failure
    assert found.loss == float("inf")
    brief = Brief("plan", (dataclasses.replace(found, value="short"),))
    assert read(render(brief)) == rounded(brief)
    assert from_dict(Evaluation, to_dict(found)).failure == found.failure


def test_an_angle_just_below_a_full_turn_raises_nothing(made: PlanObjectiveFunction) -> None:
    made.evaluate(_with(made.start.text(), gantry_deg=[10, 359.96]))


# --- the protocol ---------------------------------------------------------------------------------------------------


def test_the_protocol_names_all_that_changes_a_number(tmp_path: Path, case: Case) -> None:
    base = objective(case).protocol
    others = {
        "spacing": objective(case, method=dataclasses.replace(COARSE, spacings_mm=(6.0, 4.0))),
        "reporting": objective(case, method=dataclasses.replace(COARSE, reporting_mm=4.0)),
        "smoothing": objective(case, method=dataclasses.replace(COARSE, smoothing=2.0)),
        "precision": objective(case, method=dataclasses.replace(COARSE, precision=Precision(tolerance=1e-5))),
        "goals": PlanObjectiveFunction(case, goals=["PTV D2% <= 50 Gy"], method=COARSE),
        "geometry": objective(phantom(tmp_path, text=TINY.replace("[16, 14, 16]", "[16, 14, 15]"))),
        "bixel": objective(phantom(tmp_path, text=TINY.replace("bixel_mm = 7", "bixel_mm = 5"))),
        "coverage": objective(phantom(tmp_path, text=TINY.replace("dose_gy = 48", "dose_gy = 47"))),
    }
    for name, other in others.items():
        assert other.protocol != base, name
    assert len({json.dumps(dict(o.protocol), sort_keys=True) for o in others.values()}) == len(others)
    assert objective(case).protocol == base


def test_one_protocol_means_one_evaluation(case: Case) -> None:
    few, many = objective(case, levers=0), objective(case, levers=3)
    text = few.start.text()
    assert few.protocol != many.protocol or few.evaluate(text).findings == many.evaluate(text).findings


def test_a_case_without_provenance_is_told_from_another(case: Case) -> None:
    bare = dataclasses.replace(case, provenance={})
    narrow = dataclasses.replace(bare, beams=dataclasses.replace(bare.beams, bixel_mm=4.0))
    assert objective(bare).protocol != objective(narrow).protocol


def test_an_estimate_is_kept_by_its_parent_too(case: Case, tmp_path: Path) -> None:
    """It starts from the parent's fluence, so a lever that two parents share has two results, whoever came first."""
    made = objective(case)
    start = made.start
    nerve, rectum = start.objective("Nerve", "overdose"), start.objective("Rectum", "overdose")
    assert nerve is not None
    assert rectum is not None
    child = start.changed(nerve, weight=200.0).text()
    plans = [start, start.changed(nerve, weight=400.0).changed(rectum, weight=400.0)]
    parents = [made.evaluate(plan.text()) for plan in plans]
    alone = [made.screen([child], parent, stage=STAGE.name)[0].loss for parent in parents]
    assert alone[0] != alone[1]
    shared = Cache(tmp_path)
    for order in (parents, parents[::-1]):
        bench = Bench(made, cache=shared)
        found = {p.value: bench.repeat([child], p, [STAGE])[STAGE.name][0][0].loss for p in order}
        assert [found[p.value] for p in parents] == alone


# --- words ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("detail", DETAILS)
def test_what_is_measured_survives_words(made: PlanObjectiveFunction, start: Evaluation, detail: str) -> None:
    edits = made.levers(start)
    estimates = made.screen([start.value, *edits], start, stage=STAGE.name)
    sharp = made.sharpen(start, {e.value: [e] for e in estimates})
    child = made.evaluate(made.canonical(edits[0]))
    failed = made.evaluate("no plan")
    tried = (
        Attempt(child.value, start.value, "full evaluation", "not better than the best"),
        Attempt(failed.value, start.value, "full evaluation", "failed", note=failed.failure or ""),
    )
    whole = Brief("plan", (sharp, child, failed), tried=tried, rules=made.rules, wanted=7, stalled=2)
    brief = at_detail(whole, detail)  # type: ignore[arg-type]
    assert read(render(brief)) == rounded(brief)
    said = render(brief)
    assert ("Rectum V30Gy" in said) == (detail != "none")
    assert ("measured by optimising again" in said) == (detail == "findings")


# --- options of the user --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("goals", "said"),
    [
        ([], "no goal"),
        ("strictest", "standard"),
        (["Rektum D2% <= 5 Gy"], "Rectum"),
        (["PTV D95% >= 50 Gy", "PTV D95% <= 40 Gy"], "no dose can meet both"),
        (["Rectum likes <= 5 Gy"], "Rectum likes"),
    ],
)
def test_goals_that_do_not_fit_are_refused_in_words(case: Case, goals: str | list[str], said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        PlanObjectiveFunction(case, goals=goals, method=COARSE)


@pytest.mark.parametrize("line", ["Rectum Dmax <= 160 Gy", "Rectum V200Gy <= 1 %", "Body D0.03cc <= 180 Gy"])
def test_a_goal_of_a_high_dose_is_taken_or_refused_in_words(case: Case, line: str) -> None:
    assert parse_goal(line)
    try:
        PlanObjectiveFunction(case, goals=[line], method=COARSE)
    except InvalidInput as error:
        assert "Gy" in str(error)  # noqa: PT017


def test_a_goal_on_more_than_the_structure_holds_ends_a_run_in_words(case: Case) -> None:
    made = PlanObjectiveFunction(case, goals=["Rectum D500cc <= 10 Gy"], method=COARSE)
    with pytest.raises(InvalidInput, match="500 cc"):
        optimize(made, made.start.text(), budget=2)


def test_goals_that_only_volumes_show_to_exclude_each_other_are_refused(case: Case) -> None:
    """12 cc are about 100 % of the rectum: 10 cc above 20 Gy are more than 20 % of it."""
    goals = ["Rectum V20Gy >= 10 cc", "Rectum V20Gy <= 20 %"]
    with pytest.raises(InvalidInput, match="no dose can meet both"):
        PlanObjectiveFunction(case, goals=goals, method=COARSE).treatment()


# --- runs -----------------------------------------------------------------------------------------------------------


class Killed(Exception):
    """Stands in for the end of the process."""


BUDGET = 5


@pytest.fixture(scope="module")
def whole(case: Case, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An undisturbed run."""
    folder = tmp_path_factory.mktemp("runs") / "whole"
    made = objective(case)
    optimize(made, made.start.text(), budget=BUDGET, out=folder, ending=Ending(when_met=False))
    return folder


def _events(folder: Path) -> list[object]:
    return list(stable(read_log(folder / LOG_NAME)))


def test_two_workers_make_the_same_run(case: Case, whole: Path, tmp_path: Path) -> None:
    made = objective(case)
    ending = Ending(when_met=False)
    optimize(made, made.start.text(), budget=BUDGET, workers=2, out=tmp_path / "two", ending=ending)
    assert _events(tmp_path / "two") == _events(whole)


@pytest.mark.parametrize("after", [1, 4])
def test_a_stopped_run_goes_on_as_if_it_had_not_stopped(case: Case, whole: Path, tmp_path: Path, after: int) -> None:
    first = objective(case)
    ending = Ending(when_met=False)

    def kill(event) -> None:  # type: ignore[no-untyped-def]
        if event.n == after:
            raise Killed

    with pytest.raises(Killed):
        optimize(first, first.start.text(), budget=BUDGET, out=tmp_path / "cut", ending=ending, watch=kill)
    again = objective(case)
    found = optimize(again, again.start.text(), budget=BUDGET, out=tmp_path / "cut", ending=ending, resuming=True)
    assert _events(tmp_path / "cut") == _events(whole)
    assert found.best.artifacts


def test_a_run_improves_the_start(case: Case) -> None:
    made = objective(case)
    found = optimize(made, made.start.text(), budget=9, seed=1)
    assert found.best.loss < 0.7 * found.start.loss
    assert [e.failure for e in found.evaluations] == [None] * len(found.evaluations)


@pytest.mark.parametrize("detail", ["numbers", "none"])
def test_a_run_of_less_detail_works(case: Case, detail: str) -> None:
    made = objective(case)
    found = optimize(made, made.start.text(), budget=5, settings=Settings(detail=detail))  # type: ignore[arg-type]
    assert len(found.evaluations) == 5
    assert [e.failure for e in found.evaluations] == [None] * 5
