"""A molecule as a small picture: for a cell of a table, a notebook, a report; readable on white and on black."""

from __future__ import annotations

from typing import Any

from sciopt.objectives.molecule.sketches import canvas, readable_molecule

WIDTH, HEIGHT = 220, 160
"""In pixels."""
_PIXELS_PER_POINT = 1.4
_LONGEST_BOND, _LINE = 22.0, 1.6
_MARGIN = 0.06
_CARD = "<rect x='0.5' y='0.5' width='{w}' height='{h}' rx='8' fill='#ffffff' stroke='#d9dde1' stroke-width='1'/>"


def picture(value: str) -> str:
    """A SMILES as SVG on a white card with round corners; `InvalidInput` for a text that is none.

    Letters are outlines, so that it looks the same whatever fonts there are.

    >>> picture("c1ccccc1")[:4]
    '<svg'
    """
    card = canvas(WIDTH, HEIGHT, zoom=_PIXELS_PER_POINT)
    options: Any = card.drawOptions()
    options.padding = _MARGIN
    options.bondLineWidth = _LINE
    options.fixedBondLength = _LONGEST_BOND
    card.DrawMolecule(readable_molecule(value))
    card.FinishDrawing()
    head, drawn = str(card.GetDrawingText()).split("<!-- END OF HEADER -->", 1)
    svg = head[head.index("<svg") :].rstrip()
    return f"{svg}{_CARD.format(w=WIDTH - 1, h=HEIGHT - 1)}{drawn}".rstrip() + "\n"
