"""Do textual gradients explode, vanish, or follow a liar? sciopt beside TextGrad, with scripted engines.

    python benchmarks/text_gradients.py [--deepest 64] [--widest 1024] [--seeds 20]

The same programs (`texts/programs.py`) run on both libraries; TextGrad's columns stay empty where it is not installed.
No language model is asked: engines follow fixed rules, which are named in each table. A real model is neither so
talkative nor so vague nor so gullible: these are the ends between which it lies.
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import re
import tempfile
from collections.abc import Callable
from types import ModuleType

from machine import machine
from texts import numbers, programs
from texts.scripted import Purpose, Scripted, improved

DEPTHS, WIDTHS = (1, 2, 4, 8, 16, 32, 64), (1, 4, 16, 64, 256, 1024)
LIES = (0.0, 0.25, 0.5, 0.75, 1.0)
CEILING = 50_000_000
Program = Callable[[ModuleType, Scripted, int], None]


def talkative(what: Purpose, prompt: str) -> str:
    """Repeats all it was shown when it is asked for feedback."""
    if what == "judge":
        return f"The judgement: {programs.FACT}. {prompt[:400]}"
    return {"forward": "A text of three sentences.", "update": improved("Another text.")}.get(what, prompt)


def vague(what: Purpose, prompt: str) -> str:
    """Says nothing in particular when it is asked for feedback."""
    if what == "judge":
        return f"The judgement: {programs.FACT}."
    other = {"forward": "A text of three sentences.", "update": improved("Another text.")}
    return other.get(what, "It could be clearer; please improve it.")


def gullible(lies: float, seed: int) -> Callable[[Purpose, str], str]:
    """A critic of x that lies at times, and an optimizer that believes it."""
    drawn = random.Random(f"{lies} {seed}")

    def rule(what: Purpose, prompt: str) -> str:
        x = float(re.findall(r"x = (-?[\d.]+)", prompt)[-1])
        if what == "judge":
            small = (x < numbers.TARGET) != (drawn.random() < lies)
            return "x is too small" if small else "x is too large"
        small = prompt.rfind("is too small") > prompt.rfind("is too large")
        if what == "backward":
            return "x is too small" if small else "x is too large"
        return improved(f"x = {x + (1 if small else -1) * drawn.uniform(0.0, numbers.LONGEST_STEP):.6g}")

    return rule


def last_prompt(tg: ModuleType, program: Program, size: int, rule: Callable[[Purpose, str], str]) -> str:
    """The prompt of the optimizer, or the error that came instead."""
    engine = Scripted(rule)
    try:
        program(tg, engine, size)
    except (RecursionError, MemoryError) as error:
        return type(error).__name__
    return engine.last("update")


def explosion(libraries: dict[str, ModuleType], title: str, program: Program, sizes: tuple[int, ...]) -> None:
    """Characters of the optimizer's prompt by size."""
    print(f"\n{title}: characters of the optimizer's prompt; a talkative engine")
    print(f"{'':10}" + "".join(f"{size:>12}" for size in sizes))
    for name, tg in libraries.items():
        cells: list[str] = []
        for size in sizes:
            last = int(cells[-1].replace(",", "")) if cells and cells[-1][0].isdigit() else 0
            if last > CEILING or (cells and not cells[-1][0].isdigit()):
                cells.append("not tried")
                continue
            prompt = last_prompt(tg, program, size, talkative)
            cells.append(prompt if prompt in ("RecursionError", "MemoryError") else f"{len(prompt):,}")
        print(f"{name:10}" + "".join(f"{cell:>12}" for cell in cells), flush=True)


def vanishing(libraries: dict[str, ModuleType], sizes: tuple[int, ...]) -> None:
    """Whether what the loss said is in the optimizer's prompt, by depth."""
    print("\nA fact that the loss names, in the optimizer's prompt at depth; a vague engine between")
    print(f"{'':10}" + "".join(f"{size:>12}" for size in sizes))
    for name, tg in libraries.items():
        found = [programs.FACT in last_prompt(tg, programs.chain, size, vague) for size in sizes]
        print(f"{name:10}" + "".join(f"{'there' if there else 'lost':>12}" for there in found), flush=True)


def lying(libraries: dict[str, ModuleType], *, steps: int, seeds: int) -> None:
    """Where (x - 7)^2 ends, and whether the accepted loss ever rose."""
    print(f"\n(x - 7)^2 from 49 after {steps} steps, mean of {seeds} seeds, by the share of lies of the critic")
    print(f"{'':42}" + "".join(f"{share:>10}" for share in LIES))
    for name, tg in libraries.items():
        ends = []
        for share in LIES:
            runs = [programs.descend(tg, Scripted(gullible(share, seed)), steps) for seed in range(seeds)]
            ends.append(sum(runs) / seeds)
        print(
            f"{name + ', a loss in words (always accepts)':42}" + "".join(f"{end:>10.3g}" for end in ends), flush=True
        )
    ends, rises = [], 0
    for share in LIES:
        traces = [numbers.descend(lies=share, steps=steps, seed=seed) for seed in range(seeds)]
        rises += sum(after > before for trace in traces for before, after in itertools.pairwise(trace))
        ends.append(sum(trace[-1] for trace in traces) / seeds)
    row("sciopt, a measured loss (may refuse)", ends)
    print(f"the accepted loss of the measured one rose in {rises} of {len(LIES) * seeds * steps} steps")


def row(title: str, values: list[float]) -> None:
    """One line of the last table."""
    print(f"{title:42}" + "".join(f"{value:>10.3g}" for value in values), flush=True)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--deepest", type=int, default=64)
    parser.add_argument("--widest", type=int, default=1024)
    parser.add_argument("--seeds", type=int, default=20)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TEXTGRAD_LOG_DIR"] = folder  # importing TextGrad makes a folder of logs
        libraries = programs.libraries()
    depths = tuple(d for d in DEPTHS if d <= chosen.deepest)
    widths = tuple(w for w in WIDTHS if w <= chosen.widest)
    print(f"{machine()}; scripted engines; {', '.join(versions(libraries))}")
    explosion(libraries, "A chain of calls, by its depth", programs.chain, depths)
    explosion(libraries, "Losses on one text, by their number", programs.fan, widths)
    explosion(
        libraries, "One loss in a chain of sums, by its length", programs.sums, tuple(d for d in depths if d <= 16)
    )
    vanishing(libraries, depths)
    lying(libraries, steps=40, seeds=chosen.seeds)


def versions(libraries: dict[str, ModuleType]) -> list[str]:
    """Which versions were run, and which could not."""
    found = [f"{name} {tg.__version__}" for name, tg in libraries.items()]
    return found if "TextGrad" in libraries else [*found, "TextGrad is not installed"]


if __name__ == "__main__":
    main()
