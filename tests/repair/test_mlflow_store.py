"""The local MLflow store: intact, damaged, moved."""

import os
from pathlib import Path

import pytest

from pipeline.repair.aside import DAMAGED
from pipeline.repair.mlflow_store import store_findings
from pipeline.tracking.mlflow_runs import Result
from pipeline.tracking.stores.choice import track_results
from tests.mlflow_store import give_store


@pytest.fixture
def project(tmp_path, monkeypatch) -> Path:
    monkeypatch.delenv("MLFLOW_EXPERIMENT_NAME", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_moved_project_is_told_that_its_store_points_elsewhere(project):
    assert [finding.what for finding in store_findings()] == ["MLflow store: none yet"]
    track_results([Result("bbox", "f" * 64)], give_store(project))
    assert [finding.remedy for finding in store_findings()] == [""]
    moved = project / "moved"
    moved.mkdir()
    (project / "mlflow.db").rename(moved / "mlflow.db")
    os.chdir(moved)
    (finding,) = store_findings()
    assert "moved or copied" in finding.what and finding.remedy


def damaged(database: Path, how: str) -> None:
    content = bytearray(database.read_bytes())
    if how == "truncated":
        del content[len(content) // 2 :]
    elif how == "overwritten":
        content[:] = b"damaged"
    else:  # the first page of the tables
        content[16] ^= 0xFF
    database.write_bytes(content)


@pytest.mark.parametrize("how", ["truncated", "overwritten", "flipped"])
def test_a_damaged_store_is_moved_aside(project, how):
    track_results([Result("bbox", "f" * 64)], give_store(project))
    damaged(project / "mlflow.db", how)
    (fault,) = store_findings()
    assert fault.what == "mlflow.db is damaged" and "move mlflow.db aside" in fault.remedy
    before = (project / "mlflow.db").read_bytes()
    assert fault.mend().startswith("moved to ")
    assert not (project / "mlflow.db").exists()
    (aside,) = DAMAGED.rglob("mlflow.db")
    assert aside.read_bytes() == before
    assert [finding.what for finding in store_findings()] == ["MLflow store: none yet"]
