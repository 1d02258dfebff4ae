"""Ways in which an answer in JSON is broken; each gives its name and the reply."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from .source import NOISE, Source


def _cut(source: Source, written: str, data: dict[str, Any], reader: str) -> tuple[str, str]:
    return "cut off", f"{source.prose()}\n{written[: int(source.rng.integers(0, len(written)))]}"


def _cut_after_example(source: Source, written: str, data: dict[str, Any], reader: str) -> tuple[str, str]:
    example = {"value": "an example"} if reader == "field" else {"proposals": [{"text": "an example"}]}
    return "cut off after an example", f"{json.dumps(example)}\n{written[: int(source.rng.integers(1, len(written)))]}"


def _two(source: Source, written: str, data: dict[str, Any], reader: str) -> tuple[str, str]:
    other = {"value": "another"} if reader == "field" else {"proposals": [{"text": "another"}]}
    return "two objects", f"{written}\n{json.dumps(other)}"


def _wrapped(source: Source, written: str, data: dict[str, Any], reader: str) -> tuple[str, str]:
    return "in another object", json.dumps({"answer": data})


def _twice(source: Source, written: str, data: dict[str, Any], reader: str) -> tuple[str, str]:
    name = "value" if reader == "field" else "proposals"
    other = '"another"' if reader == "field" else '[{"text": "another"}]'
    return "a key twice", f'{written.rstrip().removesuffix("}")}, "{name}": {other}}}'


def _number(source: Source, written: str, data: dict[str, Any], reader: str) -> tuple[str, str]:
    number = source.one(["NaN", "Infinity", "-Infinity", "1e999", "9" * 5_000, "-" + "1" * 500])
    return "a number of no size", f'{{"reasoning": {number}, {written.lstrip()[1:]}'


def _type(source: Source, written: str, data: dict[str, Any], reader: str) -> tuple[str, str]:
    wrong = source.one([3, None, True, "CCO", {}, [], ["CCO"], [[]], [{}], [{"text": 3}], [{"text": ""}], {"text": "C"},
        [{"text": "C", "because": {"F1": 1}}], [{"text": "C", "because": [3]}], [{"text": "C", "loss": -3}],
        [{"text": "x" * 20_001}]])  # fmt: skip
    if reader == "field":
        wrong = source.one([3, None, True, {}, [], ["CCO"], "", "  ", {"text": "C"}, 1.5])
    return "a wrong type", json.dumps({("value" if reader == "field" else "proposals"): wrong})


def _surrogate(source: Source, written: str, data: dict[str, Any], reader: str) -> tuple[str, str]:
    bad = {"value": "half \ud83d"} if reader == "field" else {"proposals": [{"text": "half \ude00"}]}
    return "half a character", json.dumps(bad)


def _structure(source: Source, written: str, data: dict[str, Any], reader: str) -> tuple[str, str]:
    """One of the characters that hold it together is missing."""
    places, inside = [], False
    place = 0
    while place < len(written):
        letter = written[place]
        if letter == "\\":
            place += 1
        elif letter == '"':
            inside = not inside
            places.append(place)
        elif not inside and letter in "{}[],:":
            places.append(place)
        place += 1
    gone = source.one(places)
    return "a sign missing", written[:gone] + written[gone + 1 :]


def _noise(source: Source, written: str, data: dict[str, Any], reader: str) -> tuple[str, str]:
    noise = source.one(NOISE)
    return "noise around", f"{noise}{written}{noise}"


def _python(source: Source, written: str, data: dict[str, Any], reader: str) -> tuple[str, str]:
    return "Python, not JSON", repr(data)


def _code(source: Source, written: str, data: dict[str, Any], reader: str) -> tuple[str, str]:
    return "code", "__import__('os').system('echo {\"value\": 1}')"


def _deep(source: Source, written: str, data: dict[str, Any], reader: str) -> tuple[str, str]:
    depth = int(source.rng.integers(200, 3_000))
    return "deep", f'{{"reasoning": {"[" * depth}{"]" * depth}, {written.lstrip()[1:]}'


JSON_BREAKERS: tuple[Callable[..., tuple[str, str]], ...] = (
    _cut,
    _cut_after_example,
    _two,
    _wrapped,
    _twice,
    _number,
    _type,
    _surrogate,
    _structure,
    _noise,
    _python,
    _code,
    _deep,
)
