"""Structure files: what is read from real entries, and what is said of files that cannot be used."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from sciopt.errors import InvalidInput
from sciopt.targets.proteins.structure import read_structure

HERE = Path(__file__).parent / "structures"


def text_of(name: str) -> str:
    return gzip.decompress((HERE / name).read_bytes()).decode()


def written(folder: Path, text: str | bytes, *, name: str = "file.pdb") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize(
    ("name", "protein", "waters", "others"),
    [
        ("1a28.pdb.gz", 251, 86, ["A:STR:1", "B:STR:2"]),
        ("1afs.pdb.gz", 319, 27, ["A:NAP:324", "A:TES:325"]),
        ("1fki.cif.gz", 214, 111, ["A:SB1:109", "B:SB1:108"]),
        ("1gbt.cif.gz", 223, 117, ["A:CA:701", "A:SO4:702", "A:SO4:703", "A:GBS:704"]),
        ("1hpv.pdb.gz", 198, 80, ["478:200"]),
        ("4cup.cif.gz", 115, 146, ["A:ZYB:2971", "A:MOH:2972", "A:MOH:2973", "A:MOH:2974"]),
    ],
)
def test_real_entries_are_read_residue_by_residue(name: str, protein: int, waters: int, others: list[str]) -> None:
    found = read_structure(HERE / name)
    roles = [each.role for each in found.residues]
    assert (roles.count("protein"), roles.count("water")) == (protein, waters)
    assert [each.label for each in found.residues if each.role == "other"] == others
    for each in found.residues:
        names = [atom.name for atom in each.atoms]
        assert len(set(names)) == len(names)
        assert "H" not in {atom.element for atom in each.atoms}


def test_packed_and_plain_files_of_one_entry_are_the_same_structure(tmp_path: Path) -> None:
    plain = read_structure(written(tmp_path, text_of("4cup.cif.gz"), name="no ending at all"))
    assert plain.residues == read_structure(HERE / "4cup.cif.gz").residues


def test_of_alternate_locations_the_likelier_is_kept_and_named() -> None:
    found = read_structure(HERE / "4cup.cif.gz")
    [note] = [note for note in found.notes if "alternate" in note]
    assert "A:GLU:1945 B 0.62 (not A 0.38)" in note
    assert "A:MET:1880 A 0.50 (not B 0.50)" in note
    [glutamate] = [each for each in found.residues if each.label == "A:GLU:1945"]
    assert len(glutamate.atoms) == 9


def test_only_the_first_model_of_many_is_taken(tmp_path: Path) -> None:
    atoms = "".join(f"{line}\n" for line in text_of("1a28.pdb.gz").splitlines() if line.startswith("ATOM"))
    both = read_structure(written(tmp_path, f"MODEL        1\n{atoms}ENDMDL\nMODEL        2\n{atoms}ENDMDL\nEND\n"))
    assert both.residues == read_structure(written(tmp_path, f"{atoms}END\n")).residues
    assert "the first of 2 models is taken" in both.notes


def test_bonds_that_a_file_states_are_read() -> None:
    bonds = read_structure(HERE / "1fki.cif.gz").bonds["SB1"]
    assert sorted(set(bonds.values())) == [1.0, 2.0]
    double = {frozenset(pair) for pair, order in bonds.items() if order == 2.0}
    assert {atom for pair in double for atom in pair if atom.startswith("O")} == {"O2", "O3", "O7", "O20"}


def test_double_bonds_that_conect_says_twice_are_read(tmp_path: Path) -> None:
    text = text_of("1a28.pdb.gz")
    assert read_structure(HERE / "1a28.pdb.gz").bonds == {}
    ligand = [line for line in text.splitlines() if line.startswith("HETATM") and "STR A" in line]
    serial = {line[12:16].strip(): line[6:11] for line in ligand}
    twice = f"CONECT{serial['C3']}{serial['O3']}{serial['O3']}\nCONECT{serial['O3']}{serial['C3']}{serial['C3']}\n"
    lines = [line for line in text.splitlines() if not line.startswith(("CONECT", "END"))]
    found = read_structure(written(tmp_path, "\n".join(lines) + f"\n{twice}END\n"))
    assert found.bonds == {"STR": {("C3", "O3"): 2.0}}


def test_a_file_without_its_end_is_told(tmp_path: Path) -> None:
    lines = text_of("1a28.pdb.gz").splitlines()
    cut = next(i for i, line in enumerate(lines) if line.startswith("ATOM")) + 900
    found = read_structure(written(tmp_path, "\n".join(lines[:cut])))
    assert "no END record" in found.warnings[0]


def test_a_pdb_file_that_is_cut_within_a_line_is_refused_with_the_line(tmp_path: Path) -> None:
    lines = text_of("1a28.pdb.gz").splitlines()
    cut = next(i for i, line in enumerate(lines) if line.startswith("ATOM")) + 900
    path = written(tmp_path, "\n".join([*lines[:cut], lines[cut][:40]]))
    with pytest.raises(InvalidInput, match=rf"line {cut + 1}: the file is cut short"):
        read_structure(path)
    damaged = [*lines[:cut], f"{lines[cut][:30]}   x.yyy{lines[cut][38:]}", *lines[cut + 1 :]]
    with pytest.raises(InvalidInput, match=rf"line {cut + 1}: the line is damaged"):
        read_structure(written(tmp_path, "\n".join(damaged)))


@pytest.mark.parametrize("part", [0.6, 0.9])
def test_a_broken_mmcif_file_is_refused(tmp_path: Path, part: float) -> None:
    text = text_of("4cup.cif.gz")
    atoms = text.index("_atom_site.group_PDB")
    cut = atoms + int(part * (text.index("HETATM") - atoms)) // 82 * 82 + 31
    with pytest.raises(InvalidInput, match="broken or cut short as mmCIF"):
        read_structure(written(tmp_path, text[:cut]))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"# A readme\n\nnothing here\n", "neither ATOM records"),
        (b"", "neither ATOM records"),
        (b"MZ\0\0\0\0", "not a structure in text form"),
        (b"data_comp\n_chem_comp.id STI\n", "without _atom_site"),
        (gzip.compress(b"ATOM" * 9000, mtime=0)[:60], "cut short or damaged"),
        (b"HETATM    1  O   HOH A   1      11.075  17.330  19.560  1.00  0.00           O\nEND\n", "holds no protein"),
    ],
)
def test_what_is_no_structure_of_a_protein_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        read_structure(written(tmp_path, content))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot be read: No such file"):
        read_structure(tmp_path / "1abc.pdb")


def test_the_format_before_1996_is_read_without_its_line_numbers() -> None:
    found = read_structure(HERE / "1hpv.pdb.gz")
    [ligand] = [each for each in found.residues if each.role == "other"]
    assert sorted({atom.element for atom in ligand.atoms}) == ["C", "N", "O", "S"]
    assert np.isfinite(ligand.coordinates).all()
    assert "before 1996" in found.notes[0]
