"""What a step costs: wall time beside the critical path, calls, and characters of prompts; sciopt beside TextGrad.

    python benchmarks/llm_overhead.py [--latency 1.0]

Both libraries send real HTTP requests, each through its own client, to a server on loopback that answers after
`--latency` seconds by fixed rules (`texts/provider.py`; no language model). The critical path is the longest chain of
calls that must wait for each other, times the latency. TextGrad's lines are missing where it is not installed.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from machine import machine
from text_gradients import versions
from texts import programs
from texts.provider import count, provider
from texts.scripted import FORWARD, JUDGE

WIDTH, DEPTH, BATCH, STEPS = 8, 3, 32, 3


@dataclass
class Seen:
    """One measured stretch."""

    wall_s: float = 0.0
    calls: int = 0
    characters: int = 0


@contextmanager
def measured(address: str) -> Iterator[Seen]:
    """What happens in a `with` block."""
    count(address)
    seen, begun = Seen(), time.perf_counter()
    yield seen
    seen.wall_s = time.perf_counter() - begun
    seen.calls, seen.characters = count(address)


def engine_of(tg: ModuleType, address: str, folder: str) -> Any:
    """A library's own client of the server, with a cache in `folder`."""
    if tg.__name__ == "sciopt":
        return tg.get_engine("openai/local", base_url=f"{address}/v1", cache=folder)
    from openai import OpenAI
    from textgrad.engine.local_model_openai_api import ChatExternalClient

    os.environ["XDG_CACHE_HOME"] = folder
    return ChatExternalClient(client=OpenAI(base_url=f"{address}/v1", api_key="none"), model_string="local")


def chains(tg: ModuleType, engine: Any, address: str) -> tuple[Seen, ...]:
    """Backward through eight chains of three calls, all judged; every chain begins with a text of its own."""
    model = tg.BlackboxLLM(engine, system_prompt=f"{FORWARD}: pass it on.")
    judge = tg.TextLoss(f"{JUDGE}: judge it.", engine=engine)
    losses = []
    for number in range(WIDTH):
        output = tg.Variable(f"Text {number}.", role_description="the text that begins a chain")
        for _ in range(DEPTH):
            output = model(output)
        losses.append(judge(output))
    total = tg.sum(losses)
    with measured(address) as seen:
        total.backward(engine)
    return (seen,)


def batch(tg: ModuleType, engine: Any, address: str) -> tuple[Seen, ...]:
    """Losses of 32 questions under one system prompt: making them, and going back."""
    prompt = tg.Variable(f"{FORWARD}: answer.", role_description="the system prompt")
    model = tg.BlackboxLLM(engine, system_prompt=prompt)
    judge = tg.TextLoss(f"{JUDGE}: judge it.", engine=engine)
    role = {"role_description": "a question", "requires_grad": False}
    questions = [tg.Variable(f"Question {number}?", **role) for number in range(BATCH)]
    with measured(address) as forward:
        if tg.__name__ == "sciopt":
            losses = judge.batch(model.batch(questions))
        else:
            losses = [judge(model(question)) for question in questions]
    total = tg.sum(losses)
    with measured(address) as back:
        total.backward(engine)
    return forward, back


def words(tg: ModuleType, engine: Any, address: str) -> tuple[Seen, ...]:
    """Three steps of a text by a loss in words."""
    answer = tg.Variable("A text of three sentences.", role_description="a text")
    judge = tg.TextLoss(f"{JUDGE}: judge it.", engine=engine)
    with measured(address) as seen:
        for number in range(STEPS):
            optimizer = tg.TGD(parameters=[answer], engine=engine)
            judge(answer).backward(engine)
            optimizer.step()
            answer.set_value(f"{answer.value} Step {number}.")
    return (seen,)


def numbers(tg: ModuleType, engine: Any, address: str) -> tuple[Seen, ...]:
    """Three steps of a system prompt by a number: how long the answers are."""
    prompt = tg.Variable(f"{FORWARD}: answer.", role_description="the system prompt")
    question = tg.Variable("Question?", role_description="a question", requires_grad=False)
    with measured(address) as seen:
        for number in range(STEPS):
            answer = tg.BlackboxLLM(engine, system_prompt=prompt)(question)
            score(tg, engine, answer).backward(engine)
            tg.TGD(parameters=[prompt], engine=engine).step()
            prompt.set_value(f"{FORWARD}: {prompt.value} Step {number}.")
    return (seen,)


def score(tg: ModuleType, engine: Any, answer: Any) -> Any:
    """The measured loss: sciopt takes the function; TextGrad's way is a model that reads the bare number."""
    if tg.__name__ == "sciopt":
        from texts.length import Length

        return tg.ObjectiveLoss(Length())(answer)
    from textgrad.autograd.string_based_ops import StringBasedFunction

    length = StringBasedFunction(lambda text: str(len(text.value)), "the number of characters of the text")
    value = length(inputs={"text": answer}, response_role_description="the number of characters")
    return tg.TextLoss(f"{JUDGE}: judge this number; lower is better.", engine=engine)(value)


PROGRAMS: dict[Callable[..., tuple[Seen, ...]], tuple[tuple[str, int], ...]] = {
    chains: ((f"{WIDTH} chains of {DEPTH} calls, backward", DEPTH),),
    batch: ((f"{BATCH} losses of one prompt, forward", 2), (f"{BATCH} losses of one prompt, backward", 1)),
    words: ((f"{STEPS} steps, a loss in words", 0),),
    numbers: ((f"{STEPS} steps, a measured loss behind one call", 0),),
}
"""The programs, and for each of their parts its title and the calls on its critical path; 0: not compared."""


def line(name: str, what: str, seen: Seen, path_s: float | None) -> None:
    """One row."""
    ratio = f"{seen.wall_s / path_s:8.2f}" if path_s else f"{'':8}"
    print(f"{what:50}{name:10}{seen.wall_s:9.2f}{ratio}{seen.calls:7}{seen.characters:12,}", flush=True)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--latency", type=float, default=1.0, help="seconds that the server takes for an answer")
    latency = parser.parse_args().latency
    with tempfile.TemporaryDirectory() as folder, provider(latency) as address:
        os.environ["TEXTGRAD_LOG_DIR"] = folder
        os.environ.setdefault("OPENAI_API_KEY", "none")
        libraries = programs.libraries()
        print(f"{machine()}; {', '.join(versions(libraries))}; the server answers after {latency:g} s")
        print(f"{'':50}{'':10}{'wall s':>9}{'/ path':>8}{'calls':>7}{'characters':>12}")
        for program, parts in PROGRAMS.items():
            for name, tg in libraries.items():
                for again in (False, True):
                    engine = engine_of(tg, address, str(Path(folder) / f"{name} {program.__name__}"))
                    if not again:
                        warm(engine)
                    for (title, path), seen in zip(parts, program(tg, engine, address), strict=True):
                        line(name, f"{title}, again" if again else title, seen, None if again else path * latency)


def warm(engine: Any) -> None:
    """One call before anything is timed: a client imports and connects on its first one."""
    engine("Are you there?", system_prompt=FORWARD)


if __name__ == "__main__":
    main()
