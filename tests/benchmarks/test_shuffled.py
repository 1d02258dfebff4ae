"""The control of the gradient: the same words, atoms and edits of the molecule itself, and no truth."""

from __future__ import annotations

import math
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from rdkit import Chem

from benchmarks.search.pool import BANK, read
from benchmarks.search.shuffled import ShuffledFindings, transplanted
from sciopt.bench import Bench
from sciopt.cache import Cache
from sciopt.objective import Effect, Estimate, Evaluation, Finding, Measurement, Note
from sciopt.objectives.molecule.designer.reading import atoms_of
from sciopt.objectives.molecule.edits.basic import parse
from sciopt.objectives.molecule.properties.gates import Gates
from sciopt.verbalize import Brief, render, rounded
from sciopt.verbalize import read as understood
from tests.benchmarks.toys import QUICK, Sized

LEADS = ("c1ccccc1", "COc1ccc(CC(=O)Nc2cccc(F)c2)cc1", "C[C@H](N)c1ccccc1")
DONOR = "CC(C)c1cccc(C(C)C)c1O"
LARGER = "CCc1ccc(C(C)C)c(O)c1C(C)C"


def _donor() -> Evaluation:
    """Findings with the words that ours have: atom lists, distances, energies, edits, refuted edits."""
    findings = (
        Finding(
            "F1",
            "free acceptor",
            "atoms 3, 13 (CH3, phenol OH)",
            "GLU84 O is 4.3 Å from atom 13; atom 3 -0.71 kcal/mol and atoms 1, 2 and 9 in the way of 14 heavy atoms.",
            f"Put a donor here, for example NH as in {LARGER}; the edit ({LARGER}) is 2.8 Å from GLY89 CA.",
            LARGER,
            (Effect("Vina score", -0.6, "kcal/mol"), Effect("loss", -0.7, uncertainty=0.3)),
        ),
        Finding(
            "F2",
            "growth room",
            "atom 12 (CH3)",
            "Room for about 7 heavy atoms. Quick docking of CCC(C)c1cccc(C(C)C)c1O, 3 conformers: loss +0.2 ± 0.1.",
            "Attach C(=O)N, or another group.",
        ),
    )
    notes = (Note("Numbered atoms", "its own"), Note("Rings", "atoms 4, 11: LEU14 on one face"))
    measured = (Measurement("Vina score", -6.0, "kcal/mol"),)
    return Evaluation(DONOR, -3.0, measurements=measured, notes=notes, findings=findings)


def _words(evaluation: Evaluation) -> Counter[str]:
    texts = [f"{f.kind} {f.subject} {f.observation} {f.advice}" for f in evaluation.findings]
    words = re.findall(r"\S+", " ".join(texts))
    return Counter(w for w in words if not re.search(r"\d", w) and w not in ("and", "atom", "atoms"))


@pytest.mark.parametrize("lead", LEADS)
@pytest.mark.parametrize("seed", range(3))
def test_the_words_stay_and_speak_of_the_atoms_and_edits_of_the_molecule_itself(lead: str, seed: int) -> None:
    objective, donor = Sized(), _donor()
    own = objective.evaluate(lead)
    told = transplanted(own, donor, objective=objective, rng=np.random.default_rng(seed))
    mol = Chem.MolFromSmiles(lead)
    assert [(f.id, f.kind, f.expected) for f in told.findings] == [(f.id, f.kind, f.expected) for f in donor.findings]
    assert _words(told) == _words(donor)
    assert (told.loss, told.measurements, told.terms) == (own.loss, own.measurements, own.terms)
    assert [note.name for note in told.notes] == ["Numbered atoms", "Rings"]
    assert told.notes[0] == own.notes[0]
    said = " ".join([n.text for n in told.notes[1:]] + [f"{f.subject} {f.observation}" for f in told.findings])
    numbers = [int(n) for atoms in re.findall(r"[Aa]toms? (\d+(?:, \d+)*)", said) for n in atoms.split(", ")]
    assert numbers
    assert all(1 <= n <= mol.GetNumAtoms() for n in numbers)
    assert all(0 <= i < mol.GetNumAtoms() for f in told.findings for i in atoms_of(f.subject))
    for number in ("GLU84", "4.3 Å", "-0.71 kcal/mol", "14 heavy atoms", "2.8 Å", "+0.2 ± 0.1", "about 7 heavy"):
        assert number in " ".join(f"{f.observation} {f.advice}" for f in told.findings)


@pytest.mark.parametrize("lead", LEADS)
def test_edits_are_admitted_edits_of_the_molecule_of_a_like_size_and_the_same_in_the_text(lead: str) -> None:
    objective, donor = Sized(), _donor()
    told = transplanted(objective.evaluate(lead), donor, objective=objective, rng=np.random.default_rng(1))
    edit = told.findings[0].edit
    assert edit is not None
    Gates().admit(edit)
    assert edit not in (lead, LARGER)
    size = Chem.MolFromSmiles(lead).GetNumAtoms()
    assert Chem.MolFromSmiles(edit).GetNumAtoms() - size == 2
    assert told.findings[0].advice.count(edit) == 2
    assert told.findings[1].edit is None
    assert "C(=O)N," in told.findings[1].advice
    text = render(Brief("smiles", (told,)))
    named = [w.strip("();,.:") for w in " ".join(f"{f.observation} {f.advice}" for f in told.findings).split()]
    molecules = [w for w in named if len(w) > 5 and (mol := parse(w)) is not None and mol.GetNumAtoms() > 4]
    assert len(set(molecules)) == 2
    assert not {DONOR, LARGER, "CCC(C)c1cccc(C(C)C)c1O"} & set(molecules)
    assert understood(text) == rounded(Brief("smiles", (told,)))


def test_the_control_measures_truly_tells_falsely_and_always_the_same() -> None:
    bank, cache = read(BANK)[:6], Cache()
    first, again = (ShuffledFindings(Sized(), bank=bank, seed=3, cache=cache) for _ in range(2))
    other = ShuffledFindings(Sized(), bank=bank, seed=4, cache=cache)
    assert first.protocol == again.protocol != other.protocol
    values = [first.canonical(smiles) for smiles in LEADS]
    told = [first.evaluate(value) for value in values]
    assert told == [again.evaluate(value) for value in reversed(values)][::-1]
    assert told != [other.evaluate(value) for value in values]
    for value, said in zip(values, told, strict=True):
        true = Sized().evaluate(value)
        assert (said.loss, said.measurements, said.cost) == (true.loss, true.measurements, true.cost)
        assert said.findings != true.findings
    assert first.screen(values, told[0], stage=QUICK) == Sized().screen(values, told[0], stage=QUICK)
    assert first.probes == () == first.levers(told[0])


def test_the_control_writes_nothing_false_where_other_arms_read(tmp_path: Path) -> None:
    shared = Cache(tmp_path / "shared")
    control = ShuffledFindings(Sized(), bank=read(BANK)[:4], seed=0, cache=shared)
    told = Bench(control, cache=Cache(tmp_path / "own")).evaluate([LEADS[1]])[0]
    truth = Bench(Sized(), cache=shared).evaluate([LEADS[1]])[0]
    assert truth.cached
    assert truth.evaluation == Sized().evaluate(LEADS[1])
    assert told.evaluation.findings != truth.evaluation.findings


def test_a_molecule_that_failed_and_donors_that_failed_are_passed_over() -> None:
    class Choosy(Sized):
        def evaluate(self, value: str) -> Evaluation:
            small = Chem.MolFromSmiles(value).GetNumAtoms() < 8
            return Evaluation.failed(value, "too small") if small else super().evaluate(value)

    control = ShuffledFindings(Choosy(), bank=["CCO", "CCN", DONOR], seed=0, cache=Cache())
    assert control.evaluate("c1ccccc1").failure == "too small"
    assert control.evaluate(LEADS[1]).findings[0].kind == "growth room"
    alone = ShuffledFindings(Choosy(), bank=["CCO"], seed=0, cache=Cache())
    assert alone.evaluate(LEADS[1]) == Choosy().evaluate(LEADS[1])


def test_the_donors_effects_are_those_that_probes_gave() -> None:
    class Probed(Sized):
        probes = Sized.stages

        def levers(self, evaluation: Evaluation) -> tuple[str, ...]:
            return tuple(f.edit for f in evaluation.findings if f.edit is not None)

        def sharpen(self, evaluation: Evaluation, probed: dict[str, list[Estimate]]) -> Evaluation:  # type: ignore[override]
            finding = Finding("F1", "measured", "atom 1", "seen", "do", None, (Effect("loss", -9.0, basis="measured"),))
            return Evaluation(evaluation.value, evaluation.loss, findings=(finding,))

    told = ShuffledFindings(Probed(), bank=[DONOR], seed=0, cache=Cache()).evaluate("c1ccccc1")
    assert [f.kind for f in told.findings] == ["measured"]
    assert math.isclose(told.findings[0].expected[0].change, -9.0)
