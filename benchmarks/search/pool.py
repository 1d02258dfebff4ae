"""How `pool.smi` and `bank.smi` were made: parts of drugs, and whole drugs, that may be proposed.

    python -m benchmarks.search.pool

The source is tests/molecule/drugs.smi, structures of marketed drugs. The pool: every part that BRICS bonds cut them
into (J. Degen et al., ChemMedChem 2008, 3, 1503), hydrogen at the cut bonds, of 8 to 18 heavy atoms, with QED of at
least 0.45, that passes the gates; 200 of them in the order of a digest of their SMILES. The bank: whole drugs of
at most 28 heavy atoms that pass the gates and leave no stereocentre open, 24 of them spaced evenly in size.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from rdkit import Chem
from rdkit.Chem import BRICS

from sciopt.objectives.molecule.properties.gates import Gates
from sciopt.objectives.molecule.properties.qed import qed
from sciopt.records import digest

HERE = Path(__file__).resolve().parent
DRUGS = HERE.parents[1] / "tests" / "molecule" / "drugs.smi"
POOL, BANK = HERE / "pool.smi", HERE / "bank.smi"
_SIZES = range(8, 19)
_DRUG_LIKE = 0.45


def read(path: Path) -> list[str]:
    """The SMILES of a file, in order."""
    return [line.split()[0] for line in path.read_text("utf-8").splitlines() if line and not line.startswith("#")]


def parts(smiles: str) -> Iterator[str]:
    """The BRICS parts of a molecule without stereo, of every depth, hydrogen at the cut bonds."""
    mol = Chem.MolFromSmiles(smiles)
    Chem.RemoveStereochemistry(mol)
    for part in sorted(BRICS.BRICSDecompose(mol, minFragmentSize=3, keepNonLeafNodes=True)):  # type: ignore[no-untyped-call]
        cut = Chem.MolFromSmiles(part)
        for atom in cut.GetAtoms():
            if atom.GetAtomicNum() == 0:
                atom.SetAtomicNum(1)
                atom.SetIsotope(0)
        yield str(Chem.MolToSmiles(Chem.MolFromSmiles(Chem.MolToSmiles(Chem.RemoveHs(cut)))))


def make_pool(drugs: list[str], *, count: int = 200) -> list[str]:
    """The pool's molecules."""
    gates = Gates()
    whole = sorted({part for drug in drugs for part in parts(drug)}, key=digest)
    mols = ((smiles, Chem.MolFromSmiles(smiles)) for smiles in whole)
    fitting = (s for s, m in mols if m.GetNumAtoms() in _SIZES and qed(m) >= _DRUG_LIKE and gates.admits(s))
    return list(islice(fitting, count))


def make_bank(lines: list[str], *, count: int = 24) -> list[str]:
    """The bank's lines: SMILES and name."""
    gates = Gates()
    fitting: list[tuple[int, str]] = []
    for line in lines:
        smiles, name = line.split(maxsplit=1)
        mol = Chem.MolFromSmiles(smiles)
        canonical = Chem.MolToSmiles(mol)
        if gates.admits(canonical) and not _open_centres(mol):
            fitting.append((mol.GetNumAtoms(), f"{canonical} {name}"))
    fitting.sort()
    return [fitting[i * (len(fitting) - 1) // (count - 1)][1] for i in range(count)]


def _open_centres(mol: Chem.Mol) -> bool:
    found = Chem.FindPotentialStereo(mol)
    return any(each.specified == Chem.StereoSpecified.Unspecified for each in found)


def main() -> None:
    """Write both files."""
    lines = DRUGS.read_text("utf-8").splitlines()
    made = "# made by benchmarks/search/pool.py, which says how"
    POOL.write_text("\n".join([made, *make_pool([line.split()[0] for line in lines])]) + "\n", encoding="utf-8")
    BANK.write_text("\n".join([made, *make_bank(lines)]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
