"""A record whose `print` is a summary: the same summary in IPython and where rich prints it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, Protocol

if TYPE_CHECKING:
    from rich.text import Text


class _Printer(Protocol):
    """What IPython gives to write on."""

    def text(self, obj: str) -> None: ...


def _print(record: Printed, printer: _Printer, cycle: bool) -> None:
    printer.text(str(record))


class Printed:
    """Its `str` is a summary in lines, and `repr` may say everything."""

    _repr_pretty_: ClassVar[Callable[..., None]]

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls._repr_pretty_ = _print  # on each class: IPython prefers a class's own `__repr__` to what it inherits

    def __rich__(self) -> Text:
        from rich.text import Text

        return Text(str(self))
