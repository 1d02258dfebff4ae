"""Replies as models give them: plain, decorated, broken, and some that make careless readers slow."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .broken_json import JSON_BREAKERS
from .broken_tags import BREAKERS
from .source import CLOSE, MENTIONS, OPEN, Source

READERS = ("tagged", "field", "proposals")


@dataclass(frozen=True)
class Case:
    """One reply. `legible` ones have to be read; `allowed` are the values that may be read."""

    reader: str
    sort: str
    reply: str
    allowed: tuple[object, ...]
    legible: bool


class Fuzzer(Source):
    """Makes replies from a seed."""

    def cases(self, count: int) -> Iterator[Case]:
        """So many of them, of all readers and sorts; about two of three are only decorated."""
        for number in range(count):
            reader = READERS[number % 3]
            if number % 500 == 499:
                yield self.hostile(reader)
            else:
                legible = self.rng.random() < 0.65
                yield self.tagged(legible) if reader == "tagged" else self.json(reader, legible)

    # --- tags -------------------------------------------------------------------------------------------------------

    def tagged(self, legible: bool) -> Case:
        value = self.value()
        inner, opening, closing = value, OPEN, CLOSE
        sorts: list[str] = []
        if "```" not in value and self.chance(0.2):
            inner, _ = f"```{self.one(['', 'python', 'markdown', 'text'])}\n{value}\n```", sorts.append("fence inside")
        elif "```" in value and self.chance(0.2):
            inner, _ = f"````\n{value}\n````", sorts.append("longer fence inside")
        if self.chance(0.2):
            mark = self.one(["**", "`", "*", "__"])
            opening, closing = f"{mark}{OPEN}{mark}", f"{mark}{CLOSE}{mark}"
            sorts.append("marks")
        if self.chance(0.1):
            opening, closing, _ = opening.lower(), closing.lower(), sorts.append("case")
        around = self.one(["\n", "\n", "\n", "\n\n", " \n"])
        one_line = "\n" not in inner and opening[0] == "<" and self.chance(0.15)
        block = f"{opening}{'' if one_line else around}{inner}{'' if one_line else around}{closing}"
        if self.chance(0.1) and not one_line:
            block = "\n".join(f"   {line}" if line else line for line in block.split("\n"))
            sorts.append("indented")
        if legible:
            return Case("tagged", " + ".join(sorts) or "plain", self.dressed(block, one_line), (value,), True)
        sort, reply, allowed = self.one(BREAKERS)(self, block, value, opening, closing)
        return Case("tagged", sort, reply, (value, *allowed), False)

    def dressed(self, block: str, one_line: bool) -> str:
        """The block with what models put around it."""
        if self.chance(0.15):
            block = f"```{self.one(['', 'xml', 'text'])}\n{block}\n```"
        before = [self.prose()] if self.chance(0.5) else []
        if self.chance(0.25):
            before.append(self.one(MENTIONS))
        if self.chance(0.08):
            before.insert(0, f"<think>\nmaybe\n{OPEN}\na draft\n{CLOSE}\nno</think>")
        if self.chance(0.1) and not one_line and block.startswith("<"):
            before, block = [*before, ""], f"Improved text: {block}"
        after = [self.prose()] if self.chance(0.3) else []
        reply = "\n\n".join([*before, block, *after])
        return reply.replace("\n", "\r\n") if self.chance(0.15) else reply

    # --- JSON -------------------------------------------------------------------------------------------------------

    def json(self, reader: str, legible: bool) -> Case:
        if reader == "field":
            planted: object = self.value()
            data: dict[str, Any] = {"reasoning": self.prose(), "value": planted}
            if self.chance(0.3):
                data = {"value": planted}
        else:
            texts = [self.value() for _ in range(int(self.rng.integers(1, 5)))]
            planted = tuple(texts)
            data = {"proposals": [self.proposal(text) for text in texts]}
            if self.chance(0.1):
                data = {"reasoning": self.prose(), **data}
        written = json.dumps(data, indent=self.one([None, None, 2, 4]), ensure_ascii=self.chance(0.5))
        if legible:
            return Case(reader, "decorated", self.around(written, reader), (planted,), True)
        sort, reply = self.one(JSON_BREAKERS)(self, written, data, reader)
        return Case(reader, sort, reply, (planted,), False)

    def proposal(self, text: str) -> dict[str, Any]:
        data: dict[str, Any] = {"text": f" {text}\n" if self.chance(0.1) else text}
        return data if self.chance(0.2) else {**data, "because": self.one([["F1"], ["F1", "F2"], [], "F3", "F1, F2"])}

    def around(self, written: str, reader: str) -> str:
        if self.chance(0.35):
            written = f"```{self.one(['', 'json', 'JSON'])}\n{written}\n```"
        before = [self.prose()] if self.chance(0.4) else []
        if self.chance(0.1):
            before.append('The form is {"proposals": [...]}.' if reader == "proposals" else 'As {"value": ...}.')
        if self.chance(0.1):
            before.insert(0, f'<think>{{"{"value" if reader == "field" else "proposals"}": "a draft"}}</think>')
        after = [self.prose()] if self.chance(0.3) else []
        reply = "\n\n".join([*before, written, *after])
        return reply.replace("\n", "\r\n") if self.chance(0.15) else reply

    # --- worst cases ------------------------------------------------------------------------------------------------

    def hostile(self, reader: str) -> Case:
        """200,000 characters that make careless readers slow, or end them."""
        sort, piece = self.one(HOSTILE)
        return Case(reader, f"200,000 characters of {sort}", piece * (200_000 // len(piece)), ("x",), False)


HOSTILE = (
    ("openings", OPEN),
    ("closings", CLOSE),
    ("blocks", f"{OPEN}\nx\n{CLOSE}\n"),
    ("fences", "```\n"),
    ("backticks", "`"),
    ("stars", "*"),
    ("braces", "{"),
    ("nested objects", '{"a":'),
    ("nested value objects", '{"value":'),
    ("nested lists", '{"proposals":['),
    ("half strings", '{"'),
    ("escapes", '{"\\"'),
    ("objects", '{"a": 1} '),
    ("empty objects", "{}"),
    ("digits", "9"),
    ("numbers", '{"value": 9' + "9" * 5_000 + "} "),
    ("blanks", " "),
    ("lines", "\n"),
    ("thoughts", "<think>"),
    ("blanks in fences", "```" + " " * 100),
)
