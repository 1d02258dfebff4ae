"""A plan as a small picture, and its parameters in words."""

from __future__ import annotations

import json
import math
import re
from xml.etree import ElementTree

import pytest

from sciopt.objectives.radiotherapy.picture import CENTRE, picture
from sciopt.objectives.radiotherapy.plan import Plan, parse
from sciopt.objectives.radiotherapy.wording import beams_of, objective_rows

OBJECTIVE = {"structure": "PTV", "type": "deviation", "dose_gy": 78.0, "weight": 100.0}


def plan(*angles: float, **changes: object) -> Plan:
    return parse(json.dumps({"gantry_deg": angles, "objectives": [OBJECTIVE | changes]}))


def test_an_arrow_comes_from_each_angle() -> None:
    angles = (0.0, 90.0, 215.0)
    svg = picture(plan(*angles).text())
    ElementTree.fromstring(svg)  # our own text
    tails = [tuple(map(float, each)) for each in re.findall(r'<path d="M([\d.]+) ([\d.]+)L', svg)]
    seen = [math.degrees(math.atan2(x - CENTRE[0], CENTRE[1] - y)) % 360.0 for x, y in tails]
    assert seen == pytest.approx(angles, abs=0.05)
    assert "3 beams, 1 objective<" in svg
    assert "structures: PTV" in svg


def test_it_is_small_the_same_again_and_sets_no_style_of_the_page() -> None:
    value = plan(*range(0, 360, 24)).text()
    assert picture(value) == picture(value)
    assert len(picture(value)) < 4000
    assert not re.search(r"<style|<script|class=|id=", picture(value))


@pytest.mark.parametrize("value", ["", "CCO", "{}", "<script>alert(1)</script>"])
def test_what_is_no_plan_is_said_to_be_none(value: str) -> None:
    svg = picture(value)
    ElementTree.fromstring(svg)  # our own text
    assert "no plan" in svg
    assert "script" not in svg


def test_words_say_what_differs_from_a_plan_before() -> None:
    before = plan(0.0)
    [row] = objective_rows(plan(0.0, weight=200.0, dose_gy=79.0), before)
    assert row == ("PTV", "this dose everywhere", "79", "200", "78 Gy, weight 100")
    new, gone = objective_rows(plan(0.0, type="underdose"), before)
    assert new == ("PTV", "no less than this dose", "78", "100", "not there")
    assert gone == ("PTV", "this dose everywhere", "", "", "78 Gy, weight 100; left out now")
    assert objective_rows(before)[0][4] == ""
    [row] = objective_rows(plan(0.0, type="DVH", volume_percent=30), plan(0.0, type="DVH", volume_percent=20))
    assert row[1] == "no more than this dose to all but 30 % of it"
    assert row[4] == "no more than this dose to all but 20 % of it"


def test_beams_are_counted_and_named() -> None:
    assert beams_of(plan(0.0, 52.5)) == "2 beams from 0°, 52.5°"
    assert beams_of(plan(10.0)) == "1 beam from 10°"
