"""A message with places for variables: filled in for the call, and told again when one of them is to be criticised."""

from __future__ import annotations

import re
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sciopt.errors import InvalidInput
from sciopt.feedback import CHARACTERS_A_TOKEN, fair
from sciopt.images import Image
from sciopt.prompts import quoted

CONVERSATION_TOKENS = 4_000
"""Length at which a conversation is told again, without the variable in question: that one is always whole."""
IN_QUESTION = "[here stands the input in question]"


@dataclass(frozen=True)
class Slot:
    """The place of the input at `index`; with a tag, its text is quoted between such tags."""

    index: int
    tag: str = ""


Piece = str | Slot
Part = tuple[Piece, ...]
Content = str | Image


@dataclass(frozen=True)
class Message:
    """What a model is told: its system prompt, and the parts of the question."""

    system: Part
    parts: tuple[Part, ...]

    def moved(self, places: Sequence[int]) -> Message:
        """The same with the input at `index` in all its slots become the one at `places[index]`."""

        def move(part: Part) -> Part:
            return tuple(Slot(places[p.index], p.tag) if isinstance(p, Slot) else p for p in part)

        return Message(move(self.system), tuple(map(move, self.parts)))

    def filled(self, values: Sequence[Content]) -> tuple[str | None, tuple[Content, ...]]:
        """The system prompt and the question with these values in their places; images are parts of their own."""
        question = tuple(piece for part in self.parts for piece in _joined(part, values))
        system = _joined(self.system, values)
        if any(isinstance(piece, Image) for piece in system):
            raise InvalidInput("a system prompt that is an image: expected a text")
        return "".join(map(str, system)) or None, question

    def retold(self, values: Sequence[Content], response: str, *, hiding: int) -> str:
        """The conversation as data: each part between tags, long ones cut to equal length, one input left out."""
        bounded = self._bounded(values, response, hiding, CONVERSATION_TOKENS * CHARACTERS_A_TOKEN)
        parts = [("SYSTEM_PROMPT", self.system), *(("QUERY", part) for part in self.parts)]
        told = [quoted("".join(bounded[piece] for piece in part), tag) for tag, part in parts if part]
        return "\n\n".join([*told, quoted(bounded[response], "RESPONSE")] if response else told)

    def _bounded(self, values: Sequence[Content], response: str, hiding: int, room: int) -> dict[Piece, str]:
        """Each piece, and the response, as it is told."""
        pieces = dict.fromkeys((*self.system, *(piece for part in self.parts for piece in part), response))
        shown = [piece for piece in pieces if not (isinstance(piece, Slot) and piece.index == hiding)]
        texts = fair([piece if isinstance(piece, str) else str(values[piece.index]) for piece in shown], room)
        told = {
            piece: quoted(text, piece.tag) if isinstance(piece, Slot) and piece.tag else text
            for piece, text in zip(shown, texts, strict=True)
        }
        return {piece: told.get(piece, IN_QUESTION) for piece in pieces}


def spliced(template: str, **places: Piece | Part) -> Part:
    """A template of ours with pieces in the places of its fields.

    >>> spliced("Judge: {text}!", text=Slot(0))
    ('Judge: ', Slot(index=0, tag=''), '!')
    """
    found = re.split(r"\{(" + "|".join(places) + r")\}", template.strip())
    pieces: list[Piece] = []
    for number, text in enumerate(found):
        place = places[text] if number % 2 else text
        pieces += place if isinstance(place, tuple) else (place,)
    return tuple(piece for piece in pieces if piece != "")


def formatted(format_string: str, slots: Mapping[str, Slot]) -> Part:
    """A format string of Python with slots in the places of its fields, which are plain names.

    >>> formatted("The capital of {country} is ...", {"country": Slot(0)})
    ('The capital of ', Slot(index=0, tag=''), ' is ...')
    """
    pieces: list[Piece] = []
    try:
        parsed = list(string.Formatter().parse(format_string))
    except ValueError as error:
        raise InvalidInput(
            f"the format string {format_string!r} cannot be read: {error}; write {{{{ for a brace"
        ) from error
    for literal, name, spec, conversion in parsed:
        pieces.append(literal)
        if name is None:
            continue
        if name not in slots or spec or conversion:
            raise InvalidInput(
                f"the format string has the field {{{name}}}; expected plain names among: {', '.join(slots) or 'none'}"
            )
        pieces.append(slots[name])
    return tuple(piece for piece in pieces if piece != "")


def _joined(part: Part, values: Sequence[Content]) -> list[Content]:
    """A part with its values: texts run together, an image stands alone."""
    made: list[Content] = []
    for piece in part:
        value = values[piece.index] if isinstance(piece, Slot) else piece
        if isinstance(piece, Slot) and piece.tag and isinstance(value, str):
            value = quoted(value, piece.tag)
        if isinstance(value, str) and made and isinstance(made[-1], str):
            made[-1] += value
        else:
            made.append(value)
    return made
