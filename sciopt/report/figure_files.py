"""Figures as files: PDF, SVG and PNG that are the same, byte for byte, whenever they are made from the same figure.

Each carries a mark, so that a figure that is made again replaces itself and never somebody's file of that name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from sciopt.errors import InvalidInput

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MARK = "sciopt figure"
DPI = 300
"""Of a PNG, and of what is a picture within a PDF or SVG (the wash of a dose)."""
_METADATA: Mapping[str, Mapping[str, str | None]] = {
    "pdf": {"CreationDate": None, "Creator": MARK, "Producer": None},
    "svg": {"Date": None, "Creator": MARK},
    "png": {"Software": MARK},
}
ENDINGS = tuple(_METADATA)
_HEAD = 4096


def expect_figures(paths: Sequence[Path], *, force: bool = False) -> None:
    """`InvalidInput` for another ending than PDF, SVG and PNG, or for a file that is there and is no such figure.

    With `force` any file that is there may be replaced.
    """
    for path in paths:
        if path.suffix.lower().lstrip(".") not in ENDINGS:
            raise InvalidInput(f"{path}: a figure is written as {', '.join(f'.{each}' for each in ENDINGS)}")
        if path.is_dir():
            raise InvalidInput(f"{path} is a folder: expected the name of a file")
        if path.exists() and not force and not is_ours(path):
            raise InvalidInput(f"{path} was not made by sciopt figure, or was edited since: name another, or --force")


def is_ours(path: Path) -> bool:
    """Whether a file carries the mark, and no drawing program has saved it since."""
    ending = path.suffix.lower()
    with path.open("rb") as file:
        head = file.read() if ending == ".pdf" else file.read(_HEAD)
    # a PDF's mark stands near its end; Inkscape keeps the mark of an SVG and adds names of its own
    return MARK.encode() in head and b"sodipodi" not in head and b"inkscape" not in head


def written(figure: Figure, path: Path, *, dpi: int = DPI) -> Path:
    """Write a figure as the ending of `path` says: .pdf, .svg or .png; the folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(rendered(figure, path.suffix.lower().lstrip("."), dpi=dpi))
    return path


def rendered(figure: Figure, ending: str, *, dpi: int = DPI) -> bytes:
    """A figure as the bytes of a file."""
    from matplotlib import style

    from sciopt.report.figures import STYLE

    stream = BytesIO()
    with style.context(STYLE):
        figure.savefig(stream, format=ending, dpi=dpi, metadata=dict(_METADATA[ending]))
    return stream.getvalue()
