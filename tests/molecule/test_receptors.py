"""Several receptors in one objective: what is measured, told, refused, and written."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from rdkit import Chem

from sciopt.errors import InvalidInput
from sciopt.objective import Evaluation
from sciopt.objectives.molecule.designer.reading import guidance
from sciopt.objectives.molecule.docking.pool import DockingProtocol
from sciopt.objectives.molecule.findings.words import atoms_of
from sciopt.objectives.molecule.goals import Scoring
from sciopt.objectives.molecule.objective import MoleculeObjective, from_specification
from sciopt.objectives.molecule.readers import Entry
from sciopt.objectives.molecule.scores import Scored, write_sdf
from sciopt.verbalize import Brief, read, render, rounded

ANILIDE = "O=C(Nc1ccccc1)c1ccccc1"
QUICK = DockingProtocol(exhaustiveness=1, size=(20.0, 20.0, 20.0))


@pytest.fixture(scope="module")
def objective() -> Iterator[MoleculeObjective]:
    made = MoleculeObjective.for_task("selective-jak2", docking=QUICK)
    yield made
    made.close()


@pytest.fixture(scope="module")
def anilide(objective: MoleculeObjective) -> Evaluation:
    return objective.evaluate(ANILIDE)


def test_each_receptor_is_measured_and_the_terms_add_up(objective: MoleculeObjective, anilide: Evaluation) -> None:
    assert anilide.failure is None
    jak2, lck = (anilide.measured(f"{name} Vina score") for name in ("JAK2", "LCK"))
    expected = jak2 - min(lck + 8.1, 0.0) + 10.0 * (1.0 - anilide.measured("QED"))
    assert anilide.loss == pytest.approx(expected)
    assert anilide.loss == pytest.approx(sum(term.value for term in anilide.terms))
    assert set(anilide.artifacts) == {f"{n}/poses.{e}" for n in ("JAK2", "LCK") for e in ("sdf", "pdbqt")}
    assert [part.split()[0] for part in anilide.protocol["target"].split(", ")] == ["JAK2", "LCK"]
    brief = Brief("smiles", (anilide,), rules=objective.rules)
    assert read(render(brief)) == rounded(brief)


def test_findings_say_of_which_receptor_they_speak(anilide: Evaluation) -> None:
    by_receptor = {name: [f for f in anilide.findings if f.subject.startswith(f"{name}: ")] for name in ("JAK2", "LCK")}
    assert {f.kind for f in by_receptor["JAK2"]} >= {"strong contact", "growth room"}
    for finding in by_receptor["JAK2"]:
        assert all(e.quantity != "Vina score" for e in finding.expected)
    avoided = by_receptor["LCK"]
    assert any(f.kind == "anti-target contact" for f in avoided)
    assert all(f.edit is None for f in avoided)
    for finding in avoided:
        if finding.kind.startswith("anti-target"):
            assert "lose affinity for LCK" in finding.advice
    assert [f.id for f in anilide.findings] == [f"F{n}" for n in range(1, len(anilide.findings) + 1)]


def test_the_designer_finds_the_atoms_of_both(anilide: Evaluation) -> None:
    strong = {i for f in anilide.findings if f.kind == "strong contact" for i in atoms_of(f.subject)}
    advice = guidance(anilide, atoms=15)
    assert strong
    assert advice.strong == strong
    assert advice.rooms
    assert not set(advice.idle) & (advice.strong | advice.held)


def test_where_only_the_anti_target_is_in_the_way_growth_is_selective(objective: MoleculeObjective) -> None:
    seen = [f for f in objective.evaluate("c1ccc(-c2ccncc2)cc1").findings if f.kind == "selectivity"]
    assert seen
    for finding in seen:
        assert finding.subject.startswith("JAK2 against LCK: atom ")
        assert "LCK has not" in finding.observation
        assert finding.effect("JAK2 Vina score")


def test_the_quick_stage_docks_all_and_the_free_one_moves_all(
    objective: MoleculeObjective, anilide: Evaluation
) -> None:
    larger = "O=C(Nc1ccccc1)c1ccc(C)cc1"
    for stage in objective.stages:
        (estimate,) = objective.screen([larger], anilide, stage=stage.name)
        values = {m.quantity: m.value for m in estimate.measurements}
        assert {"JAK2 Vina score", "LCK Vina score", "QED"} <= set(values)
        assert estimate.loss == pytest.approx(objective.scoring.loss(values))


def test_a_failure_names_the_receptor() -> None:
    hurried = MoleculeObjective(
        ["PPARD", "PPARG"], docking=dataclasses.replace(QUICK, exhaustiveness=64, wall_seconds=1)
    )
    failure = hurried.evaluate("CC(C)Cc1ccc(CC(=O)NCCCc2ccccc2)cc1").failure
    hurried.close()
    assert failure is not None
    assert failure.startswith("PPARD: ")


def test_a_specification_comes_back(objective: MoleculeObjective) -> None:
    again = from_specification(json.loads(json.dumps(objective.specification())))
    assert again.protocol == objective.protocol
    assert [each.name for each in again.targets] == ["JAK2", "LCK"]
    assert again.name == "JAK2-LCK"
    one = MoleculeObjective(["PPARD"])
    assert one.protocol == MoleculeObjective("PPARD").protocol
    assert one.specification() == MoleculeObjective("PPARD").specification()


def test_poses_of_all_receptors_are_written(anilide: Evaluation, tmp_path: Path) -> None:
    write_sdf([Scored(Entry(ANILIDE), anilide)], tmp_path / "best.sdf")
    records = list(Chem.ForwardSDMolSupplier(BytesIO((tmp_path / "best.sdf").read_bytes())))
    assert [mol.GetProp("target") for mol in records] == ["JAK2", "LCK"]
    assert [float(mol.GetProp("Vina score")) for mol in records] == pytest.approx(
        [anilide.measured("JAK2 Vina score"), anilide.measured("LCK Vina score")], abs=1e-3
    )


def test_what_several_receptors_cannot_do_is_named() -> None:
    with pytest.raises(InvalidInput, match="given twice"):
        MoleculeObjective(["JAK2", "jak2"])
    with pytest.raises(InvalidInput, match="no target"):
        MoleculeObjective([])
    with pytest.raises(InvalidInput, match="one centre"):
        MoleculeObjective(["JAK2", "LCK"], docking=DockingProtocol(center=(0.0, 0.0, 0.0)))
    with pytest.raises(InvalidInput, match="these receptors give JAK2 Vina score, LCK Vina score"):
        MoleculeObjective(["JAK2", "LCK"], scoring=Scoring())
    with pytest.raises(InvalidInput, match="did you mean"):
        MoleculeObjective("JAK2", scoring=Scoring.from_specification({"goals": ["JAK2 Vina score <= -9"]}))


@pytest.mark.slow
def test_the_worst_of_three_decides_and_none_is_crowded_out() -> None:
    objective = MoleculeObjective.for_task("promiscuous-ppar", docking=DockingProtocol(exhaustiveness=1))
    evaluation = objective.evaluate(ANILIDE)
    objective.close()
    scores = {name: evaluation.measured(f"{name} Vina score") for name in ("PPARA", "PPARD", "PPARG")}
    worst = max(scores, key=lambda name: scores[name])
    told = [f.subject.partition(":")[0] for f in evaluation.findings if f.edit is not None and ":" in f.subject]
    assert told[0] == worst
    assert set(told) == set(scores)
    for finding in evaluation.findings:
        name = finding.subject.partition(":")[0]
        score = finding.effect(f"{name} Vina score")
        loss, qed = finding.effect("loss"), finding.effect("QED")
        if score is not None and loss is not None and qed is not None and name != worst and score.change < 0:
            assert loss.change == pytest.approx(-10.0 * qed.change)
