"""Conformance checks for whoever writes an objective or an engine: call them from your own tests.

Each raises `AssertionError` with a sentence that says which promise of the seam is broken.
"""

from __future__ import annotations

import dataclasses
import math
import pickle
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sciopt.engines.base import LONGEST, Engine, Reply, Request
from sciopt.errors import InvalidValue
from sciopt.objective import Evaluation, Objective
from sciopt.records import dumps, from_dict, to_dict
from sciopt.verbalize import Brief, read, render, rounded

T = TypeVar("T")


def _promise(holds: bool, broken: str) -> None:
    if not holds:
        raise AssertionError(broken)


def _call(what: str, function: Callable[..., T], *args: object, **options: object) -> T:
    """A call that may raise `InvalidValue` and nothing else."""
    try:
        return function(*args, **options)
    except InvalidValue:
        raise
    except Exception as error:  # the boundary of a check: whatever was raised is told as a broken promise
        raise AssertionError(f"{what} may raise InvalidValue only, not {type(error).__name__}: {error}") from error


def check_objective(objective: Objective, *, valid: Sequence[str], invalid: Sequence[str] = ()) -> None:
    """Check the promises of `Objective` on texts that you know to be valid and invalid.

    Each valid text is measured several times, also from two threads and by a pickled copy, so choose cheap ones.
    """
    _promise(isinstance(objective, Objective), f"{type(objective).__name__} lacks a method or attribute of Objective")
    _promise(bool(valid), "give at least one valid text")
    _promise(bool(objective.kind), "`kind` must name the kind of text that is measured")
    _promise(all(isinstance(v, str) for v in objective.protocol.values()), "every value of `protocol` must be a str")
    for text in valid:
        value = _call(f"canonical({text!r})", objective.canonical, text)
        again = _call(f"canonical({value!r})", objective.canonical, value)
        _promise(again == value, f"canonical({value!r}) must leave a canonical value as it is")
        _check_variants(objective, value)
        _check_evaluation(objective, objective.variants(value)[0])
    for text in invalid:
        _check_invalid(objective, text)
    values = [objective.variants(objective.canonical(text))[0] for text in valid]
    _check_copy(objective, values[0])
    _check_threads(objective, values)
    _check_stages(objective, values)
    _check_probes(objective, values[0])
    objective.close()
    _promise(objective.evaluate(values[0]).failure is None, "an objective may be used again after close()")
    objective.close()


def _check_variants(objective: Objective, value: str) -> None:
    variants = objective.variants(value)
    _promise(bool(variants) and len(set(variants)) == len(variants), f"variants({value!r}) must be some, each once")
    for each in variants:
        _promise(objective.canonical(each) == each, f"the variant {each!r} must be canonical")
        _promise(tuple(objective.variants(each)) == (each,), f"the variant {each!r} must be its own only variant")


def _check_evaluation(objective: Objective, value: str) -> None:
    first, second = objective.evaluate(value), objective.evaluate(value)
    _promise(first.failure is None, f"evaluate({value!r}) failed: {first.failure}")
    _promise(first.value == value, f"evaluate({value!r}) must say which value it measured, not {first.value!r}")
    _promise(_timeless(first) == _timeless(second), f"evaluate({value!r}) must give the same result twice")
    _promise(math.isfinite(first.loss), f"the loss of {value!r} must be finite, not {first.loss}")
    _promise(_finite(first), f"every number of evaluate({value!r}) must be finite")
    total = math.fsum(term.value for term in first.terms)
    _promise(
        math.isclose(first.loss, total, abs_tol=1e-9), f"the loss {first.loss} must be the sum of its terms {total}"
    )
    ids = [finding.id for finding in first.findings]
    _promise(len(set(ids)) == len(ids), f"the ids of findings must differ: {ids}")
    for finding in first.findings:
        named = not finding.expected or finding.effect("loss") is not None
        _promise(named, f"finding {finding.id} expects effects and must name the one on 'loss'")
    _promise(from_dict(Evaluation, to_dict(first)) == first, "the evaluation must survive JSON")
    brief = Brief(objective.kind, (first,), rules=tuple(objective.rules))
    _promise(read(render(brief)) == rounded(brief), "the evaluation must survive being put into words")


def _finite(evaluation: Evaluation) -> bool:
    try:
        dumps(to_dict(evaluation))
    except ValueError:
        return False
    return True


def _timeless(evaluation: Evaluation) -> dict[str, object]:
    data = to_dict(evaluation)
    del data["cost"]
    return data


def _check_invalid(objective: Objective, text: str) -> None:
    try:
        value = _call(f"canonical({text!r})", objective.canonical, text)
    except InvalidValue as error:
        _promise(bool(str(error)), f"canonical({text!r}) must say why it refuses")
        value = text
    try:
        evaluation = _call(f"evaluate({value!r})", objective.evaluate, value)
    except InvalidValue as error:
        raise AssertionError(f"evaluate({value!r}) must be a failed evaluation, it may not raise: {error}") from error
    _promise(bool(evaluation.failure), f"evaluate({value!r}) must be a failed evaluation with its reason")
    _promise(math.isinf(evaluation.loss), "a failed evaluation has an infinite loss")


def _check_copy(objective: Objective, value: str) -> None:
    try:
        copy: Objective = pickle.loads(pickle.dumps(objective))  # noqa: S301  (bytes made here, nothing from a file)
    except (pickle.PicklingError, TypeError, AttributeError) as error:
        raise AssertionError(f"an objective must be picklable, so that it can run elsewhere: {error}") from error
    there = copy.evaluate(value)
    copy.close()
    _promise(_timeless(there) == _timeless(objective.evaluate(value)), "a pickled copy must measure the same")


def _check_threads(objective: Objective, values: Sequence[str]) -> None:
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(objective.evaluate, [*values, *values]))
    for one, two in zip(together[: len(values)], together[len(values) :], strict=True):
        _promise(_timeless(one) == _timeless(two), f"evaluate({one.value!r}) must be the same from two threads")


def _check_stages(objective: Objective, values: Sequence[str]) -> None:
    near = objective.evaluate(values[0])
    for stages in (objective.stages, objective.probes, objective.repeats):
        names = [stage.name for stage in stages]
        _promise(len(set(names)) == len(names), f"the names of stages must differ: {names}")
    for stage in dict.fromkeys((*objective.stages, *objective.probes, *objective.repeats)):
        estimates = objective.screen(values, near, stage=stage.name)
        _promise([e.value for e in estimates] == list(values), f"stage {stage.name!r} must answer in the order asked")
        sound = all(e.failure is not None or math.isfinite(e.loss) for e in estimates)
        _promise(sound, f"an estimate of stage {stage.name!r} must have a finite loss or a failure")
        again = objective.screen(values, near, stage=stage.name)
        same = [(e.loss, e.failure) for e in again] == [(e.loss, e.failure) for e in estimates]
        _promise(same, f"stage {stage.name!r} must give the same estimates twice")


def _check_probes(objective: Objective, value: str) -> None:
    evaluation = objective.evaluate(value)
    edits = objective.levers(evaluation) if objective.probes else ()
    for edit in edits:
        _promise(
            tuple(objective.variants(objective.canonical(edit))) == (edit,), f"the lever {edit!r} must be complete"
        )
    if edits:
        values = [value, *edits]
        rows = [objective.screen(values, evaluation, stage=stage.name) for stage in objective.probes]
        probed = {each: [row[i] for row in rows] for i, each in enumerate(values)}
        sharp = objective.sharpen(evaluation, probed)
        measured, before = (dataclasses.replace(e, findings=(), notes=()) for e in (sharp, evaluation))
        _promise(_timeless(measured) == _timeless(before), "sharpen() may change findings and notes only")
        _promise(objective.levers(sharp) == (), "what was measured once needs no probes again")


def check_engine(engine: Engine, brief: Brief) -> Reply:
    """Check the promises of `Engine` on a brief of a kind that it can answer; returns its reply."""
    _promise(isinstance(engine, Engine), f"{type(engine).__name__} lacks a method or attribute of Engine")
    _promise(bool(engine.name) and engine.proposals >= 1, "an engine has a name and asks for at least one proposal")
    request = Request(render(brief), engine.proposals, seed=0)
    reply = engine.complete(request)
    _promise(len(reply.proposals) <= request.proposals, "an engine may not answer more than it was asked for")
    _promise(all(p.text.strip() for p in reply.proposals), "a proposal may not be empty")
    _promise(all(len(p.text) <= LONGEST for p in reply.proposals), f"a proposal has at most {LONGEST} characters")
    known = {finding.id for e in brief.candidates for finding in e.findings}
    unknown = {id_ for p in reply.proposals for id_ in p.because} - known
    _promise(not unknown, f"proposals follow findings that the brief does not have: {sorted(unknown)}")
    _promise(from_dict(Reply, to_dict(reply)) == reply, "the reply must survive JSON")
    return reply
