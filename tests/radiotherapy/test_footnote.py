"""What stands under every figure of a plan run: what the case and the beams are, and that it is for research only."""

from __future__ import annotations

from pathlib import Path

import pytest
from matplotlib.figure import Figure

import sciopt
from sciopt.objective import Evaluation, LossTerm, Measurement, Note, PlainObjective
from sciopt.objectives.radiotherapy.domain import DOMAIN
from sciopt.objectives.radiotherapy.use import USE
from sciopt.targets.patients.case import RESEARCH_ONLY
from tests.core.toys import Speller


class Planned(PlainObjective):
    """Evaluations that say of their use what those of plans do, by a protocol with the words of plans."""

    kind = "plan"

    def __init__(self, use: str) -> None:
        self.use = use
        self.protocol = dict.fromkeys(DOMAIN.marks, "1")

    def evaluate(self, value: str) -> Evaluation:
        notes = (Note(USE, self.use),) if self.use else ()
        loss = float(len(value))
        measured = (Measurement("length", loss, "mm"),)
        return Evaluation(value, loss, (LossTerm("length", loss),), measured, notes, protocol=self.protocol)


@pytest.mark.parametrize("use", [f"synthetic phantom, synthetic beam data; {RESEARCH_ONLY}", ""])
@pytest.mark.parametrize("kind", ["trajectory", "campaign"])
def test_a_figure_of_plans_says_what_they_are(tmp_path: Path, use: str, kind: str) -> None:
    sciopt.optimize(Planned(use), "abc", engine=Speller(), budget=2, out=tmp_path / "run")
    made = sciopt.figure(kind, tmp_path / "run")
    assert made.texts[-1].get_text().replace("\n", " ") == (use or RESEARCH_ONLY)
    axes = sciopt.figure(kind, tmp_path / "run", axes=Figure().subplots())
    assert axes.texts[-1].get_text() == (use or RESEARCH_ONLY)
