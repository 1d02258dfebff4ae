"""`sciopt run`, `compare`, `export`, `replay` and `cache` as a person meets them, and every refusal in words."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import tomllib

from sciopt.cache import Cache
from sciopt.log import LOG_NAME, Log, read_log, stable
from sciopt.report.comparison import replay_lines
from sciopt.runs.replaying import Moved, Replayed
from sciopt.runs.storing import stored
from tests.program import Program
from tests.radiotherapy.ball import write_ball
from tests.runs import words

FILE = """
start = "aaaaaaaa"
budget = 4

[objective]
domain = "words"
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The working folder, with a file of a run on words."""
    words.use(tmp_path / "site", monkeypatch)
    (tmp_path / "first.toml").write_text(FILE)
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    words.forget()


def test_a_file_is_run_changed_and_run_again_from_its_folder(sciopt: Program, folder: Path) -> None:
    code, out, err = sciopt("run", "first.toml", "--json", "--quiet")
    assert (code, err) == (0, "")
    said = json.loads(out)
    assert said["run"] == "runs/first-001"
    assert (said["evaluations"], said["best"]["value"]) == (4, "zzzaaaaa")
    code, out, err = sciopt("run", "first.toml", "--set", "budget=2", "--set", "objective.goal=3", "--out", "other")
    assert code == 0
    assert "2 evaluations" in out
    assert "2/2  zaaaaaaa" in err
    assert read_log(folder / "other" / LOG_NAME)[0].data["specification"]["objective"]["goal"] == 3
    code, _, _ = sciopt("run", "runs/first-001", "--out", "again", "--executor", "local:2", "--quiet")
    assert code == 0
    logs = [list(stable(read_log(folder / name / LOG_NAME))) for name in ("runs/first-001", "again")]
    assert logs[0] == logs[1]


def test_a_check_tells_all_that_the_file_leaves_open_and_runs_nothing(sciopt: Program, folder: Path) -> None:
    code, out, _ = sciopt("run", "first.toml", "--check", "--set", "seed=5")
    assert code == 0
    assert out.startswith("first.toml fits; nothing was run (key ")
    assert "budget     evaluations 4" in out
    assert "seed 5" in out
    code, out, _ = sciopt("run", "first.toml", "--check", "--json")
    said = json.loads(out)
    assert said["asked"]["ending"]["patience"] == 8
    assert said["written"]["objective"] == {"domain": "words"}
    assert not (folder / "runs").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["run", "secnd.toml"], 2, ["secnd.toml cannot be read: No such file"]),
        (["run", "first.toml", "--set", "sed=3"], 2, ["first.toml: the key 'sed' is unknown: did you mean seed?"]),
        (["run", "first.toml", "--set", "seed"], 2, ["--set 'seed': expected KEY=VALUE"]),
        (["run", "first.toml", "--executor", "grid"], 2, ["'grid' is unknown", "local:4"]),
        (["run", "first.toml", "--workers", "0"], 2, ["0 workers: expected at least 1"]),
        (["run", "first.toml", "--set", "start=A"], 2, ["the start 'A' cannot be used"]),
        (["compare", "nowhere"], 4, ["nowhere holds no run: log.jsonl is missing"]),
        (["export", "nowhere", "--csv", "all.csv"], 4, ["nowhere holds no run"]),
        (["export", "nowhere", "--all"], 2, ["name the file with --sdf"]),
        (["export", "nowhere", "--csv", "all.csv", "--out", "x"], 2, ["--out and --beside are for the DICOM files"]),
        (["export", "one", "two"], 2, ["2 runs are given", "--csv FILE"]),
        (["export", "nowhere", "--csv", "first.toml"], 2, ["first.toml is there already", "--force"]),
        (["replay", "nowhere"], 4, ["nowhere holds no run"]),
        (["cache", "nowhere"], 2, ["nowhere is no folder: expected a cache"]),
        (["cache", "."], 2, ["holds 'first.toml', so it is no cache"]),
        (["cache", "--trim", "much"], 2, ["size 'much': expected a number with a unit, such as 500MB or 2GB"]),
        (["cache", "site", "--older-than", "-1"], 2, ["so it is no cache"]),
    ],
)
def test_what_does_not_fit_is_said(
    sciopt: Program, folder: Path, arguments: list[str], code: int, words: list[str]
) -> None:
    left, out, err = sciopt(*arguments)
    assert left == code
    assert out == ""
    assert "Traceback" not in err
    for said in words:
        assert said in err


def test_runs_are_compared_exported_and_made_again(sciopt: Program, folder: Path) -> None:
    for seed in ("0", "1"):
        sciopt("run", "first.toml", "--set", f"seed={seed}", "--set", f"budget={4 + int(seed)}", "--quiet")
    code, out, _ = sciopt("compare", "runs")
    assert code == 0
    lines = out.splitlines()
    assert lines[0].split()[-4:] == ["budget.evaluations", "settings.seed", "state", "run"]
    assert [line.split()[-1] for line in lines[1:]] == ["runs/first-002", "runs/first-001"]
    code, out, _ = sciopt("compare", "runs/first-001", "runs/first-002", "--json", "--csv", "runs.csv")
    rows = json.loads(out)["runs"]
    assert [(row["loss"], row["settings.seed"]) for row in rows] == [(8.0, 1), (9.0, 0)]
    with (folder / "runs.csv").open() as file:
        assert [row["loss"] for row in csv.DictReader(file)] == ["8.0", "9.0"]
    code, out, _ = sciopt("export", "runs", "--csv", "all.csv", "--json")
    assert json.loads(out) == {"files": ["all.csv"]}
    with (folder / "all.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 9
    assert sciopt("export", "runs", "--csv", "all.csv", "--force")[:2] == (0, "all.csv\n")
    code, _, err = sciopt("export", "runs/first-001")
    assert code == 2
    assert "say what to write with --csv FILE" in err
    assert sciopt("replay", "runs/first-001")[:2] == (0, "the same 12 events\n")
    code, out, _ = sciopt("replay", "runs/first-001", "--fresh", "--quiet", "--json")
    said = json.loads(out)
    assert (code, said["same"], said["measured"], said["moved"]) == (0, True, 4, [])


def test_a_replay_that_differs_says_where_and_has_its_exit_code(
    sciopt: Program, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sciopt("run", "first.toml", "--quiet")
    import words_domain  # type: ignore[import-not-found]

    monkeypatch.setattr(words_domain.Words, "rules", ("No q.",), raising=False)
    code, out, _ = sciopt("replay", "runs/first-001")
    assert code == 1
    assert out.startswith("2 of 12 events are the same; then ")


def test_what_moved_is_shown() -> None:
    moved = (Moved("zz", {"loss": (1.0, 2.0), "z count": (2.0, None)}), Moved("q", {}, "it broke"))
    lines = list(replay_lines(Replayed(9, 9, measured=4, moved=moved), label=str.upper))
    assert lines[0] == "the same 9 events"
    assert lines[1] == "2 of 4 candidates that were measured anew have other scores:"
    assert [line.split() for line in lines[2:]] == [
        ["then", "now", "quantity", "candidate"],
        ["1", "2", "loss", "ZZ"],
        ["2", "-", "z", "count", "ZZ"],
        ["failed", "it", "broke", "Q"],
    ]


def test_a_cache_is_counted_by_kind_and_trimmed(sciopt: Program, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sciopt("run", "first.toml", "--set", "cache=shared", "--quiet")
    shared = folder / "shared"
    Cache(shared).put(Cache.key("answer", "x", {}), {"texts": ["an answer"], "usage": {}})
    Cache(shared).put(Cache.key("x", "x", {}), {"zzz": 1})
    next(shared.glob("*/*.json")).with_suffix(".corrupt").write_text("broken")
    code, out, _ = sciopt("cache", "runs/first-001", "--json")
    assert code == 0
    [said] = json.loads(out)["caches"]
    assert said["folder"] == str(shared)
    kinds = {each["kind"]: each["files"] for each in said["held"]}
    assert kinds == {"evaluations": 4, "answers": 1, "others": 1, "damaged or unfinished": 1}
    assert said["bytes"] == sum(path.stat().st_size for path in shared.glob("*/*"))
    code, out, _ = sciopt("cache", "shared", "--trim", "1KB")
    assert out.splitlines()[0] == "shared"
    assert out.splitlines()[-1].startswith("4 files were removed")
    assert stored(shared).bytes <= 1000
    assert sciopt("cache", "shared", "--older-than", "1")[1].endswith("0 files were removed, 0 B\n")
    monkeypatch.setenv("SCIOPT_CACHE", str(folder / "replies"))
    assert sciopt("cache")[:2] == (0, f"nothing is stored in {folder / 'replies'}\n")


def test_the_cache_of_a_run_that_goes_on_is_left_alone(sciopt: Program, folder: Path) -> None:
    sciopt("run", "first.toml", "--quiet")
    with Log(folder / "runs" / "first-001" / LOG_NAME):
        code, _, err = sciopt("cache", "runs/first-001", "--trim", "0")
        assert code == 2
        assert "is being written by another process" in err
        assert sciopt("cache", "runs/first-001")[0] == 0


def test_the_help_teaches_a_file_that_runs(sciopt: Program, folder: Path) -> None:
    code, out, _ = sciopt("run", "--help")
    assert code == 0
    shown = [line.strip() for line in out.splitlines() if " = " in line]
    data = tomllib.loads("\n".join(shown))
    assert data == {"start": "c1ccccc1", "budget": 20, "objective": {"domain": "molecule", "target": "PPARD"}}


def test_a_plan_of_a_file_is_under_its_notice(sciopt: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_ball(tmp_path)
    objective = '[objective]\ndomain = "radiotherapy"\ncase = "./ball.toml"\nlevers = 0\n'
    (tmp_path / "plan.toml").write_text(f"budget = 1\n{objective}")
    code, out, _ = sciopt("run", "plan.toml", "--out", "run", "--quiet")
    assert code == 0
    assert out.splitlines()[-1] == "Research only, not for clinical use."
    assert (tmp_path / "run" / "plan.json").exists()
    assert sciopt("replay", "run", "--quiet")[:2] == (0, "the same 3 events\n")
    code, _, err = sciopt("export", "run", "--sdf", "plan.sdf")
    assert code == 2
    assert "holds radiotherapy candidates, which have no SDF" in err
    assert sciopt("export", "run", "--spacing", "5", "--json")[0] == 0
    assert (tmp_path / "run" / "best_dose.dcm").exists()
