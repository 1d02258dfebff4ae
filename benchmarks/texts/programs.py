"""The programs, written once: `tg` is `sciopt` or `textgrad`, and every name in them is one that both have."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from texts.scripted import FORWARD, JUDGE

FACT = "sentence three gives a dose without its unit (FACT-7F3A)"


def libraries() -> dict[str, ModuleType]:
    """sciopt, and TextGrad where it is installed."""
    import sciopt

    found: dict[str, ModuleType] = {"sciopt": sciopt}
    try:
        import textgrad
    except ImportError:
        return found
    return {**found, "TextGrad": textgrad}


def step(tg: ModuleType, engine: Any, leaf: Any, loss: Any) -> None:
    """The end of all programs: feedback, then one rewriting."""
    loss.backward(engine)
    tg.TGD(parameters=[leaf], engine=engine).step()


def chain(tg: ModuleType, engine: Any, depth: int) -> None:
    """A text goes through `depth` calls of a model; the last output is judged; the first text is rewritten."""
    leaf = tg.Variable("A text of three sentences.", role_description="the text that begins the chain")
    output = leaf
    model = tg.BlackboxLLM(engine, system_prompt=f"{FORWARD}: pass the text on.")
    for _ in range(depth):
        output = model(output)
    step(tg, engine, leaf, tg.TextLoss(f"{JUDGE}: judge it.", engine=engine)(output))


def fan(tg: ModuleType, engine: Any, width: int) -> None:
    """One text is judged `width` times; it is rewritten by the sum of all."""
    leaf = tg.Variable("A text of three sentences.", role_description="the text that is judged")
    losses = [tg.TextLoss(f"{JUDGE}: judge it, referee {number}.", engine=engine)(leaf) for number in range(width)]
    step(tg, engine, leaf, tg.sum(losses))


def sums(tg: ModuleType, engine: Any, length: int) -> None:
    """One loss is added up `length` times with a second one."""
    leaf = tg.Variable("A text of three sentences.", role_description="the text that is judged")
    judge = tg.TextLoss(f"{JUDGE}: judge it.", engine=engine)
    total, other = judge(leaf), judge(leaf)
    for _ in range(length):
        total = tg.sum([total, other])
    step(tg, engine, leaf, total)


def descend(tg: ModuleType, engine: Any, steps: int) -> float:
    """A number as a text, with a critic of it in words; what |x - 7|^2 is at the end."""
    leaf = tg.Variable("x = 0.0", role_description="an assignment to x")
    judge = tg.TextLoss(f"{JUDGE}: is x too small or too large?", engine=engine)
    optimizer = tg.TGD(parameters=[leaf], engine=engine)
    for _ in range(steps):
        optimizer.zero_grad()
        judge(leaf).backward(engine)
        optimizer.step()
    return (float(leaf.value.partition("=")[2]) - 7.0) ** 2
