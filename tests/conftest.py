"""Fixtures that several folders of tests share."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")


@pytest.fixture(scope="session")
def shared() -> Callable[[str], Path]:
    """Return a function from a data set's name to its folder; it skips where the set is absent."""

    def find(name: str) -> Path:
        folder = Path(os.environ.get("SHARED", ROOT.parent / "shared")) / name
        if not folder.is_dir():
            pytest.skip(f"{name} is not at {folder}; set SHARED to the folder that holds it")
        return folder

    return find
