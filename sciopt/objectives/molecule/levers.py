"""Expected effects that were measured: the edits of the findings docked quickly, beside the ligand docked alike.

Each repeat docks child and parent at exhaustiveness 1 from another conformer, and the difference of the two is one
measurement of the effect. An effect is their mean; its uncertainty is their sample standard deviation; one that is
smaller than that is left out, and an edit whose loss does not fall by more than that is not advised any more.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from sciopt.objective import Effect, Estimate, Evaluation, Finding, Measurement, Note
from sciopt.objectives.molecule.findings import KEPT
from sciopt.objectives.molecule.findings.effects import WORTH, loss_of
from sciopt.objectives.molecule.findings.words import listed
from sciopt.objectives.molecule.ligand.isomers import isomers
from sciopt.verbalize import shown, signed

MEASURED = "Measured effects"
"""The note on an evaluation whose effects were measured."""
_VARIANTS = 2  # isomers of one edit that are tried; the better one is advised
_MODELLED = " The expected effect is"  # how an advice without an edit begins to say what its effect means
_SAME = 1e-9  # repeats that agree to this are no measurements with chance in them

Probed = Mapping[str, Sequence[Estimate]]


Concrete = Callable[[Finding], str | None]
"""Gives a concrete edit for a finding that has none but could have one."""


def levers(evaluation: Evaluation, *, most: int, concrete: Concrete) -> tuple[str, ...]:
    """The isomers of the edits that are worth measuring; none where effects were measured already."""
    if any(note.name == MEASURED for note in evaluation.notes):
        return ()
    edits = dict.fromkeys(_chosen(evaluation, most=most, concrete=concrete).values())
    return tuple(dict.fromkeys(v for edit in edits for v in isomers(edit, most=_VARIANTS).values))


def _chosen(evaluation: Evaluation, *, most: int, concrete: Concrete) -> dict[str, str]:
    """By finding, the `most` different edits of greatest expected gain; for each kind without edits only the first."""
    chosen: dict[str, str] = {}
    made: set[str] = set()
    for finding in sorted((f for f in evaluation.findings if f.effect("loss")), key=loss_of):
        edit = finding.edit if _is_modelled(finding) else None
        if finding.edit is None and finding.kind not in made:
            made.add(finding.kind)
            edit = concrete(finding)
        if edit is not None:
            chosen[finding.id] = edit
        if len(set(chosen.values())) == most:
            break
    return chosen


def _is_modelled(finding: Finding) -> bool:
    effect = finding.effect("loss")
    return effect is not None and effect.basis == "model"


def sharpen(evaluation: Evaluation, probed: Probed, *, most: int, concrete: Concrete) -> Evaluation:
    """The evaluation with measured effects in place of modelled ones, and its findings in the new order.

    `most` and `concrete` are those of `levers`.
    """
    parent = probed[evaluation.value]
    if any(each.failure is not None for each in parent):
        return evaluation
    chosen = _chosen(evaluation, most=most, concrete=concrete)
    told = [
        _measured(f, chosen[f.id], parent, probed) if f.id in chosen else _unmeasured(f) for f in evaluation.findings
    ]
    hopeful = sorted((f for f in told if f.kind not in KEPT), key=lambda f: (not f.expected, loss_of(f)))
    ordered = [*hopeful, *(f for f in told if f.kind in KEPT)]
    note = Note(
        MEASURED,
        f"those marked as measured are differences of quick dockings of the edit and of this ligand, the mean of "
        f"{len(parent)} conformers ± their standard deviation; one smaller than that is left out",
    )
    findings = tuple(dataclasses.replace(f, id=f"F{n}") for n, f in enumerate(ordered, 1))
    return dataclasses.replace(evaluation, findings=findings, notes=(*evaluation.notes, note))


def _measured(finding: Finding, edit: str, parent: Sequence[Estimate], probed: Probed) -> Finding:
    """A finding with what was seen when its edit was probed."""
    tried = [v for v in isomers(edit, most=_VARIANTS).values if v in probed]
    docked = [v for v in tried if all(each.failure is None for each in probed[v])]
    if not docked:
        reason = next((each.failure for v in tried for each in probed[v] if each.failure is not None), "not tried")
        return _refuted(finding, f"The edit {edit} cannot be docked: {reason}.")
    best = min(docked, key=lambda v: fmean(each.loss for each in probed[v]))
    changes = differences(probed[best], parent)
    loss = changes["loss"]
    if loss.mean > -max(WORTH, loss.spread):
        seen = listed(f"{q} {signed(c.mean)} ± {shown(c.spread)}" for q, c in changes.items() if c.by_chance)
        return _refuted(finding, f"Quick docking of {best}, {len(parent)} conformers: {seen}. That gain does not hold.")
    advice = finding.advice
    if finding.edit is None:
        advice = f"{advice.partition(_MODELLED)[0]} The edit is one way to do it."
    return dataclasses.replace(finding, edit=best, advice=advice, expected=tuple(_effects(finding, changes)))


def _without_promise(finding: Finding) -> Finding:
    """A finding that only names a direction, without the effect that no edit of it was measured to have."""
    return dataclasses.replace(finding, expected=(), advice=finding.advice.partition(_MODELLED)[0])


def _unmeasured(finding: Finding) -> Finding:
    """A finding that was not probed: a model's promise without an edit is not told.

    In 14 such pairs on JAK2 (rotor cost, repulsion) the sign came true in 2; see benchmarks/results/faithfulness.txt.
    """
    return _without_promise(finding) if finding.edit is None and _is_modelled(finding) else finding


def _refuted(finding: Finding, why: str) -> Finding:
    """The finding without its edit and without what was promised of it; what was seen stays true."""
    seen = f"{finding.observation} {why}"
    if finding.edit is None:
        return dataclasses.replace(_without_promise(finding), observation=seen)
    advice = "Only in exchange for atoms elsewhere, or with another group than the one that was tried."
    return dataclasses.replace(finding, edit=None, expected=(), observation=seen, advice=advice)


@dataclass(frozen=True)
class Change:
    """Differences of one quantity, child less parent, over the repeats."""

    mean: float
    spread: float
    """Their sample standard deviation; NaN for a single one."""
    unit: str = ""

    @property
    def by_chance(self) -> bool:
        """Whether repeats differ, so that the number is a measurement and not a computation."""
        return not self.spread <= _SAME

    @property
    def holds(self) -> bool:
        """Whether it is larger than its spread."""
        return not self.by_chance or math.isnan(self.spread) or abs(self.mean) >= self.spread


def differences(child: Sequence[Estimate], parent: Sequence[Estimate]) -> dict[str, Change]:
    """Changes by quantity, the loss last; only quantities that every estimate has."""
    units = {m.quantity: m.unit for m in child[0].measurements}
    rows = [(_values(c.measurements), _values(p.measurements)) for c, p in zip(child, parent, strict=True)]
    found = {
        q: _change([c[q] - p[q] for c, p in rows], unit)
        for q, unit in units.items()
        if all(q in c and q in p for c, p in rows)
    }
    return {**found, "loss": _change([c.loss - p.loss for c, p in zip(child, parent, strict=True)], "")}


def _values(measurements: Sequence[Measurement]) -> dict[str, float]:
    return {m.quantity: m.value for m in measurements}


def _change(seen: Sequence[float], unit: str) -> Change:
    return Change(fmean(seen), stdev(seen) if len(seen) > 1 else math.nan, unit)


def _effects(finding: Finding, changes: Mapping[str, Change]) -> list[Effect]:
    """The effects to tell: exact ones as they are, measured ones that hold, those the finding named first."""
    named = [e.quantity for e in finding.expected if e.quantity != "loss"]
    order = dict.fromkeys([*named, *changes])
    return [_effect(q, changes[q]) for q in order if q in changes and _tells(changes[q], named=q in named)]


def _tells(change: Change, *, named: bool) -> bool:
    return change.holds and (named or abs(change.mean) > _SAME)


def _effect(quantity: str, change: Change) -> Effect:
    if not change.by_chance:
        return Effect(quantity, change.mean, change.unit, "exact")
    return Effect(quantity, change.mean, change.unit, "measured", None if math.isnan(change.spread) else change.spread)
