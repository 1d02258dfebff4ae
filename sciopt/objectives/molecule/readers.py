"""SMILES from files: .smi (a SMILES and a name a line), .csv (a column `smiles`), .sdf."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rdkit import Chem, rdBase

from sciopt.errors import InvalidInput

SUFFIXES = (".smi", ".smiles", ".csv", ".sdf")


@dataclass(frozen=True)
class Entry:
    """One molecule as a user gave it: its text, and a name where there is one."""

    text: str
    name: str = ""


def read_entries(given: Sequence[str]) -> list[Entry]:
    """Arguments of the command line: each a SMILES, or a file of them by its ending."""
    entries: list[Entry] = []
    for each in given:
        if Path(each).suffix.lower() in SUFFIXES:
            entries += read_file(Path(each))
        else:
            entries.append(Entry(each))
    return entries


def read_file(path: Path) -> list[Entry]:
    """All molecules of a file; `InvalidInput` when it cannot be read or holds none."""
    try:
        entries = list(_READERS[path.suffix.lower()](path))
    except OSError as error:
        raise InvalidInput(f"the file {path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InvalidInput(f"the file {path} is not a text in UTF-8: {error.reason}") from error
    if not entries:
        raise InvalidInput(f"the file {path} holds no molecule")
    return entries


def _smi(path: Path) -> Iterator[Entry]:
    for line in path.read_text(encoding="utf-8").splitlines():
        text, _, name = line.strip().partition("\t" if "\t" in line else " ")
        if text and not text.startswith("#") and text.lower() != "smiles":
            yield Entry(text, name.strip())


def _csv(path: Path) -> Iterator[Entry]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        columns = {name.strip().lower(): name for name in reader.fieldnames or () if name}
        if "smiles" not in columns:
            raise InvalidInput(
                f"the file {path} has no column 'smiles'; its columns are {', '.join(columns) or 'none'}"
            )
        called = next((columns[name] for name in ("name", "id", "title", "compound") if name in columns), None)
        for row in reader:
            text = (row[columns["smiles"]] or "").strip()
            yield Entry(text, (row[called] or "").strip() if called else "")


def _sdf(path: Path) -> Iterator[Entry]:
    if not path.is_file():
        raise FileNotFoundError(2, "No such file or directory")
    with rdBase.BlockLogs():
        for number, mol in enumerate(Chem.SDMolSupplier(str(path)), 1):
            if mol is None:
                yield Entry(f"(record {number} of {path.name} cannot be read)")
                continue
            name = mol.GetProp("_Name") if mol.HasProp("_Name") else ""
            yield Entry(Chem.MolToSmiles(mol), name)


_READERS = {".smi": _smi, ".smiles": _smi, ".csv": _csv, ".sdf": _sdf}
