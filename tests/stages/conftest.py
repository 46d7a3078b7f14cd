"""Fixtures of the stages that learn: the painted project, trained once, copied for each test."""

from pathlib import Path

import pytest

from tests.conftest import stand_alone
from tests.made_once import made_once
from tests.stages.small_project import copy_of, train_and_evaluate

TRAINED = ("classifier", "bbox", "ssd_4x4", "ssd_fpn")


@pytest.fixture(scope="session")
def trained(painted) -> Path:
    """A project in which some rungs have been trained and evaluated; not to be changed."""

    def train(root: Path) -> None:
        copy_of(painted, root)
        with pytest.MonkeyPatch.context() as monkeypatch:
            stand_alone(monkeypatch)
            monkeypatch.chdir(root)
            for rung in TRAINED:
                train_and_evaluate(root, rung)

    return made_once("trained", train)


@pytest.fixture
def trained_project(trained, tmp_path, monkeypatch):
    """Work in a copy of the trained project."""
    stand_alone(monkeypatch)
    monkeypatch.chdir(copy_of(trained, tmp_path))
    return tmp_path
