"""The commands on plans as a person meets them: a run, an evaluation, DICOM, cases, and every refusal in words."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.program import Program
from tests.radiotherapy.ball import BALL, write_ball
from tests.radiotherapy.conftest import Planned


def test_a_run_improves_on_its_start_and_can_be_resumed_and_not_overwritten(planned: Planned, sciopt: Program) -> None:
    said = planned.said
    assert said["evaluations"] == 2
    assert said["best"]["loss"] < said["start"]["loss"]
    assert said["best"]["measurements"]["PTV D95%"] == pytest.approx(50.0, abs=1e-4)
    code, _, err = sciopt("plan", str(planned.case), "--budget", "2", "--levers", "1", "--out", str(planned.folder))
    assert code == 4
    assert "sciopt resume" in err


def test_the_best_plan_of_a_run_measures_the_same_when_it_is_evaluated(planned: Planned, sciopt: Program) -> None:
    plan = planned.folder / "plan.json"
    code, out, _ = sciopt("evaluate", str(planned.case), "--plan", str(plan), "--levers", "0", "--json")
    assert code == 0
    said = json.loads(out)
    assert said["loss"] == pytest.approx(planned.said["best"]["loss"], abs=1e-6)
    assert said["plan"] == json.loads(plan.read_text())
    assert "## Measured" in said["gradient"]


def test_the_exported_dose_is_that_of_the_plan(planned: Planned, sciopt: Program, tmp_path: Path) -> None:
    arguments = ["export", str(planned.folder), "--out", str(tmp_path), "--spacing", "3"]
    code, out, _ = sciopt(*arguments)
    assert code == 0
    assert "no RTPLAN" in out
    assert "not for clinical use" in out
    table = tmp_path / "dvh.csv"
    dose = ["--dose", str(tmp_path / "best_dose.dcm"), "--csv", str(table), "--json"]
    code, out, _ = sciopt("evaluate", str(planned.case), *dose)
    assert code == 0
    for goal in json.loads(out)["goals"]:
        assert goal["value"] == pytest.approx(planned.said["best"]["measurements"][goal["quantity"]], abs=0.8)
    assert table.read_text().startswith("dose_gy,PTV,Rod,Body\n0,100,100,100\n")
    code, _, err = sciopt(*arguments)
    assert code == 2
    assert "--force" in err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["prostat"], ["'prostat' is unknown", "did you mean prostate", "sciopt cases list"]),
        (["{ball}", "--goals", "stric"], ["'stric' is unknown", "standard", ".toml"]),
        (["{ball}", "--goals", "{missing}.txt"], ["cannot be read: No such file"]),
        (["{ball}", "--goals", "{broken}"], ["'Rod is fine' is not a goal"]),
        (["{ball}", "--goal", "Rood V20Gy <= 10 %"], ["'Rood' is unknown", "needs one of PTV, Rod, Body"]),
        (["{ball}", "--goal", "Rod V20Gy <= 10 Gy"], ["limits a volume", "% or cc"]),
        (["{ball}", "--goal", "Rod D500cc <= 10 Gy"], ["asks for 500 cc of Rod"]),
        (["{ball}", "--start", "{missing}.json"], ["cannot be read: No such file"]),
        (["{ball}", "--start", "{broken}"], ["the plan is not JSON"]),
        (["{ball}", "--start", "{nan}"], ["NaN is no number of a plan"]),
        (["{ball}", "--start", "{other}"], ["Bladder", "expected one of PTV, Rod, Body"]),
        (["{ball}", "--angles", "0,400"], ["--angles 0,400", "400", "less than 360"]),
        (["{ball}", "--angles", "front"], ["--angles 'front'", "0,72,144"]),
        (["{ball}", "--budget", "0"], ["budget of 0", "more than 0"]),
        (["{ball}", "--smoothing", "nan"], ["smoothing nan: expected 0 to"]),
        (["{ball}", "--levers", "-1"], ["-1 levers: expected 0 to"]),
        (["{ball}", "--workers", "0"], ["0 workers: expected at least 1"]),
        (["{ball}", "--patience", "0"], ["patience of 0", "at least 1"]),
    ],
)
def test_what_does_not_fit_is_said_in_a_sentence(
    sciopt: Program, tmp_path: Path, options: list[str], words: list[str]
) -> None:
    plan = {"gantry_deg": [0], "objectives": [{"structure": "PTV", "type": "deviation", "dose_gy": 50, "weight": 1}]}
    files = {"ball": write_ball(tmp_path), "missing": tmp_path / "missing"}
    for name, text in {
        "broken": "PTV D95% >= 50 Gy\nRod is fine\n",
        "nan": json.dumps(plan).replace('"weight": 1', '"weight": NaN'),
        "other": json.dumps(plan).replace("PTV", "Bladder"),
    }.items():
        files[name] = tmp_path / f"{name}.txt"
        files[name].write_text(text)
    given = [option.format(**files) for option in options]
    code, out, err = sciopt("plan", *given, "--out", str(tmp_path / "run"))
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert err.startswith("sciopt: ")
    assert all(word in err for word in words), err
    assert not (tmp_path / "run").exists()


def test_evaluate_takes_a_plan_or_a_dose(sciopt: Program, tmp_path: Path) -> None:
    ball = str(write_ball(tmp_path))
    code, _, err = sciopt("evaluate", ball, "--plan", "a.json", "--dose", "a.dcm")
    assert code == 2
    assert "expected one of them" in err
    code, _, err = sciopt("evaluate", ball, "--dose", ball)
    assert code == 2
    assert "DICOM" in err


def test_export_asks_for_a_run_of_plans(sciopt: Program, tmp_path: Path) -> None:
    code, _, err = sciopt("export", str(tmp_path))
    assert code == 4
    assert str(tmp_path) in err


def test_a_goal_of_the_command_line_replaces_the_limit_on_the_same_quantity(planned: Planned) -> None:
    from sciopt.objectives.radiotherapy.options import objective_for

    more = ["Rod D10% <= 12 Gy", "Rod Dmean <= 9 Gy (priority 3)"]
    objective = objective_for(str(planned.case), goals="standard", more=more)
    assert [goal.text for goal in objective.goals] == ["PTV D95% >= 50 Gy", "PTV D5% <= 54 Gy", *more]


@pytest.mark.parametrize(
    ("name", "text"),
    [("goals.txt", "# mine\nPTV D95% >= 48 Gy  # low\n\n"), ("goals.toml", 'goals = ["PTV D95% >= 48 Gy"]\n')],
)
def test_goals_may_stand_in_a_file(planned: Planned, tmp_path: Path, name: str, text: str) -> None:
    from sciopt.objectives.radiotherapy.options import objective_for

    file = tmp_path / name
    file.write_text(text)
    objective = objective_for(str(planned.case), goals=str(file))
    assert [goal.text for goal in objective.goals] == ["PTV D95% >= 48 Gy"]


def test_cases_are_listed_and_shown_with_volumes_in_cc(sciopt: Program, planned: Planned) -> None:
    code, out, _ = sciopt("cases", "list", "--json")
    assert code == 0
    listed = {each["name"]: each for each in json.loads(out)}
    assert listed["tg119-prostate"]["prescribed_gy"] == {"PTV": 75.6}
    assert listed["tg119-prostate"]["synthetic"]
    assert not listed["tg119-prostate"]["own"]
    code, out, _ = sciopt("cases", "show", str(planned.case), "--json")
    assert code == 0
    ball = json.loads(out)
    volumes = {each["name"]: each["cc"] for each in ball["structures"]}
    assert volumes == {"PTV": pytest.approx(11.49, rel=0.02), "Rod": pytest.approx(5.65, rel=0.02)}
    assert ball["beams"]["gantry_deg"] == [0, 120, 240]
    code, out, _ = sciopt("cases", "show", str(planned.case))
    assert code == 0
    assert "not for clinical use" in out


def test_a_phantom_of_ones_own_is_kept_under_its_name(
    sciopt: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCIOPT_CASES", str(tmp_path / "home"))
    file = write_ball(tmp_path)
    add = ["cases", "add", "ball", "--phantom", str(file)]
    code, out, _ = sciopt(*add)
    assert code == 0
    assert "sciopt plan ball" in out
    assert (tmp_path / "home" / "ball.toml").read_text() == BALL
    code, out, _ = sciopt("cases", "list")
    assert "ball             own phantom; PTV 50 Gy" in out
    code, _, err = sciopt(*add)
    assert code == 2
    assert "there is a case ball already" in err
    assert sciopt(*add, "--force")[0] == 0
    for wrong, words in (
        (["cases", "add", "other", "--phantom", str(file)], "calls itself 'ball'"),
        (["cases", "add", "ball"], "one source"),
        (["cases", "add", "prostate", "--phantom", str(file)], "ships"),
        ([*add, "--prescription", "PTV 60"], "in its file"),
        (["cases", "add", "me", "--dicom", str(tmp_path)], "no dose is prescribed"),
        (["cases", "add", "me", "--dicom", str(tmp_path), "--prescription", "PTV"], "'PTV': expected"),
    ):
        code, _, err = sciopt(*wrong)
        assert (code, words in err) == (2, True), err


def test_the_command_line_starts_without_the_libraries_that_plans_need() -> None:
    heavy = "numpy scipy pydantic matplotlib pydicom rdkit"
    code = f"import sys, sciopt.cli; print(*sorted(set('{heavy}'.split()) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
