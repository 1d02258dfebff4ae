"""What follows a search: its finalists measured again with other seeds, and known candidates measured beside them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from sciopt.budget import Spent
from sciopt.descent import Descent
from sciopt.objective import Estimate, Evaluation, Reference
from sciopt.records import volatile, without_cost


@dataclass(frozen=True)
class Finalist:
    """One of the best candidates of a search; `repeats` measured it again in full, each with another seed."""

    value: str
    loss: float
    repeats: tuple[Estimate, ...] = ()

    @property
    def losses(self) -> tuple[float, ...]:
        """The loss of each repeat that did not fail."""
        return tuple(each.loss for each in self.repeats if math.isfinite(each.loss))

    @property
    def mean(self) -> float:
        """The mean loss of the repeats, which took no part in the choice; NaN where there is none."""
        return fmean(self.losses) if self.losses else math.nan

    @property
    def spread(self) -> float:
        """The sample standard deviation of the repeats' losses; NaN for fewer than two."""
        return stdev(self.losses) if len(self.losses) > 1 else math.nan

    def spread_of(self, quantity: str) -> tuple[float, float]:
        """Mean and sample standard deviation of one measured quantity over the repeats; NaN where there are too few."""
        found = [m.value for each in self.repeats for m in each.measurements if m.quantity == quantity]
        return (fmean(found) if found else math.nan, stdev(found) if len(found) > 1 else math.nan)


def confirm(descent: Descent, *, most: int) -> tuple[Finalist, ...]:
    """Measure the `most` best candidates again by each of the objective's repeats."""
    chosen = [e for e in descent.ranked() if e.failure is None][:most]
    stages = descent.bench.objective.repeats
    if not chosen or not stages:
        return tuple(Finalist(e.value, e.loss) for e in chosen)
    values = [e.value for e in chosen]
    repeated = descent.bench.repeat(values, chosen[0], stages, spent=Spent(repeats=1))
    for name, (estimates, seconds) in repeated.items():
        descent.log.record(
            "repeated",
            {"stage": name, "estimates": [without_cost(each) for each in estimates]},
            volatile={"cpu_seconds": seconds},
            paid=True,
        )
    return tuple(
        Finalist(e.value, e.loss, tuple(found[i] for found, _ in repeated.values())) for i, e in enumerate(chosen)
    )


def compare(descent: Descent, references: Sequence[Reference]) -> tuple[tuple[Reference, Evaluation], ...]:
    """Measure known candidates as those of the search were."""
    results = descent.bench.evaluate([r.value for r in references], spent=Spent(references=1))
    pairs = tuple((r, result.evaluation) for r, result in zip(references, results, strict=True))
    for (reference, evaluation), result in zip(pairs, results, strict=True):
        descent.log.record(
            "reference",
            {"name": reference.name, "source": reference.source, "evaluation": without_cost(evaluation)},
            volatile={**volatile(evaluation), "cached": result.cached},
            paid=True,
        )
    return pairs


def as_data(finalist: Finalist) -> dict[str, object]:
    """Plain data for the log and for `--json`."""
    return {
        "value": finalist.value,
        "loss": finalist.loss,
        "repeats": list(finalist.losses),
        "mean": finalist.mean if finalist.losses else None,
        "spread": finalist.spread if len(finalist.losses) > 1 else None,
    }
