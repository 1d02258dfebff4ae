"""Constraints: how they are written, what they cost, what the gates and the text make of them."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator

import pytest
from rdkit import Chem, DataStructs
from rdkit.Chem import Descriptors, rdFingerprintGenerator

from sciopt.errors import InvalidInput, InvalidValue
from sciopt.objective import Evaluation, Measurement
from sciopt.objectives.molecule.constraints import (
    FURTHEST,
    HydrogenBond,
    Likeness,
    Substructure,
    Window,
    read_constraint,
)
from sciopt.objectives.molecule.designer.design import design
from sciopt.objectives.molecule.designer.reading import guidance
from sciopt.objectives.molecule.docking.pool import DockingProtocol
from sciopt.objectives.molecule.findings.words import atoms_of
from sciopt.objectives.molecule.goals import Scoring
from sciopt.objectives.molecule.objective import PROPERTIES, MoleculeObjective, from_specification
from sciopt.objectives.molecule.options import open_gates
from sciopt.objectives.molecule.properties.gates import Gates, Near
from sciopt.objectives.molecule.properties.similarity import Lead
from sciopt.sieve import changes
from sciopt.verbalize import Brief, read, render, rounded

ANILIDE = "O=C(Nc1ccccc1)c1ccccc1"
ASKED = (
    Substructure(smarts=("C(=O)N",)),
    Likeness(lead=Lead(ANILIDE), at_least=0.5),
    HydrogenBond.at("HIS232"),
    Window(quantity="molecular weight", low=250.0, high=400.0, scale=50.0),
)


@pytest.fixture(scope="module")
def objective() -> Iterator[MoleculeObjective]:
    scoring = dataclasses.replace(Scoring(), constraints=ASKED)
    made = MoleculeObjective("PPARD", scoring=scoring, docking=DockingProtocol(exhaustiveness=1))
    yield made
    made.close()


@pytest.fixture(scope="module")
def anilide(objective: MoleculeObjective) -> Evaluation:
    return objective.evaluate(ANILIDE)


def test_each_constraint_is_measured_counted_and_told(objective: MoleculeObjective, anilide: Evaluation) -> None:
    assert anilide.failure is None
    assert anilide.loss == pytest.approx(sum(term.value for term in anilide.terms))
    kinds = {f.kind: f for f in anilide.findings}
    assert atoms_of(kinds["kept substructure"].subject) == (0, 1, 2)
    assert "this goal is met" in kinds["lead similarity"].observation
    away = anilide.measured("hydrogen bond HIS232")
    missing = kinds["missing hydrogen bond"]
    assert 3.3 < away <= FURTHEST
    assert f"{away:.1f} Å" in missing.observation
    assert "HIS232" in missing.advice
    moved = missing.effect("hydrogen bond HIS232")
    assert moved is not None
    assert moved.change == pytest.approx(3.3 - away)
    window = kinds["missed window"].effect("loss")
    assert window is not None
    assert window.basis == "exact"
    assert window.change == pytest.approx(-5.0 * (250.0 - anilide.measured("molecular weight")) / 50.0)
    terms = {term.name: term.value for term in anilide.terms}
    assert terms["hydrogen bond HIS232 <= 3.3 (5 per 2 Å)"] == pytest.approx(5.0 * (away - 3.3) / 2.0)
    brief = Brief("smiles", (anilide,), rules=objective.rules)
    assert read(render(brief)) == rounded(brief)


def test_effects_cover_every_exact_quantity_that_is_judged(anilide: Evaluation) -> None:
    edits = [f for f in anilide.findings if f.edit is not None]
    assert edits
    for finding in edits:
        mol = Chem.MolFromSmiles(finding.edit)
        for quantity, exact in (
            ("molecular weight", Descriptors.MolWt(mol)),
            ("similarity to lead", Lead(ANILIDE).similarity(finding.edit or "")),
        ):
            effect = finding.effect(quantity)
            assert effect is not None
            assert effect.basis == "exact"
            assert effect.change == pytest.approx(exact - anilide.measured(quantity), abs=1e-6)


def test_a_quantity_with_two_goals_is_told_twice_and_changes_once(anilide: Evaluation) -> None:
    senses = [m.goal.sense for m in anilide.measurements if m.quantity == "molecular weight" and m.goal is not None]
    assert senses == [">=", "<="]
    heavier = tuple(
        dataclasses.replace(m, value=m.value + 14.0) if m.quantity == "molecular weight" else m
        for m in anilide.measurements
    )
    effects = changes(heavier, anilide.measurements, -1.0, 0.0)
    assert [e.change for e in effects if e.quantity == "molecular weight"] == pytest.approx([14.0])
    assert isinstance(anilide.measurements[0], Measurement)


def test_the_free_stage_counts_constraints(objective: MoleculeObjective, anilide: Evaluation) -> None:
    kept, lost = objective.screen([ANILIDE, "c1ccc(Cc2ccccc2)cc1"], anilide, stage=PROPERTIES)
    assert kept.loss == pytest.approx(anilide.loss)
    values = {m.quantity: m.value for m in lost.measurements}
    assert values["substructure kept"] == 0.0
    assert values["hydrogen bond HIS232"] == anilide.measured("hydrogen bond HIS232")
    assert lost.loss > kept.loss + 5.0


def test_the_designer_keeps_to_what_it_reads(objective: MoleculeObjective, anilide: Evaluation) -> None:
    import numpy as np

    brief = read(render(Brief("smiles", (anilide,), rules=objective.rules)))
    advice = guidance(brief.candidates[0], atoms=15)
    assert advice.kept == {0, 1, 2}
    assert "molecular weight" in advice.wishes
    assert advice.donors_wanted or advice.acceptors_wanted
    proposed = design(brief, 40, np.random.default_rng(0))
    assert len(proposed) == 40
    amide = Chem.MolFromSmarts("C(=O)N")
    for each in proposed:
        assert Chem.MolFromSmiles(each.text).HasSubstructMatch(amide)
        assert Lead(ANILIDE).similarity(each.text) >= 0.5


def test_the_gates_refuse_what_breaks_them_and_their_words_can_be_read() -> None:
    gates = Gates(keep=("c1ccncc1", "[#6;R]"), near=Near(Lead("CC(=O)Nc1ccncc1", "tversky"), 0.45))
    assert Gates.read(gates.sentences()) == gates
    gates.admit("CC(=O)Nc1ccncc1")
    with pytest.raises(InvalidValue, match="does not hold the substructure c1ccncc1"):
        gates.admit("CC(=O)Nc1ccccc1")
    with pytest.raises(InvalidValue, match="tversky similarity to the lead"):
        gates.admit("CCCc1ccncc1")


def test_a_start_must_hold_what_is_kept_and_may_be_unlike_the_lead(
    objective: MoleculeObjective, capsys: pytest.CaptureFixture[str]
) -> None:
    limits = {"heavy_atoms": 28, "torsions": 7, "sa_limit": 4.5}
    before = objective.gates
    try:
        with pytest.raises(InvalidInput, match="no start holds the substructure"):
            open_gates(objective, ["c1ccccc1"], **limits)
        open_gates(objective, ["CCCCNC(C)=O"], **limits)
        assert objective.gates.near is None
        assert "they only count in the loss" in capsys.readouterr().err
        open_gates(objective, [ANILIDE], **limits)
        assert objective.gates.near == Near(Lead(ANILIDE), 0.5)
    finally:
        objective.gates = before


def test_a_specification_keeps_constraints(objective: MoleculeObjective) -> None:
    again = from_specification(json.loads(json.dumps(objective.specification())))
    assert again.scoring == objective.scoring
    assert again.gates == objective.gates
    assert again.protocol == objective.protocol


def test_similarity_is_rdkits() -> None:
    generator = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048)
    one, two = (generator.GetFingerprint(Chem.MolFromSmiles(s)) for s in (ANILIDE, "CCc1cccc(NC(=O)c2ccccc2)c1"))
    assert Lead(ANILIDE).similarity("CCc1cccc(NC(=O)c2ccccc2)c1") == DataStructs.TanimotoSimilarity(one, two)
    grown = Lead(ANILIDE, "tversky").similarity("CCc1cccc(NC(=O)c2ccccc2)c1")
    pruned = Lead("CCc1cccc(NC(=O)c2ccccc2)c1", "tversky").similarity(ANILIDE)
    assert grown > pruned  # what is missing of the lead weighs more than what is added
    assert Lead(ANILIDE).strange_atoms(ANILIDE) == ()
    assert Lead(ANILIDE).strange_atoms("Cc1ccc(NC(=O)c2ccccc2)cc1")


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"keep": "c1ccc"}, "not a SMARTS"),
        ({"keep": []}, "no substructure"),
        ({"keep": "C", "at_least": 1}, "has the key 'at_least'"),
        ({"keep": "C", "similar": "C"}, "at once"),
        ({"similar": "x"}, "the lead 'x'"),
        ({"similar": "CCO", "measure": "dice"}, "expected tanimoto or tversky"),
        ({"similar": "CCO", "at_least": 2}, "at least 2.0"),
        ({"hydrogen_bond": "?"}, "names no residue"),
        ({"hydrogen_bond": "HIS232", "at_most": 30}, "at most 30.0"),
        ({"window": "molecular weight", "from": 1}, "lacks to"),
        ({"window": "molecular weight", "from": 2, "to": 1}, "is empty"),
        ({"window": "Vina score", "from": -9, "to": -8}, "a window can be set on QED"),
        ({"window": "logP", "from": 1, "to": "high"}, "expected a number"),
        ({"keep": "C", "weight": 0}, "positive number"),
    ],
)
def test_a_constraint_that_does_not_fit_is_named(entry: dict[str, object], said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        read_constraint(entry)


def test_a_residue_that_is_not_there_is_answered_with_those_that_are() -> None:
    for text, said in (("HIS999", "HIS232 \\(NE2, ND1\\)"), ("HIS232 OG", "HIS232 OG"), ("PPARA:HIS232", "in front")):
        scoring = dataclasses.replace(Scoring(), constraints=(HydrogenBond.at(text),))
        with pytest.raises(InvalidInput, match=said):
            MoleculeObjective("PPARD", scoring=scoring)


def test_a_residue_is_written_with_atom_chain_and_receptor() -> None:
    assert HydrogenBond.at("his449 ne2").quantity == "hydrogen bond HIS449 NE2"
    assert HydrogenBond.at("A:HIS449").quantity == "hydrogen bond A HIS449"
    assert HydrogenBond.at("F2:GLY216").quantity == "F2 hydrogen bond GLY216"
    for text in ("HIS449 NE2", "A:HIS449", "F2:B:LYS60F NZ"):
        bond = HydrogenBond.at(text)
        assert read_constraint(bond.specification()) == bond
