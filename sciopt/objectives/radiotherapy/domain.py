"""What radiotherapy plans bring to sciopt; cheap to import, everything heavy is named and imported when it is used."""

from __future__ import annotations

from sciopt.domain import Domain

DOMAIN = Domain(
    name="radiotherapy",
    summary="treatment plans: dose-volume metrics of an optimised fluence; research only, not for clinical use",
    objective="sciopt.objectives.radiotherapy.objective:from_specification",
    specify="sciopt.objectives.radiotherapy.specifying:specify",
    commands="sciopt.objectives.radiotherapy.commands:register",
    demo="sciopt.objectives.radiotherapy.commands:demo",
    designers={"plan": "sciopt.objectives.radiotherapy.planner.design:design"},
    label="sciopt.objectives.radiotherapy.plan:label",
    outputs="sciopt.objectives.radiotherapy.outputs:write",
    export="sciopt.objectives.radiotherapy.commands:export",
    marks=frozenset({"case", "machine", "goals"}),
    figures={
        "dvh": "sciopt.objectives.radiotherapy.plan_figures:DVH",
        "dose": "sciopt.objectives.radiotherapy.plan_figures:DOSE",
        "goals": "sciopt.objectives.radiotherapy.plan_figures:GOALS",
    },
    footnote="sciopt.objectives.radiotherapy.outputs:footnote",
    pictures={"plan": "sciopt.objectives.radiotherapy.picture:picture"},
    origins={"plan": "sciopt.objectives.radiotherapy.plan:made_of"},
    exhibits="sciopt.objectives.radiotherapy.exhibits:exhibits",
    notice="Research only, not for clinical use.",
    tools="sciopt.objectives.radiotherapy.tools:tools",
)
