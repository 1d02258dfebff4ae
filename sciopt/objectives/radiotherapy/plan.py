"""The plan parameters: one JSON text of gantry angles and weighted objectives, bounded, with units in the names.

This is the `Variable` that an engine rewrites. The fluence is no part of it: an inner optimiser finds it from these
parameters, so the same text gives the same dose.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from sciopt.errors import InvalidValue, UnknownName
from sciopt.targets.patients.case import Case
from sciopt.verbalize import fold

BODY = "Body"
"""Everything inside the outline but the targets, as objectives call it."""
WEIGHTS = (0.01, 10_000.0)
DOSES_GY = (0.0, 150.0)
MOST_BEAMS, MOST_OBJECTIVES = 15, 40

Type = Literal["deviation", "overdose", "underdose", "mean", "gEUD", "DVH"]
TYPES = {
    "deviation": "squared deviation from dose_gy",
    "overdose": "squared excess over dose_gy",
    "underdose": "squared lack below dose_gy",
    "mean": "squared excess of the mean dose over dose_gy",
    "gEUD": "squared excess of the generalised equivalent uniform dose, of exponent a, over dose_gy",
    "DVH": "squared excess over dose_gy of what more than volume_percent of the structure gets",
}


class PlanObjective(BaseModel):
    """One summand of what the inner optimiser minimises: `weight` times a mean over the points of a structure.

    Of an organ these are the points outside all targets.

    Doses are in Gy of the whole treatment, `volume_percent` in percent of the structure's volume, weights have no unit.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    structure: str
    type: Type
    dose_gy: Annotated[float, Field(strict=True, ge=DOSES_GY[0], le=DOSES_GY[1])]
    weight: Annotated[float, Field(strict=True, ge=WEIGHTS[0], le=WEIGHTS[1])]
    volume_percent: Annotated[float, Field(strict=True, gt=0, lt=100)] | None = None
    a: Annotated[float, Field(strict=True, ge=1, le=40)] | None = None

    @model_validator(mode="after")
    def _complete(self) -> PlanObjective:
        for name, kind in (("volume_percent", "DVH"), ("a", "gEUD")):
            if (getattr(self, name) is not None) != (self.type == kind):
                needs = "needs" if self.type == kind else "has no"
                raise ValueError(f"the objective {self.type} of {self.structure[:60]} {needs} {name}")
        return self

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from the other objectives of a plan."""
        return self.structure, self.type


class Plan(BaseModel):
    """Gantry angles in degrees (IEC 61217), and the objectives of the inner optimiser."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    gantry_deg: Annotated[
        tuple[Annotated[float, Field(strict=True, ge=0, lt=360)], ...], Field(min_length=1, max_length=MOST_BEAMS)
    ]
    objectives: Annotated[tuple[PlanObjective, ...], Field(min_length=1, max_length=MOST_OBJECTIVES)]

    @field_validator("gantry_deg")
    @classmethod
    def _apart(cls, angles: tuple[float, ...]) -> tuple[float, ...]:
        ordered = sorted(round(angle, 1) % 360.0 for angle in angles)
        if len(set(ordered)) < len(ordered):
            raise ValueError("two beams come from the same gantry angle")
        return tuple(ordered)

    @field_validator("objectives")
    @classmethod
    def _once(cls, objectives: tuple[PlanObjective, ...]) -> tuple[PlanObjective, ...]:
        for each in objectives:
            if sum(other.key == each.key for other in objectives) > 1:
                raise ValueError(f"two objectives {each.type} of {each.structure[:60]}: join them")
        return objectives

    def text(self) -> str:
        """The canonical spelling: JSON on one line, numbers to four significant digits."""
        data = {
            "gantry_deg": [_number(angle) for angle in self.gantry_deg],
            "objectives": [
                {name: _number(value) for name, value in each if value is not None} for each in self.objectives
            ],
        }
        return json.dumps(data)

    def objective(self, structure: str, kind: str) -> PlanObjective | None:
        """One objective by structure and type."""
        return next((each for each in self.objectives if each.key == (structure, kind)), None)

    def changed(self, old: PlanObjective, **fields: float) -> Plan:
        """The plan with one objective changed; the values are cut to their bounds."""
        limits = {"weight": WEIGHTS, "dose_gy": DOSES_GY}
        kept = {name: min(max(value, limits[name][0]), limits[name][1]) for name, value in fields.items()}
        new = tuple(each.model_copy(update=kept) if each is old else each for each in self.objectives)
        return self.model_copy(update={"objectives": new})


def _number(value: Any) -> Any:
    if not isinstance(value, float):
        return value
    rounded = float(f"{value:.4g}")
    return int(rounded) if rounded == int(rounded) else rounded


def parse(text: str) -> Plan:
    """A plan from its JSON text, of which case is not asked; `InvalidValue` says which field and why."""
    try:
        data = json.loads(text, parse_constant=_no_constant, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise InvalidValue(f"the plan is not JSON: {error}; expected one object like {EXAMPLE}") from None
    if not isinstance(data, dict):
        raise InvalidValue(f"the plan is a JSON {type(data).__name__}; expected one object like {EXAMPLE}")
    try:
        return Plan.model_validate(data)
    except ValidationError as error:
        found = error.errors()
        inner = [each for each in found if each["type"] != "too_short"]  # a list that lost its wrong items seems short
        raise InvalidValue("; ".join(_complaint(each) for each in (inner or found)[:3])) from None


def plan_of(text: str, case: Case) -> Plan:
    """A plan for a case: its structures are the case's, each target is aimed at; in canonical order."""
    plan = parse(text)
    names = [s.name for s in case.structures] + [BODY]
    for number, each in enumerate(plan.objectives):
        if each.structure not in names:
            hint = f"expected one of {', '.join(names)}"
            error = UnknownName.among("structure", each.structure[:60], names, hint)
            raise InvalidValue(f"objectives[{number}].structure: {error}")
    aimed = {each.structure for each in plan.objectives if each.type in ("deviation", "underdose")}
    for target in case.targets:
        if target.name not in aimed:
            raise InvalidValue(
                f"nothing asks for dose in the target {target.name}: it needs an objective deviation or underdose"
            )
    order = sorted(plan.objectives, key=lambda each: (names.index(each.structure), list(TYPES).index(each.type)))
    canonical = plan.model_copy(update={"objectives": tuple(order)})
    return parse(canonical.text())


def made_of(value: str, text: str) -> bool:
    """Whether a plan was written as a text: the same angles and objectives, in whatever order and spelling.

    >>> made_of(EXAMPLE, json.dumps(json.loads(EXAMPLE), indent=1)), made_of(EXAMPLE, EXAMPLE.replace("78", "79"))
    (True, False)
    """
    try:
        plan, said = parse(value), parse(parse(text).text())
    except InvalidValue:
        return False
    return plan.gantry_deg == said.gantry_deg and set(plan.objectives) == set(said.objectives)


def rules_for(case: Case) -> tuple[str, ...]:
    """What a plan may be, one sentence each, for an engine to read."""
    kinds = "; ".join(f"{name}: {said}" for name, said in TYPES.items())
    return (
        f"Answer with one JSON object like {EXAMPLE}",
        f"Structures: {', '.join(s.name for s in case.structures)}, {BODY} (all but the targets).",
        f"Types of objective: {kinds}. A structure may have one of each; DVH needs volume_percent, gEUD needs a.",
        "An objective of an organ acts on what of it is outside the targets; what is inside is the target's.",
        "The loss is the sum over all goals of violation times weight: 1 Gy, 1 %, 1 cc or 0.01 of an index too much or "
        "too little is a violation of 1, and the weight is 4, 2, 1 for the priorities 1, 2, 3.",
        "dose_gy is compared with the dose before it is scaled to coverage.",
        f"weight is from {WEIGHTS[0]:g} to {WEIGHTS[1]:g}, dose_gy from {DOSES_GY[0]:g} to {DOSES_GY[1]:g} Gy.",
        f"gantry_deg holds up to {MOST_BEAMS} angles from 0 to below 360 degrees, in IEC 61217's sense.",
        f"Each target ({', '.join(t.name for t in case.targets)}) needs an objective deviation or underdose.",
        f"Dose is scaled so that {case.coverage.structure} D{case.coverage.volume_percent:g}% is "
        f"{case.coverage.dose_gy:g} Gy, whatever the plan.",
    )


_SIGNS = {"deviation": "=", "overdose": "<", "underdose": ">", "mean": " mean<", "gEUD": " gEUD<", "DVH": " DVH<"}


def label(text: str) -> str:
    """A plan in short: "PTV=78x200 Rectum<50x100", structure, dose in Gy and weight; angles only by their number."""
    try:
        plan = parse(text)
    except InvalidValue:
        return fold(text)[:120]
    said = [f"{o.structure}{_SIGNS[o.type]}{_number(o.dose_gy)}x{_number(o.weight)}" for o in plan.objectives]
    return fold(" ".join([f"{len(plan.gantry_deg)} beams", *said]))


EXAMPLE = json.dumps(
    {
        "gantry_deg": [0, 120, 240],
        "objectives": [{"structure": "PTV", "type": "deviation", "dose_gy": 78, "weight": 100}],
    }
)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{twice[:60]!r} stands twice in one object")
    return dict(pairs)


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no number of a plan")


def _complaint(error: Any) -> str:
    """One of pydantic's errors as a sentence: where, what it is, what was expected."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part[:60]}" for part in error["loc"])
    place = "".join(parts).lstrip(".")
    kind, context = error["type"], error.get("ctx", {})
    if kind == "value_error":
        return f"{place}: {context['error']}" if place else str(context["error"])
    if kind == "extra_forbidden":
        return f"{place} is not known; expected {_fields(error['loc'])}"
    if kind == "missing":
        return f"{place} is missing"
    given = json.dumps(error["input"], default=str)[:80]
    return f"{place} is {given}: {error['msg'].replace('Input should be', 'expected')}"


def _fields(place: Sequence[Any]) -> str:
    return ", ".join((PlanObjective if len(place) > 1 else Plan).model_fields)
