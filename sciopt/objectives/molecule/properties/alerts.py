"""Structural alerts: substructures that mislead assays (PAINS) or are unwanted in leads (BRENK), with their atoms.

PAINS: Baell and Holloway, J. Med. Chem. 53, 2719 (2010). BRENK: Brenk et al., ChemMedChem 3, 435 (2008). Both as
RDKit ships them. A pattern is searched only in molecules with the atoms and bonds to hold it.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any, Literal

from rdkit import Chem

from sciopt.objectives.molecule.properties.graph import graph
from sciopt.objectives.molecule.properties.patterns import PatternSieve

Catalog = Literal["PAINS", "BRENK"]
CATALOGS: tuple[Catalog, ...] = ("BRENK", "PAINS")
_MAGIC = b"\xef\xbe\xad\xde"  # with which RDKit begins a molecule in bytes


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
    return tuple(sorted((_alert(*hit, mol) for hit in _hits(mol)), key=lambda alert: alert.label.lower()))


def new_alerts(mol: Chem.Mol, *, known: frozenset[str]) -> tuple[Alert, ...]:
    """Alerts whose label is not among the known ones, of the first catalog that has any: quicker than all of them."""
    for _, hits in groupby(_hits(mol), key=itemgetter(0)):
        found = tuple(alert for alert in (_alert(*hit, mol) for hit in hits) if alert.label not in known)
        if found:
            return found
    return ()


def _hits(mol: Chem.Mol) -> Iterator[tuple[Catalog, Any]]:
    """The entries that match, catalog by catalog."""
    sieve, entries = _sieve()
    possible = (entries[index] for index in sieve.possible(graph(mol)))
    return ((catalog, entry) for catalog, entry in possible if entry.HasFilterMatch(mol))


def _alert(catalog: Catalog, entry: Any, mol: Chem.Mol) -> Alert:
    atoms = {atom for match in entry.GetFilterMatches(mol) for _, atom in match.atomPairs}
    return Alert(catalog, entry.GetDescription(), tuple(sorted(atoms)))


@functools.lru_cache(maxsize=1)
def _sieve() -> tuple[PatternSieve, tuple[tuple[Catalog, Any], ...]]:
    """The sieve of both catalogs, with their entries."""
    found = tuple((name, entry) for name in CATALOGS for entry in _entries(name))
    return PatternSieve.of([_pattern(entry) for _, entry in found]), found


def _entries(name: Catalog) -> Iterator[Any]:
    from rdkit.Chem import FilterCatalog

    parameters = FilterCatalog.FilterCatalogParams()
    parameters.AddCatalog(getattr(FilterCatalog.FilterCatalogParams.FilterCatalogs, name))
    catalog = FilterCatalog.FilterCatalog(parameters)
    return (catalog.GetEntryWithIdx(index) for index in range(catalog.GetNumEntries()))


def _pattern(entry: Any) -> Chem.Mol | None:
    """The pattern of an entry, which RDKit gives only as part of its bytes; None where it cannot be told."""
    text = bytes(entry.Serialize())
    head, magic, _ = text.partition(_MAGIC)
    length = head.split()[-1:]
    if not magic or not length or not length[0].isdigit():
        return None
    pattern, rest = text[len(head) : len(head) + int(length[0])], text[len(head) + int(length[0]) :]
    if _MAGIC in rest:  # of several patterns
        return None
    read: Any = Chem.Mol  # its stubs ask for a str
    try:
        found: Chem.Mol = read(pattern)
    except RuntimeError:  # another format of bytes: the entry is always searched
        return None
    return found
