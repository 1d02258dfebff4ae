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
_LISTED = 12
_MARK = 42


def render(gradients: Sequence[Gradient], *, tokens: int) -> str:
    """What an engine reads of a variable's gradients, in at most `tokens` tokens of four characters.

    >>> render([Gradient("a", "too long"), Gradient("b", "too long")], tokens=100)
    '(2 times) too long'
    """
    room = tokens * CHARACTERS_A_TOKEN
    said = all_said(gradients)
    texts = Counter(gradient.text for gradient in gradients if gradient.text.strip())
    origins = Counter(each.text for each in said if each.text.strip() and each.text not in texts)
    metrics = _numbers([metric for each in said for metric in each.metrics], int(room * _NUMBERS_SHARE))
    if len(texts) + len(origins) + len(metrics) <= 1:
        return cut("\n".join([*map(_counted, texts.items()), *map(_counted, origins.items()), *metrics]), room)
    blocks = [f"Numbers of the loss, exact:\n{_listed(metrics)}"] if metrics else []
    left = room - sum(map(len, blocks)) - 120
    pieces = fair([*map(_counted, texts.items()), *map(_counted, origins.items())], max(0, left))
    heads = ("Feedback:", "What the losses said themselves:")
    for head, part in zip(heads, (pieces[: len(texts)], pieces[len(texts) :]), strict=True):
        kept = [piece for piece in part if piece]
        if kept:
            blocks.append(f"{head}\n{_listed(kept)}")
        if len(kept) < len(part):
            blocks.append(f"({len(part) - len(kept)} of {len(part)} more are left out here)")
    return cut("\n".join(blocks), room)


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
    each = 4
    most = max(1, room // (LEAST + each))
    if len(pieces) > most and sum(map(len, pieces)) + each * len(pieces) > room:
        chosen = {round(i * (len(pieces) - 1) / max(1, most - 1)) for i in range(most)}
    else:
        chosen = set(range(len(pieces)))
    left, share = room - each * len(chosen), {}
    for rank, place in enumerate(sorted(chosen, key=lambda place: len(pieces[place]))):
        share[place] = min(len(pieces[place]), max(0, left) // (len(chosen) - rank))
        left -= share[place]
    return [cut(piece, share[place]) if place in chosen else "" for place, piece in enumerate(pieces)]


def _counted(item: tuple[str, int]) -> str:
    text, times = item
    return text if times == 1 else f"({times} times) {text}"


def _listed(pieces: Sequence[str]) -> str:
    return "\n".join(f"- {piece}" for piece in pieces)


def _numbers(metrics: Sequence[Metric], room: int) -> list[str]:
    """Each number to the last digit; many of one name as their count, mean, lowest and highest."""
    named: dict[str, list[float]] = {}
    for metric in metrics:
        named.setdefault(metric.name, []).append(metric.value)
    lines: list[str] = []
    for name, values in named.items():
        if len(values) == 1:
            lines.append(str(Metric(name, values[0])))
        elif len(values) <= _LISTED:
            lines.append(f"{name}: {', '.join(map(repr, values))}")
        else:
            mean = sum(values) / len(values)
            lines.append(
                f"{name}: {len(values)} values, mean {mean!r}, lowest {min(values)!r}, highest {max(values)!r}"
            )
    kept = [line for place, line in enumerate(lines) if sum(map(len, lines[: place + 1])) + 3 * (place + 1) <= room]
    return kept if len(kept) == len(lines) else [*kept, f"({len(lines) - len(kept)} more numbers are left out here)"]
