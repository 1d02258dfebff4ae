"""The genetic algorithm of the benchmark: its children may be proposed, and a seed decides what it does."""

from __future__ import annotations

import math

import numpy as np
import pytest
from rdkit import Chem

from benchmarks.search.graph_edits import MUTATIONS, crossover, mutate
from benchmarks.search.pool import BANK, DRUGS, POOL, make_bank, make_pool, read
from benchmarks.search.space import Search, Space
from benchmarks.search.unassisted import drawn, evolve, grown, wander
from sciopt.errors import InvalidValue
from sciopt.objectives.molecule.edits.basic import closed_and_neutral
from sciopt.objectives.molecule.ligand.smiles import canonical_smiles
from sciopt.objectives.molecule.properties.gates import Gates
from tests.benchmarks.toys import Sized

MOLECULES = read(POOL)[:60] + read(BANK)


def test_what_mutation_and_crossover_make_is_one_sane_neutral_molecule_without_stereo() -> None:
    rng = np.random.default_rng(1)
    made = [mutate(smiles, rng) for smiles in MOLECULES for _ in range(2)]
    made += [crossover(one, two, rng) for one, two in zip(MOLECULES, reversed(MOLECULES), strict=True)]
    children = [smiles for smiles in made if smiles is not None]
    assert len(children) > 0.6 * len(made)
    for smiles in children:
        mol = Chem.MolFromSmiles(smiles)
        assert Chem.MolToSmiles(mol) == smiles
        assert "." not in smiles
        assert "@" not in smiles
        assert closed_and_neutral(mol)


def test_a_mutation_changes_one_atom_or_one_bond() -> None:
    rng = np.random.default_rng(2)
    for smiles in MOLECULES:
        mol, child = Chem.MolFromSmiles(smiles), mutate(smiles, rng)
        if child is not None:
            assert child != Chem.MolToSmiles(mol, isomericSmiles=False)
            assert abs(Chem.MolFromSmiles(child).GetNumAtoms() - mol.GetNumAtoms()) <= 1


@pytest.mark.parametrize("number", range(len(MUTATIONS)))
def test_each_kind_of_mutation_happens(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.search.graph_edits.MUTATIONS", (MUTATIONS[number],))
    rng = np.random.default_rng(number)
    assert any(mutate(smiles, rng) is not None for smiles in MOLECULES)


def test_nothing_can_be_cut_out_of_a_molecule_without_bonds_to_cut() -> None:
    rng = np.random.default_rng(0)
    assert [crossover("C", "CCO", rng) for _ in range(10)] == [None] * 10
    assert mutate("no SMILES", rng) is None


def test_a_crossover_takes_from_both_parents() -> None:
    rng = np.random.default_rng(3)
    children = [crossover("Clc1ccccc1CCO", "Brc1ccccc1CCN", rng) for _ in range(60)]
    mixed = [c for c in children if c is not None and ("Cl" in c, "Br" in c) != (False, False)]
    assert any("Cl" in c and "N" in c for c in mixed)
    assert any("Br" in c and "O" in c for c in mixed)


def _played(search: Search, steps: int) -> list[tuple[str, str | None, int]]:
    """The first candidates of a search on the toy objective."""
    objective, seen = Sized(), []
    candidate = next(search, None)
    while candidate is not None and len(seen) < steps:
        seen.append((candidate.value, candidate.parent, candidate.step))
        try:
            candidate = search.send(objective.evaluate(candidate.value).loss)
        except StopIteration:
            break
    search.close()
    return seen


def _search(kind: str, seed: int) -> Search:
    rng = np.random.default_rng(seed)
    space = Space(Sized(), rng=rng)
    if kind == "unguided":
        return wander(space, "c1ccccc1", rng)
    founders = grown(space, "c1ccccc1", rng) if kind == "genetic" else drawn(space, read(POOL), rng)
    assert len(founders) == 20
    return evolve(space, founders, rng)


@pytest.mark.parametrize("kind", ["genetic", "genetic-pool", "unguided"])
def test_an_unassisted_search_proposes_admitted_molecules_once_each_and_the_same_for_a_seed(kind: str) -> None:
    played = _played(_search(kind, 5), 26)
    values = [value for value, _, _ in played]
    assert len(set(values)) == 26
    for value, parent, _ in played:
        Gates().admit(value)
        assert canonical_smiles(value) == value
        assert parent is None or parent in values[: values.index(value)]
    assert played == _played(_search(kind, 5), 26)
    assert played[:6] != _played(_search(kind, 6), 6)
    assert kind == "genetic-pool" or values[0] == "c1ccccc1"


def test_the_genetic_algorithm_improves_on_an_easy_objective() -> None:
    objective = Sized()
    losses = [objective.evaluate(value).loss for value, _, _ in _played(_search("genetic", 0), 90)]
    assert min(losses[:20]) > min(losses) == 0.0


def test_the_genetic_algorithm_drops_what_could_not_be_measured_and_ends_without_parents() -> None:
    search = _search("genetic", 0)
    candidate, asked = next(search), 1
    for _ in range(19):
        candidate, asked = search.send(math.inf), asked + 1
    assert (asked, candidate.step) == (20, 0)
    with pytest.raises(StopIteration):
        search.send(math.inf)


def test_the_best_of_an_unguided_search_is_what_it_edits_next() -> None:
    objective, best = Sized(), (math.inf, "")
    for value, parent, step in _played(_search("unguided", 1), 20):
        assert step == 0 or parent == best[1]
        loss = objective.evaluate(value).loss
        best = min(best, (loss, value)) if loss < best[0] else best


def test_the_space_settles_each_isomer_once_and_refuses_what_may_not_be_proposed() -> None:
    class Isomers(Sized):
        def variants(self, value: str) -> tuple[str, ...]:
            return ("C[C@H](O)c1ccccc1", "C[C@@H](O)c1ccccc1") if value == "CC(O)c1ccccc1" else (value,)

        def admit(self, value: str) -> None:
            if value == "c1ccccc1":
                raise InvalidValue("no benzene")

    space = Space(Isomers(), rng=np.random.default_rng(0))
    both = {space.settle("CC(O)c1ccccc1"), space.settle("OC(C)c1ccccc1")}
    assert both == {"C[C@H](O)c1ccccc1", "C[C@@H](O)c1ccccc1"}
    assert [space.settle(text) for text in ("CC(O)c1ccccc1", "c1ccccc1", "no SMILES", None)] == [None] * 4


def test_pool_and_bank_are_what_the_script_makes_and_may_be_proposed() -> None:
    lines = DRUGS.read_text("utf-8").splitlines()
    pool = read(POOL)
    assert pool == make_pool([line.split()[0] for line in lines])
    assert read(BANK) == [line.split()[0] for line in make_bank(lines)]
    assert len(set(pool)) == 200
    assert all(8 <= Chem.MolFromSmiles(smiles).GetNumAtoms() <= 18 for smiles in pool)
    for smiles in [*pool, *read(BANK)]:
        Gates().admit(smiles)
