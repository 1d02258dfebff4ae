"""The molecules on the way: the right atoms are marked, shared parts stand still, and the bytes are reproducible."""

from __future__ import annotations

import io
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image
from rdkit import Chem

from sciopt.errors import InvalidInput
from sciopt.objectives.molecule.figures import WayStep, molecules_on_the_way
from sciopt.objectives.molecule.molecule_figures import balanced, way
from sciopt.objectives.molecule.overlays import changed_atoms, lay_out, overlay
from sciopt.report.figures import save
from sciopt.report.kinds import Choices, figure
from tests.molecule.recorded import JAK2, recorded_run

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


def test_molecules_that_share_nothing_are_laid_out_on_their_own_and_marked_as_a_whole() -> None:
    one, other = Chem.MolFromSmiles("C1CC1"), Chem.MolFromSmiles("O=S(=O)(N)N")
    shared = overlay(one, other)
    assert shared == ()
    assert changed_atoms(one, other, shared) == list(range(5))
    drawn = molecules_on_the_way(steps(["C1CC1", "O=S(=O)(N)N", "C", "CO"]))
    said = [text.get_text() for text in drawn.axes[0].texts]
    assert said.count("all of it is new") == 3
    assert any("marked: outside the largest part" in text for text in said)


def test_molecules_that_took_too_long_to_compare_are_told_and_not_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sciopt.objectives.molecule.figures.overlay", lambda earlier, later: None)
    drawn = molecules_on_the_way(steps(["CCCO", "CCCN"]))
    said = [text.get_text() for text in drawn.axes[0].texts]
    assert said.count("not compared: it took too long") == 1
    assert not any("marked" in text for text in said)


def test_shared_atoms_stand_in_the_same_place() -> None:
    molecules = [Chem.MolFromSmiles(s) for s in WAY]
    overlays = [overlay(one, other) for one, other in pairwise(molecules)]
    lay_out(molecules, overlays)
    for (one, other), shared in zip(pairwise(molecules), overlays, strict=True):
        assert shared is not None
        here, there = (m.GetConformer().GetPositions() for m in (one, other))
        assert max(float(abs(here[a] - there[b]).max()) for a, b in shared) < 0.01


def _gaps(molecule: Chem.Mol) -> np.ndarray:
    """Between all atoms of a layout."""
    places = molecule.GetConformer().GetPositions()
    return np.asarray(np.linalg.norm(places[:, None] - places[None], axis=2))


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("Nc1nc2c(ncn2COCCO)c(=O)[nH]1", "CCCSc1ccc2nc(NC(=O)OC)[nH]c2c1"),
        ("NC12CC3CC(CC(C3)C1)C2", "CCOC(=O)C1=C(COCCN)NC(C)=C(C(=O)OC)C1c1ccccc1Cl"),
    ],
)
def test_a_molecule_is_not_bent_to_lie_on_its_successor(earlier: str, later: str) -> None:
    pair = [Chem.MolFromSmiles(earlier), Chem.MolFromSmiles(later)]
    lay_out(pair, [overlay(*pair)])
    alone = Chem.MolFromSmiles(earlier)
    lay_out([alone], [])
    gaps, own = (_gaps(molecule) for molecule in (pair[0], alone))
    assert gaps == pytest.approx(own, abs=0.01)


def texts(svg: Path) -> list[str]:
    return [str(t.text) for t in ElementTree.parse(svg).getroot().iter("{http://www.w3.org/2000/svg}text")]


def test_every_format_holds_the_same_grid_with_labels_and_captions_as_text(tmp_path: Path) -> None:
    written = save(molecules_on_the_way(steps(WAY), columns=3), tmp_path / "way")
    said = texts(tmp_path / "way.svg")
    assert "4: loss \N{MINUS SIGN}4.90" in said
    assert "Vina \N{MINUS SIGN}4.90, QED 0.44" in said
    assert (said.count("H"), said.count("NH")) == (3, 1), "amides with the hydrogen above or below, an indole"
    assert any("kcal/mol" in text for text in said)
    assert {path.suffix for path in written} == {".svg", ".pdf", ".png"}


@pytest.mark.parametrize("width", [3.504, 7.205])
def test_a_figure_keeps_its_width_and_everything_inside(width: float) -> None:
    long = "CCCCCCCCCCCCCCCCCCCC(=O)Nc1ccc(-c2ccc(-c3ccc(OCCCCCCCCC)cc3)cc2)cc1"
    figure = molecules_on_the_way(steps([long, *WAY]), columns=round(width / 1.75), width_inches=width)
    assert figure.get_figwidth() == pytest.approx(width)
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=100)
    pixels = np.asarray(Image.open(stream).convert("L"))
    assert pixels.min() < 100
    for edge in (pixels[:2], pixels[-2:], pixels[:, :2], pixels[:, -2:]):
        assert edge.min() == 255, "ink at the edge of the page"


def test_a_height_that_is_asked_for_is_kept() -> None:
    figure = molecules_on_the_way(steps(WAY), columns=2, width_inches=3.5, height_inches=2.5, title="The way")
    assert figure.get_size_inches().tolist() == pytest.approx([3.5, 2.5])


_DRAW = """
import sys
from pathlib import Path
from sciopt.objectives.molecule.figures import WayStep, molecules_on_the_way
from sciopt.objectives.molecule.overlays import changed_atoms, lay_out, overlay
from sciopt.report.figures import save
steps = [WayStep(s, n, -n, {"QED": n / 10}) for n, s in enumerate(sys.argv[2:])]
save(molecules_on_the_way(steps), Path(sys.argv[1]))
"""


def test_the_same_molecules_give_the_same_bytes_in_another_process(tmp_path: Path) -> None:
    for seed in ("1", "2"):
        command = [sys.executable, "-W", "error", "-c", _DRAW, str(tmp_path / seed / "way"), *WAY]
        subprocess.run(command, check=True, env={"PYTHONHASHSEED": seed, "MPLCONFIGDIR": str(tmp_path / "mpl")})
    for ending in ("svg", "pdf", "png"):
        one, other = ((tmp_path / seed / f"way.{ending}").read_bytes() for seed in ("1", "2"))
        assert one == other, ending
        assert len(one) > 1000


def test_the_way_of_a_run_is_that_of_its_best_or_the_line_of_one_evaluation(tmp_path: Path) -> None:
    run = recorded_run(tmp_path / "run", [JAK2[1], JAK2[3], JAK2[2]])
    assert [step.smiles for step in way(run)] == [row.evaluation.value for row in run.rows if row.is_best]
    assert [step.number for step in way(run, number=3)] == [3], "a start has no parents"
    assert list(way(run, quantities=["SA score"])[0].values) == ["SA score"]
    for wrong, said in ((9, "there are 1 to 3"), (0, "there are 1 to 3")):
        with pytest.raises(InvalidInput, match=said):
            way(run, number=wrong)
    with pytest.raises(InvalidInput, match="was not measured; there are"):
        way(run, quantities=["SAscore"])
    made = figure("molecules", [run], Choices(width_inches=7.2))
    assert made.get_figwidth() == pytest.approx(7.2)


def test_what_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(InvalidInput, match="at least one molecule"):
        molecules_on_the_way([])
    with pytest.raises(InvalidInput, match="not a SMILES"):
        molecules_on_the_way(steps(["c1ccccc"]))


def test_rows_are_of_one_length_as_far_as_they_can_be() -> None:
    for count in range(1, 40):
        columns = balanced(count, widest=4)
        rows = -(-count // columns)
        assert columns <= 4
        assert rows == -(-count // 4)
        assert columns * rows - count < rows
