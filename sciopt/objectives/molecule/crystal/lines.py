"""The receptor as PDBQT text, in the form that DOCKSTRING's targets have."""

from __future__ import annotations

import string
from collections.abc import Sequence
from dataclasses import dataclass

from sciopt.errors import InvalidInput
from sciopt.targets.proteins.structure import Residue

_LETTERS = string.ascii_uppercase + string.ascii_lowercase + string.digits


@dataclass(frozen=True)
class Typed:
    """One atom with AutoDock's type and a partial charge in e; `place` in A."""

    residue: Residue
    name: str
    type: str
    charge: float
    place: tuple[float, float, float]


def pdbqt(atoms: Sequence[Typed], *, remark: str) -> tuple[str, tuple[str, ...]]:
    """The text of a rigid receptor, and notes on chains that had to be named anew: PDBQT has one letter for them."""
    letters = _chain_letters(dict.fromkeys(atom.residue.chain for atom in atoms))
    lines = [f"REMARK   4 {remark}"]
    lines += [_line(i, atom, letters[atom.residue.chain]) for i, atom in enumerate(atoms, 1)]
    renamed = [f"{chain} as {letter}" for chain, letter in letters.items() if chain not in ("", letter)]
    notes = (f"chains named by one letter: {', '.join(renamed)}",) if renamed else ()
    return "\n".join([*lines, "TER   "]) + "\n", notes


def _chain_letters(chains: dict[str, None]) -> dict[str, str]:
    free = [letter for letter in _LETTERS if letter not in chains]
    if sum(len(chain) > 1 for chain in chains) > len(free):
        raise InvalidInput(f"{len(chains)} chains near the box are more than PDBQT can name: choose some with --chain")
    return {chain: chain or " " if len(chain) < 2 else free.pop(0) for chain in chains}


def _line(serial: int, atom: Typed, chain: str) -> str:
    residue = atom.residue
    number, insertion = residue.number, " "
    if number[-1:].isalpha():
        number, insertion = number[:-1], number[-1]
    name = atom.name if len(atom.name) > 3 else f" {atom.name}"
    x, y, z = atom.place
    return (
        f"ATOM  {serial % 100000:>5} {name[:4]:<4} {residue.name[:3]:>3} {chain}{number[-4:]:>4}{insertion}   "
        f"{x:8.3f}{y:8.3f}{z:8.3f}  1.00  0.00    {atom.charge:6.3f} {atom.type:<2}"
    )
