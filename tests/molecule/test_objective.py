"""The molecule objective as a whole: what it measures, how it screens, and what it says of what cannot be docked."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path

import pytest
from rdkit import Chem

from sciopt.errors import InvalidInput
from sciopt.objectives.molecule.docking.pool import DockingProtocol
from sciopt.objectives.molecule.goals import Scoring
from sciopt.objectives.molecule.objective import PROPERTIES, MoleculeObjective, from_specification
from sciopt.objectives.molecule.properties.gates import Gates
from sciopt.objectives.molecule.readers import read_entries
from sciopt.objectives.molecule.size import expected_by_size, size_slope
from sciopt.verbalize import Brief, read, render, rounded


@pytest.fixture(scope="module")
def objective() -> Iterator[MoleculeObjective]:
    made = MoleculeObjective("PPARD", docking=DockingProtocol(exhaustiveness=1))
    yield made
    made.close()


def test_an_evaluation_says_what_and_why(objective: MoleculeObjective) -> None:
    evaluation = objective.evaluate("O=C(Nc1ccccc1)c1ccccc1")
    assert evaluation.failure is None
    assert evaluation.loss == pytest.approx(sum(term.value for term in evaluation.terms))
    assert evaluation.measured("Vina score") < -5
    assert [m.quantity for m in evaluation.measurements][:3] == ["Vina score", "QED", "SA score"]
    assert evaluation.protocol["exhaustiveness"] == "1"
    assert evaluation.protocol["target"].startswith("PPARD")
    poses = [m for m in Chem.ForwardSDMolSupplier(_bytes(evaluation.artifacts["poses.sdf"])) if m is not None]
    assert len(poses) >= 1
    assert Chem.MolToSmiles(Chem.RemoveHs(poses[0])) == "O=C(Nc1ccccc1)c1ccccc1"
    assert all(f.effect("loss") for f in evaluation.findings if f.expected)
    edits = [f.edit for f in evaluation.findings if f.edit]
    assert edits
    for edit in edits:
        objective.admit(objective.canonical(edit))
    brief = Brief("smiles", (evaluation,), rules=objective.rules)
    assert read(render(brief)) == rounded(brief)


def _bytes(text: str) -> object:
    from io import BytesIO

    return BytesIO(text.encode())


def test_what_cannot_be_docked_is_a_failed_evaluation_with_its_reason(objective: MoleculeObjective) -> None:
    for value in ("not a smiles", "CC(=O)[O-].[Na+]", "OB(O)c1ccccc1", "C" * 390):
        evaluation = objective.evaluate(value)
        assert evaluation.failure
        assert math.isinf(evaluation.loss)


def test_the_wall_limit_is_a_reason_too() -> None:
    hurried = MoleculeObjective("PPARD", docking=DockingProtocol(exhaustiveness=64, wall_seconds=6))
    failure = hurried.evaluate("CC(C)Cc1ccc(CC(=O)NCCCc2ccccc2)cc1").failure
    hurried.close()
    assert failure is not None
    assert "6 s" in failure


def test_sieves_answer_in_the_order_asked(objective: MoleculeObjective) -> None:
    near = objective.evaluate("c1ccccc1")
    values = ["Cc1ccccc1", "c1ccc(-c2ccccc2)cc1", "c1ccccc1"]
    free = objective.screen(values, near, stage=PROPERTIES)
    assert [e.value for e in free] == values
    assert free[2].loss == pytest.approx(near.loss)
    assert free[1].loss < free[0].loss
    quick = objective.screen(values[:1], near, stage=objective.stages[1].name)
    assert quick[0].measurements[0].quantity == "Vina score"
    with pytest.raises(InvalidInput, match="no stage"):
        objective.screen(values, near, stage="tea leaves")


def test_size_alone_follows_the_measured_slopes() -> None:
    assert [size_slope(n) for n in (10, 18, 26)] == pytest.approx([-0.25, -0.225, -0.1], abs=0.03)
    assert expected_by_size(10, 10) == 0
    assert expected_by_size(6, 12) == pytest.approx(-1.5)
    assert expected_by_size(12, 6) == pytest.approx(1.5)


def test_a_specification_makes_the_same_objective() -> None:
    made = MoleculeObjective(
        "jak2",
        scoring=Scoring.from_specification({"goals": ["QED >= 0.9"]}),
        docking=DockingProtocol(exhaustiveness=2, center=(1.0, 2.0, 3.0), size=(20.0, 20.0, 20.0)),
        gates=Gates(heavy_atoms=30, known_alerts=frozenset({"BRENK nitro_group"})),
        shortlist=(6, 2),
    )
    again = from_specification(json.loads(json.dumps(made.specification())))
    assert again.protocol == made.protocol
    assert again.rules == made.rules
    assert again.stages == made.stages
    assert MoleculeObjective("jak2").protocol != made.protocol


def test_a_shortlist_that_does_not_fit_is_named() -> None:
    with pytest.raises(InvalidInput, match="shortlist"):
        MoleculeObjective("PPARD", shortlist=(2, 4))


def test_ligands_are_read_from_files_of_three_kinds(tmp_path: Path) -> None:
    (tmp_path / "a.smi").write_text("# comment\nCCO ethanol\n\nc1ccccc1\tbenzene\n")
    (tmp_path / "b.csv").write_text("ID,SMILES\nx,CCN\n")
    five_bonds = Chem.MolFromSmiles("CC(C)(C)(C)C", sanitize=False)
    blocks = [Chem.MolToMolBlock(Chem.MolFromSmiles("CCS")), Chem.MolToMolBlock(five_bonds, kekulize=False)]
    (tmp_path / "c.sdf").write_text("".join(f"{block}$$$$\n" for block in blocks))
    given = [str(tmp_path / name) for name in ("a.smi", "b.csv", "c.sdf")]
    entries = read_entries([*given, "CCC"])
    assert [(e.text, e.name) for e in entries[:4]] == [
        ("CCO", "ethanol"),
        ("c1ccccc1", "benzene"),
        ("CCN", "x"),
        ("CCS", ""),
    ]
    assert "cannot be read" in entries[4].text
    assert entries[-1].text == "CCC"
    (tmp_path / "d.csv").write_text("name\nx\n")
    for name, said in (("d.csv", "no column 'smiles'"), ("e.smi", "cannot be read"), ("none.sdf", "cannot be read")):
        with pytest.raises(InvalidInput, match=said):
            read_entries([str(tmp_path / name)])
    (tmp_path / "f.smi").touch()
    with pytest.raises(InvalidInput, match="holds no molecule"):
        read_entries([str(tmp_path / "f.smi")])
