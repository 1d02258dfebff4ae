"""Reference drugs on their targets by both ligand preparations: isomer, charges, scores and strains side by side.

    python benchmarks/preparations.py

Exhaustiveness 8, Vina 1.2.7. `known` is the Vina score measured for the drug before this code existed.
"""

from __future__ import annotations

import dataclasses

from machine import machine

from sciopt.objectives.molecule.docking.pool import Docking, DockingPool, DockingProtocol
from sciopt.objectives.molecule.docking.protocol import PREPARATIONS
from sciopt.objectives.molecule.ligand.charges import charged_atoms
from sciopt.objectives.molecule.ligand.isomers import stereo_name
from sciopt.targets.proteins.catalog import target

PROTOCOL = DockingProtocol(wall_seconds=3600.0)  # a loaded machine is no reason to fail
DRUGS = (
    # the 3R epimer: the drug is a mixture at the methyl group of its tetrahydroquinoline
    (
        "argatroban",
        "F2",
        "C[C@@H]1CCN([C@@H](C(=O)O)C1)C(=O)[C@H](CCCNC(N)=N)NS(=O)(=O)c1cccc2c1NC[C@H](C)C2",
        -8.60,
    ),
    ("ruxolitinib", "JAK2", "N#CC[C@H](C1CCCC1)n1cc(-c2ncnc3[nH]ccc23)cn1", -8.71),
    ("raloxifene", "ESR1", "O=C(c1ccc(OCCN2CCCCC2)cc1)c1c(-c2ccc(O)cc2)sc2cc(O)ccc12", -10.95),
    ("risperidone", "DRD2", "Cc1nc2n(c(=O)c1CCN1CCC(c3noc4cc(F)ccc34)CC1)CCCC2", -11.86),
)


def charges(docking: Docking) -> str:
    """The charged atoms in words, a question mark on each that is doubtful."""
    named = charged_atoms(docking.smiles, docking.docked_smiles)
    return ", ".join(f"atom {c.atom + 1} ({c.group}) {c.charge:+d}{'?' if c.doubt else ''}" for c in named) or "none"


def main() -> None:
    """Print a block for each drug."""
    print(f"{machine()}; exhaustiveness 8; kcal/mol")
    with DockingPool() as pool:
        for name, protein, smiles, known in DRUGS:
            print(f"{name} on {protein}, known {known:.2f}")
            for preparation in PREPARATIONS:
                protocol = dataclasses.replace(PROTOCOL, preparation=preparation)
                docking = pool.dock(smiles, target=target(protein), protocol=protocol)
                strain = "none" if docking.strain is None else f"{docking.strain:.1f}"
                print(
                    f"  {preparation:<10} Vina {docking.score:6.2f} ({docking.score - known:+.2f})  "
                    f"strain {strain:>4}  torsions {docking.torsions:2d}  CPU {docking.cpu_seconds:5.1f} s"
                )
                print(f"    isomer {stereo_name(docking.smiles) or 'without stereo'}; charged {charges(docking)}")


if __name__ == "__main__":
    main()
