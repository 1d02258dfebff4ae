"""All gradients of a variable as one text under a budget: merged as a set, numbers exact, every voice a fair share.

Chains of engines make feedback longer at every step (it explodes) or vaguer (it vanishes). Here neither can happen:
what an engine wrote is bounded, the numbers of the losses go around it, and what the losses said stands beside it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sciopt.gradient import Gradient, Metric, all_said

CHARACTERS_A_TOKEN = 4
LEAST = 160
"""Characters below which a piece of feedback says nothing any more: rather fewer pieces than shorter ones."""
_NUMBERS_SHARE = 0.25
_EACH = 4
_HEADS = 120
"""Characters of the lines between the pieces."""
_EXACT = "Numbers of the loss, exact:\n"
_LEFT_OUT = 44
_SHORTEST_NAME = 16
_LISTED = 12
_MARK = 42


def render(gradients: Sequence[Gradient], *, tokens: int) -> str:
    """What an engine reads of a variable's gradients, in at most `tokens` tokens of four characters.

    >>> render([Gradient("a", "too long"), Gradient("b", "too long")], tokens=100)
    '(2 times) too long'
    """
    room = tokens * CHARACTERS_A_TOKEN
    said = all_said(gradients)
    restated = {each.text for each in said if each.metrics and _is_number(each.text)}
    texts = Counter(gradient.text for gradient in gradients if gradient.text.strip() and gradient.text not in restated)
    origins = Counter(each.text for each in said if each.text.strip() and each.text not in {*texts, *restated})
    words = [*map(_counted, texts.items()), *map(_counted, origins.items())]
    wanted = sum(map(len, words)) + _EACH * len(words) + _HEADS
    metrics = [metric for each in said for metric in each.metrics]
    numbers = _numbers(metrics, max(int(room * _NUMBERS_SHARE), room - wanted if words else room - len(_EXACT)))
    if len(words) + len(numbers) <= 1:
        return cut("\n".join([*words, *numbers]), room)
    exact = f"{_EXACT}{_listed(numbers)}\n" if numbers else ""
    if len(exact) > room:  # so short a text has no place for both
        exact = ""
    voices = _voices(words, len(texts), room - len(exact)) if words else ""
    return (exact + cut(voices, room - len(exact))).rstrip("\n")


def _voices(words: Sequence[str], own: int, room: int) -> str:
    """Feedback, the first `own` of the words, and what the losses said themselves, the others."""
    pieces = fair(words, max(0, room - _HEADS))
    blocks: list[str] = []
    heads = ("Feedback:", "What the losses said themselves:")
    for head, part in zip(heads, (pieces[:own], pieces[own:]), strict=True):
        kept = [piece for piece in part if piece]
        if kept:
            blocks.append(f"{head}\n{_listed(kept)}")
        if len(kept) < len(part):
            blocks.append(f"({len(part) - len(kept)} of {len(part)} are left out here)")
    return "\n".join(blocks)


def cut(text: str, most: int) -> str:
    """Its beginning and its end when it is longer than `most` characters, and how much is missing between them.

    >>> cut("abcdefghij" * 10, 60)
    'abcdefghi [... 82 characters left out ...] bcdefghij'
    """
    if len(text) <= most:
        return text
    side = max(0, (most - _MARK) // 2)
    mark = f" [... {len(text) - 2 * side} characters left out ...] "
    return (text[:side] + mark + (text[-side:] if side else ""))[:most]


def fair(pieces: Sequence[str], room: int) -> list[str]:
    """Every piece within `room` characters in all: short ones whole, long ones cut to equal length.

    Where not even `LEAST` characters are left for each, an even choice of them stays; the others become empty.
    """
    most = max(1, room // (LEAST + _EACH))
    if len(pieces) > most and sum(map(len, pieces)) + _EACH * len(pieces) > room:
        chosen = {round(i * (len(pieces) - 1) / max(1, most - 1)) for i in range(most)}
    else:
        chosen = set(range(len(pieces)))
    left, share = room - _EACH * len(chosen), {}
    for rank, place in enumerate(sorted(chosen, key=lambda place: len(pieces[place]))):
        share[place] = min(len(pieces[place]), max(0, left) // (len(chosen) - rank))
        left -= share[place]
    return [cut(piece, share[place]) if place in chosen else "" for place, piece in enumerate(pieces)]


def _counted(item: tuple[str, int]) -> str:
    text, times = item
    return text if times == 1 else f"({times} times) {text}"


def _listed(pieces: Sequence[str]) -> str:
    return "\n".join(f"- {piece}" for piece in pieces)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _numbers(metrics: Sequence[Metric], room: int) -> list[str]:
    """Each number to the last digit; many of one name as their count, mean, lowest and highest.

    Where the room is short the names get shorter; a number itself is shown whole or not at all.
    """
    named: dict[str, list[float]] = {}
    for metric in metrics:
        named.setdefault(metric.name, []).append(metric.value)
    shown = {name: _values(values) for name, values in named.items()}
    longest = _longest(list(map(len, shown)), room - sum(len(text) + 3 for text in shown.values()))
    lines = [f"{_short(name, longest)}{text}" for name, text in shown.items()]
    if sum(len(line) + 3 for line in lines) <= room:
        return lines
    kept: list[str] = []
    left = room - _LEFT_OUT
    for line in lines:
        if len(line) + 3 <= left:
            kept.append(line)
            left -= len(line) + 3
    return [*kept, f"({len(lines) - len(kept)} of {len(lines)} numbers are left out here)"]


def _values(values: Sequence[float]) -> str:
    if len(values) == 1:
        return f" = {values[0]!r}"
    if len(values) <= _LISTED:
        return f": {', '.join(map(repr, values))}"
    mean = sum(values) / len(values)
    return f": {len(values)} values, mean {mean!r}, lowest {min(values)!r}, highest {max(values)!r}"


def _longest(lengths: Sequence[int], room: int) -> int:
    """The length to which names are shortened so that all of them need no more than `room`, if that is possible."""
    longest = max(lengths, default=0)
    for rank, length in enumerate(ordered := sorted(lengths)):
        share = room // (len(ordered) - rank)
        if length > share:
            return max(_SHORTEST_NAME, share)
        room -= length
    return longest


def _short(name: str, most: int) -> str:
    """Its beginning and its end, which tell it from others."""
    if len(name) <= most:
        return name
    side = (most - 1) // 2
    return f"{name[: most - 1 - side]}…{name[len(name) - side :]}"
