"""Molecules drawn: RDKit's picture, with its letters as text, whatever the molecule; hostile texts are refused."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from rdkit import Chem

from sciopt.errors import InvalidInput
from sciopt.objectives.molecule.picture import HEIGHT, WIDTH, picture
from sciopt.objectives.molecule.sketches import BOND_POINTS, LONGEST, Sketch, readable_molecule, sketch

DRUGS = [
    line.split()[0]
    for line in (Path(__file__).parent / "drugs.smi").read_text().splitlines()
    if line and line[0] != "#"
]
MINUS = "\N{MINUS SIGN}"


def drawn(smiles: str) -> Sketch:
    return sketch(readable_molecule(smiles))


def words(smiles: str) -> list[str]:
    return sorted(label.text for label in drawn(smiles).labels)


@pytest.mark.parametrize(
    ("smiles", "expected"),
    [
        ("C[NH3+]", ["+", "3", "NH"]),
        ("CC(=O)[O-]", [MINUS, "O", "O"]),
        ("C[N+](C)(C)C", ["+", "N"]),
        ("[Ca+2]", ["2+", "Ca"]),
        ("OC", ["OH"]),
        ("C[13CH2]C", ["13", "C"]),
        ("[2H]C(Cl)Br", ["2", "Br", "Cl", "H"]),
        ("C[Si](C)(C)C", ["Si"]),
        ("[Na+].[Cl-]", ["+", "Cl", MINUS, "Na"]),
        ("C", ["4", "CH"]),
        ("O", ["2", "H", "O"]),
        ("c1cc[nH]c1", ["HN"]),
        ("CC", []),
    ],
)
def test_atoms_are_labelled_with_hydrogens_charges_and_isotopes(smiles: str, expected: list[str]) -> None:
    assert words(smiles) == sorted(expected)


@pytest.mark.parametrize("number", range(1, 119))
def test_every_element_is_written_in_letters(number: int) -> None:
    symbol = Chem.GetPeriodicTable().GetElementSymbol(number)
    found = drawn(f"[{symbol}-]")
    assert [label.text for label in found.labels] == [symbol, MINUS]
    assert all(len(shape.codes) > 10 for shape in found.shapes), (
        "no letter is left as an outline: only dots of radicals"
    )


def test_the_letters_of_drugs_are_all_text_and_spell_their_atoms() -> None:
    assert len(DRUGS) > 20
    for smiles in DRUGS:
        molecule = readable_molecule(smiles)
        found = sketch(molecule)
        letters = "".join(label.text for label in found.labels)
        for symbol in ("N", "O", "S", "F", "Cl", "Br"):
            atoms = sum(atom.GetSymbol() == symbol for atom in molecule.GetAtoms())
            assert letters.count(symbol) == atoms, (smiles, symbol)


def test_a_label_stands_on_its_atom() -> None:
    found = drawn("CC(=O)Nc1ccc(Cl)cc1")
    molecule = readable_molecule("CC(=O)Nc1ccc(Cl)cc1")
    for label in found.labels:
        first = np.array([label.x + 0.35 * label.size, label.y - 0.36 * label.size])
        gaps = np.linalg.norm(found.atoms - first, axis=1)
        symbol = molecule.GetAtomWithIdx(int(gaps.argmin())).GetSymbol()
        assert gaps.min() < BOND_POINTS, label
        assert label.text == "H" or label.text.startswith(symbol), label


def test_configuration_is_drawn_as_a_wedge_or_as_dashes_and_only_where_it_is_known() -> None:
    left, right, unknown = (drawn(s) for s in ("C[C@H](N)C(=O)O", "C[C@@H](N)C(=O)O", "CC(N)C(=O)O"))
    filled = [sum(shape.fill != "none" for shape in each.shapes) for each in (left, right, unknown)]
    lines = [sum(shape.stroke != "none" for shape in each.shapes) for each in (left, right, unknown)]
    assert sorted(filled[:2]) == [0, 1], "a wedge in the one, dashes in the other"
    assert max(lines[:2]) > lines[2] + 5
    assert filled[2] == 0


def test_marked_atoms_stand_on_a_colour_behind_everything() -> None:
    molecule = readable_molecule("CCO")
    plain, marked = sketch(molecule), sketch(molecule, marked=[1, 2])
    added = len(marked.shapes) - len(plain.shapes)
    assert added == 3, "two discs and the band between them"
    assert all(shape.fill != "none" for shape in marked.shapes[:added])


def test_a_plain_molecule_is_of_one_colour() -> None:
    found = sketch(readable_molecule("O=C(N)CS"), plain=True)
    assert len({shape.stroke for shape in found.shapes} | {label.colour for label in found.labels}) == 1


def test_scaling_moves_everything_alike_and_keeps_lines_thick_enough_for_print() -> None:
    found = drawn("CC(=O)Nc1ccc(O)cc1")
    half = found.scaled(0.5)
    assert (half.width, half.height) == (found.width / 2, found.height / 2)
    assert np.allclose(half.atoms, found.atoms / 2)
    assert min(shape.width for shape in half.shapes if shape.stroke != "none") >= 0.5


@pytest.mark.parametrize("smiles", ["C", "[H][H]", "C1CC1", "C" * 60, "C1" + "C" * 300 + "1", ".".join(["CCO"] * 40)])
def test_tiny_and_large_molecules_stay_inside_their_sketch(smiles: str) -> None:
    found = drawn(smiles)
    low, high = found.atoms.min(axis=0), found.atoms.max(axis=0)
    assert (low > -0.1 * BOND_POINTS).all()
    assert high[0] < found.width + 0.1 * BOND_POINTS
    assert high[1] < found.height + 0.1 * BOND_POINTS


@pytest.mark.parametrize("smiles", ["c1ccccc", "", " ", "<script>", "not a molecule", "C" * (LONGEST + 1), "C" * 10**6])
def test_what_is_no_molecule_or_too_large_a_one_is_refused_in_few_words(smiles: str) -> None:
    for draw in (picture, readable_molecule):
        with pytest.raises(InvalidInput) as error:
            draw(smiles)
        assert len(str(error.value)) < 200


@pytest.mark.parametrize("smiles", ["c1ccccc1", "C", "[Na+].CC(=O)[O-]", "C" * 200, "CC=CC |w:1.0|"])
def test_a_small_picture_is_a_card_that_holds_the_molecule_and_nothing_else(smiles: str) -> None:
    root = ElementTree.fromstring(picture(smiles))
    assert root.attrib["viewBox"] == f"0 0 {WIDTH} {HEIGHT}"
    tags = [each.tag.removeprefix("{http://www.w3.org/2000/svg}") for each in root]
    assert tags[0] == "rect"
    assert set(tags[1:]) <= {"path", "ellipse"}, "letters are outlines: no font is needed"
    assert len(tags) > 1
    assert picture(smiles) == picture(smiles)
