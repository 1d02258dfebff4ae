"""Many substructure patterns at once: which of them a molecule cannot hold, seen from its atoms and bonds alone.

A pattern is searched only where the molecule has as many atoms and bonds of each kind as the pattern has to have. What
is passed over would not match; what is left may or may not.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem

from sciopt.objectives.molecule.properties.graph import LARGEST, Graph, symbol

Symbols = frozenset[int]
"""What an atom may be, as the symbols of `graph`."""

_ORDER = {"-": {1.0}, "=": {2.0}, "#": {3.0}, ":": {1.5}, "": {1.0, 1.5}}
_ANY_ORDER = frozenset({1.0, 1.5, 2.0, 3.0})
_NUMBERS = {Chem.GetPeriodicTable().GetElementSymbol(number): number for number in range(1, LARGEST + 1)}
_ANYTHING = frozenset(range(6 * (LARGEST + 1)))
_INNERMOST = re.compile(r"\([^()]*\)")
_PRIMITIVE = re.compile(r"(?:#(\d+)|([A-Z][a-z]?|[cnosp]|se|as))(?=$|[&HXRrvD+\-])")
_CHARGE = re.compile(r"[+-]\d*")

Part = tuple[Symbols] | tuple[Symbols, Symbols, frozenset[float]]
"""An atom of a pattern, or a bond: what its two atoms may be and its possible orders."""
Kind = tuple[int] | tuple[int, int, float]
"""An atom of a molecule, or a bond: the symbols of its atoms and its order."""


def _kinds(molecule: Graph) -> Counter[Kind]:
    """How often each kind of atom and bond occurs."""
    symbols = molecule.symbols
    begin, end = np.nonzero(molecule.orders)
    orders = molecule.orders[begin, end].tolist()
    counts: Counter[Kind] = Counter((symbol,) for symbol in symbols)
    bonds = zip(begin.tolist(), end.tolist(), orders, strict=True)
    counts.update((symbols[i], symbols[j], order) for i, j, order in bonds if i < j)
    return counts


@dataclass(frozen=True, eq=False)
class PatternSieve:
    """What each of some patterns needs: one row per pattern, one column per part."""

    parts: tuple[Part, ...]
    needs: NDArray[np.int16]
    _rows: dict[Kind, NDArray[np.int16]] = field(default_factory=dict)

    @classmethod
    def of(cls, patterns: Sequence[Chem.Mol | None]) -> PatternSieve:
        """The sieve of patterns from SMARTS; of None nothing is known, so that it is always searched."""
        held = [Counter(_parts(pattern)) if pattern is not None else Counter[Part]() for pattern in patterns]
        parts = tuple(sorted({part for each in held for part in each}, key=_sortable))
        column = {part: index for index, part in enumerate(parts)}
        within = {part: [column[other] for other in parts if _within(part, other)] for part in parts}
        needs = np.zeros((len(patterns), len(parts)), dtype=np.int16)
        for row, each in enumerate(held):
            for part, count in each.items():
                needs[row, within[part]] += count
        return cls(parts, needs)

    def possible(self, molecule: Graph) -> list[int]:
        """The indices of the patterns that have to be searched in a molecule."""
        if not molecule.plain:
            return list(range(len(self.needs)))
        counts = _kinds(molecule)
        has = np.array(list(counts.values()), dtype=np.int16) @ np.stack([self._row(kind) for kind in counts])
        fits: list[int] = np.flatnonzero((self.needs <= has).all(axis=1)).tolist()
        return fits

    def _row(self, kind: Kind) -> NDArray[np.int16]:
        """For each part, whether an atom or bond of this kind can stand for it."""
        row = self._rows.get(kind)
        if row is None:
            row = self._rows[kind] = np.array([_fits(kind, part) for part in self.parts], dtype=np.int16)
        return row


def _sortable(part: Part) -> tuple[list[int | float], ...]:
    return tuple(sorted(each) for each in part)


def _fits(kind: Kind, part: Part) -> bool:
    if len(kind) == 1 or len(part) == 1:
        return len(kind) == len(part) and kind[0] in part[0]
    one, two, order = kind
    first, second, orders = part
    return order in orders and ((one in first and two in second) or (two in first and one in second))


def _within(part: Part, other: Part) -> bool:
    """Whether all that can stand for the part can stand for the other one."""
    if len(part) == 1 or len(other) == 1:
        return len(part) == len(other) and part[0] <= other[0]
    one, two, order = part
    first, second, orders = other
    return order <= orders and ((one <= first and two <= second) or (two <= first and one <= second))


def _parts(pattern: Any) -> Iterable[Part]:
    """The atoms and bonds of a pattern but for its hydrogens, which may be implicit in the molecule."""
    symbols = [admitted(atom.GetSmarts()) for atom in pattern.GetAtoms()]  # the stubs of RDKit misname its arguments
    heavy = [each == _ANYTHING or not each & _element(1) for each in symbols]
    yield from ((each,) for each, counts in zip(symbols, heavy, strict=True) if counts)
    for bond in pattern.GetBonds():
        begin, end = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()
        if heavy[begin] and heavy[end]:
            one, two = sorted((symbols[begin], symbols[end]), key=sorted)
            yield one, two, frozenset(_ORDER.get(bond.GetSmarts(), _ANY_ORDER))


def admitted(smarts: str) -> Symbols:
    """What an atom's SMARTS admits: `[#6]`, `c`, `[N,O;H1]`, `[N;+]`; everything where it is not plain."""
    text = smarts[1:-1] if smarts.startswith("[") else smarts
    while (flat := _INNERMOST.sub("", text)) != text:
        text = flat
    head, *further = text.split(";")
    found = [_symbols(choice) for choice in head.split(",")]
    if not all(found):
        return _ANYTHING
    return frozenset().union(*found).intersection(*map(_charged, further))


def _symbols(choice: str) -> Symbols:
    """What one alternative admits, `N&H2&+`; nothing where its element is not told."""
    match = _PRIMITIVE.match(choice)
    number = 0 if match is None else int(match[1] or _NUMBERS.get(match[2].capitalize(), 0))
    if match is None or not number:
        return frozenset()
    aromatic = (False, True) if match[1] else (match[2].islower(),)
    return _element(number, aromatic=aromatic).intersection(*map(_charged, choice.split("&")))


def _element(number: int, *, aromatic: Sequence[bool] = (False, True)) -> Symbols:
    return frozenset(symbol(number, aromatic=a, charge=charge) for a in aromatic for charge in (-1, 0, 1))


def _charged(primitive: str) -> Symbols:
    """What a charge admits; everything where the primitive is no charge."""
    if not _CHARGE.fullmatch(primitive):
        return _ANYTHING
    sign = 0 if primitive[1:] == "0" else 1 if primitive[0] == "+" else -1
    return frozenset(each for each in _ANYTHING if each % 3 == sign + 1)
