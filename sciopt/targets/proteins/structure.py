"""A structure file read into plain residues: PDB or mmCIF, packed or not, each alternate location decided.

gemmi (M. Wojdyr, J. Open Source Softw. 7 (2022) 4200) parses; what it would take in silence is refused here.
"""

from __future__ import annotations

import gzip
import hashlib
import math
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import gemmi
import numpy as np
from numpy.typing import NDArray

from sciopt.errors import InvalidInput

Floats = NDArray[np.float64]
Bonds = Mapping[tuple[str, str], float]
"""Bond orders by two atom names; 1.5 is an aromatic bond."""

_OLD_COLUMNS = 72  # before 1996 columns 73 to 80 held the entry and a line number, where charges stand today


@dataclass(frozen=True)
class Atom:
    """One atom; `place` in A."""

    name: str
    element: str
    place: tuple[float, float, float]
    charge: int = 0


@dataclass(frozen=True)
class Residue:
    """One residue in one conformation, without hydrogens; `role` is "protein", "nucleic", "water" or "other".

    `number` holds the insertion code as well ("60A"). `hydrogens` are the names of those that the file has.
    """

    chain: str
    name: str
    number: str
    role: str
    atoms: tuple[Atom, ...]
    hydrogens: frozenset[str] = frozenset()

    @property
    def label(self) -> str:
        """Chain, name and number, as options name it: "A:STI:201"; without the chain where it has no name."""
        return ":".join(part for part in (self.chain, self.name, self.number) if part)

    @property
    def coordinates(self) -> Floats:
        """Shape (atoms, 3), in A."""
        return np.array([atom.place for atom in self.atoms], dtype=np.float64).reshape(-1, 3)


@dataclass(frozen=True)
class Structure:
    """What a file holds. `bonds` and `charges` are those that it states for its components, by residue name."""

    path: Path
    sha256: str
    title: str
    residues: tuple[Residue, ...]
    bonds: Mapping[str, Bonds]
    charges: Mapping[str, Mapping[str, int]]
    notes: tuple[str, ...]
    warnings: tuple[str, ...]


def read_structure(path: Path) -> Structure:
    """Read a PDB or mmCIF file, told apart by what is in it; `.gz` may be packed.

    Raises `InvalidInput` for a file that cannot be read, is no structure, is cut short or holds no protein.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InvalidInput(f"the structure {path} cannot be read: {error.strerror}") from error
    text = _text(data, path)
    bonds: Mapping[str, Bonds] = {}
    charges: Mapping[str, Mapping[str, int]] = {}
    warnings: list[str] = []
    notes: list[str] = []
    if _is_mmcif(text):
        block = _block(text, path)
        model = gemmi.make_structure_from_block(block)
        bonds, charges = _component_bonds(block), _component_charges(block)
    else:
        _check_lines(text, path)
        model, old = _read_pdb(text, path)
        bonds = _stated_bonds(text, model)
        notes += ["columns 73 to 80 are those of the format before 1996: left out"] if old else []
        if not any(line.startswith("END") for line in text.splitlines()[-5:]):
            warnings.append("the file has no END record: make sure that it is complete")
    residues, told = _residues(model, path)
    title = " ".join(model.info["_struct.title"].split()) if "_struct.title" in model.info else ""
    digest = hashlib.sha256(data).hexdigest()
    return Structure(path, digest, title, residues, bonds, charges, (*notes, *told), tuple(warnings))


def _text(data: bytes, path: Path) -> str:
    """The text of a file, unpacked where it is packed."""
    if data[:2] == b"\x1f\x8b":
        try:
            data = gzip.decompress(data)
        except (EOFError, OSError, zlib.error) as error:
            said = f"{path} cannot be unpacked ({error})"
            raise InvalidInput(f"{said}: it is cut short or damaged, get it anew") from error
    if b"\0" in data[:4096]:
        raise InvalidInput(f"{path} is not a structure in text form: expected PDB or mmCIF, as it is or packed by gzip")
    return data.decode("utf-8", errors="replace")


def _is_mmcif(text: str) -> bool:
    first = next((line for line in text.splitlines() if line.strip() and not line.startswith("#")), "")
    return first.lower().startswith("data_")


def _block(text: str, path: Path) -> gemmi.cif.Block:
    """The block of a mmCIF text that has the atoms."""
    try:
        document = gemmi.cif.read_string(text)
    except (ValueError, RuntimeError) as error:
        said = " ".join(str(error).replace("string:", "line ").split())
        raise InvalidInput(f"{path} is broken or cut short as mmCIF ({said}): get it anew") from error
    for block in document:
        if len(block.find_loop("_atom_site.Cartn_x")) > 0:
            return block
    raise InvalidInput(f"{path} is a CIF without _atom_site: it is not the structure of a protein (a dictionary?)")


def _check_lines(text: str, path: Path) -> None:
    """`InvalidInput` for the first atom of a PDB text that has no coordinates, and for a text without atoms."""
    lines = text.splitlines()
    atoms = [(i, line) for i, line in enumerate(lines, 1) if line.startswith(("ATOM  ", "HETATM"))]
    if not atoms:
        raise InvalidInput(f"{path} is not a structure: it has neither ATOM records (PDB) nor a data_ block (mmCIF)")
    for number, line in atoms:
        if not all(_is_finite(line[i : i + 8]) for i in (30, 38, 46)):
            where = "the file is cut short" if number == len(lines) else "the line is damaged"
            raise InvalidInput(f"{path}, line {number}: {where}, no coordinates in columns 31 to 54: {line.strip()!r}")


def _is_finite(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _read_pdb(text: str, path: Path) -> tuple[gemmi.Structure, bool]:
    """The structure, and whether the end of its lines had to be left out."""
    try:
        return gemmi.read_pdb_string(text), False
    except (ValueError, RuntimeError):
        short = "\n".join(line[:_OLD_COLUMNS] for line in text.splitlines())
    try:
        return gemmi.read_pdb_string(short), True
    except (ValueError, RuntimeError) as error:
        raise InvalidInput(f"{path} cannot be read as PDB: {' '.join(str(error).split())}") from error


def _component_bonds(block: gemmi.cif.Block) -> dict[str, dict[tuple[str, str], float]]:
    """The bonds of `_chem_comp_bond`, by residue name."""
    orders = {"sing": 1.0, "doub": 2.0, "trip": 3.0, "arom": 1.5}
    found: dict[str, dict[tuple[str, str], float]] = {}
    for row in block.find("_chem_comp_bond.", ["comp_id", "atom_id_1", "atom_id_2", "value_order"]):
        name, first, second, order = (gemmi.cif.as_string(each) for each in row)
        if order.lower()[:4] in orders:
            found.setdefault(name, {})[first, second] = orders[order.lower()[:4]]
    return found


def _component_charges(block: gemmi.cif.Block) -> dict[str, dict[str, int]]:
    """The formal charges of `_chem_comp_atom`, by residue name, where they are not zero."""
    found: dict[str, dict[str, int]] = {}
    for row in block.find("_chem_comp_atom.", ["comp_id", "atom_id", "charge"]):
        name, atom, charge = (gemmi.cif.as_string(each) for each in row)
        if charge.lstrip("+-").isdigit() and int(charge):
            found.setdefault(name, {})[atom] = int(charge)
    return found


def _stated_bonds(text: str, model: gemmi.Structure) -> dict[str, dict[tuple[str, str], float]]:
    """Bonds within residues from CONECT records, for residues where a double one is stated by saying it twice."""
    owner = {
        atom.serial: (residue.name, str(residue.seqid), chain.name, atom.name)
        for chain in model[0]
        for residue in chain
        for atom in residue
    }
    found: dict[str, dict[tuple[str, str], float]] = {}
    copy: dict[str, tuple[str, str]] = {}
    for serial, partners in _conect(text):
        name, number, place, atom = owner.get(serial, ("", "", "", ""))
        if copy.setdefault(name, (number, place)) != (number, place):
            continue  # the first copy of a residue speaks for all
        for partner in set(partners):
            if owner.get(partner, ("",) * 4)[:3] == (name, number, place):
                first, second = sorted((atom, owner[partner][3]))  # CONECT names a bond from both of its ends
                bonds = found.setdefault(name, {})
                bonds[first, second] = max(bonds.get((first, second), 0.0), float(partners.count(partner)))
    return {name: bonds for name, bonds in found.items() if max(bonds.values()) > 1}


def _conect(text: str) -> Iterator[tuple[int, list[int]]]:
    """Each atom of the CONECT records with all of its partners, repeated where they are."""
    partners: dict[int, list[int]] = {}
    for line in text.splitlines():
        if line.startswith("CONECT"):
            numbers = [line[i : i + 5].strip() for i in range(6, 31, 5)]
            serials = [int(n) for n in numbers if n.isdigit()]
            if serials:
                partners.setdefault(serials[0], []).extend(serials[1:])
    yield from partners.items()


def _residues(model: gemmi.Structure, path: Path) -> tuple[tuple[Residue, ...], tuple[str, ...]]:
    """The residues of the first model, and what was decided on the way."""
    if len(model) == 0:
        raise InvalidInput(f"{path} holds no model with atoms")
    notes = [f"the first of {len(model)} models is taken"] if len(model) > 1 else []
    model.setup_entities()
    alternate: list[str] = []
    residues: list[Residue] = []
    for chain in model[0]:
        polymer = chain.get_polymer()
        sort = str(polymer.check_polymer_type()) if len(polymer) else ""
        for same in _same_place(chain):
            chosen = max(same, key=lambda r: sum(atom.occ for atom in r) / max(1, len(r)))
            role = _role(chosen, peptide="Peptide" in sort)
            residue, told = _decided(chosen, chain=chain.name, role=role)
            residues.append(residue)
            others = [each.name for each in same if each is not chosen]
            told = f"{residue.label} is taken, not {', '.join(others)}" if others else told
            alternate += [told] if told and role != "water" else []
    if not any(each.role == "protein" for each in residues):
        raise InvalidInput(f"{path} holds no protein: a receptor needs amino acids in a chain")
    if alternate:
        where = f"in {len(alternate)} residues: {_few(alternate)}"
        notes.append(f"alternate locations, the highest occupancy kept, {where}")
    return tuple(residues), tuple(notes)


def _same_place(chain: gemmi.Chain) -> Iterator[list[gemmi.Residue]]:
    """Residues of one number together: more than one where a place holds different residues."""
    together: list[gemmi.Residue] = []
    for residue in chain:
        alternates = together and all(atom.altloc != "\0" for atom in residue)
        if alternates and together[-1].seqid == residue.seqid:
            together.append(residue)
            continue
        if together:
            yield together
        together = [residue]
    if together:
        yield together


def _role(residue: gemmi.Residue, *, peptide: bool) -> str:
    if residue.is_water():
        return "water"
    if residue.entity_type == gemmi.EntityType.Polymer:
        return "protein" if peptide else "nucleic"
    return "other"


def _decided(residue: gemmi.Residue, *, chain: str, role: str) -> tuple[Residue, str]:
    """The residue in its conformation of highest occupancy, and in words which, where there are several."""
    occupancy: dict[str, list[float]] = {}
    for atom in residue:
        if atom.altloc != "\0":
            occupancy.setdefault(atom.altloc, []).append(atom.occ)
    mean = {letter: sum(values) / len(values) for letter, values in occupancy.items()}
    kept = max(sorted(mean), key=lambda letter: mean[letter]) if mean else ""
    atoms: dict[str, Atom] = {}
    hydrogens = set()
    for atom in residue:
        if atom.altloc not in ("\0", kept):
            continue
        if atom.is_hydrogen():
            hydrogens.add(atom.name)
        else:
            place = (atom.pos.x, atom.pos.y, atom.pos.z)
            atoms.setdefault(atom.name, Atom(atom.name, atom.element.name, place, atom.charge))
    found = Residue(chain, residue.name, str(residue.seqid), role, tuple(atoms.values()), frozenset(hydrogens))
    others = ", ".join(f"{letter} {mean[letter]:.2f}" for letter in sorted(mean) if letter != kept)
    return found, f"{found.label} {kept} {mean[kept]:.2f} (not {others})" if others else ""


def _few(items: Sequence[str], *, most: int = 8) -> str:
    """The first of many, and how many more there are."""
    more = f" and {len(items) - most} more" if len(items) > most else ""
    return f"{'; '.join(items[:most])}{more}"
