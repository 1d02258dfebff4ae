"""What a language model answered, read strictly: `ValueError` gives a reason that it can act on; nothing is guessed.

A value that is read is the one that was meant, or the answer is refused: asking again costs one call, a wrong value
costs the run. All readers are linear in the length of the text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sciopt.engines.base import LONGEST, Proposal
from sciopt.engines.chat import LONGEST_TEXT
from sciopt.engines.objects import named, object_with
from sciopt.engines.tags import between

_LONGEST_ID, _MOST_IDS = 80, 20

PROPOSALS_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "proposals": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "text": {"type": "string"},
                    "because": {"type": "array", "items": {"type": "string"}},
                },
                "required": ["text", "because"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["proposals"],
    "additionalProperties": False,
}
"""The form of `proposals` for models that can be held to one."""


def tagged(text: str, opening: str, closing: str) -> str:
    """The value between two tags that stand on lines of their own, or alone on one line.

    What stands around them, a mention of them, bold or code marks on them and one fence around the whole value are no
    part of it. Everything that has two readings is refused.

    >>> tagged("I write it between <V> and </V>.\\n\\n**<V>**\\nbe brief\\n**</V>**\\nDone.", "<V>", "</V>")
    'be brief'
    """
    return _whole(between(_spoken(text), opening, closing), "the value")


def field(text: str, name: str) -> str:
    """The text that stands under `name` in the one JSON object of an answer, whatever stands around the object.

    >>> field('Sure:\\n```json\\n{"reasoning": "too long", "value": "be brief"}\\n```', "value")
    'be brief'
    """
    value = object_with(_spoken(text), name)[name]
    if not isinstance(value, str):
        raise ValueError(f"{name!r} is no text")
    if not value.strip():
        raise ValueError(f"{name!r} is empty")
    return _whole(value, repr(name))


def proposals(text: str, most: int) -> tuple[Proposal, ...]:
    """The first `most` proposals of an answer that holds one JSON object with a list of them.

    >>> proposals('{"proposals": [{"text": "CCO", "because": "F1, F2"}]}', 6)
    (Proposal(text='CCO', because=('F1', 'F2')),)
    """
    data = object_with(_spoken(text), "proposals")
    if extra := data.keys() - {"proposals", "reasoning"}:
        raise ValueError(f"{named(extra)} is no part of the form {{'proposals': [...]}}")
    listed = data["proposals"]
    if not isinstance(listed, list) or not listed:
        raise ValueError("'proposals' is no list with at least one proposal")
    return tuple([_proposal(each) for each in listed][:most])


def _proposal(data: Any) -> Proposal:
    if not isinstance(data, dict) or not isinstance(data.get("text"), str):
        raise ValueError("a proposal has no text under 'text'")
    if extra := data.keys() - {"text", "because"}:
        raise ValueError(f"{named(extra)} is no part of a proposal, which has 'text' and 'because'")
    text = data["text"].strip()
    if not text:
        raise ValueError("the 'text' of a proposal is empty")
    if len(text) > LONGEST:
        raise ValueError(f"the 'text' of a proposal has {len(text)} characters; at most {LONGEST} are read")
    because = data.get("because", [])
    if isinstance(because, str):
        because = [part.strip() for part in because.split(",") if part.strip()]
    if not isinstance(because, list) or not all(isinstance(each, str) for each in because):
        raise ValueError("'because' is no list of finding ids")
    ids = tuple(_whole(each, "an id in 'because'")[:_LONGEST_ID] for each in because[:_MOST_IDS])
    return Proposal(_whole(text, "the 'text' of a proposal"), ids)


def _spoken(text: str) -> str:
    """An answer with plain line ends and without the thoughts that some models put before it between their own tags."""
    text = text.replace("\r\n", "\n")
    if not text.lstrip().startswith("<think>"):
        return text
    _, ended, rest = text.partition("</think>")
    if not ended:
        raise ValueError("it ends within its thoughts: the answer is not complete")
    return rest


def _whole(value: str, what: str) -> str:
    """A text that can be stored and is not endless."""
    if len(value) > LONGEST_TEXT:
        raise ValueError(f"{what} has {len(value)} characters; at most {LONGEST_TEXT} are read")
    if any("\ud800" <= letter <= "\udfff" for letter in value):
        raise ValueError(f"{what} holds half of a character (a lone surrogate)")
    return value
