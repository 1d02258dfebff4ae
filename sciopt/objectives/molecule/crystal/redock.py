"""The check of a target: its co-crystal ligand is docked again, and the distance to the crystal pose is told.

The root mean square deviation runs over heavy atoms in the coordinates of the receptor, without alignment, and is the
least over all mappings of equal elements and bonds, as in R. Meli and P. C. Biggin, J. Cheminform. 12 (2020) 49. Below
2 A a pose counts as found (e.g. R. Wang et al., J. Med. Chem. 46 (2003) 2287).
"""

from __future__ import annotations

from dataclasses import dataclass

from rdkit import Chem
from rdkit.Chem import rdMolAlign

from sciopt.errors import InvalidInput
from sciopt.objectives.molecule.docking.pool import DockingPool
from sciopt.objectives.molecule.docking.protocol import Docking, DockingProtocol
from sciopt.objectives.molecule.ligand.smiles import canonical_smiles
from sciopt.objectives.molecule.pose.geometry import pose_mol
from sciopt.targets.proteins.target import Target

FOUND = 2.0
"""A; a pose nearer than this to the crystal counts as the crystal's."""
_MAPPINGS = 20_000


@dataclass(frozen=True)
class Redocking:
    """Distances in A between docked poses and the crystal: of the best pose by energy, and of the closest.

    `closest` is the number of that pose, 1 being the best; `score` is Vina's of the best pose in kcal/mol.
    """

    score: float
    rmsd_best: float
    rmsd_closest: float
    closest: int
    poses: int
    cpu_seconds: float
    protocol: dict[str, str]

    @property
    def found(self) -> bool:
        """Whether the best pose is the crystal's."""
        return self.rmsd_best < FOUND

    def sentence(self) -> str:
        """The verdict in plain words."""
        best = f"best pose {self.rmsd_best:.2f} Å from the crystal"
        others = f"closest of {self.poses} {self.rmsd_closest:.2f} Å (pose {self.closest})"
        if self.found:
            verdict = f"below {FOUND:g} Å: this target finds its own ligand again"
        elif self.rmsd_closest < FOUND:
            verdict = f"NOT below {FOUND:g} Å, though pose {self.closest} is: the pose is found but not ranked first"
        else:
            verdict = (
                f"NOT below {FOUND:g} Å: do not trust poses here before you know why (cofactor, water, box, charge?)"
            )
        return f"re-docking: {best}, {others}; {verdict}. Vina score {self.score:.2f} kcal/mol"


def redock(ligand: Chem.Mol, *, target: Target, pool: DockingPool, protocol: DockingProtocol) -> Redocking:
    """Dock a ligand, given in its crystal pose, from its SMILES; nothing of the crystal pose is used in docking.

    Raises `InvalidValue` for a ligand that is beyond the limits of docking, `DockingFailed` for one without a pose.
    """
    smiles = canonical_smiles(Chem.MolToSmiles(ligand), limits=protocol.limits)
    docking = pool.dock(smiles, target=target, protocol=protocol)
    distances = [rmsd(ligand, docking, index=i) for i in range(len(docking.poses))]
    closest = min(range(len(distances)), key=distances.__getitem__)
    return Redocking(
        score=docking.score,
        rmsd_best=distances[0],
        rmsd_closest=distances[closest],
        closest=closest + 1,
        poses=len(distances),
        cpu_seconds=docking.cpu_seconds,
        protocol=protocol.describe(target),
    )


def rmsd(crystal: Chem.Mol, docking: Docking, *, index: int = 0) -> float:
    """The distance in A of one pose to the crystal pose; `InvalidInput` where they are not the same molecule."""
    pose, known = skeleton(pose_mol(docking, index=index)), skeleton(crystal)
    alike = (pose.GetNumAtoms(), pose.GetNumBonds()) == (known.GetNumAtoms(), known.GetNumBonds())
    if not alike or not known.HasSubstructMatch(pose):
        raise InvalidInput(f"the ligand of the crystal is not the molecule {docking.smiles} that was docked")
    return float(rdMolAlign.CalcRMS(pose, known, maxMatches=_MAPPINGS))


def skeleton(molecule: Chem.Mol) -> Chem.Mol:
    """The heavy atoms with single bonds and no charges, on their places: what is symmetric in a crystal is so here."""
    kept = [atom.GetIdx() for atom in molecule.GetAtoms() if atom.GetAtomicNum() > 1]
    places = molecule.GetConformer()
    bare, conformer = Chem.RWMol(), Chem.Conformer(len(kept))
    for new, old in enumerate(kept):
        bare.AddAtom(Chem.Atom(molecule.GetAtomWithIdx(old).GetAtomicNum()))
        conformer.SetAtomPosition(new, places.GetAtomPosition(old))
    index = {old: new for new, old in enumerate(kept)}
    for bond in molecule.GetBonds():
        ends = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()
        if ends[0] in index and ends[1] in index:
            bare.AddBond(index[ends[0]], index[ends[1]], Chem.BondType.SINGLE)
    made = bare.GetMol()
    made.AddConformer(conformer)
    made.UpdatePropertyCache(strict=False)
    return made
