"""A variable for a person: its role, its value with a picture, and the gradients that reached it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sciopt.display.evaluation import candidate
from sciopt.display.markup import Html, card, folded, line, tag
from sciopt.display.pictures import notice_of
from sciopt.feedback import cut
from sciopt.spelling import clipped

if TYPE_CHECKING:
    from sciopt.gradient import Gradient
    from sciopt.variable import Variable

_LONGEST = 8_000
"""Characters that are shown of one gradient."""


def variable_html(variable: Variable) -> str:
    """A variable as a notebook's cell."""
    frozen = "" if variable.requires_grad else ", frozen"
    head = line(tag("strong", clipped(variable.role_description, 200) or "a variable"), f" ({variable.kind}{frozen})")
    notice = [line(tag("strong", said))] if (said := notice_of(variable.kind)) else []
    return card(head, _value(variable), *map(_gradient, variable.gradients), *notice)


def _value(variable: Variable) -> Html:
    """An image that is here is shown; one at an address is named, since a notebook should load nothing by itself."""
    image = variable.image
    if image is not None and image.data:
        return tag("img", src=image.address, alt=str(image))
    return candidate(cut(variable.value, 10 * _LONGEST), variable.kind)


def _gradient(gradient: Gradient) -> Html:
    measured = gradient.evaluation
    what = "measured gradient" if measured is not None else "gradient"
    told = f", {len(measured.findings)} findings" if measured is not None and measured.findings else ""
    return folded(f"{what}: {len(gradient.text):,} characters{told}", tag("pre", cut(gradient.text, _LONGEST)))
