"""What replies are made of: values to plant, prose around them, mentions of the tags, and noise, drawn from a seed."""

from __future__ import annotations

from typing import Any

import numpy as np

OPEN, CLOSE = "<IMPROVED_VARIABLE>", "</IMPROVED_VARIABLE>"
VALUES = (
    "CCO",
    "CC(C)Cc1ccc(cc1)[C@@H](C)C(=O)O",
    "be brief",
    "You will answer a reasoning question.\n\nThink step by step. The last line is 'Answer: $VALUE'.",
    "def f(x):\n    if x:\n        return {'a': [1, 2]}\n    return None",
    "# Title\n\nSome *text*:\n\n```python\nprint('<b>hi</b>')\n```\n\nand an end.",
    "```python\na = 1\n```\nbetween\n```python\nb = 2\n```",
    '{"weights": {"PTV": 125.0, "Rectum": 80.0}, "note": "a \\"quoted\\" word"}',
    "مرحبا بالعالم\u200f 12 h",
    "naïve Ωmega 分子 \U0001f9ea zero\u200bwidth",
    "a line with <tags> & entities &lt;b&gt; and a backslash \\n",
    "1. one\n2. two\n   - nested\n\n3. three",
    "x" * 3_000,
    "word " * 400 + "end",
    "[A] and {B} and (C), 50 % of it; -7.25 kcal/mol",
)
PROSE = (
    "The feedback asks for units, so I add them.",
    "Let me think. The weight 100 -> 125 moves V40 by -2.75 %.",
    "Sure! Here is what I came up with:",
    'First, {the braces} and "quotes" in the text; then [1] a reference.',
    "I considered CCO; it's worse (0.3 < 0.5).",
    "好的，我来改进它。",
    "\u202eright to left\u202c",
    "- a list\n- of reasons",
    "| a | b |\n|---|---|\n| 1 | 2 |",
)
MENTIONS = (
    f"I will put the result between {OPEN} and {CLOSE} tags.",
    f"The value goes between `{OPEN}` and `{CLOSE}`, as asked.",
    f"(The tags are {OPEN} and {CLOSE}.)",
    f"I end with {CLOSE} as told, after {OPEN} and the text.",
    f"* between **{OPEN}** and **{CLOSE}**",
)
NOISE = (
    "\u200b",
    "\ufeff",
    "\x00",
    "\u202e",
    "🧪" * 50,
    "\u2028",
    "é" * 100,
    "\x1b[31m",
    "&nbsp;",
    "%s{}%n",
    "'; DROP TABLE x; --",
)


class Source:
    """Draws from a seed."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)

    def one(self, among: Any) -> Any:
        return among[int(self.rng.integers(len(among)))]

    def chance(self, share: float) -> bool:
        return bool(self.rng.random() < share)

    def value(self) -> str:
        """A text to plant, sometimes with noise in it, sometimes long."""
        text: str = self.one(VALUES)
        if self.chance(0.15):
            place = int(self.rng.integers(1, len(text))) if len(text) > 1 else 0
            text = text[:place] + self.one(NOISE[:1] + NOISE[3:]) + text[place:]
        if self.chance(0.005):
            text = f"{text}\n" + "long line " * 1_500 + "."
        return text.strip()

    def prose(self) -> str:
        return "\n\n".join(self.one(PROSE) for _ in range(int(self.rng.integers(1, 4))))
