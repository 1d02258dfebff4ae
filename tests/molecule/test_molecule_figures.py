"""The molecules on the way: the right atoms are marked, shared parts stand still, and the bytes are reproducible."""

from __future__ import annotations

import io
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PIL import Image
from rdkit import Chem

from sciopt.errors import InvalidInput
from sciopt.objectives.molecule import figures
from sciopt.objectives.molecule.figures import WayStep, changed_atoms, molecules_on_the_way, overlay

WAY = [
    "c1ccccc1",
    "O=C(Nc1ccccc1)c1ccccc1",
    "Cc1ccc(C(=O)Nc2ccncc2)cc1",
    "O=S(=O)(Nc1ccc2[nH]ccc2c1)c1ccc(-c2ccc(F)cc2OCC2CC2)nc1",
]


def steps(smiles: list[str]) -> list[WayStep]:
    return [WayStep(s, 3 * n + 1, -3.9 - n, {"Vina score": -3.9 - n, "QED": 0.44}) for n, s in enumerate(smiles)]


@pytest.mark.parametrize(
    ("earlier", "later", "changed"),
    [
        ("c1ccccc1", "Cc1ccccc1", "C"),
        ("Cc1ccccc1", "Cc1ccncc1", "N"),
        ("Cc1ccc(F)cc1", "Cc1ccc(Cl)cc1", "Cl"),
        ("CCOc1ccccc1", "CCNc1ccccc1", "N"),
        ("Cc1ccccc1", "c1ccccc1", ""),
        ("c1ccccc1", "c1ccc2[nH]ccc2c1", "NCC"),
        ("OC(=O)c1ccc(Cl)cc1", "OC(=O)c1ccc(Cl)cc1", ""),
    ],
)
def test_the_changed_atoms_are_those_that_the_earlier_molecule_does_not_have(
    earlier: str, later: str, changed: str
) -> None:
    one, other = Chem.MolFromSmiles(earlier), Chem.MolFromSmiles(later)
    marked = changed_atoms(one, other, overlay(one, other))
    elements = sorted(other.GetAtomWithIdx(i).GetSymbol() for i in marked)
    assert elements == sorted(["Cl"] if changed == "Cl" else list(changed))


def test_molecules_that_share_nothing_are_laid_out_on_their_own_with_nothing_marked() -> None:
    one, other = Chem.MolFromSmiles("C1CC1"), Chem.MolFromSmiles("O=S(=O)(N)N")
    shared = overlay(one, other)
    assert shared is None
    assert changed_atoms(one, other, shared) == []
    assert molecules_on_the_way(steps(["C1CC1", "O=S(=O)(N)N", "C", "O"])).svg


def test_shared_atoms_stand_in_the_same_place() -> None:
    molecules = [Chem.MolFromSmiles(s) for s in WAY]
    overlays = [overlay(one, other) for one, other in pairwise(molecules)]
    figures._lay_out(molecules, overlays)
    for (one, other), shared in zip(pairwise(molecules), overlays, strict=True):
        assert shared is not None
        here, there = (m.GetConformer().GetPositions() for m in (one, other))
        assert max(float(abs(here[a] - there[b]).max()) for a, b in shared) < 0.01


def test_both_formats_hold_the_same_grid_with_its_captions() -> None:
    drawing = molecules_on_the_way(steps(WAY), columns=3)
    root = ElementTree.fromstring(drawing.svg.split("?>", 1)[1])
    texts = [t.text for t in root.iter("{http://www.w3.org/2000/svg}text")]
    assert texts[2:4] == ["4: loss −4.90", "Vina −4.90, QED 0.44"]
    image = Image.open(io.BytesIO(drawing.png))
    width, height = (float(root.attrib[side].removesuffix("px")) for side in ("width", "height"))
    assert image.size == (3 * width, 3 * height)
    assert (width / 3, height / 2) == (250, 196), "three columns, two rows"


def test_a_drawing_stays_inside_its_cell_however_large_the_molecule() -> None:
    long = "CCCCCCCCCCCCCCCCCCCC(=O)Nc1ccc(-c2ccc(-c3ccc(OCCCCCCCCC)cc3)cc2)cc1"
    image = Image.open(io.BytesIO(molecules_on_the_way(steps([long, long]), columns=2).png)).convert("L")
    width, height = image.size
    for x in (0, 1, width // 2 - 2, width // 2 + 1, width - 1):
        assert image.crop((x, 0, x + 1, height)).getextrema() == (255, 255), f"ink at the border of a cell, x = {x}"


_DRAW = """
import sys
from pathlib import Path
from sciopt.objectives.molecule.figures import WayStep, molecules_on_the_way
steps = [WayStep(s, n, -n, {"QED": n / 10}) for n, s in enumerate(sys.argv[2:])]
molecules_on_the_way(steps).save(Path(sys.argv[1]))
"""


def test_the_same_molecules_give_the_same_bytes_in_another_process(tmp_path: Path) -> None:
    for seed in ("1", "2"):
        command = [sys.executable, "-W", "error", "-c", _DRAW, str(tmp_path / seed / "way"), *WAY]
        subprocess.run(command, check=True, env={"PYTHONHASHSEED": seed, "MPLCONFIGDIR": str(tmp_path / "mpl")})
    for ending in ("svg", "png"):
        one, other = ((tmp_path / seed / f"way.{ending}").read_bytes() for seed in ("1", "2"))
        assert one == other, ending
        assert len(one) > 1000


def test_what_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(InvalidInput, match="at least one molecule"):
        molecules_on_the_way([])
    with pytest.raises(InvalidInput, match="not a SMILES"):
        molecules_on_the_way(steps(["c1ccccc"]))
