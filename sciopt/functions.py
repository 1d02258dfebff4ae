"""A Python function of a text as an objective: its numbers are measured, its goals make the loss and the findings."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from sciopt.display.pictures import KIND
from sciopt.errors import InvalidInput, InvalidValue
from sciopt.fingerprint import fingerprint
from sciopt.objective import Cost, Evaluation, Finding, Goal, LossTerm, Measurement, PlainObjective
from sciopt.spelling import clipped, fold, shown

LOSS = "loss"
"""The name under which a function gives the loss itself."""
_WORDS = {"<=": "at most", ">=": "at least"}
Measure = Callable[[str], "float | Mapping[str, float]"]


class Measured(PlainObjective):
    """An objective made of a function; see `measured`."""

    def __init__(
        self,
        function: Measure,
        *,
        kind: str,
        goals: Sequence[Goal],
        name: str,
        units: Mapping[str, str],
        canonical: Callable[[str], str] | None,
        rules: Sequence[str],
        version: str,
    ) -> None:
        self.function = function
        self.kind = kind
        self.goals = tuple(goals)
        self.name = name
        self.units = {**units, **{goal.quantity: goal.unit for goal in goals}}
        self.rules = tuple(rules)
        self._canonical = canonical
        said = ", ".join(f"{g.quantity} {g.sense} {g.limit!r} {g.unit} in {g.scale!r}" for g in goals)
        others = ", ".join(f"{quantity} in {unit}" for quantity, unit in sorted(units.items()))
        parts = {KIND: kind, "function": name, "version": version, "goals": said, "units": others}
        self.protocol = {word: text for word, text in parts.items() if text}

    def canonical(self, text: str) -> str:
        """What the given `canonical` makes of it; whatever that raises says that the text is no candidate."""
        if self._canonical is None:
            return super().canonical(text)
        try:
            return self._canonical(text.strip())
        except Exception as error:  # the boundary of a foreign function: it refuses the text, with its reason
            raise InvalidValue(f"{clipped(text, 80)!r} is refused: {_reason(error)}") from error

    def evaluate(self, value: str) -> Evaluation:
        """The function's numbers; what it raises, and a number that is none, is a failed evaluation with its reason."""
        cpu, wall = time.thread_time(), time.perf_counter()
        try:
            evaluation = self._measured(value)
        except Exception as error:  # the boundary of a foreign function: the candidate fails, with its reason
            evaluation = Evaluation.failed(value, _reason(error), protocol=self.protocol)
        return replace(evaluation, cost=Cost(time.thread_time() - cpu, time.perf_counter() - wall))

    def _measured(self, value: str) -> Evaluation:
        self.canonical(value)
        numbers = self._numbers(self.function(value))
        goals = {goal.quantity: goal for goal in self.goals}
        quantities = [quantity for quantity in numbers if quantity != LOSS]
        measurements = [Measurement(q, numbers[q], self.units.get(q, ""), goals.get(q)) for q in quantities]
        terms = self._terms(numbers, measurements)
        loss = math.fsum(term.value for term in terms)
        found = tuple(_findings(measurements))
        return Evaluation(value, loss, terms, tuple(measurements), findings=found, protocol=self.protocol)

    def _numbers(self, given: object) -> dict[str, float]:
        """What the function gave as finite numbers by name; `ValueError` says what does not fit."""
        named = given if isinstance(given, Mapping) else {self.name: given}
        numbers = {str(quantity): _number(str(quantity), number) for quantity, number in named.items()}
        missing = [goal.quantity for goal in self.goals if goal.quantity not in numbers]
        if missing:
            given_names = ", ".join(numbers) or "nothing"
            raise ValueError(f"a goal is on {missing[0]!r}, which the function did not give; it gave {given_names}")
        if not self.goals and isinstance(given, Mapping) and LOSS not in numbers:
            raise ValueError(f"nothing says what is better: give goals, or a number named {LOSS!r}")
        return numbers

    def _terms(self, numbers: Mapping[str, float], measurements: Sequence[Measurement]) -> tuple[LossTerm, ...]:
        """The loss itself where the function gives it, else the violations of the goals."""
        if LOSS in numbers:
            return (LossTerm(LOSS, numbers[LOSS]),)
        if not self.goals:
            return (LossTerm(self.name, numbers[self.name]),)
        return tuple(LossTerm(f"{m.quantity} missed", m.violation) for m in measurements if m.goal is not None)


def measured(
    function: Measure,
    *,
    kind: str = "text",
    goals: Sequence[Goal] = (),
    name: str | None = None,
    units: Mapping[str, str] | None = None,
    canonical: Callable[[str], str] | None = None,
    rules: Sequence[str] = (),
    version: str | None = None,
) -> Measured:
    """Make an objective of a function that measures a text.

    The function gives a number, which is the loss (lower is better), or numbers by name. With goals the loss is the sum
    of their violations (the excess over the limit divided by the goal's scale), unless one of the numbers is named
    "loss". Each goal that is missed becomes a finding that says by how much. Whatever the function raises, and a number
    that is not finite, is a failed evaluation of that text with its reason.

    Args:
        function: from a text to a number or a mapping of numbers by name. It must give the same for the same text, and
            bear to be called from several threads where `workers` is more than one.
        kind: the kind of text: "text", or one that a domain designs, such as "smiles", which the offline engine can
            propose; for other kinds a language model is needed.
        goals: limits on the numbers that the function gives; each has a unit and a scale.
        name: what the objective is called, and the number of a function that gives one; by default the function's name.
        units: of numbers without a goal, by name.
        canonical: from a text to its one spelling; raises, with the reason, for a text that is no candidate.
        rules: what an engine may propose, one sentence each.
        version: changes with every change of the function's results: stored results are found by it. By default it is
            made of the function's source, of the functions of the same file that it calls, and of the numbers and texts
            of the file that it uses. It knows nothing of other packages, data files and their versions.

    Raises:
        InvalidInput: goals that contradict each other, or a function whose version must be given.

    Examples:
        >>> def words(text):
        ...     return len(text.split())
        >>> brief = measured(words, goals=[Goal("words", "<=", 3)], version="1")
        >>> print(brief.evaluate("a text that is far too long"))
        a text that is far too long
          loss 4
          words  7  ≤ 3  missed by 4
          1 finding, such as: words: Lower words by 4 or more.
    """
    for goal in goals:
        if not isinstance(goal, Goal):
            raise InvalidInput(f"goals={goals!r}: expected a sequence of goals, such as [Goal('words', '<=', 12)]")
    called = fold(name or getattr(function, "__name__", "").strip("<>").replace("_", " ").strip() or "value")
    names = [goal.quantity for goal in goals]
    if len(set(names)) < len(names):
        raise InvalidInput(
            f"two goals on {next(n for n in names if names.count(n) > 1)!r}: expected one on each number"
        )
    for goal in goals:
        if (units or {}).get(goal.quantity, goal.unit) != goal.unit:
            raise InvalidInput(f"{goal.quantity!r} has the unit {goal.unit!r} in its goal and another in `units`")
    return Measured(
        function,
        kind=kind,
        goals=goals,
        name=called,
        units=units or {},
        canonical=canonical,
        rules=rules,
        version=version or fingerprint(function),
    )


def _number(quantity: str, given: object) -> float:
    if isinstance(given, str) or not hasattr(given, "__float__"):
        raise ValueError(f"{quantity!r} is {type(given).__name__}: expected a number, or numbers by name")
    number = float(given)
    if not math.isfinite(number):
        raise ValueError(f"{quantity!r} is {number}, which is no finite number")
    return number


def _findings(measurements: Sequence[Measurement]) -> list[Finding]:
    """One for each goal that is missed, the one that is missed most first."""
    missed = sorted((m for m in measurements if m.violation > 0.0), key=lambda m: -m.violation)
    return [_finding(f"G{number}", m) for number, m in enumerate(missed, 1)]


def _finding(name: str, m: Measurement) -> Finding:
    assert m.goal is not None
    goal, unit = m.goal, f" {m.unit}" if m.unit else ""
    excess = f"{shown(goal.excess(m.value))}{unit}"
    wanted = f"{_WORDS[goal.sense]} {shown(goal.limit)}{unit}"
    seen = f"{m.quantity} is {shown(m.value)}{unit}: {excess} beyond its goal of {wanted}"
    advice = f"{'Lower' if goal.sense == '<=' else 'Raise'} {m.quantity} by {excess} or more."
    return Finding(name, "goal missed", m.quantity, seen, advice)


def _reason(error: Exception) -> str:
    """What was raised, in words; of what sciopt raises, and of a `ValueError`, the words alone are for people."""
    said = fold(str(error))
    return clipped(said if said and isinstance(error, ValueError) else f"{type(error).__name__}: {said}", 300)
