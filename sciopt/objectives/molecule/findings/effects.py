"""What an edit is expected to do to every goal at once, and how sure that is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from sciopt.errors import InvalidValue
from sciopt.objective import Basis, Effect, Finding
from sciopt.objectives.molecule.edits.basic import readable
from sciopt.objectives.molecule.findings.view import PoseView, rotors
from sciopt.objectives.molecule.properties.measures import sa_score_of
from sciopt.objectives.molecule.properties.qed import qed_of
from sciopt.objectives.molecule.quantities import unit_of

Choice = TypeVar("Choice")
LossChange = Callable[[Mapping[str, float]], float]
"""The change of the loss for changes of quantities, "Vina score" among them; absent ones do not change."""
Exact = Callable[[str], Mapping[str, float]]
"""What is computed exactly of a SMILES, by quantity: QED, SA score, and all else that is judged."""
_ALWAYS = ("Vina score", "QED", "SA score")  # told also where an edit does not change them


@dataclass(frozen=True)
class Model:
    """How an estimate in the unmoved pose becomes an expectation: times `scale`, give or take `spread` kcal/mol."""

    scale: float
    spread: float


# Fitted without intercept to 112 pairs of a parent and its child by one edit, docked at exhaustiveness 4: 12 molecules
# of 6 to 26 heavy atoms on JAK2 and on PPARD. `spread` is the root mean square error. Groups of more than three atoms
# find better places than the unmoved pose shows; where a group is taken away, the rest settles into its place. On other
# pairs (F2, PDE5A): error 0.47 for large growth (9 pairs), 0.21 for small growth (13), 0.26 for polar growth (4).
MODELS = {
    "large growth": Model(1.4, 0.7),  # 14 pairs; 0.9 without the factor
    "small growth": Model(1.0, 0.5),  # 62 pairs
    "polar growth": Model(1.3, 0.3),  # 22 pairs
    "removal": Model(0.6, 0.3),  # 12 pairs; 0.8 without the factor
    "swap": Model(1.0, 0.7),  # 2 pairs: too few for a factor
    "rotor": Model(1.0, 0.5),  # not measured: as for small growth
}


def vina_and_qed(changes: Mapping[str, float]) -> float:
    """The default loss, Vina score + 10 (1 - QED), as a change."""
    return changes.get("Vina score", 0.0) - 10.0 * changes.get("QED", 0.0)


def qed_and_sa(smiles: str) -> Mapping[str, float]:
    """What the default goals and the default loss ask of a molecule without a pose."""
    return {"QED": qed_of(smiles), "SA score": sa_score_of(smiles)}


WORTH = 0.1
"""The expected fall of the loss from which an edit is advised."""
_NOTHING = 1e-9
_HOPELESS = 0.2  # of the loss; where an edit costs more, a like one at the same place is not tried


@dataclass(frozen=True)
class Trial:
    """An edit with what it is expected to do; `loss` is the expected change, lower is better.

    Only a gainful one may be proposed: a finding carries no other edit.
    """

    edit: str
    effects: tuple[Effect, ...]
    loss: float

    @property
    def gainful(self) -> bool:
        """Whether the loss is expected to fall by a worthwhile amount."""
        return self.loss <= -WORTH

    def change(self, quantity: str) -> float:
        """The expected change of one quantity."""
        return next(e.change for e in self.effects if e.quantity == quantity)


@dataclass(frozen=True, eq=False)
class Scales:
    """Weighs edits of one molecule: the pose's model for the score, exact functions for all that needs no pose.

    `exact` gives every quantity with a goal or a place in the loss that a SMILES alone decides, QED and SA score first.
    """

    view: PoseView
    loss_change: LossChange
    admit: Callable[[str], None]
    exact: Exact = qed_and_sa

    @cached_property
    def now(self) -> Mapping[str, float]:
        """The exact quantities of the molecule as it is."""
        return self.exact(self.view.smiles)

    @property
    def sa_score(self) -> float:
        return self.now["SA score"]

    @cached_property
    def rotors(self) -> float:
        return rotors(self.view.mol)

    def trial(
        self, edit: str | None, *, intermolecular: float, kind: str, further: Mapping[str, float] | None = None
    ) -> Trial | None:
        """The expected effects of an edit, or None where it is no molecule, changes nothing or may not be proposed.

        `intermolecular` is what it does to the undivided contact energy (kcal/mol) in the unmoved pose; `kind` is a key
        of `MODELS`; `further` are modelled changes of other quantities. Only what is expected to lower the loss is
        asked at the gates, which are slow.
        """
        if edit is None or edit == self.view.smiles:
            return None
        rotor_change = rotors(readable(edit)) - self.rotors
        unmoved = self.view.score_with(intermolecular=intermolecular, rotors=rotor_change) - self.view.score
        vina = MODELS[kind].scale * unmoved
        exact = {name: value - self.now[name] for name, value in self.exact(edit).items()}
        changes = {"Vina score": vina, **exact, **(further or {})}
        loss = self.loss_change(changes)
        if loss <= -WORTH and not self._admitted(edit):
            return None
        return Trial(edit, self.effects(changes, spread=MODELS[kind].spread), loss)

    def _admitted(self, edit: str) -> bool:
        try:
            self.admit(edit)
        except InvalidValue:
            return False
        return True

    def best(self, candidates: Iterable[tuple[str | None, float]], *, kind: str, most: int = 2) -> Trial | None:
        """The best of the first `most` gainful candidates (edit, change of the contact energy)."""
        trials: list[Trial] = []
        for edit, intermolecular in candidates:
            trial = self.trial(edit, intermolecular=intermolecular, kind=kind)
            if trial is not None and trial.gainful:
                trials.append(trial)
            if len(trials) == most:
                break
        return min(trials, key=lambda t: t.loss, default=None)

    def effects(self, changes: Mapping[str, float], *, spread: float | None = None) -> tuple[Effect, ...]:
        """The effects in the order of the changes, the loss last; `spread` is one standard deviation of the score's."""
        told = [
            Effect(name, change, unit_of(name), self._basis(name), spread if name == "Vina score" else None)
            for name, change in changes.items()
            if name in _ALWAYS or abs(change) > _NOTHING
        ]
        modelled = any(self._basis(name) == "model" for name in changes)
        loss_spread = self._loss_spread(changes, spread) if "Vina score" in changes and spread is not None else None
        loss = Effect("loss", self.loss_change(changes), "", "model" if modelled else "exact", loss_spread)
        return (*told, loss)

    def _loss_spread(self, changes: Mapping[str, float], spread: float) -> float | None:
        """How far the loss moves with the score's error, the larger side; None where the score does not count."""
        at = self.loss_change(changes)
        sides = [changes["Vina score"] + step for step in (spread, -spread)]
        moved = max(abs(self.loss_change({**changes, "Vina score": side}) - at) for side in sides)
        return moved if moved > _NOTHING else None

    def _basis(self, quantity: str) -> Basis:
        return "exact" if quantity in self.now else "model"


def first_gainful(weighed: Iterable[tuple[Choice, Trial | None]]) -> tuple[Choice, Trial] | None:
    """The first choice whose trial is gainful or far from it, and no further one is asked; else the best of them."""
    poor: list[tuple[Choice, Trial]] = []
    for choice, trial in weighed:
        if trial is not None:
            if trial.gainful or trial.loss > _HOPELESS:
                return min([*poor, (choice, trial)], key=lambda w: w[1].loss)
            poor.append((choice, trial))
    return min(poor, key=lambda w: w[1].loss, default=None)


def balance(trial: Trial) -> str:
    """What an edit does to the goals, in brackets of a sentence: "Vina score -0.29 kcal/mol, QED -0.04"."""
    return f"Vina score {trial.change('Vina score'):+.2f} kcal/mol, QED {trial.change('QED'):+.2f}"


def loss_of(finding: Finding) -> float:
    """The expected change of the loss when the finding is followed; 0 where nothing is expected."""
    effect = finding.effect("loss")
    return 0.0 if effect is None else effect.change


def finding(
    kind: str,
    subject: str,
    *,
    seen: str,
    advice: str,
    trial: Trial | None = None,
    expected: tuple[Effect, ...] = (),
) -> Finding:
    """A finding without its number yet; the edit and the effects of a trial where there is one."""
    edit = None if trial is None else trial.edit
    return Finding("F", kind, subject, seen, advice, edit, expected if trial is None else trial.effects)
