"""Puts a real run of plans into README.md, with its figures.

    .venv/bin/sciopt plan prostate --budget 12 --out FOLDER > OUTPUT 2>&1
    .venv/bin/python scripts/write_plan_session.py FOLDER OUTPUT

As `write_session.py` does it: only lines are shortened or left out, marked by "...".
"""

from __future__ import annotations

import argparse
import re
import shutil
from pathlib import Path

from write_session import IMAGES, ROOT, replace

from sciopt.runs.run import Run

WIDTH, EDIT_WIDTH = 134, 118
SHOWN_LEVERS = 2


def main() -> None:
    """Replace the parts of the README."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("run", type=Path, help="folder of the run")
    parser.add_argument("output", type=Path, help="what it printed")
    chosen = parser.parse_args()
    readme = ROOT / "README.md"
    replace(readme, "plan session", f"```text\n$ sciopt plan prostate --budget 12\n{printed(chosen.output)}\n```")
    replace(readme, "plan gradient", f"```text\n{findings(Run.load(chosen.run))}\n...\n```")
    shutil.copyfile(chosen.run / "dvh.svg", IMAGES / "prostate-dvh.svg")
    shutil.copyfile(chosen.run / "dose.png", IMAGES / "prostate-dose.png")


def printed(path: Path) -> str:
    """What the run said, with the middle of each plan's short form left out."""
    lines = []
    for line in path.read_text(encoding="utf-8").splitlines():
        timeless = re.sub(r"  \((\d+ min )?\d+ s left at most\)$", "", line)
        lines.append(_short(re.sub(r"(PTV=\S+ Rectum<\S+) .* (Body<\S+)", r"\1 ... \2", timeless), WIDTH))
    return "\n".join(lines).strip()


def findings(run: Run) -> str:
    """The first levers and goals of the first gradient; the plans of the edits are cut."""
    text = run.asked[0].text
    told = text[text.index("## Findings") :].split(f"\nL{SHOWN_LEVERS + 1} ")[0].splitlines()
    return "\n".join(_short(line, EDIT_WIDTH) if line.startswith("  Edit") else line for line in told).rstrip()


def _short(line: str, most: int) -> str:
    return line if len(line) <= most else f"{line[: most - 4]} ..."


if __name__ == "__main__":
    main()
