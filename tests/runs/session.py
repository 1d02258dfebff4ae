"""A cheap run as the command line starts it: `python -m tests.runs.session FOLDER EVALUATIONS [quiet | hang]`."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from sciopt.objective import Evaluation
from sciopt.report import session
from sciopt.runs.signals import answering, leaving
from tests.runs import cheap


class Hanging(cheap.Numbers):
    """Its evaluations do not end once a few are made."""

    made = 0

    def evaluate(self, value: str) -> Evaluation:
        self.made += 1
        if self.made > 9:
            time.sleep(600)
        return super().evaluate(value)


if __name__ == "__main__":
    folder, evaluations, *options = sys.argv[1:]
    if "hang" in options:
        cheap.Numbers = Hanging  # type: ignore[misc]
    session.write_files = lambda run: []
    with leaving(), answering():
        session.conduct(
            lambda watch: cheap.carry_on(Path(folder), None, int(evaluations), watch=watch),
            folder=Path(folder),
            limit=int(evaluations),
            quiet="quiet" in options,
        )
