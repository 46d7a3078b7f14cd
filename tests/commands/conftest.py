"""Projects made once and copied for each test: one of a single stage, one with two versions."""

import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipeline.rungs.saved_model import save_model
from pipeline.schemas import read_classes
from pipeline.tracking.mlflow_runs import Result
from pipeline.tracking.stores.choice import track_results
from tests.commands.one_stage import commit_project
from tests.inference.making import model_of, spec_of
from tests.mlflow_store import copy_with_store, give_store


@pytest.fixture(scope="session")
def committed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A committed project, which no test changes."""
    folder = tmp_path_factory.mktemp("committed")
    commit_project(folder)
    return folder


@pytest.fixture
def project(committed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a copy of the committed project."""
    folder = tmp_path / "project"
    shutil.copytree(committed, folder, symlinks=True)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("DVC_NO_ANALYTICS", "1")
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "me")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "me@example.com")
    return folder


@pytest.fixture(scope="session")
def logged_twice(painted: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A painted project with two versions of a rung, alike but for their names."""
    root = tmp_path_factory.mktemp("logged-twice")
    give_store(shutil.copytree(painted, root, dirs_exist_ok=True))
    classes = read_classes(pq.read_table(root / "data/tables/images.parquet"))
    model = root / "saved/bbox"
    model.mkdir(parents=True)
    save_model(model, model_of("bbox"), spec_of("bbox", classes=classes))
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_EXPERIMENT_NAME", raising=False)
        patch.chdir(root)
        for number in (1, 2):
            track_results([Result("bbox", f"{number:064x}", model=model)], root)
    return root


@pytest.fixture
def two_versions(logged_twice: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a copy of the project with two versions."""
    for name in ("MLFLOW_EXPERIMENT_NAME", "MLFLOW_TRACKING_URI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(copy_with_store(logged_twice, tmp_path))
    return tmp_path
