"""Calls beside each other: an interrupt of the main thread ends what the others wait for."""

from __future__ import annotations

import threading
from contextlib import suppress

import pytest

from sciopt import beside
from sciopt.beside import Threads, side_by_side, when_interrupted


def test_an_interrupt_ends_waits_and_begins_nothing_new(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beside, "_ended_by_an_interrupt", [])
    over, begun, later = threading.Event(), threading.Event(), threading.Event()
    when_interrupted(over.set)

    def waits() -> bool:
        begun.set()
        return over.wait(60)

    with suppress(KeyboardInterrupt), Threads(1) as pool:
        first, second = pool.submit(waits), pool.submit(later.set)
        begun.wait(60)
        raise KeyboardInterrupt
    assert over.is_set()
    assert first.result() is True
    assert second.cancelled()
    assert not later.is_set()


def test_the_first_error_in_order_is_raised_and_what_waits_is_not_begun() -> None:
    made: list[int] = []
    never = threading.Event()

    def call(number: int) -> int:
        made.append(number)
        if number == 2:
            raise ValueError(f"no {number}")
        never.wait(0.05 if number > 2 else 0)
        return number

    with pytest.raises(ValueError, match="no 2"):
        side_by_side(call, list(range(100)), at_once=1)
    assert made[:3] == [0, 1, 2]
    assert len(made) < 100
