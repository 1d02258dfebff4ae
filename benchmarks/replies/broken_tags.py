"""Ways in which a block between tags is broken; each gives its name, the reply, and other values that may be read."""

from __future__ import annotations

from collections.abc import Callable

from .source import CLOSE, MENTIONS, NOISE, OPEN, Source

Broken = tuple[str, str, tuple[object, ...]]


def _cut(source: Source, block: str, value: str, opening: str, closing: str) -> Broken:
    text = f"{source.prose()}\n{block}"
    return "cut off", text[: int(source.rng.integers(0, len(text) - len(closing.rstrip("*`_")) + 1))], ()


def _cut_after_mention(source: Source, block: str, value: str, opening: str, closing: str) -> Broken:
    text = f"{source.one(MENTIONS)}\n\n{block}"
    return "cut off after a mention", text[: len(text) - int(source.rng.integers(len(closing), len(block)))], ()


def _mention(source: Source, block: str, value: str, opening: str, closing: str) -> Broken:
    return "mention only", f"{source.prose()}\n{source.one(MENTIONS)}", ()


def _two(source: Source, block: str, value: str, opening: str, closing: str) -> Broken:
    return "two values", f"{block}\n\nor rather\n\n{OPEN}\nanother value\n{CLOSE}", ()


def _draft(source: Source, block: str, value: str, opening: str, closing: str) -> Broken:
    return "draft left open", f"{OPEN}\na first draft\n\nNo, better:\n{block}", ()


def _nested(source: Source, block: str, value: str, opening: str, closing: str) -> Broken:
    return "block in a block", f"{OPEN}\n{block}\n{CLOSE}", ()


def _twice_closed(source: Source, block: str, value: str, opening: str, closing: str) -> Broken:
    return "closed twice", f"{block}\nmore of it\n{CLOSE}", ()


def _twice_opened(source: Source, block: str, value: str, opening: str, closing: str) -> Broken:
    return "opened twice", f"{OPEN}\n{block}", ()


def _missing(source: Source, block: str, value: str, opening: str, closing: str) -> Broken:
    tag = source.one([opening, closing])
    return "a tag missing", f"{source.prose()}\n{block.replace(tag, '')}\n{source.prose()}", ()


def _misspelt(source: Source, block: str, value: str, opening: str, closing: str) -> Broken:
    tag = source.one([OPEN, CLOSE])
    place = int(source.rng.integers(len(tag)))
    return (
        "a tag misspelt",
        block.replace(tag, tag[:place] + tag[place + 1 :]).replace(tag.lower(), tag[1:].lower()),
        (),
    )


def _swapped(source: Source, block: str, value: str, opening: str, closing: str) -> Broken:
    return "tags swapped", f"{CLOSE}\n{value}\n{OPEN}", ()


def _empty(source: Source, block: str, value: str, opening: str, closing: str) -> Broken:
    return "empty", f"{source.prose()}\n{OPEN}{source.one(['', chr(10), ' ', chr(10) + '...' + chr(10)])}{CLOSE}", ()


def _in_prose(source: Source, block: str, value: str, opening: str, closing: str) -> Broken:
    noise = source.one(NOISE)
    return "noise beside the tags", f"{noise}{block}{noise}", ()


def _scattered(source: Source, block: str, value: str, opening: str, closing: str) -> Broken:
    """Tags thrown into the reasoning anywhere."""
    words = source.prose().split(" ")
    for _ in range(int(source.rng.integers(1, 4))):
        words.insert(int(source.rng.integers(len(words) + 1)), source.one([OPEN, CLOSE, OPEN.lower()]))
    return "tags in the reasoning", f"{' '.join(words)}\n\n{block}", ()


def _bare_fences(source: Source, block: str, value: str, opening: str, closing: str) -> Broken:
    """A fence around a value that holds fences without names: it may be read in two ways, so in none."""
    inner = "some text\n```\ncode\n```\nmore text"
    return "fences of two readings", f"{OPEN}\n```\n{inner}\n```\n{CLOSE}", (inner,)


BREAKERS: tuple[Callable[..., Broken], ...] = (
    _cut,
    _cut_after_mention,
    _mention,
    _two,
    _draft,
    _nested,
    _twice_closed,
    _twice_opened,
    _missing,
    _misspelt,
    _swapped,
    _empty,
    _in_prose,
    _scattered,
    _bare_fences,
)
