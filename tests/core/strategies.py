"""Any record that an objective may make, for property tests."""

from __future__ import annotations

import math

from hypothesis import strategies as st

from sciopt.objective import Effect, Evaluation, Finding, Goal, LossTerm, Measurement, Note
from sciopt.verbalize import Attempt, Brief

numbers = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e12, max_value=1e12)
texts = st.text(max_size=40)
names = st.from_regex(r"[A-Za-z0-9Åβ][A-Za-z0-9 %()+.,_/-]{0,12}", fullmatch=True).filter(
    lambda n: " ".join(n.split()) == n and n not in {"Failed", "Loss", "Measured with"}
)
units = st.sampled_from(["", "kcal/mol", "%", "Gy", "Å²", "g/mol", "cm3"])
values = st.text(min_size=1, max_size=40)

effects = st.builds(
    Effect,
    quantity=names,
    change=numbers,
    unit=units,
    basis=st.sampled_from(["exact", "model", "measured"]),
    uncertainty=st.none() | st.floats(0, 1e6),
)
findings = st.builds(
    Finding,
    id=st.from_regex(r"F[0-9]{1,3}", fullmatch=True),
    kind=names,
    subject=texts,
    observation=texts,
    advice=texts,
    edit=st.none() | values,
    expected=st.lists(effects, max_size=3).map(tuple),
)


@st.composite
def measurements(draw: st.DrawFn) -> Measurement:
    quantity, unit = draw(names), draw(units)
    goal = st.builds(
        Goal,
        quantity=st.just(quantity),
        sense=st.sampled_from(["<=", ">="]),
        limit=numbers,
        unit=st.just(unit),
        scale=st.floats(1e-6, 1e6),
        priority=st.integers(1, 9),
    )
    return Measurement(quantity, draw(numbers), unit, draw(st.none() | goal))


@st.composite
def evaluations(draw: st.DrawFn, value: str) -> Evaluation:
    failure = draw(st.none() | texts)
    return Evaluation(
        value=value,
        loss=math.inf if failure is not None else draw(numbers),
        terms=() if failure is not None else tuple(draw(st.lists(st.builds(LossTerm, names, numbers), max_size=3))),
        measurements=tuple(draw(st.lists(measurements(), max_size=3))),
        notes=tuple(draw(st.lists(st.builds(Note, names, texts), max_size=2))),
        findings=tuple(draw(st.lists(findings, max_size=4, unique_by=lambda f: f.id))),
        failure=failure,
        protocol=draw(st.dictionaries(st.from_regex(r"[A-Za-z_]{1,8}", fullmatch=True), texts, max_size=2)),
        artifacts={"pose.sdf": "text"},
    )


@st.composite
def briefs(draw: st.DrawFn) -> Brief:
    candidates = tuple(draw(evaluations(v)) for v in draw(st.lists(values, min_size=1, max_size=3, unique=True)))
    parents = st.sampled_from([e.value for e in candidates]) | values
    attempts = st.builds(
        Attempt,
        value=values,
        parent=parents,
        stage=texts,
        outcome=texts,
        effects=st.lists(effects, max_size=2).map(tuple),
        note=texts,
    )
    return Brief(
        kind=draw(st.sampled_from(["smiles", "plan", "a text. Or two"])),
        candidates=candidates,
        tried=tuple(draw(st.lists(attempts, max_size=4))),
        rules=tuple(draw(st.lists(texts, max_size=3))),
        wanted=draw(st.integers(1, 500)),
        stalled=draw(st.integers(0, 9)),
        progress=draw(texts),
    )
