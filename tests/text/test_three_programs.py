"""Three programs that were written for TextGrad, word for word after the import line, each in a process of its own.

They are printed in public articles about TextGrad as examples of its use. The environment names a server on loopback
as the provider, so that litellm really sends each request.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.engines.server import provider, says

ANSWER = """import sciopt as tg

# Configure engines
tg.set_backward_engine("gpt-5.4", override=True)
model = tg.BlackboxLLM("gpt-5.4")

# Define the question (not optimizable)
question = tg.Variable(
    "What is the derivative of x^2 * sin(x)?",
    role_description="question to answer",
    requires_grad=False
)

# Get initial answer (optimizable)
answer = model(question)
answer.set_role_description("answer to the math question")
answer.requires_grad = True

# Define loss function with natural language criteria
loss_fn = tg.TextLoss(
    "Evaluate this answer for mathematical correctness. "
    "Check each step of the derivation. "
    "Identify any errors in applying the product rule."
)

# Optimization loop
optimizer = tg.TGD(parameters=[answer])

for i in range(3):
    loss = loss_fn(answer)
    loss.backward()       # Generate textual gradients
    optimizer.step()      # Apply gradients to update answer
    optimizer.zero_grad() # Clear gradients for next step
    print(f"Step {i+1}: {answer.value[:100]}...")
"""

SYSTEM_PROMPT = """import sciopt as tg

tg.set_backward_engine("gpt-5.4", override=True)

# System prompt is the variable being optimized
system_prompt = tg.Variable(
    "You are a helpful math tutor. Show your work step by step.",
    role_description="system prompt for a math tutoring LLM",
    requires_grad=True
)

# Wrap the model with the optimizable system prompt
model = tg.BlackboxLLM("gpt-3.5-turbo", system_prompt=system_prompt)
optimizer = tg.TGD(parameters=list(model.parameters()))

# Evaluate on a batch of questions
questions = [
    "Solve: 2x + 5 = 13",
    "What is the integral of e^(2x)?",
    "Factor: x^2 - 9x + 20"
]

for q in questions:
    question = tg.Variable(q, role_description="math question", requires_grad=False)
    answer = model(question)
    loss = tg.TextLoss(
        f"Question: {q}\\nEvaluate the answer for correctness "
        "and clarity of explanation."
    )(answer)
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()

print(f"Optimized prompt: {system_prompt.value}")
"""

SHIRTS = """import sciopt as tg
tg.set_backward_engine("gpt-4o", override=True)
model = tg.BlackboxLLM("gpt-4o")
question_string = ("If it takes 1 hour to dry 25 shirts under the sun, "
"how long will it take to dry 30 shirts under the sun? "
"Reason step by step")
question = tg.Variable(question_string,
role_description="question to the LLM",
requires_grad=False)
answer = model(question)
answer.set_role_description("concise and accurate answer to the question")
optimizer = tg.TGD(parameters=[answer])
evaluation_instruction = (f"Here's a question: {question_string}. "
"Evaluate any given answer to this question, "
"be smart, logical, and very critical. "
"Just provide concise feedback.")
loss_fn = tg.TextLoss(evaluation_instruction)
loss = loss_fn(answer)
loss.backward()
optimizer.step()
"""

RUN = """
import json, runpy, sys
names = runpy.run_path(sys.argv[1])
print(json.dumps(names[sys.argv[2]].value))
"""


class Tutor:
    """A scripted provider: improves to "improved 1", "improved 2", ...; notes what each request was for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, request: dict[str, Any]) -> tuple[int, Any]:
        told = json.dumps(request["messages"])
        if "following the feedback on it" in told:
            self.asked.append("rewrite")
            value = f"improved {self.asked.count('rewrite')}"
            if "response_format" in request:
                return says(json.dumps({"reasoning": "the sum is wrong", "value": value}))
            return says(f"<IMPROVED_VARIABLE>\n{value}\n</IMPROVED_VARIABLE>")
        if "You judge a text" in told:
            self.asked.append("judge")
            return says("The sun dries all shirts at one time.")
        if "You give feedback in a program of texts" in told:
            self.asked.append("feedback")
            return says("It should ask for units.")
        self.asked.append("answer")
        return says("1.2 hours")


@dataclass(frozen=True)
class Ran:
    """What a program printed, with the value of one of its variables last, what was asked for it, and what it wrote."""

    lines: list[str]
    asked: list[str]
    requests: list[dict[str, Any]]
    written: list[Path]


def ran(program: str, name: str, where: str, folder: Path) -> Ran:
    """Run it in an empty folder; `where` is the variable of the environment that names the provider."""
    work, home, tutor = folder / "work", folder / "home", Tutor()
    work.mkdir()
    home.mkdir()
    (folder / "program.py").write_text(program, encoding="utf-8")
    kept = {key: value for key, value in os.environ.items() if "proxy" not in key.lower() and "OPENAI" not in key}
    with provider(tutor) as (url, requests):
        named = {where: url, "OPENAI_API_KEY": "no-key-is-needed", "HOME": str(home), "XDG_CACHE_HOME": str(home)}
        done = subprocess.run(
            [sys.executable, "-B", "-c", RUN, str(folder / "program.py"), name],
            cwd=work,
            env={**kept, **named},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    *printed, value = done.stdout.splitlines()
    return Ran([*printed, json.loads(value)], tutor.asked, requests, list(work.rglob("*")))


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Ran, ...]:
    """All three, beside each other: most of their time is litellm's import."""
    given = (
        (ANSWER, "answer", "OPENAI_BASE_URL"),
        (SYSTEM_PROMPT, "system_prompt", "OPENAI_API_BASE"),
        (SHIRTS, "answer", "OPENAI_API_BASE"),
    )
    folders = [tmp_path_factory.mktemp(f"program-{number}") for number in range(len(given))]
    with ThreadPoolExecutor(len(given)) as pool:
        return tuple(pool.map(lambda each: ran(*each[0], each[1]), zip(given, folders, strict=True)))


def test_nothing_is_written_where_they_run(programs: tuple[Ran, ...]) -> None:
    assert [each.written for each in programs] == [[], [], []]


def test_the_answer_is_optimised_in_three_steps(programs: tuple[Ran, ...]) -> None:
    program = programs[0]
    assert program.lines == ["Step 1: improved 1...", "Step 2: improved 2...", "Step 3: improved 3...", "improved 3"]
    assert program.asked == ["answer"] + ["judge", "rewrite"] * 3
    assert {request["model"] for request in program.requests} == {"gpt-5.4"}
    last = json.dumps(program.requests[-1]["messages"])
    assert "improved 2" in last
    assert "The sun dries all shirts" in last


def test_the_system_prompt_is_optimised_over_the_questions(programs: tuple[Ran, ...]) -> None:
    program = programs[1]
    assert program.lines == ["Optimized prompt: improved 3", "improved 3"]
    assert program.asked == ["answer", "judge", "feedback", "rewrite"] * 3
    models = [request["model"] for request in program.requests]
    assert models == ["gpt-3.5-turbo", "gpt-5.4", "gpt-5.4", "gpt-5.4"] * 3
    told = [request["messages"][0]["content"] for request in program.requests[::4]]
    assert told == ["You are a helpful math tutor. Show your work step by step.", "improved 1", "improved 2"]
    assert "It should ask for units." in json.dumps(program.requests[3]["messages"])
    of_the_third = json.dumps(program.requests[9:])
    assert "Factor: x^2 - 9x + 20" in of_the_third
    assert "Solve: 2x" not in of_the_third


def test_the_shirts_dry_in_the_sun(programs: tuple[Ran, ...]) -> None:
    program = programs[2]
    assert program.lines == ["improved 1"]
    assert program.asked == ["answer", "judge", "rewrite"]
    last = json.dumps(program.requests[-1]["messages"])
    assert "1.2 hours" in last
    assert "concise and accurate answer to the question" in last
