"""Fixtures of the stages that learn: a small project, painted once, copied for each test."""

import os

import pytest

from stages import evaluate, train
from tests.stages.small_project import copy_of, paint_project, train_and_evaluate

TRAINED = ("classifier", "bbox", "ssd_4x4", "ssd_fpn")


def _alone(monkeypatch) -> None:
    """Keep a stage in this process from minding DVC and from tying itself to a parent."""
    monkeypatch.delenv("DVC_ROOT", raising=False)
    for stage in (train, evaluate):
        monkeypatch.setattr(stage, "die_with_parent", lambda: None)


@pytest.fixture(scope="session")
def painted(tmp_path_factory):
    """A project with source, tables and pixels."""
    root, before = tmp_path_factory.mktemp("painted"), os.getcwd()
    try:
        paint_project(root)
    finally:
        os.chdir(before)
    return root


@pytest.fixture(scope="session")
def trained(painted, tmp_path_factory):
    """A project in which some rungs have been trained and evaluated."""
    root, before = copy_of(painted, tmp_path_factory.mktemp("trained")), os.getcwd()
    try:
        with pytest.MonkeyPatch.context() as monkeypatch:
            _alone(monkeypatch)
            os.chdir(root)
            for rung in TRAINED:
                train_and_evaluate(root, rung)
    finally:
        os.chdir(before)
    return root


@pytest.fixture
def painted_project(painted, tmp_path, monkeypatch):
    """Work in a copy of the painted project."""
    _alone(monkeypatch)
    monkeypatch.chdir(copy_of(painted, tmp_path))
    return tmp_path


@pytest.fixture
def trained_project(trained, tmp_path, monkeypatch):
    """Work in a copy of the trained project."""
    _alone(monkeypatch)
    monkeypatch.chdir(copy_of(trained, tmp_path))
    return tmp_path
