"""The molecule objective around its full docking: isomers, measured effects, repeats with other seeds, known drugs."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pytest

from sciopt.bench import Bench
from sciopt.errors import InvalidInput
from sciopt.objectives.molecule.docking.pool import DockingProtocol
from sciopt.objectives.molecule.goals import Scoring, parse_goal
from sciopt.objectives.molecule.levers import MEASURED
from sciopt.objectives.molecule.objective import MoleculeObjective, from_specification
from sciopt.objectives.molecule.trials import QUICK, Trials, known_drugs
from sciopt.probing import sharpened


@pytest.fixture(scope="module")
def objective() -> Iterator[MoleculeObjective]:
    made = MoleculeObjective("PPARD", docking=DockingProtocol(exhaustiveness=1), probing=(2, 2), repeats=1)
    yield made
    made.close()


def test_trials_differ_from_the_full_docking_in_one_thing_each() -> None:
    full = DockingProtocol(exhaustiveness=4)
    trials = Trials.of(full, conformers=3, seeds=2, strain=False)
    quick = list(trials.quick.values())
    assert [p.exhaustiveness for p in quick] == [1, 1, 1]
    assert {p.seed for p in quick} == {full.seed}
    assert len({p.embedding_seed for p in quick}) == 3
    assert quick[0].embedding_seed == full.seed
    assert next(iter(trials.quick)) == QUICK
    again = list(trials.again.values())
    assert [dataclasses.replace(p, seed=full.seed) for p in again] == [full, full]
    assert full.seed not in {p.seed for p in again}
    with pytest.raises(InvalidInput, match="99 conformers"):
        Trials.of(full, conformers=99, seeds=1, strain=False)


def test_an_open_centre_is_resolved_to_named_isomers_and_never_docked_by_chance(objective: MoleculeObjective) -> None:
    value = objective.canonical("CC(N)c1ccccc1")
    one, two = objective.variants(value)
    assert {one, two} == {"C[C@@H](N)c1ccccc1", "C[C@H](N)c1ccccc1"}
    failed = objective.evaluate(value)
    assert failed.failure is not None
    assert one in failed.failure
    assert two in failed.failure
    made = objective.evaluate(one)
    notes = {note.name: note.text for note in made.notes}
    assert "2" in notes["Docked form"]
    assert made.measured("strain") >= 0.0


def test_the_main_effects_of_a_real_ligand_are_measured_by_docking(objective: MoleculeObjective) -> None:
    benzene = objective.evaluate("c1ccccc1")
    probed = sharpened(Bench(objective), benzene)
    sharp = probed.evaluation
    assert any(note.name == MEASURED for note in sharp.notes)
    measured = [f for f in sharp.findings if any(e.basis == "measured" for e in f.expected)]
    assert len(measured) + len(probed.attempts) >= 2
    for finding in measured:
        assert finding.edit is not None
        assert objective.canonical(finding.edit) == finding.edit
        loss = finding.effect("loss")
        assert loss is not None
        assert loss.uncertainty is not None
        assert loss.change <= -loss.uncertainty
        assert finding.effect("QED") is not None
    assert dataclasses.replace(sharp, findings=(), notes=()) == dataclasses.replace(benzene, findings=(), notes=())


def test_a_finalist_is_docked_again_with_another_seed(objective: MoleculeObjective) -> None:
    near = objective.evaluate("c1ccccc1")
    [stage] = objective.repeats
    [again] = objective.screen(["c1ccccc1"], near, stage=stage.name)
    assert again.failure is None
    assert again.loss == pytest.approx(near.loss, abs=0.5)
    with pytest.raises(InvalidInput, match="seed 974528264"):
        objective.screen(["c1ccccc1"], near, stage="another one")


def test_a_goal_on_strain_is_judged_in_quick_dockings_too() -> None:
    scoring = Scoring(goals=(parse_goal("strain <= 0.001"), parse_goal("QED >= 0.1")), weights=())
    asked = MoleculeObjective("PPARD", scoring=scoring, docking=DockingProtocol(exhaustiveness=1))
    assert all(p.strain for p in asked.trials.quick.values())
    near = asked.evaluate("CCc1ccccc1")
    [quick] = asked.screen(["CCc1ccccc1"], near, stage=QUICK)
    [free] = asked.screen(["CCCc1ccccc1"], near, stage=asked.stages[0].name)
    asked.close()
    strain = next(m.value for m in quick.measurements if m.quantity == "strain")
    assert quick.loss == pytest.approx(max(0.0, strain - 0.001))
    assert free.failure is None
    plain = MoleculeObjective("PPARD").trials
    assert not any(p.strain for p in plain.quick.values())


def test_known_drugs_stand_beside_a_result_and_say_whether_they_were_verified() -> None:
    drugs = known_drugs("JAK2")
    assert drugs[0].name.startswith("ruxolitinib")
    assert all(drug.source for drug in drugs)
    assert "recalled, not verified" in known_drugs("IGF1R")[0].name
    assert MoleculeObjective("CASP3").references == ()
    held = MoleculeObjective("JAK2")
    assert all(held.variants(drug.value) == (drug.value,) for drug in held.references)


def test_the_options_come_back_from_the_specification() -> None:
    made = MoleculeObjective("JAK2", probing=(2, 2), repeats=1, isomers=2)
    again = from_specification(made.specification())
    assert again.specification() == made.specification()
    assert again.protocol == made.protocol
    assert [s.name for s in again.probes] == [s.name for s in made.probes]
    assert len(again.repeats) == 1
    assert MoleculeObjective("JAK2", probing=(0, 3)).probes == ()
    with pytest.raises(InvalidInput, match="0 isomers"):
        MoleculeObjective("JAK2", isomers=0)
