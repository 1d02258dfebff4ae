"""Calls of a language model in the graph: the answer is a variable; backward asks how the inputs should change."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sciopt.engines.chat import Chat, ChatRequest, conversation
from sciopt.engines.default import chat_from
from sciopt.engines.reading import ask_until_read
from sciopt.errors import InvalidInput
from sciopt.gradient import Gradient
from sciopt.graph import Back, Function
from sciopt.images import Image
from sciopt.prompts import Prompts, quoted
from sciopt.text.criticism import about, criticise, criticism
from sciopt.text.messages import Content, Message, Part, Slot, formatted
from sciopt.text.module import Module
from sciopt.variable import Variable

SYSTEM_ROLE = "system prompt to the language model that says how it behaves, used again for every query"
INPUT_ROLE = "query to the language model"
OUTPUT_ROLE = "response from the language model"
Read = Callable[[str], str]


@dataclass(frozen=True)
class Call:
    """What one call of a model saw and said: all that backward needs, kept with the output.

    Args:
        chat: the engine that answered.
        message: what it was told, with places for the inputs.
        values: what the inputs held when it was called.
        response: what it answered.
        judged: the inputs that the response is a judgement of: it is their feedback as it stands.
        examples: of good feedback, shown when feedback is asked for.
    """

    chat: Chat = field(repr=False)
    message: Message
    values: tuple[Content, ...]
    response: str
    judged: frozenset[int] = frozenset()
    examples: tuple[str, ...] = ()

    def conversation(self, index: int) -> str:
        """What was said; in the place of the input in question a note that it is that one."""
        return self.message.retold(self.values, self.response, hiding=index)

    def judgement(self, index: int, back: Back) -> list[Gradient]:
        """What the response says of an input that it judges: itself, with how it was judged as its context."""
        context = self.message.retold(self.values, "", hiding=index)
        own = [gradient for gradient in back.incoming if gradient.source == back.output.source]
        return [dataclasses.replace(gradient, context=context) for gradient in own]

    def question(self, index: int, back: Back, *, feedback: str, words: Prompts) -> ChatRequest:
        """How should the input at `index` change?"""
        told = self.conversation(index)
        if self.examples:
            told += "\n\nExamples of good inputs:\n\n" + quoted("\n".join(self.examples), "EXAMPLES")
        fields = about(index, back, self.values[index], feedback)
        images = [value for value in self.values if isinstance(value, Image)]
        return criticism(words, words.fill("backward_ask", conversation=told, **fields), images)


class Called(Function):
    """What made the output of a call. All of one call stands in the output's `memo`: one object serves every call."""

    asks = True

    def backward(self, index: int, back: Back) -> Sequence[Gradient]:
        """A judgement goes to what it judges as it stands; else measured gradients pass, and words are asked for."""
        call = back.output.memo
        assert isinstance(call, Call)
        if index not in call.judged:
            return criticise(call, index, back)
        further = tuple(gradient for gradient in back.incoming if gradient.source != back.output.source)
        rest = criticise(call, index, dataclasses.replace(back, incoming=further))
        return [*call.judgement(index, back), *rest]


CALLED = Called()


@dataclass(frozen=True)
class Asked:
    """A question that is ready to be put: the variables that are its inputs, and what the model is told of them.

    A variable in several places is one input: one question to the critic shows all its places.
    """

    inputs: tuple[Variable, ...]
    message: Message
    judged: frozenset[int] = frozenset()

    def __post_init__(self) -> None:
        once = list({id(each): each for each in self.inputs}.values())
        place = {id(each): number for number, each in enumerate(once)}
        moved = [place[id(each)] for each in self.inputs]
        object.__setattr__(self, "inputs", tuple(once))
        object.__setattr__(self, "message", self.message.moved(moved))
        object.__setattr__(self, "judged", frozenset(moved[index] for index in self.judged))

    def put(self, chat: Chat, *, role: str, read: Read | None = None, examples: Sequence[str] = ()) -> Variable:
        """The answer as a variable; `read` takes the value from it, and is asked for again where it cannot."""
        values = tuple(each.content for each in self.inputs)
        told, question = self.message.filled(values)
        request = ChatRequest(conversation(question, told))
        text = chat.chat(request).text if read is None else ask_until_read(chat, request, read=read).value
        call = Call(chat, self.message, values, text, self.judged, tuple(examples))
        return Variable(text, role).derived(CALLED, self.inputs, call)


class ModelCall(Module):
    """What all calls of a language model have: who answers, and what it is told before.

    Args:
        engine: a model's name, a `Chat`, or None for the one that is set for all when it is called.
        system_prompt: what it is told before; a variable that requires a gradient is rewritten too.
    """

    def __init__(self, engine: Chat | str | None = None, system_prompt: Variable | str | None = None) -> None:
        self._engine = engine
        self.system_prompt = None if system_prompt is None else as_variable(system_prompt, SYSTEM_ROLE)

    @property
    def engine(self) -> Chat:
        """Who answers."""
        return chat_from(self._engine)

    def asked(self, inputs: Sequence[Variable], parts: tuple[Part, ...]) -> Asked:
        """The question whose parts have places for the inputs; the system prompt is an input too, the last."""
        if self.system_prompt is None:
            return Asked(tuple(inputs), Message((), parts))
        return Asked((*inputs, self.system_prompt), Message((Slot(len(inputs)),), parts))


class LLMCall(ModelCall):
    """A language model's answer to one input; `engine` and `system_prompt` as for all calls."""

    def forward(self, input_variable: Variable | str, response_role_description: str = OUTPUT_ROLE) -> Variable:
        """The answer; an input that is no variable is a frozen one."""
        asked = self.asked([as_variable(input_variable, INPUT_ROLE)], ((Slot(0),),))
        return asked.put(self.engine, role=response_role_description)


class FormattedLLMCall(ModelCall):
    """A language model's answer to several inputs in the places of a format string.

    Args:
        engine: as for all calls.
        format_string: with the names of the inputs in braces, as in "The capital of {country} is {capital}".
        fields: a mapping with these names as keys.
        system_prompt: as for all calls.
    """

    def __init__(
        self,
        engine: Chat | str | None,
        format_string: str,
        fields: Mapping[str, object],
        system_prompt: Variable | str | None = None,
    ) -> None:
        super().__init__(engine, system_prompt)
        self.format_string = format_string
        self.fields = dict(fields)
        self._part = formatted(format_string, {name: Slot(place) for place, name in enumerate(self.fields)})

    def forward(self, inputs: Mapping[str, Variable | str], response_role_description: str = OUTPUT_ROLE) -> Variable:
        """The answer to inputs with exactly the names of `fields`."""
        asked = self.asked(in_order(inputs, list(self.fields)), (self._part,))
        return asked.put(self.engine, role=response_role_description)


class LLMCall_with_in_context_examples(ModelCall):  # noqa: N801  # TextGrad's name
    """A call whose answer stands between <FINAL> and </FINAL>, with examples of good inputs for its feedback."""

    def forward(
        self,
        input_variable: Variable | str,
        response_role_description: str = OUTPUT_ROLE,
        in_context_examples: Sequence[str] | None = None,
    ) -> Variable:
        """What stands between the tags; `Unreadable` where an answer lacks them, also when it was asked for again."""
        asked = self.asked([as_variable(input_variable, INPUT_ROLE)], ((Slot(0),),))
        return asked.put(self.engine, role=response_role_description, read=_final, examples=in_context_examples or ())


def as_variable(value: Variable | str | bytes | float | Image, role: str) -> Variable:
    """A variable as it is, anything else as a frozen one; a variable without a role is given this one.

    >>> as_variable("What is 2 + 2?", "a question").requires_grad
    False
    """
    if not isinstance(value, Variable):
        return Variable(value, role, requires_grad=False)
    value.role_description = value.role_description or role
    return value


def in_order(inputs: Mapping[str, Variable | str], names: Sequence[str]) -> list[Variable]:
    """The inputs in the order of their names; `InvalidInput` where they are not exactly these."""
    if set(inputs) != set(names):
        raise InvalidInput(f"inputs {', '.join(map(repr, inputs)) or 'none'}; expected {', '.join(map(repr, names))}")
    return [as_variable(inputs[name], name) for name in names]


def _final(answer: str) -> str:
    from sciopt.engines.replies import tagged

    return tagged(answer, "<FINAL>", "</FINAL>")
