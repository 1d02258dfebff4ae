"""Measured effects: what holds is told with its spread, the rest is not advised; concrete edits do what they say."""

from __future__ import annotations

import dataclasses

import pytest
from rdkit import Chem

from sciopt.errors import InvalidValue
from sciopt.objective import Effect, Estimate, Evaluation, Finding, LossTerm, Measurement
from sciopt.objectives.molecule.findings.concrete import concrete_edit
from sciopt.objectives.molecule.findings.view import rotors
from sciopt.objectives.molecule.levers import differences, levers, sharpen
from sciopt.objectives.molecule.properties.gates import Gates
from sciopt.objectives.molecule.properties.qed import property_values, qed_of
from sciopt.verbalize import Brief, read, render, rounded

PARENT = "c1ccccc1"
MODEL = (Effect("Vina score", -1.0, "kcal/mol", "model", 0.5), Effect("loss", -1.0, basis="model", uncertainty=0.5))


def _finding(number: int, kind: str, edit: str | None, loss: float = -1.0) -> Finding:
    expected = (MODEL[0], dataclasses.replace(MODEL[1], change=loss))
    return Finding(f"F{number}", kind, f"atom {number}", "there is room.", "Attach it.", edit, expected)


def _evaluation(*findings: Finding) -> Evaluation:
    return Evaluation(PARENT, -5.0, (LossTerm("Vina score", -5.0),), findings=findings)


def _estimates(value: str, scores: list[float], *, mass: float = 78.0) -> list[Estimate]:
    return [
        Estimate(value, s, (Measurement("Vina score", s, "kcal/mol"), Measurement("molecular weight", mass, "g/mol")))
        for s in scores
    ]


def _none(finding: Finding) -> None:
    return None


def test_the_edits_of_greatest_gain_are_chosen_with_their_isomers_and_only_once() -> None:
    e = _evaluation(
        _finding(1, "growth room", "Cc1ccccc1", -0.5),
        _finding(2, "growth room", "CC(F)c1ccccc1", -2.0),
        _finding(3, "weak contact", None),
    )
    assert levers(e, most=1, concrete=_none) == ("C[C@@H](F)c1ccccc1", "C[C@H](F)c1ccccc1")
    assert set(levers(e, most=4, concrete=_none)) == {"C[C@@H](F)c1ccccc1", "C[C@H](F)c1ccccc1", "Cc1ccccc1"}
    probed = {v: _estimates(v, [-6.0, -6.1, -5.9]) for v in (PARENT, *levers(e, most=4, concrete=_none))}
    assert levers(sharpen(e, probed, most=4, concrete=_none), most=4, concrete=_none) == ()


def test_an_effect_is_the_mean_of_paired_differences_with_their_spread() -> None:
    e = _evaluation(_finding(1, "growth room", "Cc1ccccc1"))
    probed = {
        PARENT: _estimates(PARENT, [-5.0, -5.2, -5.1]),
        "Cc1ccccc1": _estimates("Cc1ccccc1", [-5.6, -5.9, -5.6], mass=92.0),
    }
    [finding] = sharpen(e, probed, most=4, concrete=_none).findings
    vina, mass, loss = finding.expected
    assert (vina.basis, vina.change, vina.uncertainty) == ("measured", pytest.approx(-0.6), pytest.approx(0.1))
    assert (mass.quantity, mass.basis, mass.change, mass.uncertainty) == ("molecular weight", "exact", 14.0, None)
    assert (loss.quantity, loss.change) == ("loss", pytest.approx(-0.6))
    assert finding.edit == "Cc1ccccc1"


def test_what_is_smaller_than_its_spread_is_not_advised_any_more() -> None:
    e = _evaluation(_finding(1, "growth room", "Cc1ccccc1"), _finding(2, "strong contact", None, 0.0))
    probed = {PARENT: _estimates(PARENT, [-5.0, -5.0, -5.0]), "Cc1ccccc1": _estimates("Cc1ccccc1", [-6.0, -4.4, -5.2])}
    sharp = sharpen(e, probed, most=4, concrete=_none)
    first = sharp.findings[0]
    assert first.edit is None
    assert first.expected == ()
    assert "does not hold" in first.observation
    assert sharp.findings[-1].kind == "strong contact"
    brief = Brief("smiles", (sharp,))
    assert read(render(brief)) == rounded(brief)


def test_a_direction_of_which_no_edit_holds_loses_its_promise_and_what_was_not_probed_a_modelled_one() -> None:
    exact = (Effect("QED", 0.2, basis="exact"), Effect("loss", -2.0, basis="exact"))
    property_ = Finding("F1", "QED property", "logP", "The logP is 1; QED rates 2 best: raise it.", "Do.", None, exact)
    rotor = dataclasses.replace(
        _finding(2, "rotor cost", None), advice="Make it stiffer. The expected effect is that of one bond less."
    )
    probed = {PARENT: _estimates(PARENT, [-5.0] * 3), "Cc1ccccc1": _estimates("Cc1ccccc1", [-4.9, -4.8, -4.7])}
    sharp = sharpen(_evaluation(property_, rotor), probed, most=4, concrete=lambda finding: "Cc1ccccc1")
    by_kind = {f.kind: f for f in sharp.findings}
    assert by_kind["QED property"].expected == ()
    assert by_kind["rotor cost"].expected == ()
    assert by_kind["rotor cost"].advice == "Make it stiffer."
    assert all("does not hold" in f.observation for f in sharp.findings)
    unprobed = {f.kind: f for f in sharpen(_evaluation(property_, rotor), probed, most=4, concrete=_none).findings}
    assert unprobed["QED property"].expected == exact
    assert unprobed["rotor cost"].expected == ()


def test_a_child_that_cannot_be_docked_is_told_and_a_parent_that_cannot_leaves_all_as_it_was() -> None:
    e = _evaluation(_finding(1, "growth room", "Cc1ccccc1"))
    broken = [Estimate("Cc1ccccc1", float("inf"), failure="no pose")] * 3
    probed = {PARENT: _estimates(PARENT, [-5.0] * 3), "Cc1ccccc1": broken}
    assert "no pose" in sharpen(e, probed, most=4, concrete=_none).findings[0].observation
    assert (
        sharpen(e, {**probed, PARENT: [dataclasses.replace(broken[0], value=PARENT)] * 3}, most=4, concrete=_none) == e
    )


def test_differences_know_chance_from_computation() -> None:
    found = differences(_estimates("C", [-1.0, -1.4], mass=16.0), _estimates(PARENT, [-1.0, -1.0]))
    assert found["Vina score"].by_chance
    assert not found["Vina score"].holds
    assert not found["molecular weight"].by_chance
    assert list(found)[-1] == "loss"


FLOPPY = "O=C(CCc1ccccc1)NCCc1ccncc1"


def _weigh(smiles: str) -> float:
    return -10.0 * qed_of(smiles)


def test_a_rotor_finding_gets_an_edit_with_fewer_rotors_that_is_admitted_and_keeps_what_is_held() -> None:
    mol = Chem.MolFromSmiles(FLOPPY)
    finding = _finding(1, "rotor cost", None)
    edit = concrete_edit(finding, mol, held=frozenset(), admit=Gates().admit, weigh=_weigh)
    assert edit is not None
    assert rotors(Chem.MolFromSmiles(edit)) < rotors(mol)
    Gates().admit(edit)
    assert edit == concrete_edit(finding, mol, held=frozenset(), admit=Gates().admit, weigh=_weigh)
    pyridine = frozenset(mol.GetSubstructMatch(Chem.MolFromSmarts("c1ccncc1")))
    kept = concrete_edit(finding, mol, held=pyridine, admit=Gates().admit, weigh=_weigh)
    assert kept is not None
    assert Chem.MolFromSmiles(kept).HasSubstructMatch(Chem.MolFromSmarts("c1ccncc1"))


@pytest.mark.parametrize(("name", "direction"), [("logP", "lower"), ("hydrogen-bond donors", "raise")])
def test_a_property_finding_gets_an_edit_that_moves_it_the_right_way(name: str, direction: str) -> None:
    mol = Chem.MolFromSmiles(FLOPPY)
    said = Finding("F1", "QED property", name, f"The {name} is 1; QED rates 2 best: {direction} it.", "Do it.")
    edit = concrete_edit(said, mol, held=frozenset(), admit=Gates().admit, weigh=_weigh)
    assert edit is not None
    moved = property_values(Chem.MolFromSmiles(edit))[name] - property_values(mol)[name]
    assert moved > 0.0 if direction == "raise" else moved < 0.0


def test_nothing_is_made_up_where_nothing_is_admitted_or_the_kind_names_no_direction() -> None:
    def refuse(smiles: str) -> None:
        raise InvalidValue("no")

    mol = Chem.MolFromSmiles(FLOPPY)
    assert concrete_edit(_finding(1, "rotor cost", None), mol, held=frozenset(), admit=refuse, weigh=_weigh) is None
    other = _finding(1, "strong contact", None)
    assert concrete_edit(other, mol, held=frozenset(), admit=Gates().admit, weigh=_weigh) is None
