"""Readers of patients' files are kept from quoting what they read: in errors, warnings and logs."""

from __future__ import annotations

import contextlib
import functools
import logging
import warnings
from collections.abc import Callable, Iterator
from typing import ParamSpec, TypeVar

from sciopt.errors import InvalidInput

P = ParamSpec("P")
T = TypeVar("T")


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Nothing that pydicom warns of or logs within gets out: both may quote values and paths."""
    logger = logging.getLogger("pydicom")
    before = logger.handlers[:], logger.propagate
    logger.handlers, logger.propagate = [logging.NullHandler()], False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.handlers, logger.propagate = before


@contextlib.contextmanager
def guarded(message: str) -> Iterator[None]:
    """Whatever is raised within becomes `InvalidInput` with this message.

    A broad catch on purpose: pydicom raises a dozen kinds of errors on broken files, and most quote what they met.
    """
    try:
        yield
    except (InvalidInput, MemoryError):
        raise
    except Exception:
        raise InvalidInput(message) from None


def sealed(function: Callable[P, T]) -> Callable[P, T]:
    """For what is called from outside: pydicom is quiet within, and an error forgets those that led to it.

    `from None` hides them from a traceback, but a program that shows errors in its own way would still find them.
    """

    @functools.wraps(function)
    def inner(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            with quiet():
                return function(*args, **kwargs)
        except InvalidInput as error:
            clean = error
        clean.__cause__ = clean.__context__ = None
        raise clean

    return inner
