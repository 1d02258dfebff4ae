"""Losses in words: a language model judges, and its judgement is the feedback itself, without a further call."""

from __future__ import annotations

from collections.abc import Sequence

from sciopt.engines.chat import Chat
from sciopt.engines.default import chat_from
from sciopt.engines.reading import prompts_of
from sciopt.errors import InvalidInput
from sciopt.prompts import Prompts
from sciopt.text.calls import Asked, Read, as_variable
from sciopt.text.criticism import named
from sciopt.text.messages import Message, Part, Slot, spliced
from sciopt.text.module import Module
from sciopt.variable import Variable

INSTRUCTION_ROLE = "instruction for the evaluation"


class TextLoss(Module):
    """Judges a text by an instruction; the value of the loss is the judgement.

    Backward makes no call for the text: the judgement is its gradient. An instruction that requires a gradient is
    asked about, as any input of a call.

    Args:
        eval_system_prompt: the instruction.
        engine: a model's name, a `Chat`, or None for the one that is set for all when it is called.
    """

    def __init__(self, eval_system_prompt: Variable | str, engine: Chat | str | None = None) -> None:
        self.eval_system_prompt = as_variable(eval_system_prompt, INSTRUCTION_ROLE)
        self._engine = engine

    @property
    def engine(self) -> Chat:
        """Who judges."""
        return chat_from(self._engine)

    def forward(self, instance: Variable | str) -> Variable:
        """The judgement of one text, which stands quoted in the question."""
        chat, judged = self.engine, as_variable(instance, "the text that is judged")
        role = named(judged.role_description)
        system = spliced(prompts_of(chat).texts["evaluate"], instruction=Slot(1))
        message = Message(system, ((f"{role}:\n", Slot(0, "TEXT")),))
        return Asked((judged, self.eval_system_prompt), message, frozenset({0})).put(chat, role=f"evaluation of {role}")


class FieldsLoss(Module):
    """What losses of several fields have: an instruction, who judges, and what it is told before."""

    def __init__(
        self,
        evaluation_instruction: Variable | str,
        engine: Chat | str | None = None,
        system_prompt: Variable | str | None = None,
    ) -> None:
        self.evaluation_instruction = as_variable(evaluation_instruction, INSTRUCTION_ROLE)
        self.system_prompt = None if system_prompt is None else as_variable(system_prompt, "system prompt of the judge")
        self._engine = engine

    @property
    def engine(self) -> Chat:
        """Who judges."""
        return chat_from(self._engine)

    def judge(
        self, names: Sequence[str], inputs: Sequence[Variable], *, role: str, read: Read | None = None
    ) -> Variable:
        """The judgement of these fields; each of them is judged."""
        chat, count = self.engine, len(inputs)
        words = prompts_of(chat)
        fields = tuple(piece for place, name in enumerate(names) for piece in _field(name, place))
        question = spliced(words.texts["evaluate_fields"], instruction=Slot(count), fields=fields)
        message = Message(self._system(words, count + 1), (question,))
        told = () if self.system_prompt is None else (self.system_prompt,)
        asked = Asked((*inputs, self.evaluation_instruction, *told), message, frozenset(range(count)))
        return asked.put(chat, role=role, read=read)

    def _system(self, words: Prompts, place: int) -> Part:
        return (Slot(place),) if self.system_prompt else spliced(words.texts["evaluate"], instruction="")


class MultiFieldEvaluation(FieldsLoss):
    """Judges several texts together, such as a prediction beside the correct result.

    Args:
        evaluation_instruction: how.
        role_descriptions: what the texts are, in the order in which they are given.
        engine: a model's name, a `Chat`, or None for the one that is set for all when it is called.
        system_prompt: what the judge is told before; unless given, to be critical and brief.
    """

    def __init__(
        self,
        evaluation_instruction: Variable | str,
        role_descriptions: Sequence[str],
        engine: Chat | str | None = None,
        system_prompt: Variable | str | None = None,
    ) -> None:
        super().__init__(evaluation_instruction, engine, system_prompt)
        self.role_descriptions = list(role_descriptions)

    def forward(self, inputs: Sequence[Variable | str]) -> Variable:
        """The judgement of as many texts as there are roles."""
        if len(inputs) != len(self.role_descriptions):
            wanted = ", ".join(self.role_descriptions)
            raise InvalidInput(f"{len(inputs)} inputs; expected {len(self.role_descriptions)}: {wanted}")
        named_inputs = [as_variable(each, role) for each, role in zip(inputs, self.role_descriptions, strict=True)]
        return self.judge(self.role_descriptions, named_inputs, role="evaluation of a prediction", read=self._read)

    def _read(self, answer: str) -> str:
        return answer


class MultiFieldTokenParsedEvaluation(MultiFieldEvaluation):
    """The same, with a result between two tags, which `parse_output` takes from the judgement.

    Args:
        evaluation_instruction: how; it names the tags.
        role_descriptions: what the texts are.
        engine: as for `MultiFieldEvaluation`.
        system_prompt: as for `MultiFieldEvaluation`.
        parse_tags: the opening and the closing tag. A judgement without them is asked for again.
    """

    def __init__(
        self,
        evaluation_instruction: Variable | str,
        role_descriptions: Sequence[str],
        engine: Chat | str | None = None,
        system_prompt: Variable | str | None = None,
        parse_tags: Sequence[str] | None = None,
    ) -> None:
        super().__init__(evaluation_instruction, role_descriptions, engine, system_prompt)
        if parse_tags is not None and len(parse_tags) != 2:
            raise InvalidInput(f"parse_tags {parse_tags!r}; expected an opening and a closing tag")
        self.parse_tags = parse_tags

    def parse_output(self, response: Variable) -> str:
        """What stands between the tags in a judgement; `ValueError` with the reason where that is not clear."""
        from sciopt.engines.replies import tagged

        if self.parse_tags is None:
            raise InvalidInput("no parse_tags were given: expected an opening and a closing tag")
        return tagged(response.value, self.parse_tags[0], self.parse_tags[1])

    def _read(self, answer: str) -> str:
        if self.parse_tags is not None:
            self.parse_output(Variable(answer))
        return answer


class MultiChoiceTestTime(FieldsLoss):
    """Judges an answer to a multiple-choice question at test time, where nobody knows the right one.

    Args:
        evaluation_instruction: how.
        engine: as for `MultiFieldEvaluation`.
        system_prompt: as for `MultiFieldEvaluation`.
    """

    def forward(self, question: Variable | str, prediction: Variable | str) -> Variable:
        """The judgement of the answer `prediction`."""
        answer = as_variable(prediction, "the answer to it")
        inputs = [as_variable(question, "the multiple-choice question"), answer]
        role = f"evaluation of {named(answer.role_description)}"
        return self.judge(("Question", "Answer of the language model"), inputs, role=role)


class ImageQALoss(FieldsLoss):
    """Judges an answer to a question about an image.

    Args:
        evaluation_instruction: how.
        engine: as for `MultiFieldEvaluation`.
        system_prompt: as for `MultiFieldEvaluation`.
    """

    def forward(self, image: Variable | bytes, question: Variable | str, response: Variable | str) -> Variable:
        """The judgement of the answer `response`."""
        inputs = [
            as_variable(image, "an image"),
            as_variable(question, "a question"),
            as_variable(response, "an answer"),
        ]
        role = f"evaluation of {named(inputs[2].role_description)}"
        return self.judge(("Image", "Question", "Answer"), inputs, role=role)


def _field(name: str, place: int) -> Part:
    return (f"\n\n{name}:\n" if place else f"{name}:\n", Slot(place, "FIELD"))
