"""What a plan may be used for, and what its case and its beam data are: the words under everything that shows one."""

from __future__ import annotations

from sciopt.objective import Evaluation
from sciopt.targets.patients.case import RESEARCH_ONLY, Case

USE = "Use"
"""The note of an evaluation that says it."""
SYNTHETIC_MACHINE = "generic-6mv"


def use_of(case: Case) -> str:
    """Of plans for a case: "synthetic phantom, synthetic beam data; research only, not for clinical use"."""
    beam = "synthetic beam data" if case.beams.machine == SYNTHETIC_MACHINE else "beam data fitted to one machine"
    return f"{'synthetic phantom, ' * case.synthetic}{beam}; {RESEARCH_ONLY}"


def told_use(evaluation: Evaluation) -> str:
    """The same as an evaluation tells it, whatever became of its case; that of all plans where it tells nothing."""
    return next((note.text for note in evaluation.notes if note.name == USE), RESEARCH_ONLY)
