"""A third party's domain, as a distribution that other processes find, too: a word is good when it is full of z.

Its options: `goal` (how many z are enough), `seconds` (of sleep in each measurement), `trouble` (what happens while the
word `trouble_at` is measured: "crash" ends the process at once, "failure" measures nothing, "error" is a broken tool;
only while the file `while_there` is there, where it is named), `tally` (a file that gains a line for each measurement).
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from sciopt.domain import domains

CODE = '''
"""The domain of words."""

import os
import re
import signal
import time
from pathlib import Path

from sciopt.domain import Domain
from sciopt.engines.base import Proposal
from sciopt.errors import InvalidInput, InvalidValue, ToolError
from sciopt.objective import Cost, Effect, Evaluation, Finding, Goal, LossTerm, Measurement, PlainObjective

DOMAIN = Domain("words", "words with many z", objective="words_domain:make", designers={"word": "words_domain:design"})


def make(specification):
    options = {name: value for name, value in specification.items() if name != "domain"}
    try:
        return Words(**options)
    except TypeError as error:
        raise InvalidInput(f"objective: {error}") from error


class Words(PlainObjective):
    kind = "word"

    def __init__(self, goal=8, seconds=0.0, trouble="", trouble_at="zzaaaaaa", while_there="", tally=""):
        self.goal, self.seconds, self.trouble, self.trouble_at = goal, seconds, trouble, trouble_at
        self.while_there, self.tally = while_there, tally
        self.protocol = {"words": "1", "goal": str(goal)}

    def specification(self):
        names = ("goal", "seconds", "trouble", "trouble_at", "while_there", "tally")
        return {"domain": "words", **{name: getattr(self, name) for name in names}}

    def canonical(self, text):
        if not re.fullmatch("[a-z]{1,12}", text.strip()):
            raise InvalidValue(f"{text!r} is not a word of small letters")
        return text.strip()

    def evaluate(self, value):
        if self.tally:
            with open(self.tally, "a") as file:
                file.write(value + "\\n")
        time.sleep(self.seconds)
        if self.trouble and value == self.trouble_at and (not self.while_there or Path(self.while_there).exists()):
            if self.trouble == "crash":
                os.kill(os.getpid(), signal.SIGKILL)
            if self.trouble == "error":
                raise ToolError("the ruler is broken; buy another")
            return Evaluation.failed(value, "the word is out of reach", protocol=self.protocol)
        missing = [place for place, letter in enumerate(value) if letter != "z"]
        findings = tuple(
            Finding(
                f"F{place}", "letter", f"letter {place + 1}", "it is no z", "make it one",
                f"{value[:place]}z{value[place + 1:]}", (Effect("loss", -1.0),),
            )
            for place in missing[:1]
        )
        loss = 12.0 - value.count("z")
        goal = Goal("z count", ">=", self.goal)
        return Evaluation(
            value, loss, (LossTerm("12 - z", loss),), (Measurement("z count", float(value.count("z")), goal=goal),),
            findings=findings, protocol=self.protocol, cost=Cost(cpu_seconds=1.0),
        )


def design(brief, wanted, rng):
    lead = brief.candidates[0]
    return [Proposal(f.edit, (f.id,)) for f in lead.findings if f.edit][:wanted]
'''


def install(folder: Path) -> None:
    """Write the distribution into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "words_domain.py").write_text(CODE)
    info = folder / "words_domain-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: words-domain\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[sciopt.domains]\nwords = words_domain:DOMAIN\n")


def use(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install it in a folder and let this process and those that it starts find it."""
    install(folder)
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])]))
    domains.cache_clear()


def forget() -> None:
    """After a test: the domain is not there any more."""
    sys.modules.pop("words_domain", None)
    domains.cache_clear()
