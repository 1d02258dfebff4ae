"""PDBQT text into arrays: atom names, residues, coordinates and AutoDock types."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sciopt.errors import InvalidInput

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class PdbqtAtoms:
    """The atoms of one model, in the order of the file. `coordinates` has shape (atoms, 3), in angstrom.

    `residues` are names such as "HIS413", with the chain in front ("A:HIS413") where the file has more than one.
    """

    names: tuple[str, ...]
    residues: tuple[str, ...]
    types: tuple[str, ...]
    coordinates: Floats

    def __len__(self) -> int:
        return len(self.names)


def read_atoms(text: str) -> PdbqtAtoms:
    """The atoms of the first model of a PDBQT text; `InvalidInput` names the first line that cannot be read."""
    lines = atom_lines(text)
    chains = {line[21:22] for line in lines}
    names, residues, types, coordinates = [], [], [], []
    for line in lines:
        try:
            coordinates.append((float(line[30:38]), float(line[38:46]), float(line[46:54])))
        except ValueError:
            raise InvalidInput(f"PDBQT line {line!r} has no coordinates in columns 31 to 54") from None
        names.append(line[12:16].strip())
        residues.append(_residue(line, with_chain=len(chains) > 1))
        types.append(line[77:].split()[0] if line[77:].strip() else line.split()[-1])
    xyz = np.array(coordinates, dtype=np.float64).reshape(-1, 3)
    if not np.isfinite(xyz).all():
        raise InvalidInput("the PDBQT text has a coordinate that is no finite number")
    return PdbqtAtoms(tuple(names), tuple(residues), tuple(types), xyz)


def atom_lines(text: str) -> list[str]:
    """The lines of the atoms that `read_atoms` reads, in order: ATOM and HETATM, up to the first ENDMDL."""
    lines = []
    for line in text.splitlines():
        if line.startswith("ENDMDL"):
            break
        if line.startswith(("ATOM  ", "HETATM")):
            lines.append(line)
    return lines


def _residue(line: str, *, with_chain: bool) -> str:
    name, chain, number = line[17:20].strip(), line[21].strip(), line[22:27].strip()
    return f"{chain}:{name}{number}" if with_chain and chain else f"{name}{number}"
