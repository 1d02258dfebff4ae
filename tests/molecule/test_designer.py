"""The designer follows the words: its gates, its findings, its history; and it is the same for the same seed."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest
from rdkit import Chem

from sciopt import verbalize
from sciopt.objective import Effect, Evaluation, Finding, Goal, Measurement
from sciopt.objectives.molecule.designer.design import design
from sciopt.objectives.molecule.designer.merit import prior
from sciopt.objectives.molecule.designer.reading import atoms_of, guidance, lessons
from sciopt.objectives.molecule.properties.gates import Gates
from sciopt.verbalize import Attempt, Brief

RULES = Gates().sentences()
DRUGS = [line.split()[0] for line in Path(__file__).with_name("drugs.smi").read_text().splitlines()]


def canonical(smiles: str) -> str:
    return str(Chem.MolToSmiles(Chem.MolFromSmiles(smiles)))


def loss(change: float) -> tuple[Effect, ...]:
    return (Effect("loss", change),)


# The canonical SMILES numbers its atoms: Cc1ccc(C(N)=O)cc1 has the methyl first, the amide C as atom 6.
TOLUAMIDE = canonical("Cc1ccc(C(N)=O)cc1")
FINDINGS = (
    Finding("F1", "growth room", "atom 1 (CH3)", "Free: room for about 6 heavy atoms, lined by hydrophobic residues.",
            "Attach a ring.", "NC(=O)c1ccc(Cc2ccccc2)cc1", loss(-1.2)),
    Finding("F2", "blocked growth", "atoms 3, 4, 9, 10 (aromatic CH)", "They point into LEU330.", "Do not grow here."),
    Finding("F3", "hydrogen bond", "atoms 7, 8 (NH2, carbonyl O)", "Bonds to GLU1 and ARG2.", "Keep them."),
    Finding("F4", "QED property", "molecular weight", "It is 135 g/mol; QED rates 306 best: raise it.",
            "Grow.", None, loss(-1.5)),
)  # fmt: skip


def brief_of(*evaluations: Evaluation, **more) -> Brief:
    brief = Brief("smiles", evaluations, rules=RULES, wanted=100, **more)
    return verbalize.read(verbalize.render(brief))


def texts(brief: Brief, wanted: int = 100, seed: int = 0) -> list[str]:
    return [p.text for p in design(brief, wanted, np.random.default_rng(seed))]


@pytest.mark.parametrize("smiles", ["c1ccccc1", "C", "CCO", *DRUGS[::12]])
def test_proposals_are_new_admitted_and_reproducible(smiles: str) -> None:
    start = canonical(smiles)
    first = texts(brief_of(Evaluation(start, math.nan)), wanted=40)
    tried = tuple(Attempt(s, start, "full", "already tried") for s in first[:15])
    brief = brief_of(Evaluation(start, math.nan), tried=tried)
    found = texts(brief, wanted=40)
    assert len(found) == 40
    assert found == texts(brief, wanted=40)
    assert len(set(found)) == len(found)
    assert not {start, *first[:15]} & set(found)
    assert all(canonical(s) == s for s in found)
    assert all(Gates().admits(s) for s in found)
    assert found != texts(brief, wanted=40, seed=1)


def test_findings_lead() -> None:
    told = brief_of(Evaluation(TOLUAMIDE, -3.0, findings=FINDINGS))
    proposals = design(told, 60, np.random.default_rng(0))
    assert proposals[0].text == canonical("NC(=O)c1ccc(Cc2ccccc2)cc1")
    assert proposals[0].because == ("F1",)
    assert texts(told) != texts(verbalize.at_detail(told, "numbers"))
    amide = Chem.MolFromSmarts("C(=O)[NX3;H2]")
    grown = Chem.MolFromSmarts("[#6;!R]c1ccc(C(N)=O)cc1")
    free_ring = Chem.MolFromSmarts("*c1[cH][cH]c(C(N)=O)[cH][cH]1")
    for p in proposals:
        mol = Chem.MolFromSmiles(p.text)
        assert mol.HasSubstructMatch(amide), "the bound amide is kept"
        if mol.HasSubstructMatch(grown):
            assert mol.HasSubstructMatch(free_ring), "nothing grows at the blocked atoms"
    follows = [p for p in proposals[:20] if "F1" in p.because]
    assert len(follows) >= 10
    assert {i for p in proposals for i in p.because} <= {"F1", "F2", "F3", "F4"}


def test_two_findings_are_followed_at_once_while_the_molecule_is_small() -> None:
    second = Finding(
        "F5", "free acceptor", "atom 7 (NH2)", "GLU1 has a free acceptor.", "Put a donor there.", None, loss(-0.5)
    )
    findings = (FINDINGS[0], second)
    proposals = design(brief_of(Evaluation(TOLUAMIDE, -3.0, findings=findings)), 100, np.random.default_rng(0))
    assert any({"F1", "F5"} <= set(p.because) for p in proposals)


def test_history_teaches() -> None:
    """After phenyl groups hurt three times and methyl sulfones helped, the latter come earlier than before."""
    start = canonical("c1ccc2[nH]ccc2c1")
    mol = Chem.MolFromSmiles(start)
    bad = tuple(Attempt(canonical(s), start, "quick", "worse", loss(+1.5))
                for s in ("c1ccc(-c2ccc3[nH]ccc3c2)cc1", "c1ccc(-c2cc3ccccc3[nH]2)cc1"))  # fmt: skip
    good = (Attempt(canonical("CS(=O)(=O)c1ccc2[nH]ccc2c1"), start, "quick", "better", loss(-1.5)),)
    taught = lessons(mol, (*bad, *good))
    assert taught.pieces["c1ccccc1"] > 0 > taught.pieces["C[SH](=O)=O"]
    assert sorted(v > 0 for v in taught.sites.values()) == [False, True]
    naive, wise = (texts(brief_of(Evaluation(start, -5.0), tried=t), wanted=400) for t in ((), (*bad, *good)))
    sulfone = Chem.MolFromSmarts("cS(C)(=O)=O")

    def mean_rank(found: list[str]) -> float:
        return float(np.mean([i for i, s in enumerate(found) if Chem.MolFromSmiles(s).HasSubstructMatch(sulfone)]))

    assert mean_rank(wise) < mean_rank(naive)


def test_a_stalled_search_leaves_the_family() -> None:
    names = ("Cc1ccc(S(=O)(=O)Nc2ccccc2)cc1", "O=C(Nc1ccncc1)C1CCOCC1", "COc1ccc2[nH]c(CN(C)C)cc2c1")
    candidates = tuple(Evaluation(canonical(s), -5.0 + i) for i, s in enumerate(names))
    best = Chem.MolFromSmiles(candidates[0].value)
    going, stalled = (texts(brief_of(*candidates, stalled=n), wanted=100) for n in (0, 2))

    def kept(found: list[str]) -> int:
        return sum(Chem.MolFromSmiles(s).HasSubstructMatch(best) for s in found)

    assert kept(stalled) < kept(going)


def test_what_misses_its_goal_decides_the_size() -> None:
    start = canonical("O=C(Nc1ccncc1)c1ccc(N2CCOCC2)cc1")

    def sized(vina: float, qed: float) -> float:
        goals = (Goal("Vina score", "<=", -10.0, "kcal/mol"), Goal("QED", ">=", 0.8, scale=0.1))
        measured = (Measurement("Vina score", vina, "kcal/mol", goals[0]), Measurement("QED", qed, "", goals[1]))
        found = texts(brief_of(Evaluation(start, -5.0, measurements=measured)), wanted=60)
        return float(np.mean([Chem.MolFromSmiles(s).GetNumAtoms() for s in found]))

    assert sized(-6.0, 0.85) > sized(-10.5, 0.4) + 1.0


def test_subjects_and_findings_are_read() -> None:
    assert atoms_of("atom 7 (aromatic C)") == (6,)
    assert atoms_of("atoms 3, 4 and 12 (ring CH2, NH2, carbonyl O)") == (2, 3, 11)
    assert atoms_of("rotatable bonds") == ()
    read = guidance(Evaluation(TOLUAMIDE, 0.0, findings=FINDINGS), atoms=10)
    assert read.rooms[0].heavy_atoms == 6
    assert read.rooms[0].characters == {"hydrophobic"}
    assert read.blocked == {2, 3, 8, 9}
    assert read.held == {6, 7}
    assert read.wishes["molecular weight"].sign == 1
    assert guidance(Evaluation("C", 0.0, findings=FINDINGS), atoms=1).held == frozenset()


def test_room_that_is_told_for_an_exchange_is_no_call_to_grow() -> None:
    seen = "Free: room for about 3 heavy atoms, lined by polar residues."
    exchange = Finding("F1", "growth room", "atom 1 (CH3)", seen, "Only in exchange for atoms elsewhere.")
    stiffer = Finding("F2", "rotor cost", "rotatable bonds", "Vina counts 3.", "Make it stiffer.", None, loss(-0.4))
    going = Finding("F3", "dispensable group", "atom 9 (NH2)", "It adds little.", "Remove it.", "Cc1ccccc1", loss(-0.3))
    read = guidance(Evaluation(TOLUAMIDE, 0.0, findings=(exchange, stiffer, going)), atoms=10)
    assert not read.rooms[0].pays
    assert read.wishes["rotatable bonds"].sign == -1
    assert read.idle == {8: "F3"}


def test_priors_follow_the_size() -> None:
    assert prior("grow linked ring", heavy_atoms=6) == -3.5
    assert prior("prune", heavy_atoms=26) < 0 < prior("prune", heavy_atoms=12)
    assert prior("grow group", heavy_atoms=14) == pytest.approx(-1.2)


def test_rules_of_the_brief_are_obeyed() -> None:
    tight = dataclasses.replace(Gates(), heavy_atoms=12, elements=("C", "N", "O"))
    brief = Brief("smiles", (Evaluation("c1ccccc1", math.nan),), rules=tight.sentences())
    found = texts(brief, wanted=60)
    assert found
    assert all(tight.admits(s) for s in found)


def test_unreadable_candidates_are_passed_over() -> None:
    assert texts(Brief("smiles", (Evaluation("nonsense", math.inf, failure="no SMILES"),), rules=RULES)) == []
    assert texts(brief_of(Evaluation.failed("nonsense", "no SMILES"), Evaluation("c1ccccc1", 1.0)), wanted=5)
