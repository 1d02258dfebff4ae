"""Crystal structures for the tests of targets, read once, and orders for targets made of them."""

from __future__ import annotations

import functools
from pathlib import Path

from sciopt.objectives.molecule.crystal import making
from sciopt.targets.proteins.structure import Residue, Structure, read_structure

STRUCTURES = Path(__file__).parent.parent / "targets" / "structures"
PROGESTERONE = "CC(=O)[C@H]1CC[C@H]2[C@@H]3CCC4=CC(=O)CC[C@]4(C)[C@H]3CC[C@]12C"
AMPRENAVIR = "CC(C)CN(C[C@@H](O)[C@H](Cc1ccccc1)NC(=O)O[C@H]1CCOC1)S(=O)(=O)c1ccc(N)cc1"


@functools.cache
def structure(name: str) -> Structure:
    return read_structure(STRUCTURES / name)


def the(name: str, label: str) -> Residue:
    [found] = [each for each in structure(name).residues if each.label == label]
    return found


def protein_of(name: str) -> list[Residue]:
    return [each for each in structure(name).residues if each.role == "protein"]


def order(name: str, **options: object) -> making.Order:
    return making.Order(STRUCTURES / name, **options)  # type: ignore[arg-type]
