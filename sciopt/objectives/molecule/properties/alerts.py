"""Structural alerts: substructures that mislead assays (PAINS) or are unwanted in leads (BRENK), with their atoms.

PAINS: Baell and Holloway, J. Med. Chem. 53, 2719 (2010). BRENK: Brenk et al., ChemMedChem 3, 435 (2008). Both as
RDKit ships them. A PAINS pattern is searched only in molecules with the elements and bonds to hold it.
"""

from __future__ import annotations

import csv
import functools
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem, RDConfig

Catalog = Literal["PAINS", "BRENK"]
_DEFINITE = re.compile(r"\[(?:#(\d+)|([cnos]|Cl|Br|I))[\];&X]")
_NUMBERS = {"c": 6, "n": 7, "o": 8, "s": 16, "Cl": 17, "Br": 35, "I": 53}
Parts = Counter[tuple[int, ...]]
"""How often an element (n,), a bonded pair (n, n, 0) or a double bond outside aromatic rings (n, n, 2) is there."""


@dataclass(frozen=True)
class Alert:
    """One alert; `atoms` are the indices of all atoms that it matches."""

    catalog: Catalog
    name: str
    atoms: tuple[int, ...]

    @property
    def label(self) -> str:
        """Catalog and name in one text: "BRENK nitro_group"."""
        return f"{self.catalog} {self.name}"


def alerts(mol: Chem.Mol) -> tuple[Alert, ...]:
    """All PAINS and BRENK alerts of a molecule, sorted by label.

    >>> [alert.label for alert in alerts(Chem.MolFromSmiles("O=[N+]([O-])c1ccccc1"))]
    ['BRENK nitro_group', 'BRENK Oxygen-nitrogen_single_bond']
    """
    return tuple(sorted([*_brenk(mol), *_pains(mol)], key=lambda alert: alert.label.lower()))


def new_alerts(mol: Chem.Mol, *, known: frozenset[str]) -> tuple[Alert, ...]:
    """Alerts whose label is not among the known ones, of the first catalog that has any: quicker than all of them."""
    for search in (_brenk, _pains):
        found = tuple(alert for alert in search(mol) if alert.label not in known)
        if found:
            return found
    return ()


def _brenk(mol: Chem.Mol) -> list[Alert]:
    return [Alert("BRENK", e.GetDescription(), _atoms(e, mol)) for e in _catalog("BRENK").GetMatches(mol)]


def _pains(mol: Chem.Mol) -> list[Alert]:
    possible = _sieve().possible(mol)
    return [Alert("PAINS", e.GetDescription(), _atoms(e, mol)) for e in possible if e.HasFilterMatch(mol)]


def _atoms(entry: Any, mol: Chem.Mol) -> tuple[int, ...]:
    return tuple(sorted({atom for match in entry.GetFilterMatches(mol) for _, atom in match.atomPairs}))


@functools.lru_cache(maxsize=4)
def _catalog(name: Catalog) -> Any:
    from rdkit.Chem import FilterCatalog

    parameters = FilterCatalog.FilterCatalogParams()
    parameters.AddCatalog(getattr(FilterCatalog.FilterCatalogParams.FilterCatalogs, name))
    return FilterCatalog.FilterCatalog(parameters)


Needs = tuple[tuple[tuple[int, ...], int], ...]


@dataclass(frozen=True)
class _Sieve:
    """The entries of a catalog, and what each needs: one row per entry, one column per part."""

    entries: tuple[Any, ...]
    parts: tuple[tuple[int, ...], ...]
    needs: NDArray[np.int16]

    def possible(self, mol: Chem.Mol) -> list[Any]:
        """The entries that have to be searched in a molecule."""
        has = _parts(mol)
        fits = (self.needs <= np.array([has[part] for part in self.parts], dtype=np.int16)).all(axis=1)
        return [self.entries[index] for index in np.flatnonzero(fits)]


@functools.lru_cache(maxsize=1)
def _sieve() -> _Sieve:
    catalog, known = _catalog("PAINS"), _pains_needs()
    entries = tuple(catalog.GetEntryWithIdx(index) for index in range(catalog.GetNumEntries()))
    parts = tuple(sorted({part for needs in known.values() for part, _ in needs}))
    needs = np.zeros((len(entries), len(parts)), dtype=np.int16)
    for row, entry in enumerate(entries):
        for part, count in known.get(entry.GetDescription(), ()):
            needs[row, parts.index(part)] = count
    return _Sieve(entries, parts, needs)


def _pains_needs() -> dict[str, Needs]:
    """What each PAINS pattern needs, from the SMARTS beside RDKit; nothing is known where that file is missing."""
    table = Path(RDConfig.RDDataDir) / "Pains" / "wehi_pains.csv"
    if not table.is_file():
        return {}
    with table.open(newline="", encoding="utf-8") as rows:
        return {row[1].removeprefix("<regId=").removesuffix(">"): _needs(row[0]) for row in csv.reader(rows) if row}


def _needs(smarts: str) -> Needs:
    """A lower bound on the parts: only atoms count whose element the pattern leaves no choice about."""
    pattern: Any = Chem.MolFromSmarts(smarts)  # the stubs of RDKit misname the arguments of GetSmarts
    element = [_element(atom.GetSmarts()) for atom in pattern.GetAtoms()]
    counts: Parts = Counter((e,) for e in element if e > 1)
    for bond in pattern.GetBonds():
        one, two = sorted((element[bond.GetBeginAtomIdx()], element[bond.GetEndAtomIdx()]))
        if one > 1:
            counts[one, two, 0] += 1
            counts[one, two, 2] += bond.GetSmarts() == "="
    return tuple(sorted((part, count) for part, count in counts.items() if count))


def _parts(mol: Chem.Mol) -> Parts:
    counts: Parts = Counter((atom.GetAtomicNum(),) for atom in mol.GetAtoms())
    for bond in mol.GetBonds():
        one, two = sorted((bond.GetBeginAtom().GetAtomicNum(), bond.GetEndAtom().GetAtomicNum()))
        counts[one, two, 0] += 1
        counts[one, two, 2] += bond.GetBondType() == Chem.BondType.DOUBLE
    return counts


def _element(smarts: str) -> int:
    """The one element that an atom's SMARTS admits, 0 where it offers a choice."""
    text = smarts if smarts.startswith("[") else f"[{smarts}]"
    head = re.sub(r"\(.*\)", "", text).partition(";")[0]
    found = None if "," in head else _DEFINITE.match(f"{head};")
    return 0 if found is None else int(found[1] or _NUMBERS[found[2]])
