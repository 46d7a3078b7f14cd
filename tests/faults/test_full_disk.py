"""Every stage on a full disk: one line that says so, and all that was made before is there."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from stages import evaluate
from tests.conftest import ROOT, stand_alone
from tests.stages.answers import TASKS, answer
from tests.stages.ladder_tree import make_tree
from tests.stages.small_project import (
    contents,
    copy_of,
    run_main,
    train_and_evaluate,
    write_params,
)

pytestmark = pytest.mark.slow  # a dozen processes, some of which import torch

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
def evaluated(painted, disk) -> Path:
    """A project on that disk in which every stage but the last has run."""
    root = disk / "project"
    with pytest.MonkeyPatch.context() as monkeypatch:
        stand_alone(monkeypatch)
        copy_of(painted, root)
        monkeypatch.chdir(root)
        train_and_evaluate(root, "bbox")
        for rung in TASKS:
            if rung != "bbox":
                answer(rung, wrong=0.5)
                run_main(evaluate, rung)
    return root


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


def run(stage: str, folder: Path, **variables: str) -> subprocess.CompletedProcess:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"} | variables
    environment.pop("MLFLOW_TRACKING_URI", None)
    words = [sys.executable, "-m", *f"stages.{stage}".split()]
    return subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True)


def the_error(done: subprocess.CompletedProcess) -> str:
    """Return the one line of a stage that has failed."""
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    return line


@pytest.mark.parametrize("stage", MADE)
def test_a_stage_on_a_full_disk(stage, evaluated):
    before = contents(evaluated)
    if stage == "pixels":  # else it would take over what is there
        write_params(evaluated, pixels__size=96)
    with full(evaluated):
        line = the_error(run(stage, evaluated))
        after = contents(evaluated)
    after.pop(str(FILLER))
    write_params(evaluated, train__bbox__image_size=64)
    assert after | {"params.yaml": before["params.yaml"]} == before
    assert MADE[stage] in line and "free some" in line


def test_a_training_goes_on_when_there_is_room_again(evaluated):
    before = (evaluated / "models/bbox/model.safetensors").read_bytes()
    done = run("train bbox", evaluated)
    assert done.returncode == 0, done.stderr
    assert (evaluated / "models/bbox/model.safetensors").read_bytes() == before


def test_results_that_have_no_room_in_the_store(disk):
    root = make_tree(disk / "ladder")
    shutil.copy(ROOT / "params.yaml", root)
    with full(disk):
        line = the_error(run("track", root))
    assert "mlflow.db: cannot be written" in line and "free some space" in line
    done = run("track", root)
    assert done.returncode == 0, done.stderr


def test_a_full_folder_for_temporary_files(disk, evaluated, tmp_path):
    shutil.copytree(evaluated, tmp_path, dirs_exist_ok=True)
    with full(disk):
        for stage in ("fetch", "tables", "pixels", "train bbox", "report"):
            done = run(stage, tmp_path, TMPDIR=str(disk))
            assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr


def test_a_folder_that_cannot_be_written(disk, evaluated):
    before = contents(evaluated)
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    try:
        for stage, folder in (("tables", "data/.tables"), ("train bbox", "models/.bbox")):
            line = the_error(run(stage, evaluated))
            assert f"Read-only file system: '{folder}.partial" in line or ".ladder" in line
    finally:
        subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
    assert contents(evaluated) == before
