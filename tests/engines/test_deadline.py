"""Waiting for a call no longer than is allowed."""

from __future__ import annotations

import threading

import pytest

from sciopt.engines.deadline import within


def test_what_a_call_returns_or_raises_is_passed_on() -> None:
    assert within(60.0, lambda: None) is None

    def bad() -> int:
        raise KeyError("x")

    with pytest.raises(KeyError, match="x"):
        within(60.0, bad)


def test_a_call_that_does_not_end_is_left_to_itself() -> None:
    end = threading.Event()
    with pytest.raises(TimeoutError, match=r"0\.01 s"):
        within(0.01, end.wait)
    left = [thread for thread in threading.enumerate() if thread.name == "sciopt-request"]
    assert all(thread.daemon for thread in left), "the program can end without it"
    end.set()
    for thread in left:
        thread.join(10.0)
    assert not any(thread.is_alive() for thread in left)
