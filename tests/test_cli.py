"""The command line as a user meets it: real docking at a cheap protocol, every refusal in words, no traceback."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from sciopt.log import LOG_NAME, read_log, stable
from tests.program import Program

CHEAP = ["--exhaustiveness", "1", "--quiet"]
SHORT = ["--finalists", "0", "--no-references"]


def test_a_run_from_start_to_files(sciopt: Program, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    arguments = ["molecule", "c1ccccc1", "-t", "PPARD", "--budget", "5", "--out", str(folder), "--json", *CHEAP]
    arguments += ["--finalists", "1"]
    code, out, err = sciopt(*arguments)
    assert (code, err) == (0, "")
    said = json.loads(out)
    assert said["best"]["loss"] < said["start"]["loss"]
    assert said["start"]["value"] == "c1ccccc1"
    assert said["evaluations"] == 5
    assert said["run"] == str(folder)
    assert said["best"]["protocol"]["exhaustiveness"] == "1"
    [finalist] = said["finalists"]
    assert finalist["value"] == said["best"]["value"]
    assert len(finalist["repeats"]) == 3
    assert finalist["spread"] >= 0.0
    assert said["references"][0]["name"].startswith("seladelpar")
    assert said["references"][0]["loss"] is not None
    files = {path.name for path in folder.iterdir()}
    expected = {"log.jsonl", "specification.json", "evaluations.csv", "gradients", "best.sdf", "best.pdbqt"}
    assert expected | {"trajectory.svg", "trajectory.png", "molecules.svg", "molecules.png"} <= files
    first = (folder / "gradients" / "step_001.txt").read_text()
    assert "Vina score" in first
    assert "## Findings" in first
    code, _, err = sciopt(*arguments)
    assert code == 4
    assert "sciopt resume" in err
    specification = json.loads((folder / "specification.json").read_text())
    assert {"sciopt", "rdkit", "vina", "numpy"} <= specification["machine"]["versions"].keys()
    (folder / "best.sdf").unlink()
    code, again, err = sciopt("resume", str(folder), "--json", "--quiet")
    assert (code, err) == (0, "")
    assert json.loads(again) == said
    assert (folder / "best.sdf").exists()


@pytest.mark.slow
def test_the_same_seed_gives_the_same_log_and_another_detail_another_one(sciopt: Program, tmp_path: Path) -> None:
    logs = {}
    for name, options in {
        "one": ["--workers", "1"],
        "two": ["--workers", "2"],
        "numbers": ["--detail", "numbers"],
        "none": ["--detail", "none"],
    }.items():
        folder = tmp_path / name
        kept = ["--out", str(folder), "--cache", str(tmp_path / "cache")]
        shared = ["--budget", "9", "--no-screening", "--no-probing", *kept, *CHEAP, *SHORT]
        assert sciopt("molecule", "c1ccccc1", "-t", "PPARD", *options, *shared)[0] == 0
        logs[name] = list(stable(read_log(folder / LOG_NAME)))
    assert logs["one"] == logs["two"]
    ways = {
        name: tuple(data["evaluation"]["value"] for kind, data in log if kind == "evaluation")
        for name, log in logs.items()
    }
    assert len({ways["one"], ways["numbers"], ways["none"]}) == 3


def _begun(folder: Path, evaluations: int, *, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if (folder / LOG_NAME).exists():
            done = [e for e in read_log(folder / LOG_NAME) if e.kind == "evaluation"]
            if len(done) >= evaluations:
                return
        time.sleep(0.05)
    raise AssertionError(f"no {evaluations} evaluations within {seconds} s")


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)])
def test_a_signal_ends_a_run_within_seconds_and_it_can_be_continued(tmp_path: Path, number: int, code: int) -> None:
    folder = tmp_path / "run"
    begin = ["molecule", "c1ccccc1", "-t", "PPARD", "--no-screening", "--no-probing", *SHORT]
    program = [sys.executable, "-m", "sciopt", *begin]
    with subprocess.Popen(
        [*program, "--exhaustiveness", "2", "--budget", "6", "--out", str(folder), "--workers", "2"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as run:
        _begun(folder, 3)
        children = psutil.Process(run.pid).children(recursive=True)
        assert children
        run.send_signal(number)
        _, err = run.communicate(timeout=5)
    assert run.returncode == code
    gone, alive = psutil.wait_procs(children, timeout=5)
    assert not alive
    assert len(gone) == len(children)
    if number != signal.SIGKILL:
        assert f"sciopt resume {folder}".encode() in err
    measured = [e for e in read_log(folder / LOG_NAME) if e.kind == "evaluation"]
    again = subprocess.run(
        [sys.executable, "-m", "sciopt", "resume", str(folder), "--json", "--quiet"], capture_output=True, check=True
    )
    assert json.loads(again.stdout)["evaluations"] == 6
    events = [e for e in read_log(folder / LOG_NAME) if e.kind == "evaluation"]
    assert events[: len(measured)] == measured  # taken from the log, to the very cost that was paid


def test_score_tells_of_each_ligand_and_goes_on(sciopt: Program, tmp_path: Path) -> None:
    table = tmp_path / "in.smi"
    table.write_text("c1ccccc1 benzene\nCC(=O)Oc1ccccc1C(=O)O\taspirin\nC(C)(C)(C)(C)C impossible\n[Na+].[Cl-] salt\n")
    code, out, _ = sciopt(
        "score", str(table), "Oc1ccccc1", "-t", "ppard", "--json", *CHEAP,
        "--csv", str(tmp_path / "out.csv"), "--sdf", str(tmp_path / "out.sdf"),
    )  # fmt: skip
    assert code == 0
    scored = {each["name"] or each["given"]: each for each in json.loads(out)["scored"]}
    assert scored["benzene"]["measurements"]["Vina score"] < -3
    assert "## Findings" in scored["aspirin"]["gradient"]
    assert "valence" in scored["impossible"]["failure"].lower()
    assert scored["salt"]["failure"]
    assert scored["salt"]["protocol"] == {}
    assert "  Edit: " in scored["aspirin"]["gradient"]
    assert len((tmp_path / "out.csv").read_text().splitlines()) == 6
    assert (tmp_path / "out.sdf").read_text().count("$$$$") == 3


CHAIN = "C" * 390
C60 = (
    "c12c3c4c5c1c1c6c7c2c2c8c3c3c9c4c4c%10c5c5c1c1c6c6c%11c7c2c2c7c8c3c3c8c9c4c4c9c%10c5c5c1c1c6c6c%11c2c2c7c3c3c8c4"
    "c4c9c5c1c1c6c2c3c41"
)
CYCLOSPORIN = (
    "CCC1C(=O)N(CC(=O)N(C(C(=O)NC(C(=O)N(C(C(=O)NC(C(=O)NC(C(=O)N(C(C(=O)N(C(C(=O)N(C(C(=O)N(C(C(=O)N1)"
    "C(C(C)CC=CC)O)C)C(C)C)C)CC(C)C)C)CC(C)C)C)C)C)CC(C)C)C)C(C)C)CC(C)C)C)C"
)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("not a smiles", "SMILES"),
        ("", "empty"),
        ("CC(=O)[O-].[Na+]", "fragment|salt|pieces"),
        ("[Fe]", "Fe|iron|metal"),
        ("CC(C)CC(NC(=O)c1cnccn1)B(O)O", "boron"),
        ("C[CH2]", "radical"),
        (CHAIN, "heavy atoms"),
        (C60, "heavy atoms|ring"),
        (CYCLOSPORIN, "heavy atoms|ring|rot"),
        ("CCO ethanol", "ethanol"),
        ("[2H]C", "isotope|deuterium"),
    ],
)
def test_a_start_that_is_no_ligand_is_refused_with_the_reason(
    sciopt: Program, tmp_path: Path, text: str, reason: str
) -> None:
    code, out, err = sciopt("molecule", text, "-t", "PPARD", "--out", str(tmp_path / "run"), *CHEAP)
    assert (code, out) == (2, "")
    assert "Traceback" not in err
    assert re.search(reason, err), err
    assert not (tmp_path / "run").exists()


def test_options_that_do_not_fit_are_named(sciopt: Program, tmp_path: Path) -> None:
    begin = ["molecule", "c1ccccc1", "--out", str(tmp_path / "run"), *CHEAP]
    code, _, err = sciopt(*begin, "-t", "PPARX")
    assert code == 2
    assert "did you mean PPARA, PPARD, PPARG" in err
    for budget in ("0", "-5"):
        code, _, err = sciopt(*begin, "-t", "PPARD", "--budget", budget)
        assert code == 2
        assert f"budget of {budget}" in err
    code, _, err = sciopt(*begin, "-t", "PPARD", "--detail", "poems")
    assert code == 2
    assert "poems" in err
    code, _, err = sciopt(*begin, "-t", "PPARD", "--box-size", "30", "30", "2000")
    assert code == 2
    assert "2000" in err
    goals = tmp_path / "goals.toml"
    goals.write_text('[[goals]]\ngoal = "Vina scores <= -10"\n')
    code, _, err = sciopt(*begin, "-t", "PPARD", "--goals", str(goals))
    assert code == 2
    assert re.search("did you mean .*Vina score", err)
    code, _, err = sciopt("resume", str(tmp_path))
    assert code == 4
    assert "holds no run" in err


def test_a_start_that_cannot_be_measured_is_told_and_nothing_else_can_be_drawn(sciopt: Program, tmp_path: Path) -> None:
    arguments = ["CCO", "-t", "PPARD", "--budget", "2", "--wall-limit", "0.01", "--out", str(tmp_path / "run")]
    code, out, err = sciopt("molecule", *arguments, *CHEAP)
    assert code == 1
    assert "no start could be measured" in " ".join(out.split())
    assert "Traceback" not in err


def test_targets_and_doctor(sciopt: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    code, out, _ = sciopt("targets", "list", "--json")
    assert code == 0
    assert len(json.loads(out)) == 58
    code, out, _ = sciopt("targets", "show", "jak2")
    assert "JAK2" in out
    monkeypatch.setenv("OPENAI_API_KEY", "sk-planted-secret")
    code, out, _ = sciopt("doctor")
    assert code == 0
    assert "vina" in out
    assert "OPENAI_API_KEY" in out
    assert "sk-planted-secret" not in out
    assert json.loads(sciopt("doctor", "--json")[1])["healthy"] is True


def test_help_teaches(sciopt: Program) -> None:
    os.environ.setdefault("COLUMNS", "100")
    for arguments in (
        ["--help"],
        ["molecule", "--help"],
        ["score", "--help"],
        ["targets", "--help"],
        ["resume", "--help"],
    ):
        code, out, _ = sciopt(*arguments)
        assert code == 0
        assert "Usage" in out
