"""The sieve of patterns loses none, and the remembered parts of logP add up to RDKit's, bit for bit."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdkit import Chem
from rdkit.Chem import QED, Crippen

from sciopt.objectives.molecule.edits.moves import moves
from sciopt.objectives.molecule.properties.alerts import _sieve as alert_sieve
from sciopt.objectives.molecule.properties.graph import graph, symbol
from sciopt.objectives.molecule.properties.logp import log_p
from sciopt.objectives.molecule.properties.patterns import PatternSieve, admitted
from sciopt.objectives.molecule.properties.qed import property_values, qed
from sciopt.objectives.molecule.properties.stability import RULES

DRUGS = [line.split()[0] for line in Path(__file__).with_name("drugs.smi").read_text().splitlines()]
ODD = [
    "",
    *(
        "[O-][N+](=O)c1ccccc1",
        "C[N+](C)(C)CC([O-])=O",
        "[2H]C([2H])O",
        "[H][H]",
        "C[Si](C)(C)C",
        "OB(O)c1ccccc1",
        "[Na+].[Cl-]",
    ),
    *(
        "C[Se]C",
        "CS(=O)(=O)O",
        "C#C",
        "N#N",
        "C[N](C)(C)->O",
        "[Fe]",
        "*c1ccccc1",
        "FS(F)(F)(F)(F)F",
        "[13CH4]",
        "c1cc[se]c1",
    ),
    *(
        "O=C1C=CC(=O)C=C1",
        "C=[N+]=[N-]",
        "CP(=O)(O)O",
        "C1CC1(C)C",
        "[nH]1cccc1",
        "c1cc[n+]([O-])cc1",
        "[C-]#[O+]",
        "CI",
    ),
]
SMARTS = [
    *(rule.smarts for rule in RULES),
    *QED.StructuralAlertSmarts,
    *(
        "[C;+]",
        "[$(CC),N]",
        "[$(CC),N,$(OC)]",
        "[C&$(CO),N&$(NC)]",
        "[!C]",
        "[#6;-]",
        "[n+0]",
        "[#7+,#8-]",
        "[#1]-C",
        "*~*",
    ),
    *(
        "[N;!$(NC),$(NO)]",
        "C~O",
        "C/C=C/C",
        "[#6]-,=[#8]",
        "[R]",
        "[Cl,c]",
        "[N;+,-]",
        "[*-]",
        "[#7,+]",
        "[A;R]",
        "[D3]",
    ),
]


@pytest.fixture(scope="module")
def molecules() -> list[Chem.Mol]:
    """Drugs, odd molecules, and edits of drugs."""
    some = (Chem.MolFromSmiles(smiles) for smiles in DRUGS[::20])
    edited = [smiles for mol in some for move in moves(mol)[::400] if (smiles := move.make())]
    return [Chem.MolFromSmiles(smiles) for smiles in (*DRUGS, *ODD, *edited)]


def test_no_pattern_that_matches_is_passed_over(molecules: list[Chem.Mol]) -> None:
    patterns = [Chem.MolFromSmarts(smarts) for smarts in SMARTS]
    sieve = PatternSieve.of([*patterns, None])
    searched = 0
    for mol in molecules:
        possible = set(sieve.possible(graph(mol)))
        assert {index for index, pattern in enumerate(patterns) if mol.HasSubstructMatch(pattern)} <= possible
        assert len(patterns) in possible  # of which nothing is known
        searched += len(possible)
    assert searched < 0.4 * len(molecules) * len(patterns)


def test_few_alerts_are_searched_and_the_pattern_of_each_is_known() -> None:
    sieve, entries = alert_sieve()
    assert len(entries) == 585
    assert all(row.any() for row in sieve.needs)
    assert len(sieve.possible(graph(Chem.MolFromSmiles("c1ccccc1")))) < 30


def test_logp_and_qed_are_rdkits(molecules: list[Chem.Mol]) -> None:
    """Twice: where surroundings are met for the first time, and where they are remembered."""
    assert [log_p(mol) for mol in [*molecules, *molecules]] == [Crippen.MolLogP(mol) for mol in molecules] * 2
    for mol in molecules:
        values = QED.properties(mol)
        assert list(property_values(mol).values()) == pytest.approx(list(values), abs=1e-12)
        assert qed(mol) == pytest.approx(QED.qed(mol, qedProperties=values), abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(which=st.integers(0, len(DRUGS) - 1), seed=st.integers(0, 1000))
def test_the_order_of_the_atoms_is_of_no_account_to_the_sieve(which: int, seed: int) -> None:
    mol = Chem.MolFromSmiles(DRUGS[which])
    mixed = Chem.MolFromSmiles(Chem.MolToRandomSmilesVect(mol, 1, randomSeed=seed + 1)[0])
    sieve, _ = alert_sieve()
    assert sieve.possible(graph(mol)) == sieve.possible(graph(mixed))


@pytest.mark.parametrize(
    ("smarts", "numbers"),
    [
        ("[#6]", {6}),
        ("c", {6}),
        ("[N,O;H1]", {7, 8}),
        ("[Cl,Br]", {17, 35}),
        ("[C&$(C=O),N&$(NC)]", {6, 7}),
        ("[se]", {34}),
    ],
)
def test_what_an_atom_may_be_is_read_from_its_smarts(smarts: str, numbers: set[int]) -> None:
    assert {each // 6 for each in admitted(smarts)} == numbers


def test_aromaticity_and_charge_are_read_from_smarts() -> None:
    assert admitted("[n&+]") == {symbol(7, aromatic=True, charge=1)}
    assert admitted("[#8&-2]") == {symbol(8, aromatic=a, charge=-2) for a in (False, True)}
    assert admitted("[N&X3;+0]") == {symbol(7, aromatic=False, charge=0)}
    assert len(admitted("C")) == 3
    for vague in ("*", "[!C]", "[$(CC),N]", "[R]", "a", "[D3]", "[#6,R]"):
        assert admitted(vague) == admitted("*")
