"""A plan as a small picture: an arrow from each gantry angle, and its size in numbers; for light and dark pages."""

from __future__ import annotations

import math
from html import escape

from sciopt.errors import InvalidValue
from sciopt.objectives.radiotherapy.plan import Plan, parse

SIZE, CENTRE, RADIUS = 120, (60.0, 50.0), 24.0
LINE, ARROW, INK = "#7A8794", "#2F86C9", "#757575"
"""Middle tones, which stand out on white as well as on black."""


def picture(value: str) -> str:
    """A plan's text as SVG; a text that is no plan is an empty circle that says so.

    >>> picture('{"gantry_deg": [0], "objectives": []}').startswith("<svg")
    True
    """
    try:
        plan = parse(value)
    except InvalidValue:
        return _svg("no plan", [], "not a plan")
    beams, objectives = len(plan.gantry_deg), len(plan.objectives)
    told = f"{beams} beam{'s' * (beams > 1)}, {objectives} objective{'s' * (objectives > 1)}"
    return _svg(told, [_arrow(angle) for angle in plan.gantry_deg], _alt(plan, told))


def _alt(plan: Plan, told: str) -> str:
    """What the picture shows, for those who cannot see it."""
    angles = ", ".join(f"{angle:g}" for angle in plan.gantry_deg)
    return f"{told}; gantry at {angles} degrees; structures: {', '.join({o.structure: 0 for o in plan.objectives})}"


def _arrow(angle_deg: float) -> str:
    """An arrow to the circle from where the beam comes: 0 degrees from above, 90 from the right (IEC 61217)."""
    x, y = math.sin(math.radians(angle_deg)), -math.cos(math.radians(angle_deg))
    tail, head = RADIUS + 20.0, RADIUS + 3.0
    tip, left, right = (
        (CENTRE[0] + along * x - aside * y, CENTRE[1] + along * y + aside * x)
        for along, aside in ((head, 0.0), (head + 7.0, 3.0), (head + 7.0, -3.0))
    )
    end = CENTRE[0] + tail * x, CENTRE[1] + tail * y
    shaft = f"M{end[0]:.2f} {end[1]:.2f}L{CENTRE[0] + (head + 5) * x:.2f} {CENTRE[1] + (head + 5) * y:.2f}"
    corners = " ".join(f"{px:.2f},{py:.2f}" for px, py in (tip, left, right))
    return f'<path d="{shaft}" stroke="{ARROW}" stroke-width="2"/><polygon points="{corners}" fill="{ARROW}"/>'


def _svg(told: str, arrows: list[str], alt: str) -> str:
    middle = f'cx="{CENTRE[0]:g}" cy="{CENTRE[1]:g}"'
    circle = f'<circle {middle} r="{RADIUS:g}" fill="none" stroke="{LINE}" stroke-width="1.5"/>'
    target = f'<circle {middle} r="5" fill="{LINE}"/>' if arrows else ""
    text = f'<text x="{SIZE // 2}" y="113" text-anchor="middle" font-family="sans-serif" font-size="11" fill="{INK}">'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{SIZE}" height="{SIZE}" viewBox="0 0 {SIZE} {SIZE}">'
    body = "".join([circle, target, *arrows])
    return f"{head}<title>{escape(alt)}</title>{body}{text}{escape(told)}</text></svg>"
