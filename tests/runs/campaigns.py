"""A small campaign on words, begun, and its runs as they would be if nothing disturbed them."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from sciopt.log import LOG_NAME, read_log, stable
from sciopt.runs.campaign import Campaign

RUN = """
[run]
start = "aaaaaaaa"
budget = 5
objective = { domain = "words" }
"""
GRID = """
[grid]
start = ["aaaaaaaa", "bbbb"]
seed = [0, 1]
"""
TROUBLE = """
[run]
budget = 5
start = "aaaaaaaa"
[run.objective]
domain = "words"
while_there = "THERE"
[grid]
"objective.trouble" = ["", "crash", "error", "failure"]
"objective.trouble_at" = ["zzaaaaaa", "aaaaaaaa"]
[[exclude]]
"objective.trouble" = "failure"
"objective.trouble_at" = "zzaaaaaa"
[[exclude]]
"objective.trouble" = ""
"objective.trouble_at" = "aaaaaaaa"
"""


def written(folder: Path, text: str, name: str = "words.toml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def begun(folder: Path, text: str = RUN + GRID, out: str = "campaign") -> Campaign:
    campaign = Campaign.read(written(folder, text), out=folder / out)
    campaign.begin()
    return campaign


def undisturbed(campaign: Campaign) -> dict[str, list[tuple[str, dict[str, Any]]]]:
    """The logs of the same runs, made one after the other in this process."""
    plain = dataclasses.replace(campaign, folder=campaign.folder.with_name("undisturbed"))
    for each in plain.runs:
        plain.specification(each.name).run(plain.folder / each.name)
    return logs(plain)


def logs(campaign: Campaign) -> dict[str, list[tuple[str, dict[str, Any]]]]:
    return {each.name: list(stable(read_log(campaign.folder / each.name / LOG_NAME))) for each in campaign.runs}


def states(campaign: Campaign) -> dict[str, str]:
    return {state.name: state.state for state in campaign.states()}
