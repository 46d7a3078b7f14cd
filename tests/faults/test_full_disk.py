"""Every stage on a full disk: one line that says so, and all that was made before is there."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

import pytest

from stages import train
from stages.entry import run_stage
from tests.conftest import ROOT, stand_alone
from tests.stages.ladder_tree import make_tree
from tests.stages.small_project import (
    contents,
    copy_of,
    run_main,
    train_and_evaluate,
    write_params,
)

pytestmark = pytest.mark.slow

MADE = {
    "fetch": "data/source: the disk is full",
    "tables": "data/tables: the disk is full",
    "pixels": "data/.pixels.partial/photos.npy: disk: needs",
    "train bbox": ".ladder/checkpoints/bbox/",
    "predict bbox": "predictions/bbox.parquet: the disk is full",
    "evaluate bbox": "evaluation/bbox: the disk is full",
    "report": ".figures.partial/classifier/val_grid.png: the disk is full",
}
FILLER = Path("filler")


@pytest.fixture(scope="module")
def disk(tmp_path_factory) -> Iterator[Path]:
    """A file system of its own, which only root can make."""
    place = tmp_path_factory.mktemp("disk")
    words = ["mount", "-t", "tmpfs", "-o", "size=80m", "tmpfs", str(place)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no file system of its own can be mounted: {done.stderr.strip()}")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


@pytest.fixture(scope="module")
def made(evaluated: Path, disk: Path) -> Path:
    """A project on that disk in which every stage but the last has run."""
    root = copy_of(evaluated, disk / "project")
    with pytest.MonkeyPatch.context() as monkeypatch:
        stand_alone(monkeypatch)
        monkeypatch.chdir(root)
        train_and_evaluate(root, "bbox")
    return root


@pytest.fixture
def project(made: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in that project, which every test leaves as it was."""
    stand_alone(monkeypatch)
    monkeypatch.chdir(made)
    return made


@pytest.fixture
def error_of(monkeypatch: pytest.MonkeyPatch, capfd) -> Callable[[str], str]:
    """Return what runs a stage here, in this process, and returns the one line of its failure."""

    def run(stage: str) -> str:
        name, *arguments = stage.split()
        monkeypatch.setattr("sys.argv", [name, *arguments])
        capfd.readouterr()
        with pytest.raises(SystemExit) as end:
            run_stage(import_module(f"stages.{name}").main)
        assert end.value.code == 1
        return the_line(capfd.readouterr().err)

    return run


def the_line(said: str) -> str:
    """Return the one line of a stage that has failed."""
    assert "Traceback" not in said, said
    (line,) = [line for line in said.splitlines() if line.startswith("error: ")]
    return line


@contextmanager
def full(folder: Path) -> Iterator[None]:
    """Fill the disk to the last byte."""
    with (folder / FILLER).open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while file.write(bytes(size)) == size:
                    pass
            except OSError:
                pass
    try:
        yield
    finally:
        (folder / FILLER).unlink()


def python(*words: str, folder: Path, **variables: str) -> subprocess.CompletedProcess:
    """Run Python in a project, as people do."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"} | variables
    environment.pop("MLFLOW_TRACKING_URI", None)
    command = [sys.executable, *words]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


@pytest.mark.parametrize("stage", MADE)
def test_a_stage_on_a_full_disk(stage, project, error_of):
    before = contents(project)
    if stage == "pixels":  # else it would take over what is there
        write_params(project, pixels__size=96)
    with full(project):
        line = error_of(stage)
        after = contents(project)
    after.pop(str(FILLER))
    write_params(project, train__bbox__image_size=64)
    assert after | {"params.yaml": before["params.yaml"]} == before
    assert MADE[stage] in line and "free some" in line


def test_a_training_goes_on_when_there_is_room_again(project, error_of):
    before = contents(project / "models/bbox")
    with full(project):
        error_of("train bbox")
    run_main(train, "bbox")
    assert contents(project / "models/bbox") == before


def test_results_that_have_no_room_in_the_store(disk):
    root = make_tree(disk / "ladder", ("bbox",))
    shutil.copy(ROOT / "params.yaml", root)
    with full(disk):
        done = python("-m", "stages.track", folder=root)
    assert done.returncode == 1
    line = the_line(done.stderr)
    assert "mlflow.db: cannot be written" in line and "free some space" in line
    done = python("-m", "stages.track", folder=root)
    assert done.returncode == 0, done.stderr


EACH = """
import sys
from importlib import import_module

for stage in ("fetch", "tables", "pixels", "train bbox", "report"):
    name, *sys.argv[1:] = stage.split()
    import_module(f"stages.{name}").main()
"""


def test_a_full_folder_for_temporary_files(disk, project, tmp_path):
    copy_of(project, tmp_path)
    with full(disk):
        done = python("-c", EACH, folder=tmp_path, TMPDIR=str(disk))
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr


def test_a_folder_that_cannot_be_written(project, tmp_path, monkeypatch, error_of):
    before = contents(project)
    subprocess.run(["mount", "-o", "bind,ro", str(project), str(tmp_path)], check=True)
    try:
        monkeypatch.chdir(tmp_path)
        for stage, folder in (("tables", "data/.tables"), ("train bbox", "models/.bbox")):
            line = error_of(stage)
            assert f"Read-only file system: '{folder}.partial" in line or ".ladder" in line
    finally:
        monkeypatch.chdir(project)
        subprocess.run(["umount", "--lazy", str(tmp_path)], check=True)
    assert contents(project) == before
