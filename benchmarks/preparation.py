"""Is our ligand preparation dockstring's? PDBQT texts of both, compared byte for byte, over the drugs of the tests.

    python benchmarks/preparation.py

The peer is dockstring's own functions in the same run; `obabel` must be on the PATH for it (activate .venv).
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from machine import machine

from sciopt.errors import InvalidValue
from sciopt.objectives.molecule.ligand.preparation import prepare

DRUGS = Path(__file__).resolve().parent.parent / "tests" / "molecule" / "drugs.smi"


def theirs(smiles: str, folder: Path) -> str:
    """What dockstring's functions make, stage by stage as its `dock` calls them."""
    from dockstring import utils

    neutral = utils.sanitize_mol(utils.smiles_to_mol(utils.canonicalize_smiles(smiles)))
    charged = utils.protonate_mol(neutral, pH=7.4)
    conformer = utils.refine_mol_with_ff(utils.embed_mol(charged, seed=974528263))
    utils.assign_stereochemistry(conformer)
    utils.write_mol_to_mol_file(conformer, folder / "ligand.mol")
    utils.convert_mol_file_to_pdbqt(folder / "ligand.mol", folder / "ligand.pdbqt")
    return (folder / "ligand.pdbqt").read_text()


def timed(make: Callable[[], str]) -> tuple[str, float]:
    """What it made, and the CPU seconds of this process and its children."""

    def spent() -> float:
        both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return sum(each.ru_utime + each.ru_stime for each in both)

    before = spent()
    return make(), spent() - before


def main() -> None:
    """Print how many are equal, and the CPU time of both."""
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    equal, ours_total, theirs_total, differing = 0, 0.0, 0.0, []
    with tempfile.TemporaryDirectory() as folder:
        drugs = [line.split(maxsplit=1) for line in DRUGS.read_text("utf-8").splitlines() if line.strip()]
        for smiles, name in drugs:
            try:
                ours, ours_seconds = timed(lambda s=smiles: prepare(s).pdbqt)
            except InvalidValue as error:
                differing.append(f"{name}: {error}")
                continue
            peer, peer_seconds = timed(lambda s=smiles: theirs(s, Path(folder)))
            ours_total, theirs_total = ours_total + ours_seconds, theirs_total + peer_seconds
            if ours == peer:
                equal += 1
            else:
                differing.append(f"{name}: another PDBQT text")
    print(f"{machine()}; dockstring 0.3.4 as the peer")
    print(f"{equal} of {len(drugs)} PDBQT texts are equal byte for byte")
    print(f"CPU seconds a ligand: {ours_total / len(drugs):.3f}, dockstring {theirs_total / len(drugs):.3f}")
    print(f"ratio dockstring / sciopt: {theirs_total / ours_total:.2f}")
    for line in differing:
        print(f"  {line}")


if __name__ == "__main__":
    main()
