"""Runs that several tests draw, made once."""

from __future__ import annotations

import pytest

from sciopt.runs.run import Run
from tests.report.wandering import methods_and_seeds, wander


@pytest.fixture(scope="session")
def wandered(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run with failures, three goals, a known place and findings of nine kinds."""
    return wander(tmp_path_factory.mktemp("runs") / "wandered", budget=40, kinds=9)


@pytest.fixture(scope="session")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> list[Run]:
    """Two methods with three seeds each, in one folder."""
    return methods_and_seeds(tmp_path_factory.mktemp("seeds"))
