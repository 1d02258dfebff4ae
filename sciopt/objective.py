"""What was measured and why: goals, measurements, effects, findings, and the seam behind which scientific code stands.

All records are frozen. Names (quantities, units, kinds) are restricted to characters that the grammar of
`sciopt.verbalize` can carry; free text is any text, and white space in it is folded when it is put into words.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, runtime_checkable

from sciopt.display.printed import Printed

Basis = Literal["exact", "model", "measured"]
Sense = Literal["<=", ">="]

_NAME = re.compile(r"[^\W_](?:[^\n\r\t:;=|]*[^\s:;=|])?", re.UNICODE)
_UNIT = re.compile(r"(?:(?:[^\W\d_]|[%°])[^\s();,:]*)?")
_LABELS = frozenset({"Failed", "Loss", "Measured with"})
_ID = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")


def _check(pattern: re.Pattern[str], what: str, value: str) -> None:
    if not pattern.fullmatch(value) or " ".join(value.split()) != value:
        raise ValueError(
            f"{what} {value!r} cannot be used: it must match {pattern.pattern} and hold single spaces only"
        )


@dataclass(frozen=True)
class Effect:
    """How far a quantity moves when the advice of a finding is followed.

    `basis` says where the number comes from: computed exactly, from a model of the measurement, or measured by a
    cheaper run of it. `uncertainty` is one standard deviation in the unit of the change, where it is known.
    """

    quantity: str
    change: float
    unit: str = ""
    basis: Basis = "model"
    uncertainty: float | None = None

    def __post_init__(self) -> None:
        _check(_NAME, "quantity", self.quantity)
        _check(_UNIT, "unit", self.unit)


@dataclass(frozen=True)
class Finding:
    """What was seen, what could be changed, and by how much each goal would then move.

    `edit` is the concrete edited text of which `expected` speaks, where there is one. Where `expected` is not empty it
    has an effect on "loss".
    """

    id: str
    kind: str
    subject: str
    observation: str
    advice: str
    edit: str | None = None
    expected: tuple[Effect, ...] = ()

    def __post_init__(self) -> None:
        _check(_ID, "finding id", self.id)
        _check(_NAME, "kind of finding", self.kind)

    def effect(self, quantity: str) -> Effect | None:
        """The expected effect on one quantity, if the finding names it."""
        return next((e for e in self.expected if e.quantity == quantity), None)


@dataclass(frozen=True)
class Goal:
    """A limit on a quantity; `scale` is the excess that counts as a violation of 1; priority 1 is the highest."""

    quantity: str
    sense: Sense
    limit: float
    unit: str = ""
    scale: float = 1.0
    priority: int = 1

    def __post_init__(self) -> None:
        _check(_NAME, "quantity", self.quantity)
        _check(_UNIT, "unit", self.unit)
        if self.sense not in ("<=", ">="):
            raise ValueError(f"sense {self.sense!r} of the goal on {self.quantity}: expected '<=' or '>='")
        if math.isnan(self.limit):
            raise ValueError(f"limit {self.limit} of the goal on {self.quantity} must be a number")
        if not self.scale > 0 or not math.isfinite(self.scale):
            raise ValueError(f"scale {self.scale} of the goal on {self.quantity} must be positive and finite")

    def excess(self, value: float) -> float:
        """By how much `value` misses the limit, in the goal's unit; 0.0 when the goal is met."""
        return max(0.0, value - self.limit if self.sense == "<=" else self.limit - value)


@dataclass(frozen=True)
class Measurement:
    """One measured number, with the goal that is set on it, if any."""

    quantity: str
    value: float
    unit: str = ""
    goal: Goal | None = None

    def __post_init__(self) -> None:
        _check(_NAME, "quantity", self.quantity)
        _check(_UNIT, "unit", self.unit)
        if self.goal is not None and (self.goal.quantity, self.goal.unit) != (self.quantity, self.unit):
            raise ValueError(
                f"a goal on {self.goal.quantity} [{self.goal.unit}] cannot judge {self.quantity} [{self.unit}]"
            )

    @property
    def violation(self) -> float:
        """Excess over the goal divided by its scale; 0.0 when it is met or there is none."""
        return 0.0 if self.goal is None else self.goal.excess(self.value) / self.goal.scale


@dataclass(frozen=True)
class LossTerm:
    """One summand of the loss, by name."""

    name: str
    value: float

    def __post_init__(self) -> None:
        if not self.name or set(self.name) & set(";\n") or " ".join(self.name.split()) != self.name:
            raise ValueError(f"the name of a loss term must be one line without ';', not {self.name!r}")


@dataclass(frozen=True)
class Note:
    """A fact about the candidate that is no number: the docked form, the SMILES with numbered atoms."""

    name: str
    text: str

    def __post_init__(self) -> None:
        _check(_NAME, "name of a note", self.name)
        if self.name in _LABELS:
            raise ValueError(f"a note cannot be named {self.name!r}: the grammar uses that label")


@dataclass(frozen=True)
class Cost:
    """What a result cost; volatile, so never part of a comparison of runs."""

    cpu_seconds: float = 0.0
    wall_seconds: float = 0.0


@dataclass(frozen=True)
class Evaluation(Printed):
    """Everything that was measured on one candidate. `loss` is the sum of `terms`; lower is better.

    A failed evaluation has the reason in `failure` and an infinite loss. `artifacts` are texts by file name (poses),
    `protocol` is everything that changes a number, by words without spaces. `print` and a notebook show it in short.
    """

    value: str
    loss: float
    terms: tuple[LossTerm, ...] = ()
    measurements: tuple[Measurement, ...] = ()
    notes: tuple[Note, ...] = ()
    findings: tuple[Finding, ...] = ()
    failure: str | None = None
    protocol: Mapping[str, str] = field(default_factory=dict)
    artifacts: Mapping[str, str] = field(default_factory=dict)
    cost: Cost = Cost()

    @classmethod
    def failed(
        cls, value: str, reason: str, *, protocol: Mapping[str, str] | None = None, cost: Cost = Cost()
    ) -> Evaluation:
        """A candidate that could not be measured, with the reason in words."""
        return cls(value=value, loss=math.inf, failure=reason, protocol=protocol or {}, cost=cost)

    @property
    def met(self) -> bool:
        """Whether every goal is met; False for a failed evaluation and where no goal is set."""
        met, judged = self.goals_met
        return self.failure is None and met == judged > 0

    @property
    def judged(self) -> tuple[Measurement, ...]:
        """What was measured against a goal."""
        return tuple(m for m in self.measurements if m.goal is not None)

    @property
    def goals_met(self) -> tuple[int, int]:
        """How many goals are met, and how many there are."""
        judged = self.judged
        return sum(m.violation == 0.0 for m in judged), len(judged)

    @property
    def by_quantity(self) -> dict[str, float]:
        """Every measured value by its quantity."""
        return {m.quantity: m.value for m in self.measurements}

    def measured(self, quantity: str) -> float:
        """The value of one measurement; `KeyError` when it was not measured."""
        for m in self.measurements:
            if m.quantity == quantity:
                return m.value
        raise KeyError(quantity)

    def __str__(self) -> str:
        from sciopt.display.evaluation import lines

        return "\n".join(lines(self))

    def _repr_html_(self) -> str:
        from sciopt.display.evaluation import evaluation_html

        return evaluation_html(self)

    def _repr_svg_(self) -> str | None:
        from sciopt.display.pictures import drawn, kind_of

        return drawn(kind_of(self.protocol), self.value)


@dataclass(frozen=True)
class Estimate:
    """A cheaper look at a candidate: comparable only with estimates of the same stage."""

    value: str
    loss: float
    measurements: tuple[Measurement, ...] = ()
    failure: str | None = None
    cost: Cost = Cost()


@dataclass(frozen=True)
class Stage:
    """One sieve before the full evaluation: `keep` candidates go on.

    A paid stage costs real time: its estimates are run one candidate at a time on the executor, cached, counted and
    told in the next gradient. A free one is computed for all candidates in one call.
    """

    name: str
    keep: int
    paid: bool = False
    relative: bool = False
    """Whether an estimate depends on the parent as well as on the candidate (an optimisation that starts from it)."""


@dataclass(frozen=True)
class Reference:
    """A known candidate that results are held against: a drug, a clinical plan. `source` says where it comes from."""

    name: str
    value: str
    source: str = ""


@runtime_checkable
class Objective(Protocol):
    """Scientific code behind one method. Thread-safe, and deterministic for its protocol."""

    @property
    def kind(self) -> str:
        """The kind of text that is measured: "smiles", "plan"."""

    @property
    def protocol(self) -> Mapping[str, str]:
        """Everything that changes a number; with the canonical value, the key of the cache."""

    @property
    def sensitive(self) -> bool:
        """Whether it is of a person, so that no remote engine may read of it unless that is allowed."""

    @property
    def rules(self) -> tuple[str, ...]:
        """What an engine may propose, one sentence each."""

    @property
    def stages(self) -> tuple[Stage, ...]:
        """Cheaper estimates, cheapest first; may be empty."""

    @property
    def probes(self) -> tuple[Stage, ...]:
        """Paid stages by which effects of edits are measured, each a repeat by other chance; may be empty."""

    @property
    def repeats(self) -> tuple[Stage, ...]:
        """Paid stages that measure a finalist in full again, each with another seed; may be empty."""

    @property
    def references(self) -> tuple[Reference, ...]:
        """Known candidates to show beside a result; may be empty."""

    def canonical(self, text: str) -> str:
        """The one spelling of a candidate; raises `InvalidValue` with the reason."""

    def variants(self, value: str) -> tuple[str, ...]:
        """The complete candidates that a canonical value stands for (stereoisomers), in a fixed order.

        Each is measured by itself, canonical, and its own only variant. As a rule a value stands for itself.
        """

    def admit(self, value: str) -> None:
        """Raise `InvalidValue` where a canonical value may be scored but not proposed."""

    def evaluate(self, value: str) -> Evaluation:
        """Measure a candidate; an invalid one is a failed `Evaluation`, never an exception."""

    def screen(self, values: Sequence[str], near: Evaluation, *, stage: str) -> list[Estimate]:
        """Estimates for `values`, in their order, as edits of the parent `near`."""

    def levers(self, evaluation: Evaluation) -> tuple[str, ...]:
        """The edits of a candidate whose expected effects are worth measuring by `probes`; canonical and complete."""

    def sharpen(self, evaluation: Evaluation, probed: Mapping[str, Sequence[Estimate]]) -> Evaluation:
        """The evaluation with measured effects in its findings in place of modelled ones; notes may tell of it.

        `probed` holds, for the candidate itself and for each of its levers, one estimate a probe.
        """

    def close(self) -> None:
        """Release what the objective holds (child processes); it may be used again afterwards."""


class PlainObjective:
    """The neutral half of an `Objective`: a subclass gives `kind` and `evaluate`, and overrides what it needs."""

    protocol: Mapping[str, str] = {}
    sensitive: bool = False
    rules: tuple[str, ...] = ()
    stages: tuple[Stage, ...] = ()
    probes: tuple[Stage, ...] = ()
    repeats: tuple[Stage, ...] = ()
    references: tuple[Reference, ...] = ()

    def canonical(self, text: str) -> str:
        """The text without white space around it."""
        return text.strip()

    def variants(self, value: str) -> tuple[str, ...]:
        """A value stands for itself."""
        return (value,)

    def admit(self, value: str) -> None:
        """Everything may be proposed."""

    def screen(self, values: Sequence[str], near: Evaluation, *, stage: str) -> list[Estimate]:
        """There is no stage to ask for."""
        raise ValueError(f"this objective has no stage {stage!r}")

    def levers(self, evaluation: Evaluation) -> tuple[str, ...]:
        """Nothing is to be measured."""
        return ()

    def sharpen(self, evaluation: Evaluation, probed: Mapping[str, Sequence[Estimate]]) -> Evaluation:
        """The evaluation as it is."""
        return evaluation

    def close(self) -> None:
        """Nothing is held."""
