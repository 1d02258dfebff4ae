"""What a docking is asked for and what it gives: the protocol, everything in it that changes a number, the result."""

from __future__ import annotations

import dataclasses
import functools
import importlib.metadata
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sciopt.errors import InvalidInput
from sciopt.objectives.molecule.ligand.openbabel import OpenBabel
from sciopt.objectives.molecule.ligand.smiles import BROAD, LigandLimits
from sciopt.targets.proteins.catalog import Target

Triple = tuple[float, float, float]

PREPARATIONS = ("dockstring", "meeko")
STRAIN = "MMFF94s, dielectric constant 80, heavy atoms within 0.3 A, 10 conformers"
"""How the strain of a pose is measured, see `pose.strain`."""

_LONGEST_BOX = 126.0  # A; Vina aborts on a box whose maps do not fit into memory


@dataclass(frozen=True)
class DockingProtocol:
    """How a ligand is prepared and docked.

    `center` and `size` (A) replace the target's box where they are given. `seed` serves the search, and the embedding
    where `conformer_seed` is None: another `conformer_seed` repeats a docking on the same warm maps. `preparation` is
    "dockstring" or "meeko". `strain` asks for the strain of the chosen pose. `wall_seconds` and `limits` decide only
    whether there is a result, not what it is.
    """

    exhaustiveness: int = 8
    seed: int = 974528263
    n_poses: int = 9
    center: Triple | None = None
    size: Triple | None = None
    ph: float = 7.4
    preparation: str = "dockstring"
    wall_seconds: float = 300.0
    limits: LigandLimits = BROAD
    strain: bool = True
    conformer_seed: int | None = None

    def __post_init__(self) -> None:
        if self.preparation not in PREPARATIONS:
            raise InvalidInput(f"preparation {self.preparation!r} is unknown: expected {' or '.join(PREPARATIONS)}")
        _expect("exhaustiveness", self.exhaustiveness, low=1, high=1024)
        _expect("number of poses", self.n_poses, low=1, high=1000)
        _expect("seed (0 would be a random one)", self.seed, low=1, high=2**31 - 1)
        if self.conformer_seed is not None:
            _expect("conformer seed (0 would be a random one)", self.conformer_seed, low=1, high=2**31 - 1)
        _expect("pH", self.ph, low=0, high=14)
        _expect("wall limit in s", self.wall_seconds, low=0.001, high=86400)
        for side in self.size or ():
            _expect("side of the box in A", side, low=1, high=_LONGEST_BOX)
        for place in self.center or ():
            _expect("centre of the box in A", place, low=-1e4, high=1e4)

    @property
    def embedding_seed(self) -> int:
        """The seed of the conformer that is docked."""
        return self.seed if self.conformer_seed is None else self.conformer_seed

    def box(self, target: Target) -> tuple[Triple, Triple]:
        """Centre and size of the box in A."""
        return self.center or target.center, self.size or target.size

    def describe(self, target: Target) -> dict[str, str]:
        """Everything that changes a number: versions, preparation, search, target and box."""
        center, size = self.box(target)
        asked = {
            "meeko": importlib.metadata.version("meeko") if self.preparation == "meeko" else None,
            "conformer_seed": None if self.conformer_seed is None else str(self.conformer_seed),
            "strain": STRAIN if self.strain else None,
        }
        return {
            **_versions(),
            "preparation": self.preparation,
            "pH": f"{self.ph:g}",
            "exhaustiveness": str(self.exhaustiveness),
            "seed": str(self.seed),
            "n_poses": str(self.n_poses),
            "target": f"{target.name} {target.digest}",
            "box": f"center {_triple(center)} A, size {_triple(size)} A",
            **{name: text for name, text in asked.items() if text is not None},
        }


def _expect(what: str, value: float, *, low: float, high: float) -> None:
    if not (math.isfinite(value) and low <= value <= high):
        raise InvalidInput(f"{what}: {value:g} does not fit; expected {low:g} to {high:g}")


def _triple(values: Triple) -> str:
    return f"({', '.join(f'{value:g}' for value in values)})"


@functools.cache
def _versions() -> dict[str, str]:
    return {
        "vina": importlib.metadata.version("vina"),
        "rdkit": importlib.metadata.version("rdkit"),
        "openbabel": OpenBabel.find().version,
    }


@dataclass(frozen=True)
class Docking:
    """What docking one ligand gave.

    `score` is what Vina prints for the first pose, in kcal/mol, lower is better. `energies` holds for each pose Vina's
    (total, inter, intra, torsions, intra of the best pose) in kcal/mol; `poses` their PDBQT texts: both in the order of
    inter + intra, which the search minimises, the lowest first. `strain` is that of the first pose in kcal/mol, None
    where it was not asked for or MMFF94s lacks parameters. `ph` is that of the protonation. `atom_of` names the
    atom of `Chem.MolFromSmiles(smiles)` for each ATOM line of a pose, and `block_atom_of` for each atom of `mol_block`
    (the prepared conformer with all hydrogens); -1 is a hydrogen. `torsions` is the PDBQT's TORSDOF. `cpu_seconds`
    counts all of it, the maps of a new target included; `seconds` is the wall time of each stage.
    """

    smiles: str
    docked_smiles: str
    score: float
    energies: tuple[tuple[float, ...], ...]
    poses: tuple[str, ...]
    atom_of: tuple[int, ...]
    mol_block: str
    block_atom_of: tuple[int, ...]
    torsions: int
    cpu_seconds: float = 0.0
    wall_seconds: float = 0.0
    seconds: Mapping[str, float] = field(default_factory=dict)
    strain: float | None = None
    ph: float = 7.4

    def to_json(self) -> dict[str, Any]:
        """A dict that `json.dumps` takes; `from_json` is its inverse."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Docking:
        """The inverse of `to_json`, also after JSON has made lists of tuples."""
        exact = {name: tuple(data[name]) for name in ("poses", "atom_of", "block_atom_of")}
        energies = tuple(tuple(row) for row in data["energies"])
        return cls(**{**data, **exact, "energies": energies, "seconds": dict(data["seconds"])})
