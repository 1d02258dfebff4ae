"""Images among the inputs: they reach the engine as images, forwards and when feedback on a text is asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

import sciopt as tg
from sciopt.errors import InvalidInput
from sciopt.images import Image
from sciopt.variable import Variable
from tests.text.scripted import Scripted

PNG = b"\x89PNG\r\n\x1a\n" + b"pixels"
ADDRESS = "https://example.org/cat.png"


def test_texts_and_images_are_sent_in_their_order(tmp_path: Path) -> None:
    path = tmp_path / "cat.png"
    path.write_bytes(PNG)
    chat = Scripted("a cat")
    inputs = [
        Variable(PNG, "an image", requires_grad=False),
        Variable(image_path=ADDRESS, role_description="an image"),
        Variable(image_path=path, role_description="an image"),
        Variable("What is it?", "a question"),
    ]
    answer = tg.MultimodalLLMCall(chat, "Look closely.")(inputs)
    parts = chat.requests[0].messages[-1].parts
    assert parts == (Image.of(PNG), Image(url=ADDRESS), Image.of(PNG), "What is it?")
    assert chat.requests[0].messages[0].text == "Look closely."
    assert answer.inputs[:4] == tuple(inputs)


def test_feedback_on_the_question_is_asked_with_the_image_before_the_critic_once() -> None:
    chat = Scripted("ask for the breed")
    question = Variable("What is it?", "a question")
    image = Variable(PNG, "an image", requires_grad=False)
    answer = tg.MultimodalLLMCall(chat)([image, image, question])
    tg.TextLoss("Is it exact?", engine=Scripted("no breed"))(answer).backward()
    shown, asked = chat.requests[1].messages[-1].parts
    assert shown == Image.of(PNG)
    assert str(Image.of(PNG)) in str(asked)
    assert question.gradient_text.startswith("Feedback:\n- ask for the breed")
    assert image.gradients == []


def test_ordered_fields_are_named_and_must_all_be_there() -> None:
    chat = Scripted("a cat")
    call = tg.OrderedFieldsMultimodalLLMCall(chat, ["Question", "Image"])
    call({"Image": Variable(PNG, "an image", False), "Question": Variable("What is it?", "a question")})
    assert chat.requests[0].messages[-1].parts == ("Question: What is it?", "Image: ", Image.of(PNG))
    with pytest.raises(InvalidInput, match="expected 'Question', 'Image'"):
        call({"Question": "What is it?"})
    assert chat.calls == 1


def test_any_call_takes_an_image_and_a_system_prompt_that_is_one_is_refused() -> None:
    chat = Scripted("a cat")
    assert tg.BlackboxLLM(chat)(Variable(PNG, "an image", False)).value == "a cat"
    assert chat.requests[0].messages[-1].parts == (Image.of(PNG),)
    with pytest.raises(InvalidInput, match="system prompt that is an image"):
        tg.BlackboxLLM(chat, Variable(PNG, "a system prompt"))("x")


def test_no_feedback_is_asked_for_on_an_image() -> None:
    """TextGrad refuses an image that requires a gradient, which is what a variable does unless told otherwise."""
    chat = Scripted("ask for the breed")
    image, question = Variable(PNG, "an image"), Variable("What is it?", "a question")
    answer = tg.MultimodalLLMCall(chat)([image, question])
    tg.TextLoss("Is it exact?", engine=Scripted("no breed"))(answer).backward(chat)
    assert (chat.calls, image.requires_grad, image.gradients) == (2, False, [])


def test_an_answer_about_an_image_is_improved_as_in_the_tutorial() -> None:
    chat = Scripted("a cat")
    image = Variable(PNG, "an image", requires_grad=False)
    question = Variable("What is it?", "a question", requires_grad=False)
    response = tg.MultimodalLLMCall(chat)([image, question])
    judge = tg.ImageQALoss("Is it exact?", engine=Scripted("no breed"))
    loss = judge(question=question, image=image, response=response)
    optimizer = tg.TGD([response], engine=Scripted("<IMPROVED_VARIABLE>\na Manx\n</IMPROVED_VARIABLE>"))
    loss.backward()
    optimizer.step()
    assert response.value == "a Manx"
