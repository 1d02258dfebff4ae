"""From proposals to candidates: which may be measured, what an edit did, and how well cheap stages foresaw it."""

from __future__ import annotations

import math
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sciopt.bench import Bench, blame, passes
from sciopt.engines.base import LONGEST, Proposal
from sciopt.errors import InvalidValue
from sciopt.objective import Effect, Measurement

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Fresh:
    """A proposal that is valid, admitted and new, in its canonical spelling, or one of its variants."""

    value: str
    because: tuple[str, ...]
    proposed: str
    """The canonical value that was proposed: `value` itself, or what it is a variant of."""


@dataclass(frozen=True)
class Sifted:
    """What became of the proposals of one reply, each in order."""

    fresh: tuple[Fresh, ...]
    refused: tuple[tuple[str, str], ...]
    """Text and reason, both in short."""
    known: tuple[str, ...]
    """Canonical values that were seen before."""


@dataclass(frozen=True)
class Anywhere(Container[str]):
    """What is in any of several collections; none of them is copied."""

    places: tuple[Container[str], ...]

    def __contains__(self, value: object) -> bool:
        return any(value in place for place in self.places)


def sift(bench: Bench, proposals: Iterable[Proposal], seen: Container[str]) -> Sifted:
    """Sort proposals into those that may be measured, those that may not, and those that are nothing new."""
    fresh: dict[str, Fresh] = {}
    refused: dict[str, str] = {}
    known: dict[str, None] = {}
    for proposal in proposals:
        try:
            value = _canonical(bench, proposal.text)
            new = [v for v in bench.objective.variants(value) if v not in seen and v not in fresh]
            if not new:
                known[value] = None
                continue
            admitted = _admitted(bench, new)
        except Exception as error:  # the boundary of a run: the proposal that caused it is recorded as refused
            if not isinstance(error, InvalidValue) and (passes(error) or not bench.tolerant):
                raise
            refused[_short(proposal.text)] = _short(blame(error), most=400)
            continue
        fresh.update({each: Fresh(each, proposal.because, value) for each in admitted})
    return Sifted(tuple(fresh.values()), tuple(refused.items()), tuple(known))


def _admitted(bench: Bench, variants: Sequence[str]) -> list[str]:
    """The variants that may be measured; raises with the reason of the last one where none may."""
    found: list[str] = []
    for number, value in enumerate(variants, 1):
        try:
            bench.objective.admit(value)
        except InvalidValue:
            if number == len(variants) and not found:
                raise
        else:
            found.append(value)
    return found


def _canonical(bench: Bench, text: str) -> str:
    if len(text) > LONGEST:
        raise InvalidValue(f"more than {LONGEST} characters")
    return bench.objective.canonical(text)


def _short(text: str, *, most: int = 200) -> str:
    return text if len(text) <= most else f"{text[: most - 3]}..."


def changes(
    child: Sequence[Measurement], parent: Sequence[Measurement], loss: float, parent_loss: float
) -> tuple[Effect, ...]:
    """What an edit did to each quantity with a goal, once each, and to the loss; both sides measured in one way."""
    before = {m.quantity: m.value for m in parent}
    judged = {m.quantity: m for m in child if m.goal is not None and m.quantity in before}
    effects = [Effect(q, m.value - before[q], m.unit, "measured") for q, m in judged.items()]
    if math.isfinite(loss) and math.isfinite(parent_loss):
        effects.append(Effect("loss", loss - parent_loss, basis="measured"))
    return tuple(effects)


@dataclass
class Tally:
    """How well each stage foresaw the full result: pairs of estimated and realised changes of the loss."""

    pairs: dict[str, list[tuple[float, float]]] = field(default_factory=dict)

    def add(self, stage: str, estimated: float, realised: float) -> None:
        """Count one candidate that went through the stage and was then measured."""
        if math.isfinite(estimated) and math.isfinite(realised):
            self.pairs.setdefault(stage, []).append((estimated, realised))

    def correlations(self, *, last: int = 0) -> dict[str, dict[str, float | int | None]]:
        """Spearman's rank correlation by stage; None below three pairs or without any spread.

        `last` looks at so many of the newest pairs only, 0 at all of them.
        """
        newest = {stage: pairs[-last:] for stage, pairs in sorted(self.pairs.items())}
        return {stage: {"pairs": len(pairs), "spearman": spearman(pairs)} for stage, pairs in newest.items()}


def spearman(pairs: Sequence[tuple[float, float]]) -> float | None:
    """Spearman's rank correlation, or None where it is not defined.

    It is scipy's `spearmanr` to the last bit, in a fraction of its time: a run asks for it after every step. Ranks less
    their mean are multiples of a half, so that the sums of their products are exact.

    >>> spearman([(1.0, 2.0), (2.0, 4.0), (3.0, 3.0)])
    0.5
    """
    if len(pairs) < 3:
        return None
    import numpy as np

    columns = [x for x, _ in pairs], [y for _, y in pairs]
    x, y = (_ranks(np.array(column, dtype=float)) - (len(pairs) + 1) / 2 for column in columns)
    share = 1.0 / (len(pairs) - 1)
    across, upwards = math.sqrt(float(x @ x) * share), math.sqrt(float(y @ y) * share)
    if not across or not upwards:
        return None
    return round(min(max(float(x @ y) * share / upwards / across, -1.0), 1.0), 4)


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """From 1 on; equal ones share the mean of their ranks."""
    import numpy as np

    ordered = np.sort(values)
    below, to = ordered.searchsorted(values, "left"), ordered.searchsorted(values, "right")
    return np.asarray(0.5 * (below + to + 1), dtype=np.float64)
