"""What reference drugs score by the protocol of a run: from its log and its cache, never docked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sciopt.cache import Cache
from sciopt.errors import InvalidValue
from sciopt.objective import Evaluation
from sciopt.objectives.molecule.docked import receptor_names
from sciopt.objectives.molecule.docking.protocol import DockingProtocol
from sciopt.objectives.molecule.goals import Scoring
from sciopt.objectives.molecule.ligand.smiles import canonical_smiles
from sciopt.objectives.molecule.properties.gates import Gates
from sciopt.objectives.molecule.quantities import score_of
from sciopt.records import dumps, from_dict
from sciopt.targets.proteins.references import Reference, references

if TYPE_CHECKING:
    from sciopt.runs.run import Run

_BOXES = re.compile(r", (?=center )")


@dataclass(frozen=True)
class Known:
    """Reference drugs of one receptor: by name what was measured on each, and those that nobody scored so far.

    `command` scores the missing ones by the protocol of the run; "" where it cannot.
    """

    measured: Mapping[str, Mapping[str, float]]
    missing: tuple[str, ...]
    command: str


def known_scores(runs: Sequence[Run], *, receptor: str) -> Known:
    """The reference drugs of a receptor as the runs' protocols measure them; the first run that has one gives it.

    Names of drugs whose structure is recalled, not verified, end in an asterisk. The score is named "Vina score".
    """
    measured: dict[str, Mapping[str, float]] = {}
    missing: list[str] = []
    for drug in references(receptor):
        found = next(filter(None, (_in_run(run, drug, receptor) for run in runs)), None)
        if found is None:
            missing.append(drug.name)
        else:
            measured[drug.name + "*" * (not drug.verified)] = found
    return Known(measured, tuple(missing), _command(runs[0].header["protocol"], receptor) if missing else "")


def _in_run(run: Run, drug: Reference, receptor: str) -> Mapping[str, float] | None:
    several = len(receptor_names(run)) > 1
    for evaluation in (*_logged(run, drug), *_cached(run, drug, receptor)):
        values = evaluation.by_quantity
        own = values.get(score_of(receptor) if several else score_of(None), values.get(score_of(None)))
        if evaluation.failure is None and own is not None:
            return {**values, score_of(None): own}
    return None


def _logged(run: Run, drug: Reference) -> Iterator[Evaluation]:
    """As it was measured at the end of the run."""
    for event in run.events:
        if event.kind == "reference" and event.data["name"].startswith(f"{drug.name} ("):
            yield from_dict(Evaluation, event.data["evaluation"])


def _cached(run: Run, drug: Reference, receptor: str) -> Iterator[Evaluation]:
    """From the cache of the run: by its own protocol, or as `sciopt targets references` measures."""
    cache = Cache(run.cache_folder)
    with suppress(InvalidValue):
        value = canonical_smiles(drug.smiles, limits=DockingProtocol().limits)
        for protocol in (run.header["protocol"], _alone(run.header["protocol"], receptor)):
            stored = cache.peek(Cache.key("evaluation", value, protocol))
            if stored is not None:
                yield from_dict(Evaluation, stored)


def _alone(protocol: Mapping[str, str], receptor: str) -> dict[str, str]:
    """The protocol of a run for one of its receptors, judged as everything is by default."""
    targets, boxes = protocol["target"].split(", "), _BOXES.split(protocol["box"])
    own = next(i for i, each in enumerate(targets) if each.split(" ")[0] == receptor)
    judged = {"scoring": dumps(Scoring.for_targets([receptor]).specification()), "gates": " ".join(Gates().sentences())}
    return {**protocol, "target": targets[own], "box": boxes[own], **judged}


def _command(protocol: Mapping[str, str], receptor: str) -> str:
    """How the missing ones are scored: with the options that are not the usual ones."""
    usual = DockingProtocol()
    options = {
        "--exhaustiveness": (protocol["exhaustiveness"], str(usual.exhaustiveness)),
        "--dock-seed": (protocol["seed"], str(usual.seed)),
        "--preparation": (protocol["preparation"], usual.preparation),
    }
    given = "".join(f" {name} {value}" for name, (value, default) in options.items() if value != default)
    return f"sciopt targets references {receptor}{given} --cache FOLDER"
