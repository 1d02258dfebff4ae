"""Feedback on one input of a call: measured numbers pass, everything else is asked of an engine, once."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable
from typing import Protocol

from sciopt.engines.chat import Chat, ChatRequest, system, user
from sciopt.engines.default import backward_engine, chat_from
from sciopt.engines.reading import ask_until_read, prompts_of
from sciopt.errors import Unreadable
from sciopt.feedback import CHARACTERS_A_TOKEN, cut, render
from sciopt.gradient import Gradient, all_said
from sciopt.graph import Back
from sciopt.images import Image
from sciopt.prompts import Prompts, quoted

FEEDBACK_TOKENS = 2_000
"""Length of the feedback on an output that an engine reads when it is asked about an input."""
ANSWER_TOKENS = 1_500
"""Length at which what it answers is cut."""
CONTEXT_TOKENS = 4_000
"""Length at which the conversation beside a measured gradient is cut."""
_THROUGH = " through "


class Used(Protocol):
    """What a function notes of one call: enough to ask how an input should change."""

    @property
    def chat(self) -> Chat | None:
        """The engine of the function itself, asked where no other one was named."""

    def question(self, index: int, back: Back, *, feedback: str, words: Prompts) -> ChatRequest:
        """What an engine is asked about the input at `index`."""

    def conversation(self, index: int) -> str:
        """The call as the input took part in it."""


def criticise(used: Used, index: int, back: Back) -> list[Gradient]:
    """The gradients for one input: a measured one passes with its numbers, for all words together one call is made.

    Where nothing arrived nothing is asked. The engine is the one given to `backward`, else the one set for all, else
    the function's own. What the losses said goes around it.
    """
    measured = [gradient for gradient in back.incoming if gradient.evaluation is not None]
    worded = [gradient for gradient in back.incoming if gradient.evaluation is None]
    passed = [passing(gradient, index, back, here=used.conversation(index)) for gradient in measured]
    feedback = render(worded, tokens=FEEDBACK_TOKENS)
    if not feedback.strip():
        return passed
    chat = _critic(back.engine, used.chat)
    request = used.question(index, back, feedback=feedback, words=prompts_of(chat))
    text = _answer(chat, request, role=back.inputs[index].role_description)
    return [*passed, Gradient(f"{key(back, index)}, on {_digest(worded)}", text, said=all_said(worded))]


def passing(gradient: Gradient, index: int, back: Back, *, here: str) -> Gradient:
    """A gradient as it goes on to an input, with the calls between the two, the nearest first, as its context."""
    further = f"{here}\n\nIts output went on to:\n\n{gradient.context}" if gradient.context else here
    context = cut(further, CONTEXT_TOKENS * CHARACTERS_A_TOKEN)
    return dataclasses.replace(gradient, source=onward(gradient, index, back), context=context)


def handed_on(gradient: Gradient, index: int, back: Back, *, before: str, here: str) -> Gradient:
    """A gradient as a function hands it on that asks no engine: words after `before`, a measured one beside `here`."""
    if gradient.evaluation is not None:
        return passing(gradient, index, back, here=here)
    text = cut(before + gradient.text, ANSWER_TOKENS * CHARACTERS_A_TOKEN)
    return dataclasses.replace(gradient, source=onward(gradient, index, back), text=text)


def onward(gradient: Gradient, index: int, back: Back) -> str:
    """The source of a gradient that passes to an input: where it began and the last call, not the whole way.

    The ways through a graph double with every layer; what comes by several of them to one place is one.
    """
    return f"{gradient.source.split(_THROUGH)[0]}{_THROUGH}{key(back, index)}"


def key(back: Back, index: int) -> str:
    """This input of this call, as the source of a gradient names it."""
    return f"{back.output.source}, input {index + 1}"


def _digest(gradients: Iterable[Gradient]) -> str:
    """What a critic was told of: two losses that are sent back one after the other make two gradients, not one."""
    sources = "\n".join(sorted(gradient.source for gradient in gradients))
    return hashlib.blake2b(sources.encode(), digest_size=8).hexdigest()


def criticism(words: Prompts, question: str, images: Iterable[Image] = ()) -> ChatRequest:
    """A question to the critic."""
    return ChatRequest((system(words.fill("backward")), user(*dict.fromkeys(images), question)))


def named(role: str) -> str:
    """A role as a prompt names it: on one line."""
    return " ".join(role.split()) or "a text without a role"


def about(index: int, back: Back, value: object, feedback: str) -> dict[str, str]:
    """The fields that every question to the critic has; the variable is whole."""
    return {
        "role": named(back.inputs[index].role_description),
        "variable": quoted(str(value), "VARIABLE"),
        "output_role": named(back.output.role_description),
        "feedback": quoted(feedback, "FEEDBACK"),
    }


def _critic(given: Chat | str | None, own: Chat | None) -> Chat:
    return chat_from(given) if given is not None else backward_engine() or chat_from(own)


def _answer(chat: Chat, request: ChatRequest, *, role: str) -> str:
    try:
        text = ask_until_read(chat, request, read=_feedback).value
    except Unreadable as error:
        raise type(error)(f"no feedback on {named(role)!r}: {error}") from error
    return text


def _feedback(answer: str) -> str:
    text = answer.strip()
    if not text:
        raise ValueError("it is empty")
    return cut(text, ANSWER_TOKENS * CHARACTERS_A_TOKEN)
