"""What a report shows of one evaluated ligand: it with its atoms' parts of the score, its poses, what holds it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sciopt.errors import SciOptError
from sciopt.objectives.molecule.atom_figure import Shown, figure_of, title_of
from sciopt.objectives.molecule.docked import pose_texts, receptor_names, receptors, taken_apart
from sciopt.objectives.molecule.known_scores import known_scores
from sciopt.objectives.molecule.picture import picture
from sciopt.objectives.molecule.pose.contributions import Contributions
from sciopt.objectives.molecule.pose.files import split_sdf
from sciopt.objectives.molecule.pose.pdbqt import atom_lines
from sciopt.objectives.molecule.pose.vina_terms import element
from sciopt.objectives.molecule.quantities import VINA, score_of
from sciopt.report.exhibits import Contact, Exhibit, Picture, Point, Poses, Table
from sciopt.report.figure_files import rendered

if TYPE_CHECKING:
    from sciopt.objective import Measurement
    from sciopt.objectives.molecule.pose.receptor import Receptor
    from sciopt.runs.run import Row, Run

_WIDTH_INCHES = 4.6
_POCKET = 6.0  # A around the ligand
_BOND = "#00795C"
_RESIDUES = 10
_SCALE = "Vina scores are estimates of a docking program, not affinities."


def exhibits(run: Run, row: Row) -> Sequence[Exhibit]:
    """Of one evaluation: for each receptor the coloured ligand, its poses and the residues that hold it; and a table.

    Nothing is docked: where the poses are gone, or the receptor is another one now, the ligand is drawn without them.
    """
    if row.evaluation.failure is not None:
        return _plain(row)
    try:
        found = taken_apart(run, row)
    except SciOptError as error:
        return [*_plain(row, note=f"Without its poses: {error}."), *_measured(run, row)]
    shown: list[Exhibit] = []
    for name, parts in found.items():
        shown += [_coloured(row, name, parts), poses(run, row, receptor=name, parts=parts), _held(name, parts)]
    return [*shown, *_measured(run, row)]


def poses(run: Run, row: Row, *, receptor: str, parts: Contributions) -> Poses:
    """The docked poses in one receptor, with the pocket, the hydrogen bonds of the best and its atoms' parts."""
    texts = pose_texts(run, row)
    own = texts.get(receptor) or texts[""]
    hydrogens = parts.molecule.GetNumAtoms() - len(parts.per_atom)
    return Poses(
        title=f"Poses in {receptor}",
        poses=split_sdf(own["sdf"]),
        pocket=pocket_pdb(receptors(run)[receptor].receptor, parts),
        contacts=tuple(_contacts(parts)),
        weights=(*parts.per_atom.round(4).tolist(), *[0.0] * hydrogens),
        note=f"Residues within {_POCKET:g} Å of the best pose; dashed: its hydrogen bonds. {_SCALE}",
    )


def pocket_pdb(receptor: Path, parts: Contributions) -> str:
    """The residues around the best pose as PDB, whole, with the hydrogens that the receptor's file has."""
    own: Receptor = parts.receptor
    near = {own.residue(i) for i in own.near(parts.positions, radius=_POCKET).tolist()}
    lines = zip(atom_lines(receptor.read_text()), own.typed.atoms.residues, own.typed.atoms.types, strict=True)
    kept = [f"{line[:54]}  1.00  0.00          {element(kind):>2}\n" for line, name, kind in lines if name in near]
    return "".join([*kept, "END\n"])


def _contacts(parts: Contributions) -> Iterator[Contact]:
    for atom, partner, distance in parts.bonds:
        start, end = (_point(each.tolist()) for each in (parts.positions[atom], parts.receptor.coordinates[partner]))
        yield Contact(start, end, f"{parts.receptor.atom_name(partner)}, {distance:.1f} Å", _BOND)


def _point(xyz: Sequence[float]) -> Point:
    x, y, z = (round(each, 3) for each in xyz)
    return x, y, z


def _plain(row: Row, *, note: str = "") -> list[Exhibit]:
    """The molecule alone; nothing where its text is none."""
    try:
        svg = picture(row.evaluation.value)
    except SciOptError:
        return []
    return [Picture("Ligand", svg, alt=f"The molecule {row.evaluation.value}", note=note)]


def _coloured(row: Row, receptor: str, parts: Contributions) -> Picture:
    figure = figure_of(Shown(parts, title_of(row, receptor, parts)), width_inches=_WIDTH_INCHES)
    most = sorted(range(len(parts.per_atom)), key=lambda i: parts.per_atom[i])[:3]
    symbols = [parts.molecule.GetAtomWithIdx(i).GetSymbol() for i in most]
    said = ", ".join(f"{s}{i + 1} {parts.per_atom[i]:.2f}" for s, i in zip(symbols, most, strict=True))
    named = ", ".join(dict.fromkeys(touch.residue for touch in parts.touches if touch.bonded)) or "none"
    return Picture(
        title=f"Parts of the score in {receptor}",
        svg=rendered(figure, "svg").decode(),
        alt=f"The molecule {row.evaluation.value} coloured by atom; most is added by {said} kcal/mol; "
        f"hydrogen bonds with: {named}",
        note="Each atom's part of the Vina score, divided for rotatable bonds; the parts add up to the score.",
    )


def _held(receptor: str, parts: Contributions) -> Table:
    """The residues that add most."""
    bonds = {parts.receptor.residue(partner) for _, partner, _ in parts.bonds}
    strongest = sorted(parts.touches, key=lambda touch: touch.energy)[:_RESIDUES]
    rows = [(t.residue, f"{t.energy:.2f}", f"{t.distance:.1f}", "yes" if t.residue in bonds else "") for t in strongest]
    return Table(
        title=f"Residues of {receptor} that add most",
        columns=("residue", "part of the score (kcal/mol)", "its strongest pair (Å)", "hydrogen bond"),
        rows=rows,
    )


def _measured(run: Run, row: Row) -> list[Exhibit]:
    """What was measured beside the reference drugs of the first receptor, as far as the same protocol scored them."""
    first = receptor_names(run)[0]
    drugs = known_scores([run], receptor=first).measured
    if not drugs:
        return []
    own = {m.quantity: m for m in row.evaluation.measurements}
    rows = [
        (_label(m), _cell(m.value), *(_cell(_of_drug(d, name, first)) for d in drugs.values()))
        for name, m in own.items()
    ]
    note = "* structure recalled, not verified. " * any(name.endswith("*") for name in drugs)
    return [Table(f"Beside known drugs of {first}", ("quantity", "this ligand", *drugs), rows, note=f"{note}{_SCALE}")]


def _label(measurement: Measurement) -> str:
    goal = "" if measurement.goal is None else f", goal {measurement.goal.sense} {measurement.goal.limit:g}"
    return f"{measurement.quantity}{f' ({measurement.unit})' if measurement.unit else ''}{goal}"


def _of_drug(values: Mapping[str, float], quantity: str, receptor: str) -> float | None:
    """A drug that was scored alone has a "Vina score", which is the ligand's "JAK2 Vina score"."""
    return values.get(VINA if quantity == score_of(receptor) else quantity)


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:.0f}" if value.is_integer() else f"{value:.2f}"
