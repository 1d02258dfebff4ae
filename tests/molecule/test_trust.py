"""How far a pose is to be trusted: the next one, the strain, doubtful charges; and the form that was docked."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from rdkit import Chem

from sciopt.objective import Evaluation
from sciopt.objectives.molecule.designer.reading import guidance
from sciopt.objectives.molecule.docking.pool import Docking
from sciopt.objectives.molecule.findings import describe
from sciopt.objectives.molecule.ligand.preparation import prepare
from sciopt.objectives.molecule.pose.geometry import pose_sdf
from sciopt.objectives.molecule.pose.receptor import load_receptor
from sciopt.objectives.molecule.properties import gates
from sciopt.targets.proteins.catalog import target
from sciopt.verbalize import Brief, read, render, rounded

RECORDS = json.loads((Path(__file__).parent / "dockings.json").read_text())["dockings"]
DOCKED = {
    r["smiles"]: (r["target"], Docking.from_json({"seconds": {}, **{k: v for k, v in r.items() if k != "target"}}))
    for r in RECORDS
}
RISPERIDONE = "Cc1nc2n(c(=O)c1CCN1CCC(c3noc4cc(F)ccc34)CC1)CCCC2"
OCTANE = "CCCCCCCC"


def told(smiles, *, most=14, **changes):
    name, docking = DOCKED[smiles]
    receptor = load_receptor(target(name).receptor)
    return describe(dataclasses.replace(docking, **changes), receptor=receptor, admit=gates.admit, most=most)


def found(smiles, kind, **changes):
    return [f for f in told(smiles, **changes)[1] if f.kind == kind]


def shifted(pose, by):
    lines = pose.splitlines()
    for n, line in enumerate(lines):
        if line.startswith("ATOM"):
            x, y, z = np.array([float(line[k : k + 8]) for k in (30, 38, 46)]) + by
            lines[n] = f"{line[:30]}{x:8.3f}{y:8.3f}{z:8.3f}{line[54:]}"
    return "\n".join(lines)


@pytest.mark.parametrize(("gap", "unsure"), [(0.1, True), (1.0, False)])
def test_the_next_pose_is_the_first_one_that_lies_elsewhere(gap, unsure):
    first = DOCKED[OCTANE][1].poses[0]
    poses = (first, shifted(first, (1.0, 0.0, 0.0)), shifted(first, (0.0, 3.0, 4.0)), shifted(first, (9.0, 0.0, 0.0)))
    energies = tuple((-4.0, -5.0 + e, -0.5, 1.5, -0.5) for e in (0.0, 0.05, gap, gap + 0.1))
    (finding,) = found(OCTANE, "next pose", poses=poses, energies=energies)
    assert f"{gap:.2f} kcal/mol higher" in finding.observation
    assert "5.0 Å away (root" in finding.observation
    assert ("uncertain" in finding.advice) == unsure
    assert not finding.expected


def test_a_pose_that_is_the_same_by_symmetry_or_nearly_the_same_is_none():
    docking = DOCKED["c1ccccc1"][1]
    lines = [line for line in docking.poses[0].splitlines() if line.startswith("ATOM")]
    turned = "\n".join(lines[n][:30] + lines[(n + 3) % 6][30:54] + lines[n][54:] for n in range(6))
    energies = (docking.energies[0], docking.energies[0])
    assert not found("c1ccccc1", "next pose", poses=(docking.poses[0], turned), energies=energies)
    assert not found(OCTANE, "next pose", poses=DOCKED[OCTANE][1].poses[:1])


def test_the_gap_counts_the_intramolecular_energy():
    docking = DOCKED[OCTANE][1]
    poses = (docking.poses[0], shifted(docking.poses[0], (6.0, 0.0, 0.0)))
    energies = ((-4.0, -5.0, -1.0, 1.5, -1.0), (-4.5, -5.5, -0.1, 1.5, -1.0))
    (finding,) = found(OCTANE, "next pose", poses=poses, energies=energies)
    assert "0.40 kcal/mol higher" in finding.observation


@pytest.mark.parametrize(("strain", "count"), [(None, 0), (9.9, 0), (10.1, 1), (30.0, 1)])
def test_strain_is_told_where_it_is_large(strain, count):
    findings = found(OCTANE, "strain", strain=strain)
    assert len(findings) == count
    for f in findings:
        assert f"{strain:.1f} kcal/mol" in f.observation
        assert "torsion about" in f.observation


def test_a_doubtful_charge_is_told_at_its_atom():
    """Both nitrogens of a piperazine, on a pose that is the prepared conformer in the middle of the box."""
    ligand = prepare("OCCN1CCN(Cc2ccccc2)CC1")
    if ligand.docked_smiles.count("+") < 2:
        pytest.fail("Open Babel charges both nitrogens of a piperazine; this test is built on it")
    protein = target("PPARD")
    pose = "\n".join(line for line in ligand.pdbqt.splitlines() if line.startswith(("ATOM", "HETATM")))
    atoms = np.array([[float(line[k : k + 8]) for k in (30, 38, 46)] for line in pose.splitlines()])
    docking = Docking(
        *(ligand.smiles, ligand.docked_smiles, -5.0, ((-5.0, -6.0, 0.0),)),
        (shifted(pose, np.array(protein.center) - atoms.mean(axis=0)),),
        *(ligand.atom_of, ligand.mol_block, ligand.block_atom_of, 5),
    )
    notes, findings = describe(docking, receptor=load_receptor(protein.receptor), admit=gates.admit)
    odd = [f for f in findings if f.kind == "odd protonation"]
    mol = Chem.MolFromSmiles(ligand.smiles)
    nitrogens = [a.GetIdx() + 1 for a in mol.GetAtoms() if a.GetSymbol() == "N"]
    assert [f.subject.split()[1] for f in odd] == [str(n) for n in nitrogens]
    charges = {n.name: n.text for n in notes}["Charges"]
    assert charges == ", ".join(f"atom {n} (amine N) +1" for n in nitrogens) + " at pH 7.4"


def test_the_docked_form_names_the_isomer_by_the_numbers_of_the_smiles():
    notes = {n.name: n.text for n in told("CC(C)Cc1ccc(C(C)C(=O)O)cc1")[0]}
    assert notes["Docked form"] == "CC(C)Cc1ccc([C@H](C)C(=O)[O-])cc1, 9S"
    assert notes["Charges"] == "atom 13 (carboxylate O) -1 at pH 7.4"
    notes = {n.name: n.text for n in told(RISPERIDONE, ph=6.0)[0]}
    assert notes["Docked form"] == DOCKED[RISPERIDONE][1].docked_smiles, "a protonated amine has no label"
    assert notes["Charges"].endswith("+1 at pH 6")
    assert "Charges" not in {n.name for n in told(OCTANE)[0]}


def test_these_kinds_are_never_crowded_out_and_a_designer_does_not_misread_them():
    notes, findings = told(RISPERIDONE, strain=19.0, most=1)
    assert {"next pose", "strain"} <= {f.kind for f in findings}
    own = tuple(f for f in findings if f.kind in ("next pose", "strain"))
    evaluation = Evaluation(RISPERIDONE, -9.0, notes=notes, findings=own)
    assert read(render(Brief("smiles", (evaluation,)))) == rounded(Brief("smiles", (evaluation,)))
    bare = dataclasses.replace(evaluation, findings=())
    assert guidance(evaluation, atoms=30) == guidance(bare, atoms=30)


def test_the_poses_as_sdf_carry_strain_and_both_energies():
    docking = DOCKED[RISPERIDONE][1]
    first, *others, _ = pose_sdf(dataclasses.replace(docking, strain=6.25)).split("$$$$\n")
    assert ">  <strain>\n6.250\n" in first
    assert f">  <Vina intramolecular>\n{docking.energies[0][2]:.3f}\n" in first
    assert others
    assert all("<strain>" not in other for other in others)
    assert "<strain>" not in pose_sdf(docking)
