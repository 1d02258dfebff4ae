"""The step on free text: one request with the whole variable and its feedback, and an answer that is read strictly."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sciopt.engines.base import Usage
from sciopt.engines.chat import Chat, ChatRequest, conversation
from sciopt.engines.reading import ask_until_read, prompts_of
from sciopt.engines.replies import field, tagged
from sciopt.errors import EngineError, InvalidInput
from sciopt.feedback import CHARACTERS_A_TOKEN, fair, render
from sciopt.prompts import Prompts, defaults, quoted
from sciopt.variable import Variable

SIMILAR = 0.6
"""Feedback that had this share of the words of the present one said much the same."""
_TAG = "IMPROVED_VARIABLE"
_LONG_WORD = 4
_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {"reasoning": {"type": "string"}, "value": {"type": "string"}},
    "required": ["reasoning", "value"],
    "additionalProperties": False,
}


@dataclass(frozen=True)
class Past:
    """A value that a variable had, and the feedback that it got."""

    value: str
    feedback: str


@dataclass(frozen=True)
class Manner:
    """How variables are rewritten.

    Args:
        constraints: what the improved variable must keep, one sentence each.
        examples: good values of such a variable.
        tags: what the improved variable stands between; None lets a model that can be held to a schema answer in JSON.
        system_prompt: the instruction instead of ours; `{new_variable_start_tag}` and `{new_variable_end_tag}` are
            filled in, other braces stay as they are.
        gradient_memory: of how many earlier steps the feedback is shown.
        momentum_window: of how many earlier steps the value and its feedback are shown.
        tokens: length of the feedback, of the context and of the memory, each.
    """

    constraints: Sequence[str] = ()
    examples: Sequence[str] = ()
    tags: Sequence[str] | None = None
    system_prompt: str | None = None
    gradient_memory: int = 0
    momentum_window: int = 0
    tokens: int = 4_000

    def __post_init__(self) -> None:
        for what, given in (("constraints", self.constraints), ("in_context_examples", self.examples)):
            if isinstance(given, str) or not all(isinstance(each, str) for each in given):
                raise InvalidInput(f"{what} {given!r}: expected a list of texts")
        if self.tags is not None and (len(self.tags) != 2 or len({each.strip() for each in self.tags} - {""}) != 2):
            raise InvalidInput(
                f"new_variable_tags {self.tags!r}: expected two different texts, for example <NEW> and </NEW>"
            )
        least = {"gradient_memory": 0, "momentum_window": 0, "tokens": 1}
        for name, lowest in least.items():
            if getattr(self, name) < lowest:
                raise InvalidInput(f"{name} {getattr(self, name)}: expected at least {lowest}")

    @property
    def remembered(self) -> int:
        """Of how many earlier steps something is shown."""
        return max(self.gradient_memory, self.momentum_window)


@dataclass(frozen=True)
class Rewritten:
    """The improved text, the feedback that it answers, the raw answer, and what it cost."""

    value: str
    feedback: str
    answer: str
    usage: Usage


def rewrite(
    chat: Chat,
    variable: Variable,
    *,
    manner: Manner | None = None,
    past: Sequence[Past] = (),
    seed: int | None = None,
    check: Callable[[str], str] | None = None,
) -> Rewritten:
    """Ask for an improved text; the variable itself is left as it is.

    Args:
        past: values that the variable had before, the latest last.
        check: what the text becomes; its `ValueError` (an `InvalidValue`, say) goes back to the model as the reason.

    Raises:
        EngineError: names the variable; `Unreadable` where no answer could be read.
    """
    manner = manner or Manner()
    tags = _tags(variable, manner, chat.structured)
    request = rewrite_request(
        variable, manner=manner, past=past, seed=seed, structured=chat.structured, prompts=prompts_of(chat)
    )

    def read(text: str) -> str:
        value = tagged(text, *tags) if tags else field(text, "value")
        return check(value) if check else value

    try:
        heard = ask_until_read(chat, request, read=read)
    except EngineError as error:
        raise _about(variable, error) from error
    return Rewritten(heard.value, feedback_on(variable, manner), heard.text, heard.usage)


def rewrite_request(
    variable: Variable,
    *,
    manner: Manner | None = None,
    past: Sequence[Past] = (),
    seed: int | None = None,
    structured: bool = False,
    prompts: Prompts | None = None,
) -> ChatRequest:
    """What an engine is asked; the same arguments give the same request.

    >>> answer = Variable("It takes 1.2 hours.", "an answer")
    >>> print(rewrite_request(answer).messages[1].text.splitlines()[5])
    It takes 1.2 hours.
    """
    manner, words = manner or Manner(), prompts or defaults()
    tags = _tags(variable, manner, structured)
    feedback = feedback_on(variable, manner)
    filled = {
        "role": _role(variable),
        "variable": quoted(variable.value, "VARIABLE"),
        "feedback": quoted(feedback, "FEEDBACK"),
        "place": f"between {tags[0]} and {tags[1]}" if tags else 'as "value"',
        "context": _context(variable, manner, words),
        "memory": _memory(feedback, past, manner, words),
        "constraints": _constraints(manner, words),
        "examples": _examples(manner, words),
    }
    return ChatRequest(
        conversation(
            words.fill("rewrite_ask", **{name: text.rstrip("\n") for name, text in filled.items()}),
            _instruction(manner, tags, words),
        ),
        seed=seed,
        schema=None if tags else _SCHEMA,
    )


def feedback_on(variable: Variable, manner: Manner) -> str:
    """What is shown of a variable's gradients, and remembered for later steps."""
    return render(variable.gradients, tokens=manner.tokens)


def similar(now: str, before: str) -> bool:
    """Whether earlier feedback had at least `SIMILAR` of the longer words of the present one.

    >>> similar("The answer lacks units.", "Units are missing: the answer lacks them.")
    True
    """
    words = _words(now)
    return bool(words) and len(words & _words(before)) >= SIMILAR * len(words)


def _words(text: str) -> frozenset[str]:
    return frozenset(word for word in re.findall(r"\w+", text.lower()) if len(word) >= _LONG_WORD)


def _role(variable: Variable) -> str:
    return " ".join(variable.role_description.split()) or "a text"


def _about(variable: Variable, error: EngineError) -> EngineError:
    """The same error with the name of the variable; a copy, since other threads may hold the error, too."""
    named = copy.copy(error)
    named.args = (f"the variable '{_role(variable)}' keeps its value: {error}",)
    return named


def _tags(variable: Variable, manner: Manner, structured: bool) -> tuple[str, str] | None:
    """What the answer stands between, None for JSON; tags of ours never occur in what the model may have to repeat."""
    if manner.tags is not None:
        return manner.tags[0], manner.tags[1]
    if structured and manner.system_prompt is None:
        return None
    repeated = "\n".join([variable.value, *(gradient.text for gradient in variable.gradients)])
    opening, _, closing = quoted(repeated, _TAG).partition(repeated)
    return opening.strip(), closing.strip()


def _instruction(manner: Manner, tags: tuple[str, str] | None, words: Prompts) -> str:
    if manner.system_prompt is not None:
        assert tags is not None
        opened = manner.system_prompt.replace("{new_variable_start_tag}", tags[0])
        return opened.replace("{new_variable_end_tag}", tags[1])
    return words.fill("rewrite", open=tags[0], close=tags[1]) if tags else words.fill("rewrite_json")


def _context(variable: Variable, manner: Manner, words: Prompts) -> str:
    """The conversations that the variable took part in, where no engine has told of them."""
    contexts = list(dict.fromkeys(g.context for g in variable.gradients if g.context.strip()))
    kept = [piece for piece in fair(contexts, manner.tokens * CHARACTERS_A_TOKEN) if piece]
    if not kept:
        return ""
    return words.fill("rewrite_context", context="\n\n".join(quoted(each, "CONTEXT") for each in kept))


def _memory(feedback: str, past: Sequence[Past], manner: Manner, words: Prompts) -> str:
    """The latest of the earlier steps, all of them under one budget, and whether the same criticism came back."""
    kept = past[-manner.remembered :] if manner.remembered else ()
    if not kept:
        return ""
    first = max(0, len(kept) - manner.momentum_window)
    texts: list[tuple[str, str]] = []
    for place, each in enumerate(kept):
        ago = f"{len(kept) - place} step{'s' if len(kept) - place > 1 else ''} ago"
        texts += [(f"{ago}, the variable", each.value)] if place >= first else []
        texts += [(f"{ago}, the feedback on it", each.feedback)]
    pieces = fair([text for _, text in texts], manner.tokens * CHARACTERS_A_TOKEN)
    blocks = [f"{head}:\n{quoted(piece, 'EARLIER')}" for (head, _), piece in zip(texts, pieces, strict=True) if piece]
    told = words.fill("rewrite_memory", steps="\n".join(blocks))
    times = sum(similar(feedback, each.feedback) for each in kept[first:]) if manner.momentum_window else 0
    if not times:
        return told
    steady = {"times": str(times), "steps": str(len(kept) - first), "percent": f"{100 * SIMILAR:g}"}
    return f"{told}\n{words.fill('rewrite_steady', **steady)}"


def _constraints(manner: Manner, words: Prompts) -> str:
    if not manner.constraints:
        return ""
    listed = "\n".join(f"{number}. {text}" for number, text in enumerate(manner.constraints, 1))
    return words.fill("rewrite_constraints", constraints=listed)


def _examples(manner: Manner, words: Prompts) -> str:
    if not manner.examples:
        return ""
    return words.fill("rewrite_examples", examples="\n".join(quoted(each, "EXAMPLE") for each in manner.examples))
