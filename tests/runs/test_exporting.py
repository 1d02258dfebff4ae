"""Runs as tables and files: every row of every run, read back alike from each format; and no domain is needed."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from rdkit import Chem

from sciopt.domain import Domain
from sciopt.errors import InvalidInput, LogError, ToolError
from sciopt.objective import Stage
from sciopt.objectives.molecule.pose.files import best_poses
from sciopt.runs import exporting
from sciopt.runs.run import Run
from sciopt.runs.specification import RunSpec
from sciopt.search import optimize
from tests.core.toys import Letters, Speller
from tests.runs import words
from tests.runs.test_full_disk import small_disk

ALONE = """
import json, sys
from sciopt.runs.run import Run
run = Run.load(sys.argv[1])
frames = [run.to_dataframe(), run.requests_table(), run.estimates_table(), run.timings_table()]
heavy = ("sciopt.objectives", "sciopt.targets", "rdkit", "vina", "matplotlib", "litellm", "pydicom")
print(json.dumps([[len(f) for f in frames], sorted(name for name in sys.modules if name.startswith(heavy))]))
"""


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Run]]:
    """Two runs on words, with other starts and seeds."""
    words.use(tmp_path / "site", monkeypatch)
    spec = RunSpec.from_data({"objective": {"domain": "words"}, "start": "aaaa", "budget": 3})
    spec.run(tmp_path / "first")
    spec.changed({"start": ["bbbb", "cc"], "budget": 5}).run(tmp_path / "second")
    yield [Run.load(tmp_path / "first"), Run.load(tmp_path / "second")]
    words.forget()


def test_one_table_holds_every_evaluation_with_what_sets_its_run_apart(runs: list[Run], tmp_path: Path) -> None:
    path = exporting.write_csv(runs, tmp_path / "all.csv")
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    expected = [(str(run.folder), record["value"], str(record["loss"])) for run in runs for record in run.records()]
    assert [(row["run"], row["value"], row["loss"]) for row in rows] == expected
    assert len(rows) == 8
    assert {row["start"] for row in rows} == {'["aaaa"]', '["bbbb","cc"]'}
    assert {row["budget.evaluations"] for row in rows} == {"3", "5"}
    assert list(rows[0])[-2:] == ["failure", "cpu_seconds"]


def test_a_table_that_finds_no_room_leaves_the_one_that_was_there(runs: list[Run], tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 4) as disk:
        (disk / "all.csv").write_text("the table of yesterday")
        many = [runs[1]] * 100
        with pytest.raises(InvalidInput, match=r"all.csv cannot be written: No space left on device"):
            exporting.write_csv(many, disk / "all.csv")
        with pytest.raises(InvalidInput, match=r"new.csv cannot be written: No space left on device"):
            exporting.write_csv(many, disk / "new.csv")
        assert [(path.name, path.read_text()) for path in disk.iterdir()] == [("all.csv", "the table of yesterday")]


def test_a_table_goes_to_what_a_link_names_and_to_a_device_as_it_is(runs: list[Run], tmp_path: Path) -> None:
    (tmp_path / "link.csv").symlink_to(tmp_path / "all.csv")
    exporting.write_csv(runs, tmp_path / "link.csv")
    assert (tmp_path / "link.csv").is_symlink()
    assert len((tmp_path / "all.csv").read_text().splitlines()) == 9
    assert exporting.write_csv(runs, Path(os.devnull)).is_char_device()


def test_parquet_holds_the_same_table(runs: list[Run], tmp_path: Path) -> None:
    pytest.importorskip("pyarrow", reason="the extra sciopt[parquet] is not installed")
    table = pd.read_parquet(exporting.write_parquet(runs, tmp_path / "all.parquet"), engine="pyarrow")
    assert table.to_dict("records") == exporting.records(runs)


def test_columns_of_mixed_kinds_are_texts_in_parquet() -> None:
    rows = [{"run": "a", "x": 1}, {"run": "b", "x": "one"}, {"run": "c"}]
    table = exporting.typed(rows)
    assert list(table["x"])[:2] == ["1", "one"]
    assert pd.isna(table["x"][2])


def test_parquet_names_the_extra_that_is_missing(
    runs: list[Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ToolError, match=r"pip install 'sciopt\[parquet\]'"):
        exporting.write_parquet(runs, tmp_path / "all.parquet")


def test_a_domain_without_such_files_says_so_and_one_with_them_writes_its_best(
    runs: list[Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InvalidInput, match="holds words candidates, which have no SDF: use --csv, --parquet"):
        exporting.write_candidates(runs, tmp_path / "all.sdf", kind="sdf")
    known = {"words": Domain("words", "", "words_domain:make", exports={"sdf": f"{__name__}:lines"})}
    monkeypatch.setattr("sciopt.domain.domains", lambda: known)
    exporting.write_candidates(runs, tmp_path / "best.sdf", kind="sdf")
    assert (tmp_path / "best.sdf").read_text() == "zzaa\nzzzb\n"
    exporting.write_candidates(runs, tmp_path / "all.sdf", kind="sdf", every=True)
    assert len((tmp_path / "all.sdf").read_text().splitlines()) == 8
    known["words"] = Domain("words", "", "words_domain:make", exports={"sdf": f"{__name__}:none"})
    with pytest.raises(LogError, match=r"holds nothing for gone\.sdf any more"):
        exporting.write_candidates(runs, tmp_path / "gone.sdf", kind="sdf")


def lines(run: Run, rows: list[object]) -> Iterator[str]:
    """What the test's domain writes."""
    return (f"{row.evaluation.value}\n" for row in rows)  # type: ignore[attr-defined]


def none(run: Run, rows: list[object]) -> Iterator[str]:
    """As if the cache had been trimmed."""
    return iter(())


def test_poses_tell_of_which_run_they_are() -> None:
    block = Chem.MolToMolBlock(Chem.MolFromSmiles("CCO"))
    stored = dict.fromkeys(("F2/poses.sdf", "JAK2/poses.sdf"), f"{block}>  <SMILES>\nCCO\n\n$$$$\n{block}$$$$\n")
    found = best_poses({**stored, "F2/poses.pdbqt": "ATOM"}, fields={"run": "first", "number": 3})
    supplier = Chem.SDMolSupplier()
    supplier.SetData("".join(found))
    said = [mol.GetPropsAsDict() for mol in supplier]
    assert [each["target"] for each in said] == ["F2", "JAK2"]
    assert all((each["SMILES"], each["run"], each["number"]) == ("CCO", "first", 3) for each in said)


@pytest.mark.slow
def test_docked_poses_of_real_runs(tmp_path: Path) -> None:
    objective = {"domain": "molecule", "target": "PPARD", "exhaustiveness": 1}
    ending = {"finalists": 0, "references": False}
    spec = RunSpec.from_data({"objective": objective, "start": "c1ccccc1", "budget": 3, "ending": ending})
    spec.changed({"settings.probing": False}).run(tmp_path / "run")
    run = Run.load(tmp_path / "run")
    exporting.write_candidates([run], tmp_path / "all.sdf", kind="sdf", every=True)
    exporting.write_candidates([run], tmp_path / "best.sdf", kind="sdf")
    every = [mol.GetPropsAsDict() for mol in Chem.SDMolSupplier(str(tmp_path / "all.sdf"))]
    assert [each["SMILES"] for each in every] == [row.evaluation.value for row in run.rows]
    [best] = [mol.GetPropsAsDict() for mol in Chem.SDMolSupplier(str(tmp_path / "best.sdf"))]
    assert best["loss"] == min(each["loss"] for each in every)


def test_runs_in_which_nothing_was_measured_are_no_table(tmp_path: Path) -> None:
    optimize(Letters(), "abc", engine=Speller(), budget=1, out=tmp_path / "run")
    run = Run.load(tmp_path / "run")
    with pytest.raises(LogError, match="nothing was measured"):
        exporting.write_csv([Run(run.folder, run.events[:1])], tmp_path / "none.csv")
    with pytest.raises(InvalidInput, match="cannot be written"):
        exporting.write_csv([run], tmp_path / "nowhere" / "all.csv")


def test_a_run_is_tables_without_any_domain(tmp_path: Path) -> None:
    stages = (Stage("quick look", keep=2, paid=True),)
    optimize(Letters(stages=stages), "abc", engine=Speller(paid=True), budget=9, out=tmp_path / "run")
    run = Run.load(tmp_path / "run")
    looked = run.estimates_table()
    assert set(looked["kind"]) == {"screened"}
    assert list(looked.columns[:8]) == ["kind", "step", "stage", "near", "value", "loss", "failure", "cpu_seconds"]
    requests = run.requests_table()
    assert list(requests["proposals"]) == [len(asked.proposals) for asked in run.asked]
    assert list(run.timings_table()["number"]) == list(range(1, 10))
    assert run.to_dataframe().equals(run.table())
    said = subprocess.run(
        [sys.executable, "-c", ALONE, str(run.folder)], capture_output=True, text=True, check=True, timeout=120
    )
    counts, imported = json.loads(said.stdout)
    assert counts == [9, len(run.asked), len(looked), 9]
    assert imported == []


def test_tables_of_a_run_without_requests_have_their_columns(tmp_path: Path) -> None:
    optimize(Letters(), "abc", engine=Speller(), budget=1, out=tmp_path / "run")
    run = Run.load(tmp_path / "run")
    assert [len(frame) for frame in (run.requests_table(), run.estimates_table(), run.timings_table())] == [0, 0, 1]
    assert "text" in run.requests_table().columns
