"""The dockings beside the full one: quick ones from several conformers, and full ones again with other seeds.

Quick repeats change the conformer that is docked and keep the search's seed, so that they run on the warm maps.
Measured on 8 ligands on JAK2 (exhaustiveness 1, six repeats), the root mean square of the score's standard deviation
is 0.16 kcal/mol between conformers, 0.10 between seeds of the search, and 0.13 with both changed.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

from sciopt.errors import InvalidInput
from sciopt.objective import Reference, Stage
from sciopt.objectives.molecule.docking.protocol import DockingProtocol
from sciopt.targets.proteins.references import references

QUICK = "quick docking at exhaustiveness 1"
_MOST = 20


@dataclass(frozen=True)
class Trials:
    """Protocols by the name of their stage: `quick` in the order of conformers, `again` in that of seeds."""

    quick: Mapping[str, DockingProtocol]
    again: Mapping[str, DockingProtocol]

    @classmethod
    def of(cls, docking: DockingProtocol, *, conformers: int, seeds: int, strain: bool) -> Trials:
        """The trials beside a full docking; `strain` asks for it in quick ones too."""
        for what, count in (("conformers of a quick docking", conformers), ("seeds of a finalist", seeds)):
            if not 0 <= count <= _MOST:
                raise InvalidInput(f"{count} {what}: expected 0 to {_MOST}")
        fast = dataclasses.replace(docking, exhaustiveness=1, strain=strain)
        quick = {QUICK: fast}
        for n in range(1, conformers):
            other = _further(docking.embedding_seed, n)
            quick[f"{QUICK}, conformer {n + 1}"] = dataclasses.replace(fast, conformer_seed=other)
        seeded = [_further(docking.seed, n) for n in range(1, seeds + 1)]
        again = {f"full docking, seed {seed}": dataclasses.replace(docking, seed=seed) for seed in seeded}
        return cls(quick, again)

    def protocol(self, stage: str) -> DockingProtocol | None:
        """The protocol of a stage; None for another name."""
        return {**self.quick, **self.again}.get(stage)

    @property
    def probes(self) -> tuple[Stage, ...]:
        """The quick dockings as stages."""
        return tuple(Stage(name, keep=1, paid=True) for name in self.quick)

    @property
    def repeats(self) -> tuple[Stage, ...]:
        """The full dockings with other seeds as stages."""
        return tuple(Stage(name, keep=1, paid=True) for name in self.again)


def _further(seed: int, n: int) -> int:
    """The n-th seed after one, from 1 on again after the largest."""
    return (seed - 1 + n) % (2**31 - 1) + 1


def known_drugs(target: str) -> tuple[Reference, ...]:
    """The reference drugs of a target, for comparison; a structure that was not verified says so."""
    return tuple(
        Reference(
            f"{drug.name} ({drug.action}{'' if drug.verified else ', structure recalled, not verified'})",
            drug.smiles,
            "; ".join(filter(None, (drug.source, drug.note))),
        )
        for drug in references(target)
    )
