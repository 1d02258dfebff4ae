"""The grammar of a clinical goal: one line into structure, metric, sense, limit, unit and priority, strictly."""

from __future__ import annotations

import math
import re
from typing import NamedTuple

from sciopt.errors import InvalidInput
from sciopt.objective import Sense
from sciopt.objectives.radiotherapy.metrics import Metric, Unit, plain

EXAMPLES = (
    "'PTV D95% >= 70.2 Gy', 'Rectum V70Gy <= 20 %', 'Rectum V70Gy <= 15 cc', 'Bladder Dmean <= 40 Gy', "
    "'Cord D0.03cc <= 45 Gy', 'Lens Dmax <= 7 Gy', 'PTV HI <= 0.1', 'PTV CI >= 0.8', and '(priority 2)' after any"
)
MOST_GY = 500.0
"""A higher dose is taken for a slip of the unit."""
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|[+-]?(?:nan|inf(?:inity)?)"
_LINE = re.compile(
    rf"\s*(?P<structure>[^\W_]\w*)\s+(?P<metric>[^<>≤≥=]*?)\s*(?P<sense><=|>=|<|>|≤|≥)\s*(?P<limit>{_NUMBER})"
    r"\s*(?P<unit>[^\s\d()]\S*?)?\s*(?:\(\s*priority\s+(?P<priority>[^\s()]+)\s*\))?\s*",
    re.IGNORECASE,
)
_METRIC = re.compile(
    rf"(?P<what>[DV])\s*(?P<argument>{_NUMBER})\s*(?P<unit>%|c?Gy|cc|cm3|cm³)?\s*(?P<of>\[(?:%|cc)\])?", re.IGNORECASE
)
_NAMED = {m.text.lower(): m for m in (Metric("mean"), Metric("max"), Metric("min"), Metric("HI"), Metric("CI"))}
_UNITS: dict[str, tuple[Unit, float]] = {
    "gy": ("Gy", 1.0), "cgy": ("Gy", 100.0), "%": ("%", 1.0), "cc": ("cc", 1.0), "cm3": ("cc", 1.0),
    "cm³": ("cc", 1.0), "": ("", 1.0),
}  # fmt: skip
_SENSES: dict[str, Sense] = {"<=": "<=", "<": "<=", "≤": "<=", ">=": ">=", ">": ">=", "≥": ">="}


class Line(NamedTuple):
    """What stands in one line; the limit is in the unit, that of the metric."""

    structure: str
    metric: Metric
    sense: Sense
    limit: float
    unit: Unit
    priority: int


def read_line(line: str) -> Line:
    """A line in its parts; `InvalidInput` says what is wrong and what would be right."""
    match = _LINE.fullmatch(line)
    if match is None:
        raise InvalidInput(f"{line.strip()!r} is not a goal; expected for example {EXAMPLES}")
    unit, per = _unit(match["unit"] or "", line)
    metric = read_metric(match["metric"], unit=unit, line=line)
    _expect_unit(metric, unit, line)
    limit = float(match["limit"]) / per
    _expect_limit(metric, limit, line)
    priority = _priority(match["priority"], line)
    return Line(match["structure"], metric, _SENSES[match["sense"]], limit, unit, priority)


def read_metric(text: str, *, unit: Unit, line: str) -> Metric:
    """The metric that a text such as "V70" names, limited in a unit; `line` is what an error speaks of."""
    if text.lower() in _NAMED:
        return _NAMED[text.lower()]
    match = _METRIC.fullmatch(text)
    if match is None:
        raise _wrong(
            line, f"asks for {text!r}, not D95%, D0.03cc, V70Gy, Dmean, Dmax, Dmin, HI or CI", "PTV D95% >= 70.2 Gy"
        )
    dose = match["what"].upper() == "D"
    of, per = _UNITS[(match["unit"] or ("%" if dose else "Gy")).lower()]
    argument = float(match["argument"]) / per
    if not math.isfinite(argument) or argument < 0.0:
        raise _wrong(line, f"asks for {text!r}: no negative or infinite amount", "PTV D95% >= 70.2 Gy")
    return _dose_metric(argument, of, line) if dose else _volume_metric(argument, of, unit, match["of"], line)


def _wrong(line: str, said: str, example: str) -> InvalidInput:
    return InvalidInput(f"the goal {line.strip()!r} {said}; expected for example {example!r}")


def _unit(text: str, line: str) -> tuple[Unit, float]:
    if text.lower() not in _UNITS:
        raise _wrong(line, f"has the unit {text!r}, not Gy, cGy, % or cc", "Rectum V70Gy <= 20 %")
    return _UNITS[text.lower()]


def _dose_metric(argument: float, of: Unit, line: str) -> Metric:
    """D100% and D0% are Dmin and Dmax, the one spelling of them."""
    if of == "Gy":
        raise _wrong(line, "asks for the dose of a dose: D is of a volume in % or cc", "PTV D95% >= 70.2 Gy")
    if of == "%" and argument > 100.0:
        raise _wrong(line, f"asks for the dose of {plain(argument)} %, more than the whole", "PTV D95% >= 70.2 Gy")
    if argument == 0.0 or (of, argument) == ("%", 100.0):
        return Metric("min" if argument else "max")
    return Metric("D_percent" if of == "%" else "D_cc", argument)


def _volume_metric(argument: float, of: Unit, unit: Unit, said: str | None, line: str) -> Metric:
    if of == "%":
        raise _wrong(
            line, "asks for the volume of a share of the prescription: give the dose in Gy", "PTV V74.1Gy >= 98 %"
        )
    if of == "cc":
        raise _wrong(line, "asks for the volume of a volume: V is of a dose in Gy", "Rectum V70Gy <= 15 cc")
    if argument > MOST_GY:
        raise _wrong(line, f"speaks of {plain(argument)} Gy: is it cGy?", "Rectum V7000cGy <= 20 %")
    if said is not None and unit and said != f"[{unit}]":
        raise _wrong(line, f"asks for a volume in {said[1:-1]} and limits it in {unit}", "Rectum V70Gy <= 20 %")
    return Metric("V_cc" if unit == "cc" else "V_percent", argument)


def _expect_unit(metric: Metric, unit: Unit, line: str) -> None:
    if unit == metric.unit:
        return
    text, has = metric.text, f"the unit {unit}" if unit else "no unit"
    if metric.unit == "Gy":
        share = ": a share of the prescription is not supported, give the dose in Gy" if unit == "%" else ""
        raise _wrong(line, f"limits a dose, {text}, and has {has}{share}", f"PTV {text} >= 70.2 Gy")
    if metric.unit == "":
        example = "PTV CI >= 0.8" if metric.kind == "CI" else "PTV HI <= 0.1"
        raise _wrong(line, f"limits an index, {text}, that has no unit, and has {has}", example)
    raise _wrong(line, f"limits a volume, {text}, and has {has}, not % or cc", f"Rectum {text} <= 20 %")


def _expect_limit(metric: Metric, limit: float, line: str) -> None:
    if not math.isfinite(limit) or limit < 0.0:
        raise _wrong(line, f"has the limit {limit:g}: no number from 0 upwards", "Bladder Dmean <= 40 Gy")
    if metric.unit == "%" and limit > 100.0:
        raise _wrong(line, f"has the limit {limit:g} %, more than the whole", "Rectum V70Gy <= 20 %")
    if metric.unit == "Gy" and limit > MOST_GY:
        raise _wrong(line, f"has the limit {limit:g} Gy: is it cGy?", "PTV D95% >= 7020 cGy")
    if metric.kind == "CI" and limit > 1.0:
        raise _wrong(line, f"has the limit {limit:g}: a conformity index is from 0 to 1", "PTV CI >= 0.8")


def _priority(text: str | None, line: str) -> int:
    if text is None:
        return 1
    if not re.fullmatch("[1-9]", text):
        said = f"has the priority {text!r}, not 1 (highest) to 9"
        raise _wrong(line, said, "Rectum V70Gy <= 20 % (priority 2)")
    return int(text)
