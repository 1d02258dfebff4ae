"""Poses taken apart from their files alone: as from the docking itself, atom by atom, and adding up to the score."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given as given_by
from hypothesis import settings
from hypothesis import strategies as st

from sciopt.errors import InvalidInput
from sciopt.objectives.molecule.docking.pool import Docking
from sciopt.objectives.molecule.findings.view import view
from sciopt.objectives.molecule.pose.contributions import Contributions, contributions
from sciopt.objectives.molecule.pose.files import as_models, pose_files, split_pdbqt, split_sdf
from sciopt.objectives.molecule.pose.pdbqt import read_atoms
from sciopt.objectives.molecule.pose.receptor import load_receptor
from sciopt.targets.proteins.catalog import target
from tests.molecule.recorded import DOCKED

NAMED = pytest.mark.parametrize(("name", "docking"), DOCKED, ids=[f"{t}-{d.smiles}" for t, d in DOCKED])


def apart(name: str, docking: Docking) -> Contributions:
    files = pose_files({None: docking})
    receptor = load_receptor(target(name).receptor)
    return contributions(sdf=files["poses.sdf"], pdbqt=files["poses.pdbqt"], receptor=receptor)


@NAMED
def test_the_parts_of_the_atoms_are_those_of_the_docking_and_add_up_to_its_score(name: str, docking: Docking) -> None:
    parts = apart(name, docking)
    seen = view(docking, receptor=load_receptor(target(name).receptor))
    assert parts.per_atom == pytest.approx(seen.per_atom)
    assert parts.per_atom.sum() == pytest.approx(docking.score, abs=0.02)
    assert parts.per_atom.sum() * parts.terms.divisor == pytest.approx(docking.energies[0][1], abs=0.02)
    assert sum(touch.energy for touch in parts.touches) == pytest.approx(parts.score)


@NAMED
def test_hydrogen_bonds_are_between_atoms_that_can_make_them(name: str, docking: Docking) -> None:
    parts = apart(name, docking)
    typed = parts.receptor.typed
    for atom, partner, distance in parts.bonds:
        assert parts.molecule.GetAtomWithIdx(atom).GetSymbol() in ("N", "O")
        assert typed.donor[partner] or typed.acceptor[partner]
        assert 1.5 < distance < 3.6
    assert {parts.receptor.residue(p) for _, p, _ in parts.bonds} == {t.residue for t in parts.touches if t.bonded}


def test_files_of_two_ligands_are_refused() -> None:
    one, other = (pose_files({None: docking}) for _, docking in DOCKED[4:6])
    receptor = load_receptor(target("JAK2").receptor)
    with pytest.raises(InvalidInput, match="same atoms"):
        contributions(sdf=one["poses.sdf"], pdbqt=other["poses.pdbqt"], receptor=receptor)
    with pytest.raises(InvalidInput, match="no molecule"):
        contributions(sdf="$$$$\n", pdbqt=other["poses.pdbqt"], receptor=receptor)
    with pytest.raises(InvalidInput, match="energies"):
        contributions(sdf=one["poses.sdf"].replace("Vina", "No"), pdbqt=one["poses.pdbqt"], receptor=receptor)


@settings(max_examples=60, deadline=None)
@given_by(
    which=st.sampled_from(["sdf", "pdbqt"]), at=st.floats(0.0, 1.0), rest=st.text(max_size=40), cut=st.integers(0, 400)
)
def test_damaged_files_are_refused_in_words_or_read(which: str, at: float, rest: str, cut: int) -> None:
    files = pose_files({None: DOCKED[5][1]})
    given = {"sdf": files["poses.sdf"], "pdbqt": files["poses.pdbqt"]}
    place = int(at * len(given[which]))
    given[which] = given[which][:place] + rest + given[which][place + cut :]
    with suppress(InvalidInput):
        assert contributions(**given, receptor=load_receptor(target("JAK2").receptor)).per_atom.size


@NAMED
def test_poses_of_a_file_come_apart_one_by_one(name: str, docking: Docking) -> None:
    files = pose_files({None: docking})
    assert split_pdbqt(files["poses.pdbqt"]) == list(docking.poses)
    assert len(split_sdf(files["poses.sdf"])) == len(docking.poses)
    assert "".join(split_sdf(files["poses.sdf"])) == files["poses.sdf"]
    models = as_models(files["poses.pdbqt"])
    assert models.count("MODEL ") == models.count("ENDMDL\n") == len(docking.poses)
    assert len(read_atoms(models)) == len(read_atoms(docking.poses[0]))
