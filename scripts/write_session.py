"""Puts a real run into README.md and docs/gradient.md, with its figures.

    .venv/bin/sciopt demo --out FOLDER > OUTPUT 2>&1
    .venv/bin/python scripts/write_session.py FOLDER/ligand-001 OUTPUT

What stands between the markers is replaced; nothing is made up here and nothing is left out but lines, marked by "...".
"""

from __future__ import annotations

import argparse
import re
import shutil
from pathlib import Path

from sciopt.runs.run import Run
from sciopt.verbalize import cut, read, render

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
SHOWN_FINDINGS = 3
EXAMPLE_TOKENS = 1900


def main() -> None:
    """Replace the parts of the two documents."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("run", type=Path, help="folder of the demo's run")
    parser.add_argument("output", type=Path, help="what the demo printed")
    chosen = parser.parse_args()
    run = Run.load(chosen.run)
    IMAGES.mkdir(parents=True, exist_ok=True)
    for name in ("trajectory.svg", "molecules.svg"):
        shutil.copyfile(chosen.run / name, IMAGES / name)
    replace(ROOT / "README.md", "session", f"```text\n$ make demo\n{printed(chosen.output)}\n```")
    replace(ROOT / "README.md", "first gradient", f"```text\n{first_findings(run)}\n```")
    replace(ROOT / "docs" / "gradient.md", "example", f"```text\n{example(run)}```")


def replace(path: Path, name: str, text: str) -> None:
    """Put `text` between the markers of that name."""
    old = path.read_text(encoding="utf-8")
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    if begin not in old or end not in old:
        raise SystemExit(f"{path} lacks the markers of {name!r}")
    head, _, rest = old.partition(begin)
    path.write_text(f"{head}{begin}\n{text}\n{end}{rest.partition(end)[2]}", encoding="utf-8")


def printed(path: Path) -> str:
    """What the demo said, without the gradient that it prints last; long lines of advice are cut."""
    said = path.read_text(encoding="utf-8").partition("\nThe first gradient")[0]
    lines = [re.sub(r"  \((\d+ min )?\d+ s left at most\)$", "", line) for line in said.splitlines()]
    return "\n".join(line if len(line) <= 118 else f"{line[:114]} ..." for line in lines).strip()


def first_findings(run: Run) -> str:
    """The head of the first gradient's findings."""
    text = run.asked[0].text
    findings = text[text.index("## Findings") :].split("\n\n# ")[0].split("\nF")
    return "\n".join(["\nF".join(findings[: SHOWN_FINDINGS + 1]), "..."])


def example(run: Run) -> str:
    """The second gradient of the run, as far as fits: it has findings and a history."""
    return render(cut(read(run.asked[1].text), budget=EXAMPLE_TOKENS))


if __name__ == "__main__":
    main()
