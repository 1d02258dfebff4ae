"""The gates refuse what is labile, large or hard to make, say why, and go into words and back."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdkit import Chem

from sciopt.errors import InvalidValue
from sciopt.objectives.molecule.properties.alerts import alerts
from sciopt.objectives.molecule.properties.gates import Gates, admit
from sciopt.objectives.molecule.properties.stability import RULES, all_labile, labile

DRUGS = [line.split()[0] for line in Path(__file__).with_name("drugs.smi").read_text().splitlines()]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_each_labile_group_is_found_and_refused(rule) -> None:
    assert rule in all_labile(Chem.MolFromSmiles(rule.example))
    bare = Gates(alerts=False, fewest_heavy_atoms=1, sa_score=10.0)
    with pytest.raises(InvalidValue):
        bare.admit(rule.example)


@pytest.mark.parametrize(
    "smiles",
    [
        "C1CC2=CC1CC2",  # Bredt
        "CC(O)(O)c1ccccc1",
        "O=CNCNC",
        "C1=CC=C1",
        "CC(=O)ON1C(=O)CCC1=O",
        "CC(C)=C=C",
        "CS(=O)(=O)NN",
        "CC(N)(C#N)c1ccccc1",
        "CN1CN(C)C1",
    ],
)
def test_more_labile_molecules_are_found(smiles: str) -> None:
    assert labile(Chem.MolFromSmiles(smiles)) is not None


@pytest.mark.parametrize(
    "smiles",
    [
        "O=c1cccc[nH]1",  # a lactam, whose lactim form is refused
        "COc1ccc2OCOc2c1",
        "CC(=O)N1CCC[C@H]1C#N",
        "NC(=O)c1ccncc1",
        "CS(=O)(=O)Nc1ccccc1",
        "FC(F)(F)Oc1ccccc1",
        "CN1C(=O)CN=C(c2ccccc2)c2ccccc21",
        "N=C(N)c1ccccc1",
        "c1ccc(-c2nnn[nH]2)cc1",
        "OCc1ccccc1",
        "C1CC2CCC1N2",
    ],
)
def test_stable_groups_of_medicinal_chemistry_pass(smiles: str) -> None:
    assert labile(Chem.MolFromSmiles(smiles)) is None


def test_most_marketed_drugs_are_stable() -> None:
    stable = [smiles for smiles in DRUGS if labile(Chem.MolFromSmiles(smiles)) is None]
    assert len(stable) >= 0.8 * len(DRUGS)


@pytest.mark.parametrize(
    ("smiles", "reason"),
    [
        ("not a molecule", "not one molecule"),
        ("CCO.CCO", "not one molecule"),
        ("CC", "2 heavy atoms"),
        ("c1ccccc1" * 5, "30 heavy atoms"),
        ("CCCCCCCCCCCC", "rotatable bonds"),
        ("C1CCCCCCC1", "ring of 8 atoms"),
        ("CB(O)c1ccccc1", "holds B"),
        ("C[NH2+]Cc1ccccc1", "charged"),
        ("O=[N+]([O-])c1ccccc1", "BRENK nitro_group"),
        ("CN(C)CN(C)CC", "unwanted group (aminal)"),
        ("CC12CCC3C(C1CC(O)C2)C1CC31C(F)(F)C1CC1", "SA score"),
    ],
)
def test_refusals_give_their_reason(smiles: str, reason: str) -> None:
    with pytest.raises(InvalidValue, match="may not be proposed") as refused:
        admit(smiles)
    assert reason in str(refused.value)


def test_what_the_start_has_may_stay() -> None:
    start = "O=[N+]([O-])c1ccc(C=O)cc1"
    child = "Cc1cc([N+](=O)[O-])ccc1C=O"
    known = frozenset(a.label for a in alerts(Chem.MolFromSmiles(start)))
    with pytest.raises(InvalidValue, match="aldehyde"):
        admit(child, known_alerts=known)
    own = Gates().tolerating(start)
    own.admit(child)
    assert own.admits(child)
    assert not own.admits("CC(=O)ON1CCCC1")
    assert Gates.read(own.sentences()) == own


_GATES = st.builds(
    Gates,
    heavy_atoms=st.integers(5, 99),
    fewest_heavy_atoms=st.integers(1, 9),
    torsions=st.integers(0, 30),
    sa_score=st.floats(1.0, 10.0),
    largest_ring=st.integers(3, 20),
    elements=st.lists(st.sampled_from(["C", "N", "O", "F", "S", "P", "I"]), min_size=1, unique=True).map(tuple),
    alerts=st.booleans(),
    unstable=st.booleans(),
    known_alerts=st.frozensets(st.sampled_from(["BRENK imine_1", "PAINS anil_di_alk_A(478)", "aldehyde"])),
)


@given(gates=_GATES, other=st.lists(st.sampled_from(["Keep the amide.", "Be brief."]), max_size=2))
def test_sentences_read_back(gates: Gates, other: list[str]) -> None:
    assert Gates.read((*other, *gates.sentences())) == gates
    assert Gates.read(other) == Gates()
