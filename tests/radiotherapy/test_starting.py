"""The plan to begin with: canonical, aimed at what is prescribed, held to what the goals speak of."""

from __future__ import annotations

import pytest

from sciopt.objectives.radiotherapy.goals import parse_goal, parse_goals
from sciopt.objectives.radiotherapy.plan import BODY, plan_of
from sciopt.objectives.radiotherapy.starting import WEIGHT, dose_of, lowest_dose, start_plan
from sciopt.targets.patients.catalog import case as find_case
from sciopt.targets.patients.catalog import shipped


@pytest.mark.parametrize("name", shipped())
def test_every_case_that_ships_can_be_begun_with_any_of_its_goals(name: str) -> None:
    case = find_case(name)
    names = [*(s.name for s in case.structures), BODY]
    for lines in case.goal_sets.values():
        goals = parse_goals(lines, structures=names, targets=[t.name for t in case.targets])
        plan = start_plan(case, goals)
        assert plan_of(plan.text(), case) == plan
        assert plan.gantry_deg == tuple(sorted(case.beams.gantry_deg))
        assert {each.weight for each in plan.objectives} == {WEIGHT}
        assert [each.structure for each in plan.objectives] == names
        for target in case.targets:
            aim = plan.objective(target.name, "deviation")
            assert aim is not None
            assert aim.dose_gy == pytest.approx(case.prescribed_gy[target.name], rel=5e-4)
        for organ in case.organs:
            held = plan.objective(organ.name, "overdose")
            assert held is not None
            asked = [d for g in goals if g.structure == organ.name and (d := dose_of(g)) is not None]
            assert held.dose_gy == pytest.approx(min(asked, default=max(case.prescribed_gy.values()) / 2.0), rel=5e-4)


@pytest.mark.parametrize(
    ("line", "dose"),
    [
        ("A V70Gy <= 20 %", 70.0),
        ("A V70Gy <= 3 cc", 70.0),
        ("A D2% <= 50 Gy", 50.0),
        ("A Dmean <= 12 Gy", 12.0),
        ("A D0.03cc <= 45 Gy", 45.0),
        ("A HI <= 0.1", None),
        ("A CI >= 0.8", None),
        ("A D95% >= 70 Gy", None),
    ],
)
def test_the_dose_that_a_goal_speaks_of(line: str, dose: float | None) -> None:
    assert dose_of(parse_goal(line)) == dose


def test_the_lowest_of_them_counts() -> None:
    goals = [parse_goal(line) for line in ("A V70Gy <= 20 %", "A Dmean <= 30 Gy", "B Dmean <= 5 Gy", "A D95% >= 1 Gy")]
    assert lowest_dose("A", goals, default=99.0) == 30.0
    assert lowest_dose("C", goals, default=99.0) == 99.0
