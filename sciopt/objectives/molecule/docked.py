"""The poses of a run, each in its receptor: read from the cache or from the files beside the log, never docked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sciopt.errors import InvalidInput, LogError
from sciopt.objectives.molecule.pose.contributions import Contributions, contributions
from sciopt.objectives.molecule.pose.files import receptor_of
from sciopt.objectives.molecule.pose.receptor import load_receptor
from sciopt.runs.choosing import measured
from sciopt.targets.proteins.catalog import Target, target

if TYPE_CHECKING:
    from sciopt.runs.run import Row, Run

_TYPES = (".sdf", ".pdbqt")


def receptor_names(run: Run) -> list[str]:
    """The receptors of a run by name, in order."""
    return [each.split(" ")[0] for each in run.header["protocol"]["target"].split(", ")]


def measured_rows(run: Run) -> list[Row]:
    """The molecules that a run measured; `InvalidInput` for a run of something else, or of none."""
    if "vina" not in run.header.get("protocol", {}):
        raise InvalidInput(f"{run.folder} is no run of molecules: this figure needs the folder of a `sciopt molecule`")
    rows = [row for row in run.rows if row.evaluation.failure is None]
    if not rows:
        raise InvalidInput(f"no molecule of {run.folder} could be measured: there is nothing to draw")
    return rows


def chosen_row(run: Run, *, number: int | None = None) -> Row:
    """The best evaluation of a run, or that of a number; `InvalidInput` where it was not measured."""
    rows = measured_rows(run)
    return min(rows, key=lambda row: row.evaluation.loss) if number is None else measured(run, number)


def receptors(run: Run) -> dict[str, Target]:
    """The receptors of a run by name; `InvalidInput` where one is not the file any more that was docked into."""
    named = run.specification.get("objective", {}).get("target", receptor_names(run))
    found = [target(str(each)) for each in ([named] if isinstance(named, str) else named)]
    said = ", ".join(f"{each.name} {each.digest}" for each in found)
    if said != run.header["protocol"]["target"]:
        raise InvalidInput(
            f"{run.folder} docked into {run.header['protocol']['target']}, and here there is {said}: "
            "its poses do not belong into another receptor"
        )
    return {each.name: each for each in found}


def pose_texts(run: Run, row: Row) -> Mapping[str, Mapping[str, str]]:
    """By receptor ("" for the only one) the poses as "sdf" and "pdbqt"; empty where they are gone.

    Where the cache holds them no more, those of the best may still lie beside the log.
    """
    found: dict[str, dict[str, str]] = {}
    for name, text in (run.artifacts(row.evaluation) or _beside(run, row)).items():
        if name.endswith(_TYPES):
            found.setdefault(receptor_of(name), {})[name.rpartition(".")[2]] = text
    return {name: texts for name, texts in found.items() if len(texts) == len(_TYPES)}


def _beside(run: Run, row: Row) -> dict[str, str]:
    """The poses in `best.sdf` and `best.pdbqt`, `best_PPARA.sdf` and so on, where they are those of this molecule."""
    found: dict[str, str] = {}
    for path in sorted(run.folder.glob("best*.sdf")):
        texts = {name: path.with_suffix(name) for name in _TYPES}
        if not all(each.is_file() for each in texts.values()):
            continue
        sdf, pdbqt = (each.read_text(encoding="utf-8", errors="replace") for each in texts.values())
        if f"\n>  <SMILES>\n{row.evaluation.value}\n" in sdf.partition("$$$$")[0]:
            receptor = path.stem.removeprefix("best").removeprefix("_")
            folder = f"{receptor}/" if receptor else ""
            found |= {f"{folder}poses.sdf": sdf, f"{folder}poses.pdbqt": pdbqt}
    return found


def taken_apart(run: Run, row: Row) -> dict[str, Contributions]:
    """By receptor, in their order, the best pose atom by atom; `LogError` where the poses are gone."""
    texts = pose_texts(run, row)
    if not texts:
        raise LogError(
            f"the cache holds the poses of evaluation {row.number} of {run.folder} no more: "
            f"make the run again with `sciopt run {run.folder}`"
        )
    found: dict[str, Contributions] = {}
    for name, receptor in receptors(run).items():
        own = texts.get(name) or texts.get("")
        if own:
            loaded = load_receptor(receptor.receptor)
            found[name] = contributions(sdf=own["sdf"], pdbqt=own["pdbqt"], receptor=loaded)
    return found
