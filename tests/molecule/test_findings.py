"""Findings about a docked pose: true to it, exact where they say so, readable, and without edits that are refused."""

import dataclasses
import json
import random
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdkit import Chem
from rdkit.Chem import AllChem

from sciopt.errors import InvalidValue
from sciopt.objective import Evaluation
from sciopt.objectives.molecule.docking.pool import Docking
from sciopt.objectives.molecule.findings import describe, vina_and_qed
from sciopt.objectives.molecule.findings.effects import WORTH
from sciopt.objectives.molecule.findings.probe import PROBES, pocket
from sciopt.objectives.molecule.findings.view import terminal_groups, view
from sciopt.objectives.molecule.pose.pdbqt import read_atoms
from sciopt.objectives.molecule.pose.receptor import load_receptor
from sciopt.objectives.molecule.pose.vina_terms import typed
from sciopt.objectives.molecule.properties import gates
from sciopt.objectives.molecule.properties.measures import sa_score
from sciopt.objectives.molecule.properties.qed import qed
from sciopt.targets.proteins.catalog import target
from sciopt.verbalize import Brief, read, render, rounded

RECORDS = json.loads((Path(__file__).parent / "dockings.json").read_text())["dockings"]
DOCKED = [
    (r["target"], Docking.from_json({"seconds": {}, **{k: v for k, v in r.items() if k != "target"}})) for r in RECORDS
]
KINDS = {
    *(
        "growth room",
        "blocked growth",
        "free acceptor",
        "free donor",
        "hydrogen bond",
        "strong contact",
        "weak contact",
        "dispensable group",
    ),
    *("next pose", "strain", "odd protonation"),
    *("repulsion", "rotor cost", "QED property", "structural alert", "synthetic accessibility"),
}
SUBJECT = re.compile(r"atoms? (\d+(?:, \d+)*) \([^()]*\)")
WITHOUT_ATOMS = {"next pose", "QED property", "rotor cost", "synthetic accessibility"}


def named(docked):
    return pytest.mark.parametrize(("name", "docking"), docked, ids=[f"{t}-{d.smiles}" for t, d in docked])


def told(name, docking, **options):
    receptor = load_receptor(target(name).receptor)
    return describe(docking, receptor=receptor, **{"admit": gates.admit, **options})


@named(DOCKED)
def test_findings_of_any_ligand_can_be_read_and_name_its_atoms(name, docking):
    notes, findings = told(name, docking)
    evaluation = Evaluation(docking.smiles, docking.score, notes=notes, findings=findings)
    brief = Brief("smiles", (evaluation,))
    assert read(render(brief)) == rounded(brief)
    assert [f.id for f in findings] == [f"F{n}" for n in range(1, len(findings) + 1)]
    assert 1 <= len(findings) <= 14
    assert {f.kind for f in findings} <= KINDS
    atoms = Chem.MolFromSmiles(docking.smiles).GetNumAtoms()
    for f in findings:
        match = SUBJECT.fullmatch(f.subject)
        assert (match is None) == (f.kind in WITHOUT_ATOMS)
        assert match is None or all(1 <= int(i) <= atoms for i in match[1].split(", "))
        assert f.observation[0].isupper()
        assert f.observation.endswith(".")
        assert f.kind != "growth room" or re.search(r"room for about (1 heavy atom|[2-7] heavy atoms),", f.observation)


@named(DOCKED)
def test_expected_effects_are_exact_where_they_say_so_and_add_up(name, docking):
    parent = Chem.MolFromSmiles(docking.smiles)
    for f in told(name, docking)[1]:
        changes = {e.quantity: e.change for e in f.expected}
        assert not f.expected or changes["loss"] == pytest.approx(vina_and_qed(changes))
        if f.edit is None:
            continue
        child = Chem.MolFromSmiles(f.edit)
        gates.admit(f.edit)
        assert changes["loss"] <= -WORTH, "no edit is advised that costs more than it gains"
        assert f.edit != docking.smiles
        assert Chem.CanonSmiles(f.edit) == f.edit
        assert changes["QED"] == pytest.approx(qed(child) - qed(parent))
        assert changes["SA score"] == pytest.approx(sa_score(child) - sa_score(parent))
        assert {e.quantity: e.basis for e in f.expected} == {
            "Vina score": "model",
            "QED": "exact",
            "SA score": "exact",
            "loss": "model",
        }
        assert all(e.uncertainty > 0 for e in f.expected if e.basis == "model")


@named(DOCKED[::4])
def test_hopeful_findings_come_first_and_each_has_its_own_edit(name, docking):
    findings = told(name, docking)[1]
    losses = [f.effect("loss").change for f in findings if f.effect("loss")]
    assert losses == sorted(losses)
    edits = [f.edit for f in findings if f.edit]
    assert len(edits) == len(set(edits))


@named(DOCKED)
def test_findings_do_not_contradict_each_other(name, docking):
    """What is to be kept is in no group to be removed, and no two findings speak of the same property."""
    findings = told(name, docking)[1]

    kept = {i for f in findings if f.kind in ("hydrogen bond", "strong contact") for i in atoms_in(f.subject)}
    going = {
        i for f in findings if f.kind in ("weak contact", "dispensable group") and f.edit for i in atoms_in(f.subject)
    }
    assert not kept & going
    named = [f.subject for f in findings if f.kind in ("QED property", "rotor cost")]
    assert len(named) == len(set(named))
    for f in findings:
        assert f.kind not in ("hydrogen bond", "strong contact", "blocked growth") or not f.expected
        assert not re.search(r"\b1 (heavy atoms|rotatable bonds)|\ba [aeio]|-0\.0\b", f"{f.observation} {f.advice}")


def atoms_in(subject):
    return set(SUBJECT.fullmatch(subject)[1].split(", "))


def test_the_loss_of_the_caller_and_the_gate_of_the_caller_are_used():
    name, docking = DOCKED[6]

    def refuse(smiles):
        raise InvalidValue(f"{smiles} is refused")

    assert not [f for f in told(name, docking, admit=refuse)[1] if f.edit]
    for f in told(name, docking, loss_change=lambda c: 3.0 * c.get("SA score", 0.0))[1]:
        changes = {e.quantity: e.change for e in f.expected}
        assert not f.expected or changes["loss"] == pytest.approx(3.0 * changes.get("SA score", 0.0))


@settings(max_examples=12, deadline=None)
@given(which=st.integers(2, len(DOCKED) - 1), seed=st.integers(0, 2**32 - 1))
def test_the_order_of_the_atoms_in_the_file_is_of_no_account(which, seed):
    name, docking = DOCKED[which]
    lines = [line for line in docking.poses[0].splitlines() if line.startswith(("ATOM", "HETATM"))]
    order = random.Random(seed).sample(range(len(lines)), len(lines))
    mixed = dataclasses.replace(
        docking,
        poses=("\n".join(lines[k] for k in order),),
        atom_of=tuple(docking.atom_of[k] for k in order),
    )
    plain = dataclasses.replace(docking, poses=docking.poses[:1])
    before, after = told(name, plain), told(name, mixed)
    assert before[0] == after[0]
    briefs = [rounded(Brief("smiles", (Evaluation(docking.smiles, 0.0, findings=f),))) for _, f in (before, after)]
    assert briefs[0] == briefs[1]


def test_the_notes_number_the_atoms_in_the_order_of_the_smiles():
    for _, docking in DOCKED:
        notes = {n.name: n.text for n in told(_, docking)[0]}
        mol = Chem.MolFromSmiles(notes["Numbered atoms"])
        assert [a.GetAtomMapNum() for a in mol.GetAtoms()] == list(range(1, mol.GetNumAtoms() + 1))
        symbols = [a.GetSymbol() for a in mol.GetAtoms()]
        assert symbols == [a.GetSymbol() for a in Chem.MolFromSmiles(docking.smiles).GetAtoms()]
        assert notes["Docked form"].split(",")[0] == docking.docked_smiles


@pytest.mark.parametrize("probe", ["carbon", "donor", "acceptor", "hydroxyl", "fluorine"])
def test_a_probe_scores_what_a_ligand_of_one_atom_scores(probe):
    name, docking = DOCKED[6]
    receptor = load_receptor(target(name).receptor)
    seen = view(docking, receptor=receptor)
    point = seen.positions[9] + np.array([0.3, 0.4, -0.2])
    kind = {"carbon": "C", "donor": "N", "acceptor": "OA", "hydroxyl": "OA", "fluorine": "F"}[probe]
    line = "ATOM      1  X   LIG     1    {:8.3f}{:8.3f}{:8.3f}  1.00  0.00     0.000 {}"
    atoms = [line.format(*point, kind)]
    if PROBES[probe][2]:
        atoms.append(line.format(*(point + np.array([0.0, 0.0, 1.0])), "HD"))
    alone = receptor.terms(typed(read_atoms("\n".join(atoms))), rotors=0.0)
    exact = read_atoms(atoms[0]).coordinates
    assert pocket(seen).at(exact).energies(probe)[0] == pytest.approx(alone.intermolecular, abs=0.02)


# --- a pocket made by hand: what is there must be seen, and nothing else ----------------------------------------------


def benzene_docking():
    """Benzene in the xy plane as if docked, its first atom on the x axis."""
    mol = Chem.AddHs(Chem.MolFromSmiles("c1ccccc1"))
    AllChem.EmbedMolecule(mol, randomSeed=1)
    conformer = mol.GetConformer()
    for k in range(6):
        direction = np.array([np.cos(k * np.pi / 3), np.sin(k * np.pi / 3), 0.0])
        conformer.SetAtomPosition(k, (1.39 * direction).tolist())
        conformer.SetAtomPosition(k + 6, (2.48 * direction).tolist())
    xyz = conformer.GetPositions()[:6]
    pose = "\n".join(_line("C", "LIG", 1, p, "A") for p in xyz)
    block = Chem.MolToMolBlock(mol)
    atom_of = tuple(range(6))
    return Docking(
        "c1ccccc1", "c1ccccc1", -1.0, ((-1.0, -1.0, 0.0),), (pose,), atom_of, block, (*atom_of, *[-1] * 6), 0
    )


def _line(name, residue, number, xyz, kind):
    x, y, z = xyz
    return f"ATOM      1  {name:<3} {residue} A{number:4d}    {x:8.3f}{y:8.3f}{z:8.3f}  1.00  0.00     0.000 {kind}"


@pytest.fixture
def handmade(tmp_path):
    """An acceptor in front of atom 1, a wall in front of atom 4, and nothing anywhere else."""
    wall = [(-5.0, y, z) for y in (-1.5, 0.0, 1.5) for z in (-1.5, 0.0, 1.5)]
    lines = [_line("CB", "LEU", 20, p, "C") for p in wall]
    lines += [_line("C", "GLY", 7, (6.9, 0.0, 0.0), "C"), _line("O", "GLY", 7, (5.7, 0.0, 0.0), "OA")]
    path = tmp_path / "pocket.pdbqt"
    path.write_text("\n".join(lines))
    return load_receptor(path)


def test_an_acceptor_and_a_wall_made_by_hand_are_found_where_they_are(handmade):
    docking = benzene_docking()
    _, findings = describe(docking, receptor=handmade, admit=lambda smiles: None)
    free = [f for f in findings if f.kind == "free acceptor"]
    assert [f.subject for f in free] == ["atom 1 (aromatic CH)"]
    assert "GLY7 O" in free[0].observation
    assert "4.3 Å" in free[0].observation
    assert Chem.MolFromSmiles(free[0].edit).HasSubstructMatch(Chem.MolFromSmarts("c[#7,#8;!H0]"))
    blocked = [f for f in findings if f.kind == "blocked growth"]
    assert [f.subject for f in blocked] == ["atom 4 (aromatic CH)"]
    assert "LEU20 CB" in blocked[0].observation
    assert not [f for f in findings if f.kind in ("free donor", "hydrogen bond", "repulsion", "rotor cost")]


def test_terminal_groups_are_the_ends_of_the_molecule():
    mol = Chem.MolFromSmiles("CCc1ccc(C(=O)O)cc1")
    groups = {atoms for _, atoms in terminal_groups(mol)}
    assert groups == {(0,), (0, 1), (8,), (6, 7, 8)}
