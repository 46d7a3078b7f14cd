"""Fixtures of the stages that learn: the painted project, trained once, copied for each test."""

import os

import pytest

from tests.conftest import stand_alone
from tests.stages.small_project import copy_of, train_and_evaluate

TRAINED = ("classifier", "bbox", "ssd_4x4", "ssd_fpn")


@pytest.fixture(scope="session")
def trained(painted, tmp_path_factory):
    """A project in which some rungs have been trained and evaluated."""
    root, before = copy_of(painted, tmp_path_factory.mktemp("trained")), os.getcwd()
    try:
        with pytest.MonkeyPatch.context() as monkeypatch:
            stand_alone(monkeypatch)
            os.chdir(root)
            for rung in TRAINED:
                train_and_evaluate(root, rung)
    finally:
        os.chdir(before)
    return root


@pytest.fixture
def trained_project(trained, tmp_path, monkeypatch):
    """Work in a copy of the trained project."""
    stand_alone(monkeypatch)
    monkeypatch.chdir(copy_of(trained, tmp_path))
    return tmp_path
