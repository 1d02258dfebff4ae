"""The README's Python runs as printed, but for a cheap docking protocol and smaller numbers."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

README = Path(__file__).resolve().parent.parent / "README.md"
CHEAPER = {
    'MoleculeObjective("PPARD")': 'MoleculeObjective("PPARD", docking=DockingProtocol(exhaustiveness=1))',
    "import MoleculeObjective": "import DockingProtocol, MoleculeObjective",
    "budget=60": "budget=5",
    "range(5)": "range(2)",
}


@pytest.mark.slow
def test_the_python_of_the_readme_runs(capsys: pytest.CaptureFixture[str]) -> None:
    blocks = re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), flags=re.DOTALL)
    assert len(blocks) == 2
    names: dict[str, Any] = {}
    for block in blocks:
        code = block
        for printed, cheaper in CHEAPER.items():
            code = code.replace(printed, cheaper)
        exec(compile(code, str(README), "exec"), names)  # noqa: S102  (the project's own document)
    said = capsys.readouterr().out
    assert names["solution"].best.loss < names["solution"].start.loss
    assert names["ligand"].value != "c1ccccc1"
    assert "## Findings" in said
    names["objective"].close()
