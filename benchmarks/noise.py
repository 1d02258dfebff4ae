"""How far a quick docking's score scatters: with other seeds of the search, other conformers of the ligand, and both.

    python benchmarks/noise.py [--ligands 8] [--repeats 6]

Exhaustiveness 1 on JAK2; the standard deviation over the repeats, by ligand, and its root mean square over ligands.
"""

from __future__ import annotations

import argparse

import numpy as np
from machine import machine
from vina import Vina

from sciopt.objectives.molecule.ligand.preparation import prepare
from sciopt.targets.proteins.catalog import target

SEED = 974528263
LIGANDS = (
    "Nc1ccnc(Nc2ccccc2)n1",
    "O=C(NCc1cccc(F)c1)c1cccc(N2CCCC2)c1",
    "CC(=O)Oc1ccccc1C(=O)O",
    "N#CCC(C1CCCC1)n1cc(-c2ncnc3[nH]ccc23)cn1",
    "O=C(c1ccc(N2CCOCC2)cc1)N1CCCC1",
    "c1ccc(COc2ccccc2)cc1",
    "CNS(=O)(=O)c1ccc(-c2ccncc2)cc1",
    "O=C(Nc1ccccc1)C1CCN(C(=O)c2ccco2)CC1",
)


def score(engine: Vina, pdbqt: str) -> float:
    """The score that Vina prints for its first pose, in kcal/mol."""
    engine.set_ligand_from_string(pdbqt)
    engine.dock(exhaustiveness=1, n_poses=3)
    return float(engine.energies(n_poses=3)[0][0])


def scores(ligands: tuple[str, ...], seeds: list[int]) -> dict[str, np.ndarray]:
    """By what was changed, the scores with shape (ligands, seeds), in kcal/mol."""
    jak2 = target("JAK2")
    made = {(smiles, seed): prepare(smiles, seed=seed).pdbqt for smiles in ligands for seed in seeds}
    found = {name: np.zeros((len(ligands), len(seeds))) for name in ("search", "conformer", "both")}
    for j, seed in enumerate(seeds):
        engine = Vina("vina", cpu=1, seed=seed, verbosity=0)
        engine.set_receptor(str(jak2.receptor))
        engine.compute_vina_maps(jak2.center, jak2.size)
        for i, smiles in enumerate(ligands):
            found["search"][i, j] = score(engine, made[smiles, seeds[0]])
            found["both"][i, j] = score(engine, made[smiles, seed])
            if j == 0:
                found["conformer"][i] = [score(engine, made[smiles, other]) for other in seeds]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--ligands", type=int, default=len(LIGANDS))
    parser.add_argument("--repeats", type=int, default=6)
    chosen = parser.parse_args()
    print(f"{machine()}; JAK2, exhaustiveness 1, {chosen.repeats} repeats; standard deviation in kcal/mol")
    for name, values in scores(LIGANDS[: chosen.ligands], [SEED + n for n in range(chosen.repeats)]).items():
        spread = values.std(axis=1, ddof=1)
        print(
            f"{name:<10} root mean square {np.sqrt((spread**2).mean()):.3f}, by ligand {np.round(spread, 2).tolist()}"
        )


if __name__ == "__main__":
    main()
