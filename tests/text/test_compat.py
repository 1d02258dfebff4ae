"""The names that TextGrad's users know: each is there, with the arguments that their programs use."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import sciopt
import sciopt as tg
from sciopt import autograd, compat
from sciopt.variable import Variable

ARGUMENTS = {
    "BlackboxLLM": ["engine", "system_prompt"],
    "TextLoss": ["eval_system_prompt", "engine"],
    "MultiFieldEvaluation": ["evaluation_instruction", "role_descriptions", "engine", "system_prompt"],
    "MultiFieldTokenParsedEvaluation": [
        "evaluation_instruction",
        "role_descriptions",
        "engine",
        "system_prompt",
        "parse_tags",
    ],
    "MultiChoiceTestTime": ["evaluation_instruction", "engine", "system_prompt"],
    "ImageQALoss": ["evaluation_instruction", "engine", "system_prompt"],
    "LLMCall": ["engine", "system_prompt"],
    "FormattedLLMCall": ["engine", "format_string", "fields", "system_prompt"],
    "LLMCall_with_in_context_examples": ["engine", "system_prompt"],
    "MultimodalLLMCall": ["engine", "system_prompt"],
    "OrderedFieldsMultimodalLLMCall": ["engine", "fields", "system_prompt"],
    "StringBasedFunction": ["fn", "function_purpose"],
    "aggregate": ["variables"],
    "sum": ["variables"],
    "set_backward_engine": ["engine", "override"],
    "TextualGradientDescentwithMomentum": [
        "engine",
        "parameters",
        "momentum_window",
        "constraints",
        "new_variable_tags",
        "in_context_examples",
        "optimizer_system_prompt",
    ],
}
"""TextGrad 0.1.8's, in their order."""
FORWARD = {
    "BlackboxLLM": ["x"],
    "TextLoss": ["instance"],
    "MultiFieldEvaluation": ["inputs"],
    "MultiChoiceTestTime": ["question", "prediction"],
    "ImageQALoss": ["image", "question", "response"],
    "LLMCall": ["input_variable", "response_role_description"],
    "FormattedLLMCall": ["inputs", "response_role_description"],
    "LLMCall_with_in_context_examples": ["input_variable", "response_role_description", "in_context_examples"],
    "MultimodalLLMCall": ["inputs", "response_role_description"],
    "OrderedFieldsMultimodalLLMCall": ["inputs", "response_role_description"],
    "StringBasedFunction": ["inputs", "response_role_description"],
}


def names_of(callable_: object, skip: int = 0) -> list[str]:
    """The arguments that can be given by position."""
    parameters = inspect.signature(callable_).parameters.values()  # type: ignore[arg-type]
    return [each.name for each in parameters if each.kind is each.POSITIONAL_OR_KEYWORD][skip:]


@pytest.mark.parametrize("name", sorted(ARGUMENTS))
def test_a_name_has_the_arguments_that_people_use(name: str) -> None:
    given = names_of(getattr(tg, name))
    assert given[: len(ARGUMENTS[name])] == ARGUMENTS[name]
    if name in FORWARD:
        assert names_of(getattr(tg, name).forward, skip=1) == FORWARD[name]


@pytest.mark.parametrize("name", sorted(compat.HOMES))
def test_every_name_has_a_home(name: str) -> None:
    assert getattr(sciopt, name) is not None
    assert name not in sciopt.__all__


def test_the_native_names_are_few_and_are_the_ones_that_are_shown() -> None:
    assert dir(sciopt) == sorted(sciopt.__all__)
    assert len(sciopt.__all__) <= 25
    assert "TextLoss" not in dir(sciopt)
    with pytest.raises(AttributeError, match="no attribute 'TextLos'"):
        _ = sciopt.TextLos


def test_a_type_checker_sees_every_name_too() -> None:
    written = Path(sciopt.__file__).read_text("utf-8")
    for name in (*sciopt.__all__, *compat.HOMES):
        assert f" as {name}\n" in written, name


def test_autograd_is_a_module_of_that_name() -> None:
    assert tg.autograd is autograd
    assert autograd.LLMCall is tg.LLMCall
    assert all(getattr(autograd, name) is getattr(tg, name, getattr(autograd, name)) for name in autograd.__all__)


def test_an_engine_that_people_wrote_themselves_is_taken_wherever_an_engine_is() -> None:
    class Shout(tg.EngineLM):
        def generate(self, content: object, system_prompt: str | None = None, **settings: object) -> str:
            return f"{system_prompt}: {content}".upper()

    engine = Shout()
    assert isinstance(engine, tg.EngineLM)
    assert engine("hello", system_prompt="say") == "SAY: HELLO"
    answer = tg.BlackboxLLM(engine, Variable("say", "a system prompt"))("hello")  # type: ignore[arg-type]
    assert answer.value == "SAY: HELLO"


def test_importing_writes_nothing_and_loads_nothing_heavy(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "work").mkdir()
    program = "import sciopt, sys; sciopt.TextLoss; sciopt.autograd; print('litellm' in sys.modules)"
    environment = {"HOME": str(tmp_path / "home"), "PATH": "", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path / "work",
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "False\n"
    assert sorted(tmp_path.rglob("*")) == [tmp_path / "home", tmp_path / "work"]
