"""Drugs that are known to bind a target at the site of its box: the scale that a docking score is read against.

The table beside this file names for each drug where its structure was checked. A drug whose structure was written from
memory is not `verified`, and says so wherever it is shown.
"""

from __future__ import annotations

import csv
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from sciopt.errors import ToolError

TABLE = Path(__file__).with_name("references.csv")
_COLUMNS = ["target", "name", "action", "smiles", "inchikey", "verified", "source", "note"]
_REINSTALL = "reinstall sciopt"


@dataclass(frozen=True)
class Reference:
    """A drug, or a clinical candidate where no drug is known, that binds a target directly.

    `smiles` is the free base or acid with every stereocentre given; `inchikey` is its standard InChIKey. `action` is
    one word: inhibitor, agonist, antagonist, substrate. `source` says where the structure was found; `verified` is True
    where its atoms and its configuration were, and False where it is recalled. `note` is what a reader of the score
    must know: that one isomer of a mixture is meant, that the receptor is in another state, that the drug is
    investigational.
    """

    name: str
    smiles: str
    source: str
    verified: bool
    action: str
    inchikey: str
    note: str = ""


def references(target_name: str) -> tuple[Reference, ...]:
    """The reference drugs of a target, its name in any case; () where none is known. `ToolError` without the table.

    >>> [drug.name for drug in references("jak2")]
    ['ruxolitinib', 'fedratinib']
    """
    return _table().get(target_name.strip().upper(), ())


def targets_with_references() -> tuple[str, ...]:
    """The names of the targets with at least one reference drug, in alphabetical order."""
    return tuple(sorted(_table()))


@functools.cache
def _table() -> Mapping[str, tuple[Reference, ...]]:
    found: dict[str, tuple[Reference, ...]] = {}
    try:
        with TABLE.open(encoding="utf-8", newline="") as lines:
            rows = csv.DictReader(lines, strict=True)
            if rows.fieldnames != _COLUMNS:
                raise ToolError(f"{TABLE} has other columns than {', '.join(_COLUMNS)}: {_REINSTALL}")
            for row in rows:
                found[row["target"]] = (*found.get(row["target"], ()), _reference(row, line=rows.line_num))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ToolError(f"the table of reference drugs {TABLE} cannot be read ({error}): {_REINSTALL}") from error
    return MappingProxyType(found)


def _reference(row: Mapping[str, str | None], *, line: int) -> Reference:
    """One line of the table; a line cut short or with too much is refused."""
    cells = {name: text for name, text in row.items() if text is not None}
    verified = {"yes": True, "no": False}.get(cells.get("verified", ""))
    if list(cells) != _COLUMNS or verified is None:
        raise ToolError(f"line {line} of {TABLE} is damaged: {_REINSTALL}")
    return Reference(
        name=cells["name"],
        smiles=cells["smiles"],
        source=cells["source"],
        verified=verified,
        action=cells["action"],
        inchikey=cells["inchikey"],
        note=cells["note"],
    )
